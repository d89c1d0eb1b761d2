# Does the network see nothing and let nobody in: keys, their files, and roles that have the wrong ones?
load helpers
load training

setup() {
    fresh_folder
    dotbias generate --ratings 20000 --users 300 --movies 200 --out made --quiet >/dev/null
    dotbias keygen keys
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
  pservers: 1
  workers: 1
security:
  keys: keys
YAML
}

# other_keys FOLDER: all of ours, of which a test changes one.
other_keys() {
    cp -r keys "$1"
}

# refused_by_coordinator WORDS COMMAND...: a stranger comes, is told nothing, and is named; the run goes well all the same.
refused_by_coordinator() {
    local words=$1
    shift
    dotbias-coordinator --config hosts.yaml --json --quiet --set run.dir=guarded >summary 2>complaints &
    local coordinator=$!
    soon 10 test -e guarded/coordinator.endpoint
    "$@" --config hosts.yaml --set cluster.start_timeout=60 >stranger.log 2>&1 &
    local stranger=$!
    soon 10 grep -q "$words" guarded/logs/coordinator.log
    ! grep -v event=waiting stranger.log
    kill -9 $stranger
    dotbias-pserver --config hosts.yaml --index 0 2>pserver.log &
    dotbias-worker --config hosts.yaml --index 0 2>worker.log &
    ends_within 20 $coordinator
    [ "$status" -eq 0 ]
    grep -q digest summary
    wait
}

@test "keygen: private files, a list of three, nothing written over" {
    [ "$(stat -c %a keys)" = 700 ]
    for role in coordinator pserver worker; do
        [ "$(stat -c %a keys/$role.secret)" = 600 ]
        grep -q "^$role .\{40\}$" keys/public.keys
    done
    cp -r keys before
    expect_exit 73 dotbias keygen keys
    expect_text "is there already"
    diff -r keys before
    dotbias keygen keys --add-worker
    [ "$(stat -c %a keys/worker-2.secret)" = 600 ]
    [ "$(grep -c ^worker keys/public.keys)" -eq 2 ]
    expect_exit 66 dotbias keygen nowhere --add-worker
    [ ! -e nowhere ]
}

@test "train over tcp with keys: the digest of the embedded run" {
    train 0 hosts.yaml --set cluster.transport=inproc --set cluster.coordinator= --set run.dir=embedded
    local embedded
    embedded=$(summary_value digest)
    train 0 hosts.yaml --set cluster.pservers=2 --set cluster.workers=2 --set run.dir=guarded
    same_digest "$embedded" "the encrypted run"
    grep -q "keys: \"$PWD/keys\"" guarded/config.yaml
    ! grep -rqF "$(cat keys/worker.secret)" guarded
}

@test "an added worker's key is as good" {
    dotbias keygen keys --add-worker
    other_keys host
    mv host/worker-2.secret host/worker.secret
    dotbias-pserver --config hosts.yaml --index 0 2>pserver.log &
    dotbias-worker --config hosts.yaml --index 0 --set security.keys="$PWD/host" 2>worker.log &
    expect_exit 0 dotbias-coordinator --config hosts.yaml --quiet --set run.dir=guarded
    wait
}

@test "a worker without keys gets no answer" {
    refused_by_coordinator "a connection failed its handshake" dotbias-worker --index 0 --set security.keys=
}

@test "a key that is not on the list gets no answer" {
    dotbias keygen strange
    cp keys/public.keys strange/all.keys
    sed -n "s/^worker/worker/p" strange/public.keys >>strange/all.keys # it trusts itself, we do not
    mv strange/all.keys strange/public.keys
    refused_by_coordinator "has a key that is not on the list" dotbias-worker --index 0 --set security.keys="$PWD/strange"
}

@test "a worker who takes another for the coordinator says nothing to it" {
    dotbias keygen strange
    refused_by_coordinator "does not know our public key" dotbias-worker --index 0 --set security.keys="$PWD/strange"
}

@test "a worker's key does not make a pserver" {
    other_keys stolen
    cp keys/worker.secret stolen/pserver.secret
    sed -i "s/^pserver .*/$(sed -n '/^worker/{s/^worker/pserver/;s/[&\/]/\\&/g;p}' keys/public.keys)/; /^worker/d" stolen/public.keys
    refused_by_coordinator "says it is a pserver, and has the key of a worker" \
        dotbias-pserver --index 0 --set security.keys="$PWD/stolen"
}

