# Loaded after helpers by the scripts that train: one line to run a lesson, to read a summary, to compare numbers.
# shellcheck shell=bash disable=SC2154,SC2034 # bats and helpers.bash set the rest, the scripts use it
configurations=$repository/config

# What the summary in $output says of KEY (a flat JSON object, as `dotbias train --json` prints it).
summary_value() {
    sed -nE "s/^ *\"$1\": \"?([^\",]*)\"?,?\$/\1/p" <<<"$output"
}

# train CODE ARGUMENT...: a quiet run whose summary alone is in $output; its complaints are in ./complaints.
train() {
    local wanted=$1
    shift
    status=0
    output=$(dotbias train "$@" --json --quiet 2>complaints) || status=$?
    if [ "$status" -ne "$wanted" ]; then
        echo "exit code $status instead of $wanted from: dotbias train $*"
        cat complaints
        return 1
    fi
}

# between VALUE LOW HIGH, all decimals.
between() {
    awk -v value="$1" -v low="$2" -v high="$3" 'BEGIN { exit !(value != "" && value >= low && value <= high) }' &&
        return 0
    echo "'$1' is not between $2 and $3"
    return 1
}

# same_digest DIGEST SHAPE: the last run ended with these bits.
same_digest() {
    local got
    got=$(summary_value digest)
    [ -n "$got" ] && [ "$got" = "$1" ] && return 0
    echo "digest '$got' instead of '$1' from $2"
    return 1
}

# For setup_file: the lesson's ratings packed once, with the lesson's split, as $packed; nothing where they are missing,
# which the setup of each test says.
pack_lesson() {
    have_ratings || return 0
    packed=$BATS_FILE_TMPDIR/packed
    export packed
    dotbias import "$DOTBIAS_DATA/ratings.csv" --out "$packed" --split numpy --valid-fraction 0.2 --quiet >/dev/null
}

# A TCP port of the loopback on which nobody listens.
free_port() {
    local port
    for port in $(shuf -i 20000-32000 -n 100); do
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
    return 1
}

# soon SECONDS COMMAND...: repeats it until it succeeds, at most that long.
soon() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}

# ends_within SECONDS PID: waits for a process of this shell, leaves its exit code in $status.
ends_within() {
    if ! soon "$1" is_over "$2"; then
        echo "process $2 still lives after $1 seconds"
        return 1
    fi
    status=0
    wait "$2" || status=$?
}

# A zombie is not over yet: this shell has still to take its exit code, and `wait` at that very moment can miss it.
is_over() {
    [ ! -e "/proc/$1" ]
}

# nothing_left FOLDER...: no run folder, no half-written file there.
nothing_left() {
    local left
    left=$(find "$@" -mindepth 1 2>/dev/null | sort)
    [ -n "$left" ] || return 0
    echo "left behind:"
    echo "$left"
    return 1
}
