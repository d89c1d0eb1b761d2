# Do hosts train together whatever lies between them? Each is a network namespace with addresses of its own; the digest is that of the
# embedded run. Over the network everything is encrypted.
load helpers
load training
load hosts_lib

setup() {
    fresh_folder
    start_switch || {
        [ "${CI:-}" = true ] || skip "$why"
        echo "$why"
        return 1
    }
    for name in a b c; do
        new_host $name
    done
    dotbias generate --ratings 30000 --users 300 --movies 200 --out made --quiet >/dev/null
    dotbias keygen keys 2>/dev/null
    cat >hosts.yaml <<YAML
data: {ratings: $PWD/made}
train: {lanes: 2, batch: 256}
schedule: {epochs: 4}
cluster:
  transport: tcp
  coordinator: tcp://10.7.0.1:7077
  bind: "*"
  pservers: 1
  workers: 2
  start_timeout: 10
  heartbeat_timeout: 30
checkpoint: {steps: 100, dir: $PWD/checkpoints}
security: {keys: keys}
run: {components: 0}
YAML
}

teardown() {
    stop_hosts
    no_process_left
}

embedded() {
    train 0 hosts.yaml --set cluster.transport=inproc --set cluster.coordinator= --set run.dir=embedded \
        --set checkpoint.dir="$PWD/embedded-checkpoints" "$@"
    wanted=$(summary_value digest)
}

# members ARGUMENT...: pserver 0 on b, worker 0 on b, worker 1 on c; in the background.
members() {
    on b dotbias-pserver --config hosts.yaml --index 0 "$@" 2>pserver.log 3>&- &
    started=($!)
    on b dotbias-worker --config hosts.yaml --index 0 "$@" 2>worker-0.log 3>&- &
    started+=($!)
    on c dotbias-worker --config hosts.yaml --index 1 "$@" 2>worker-1.log 3>&- &
    started+=($!)
}

