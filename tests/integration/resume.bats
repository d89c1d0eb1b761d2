# Does a run that was interrupted go on to the very model of the run that was not, and is nothing else taken up?
load helpers
load training

setup_file() {
    dotbias generate --ratings 60000 --users 800 --movies 900 --out "$BATS_FILE_TMPDIR/made" --quiet >/dev/null
    quiet_digest=$(dotbias train "$BATS_FILE_TMPDIR/made" --set run.dir="$BATS_FILE_TMPDIR/quiet" \
        --set train.lanes=2 --set schedule.epochs=10 --json --quiet | sed -nE 's/.*"digest": "([^"]*)".*/\1/p')
    export quiet_digest
}

# begin TRANSPORT ARGUMENT...: the run whose digest is known, in the background as $run_pid, past its first epoch.
begin() {
    local transport=$1
    shift
    dotbias train "$BATS_FILE_TMPDIR/made" --set "cluster.transport=$transport" --set cluster.pservers=2 \
        --set cluster.workers=2 --set train.lanes=2 --set schedule.epochs=10 --set run.dir=run "$@" \
        >/dev/null 2>complaints &
    run_pid=$!
    soon 20 grep -q '^ *1 ' complaints
}

# interrupted TRANSPORT: begun, and ended by SIGTERM in the middle.
interrupted() {
    begin "$@"
    kill -TERM "$run_pid"
    ends_within 10 "$run_pid"
    cat complaints
    [ "$status" -eq 75 ]
    [ ! -e run/model.dotbias ]
}

# finished: the last `train` has made the model of the quiet run, and has left a row per epoch.
finished() {
    same_digest "$quiet_digest" "the resumed run"
    [ "$(wc -l <run/history.csv)" -eq 11 ]
    [ "$(cut -d, -f1 run/history.csv | paste -sd,)" = epoch,1,2,3,4,5,6,7,8,9,10 ]
}

@test "SIGTERM says how to go on, and going on ends in the same bits, for every transport" {
    local transport
    for transport in inproc ipc tcp; do
        rm -rf run
        interrupted $transport
        grep -q "checkpoint 1 is saved: dotbias train --resume run goes on from it" complaints
        train 0 --resume run
        finished
    done
}

@test "with another transport, other numbers of pservers and workers" {
    interrupted ipc
    train 0 --resume run --set cluster.transport=inproc --set cluster.pservers=3 --set cluster.workers=1
    finished
    grep -q 'pservers: 3' run/config.yaml
    rm -rf run
    interrupted inproc
    train 0 --resume run --set cluster.transport=tcp --set cluster.pservers=1 --set cluster.workers=3
    finished
}

@test "twice interrupted, twice resumed" {
    interrupted ipc
    dotbias train --resume run >/dev/null 2>complaints &
    run_pid=$!
    soon 20 grep -Eq '^ +[0-9]+ ' complaints
    kill -INT "$run_pid" # a shell's background job ignores it, but ours listens
    ends_within 10 "$run_pid"
    [ "$status" -eq 75 ]
    train 0 --resume run
    finished
}

@test "all processes killed at once: the run goes on from its newest checkpoint" {
    begin tcp --set checkpoint.interval=0.2
    soon 20 test -e run/checkpoints/000001/manifest.json
    kill -9 "$run_pid"
    ends_within 5 "$run_pid"
    no_process_left
    train 0 --resume run
    finished
}

@test "killed before its first checkpoint, it begins again in the same folder" {
    begin ipc --set checkpoint.interval=0
    kill -9 "$run_pid"
    ends_within 5 "$run_pid"
    no_process_left
    train 0 --resume run
    finished
}

