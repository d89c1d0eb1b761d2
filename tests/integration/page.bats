# Does the page show a run, in a real browser? Screenshots stay in DOTBIAS_SCREENSHOTS, if that names a folder.
load helpers
load training

setup_file() {
    export screenshots=${DOTBIAS_SCREENSHOTS:-$BATS_FILE_TMPDIR/screenshots}
    mkdir -p "$screenshots"
}

check() {
    python3 "$BATS_TEST_DIRNAME/page_check.py" "$@"
}

@test "invented figures: all views, sizes and schemes, members in trouble, a coordinator that goes and comes, 256 shards" {
    check pretended "$screenshots"
}
