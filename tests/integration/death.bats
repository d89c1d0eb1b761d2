# Without a restart left: does the death or silence of a process end the whole run soon, with one line that names it, and
# nobody left behind? What restarts bring is the matter of kills.bats.
load helpers
load training

setup_file() {
    dotbias generate --ratings 200000 --users 2000 --movies 3000 --out "$BATS_FILE_TMPDIR/made" --quiet >/dev/null
}

# long_run TRANSPORT ARGUMENT...: a training that would take minutes, in the background as $run_pid.
long_run() {
    local transport=$1
    shift
    dotbias train "$BATS_FILE_TMPDIR/made" --set "cluster.transport=$transport" --set cluster.pservers=2 \
        --set cluster.workers=2 --set train.lanes=2 --set schedule.epochs=10000 --set run.dir=run \
        --set cluster.restarts=0 "$@" 2>complaints &
    run_pid=$!
    soon 20 grep -q '^ *1 ' complaints
}

member() {
    pgrep -P "$run_pid" -f "dotbias-$1 .*--index $2 "
}

# named: the error is said once, and whatever else is on standard error are the lines of the run itself.
named() {
    tail -n 3 complaints
    [ "$status" -eq 69 ]
    [ "$(grep -c "error: " complaints)" -eq 1 ]
    grep -Eq "error: $1" complaints
    no_process_left
}

# killed TRANSPORT ROLE INDEX: within 10 seconds the run has ended with code 69, naming role, index, pid and signal.
killed() {
    long_run "$1"
    local victim
    victim=$(member "$2" "$3")
    kill -9 "$victim"
    ends_within 10 "$run_pid"
    named "$2 $3 \(pid $victim\) was killed by signal 9"
}

@test "kill -9 of a pserver over ipc" {
    killed ipc pserver 1
}

@test "kill -9 of a pserver over tcp" {
    killed tcp pserver 0
}

@test "kill -9 of a worker over ipc" {
    killed ipc worker 1
}

@test "kill -9 of a worker over tcp" {
    killed tcp worker 0
}

@test "kill -9 of the coordinator" {
    local transport victim
    for transport in ipc tcp; do
        rm -rf run
        long_run $transport
        victim=$(pgrep -P "$run_pid" -f dotbias-coordinator)
        kill -9 "$victim"
        ends_within 10 "$run_pid"
        named "coordinator \(pid $victim\) was killed by signal 9"
    done
}

# stands_still ROLE: it lives and does nothing, which only its silence tells.
stands_still() {
    local victim
    long_run ipc --set cluster.heartbeat_timeout=2
    victim=$(member "$1" 1)
    kill -STOP "$victim"
    ends_within 10 "$run_pid"
    named "$1 1 \(pid $victim.*\) has been silent"
}

@test "a worker that stands still is named" {
    stands_still worker
}

@test "a pserver that stands still is named" {
    stands_still pserver
}

@test "a coordinator that stands still is named by those who miss it" {
    long_run ipc --set cluster.heartbeat_timeout=2
    kill -STOP "$(pgrep -P "$run_pid" -f dotbias-coordinator)"
    ends_within 10 "$run_pid"
    named "(pserver|worker) . .* the coordinator has been silent"
}

@test "kill -9 of the launcher takes every member with it" {
    long_run ipc
    kill -9 "$run_pid"
    ends_within 5 "$run_pid"
    no_process_left
}

@test "SIGTERM ends the run with code 75" {
    local transport
    for transport in inproc ipc; do
        rm -rf run
        long_run $transport
        kill -TERM "$run_pid"
        ends_within 10 "$run_pid"
        [ "$status" -eq 75 ]
        grep -q "error: stopped by signal 15 (Terminated); checkpoint 1 is saved" complaints
        no_process_left
    done
}

@test "members that never come are named at the start deadline" {
    printf 'data:\n  ratings: %s\n' "$BATS_FILE_TMPDIR/made" >hosts.yaml
    expect_exit 69 dotbias-coordinator --config hosts.yaml --set cluster.transport=tcp --set cluster.pservers=2 \
        --set cluster.coordinator=tcp://127.0.0.1:'*' --set cluster.start_timeout=1 --set run.dir=run
    expect_text "2 of 2 pservers: index 0 not seen, index 1 not seen"
    expect_text "1 of 1 workers: index 0 not seen"
    [ ! -e run ]
}
