# Is a run recorded as it goes, found where its folder says, and left in order, whatever dies or fails?
load helpers
load training
load kill_lib

setup_file() {
    pack_lesson
}

setup() {
    require_ratings
    fresh_folder
}

small=(--set train.batch=512 --set run.components=0 --set monitor.interval=0.05)

# column NUMBER FILE: without its head, which is a row of names.
column() {
    tail -n +2 "$2" | cut -d, -f"$1"
}

# The epochs of events.csv as "1 0.95412": number and validation RMSE, as the page shows them.
epochs_of_events() {
    sed -nE 's/.*,epoch,,,"epoch=([0-9]+) train_loss=[0-9.]+ valid_rmse=([0-9.]+)"$/\1 \2/p' run/monitor/events.csv
}

epochs_of_history() {
    awk -F, 'NR > 1 { printf "%d %.5f\n", $1, $4 }' run/history.csv
}

# rises: numbers on standard input never fall.
rises() {
    awk 'NR > 1 && $1 < last { print "falls: " last, $1; exit 1 } { last = $1 }'
}

# recorded SHARDS WORKERS: the tables of the run are whole and agree with each other.
recorded() {
    local samples name
    samples=$(column 1 run/monitor/run.csv | wc -l)
    [ "$samples" -ge 2 ]
    [ "$(column 1 run/monitor/shards.csv | wc -l)" -eq $((samples * $1)) ]
    [ "$(column 1 run/monitor/workers.csv | wc -l)" -eq $((samples * $2)) ]
    column 1 run/monitor/run.csv | rises
    column 3 run/monitor/run.csv | rises
    for name in run shards workers events; do
        [ -z "$(tail -c 1 run/monitor/$name.csv)" ]
    done
    [ ! -e run/monitor/url ]
    [ "$(tr -d '[:space:]' <run/monitor/targets.json)" = "[]" ]
    is_clean run
}

@test "threads: the tables agree with the history, and the page's address goes with the run" {
    dotbias train "$packed" "${small[@]}" --set schedule.epochs=20 --set run.dir=run \
        --set cluster.pservers=2 --set cluster.workers=3 --set train.lanes=3 >/dev/null 2>complaints &
    soon 10 test -s run/monitor/url
    url=$(cat run/monitor/url)
    grep -qF "watch it: $url" complaints
    grep -q "\"${url:7:-1}\"" run/monitor/targets.json
    ends_within 30 $!
    [ "$status" -eq 0 ]
    recorded 2 3
    diff <(epochs_of_events) <(epochs_of_history)
    [ "$(epochs_of_events | wc -l)" -eq 20 ]
    grep -q ",started,,," run/monitor/events.csv
    tail -n 1 run/monitor/events.csv | grep -q ",finished,,,"
}

@test "monitor.listen none: nothing is there" {
    train 0 "$packed" "${small[@]}" --set schedule.epochs=1 --set run.dir=run --set monitor.listen=none
    [ ! -e run/monitor ]
}

@test "a port in use: said in a sentence, and the run goes on" {
    local port
    port=$(free_port)
    python3 -c "
import socket, time
s = socket.socket(); s.bind(('127.0.0.1', $port)); s.listen(); print(flush=True); time.sleep(60)" >listening &
    occupant=$!
    soon 10 test -s listening
    status=0
    dotbias train "$packed" "${small[@]}" --set schedule.epochs=20 --set run.dir=run \
        --set "monitor.listen=127.0.0.1:$port" >/dev/null 2>complaints || status=$?
    kill $occupant
    [ "$status" -eq 0 ]
    [ "$(grep -c "the run has no page: cannot listen on 127.0.0.1:$port: " complaints)" -eq 1 ]
    recorded 1 1
}

@test "an address that is none: the same" {
    status=0
    dotbias train "$packed" "${small[@]}" --set schedule.epochs=1 --set run.dir=run \
        --set monitor.listen=nowhere >/dev/null 2>complaints || status=$?
    [ "$status" -eq 0 ]
    grep -q "the run has no page: .*nowhere" complaints
}