# coordinates ARGUMENT...: on a, to the end; with the digest of the embedded run. $seconds is how long training took.
coordinates() {
    status=0
    on a dotbias-coordinator --config hosts.yaml --json --quiet --set run.dir=run "$@" >summary 2>complaints 3>&- || status=$?
    if [ $status -ne 0 ]; then
        cat complaints ./*.log
        return 1
    fi
    output=$(cat summary)
    same_digest "$wanted" "the hosts"
    seconds=$(summary_value train_seconds)
    wait "${started[@]}" || true
}

@test "IPv4: the digest of the embedded run" {
    embedded
    for name in a b c; do plug $name; done
    members
    coordinates
    grep -q "event=joined role=pserver .* endpoint=tcp://10.7.0.2:" run/logs/coordinator.log
}

@test "IPv6 alone" {
    embedded
    for name in a b c; do
        plug $name
        on $name ip addr flush dev lan0 scope global
        on $name ip -6 addr add "fd07::$(number_of $name)/64" dev lan0 nodad
    done
    sed -i 's#tcp://10.7.0.1:7077#tcp://[fd07::1]:7077#' hosts.yaml
    members
    coordinates
    grep -q "event=joined role=pserver .* endpoint=tcp://\[fd07::2\]:" run/logs/coordinator.log
}

@test "a host with another interface first: the address on the way to the coordinator is told" {
    embedded
    plug a
    plug c
    on b ip link add other0 type veth peer name other1
    on b ip link set other1 up
    on b ip addr add 192.168.77.2/24 dev other0
    on b ip link set other0 up
    plug b lan1
    members
    coordinates
    grep -q "event=joined role=pserver .* endpoint=tcp://10.7.0.2:" run/logs/coordinator.log
}

@test "small packets: a largest size of 1280 bytes" {
    embedded
    for name in a b c; do
        plug $name
        on $name ip link set lan0 mtu 1280
        in_switch ip link set ${name}lan0 mtu 1280
    done
    members
    coordinates
}

# forward HOST FROM_PORT TO: what a router with port forwarding does, in user space.
forward() {
    on "$1" python3 -c '
import socket, sys, threading
def carry(source, sink):
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
    except OSError:
        pass
    for one in (source, sink):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
gate = socket.create_server(("0.0.0.0", int(sys.argv[1])))
while True:
    inner, _ = gate.accept()
    try:
        outer = socket.create_connection((sys.argv[2], int(sys.argv[3])))
    except OSError:  # nobody listens there yet
        inner.close()
        continue
    threading.Thread(target=carry, args=(inner, outer), daemon=True).start()
    threading.Thread(target=carry, args=(outer, inner), daemon=True).start()' "$2" "${3%:*}" "${3#*:}" 3>&- &
    forwarders+=($!)
}

@test "behind a router that forwards ports: a pserver advertises the router's address and port" {
    embedded
    forwarders=()
    plug a
    plug c
    new_host r # the router, 10.7.0.18 outside and 10.8.0.1 inside; b is behind it alone
    plug r
    on r ip link add in0 type veth peer name lan0 netns "${host[b]}"
    on r ip addr add 10.8.0.1/24 dev in0
    on r ip link set in0 up
    on b ip addr add 10.8.0.2/24 dev lan0
    on b ip link set lan0 up
    forward r 7099 10.8.0.2:7078
    forward r 7077 10.7.0.1:7077
    on b dotbias-pserver --config hosts.yaml --index 0 --listen 'tcp://*:7078' --coordinator tcp://10.8.0.1:7077 \
        --set cluster.advertise=10.7.0.18:7099 2>pserver.log 3>&- &
    for index in 0 1; do
        on c dotbias-worker --config hosts.yaml --index $index 2>worker-$index.log 3>&- &
    done
    status=0
    on a dotbias-coordinator --config hosts.yaml --json --quiet --set run.dir=run >summary 2>complaints 3>&- || status=$?
    kill "${forwarders[@]}" || true
    [ $status -eq 0 ] || cat complaints ./*.log
    output=$(cat summary)
    same_digest "$wanted" "the hosts"
    grep -q "event=joined role=pserver .* endpoint=tcp://10.7.0.18:7099" run/logs/coordinator.log
}

@test "a link with 20 ms of delay and 1 % of loss: the same digest, and the time it cost" {
    [ -c /dev/net/tun ] || skip "no /dev/net/tun"
    embedded --set schedule.epochs=1
    for name in a b c; do plug $name; done
    members --set schedule.epochs=1
    coordinates --set schedule.epochs=1
    local near=$seconds link
    mkfifo hold
    on c ip link set lan0 down
    /usr/bin/python3 "$BATS_TEST_DIRNAME/slow_link.py" "$switch" "${host[c]}" 20 0.01 7 <hold >link.out 2>link.err 3>&- &
    link=$!
    exec 7>hold
    soon 10 grep -q up link.out || {
        cat link.err
        return 1
    }
    in_switch ip addr add 10.9.0.1/24 dev far
    in_switch ip link set far up
    on c ip addr add 10.9.0.2/24 dev far
    on c ip link set far up
    on c ip route add 10.7.0.0/24 via 10.9.0.1
    for name in a b; do on $name ip route add 10.9.0.0/24 via 10.7.0.254; done
    rm -rf run checkpoints
    members --set schedule.epochs=1
    coordinates --set schedule.epochs=1
    exec 7>&-
    wait $link || true
    echo "# near $near s, far $seconds s" >&3
    between "$seconds" "$near" 100
}

@test "a worker cut off for 10 s, with patience: the run waits for it" {
    embedded --set schedule.epochs=150
    for name in a b c; do plug $name; done
    members --set schedule.epochs=150
    (sleep 1 && cut_off c 10) 3>&- &
    coordinates --set schedule.epochs=150 --set cluster.request_timeout=40
    echo "# $seconds s with the cut" >&3
    between "$seconds" 10 60
    ! grep -q event=lost run/logs/coordinator.log
}

@test "a worker cut off for 10 s, without: another has its lanes" {
    sed -i 's/heartbeat_timeout: 30/heartbeat_timeout: 2/' hosts.yaml
    embedded --set schedule.epochs=150
    for name in a b c; do plug $name; done
    members --set schedule.epochs=150
    (sleep 1 && cut_off c 10) 3>&- &
    coordinates --set schedule.epochs=150
    grep -q "event=lost role=worker index=1" run/logs/coordinator.log
}

# again_and_again FILE COMMAND...: as a service manager does, whenever the code is 69.
again_and_again() {
    local code=69
    while [ $code -eq 69 ]; do
        code=0
        "${@:2}" 2>>"$1" || code=$?
    done
}

@test "a pserver cut off for 10 s, without patience: all start again from the checkpoint" {
    sed -i 's/heartbeat_timeout: 30/heartbeat_timeout: 2/' hosts.yaml
    embedded --set schedule.epochs=150
    for name in a b c; do plug $name; done
    again_and_again pserver.log on b dotbias-pserver --config hosts.yaml --index 0 --set schedule.epochs=150 3>&- &
    for index in 0 1; do
        again_and_again worker-$index.log on c dotbias-worker --config hosts.yaml --index $index --set schedule.epochs=150 3>&- &
    done
    (sleep 2 && cut_off b 10) 3>&- &
    status=0
    on a dotbias-coordinator --config hosts.yaml --quiet --set run.dir=run --set schedule.epochs=150 >summary 2>complaints 3>&- || status=$?
    [ $status -eq 69 ]
    grep -q "pserver 0" complaints
    while [ $status -eq 69 ]; do
        status=0
        on a dotbias-coordinator --run run --resume --config hosts.yaml --json --quiet --set schedule.epochs=150 >summary 2>>complaints 3>&- ||
            status=$?
    done
    [ $status -eq 0 ]
    output=$(cat summary)
    same_digest "$wanted" "the hosts"
}

@test "a name that nobody knows is named and looked for, until the time to start is over" {
    plug b
    status=0
    named_on b dotbias-worker --config hosts.yaml --index 0 --set cluster.start_timeout=6 \
        --set cluster.coordinator=tcp://no-such-host.invalid:7077 2>worker.log || status=$?
    [ $status -eq 69 ]
    grep -c "event=unresolved role=worker index=0 reason=\"cannot find the host of tcp://no-such-host.invalid:7077: " worker.log | grep -qx 2
    grep -q "worker 0 has waited for [0-9]* s: cannot find the host of tcp://no-such-host.invalid:7077: " worker.log
    run named_on b dotbias check hosts.yaml --set cluster.coordinator=tcp://no-such-host.invalid:7077
    [ "$status" -ne 0 ]
    expect_text "no-such-host.invalid"
}

# members_by_name ARGUMENT...: as members, who know the coordinator by its name.
members_by_name() {
    named_on b dotbias-pserver --config hosts.yaml --index 0 "$@" 2>pserver.log 3>&- &
    started=($!)
    named_on b dotbias-worker --config hosts.yaml --index 0 "$@" 2>worker-0.log 3>&- &
    started+=($!)
    named_on c dotbias-worker --config hosts.yaml --index 1 "$@" 2>worker-1.log 3>&- &
    started+=($!)
}

# A coordinator that listens at a name, too.
coordinates_by_name() {
    on() {
        named_on "$@"
    }
    coordinates "$@"
}

@test "names: the coordinator listens at one, which comes late and whose first address has no route" {
    embedded
    for name in a b c; do plug $name; done
    sed -i 's#tcp://10.7.0.1:7077#tcp://lead.test:7077#' hosts.yaml
    members_by_name
    for name in pserver worker-0 worker-1; do soon 5 grep -q "event=unresolved .*lead.test" $name.log; done
    printf '%s lead.test\n' 2001:db8::1 10.7.0.1 >>names
    run named_on b getent ahosts lead.test
    expect_text "2001:db8::1"
    coordinates_by_name
    grep -q "event=joined role=pserver .* endpoint=tcp://10.7.0.2:" run/logs/coordinator.log
}

@test "names: nobody listens at the first address" {
    embedded
    for name in a b c; do plug $name; done
    printf '%s lead.test\n' fd07::1 10.7.0.1 >names
    [[ $(named_on b getent ahosts lead.test) == fd07::1* ]]
    members_by_name --coordinator tcp://lead.test:7077
    coordinates
}

@test "names: a coordinator at the name of another host ends with a sentence" {
    plug a
    printf '10.7.0.2 lead.test\n' >names
    status=0
    named_on a dotbias-coordinator --config hosts.yaml --quiet --set run.dir=run --set cluster.coordinator=tcp://lead.test:7077 2>complaints ||
        status=$?
    [ $status -eq 78 ]
    grep -q "cannot listen on tcp://lead.test:7077: lead.test is 10.7.0.2, which is no address of this host" complaints
}

@test "an interface to listen on: its IPv4 address, or else its IPv6 address beyond the link" {
    embedded
    for name in a b c; do plug $name; done
    sed -i 's/bind: "\*"/bind: lan0/' hosts.yaml
    members
    coordinates
    grep -q "event=joined role=pserver .* endpoint=tcp://10.7.0.2:" run/logs/coordinator.log
    rm -rf run checkpoints
    on b ip addr del 10.7.0.2/24 dev lan0
    on b ip -6 addr show dev lan0 | grep -q fe80
    members --coordinator 'tcp://[fd07::1]:7077'
    coordinates --set 'cluster.coordinator=tcp://[fd07::1]:7077'
    grep -q "event=joined role=pserver .* endpoint=tcp://\[fd07::2\]:" run/logs/coordinator.log
    on b ip -6 addr flush dev lan0 scope global
    status=0
    on b dotbias-pserver --config hosts.yaml --index 0 2>pserver.log || status=$?
    [ $status -eq 69 ]
    grep -q "cannot listen on lan0: the interface has no address that other hosts can reach" pserver.log
}
