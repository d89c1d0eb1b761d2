# Shared by the scripts of this folder: where the repository is, and how to stop with a sentence.
# shellcheck shell=bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
self=$(basename "$0")

say() {
    printf '%s: %s\n' "$self" "$*" >&2
}

# die EXIT_CODE SENTENCE...: the codes are those of core/status.h.
die() {
    local code=$1
    shift
    say "error: $*"
    exit "$code"
}

# Prints the comment at the top of the calling script, which is its help.
usage() {
    sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0"
}

# The lesson's ratings, if they are on this machine: DOTBIAS_DATA, or the shared folder beside the repository.
find_ratings() {
    local beside="$root/../shared/data/ml-latest-small"
    if [ -z "${DOTBIAS_DATA:-}" ] && [ -f "$beside/ratings.csv" ]; then
        DOTBIAS_DATA=$(cd "$beside" && pwd)
        export DOTBIAS_DATA
    fi
}
