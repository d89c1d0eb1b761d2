# Loaded by kills.bats and scripts/soak: chance that can be repeated, a run in the background, deaths, and how it ended.
# Everything about the run $name lies in the working folder: $name/, $name.summary, $name.complaints.
# shellcheck shell=bash disable=SC2034 # the caller uses what is set here

# roll N: $rolled is one of 0 .. N-1. No subshell, which would throw the same again; `RANDOM=seed` begins a series.
roll() {
    rolled=$(((RANDOM << 15 | RANDOM) % $1))
}

# doze LEAST MOST: sleeps as many milliseconds as chance wants, between the two.
doze() {
    local ms
    roll $(($2 - $1 + 1))
    ms=$(($1 + rolled))
    sleep "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))"
}

# begin NAME ARGUMENT...: `dotbias train ARGUMENT...` in the background, as $run_pid.
begin() {
    name=$1
    shift
    dotbias train "$@" --json -v >"$name.summary" 2>>"$name.complaints" &
    run_pid=$!
}

# A zombie is over: it can neither work nor be killed.
lives() {
    local stat
    read -r stat 2>/dev/null <"/proc/$1/stat" && [[ ${stat##*) } != [ZX]* ]]
}

# victims ROLE: the processes of that role under $run_pid, in $pids; the system cuts their names off.
victims() {
    mapfile -t pids < <(pgrep -P "$run_pid" "^dotbias-${1:0:6}")
}

# strike SIGNAL ROLE: sends it to one process of the role, $struck; false when there is none at the moment.
strike() {
    victims "$2"
    [ ${#pids[@]} -gt 0 ] || return 1
    roll ${#pids[@]}
    struck=${pids[rolled]}
    lives "$struck" && kill -s "$1" "$struck" 2>/dev/null || return 1
    echo "SIG$1 to $2 (pid $struck) of $name"
}

# any_role: $role is one that chance picks.
any_role() {
    local roles=(coordinator pserver worker)
    roll 3
    role=${roles[rolled]}
}

# strikes COUNT LEAST MOST: kills processes of random roles, each so many milliseconds after the one before; ends early when
# the run does. $landed is how many died.
strikes() {
    landed=0
    while [ "$landed" -lt "$1" ] && lives "$run_pid"; do
        doze "$2" "$3"
        any_role
        strike KILL "$role" && landed=$((landed + 1))
    done
    echo "$landed kills have landed"
}

# What $name.summary says of KEY.
of_summary() {
    sed -nE "s/^ *\"$1\": \"?([^\",]*)\"?,?\$/\1/p" "$name.summary"
}

# The columns of a history that the seconds it took do not touch.
of_history() {
    cut -d, -f1-10 "$1/history.csv"
}

# is_clean FOLDER: nothing half-written is left in a run's folder.
is_clean() {
    local left
    left=$(find "$1" -name '*.tmp*')
    [ -z "$left" ] && return 0
    echo "half-written files are left:"
    echo "$left"
    return 1
}

# as_quiet CODE QUIET: the run $name, which ended with CODE, ended as the quiet one did, in the folder QUIET: the same bits,
# the same rows of history, each once.
as_quiet() {
    local wanted got
    wanted=$(sed -nE 's/^ *"digest": "(.*)",$/\1/p' "$2/summary.json")
    got=$(of_summary digest)
    if [ "$1" -ne 0 ] || [ -z "$wanted" ] || [ "$got" != "$wanted" ]; then
        echo "$name ended with code $1 and digest '$got', not '$wanted'"
        tail -n 20 "$name.complaints"
        return 1
    fi
    diff <(of_history "$2") <(of_history "$name") && is_clean "$name"
}
