# Does a run over the network mind those who have no key, by the hundred? Nobody gets in, it ends with the quiet run's digest, and
# neither memory nor descriptors are used up.
load helpers
load training

setup() {
    fresh_folder
    dotbias generate --ratings 20000 --users 300 --movies 200 --out made --quiet >/dev/null
    dotbias keygen keys 2>/dev/null
    port=$(free_port)
    cat >hosts.yaml <<YAML
data: {ratings: $PWD/made}
train: {lanes: 1}
schedule: {epochs: 200}
cluster: {transport: tcp, coordinator: "tcp://127.0.0.1:$port"}
security: {keys: keys}
run: {components: 0}
YAML
}

# The quiet run's digest as $wanted.
quiet() {
    train 0 hosts.yaml --set run.dir=quiet --set cluster.transport=inproc --set cluster.coordinator=
    wanted=$(summary_value digest)
}

# start: the coordinator ($coordinator) and the pserver ($pserver), which listen.
start() {
    dotbias-coordinator --config hosts.yaml --json --quiet --set run.dir=run >summary 2>complaints 3>&- &
    coordinator=$!
    dotbias-pserver --config hosts.yaml --index 0 2>pserver.log 3>&- &
    pserver=$!
    soon 10 grep -q "event=joined role=pserver" run/logs/coordinator.log
    pserver_port=$(sed -nE 's/.*event=joined role=pserver .* endpoint=.*:([0-9]+)$/\1/p' run/logs/coordinator.log)
}

start_worker() {
    dotbias-worker --config hosts.yaml --index 0 "$@" 2>worker.log 3>&- &
    worker=$!
}

ends_well() {
    ends_within 60 $coordinator
    [ "$status" -eq 0 ] || cat complaints ./*.log run/logs/coordinator.log
    output=$(cat summary)
    same_digest "$wanted" "the run under attack"
    wait $pserver $worker || true
}

attack() {
    python3 "$BATS_TEST_DIRNAME/attacker.py" 127.0.0.1 "$@"
}

# what PID: resident kB and open descriptors.
memory_of() {
    sed -nE 's/^VmRSS:\s*([0-9]+) kB/\1/p' "/proc/$1/status"
}

descriptors_of() {
    find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l
}

@test "crowds that say nothing, garbage, lengths of 1 GiB and no encryption: nothing gets in or grows" {
    sed -i 's/epochs: 200/epochs: 450/' hosts.yaml
    quiet
    start
    start_worker
    soon 10 grep -q "event=started" run/logs/coordinator.log
    local before=$(($(memory_of $coordinator) + $(memory_of $pserver))) after how
    for how in garbage lengths null; do
        attack "$port" $how 200 1 >$how-coordinator &
        local one=$!
        attack "$pserver_port" $how 200 1 >$how-pserver
        wait $one
    done
    attack "$port" half-open 1500 5 >half-coordinator &
    one=$!
    attack "$pserver_port" half-open 1500 5 >half-pserver
    [ "$(descriptors_of $coordinator)" -lt 4000 ]
    wait $one
    kill -0 $coordinator
    after=$(($(memory_of $coordinator) + $(memory_of $pserver)))
    echo "# coordinator and pserver: $before kB before, $after kB after" >&3
    [ $((after - before)) -lt 65536 ]
    ends_well
    for how in *-coordinator *-pserver; do echo "# $how: $(cat $how)" >&3; done
    [ "$(cat half-* | sed 's/.*"made": \([0-9]*\).*/\1/' | awk '{ sum += $1 } END { print sum }')" -ge 1000 ]
    grep -q "event=refused" run/logs/coordinator.log pserver.log
    [ "$(grep -c "event=joined" run/logs/coordinator.log)" -eq 2 ]
}

@test "frames that were recorded, sent again: on the same connection and on new ones" {
    quiet
    start
    python3 "$BATS_TEST_DIRNAME/attacker.py" 127.0.0.1 "$port" record 2000 >relay 2>relay.log &
    local relay=$!
    soon 5 test -s relay
    start_worker --coordinator "tcp://127.0.0.1:$(head -n 1 relay)"
    soon 10 grep -q "a connection that sent a message again\|failed its handshake" run/logs/coordinator.log
    soon 10 eval '[ "$(stat -c %s recorded)" -gt 1000 ]'
    grep -o "event=refused.*" run/logs/coordinator.log | sed 's/^/# /' >&3
    kill -9 $worker $relay 2>/dev/null || true
    attack "$port" replay 20 1 >replayed
    start_worker
    ends_well
    [ "$(python3 -c 'import json; print(json.load(open("replayed"))["closed"])')" -ge 1 ]
    [ "$(grep -c "event=joined role=worker" run/logs/coordinator.log)" -le 2 ]
}
