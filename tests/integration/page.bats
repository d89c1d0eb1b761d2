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

# Large minibatches, so that a step takes workers long enough for a slow one to show; it ends when it is told to.
@test "a real run of 4 pservers and 4 workers: numbers move, a slowed worker is flagged, a killed pserver is lost and recovers" {
    dotbias generate --ratings 500k --users 3k --movies 1k --out made --quiet >/dev/null
    dotbias train made --set run.dir=run --set cluster.transport=ipc --set cluster.pservers=4 --set cluster.workers=4 \
        --set train.lanes=4 --set train.batch=100000 --set model.factors=200 --set train.learning_rate=0.2 \
        --set schedule.epochs=100000 --set checkpoint.interval=2 --set monitor.interval=0.5 --quiet 2>complaints &
    run_pid=$!
    soon 20 test -s run/monitor/url
    check run "$(cat run/monitor/url)" "$screenshots" || {
        kill "$run_pid"
        cat complaints
        return 1
    }
    kill "$run_pid"
    ends_within 20 "$run_pid"
    [ "$status" -eq 75 ]
}
