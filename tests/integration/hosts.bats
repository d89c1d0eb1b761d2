# Do roles that are started by hand, as on hosts of their own, make the same model, and refuse those who do not belong?
load helpers
load training

setup() {
    fresh_folder
    dotbias generate --ratings 20000 --users 300 --movies 200 --out made --quiet >/dev/null
    port=$(free_port)
    cat >hosts.yaml <<YAML
data:
  ratings: $PWD/made
train:
  lanes: 2
schedule:
  epochs: 2
cluster:
  transport: tcp
  coordinator: tcp://127.0.0.1:$port
  pservers: 2
  workers: 2
YAML
}

@test "a coordinator that is called by a name, with a port of the system's choice" {
    train 0 hosts.yaml --set cluster.transport=inproc --set cluster.coordinator=
    local embedded
    embedded=$(summary_value digest)
    train 0 hosts.yaml --set cluster.coordinator=tcp://localhost:0 --set run.dir=by-name
    same_digest "$embedded" "the run at localhost"
}

start_members() {
    local index
    for index in 0 1; do
        dotbias-pserver --config hosts.yaml --index $index 2>"pserver-$index.log" &
        dotbias-worker --config hosts.yaml --index $index 2>"worker-$index.log" &
    done
}

@test "a cluster started by hand, in any order, has the digest of the embedded run" {
    train 0 hosts.yaml --set cluster.transport=inproc --set cluster.coordinator= --set cluster.pservers=1
    local embedded
    embedded=$(summary_value digest)
    start_members
    sleep 0.3
    expect_exit 0 dotbias-coordinator --config hosts.yaml --json --quiet --set run.dir=by-hand
    same_digest "$embedded" "the cluster started by hand"
    wait
}

@test "a pserver with another configuration, a worker with another train.wire and a second pserver 0 are refused; the run goes on" {
    dotbias-coordinator --config hosts.yaml --json --quiet --set run.dir=by-hand >summary &
    local coordinator=$!
    dotbias-pserver --config hosts.yaml --index 0 2>first.log &
    soon 10 grep -q "event=joined role=pserver" by-hand/logs/coordinator.log
    expect_exit 0 dotbias check hosts.yaml
    expect_text "tcp://127.0.0.1:$port answers after "
    expect_exit 76 dotbias-pserver --config hosts.yaml --index 1 --set train.batch=32
    expect_text "another configuration"
    expect_exit 76 dotbias-worker --config hosts.yaml --index 1 --set train.wire=bfloat16
    expect_text "worker 1 on "
    expect_text "sends rows as bfloat16, the coordinator was told float32: train.wire differs"
    expect_exit 77 dotbias-pserver --config hosts.yaml --index 0
    expect_text "is already there"
    dotbias-pserver --config hosts.yaml --index 1 2>second.log &
    dotbias-worker --config hosts.yaml --index 0 2>third.log &
    dotbias-worker --config hosts.yaml --index 1 2>fourth.log &
    ends_within 20 $coordinator
    [ "$status" -eq 0 ]
    grep -q digest summary
    wait
}

foreigner() {
    /usr/bin/python3 "$BATS_TEST_DIRNAME/foreigner.py" "$@"
}

@test "members of other versions are told both versions, however their HELLO is made; the run goes on" {
    local own version more
    own=$(dotbias protocol | sed -n '1s/^# Protocol, version //p')
    [ "$own" -gt 0 ]
    dotbias-coordinator --config hosts.yaml --json --quiet --set run.dir=by-hand >summary 2>complaints &
    local coordinator=$!
    soon 10 test -e by-hand/coordinator.endpoint
    for version in $((own - 1)) $((own + 1)) 99; do
        for more in 0 3 8 20; do
            expect_exit 0 foreigner hello 127.0.0.1 "$port" $version $more
            [ "$output" = "76 worker 0 speaks protocol $version, the coordinator $own" ]
        done
    done
    start_members
    ends_within 20 $coordinator
    [ "$status" -eq 0 ]
    grep -q digest summary
    grep -q "event=refused role=coordinator .* speaks protocol 99" by-hand/logs/coordinator.log
    wait
}

@test "a member that a newer coordinator refuses prints why, and ends with its code" {
    foreigner refuse 99 >newer.port &
    soon 10 test -s newer.port
    expect_exit 76 timeout 20 dotbias-worker --config hosts.yaml --index 0 --coordinator "tcp://127.0.0.1:$(cat newer.port)"
    expect_text "a refusal of protocol 99, for one that speaks"
    wait
}

# relay FILE PORT: a path to PORT whose connections are reset; its own port is the first line of FILE. Lives while descriptor 7 is open.
relay() {
    /usr/bin/python3 "$BATS_TEST_DIRNAME/resetting_relay.py" "$2" 0.7 4 <hold >"$1" 3>&- 7>&- &
    soon 10 test -s "$1"
}

@test "members whose connections are reset go on: nobody is lost, the digest is the same" {
    local of_pserver index
    train 0 hosts.yaml --set cluster.transport=inproc --set cluster.coordinator= --set cluster.pservers=1 --set schedule.epochs=40
    local embedded
    embedded=$(summary_value digest)
    of_pserver=$(free_port)
    mkfifo hold
    exec 7<>hold
    relay to-coordinator "$port"
    relay to-pserver "$of_pserver"
    local there=(--set schedule.epochs=40 --coordinator "tcp://127.0.0.1:$(head -1 to-coordinator)")
    dotbias-pserver --config hosts.yaml --index 0 "${there[@]}" --listen "tcp://127.0.0.1:$of_pserver" \
        --set cluster.advertise="127.0.0.1:$(head -1 to-pserver)" 2>pserver-0.log 7>&- &
    dotbias-pserver --config hosts.yaml --index 1 "${there[@]}" 2>pserver-1.log 7>&- &
    for index in 0 1; do
        dotbias-worker --config hosts.yaml --index $index "${there[@]}" 2>"worker-$index.log" 7>&- &
    done
    expect_exit 0 dotbias-coordinator --config hosts.yaml --json --quiet --set run.dir=by-hand --set schedule.epochs=40 7>&-
    same_digest "$embedded" "the run with resets"
    echo "# $(summary_value train_seconds) s of training, $(tail -1 to-coordinator), $(tail -1 to-pserver)" >&3
    grep -q "reset 2" to-coordinator
    grep -q "reset 2" to-pserver
    ! grep -q event=lost by-hand/logs/coordinator.log
    exec 7>&-
    wait
}