@test "monitor.linger: the page stays, and a signal ends it" {
    dotbias train "$packed" "${small[@]}" --set schedule.epochs=1 --set run.dir=run --set monitor.linger=60 \
        >/dev/null 2>complaints &
    run_pid=$!
    soon 20 grep -q "the page stays for 60 s" complaints
    [ -e run/summary.json ]
    [ -s run/monitor/url ]
    kill -TERM $run_pid
    ends_within 5 $run_pid
    [ "$status" -eq 0 ]
    [ ! -e run/monitor/url ]
}

# watched NAME ARGUMENT...: a run of processes, past its start.
watched() {
    begin run "$packed" "${small[@]}" --set schedule.epochs=60 --set checkpoint.steps=200 --set run.dir=run \
        --set cluster.transport=ipc --set cluster.pservers=2 --set cluster.workers=2 --set train.lanes=2 "$@"
    soon 20 grep -q event=started run.complaints
}

# kill_member ROLE INDEX: with -9, one of this run.
kill_member() {
    local pid
    pid=$(pgrep -P "$run_pid" -f "dotbias-$1 .*--index $2 ")
    [ -n "$pid" ] && kill -9 "$pid"
}

@test "kill -9 of a pserver: lost, restarted and recovered, at the same address" {
    watched
    soon 10 test -s run/monitor/url
    url=$(cat run/monitor/url)
    soon 20 test -e run/checkpoints/000002/manifest.json
    kill_member pserver 1
    soon 20 grep -q ",recovered,pserver,1," run/monitor/events.csv
    [ "$(cat run/monitor/url)" = "$url" ]
    ends_within 60 "$run_pid"
    [ "$status" -eq 0 ]
    grep -qE ',lost,pserver,1,"pserver 1 \(pid [0-9]+\) was killed by signal 9 \(Killed\)' run/monitor/events.csv
    grep -q ",restarted,,,\"pserver 1 " run/monitor/events.csv
    grep -qE ',recovered,pserver,1,"seconds=[0-9.]+ checkpoint=[0-9]+"' run/monitor/events.csv
    [ "$(grep -c ",recovered," run/monitor/events.csv)" -eq 1 ]
    [ "$(grep -c ",started," run/monitor/events.csv)" -eq 2 ]
    recorded 2 2
    # Of an epoch that was computed twice the history has the later row, which is the same.
    diff <(epochs_of_events | sort -nu) <(epochs_of_history)
}

@test "kill -9 of the coordinator: its successor goes on with the tables" {
    watched
    soon 20 test -e run/checkpoints/000002/manifest.json
    strike KILL coordinator
    ends_within 60 "$run_pid"
    [ "$status" -eq 0 ]
    grep -q ",lost,coordinator,0,\"coordinator (pid .* was killed by signal 9" run/monitor/events.csv
    grep -q ",recovered,coordinator,0," run/monitor/events.csv
    recorded 2 2
}

@test "kill -9 of a worker: lost, and another one takes its place" {
    watched
    kill_member worker 1
    soon 20 grep -qE ',lost,worker,1,"worker 1 \(pid [0-9]+\) was killed by signal 9' run/monitor/events.csv
    ends_within 60 "$run_pid"
    [ "$status" -eq 0 ]
    [ "$(grep -c ",lost,worker,1," run/monitor/events.csv)" -eq 1 ]
    [ "$(grep -c ",joined,worker,1," run/monitor/events.csv)" -eq 2 ]
    recorded 2 2
}

@test "all killed at once and resumed: the page has the whole run" {
    watched
    soon 20 test -e run/checkpoints/000002/manifest.json
    kill -9 "$run_pid"
    ends_within 5 "$run_pid"
    no_process_left
    before=$(column 1 run/monitor/run.csv | wc -l)
    begin run --resume run
    ends_within 60 "$run_pid"
    [ "$status" -eq 0 ]
    [ "$(column 1 run/monitor/run.csv | wc -l)" -gt "$before" ]
    recorded 2 2
}

@test "a run that fails at its start leaves no folder" {
    expect_exit 69 dotbias train "$packed" --set run.dir=run --set cluster.transport=tcp \
        --set cluster.coordinator=tcp://192.0.2.1:7777 --set security.curve=off
    [ ! -e run ]
}
