# Do the units say what systemd understands, and do the programs say what systemd waits for?
load helpers
load training

setup() {
    fresh_folder
    command -v systemd-analyze >/dev/null && return 0
    [ "${CI:-}" = true ] || skip "no systemd-analyze"
    return 1
}

teardown() {
    [ -z "${manager:-}" ] || kill "$manager" 2>/dev/null || true
    no_process_left
}

# units: copies whose programs are where this build has them (systemd-analyze looks).
units() {
    cp "$repository"/deploy/systemd/* .
    sed -i "s#^ExecStart=dotbias-#ExecStart=$DOTBIAS_BIN/dotbias-#" ./*.service
}

# verify UNIT...: systemd-analyze ends with 0 for what it does not know, so that any output is a failure.
verify() {
    run systemd-analyze verify --man=no "$@"
    [ "$status" -eq 0 ] && [ -z "$output" ]
}

@test "the units are understood" {
    units
    cp dotbias-pserver@.service dotbias-pserver@0.service
    cp dotbias-worker@.service dotbias-worker@0.service
    verify ./dotbias.target ./dotbias-coordinator.service ./dotbias-pserver@0.service ./dotbias-worker@0.service || {
        echo "$output"
        return 1
    }
}

@test "a misspelt key or value is not" {
    for change in 's/^NoNewPrivileges/NoNewPrivilegs/' 's/^Restart=on-failure/Restart=on-failing/' 's/^SystemCallFilter=@/SystemCallFilter=@x/'; do
        units
        sed -i "$change" dotbias-coordinator.service
        ! verify ./dotbias-coordinator.service
        [ -n "$output" ]
    done
}

@test "members and coordinators are alike in all but their command" {
    cd "$repository/deploy/systemd"
    diff <(sed -n '/^\[Service\]/,/^LimitNOFILE/p' dotbias-coordinator.service) <(sed -n '/^\[Service\]/,/^LimitNOFILE/p' dotbias-pserver@.service)
    diff <(sed 's/worker/pserver/g' dotbias-worker@.service) dotbias-pserver@.service
}

# said WORDS: the manager has been told so.
said() {
    grep -q "$1" told
}

# manager: what systemd is to a service, as $manager: datagrams to a socket become lines of ./told.
manager() {
    export NOTIFY_SOCKET=$PWD/notify
    python3 -c '
import socket, sys
told = open("told", "a", buffering=1)
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
while True:
    told.write(manager.recv(4096).decode() + "\n")' "$NOTIFY_SOCKET" 3>&- &
    manager=$!
    soon 5 test -S notify
}

@test "a coordinator is ready when it listens, a member when it has joined; the watchdog is fed; the end is said" {
    local port
    port=$(free_port)
    dotbias generate --ratings 20000 --users 300 --movies 200 --out made --quiet >/dev/null
    printf 'data: {ratings: made}\nschedule: {epochs: 5000}\ncluster: {transport: tcp, coordinator: "tcp://127.0.0.1:%s"}\ncheckpoint: {dir: %s/checkpoints}\n' "$port" "$PWD" >c.yaml
    manager
    dotbias-pserver --config c.yaml --index 0 2>pserver.log 3>&- &
    sleep 0.5
    [ ! -s told ]
    (unset NOTIFY_SOCKET && exec dotbias-worker --config c.yaml --index 0 2>worker.log 3>&-) &
    WATCHDOG_USEC=600000 dotbias-coordinator --config c.yaml --quiet --set run.dir=run \
        >/dev/null 2>complaints 3>&- &
    local coordinator=$!
    soon 10 said "STATUS=waiting for members"
    soon 10 said "STATUS=a member of the cluster"
    [ "$(grep -c READY=1 told)" -eq 2 ]
    soon 10 eval '[ "$(grep -c WATCHDOG=1 told)" -ge 3 ]'
    kill -STOP $coordinator
    sleep 0.3
    local fed
    fed=$(grep -c WATCHDOG=1 told)
    sleep 0.7
    [ "$(grep -c WATCHDOG=1 told)" -eq "$fed" ]
    kill -CONT $coordinator
    kill -TERM $coordinator
    ends_within 20 $coordinator
    [ "$status" -eq 75 ]
    soon 5 eval '[ "$(grep -c STOPPING=1 told)" -eq 2 ]'
    kill $manager
    wait
}
