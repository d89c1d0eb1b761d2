# Does a worker's memory stay the same when there are a hundred times as many ratings?
load helpers
load training

# worker_memory RATINGS: kB of private memory of a worker in the midst of training on that many ratings.
worker_memory() {
    dotbias generate --ratings "$1" --users 20000 --movies 5000 --out "made-$1" --quiet >/dev/null
    dotbias train "made-$1" --set cluster.transport=ipc --set train.batch=4096 --set schedule.epochs=10000 \
        --set run.progress_interval=0.2 --set run.dir="run-$1" 2>"shown-$1" &
    local run_pid=$!
    soon 60 grep -Eq '^epoch=[0-9]+/10000 ([1-9]|[0-9][0-9]+)%|^ *2 ' "shown-$1"
    awk '/RssAnon/ { print $2 }' "/proc/$(pgrep -P $run_pid -f dotbias-worker)/status"
    kill -TERM $run_pid
    ends_within 20 $run_pid
}

@test "a worker holds as much for ten million ratings as for a hundred thousand" {
    local few many
    few=$(worker_memory 100000)
    many=$(worker_memory 10000000)
    echo "private memory: $few kB for 100,000 ratings, $many kB for 10,000,000"
    [ "$many" -lt $((few * 12 / 10)) ]
}