@test "what would change the model is refused by name, and changes nothing" {
    interrupted inproc
    cp run/config.yaml before.yaml
    expect_exit 78 dotbias train --resume run --set train.batch=32 --set model.seed=7 --set cluster.workers=3
    expect_text "model.seed (42, not 7), train.batch (64, not 32)"
    [[ $output != *cluster.workers* ]]
    cmp run/config.yaml before.yaml
    DOTBIAS_TRAIN__MOMENTUM=0.5 expect_exit 78 dotbias train --resume run
    expect_text "train.momentum"
    train 0 --resume run
    finished
}

@test "other ratings are refused" {
    interrupted inproc
    dotbias generate --ratings 60000 --users 800 --movies 900 --seed 9 --out other --quiet >/dev/null
    expect_exit 76 dotbias train --resume run --set data.ratings="$PWD/other"
    expect_text "other ratings"
    [ -e run/checkpoints/000001/manifest.json ]
}

@test "a finished run says so, and prints its summary again" {
    train 0 "$BATS_FILE_TMPDIR/made" --set run.dir=run --set train.lanes=2 --set schedule.epochs=1
    local digest
    digest=$(summary_value digest)
    train 0 --resume run
    same_digest "$digest" "a run that was finished"
    grep -q "run is finished already" complaints
}

@test "two trainings never share a folder" {
    begin ipc
    expect_exit 73 dotbias train --resume run
    expect_text "another training is under way in $PWD/run (process $run_pid)"
    expect_exit 73 dotbias-coordinator --run run --resume --checkpoints run/checkpoints
    expect_text "another training is under way"
    kill -TERM "$run_pid"
    ends_within 10 "$run_pid"
    [ "$status" -eq 75 ]
}

@test "a folder that is no run, and a run that is made over another's checkpoints, are refused" {
    expect_exit 66 dotbias train --resume nowhere
    expect_exit 64 dotbias train made --resume run
    expect_exit 64 dotbias train
    interrupted inproc --set checkpoint.dir="$PWD/shared"
    expect_exit 73 dotbias train "$BATS_FILE_TMPDIR/made" --set run.dir=second --set checkpoint.dir="$PWD/shared"
    expect_text "has checkpoints of another run"
    [ ! -e second ]
    train 0 --resume run
    finished
}

@test "stopped before anything could be saved, a run leaves nothing" {
    printf 'data:\n  ratings: %s\n' "$BATS_FILE_TMPDIR/made" >hosts.yaml
    dotbias-coordinator --config hosts.yaml --set cluster.transport=tcp --set cluster.coordinator=tcp://127.0.0.1:'*' \
        --set run.dir=run 2>complaints &
    run_pid=$!
    soon 10 test -s run/coordinator.endpoint
    kill -TERM "$run_pid"
    ends_within 10 "$run_pid"
    [ "$status" -eq 75 ]
    grep -q "no checkpoints are taken: set checkpoint.dir" complaints
    [ ! -e run ]
}

@test "a cluster started by hand saves, and goes on by hand" {
    local port index again
    port=$(free_port)
    cat >hosts.yaml <<YAML
data: {ratings: "$BATS_FILE_TMPDIR/made"}
train: {lanes: 2}
schedule: {epochs: 10}
cluster: {transport: tcp, coordinator: "tcp://127.0.0.1:$port", pservers: 2, workers: 2}
checkpoint: {dir: "$PWD/shared"}
run: {dir: run}
YAML
    for again in no yes; do
        for index in 0 1; do
            dotbias-pserver --config hosts.yaml --index $index 2>"pserver-$index.log" &
            dotbias-worker --config hosts.yaml --index $index 2>"worker-$index.log" &
        done
        [ $again = no ] || break
        dotbias-coordinator --config hosts.yaml 2>complaints >/dev/null &
        run_pid=$!
        soon 20 grep -q '^ *1 ' complaints
        kill -TERM "$run_pid"
        ends_within 10 "$run_pid"
        [ "$status" -eq 75 ]
        grep -q "checkpoint 1 is saved: dotbias-coordinator --run run --resume goes on from it" complaints
        wait
    done
    output=$(dotbias-coordinator --run run --resume --json --quiet)
    finished
    wait
}