@test "secrets that others may read, and files that are none, are refused" {
    chmod 644 keys/worker.secret
    expect_exit 77 dotbias-worker --config hosts.yaml --index 0
    expect_text "worker.secret may be read or changed by others (mode 644): chmod 600 it"
    expect_exit 77 dotbias check hosts.yaml
    chmod 600 keys/worker.secret
    echo "worker nothing" >>keys/public.keys
    expect_exit 78 dotbias-worker --config hosts.yaml --index 0
    expect_text "public.keys:5:8: a role is followed by a public key of 40 characters, not 'nothing'"
    expect_exit 66 dotbias-worker --config hosts.yaml --index 0 --set security.keys=nowhere
}

@test "beyond the loopback interface nothing starts without keys, unless it is told to" {
    for command in "dotbias train hosts.yaml" "dotbias check hosts.yaml" "dotbias-pserver --config hosts.yaml --index 0"; do
        expect_exit 78 $command --set security.keys= --set cluster.bind=0.0.0.0
        expect_text "tcp://0.0.0.0:* can be reached from other machines, and there are no keys"
    done
    expect_exit 78 dotbias-worker --config hosts.yaml --index 0 --set security.keys= --set cluster.coordinator=tcp://192.0.2.1:7
    expect_exit 78 dotbias config check hosts.yaml --set security.curve=off
    expect_text "'security.keys' has no effect when 'security.curve' is off"
    expect_exit 78 dotbias config check hosts.yaml --set security.keys= --set security.curve=on
    train 0 hosts.yaml --set security.keys= --set security.curve=off --set cluster.bind=0.0.0.0 --set run.dir=open
}

# asked CODE PATH [CURL'S ARGUMENTS...]: what the page of the run says.
asked() {
    [ "$(curl -s -o answer -w '%{http_code}' "${@:3}" "${url%/}$2")" = "$1" ]
}

@test "a page with a token: 401 without it, everything with it; health is open" {
    local token
    dotbias train made --set schedule.epochs=400 --set run.components=0 --set run.dir=run --set monitor.token=keys/monitor.token \
        --set cluster.transport=ipc --set cluster.pservers=1 >/dev/null 2>complaints &
    local run=$!
    soon 10 test -s run/monitor/url
    url=$(cat run/monitor/url)
    token=$(cat keys/monitor.token)
    for path in /api/v1/status /metrics /api/v1/logs; do
        asked 401 $path
        grep -q "asks for a token" answer
        asked 401 $path -H "Authorization: Bearer ${token%?}x"
        asked 401 $path -H "Authorization: Basic $token"
        asked 200 $path -H "Authorization: Bearer $token"
    done
    curl -si "${url%/}/metrics" | grep -q '^WWW-Authenticate: Bearer'
    asked 200 /healthz
    asked 200 /
    soon 10 grep -q '"role":"worker"' run/monitor/targets.json
    url=$(grep -o '"[0-9.]\+:[0-9]\+"' run/monitor/targets.json | tail -n 1 | tr -d '"')
    asked 401 /metrics
    asked 200 /metrics -H "Authorization: Bearer $token"
    dotbias top run --once | grep -q worker
    expect_exit 69 dotbias top "$(cat run/monitor/url)" --once
    expect_text "it asks for a token (--token)"
    dotbias top "$(cat run/monitor/url)" --once --token keys/monitor.token | grep -q worker
    kill -TERM $run
    ends_within 20 $run
    ! grep -rqF "$token" run
}

@test "a page that others can see asks for a token; a token that others can read is none" {
    expect_exit 78 dotbias train made --set monitor.listen='*:*' --set run.dir=run
    expect_text "can be seen from other machines, and monitor.token is empty"
    chmod 640 keys/monitor.token
    expect_exit 77 dotbias train made --set monitor.listen='*:*' --set monitor.token=keys/monitor.token --set run.dir=run
    echo short >weak
    chmod 600 weak
    expect_exit 78 dotbias train made --set monitor.token=weak --set run.dir=run
    expect_text "weak:1:1: no token"
    [ ! -e run ]
}
