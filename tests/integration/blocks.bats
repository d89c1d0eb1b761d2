# Are ratings in blocks there when asked for, the same on any number of threads, and refused where they cannot serve?
load helpers

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    dotbias generate --ratings 30000 --users 300 --movies 200 --csv --out made --blocks 4x3 --quiet >/dev/null
    dotbias generate --ratings 30000 --users 300 --movies 200 --tight --blocks 4x3 --threads 1 --out tight --quiet >/dev/null
}

setup() {
    fresh_folder
    made=$BATS_FILE_TMPDIR/made
    tight=$BATS_FILE_TMPDIR/tight
}

@test "import writes the same set and the same blocks with one thread and with three" {
    for threads in 1 3; do
        expect_exit 0 dotbias import "$made/ratings.csv" --out "by-$threads" --blocks 4x3 --threads $threads
    done
    cmp by-1/ratings.dotbias by-3/ratings.dotbias
    cmp by-1/blocks.dotbias by-3/blocks.dotbias
    cmp by-1/blocks.dotbias "$made/blocks.dotbias"
}

@test "a tight set is the same from any number of threads, and takes less than seven bytes a rating" {
    expect_exit 0 dotbias generate --ratings 30000 --users 300 --movies 200 --tight --blocks 4x3 --threads 3 --out again
    expect_text "again/ratings.dotbias, blocks.dotbias"
    cmp again/ratings.dotbias "$tight/ratings.dotbias"
    cmp again/blocks.dotbias "$tight/blocks.dotbias"
    expect_exit 0 dotbias generate --ratings 300000 --users 3000 --movies 500 --tight --out larger
    [ "$(cat larger/*.dotbias | wc -c)" -lt $((7 * 300000)) ]
}

@test "a set that is its blocks is refused where ratings are read in their order" {
    expect_exit 65 dotbias train "$tight" --set run.dir="$PWD/run"
    expect_text "training ratings in blocks only"
}

@test "shapes that are none, or do not fit, are refused with a sentence" {
    expect_exit 64 dotbias import "$made/ratings.csv" --out out --blocks 4by3
    expect_text "neither PARTSxSTRATA, as in 64x32, nor auto"
    expect_exit 64 dotbias import "$made/ratings.csv" --out out --threads 0
    expect_exit 64 dotbias generate --tight --csv --out out
    expect_exit 65 dotbias generate --ratings 30000 --users 300 --movies 200 --tight --blocks 301x2 --out out
    expect_text "301 parts of 300 rows"
    [ ! -e out ]
}
