# Loaded by every script of this folder: where the programs are, a folder per test, and no process left behind.
# A bats file begins with `load helpers`; a setup or teardown of its own calls fresh_folder or no_process_left.
# shellcheck shell=bash disable=SC2154 # bats sets status and output
bats_require_minimum_version 1.5.0
repository=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
DOTBIAS_BIN=${DOTBIAS_BIN:-$repository/build/release/bin}
PATH=$DOTBIAS_BIN:$PATH
NO_COLOR=1
export DOTBIAS_BIN PATH NO_COLOR

# Every test works in a folder of its own, and whatever it starts carries that folder's name in its environment.
fresh_folder() {
    export DOTBIAS_TEST_FOLDER=$BATS_TEST_TMPDIR
    cd "$BATS_TEST_TMPDIR" || return 1
}

# The ids of dotbias processes that this test started and that still live, wherever they were reparented to.
processes_left() {
    local process name
    for process in /proc/[0-9]*; do
        read -r name 2>/dev/null <"$process/comm" || continue
        if [[ $name == dotbias* ]] &&
            grep -qzxF "DOTBIAS_TEST_FOLDER=$BATS_TEST_TMPDIR" "$process/environ" 2>/dev/null; then
            echo "${process#/proc/}"
        fi
    done
}

# Fails if a process outlives its job by more than 10 seconds, and ends it.
no_process_left() {
    local attempt left
    for attempt in $(seq 100); do
        left=$(processes_left)
        [ -n "$left" ] || return 0
        sleep 0.1
    done
    echo "left behind after $((attempt / 10)) seconds:"
    ps -o pid,ppid,stat,args -p "$(echo "$left" | paste -sd,)"
    echo "$left" | xargs kill -9
    return 1
}

setup() {
    fresh_folder
}

teardown() {
    no_process_left
}

# expect_exit CODE COMMAND...: runs the command as bats' run does, and compares the exit code.
expect_exit() {
    local wanted=$1
    shift
    run "$@"
    if [ "$status" -ne "$wanted" ]; then
        echo "exit code $status instead of $wanted from: $*"
        echo "$output"
        return 1
    fi
}

# expect_text TEXT: the output of the last run contains it.
expect_text() {
    if [[ $output != *"$1"* ]]; then
        echo "the output does not contain: $1"
        echo "$output"
        return 1
    fi
}

# Whether the lesson's ratings are here: DOTBIAS_DATA, a folder with ratings.csv.
have_ratings() {
    DOTBIAS_DATA=${DOTBIAS_DATA:-$repository/../shared/data/ml-latest-small}
    export DOTBIAS_DATA
    [ -f "$DOTBIAS_DATA/ratings.csv" ]
}

# For a test or its setup (bats cannot skip in setup_file): without the ratings a skip, in CI a failure.
require_ratings() {
    have_ratings && return 0
    [ "${CI:-}" = true ] || skip "no ratings at $DOTBIAS_DATA"
    echo "no ratings at $DOTBIAS_DATA"
    return 1
}
