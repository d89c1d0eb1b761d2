# Are the manifests what Kubernetes understands, do they follow the configuration, and do the pods' commands train?
load helpers
load training

setup() {
    fresh_folder
    /usr/bin/python3 -c 'import kubernetes, yaml' 2>/dev/null || {
        [ "${CI:-}" = true ] || skip "no python3-kubernetes"
        return 1
    }
    cat >cluster.yaml <<'YAML'
train:
  lanes: 2
schedule:
  epochs: 2
cluster:
  pservers: 2
  workers: 3
YAML
}

# checked FILE: by the models of Kubernetes' client, without a cluster.
checked() {
    run /usr/bin/python3 "$BATS_TEST_DIRNAME/kubernetes_check.py" "$1"
    [ "$status" -eq 0 ]
}

@test "the manifests have only fields that there are, of the right kind, and agree with each other" {
    dotbias kubernetes cluster.yaml --name movies --image registry.example/dotbias:0.1 --memory 512Mi >movies.yaml
    checked movies.yaml || {
        echo "$output"
        return 1
    }
    expect_text "7 objects"
}

@test "a field misspelt, of another kind, missing, or a name that nobody has is seen" {
    dotbias kubernetes cluster.yaml >good.yaml
    local changes=(
        's/terminationGracePeriodSeconds/terminationGracePeriodSecond/' 's/readOnlyRootFilesystem/readOnlyRootFileSystem/'
        's/podManagementPolicy/podManagmentPolicy/' 's/completionMode: Indexed/completionMode: [Indexed]/'
        's/replicas: 2/replicas: two/' 's/serviceName: dotbias/serviceName: other/' 's/runAsNonRoot: true/runAsNonRoot: "yes"/'
        's#apiVersion: apps/v1#apiVersion: apps/v2#' '0,/dotbias.role: pserver/s//dotbias\/role: server/' '/^  selector:/,/role: pserver/d'
        's/memory: "2Gi"/memory: "2 Gi"/' 's/mountPath: \/keys/mountpath: \/keys/' 's/            name: dotbias-config/            name: config/'
    )
    for change in "${changes[@]}"; do
        sed "$change" good.yaml >bad.yaml
        ! cmp -s good.yaml bad.yaml || { echo "$change changes nothing" && return 1; }
        ! checked bad.yaml || { echo "$change is not seen" && return 1; }
    done
}

@test "the image has the libraries that the programs ask for" {
    command -v dpkg >/dev/null || skip "not a Debian system"
    sed -n '/^FROM debian:bookworm-slim$/,$p' "$repository/deploy/Containerfile" | grep -oE '^ +[a-z0-9.+-]+ ' | tr -d ' ' | sort -u >installed
    for library in $(objdump -p "$DOTBIAS_BIN/dotbias" | sed -nE 's/^ *NEEDED +(.*)/\1/p'); do
        package=$(dpkg -S "*/$library" 2>/dev/null | sed 's/:.*//' | sort -u)
        if ! grep -qxE "libc6|$(paste -sd'|' installed)" <<<"$package"; then
            echo "$library of $package is not installed"
            return 1
        fi
    done
}

@test "numbers are the configuration's, which comes along whole" {
    dotbias kubernetes cluster.yaml --set cluster.workers=7 >k.yaml
    grep -q "completions: 7" k.yaml
    grep -q "replicas: 2" k.yaml
    /usr/bin/python3 -c '
import sys, yaml
print(next(yaml.safe_load_all(open("k.yaml")))["data"]["cluster.yaml"])' >inside.yaml
    diff <(dotbias config print inside.yaml | sed 's/ *#.*//') <(dotbias config print cluster.yaml --set cluster.workers=7 | sed 's/ *#.*//')
    expect_exit 64 dotbias kubernetes cluster.yaml --name Movies
    expect_exit 64 dotbias kubernetes cluster.yaml --image 'a"b'
    expect_exit 78 dotbias kubernetes cluster.yaml --set cluster.workers=0
}

# pods: the commands of k.yaml with their environment, as ./pod-ROLE scripts; what is a pod's own world is put into this folder,
# names of pods are this machine, and fixed ports are free ones.
pods() {
    sed -i "s#/dotbias/#$PWD/shared/#g; s#/config/#$PWD/config/#g; s#\"/keys#\"$PWD/keys#g; s#\*:8080#127.0.0.1:*#; s#tcp://\*:7077#tcp://127.0.0.1:$port#
        s#tcp://dotbias-coordinator-0.dotbias:7077#tcp://127.0.0.1:$port#; s#\\\$(POD).dotbias#127.0.0.1#; s#\*:7078#127.0.0.1:*#" k.yaml
    /usr/bin/python3 -c '
import os, shlex, yaml
for one in yaml.safe_load_all(open("k.yaml")):
    if one["kind"] == "ConfigMap":
        os.makedirs("config")
        open("config/cluster.yaml", "w").write(one["data"]["cluster.yaml"])
    if one["kind"] in ("StatefulSet", "Job"):
        container = one["spec"]["template"]["spec"]["containers"][0]
        with open("pod-" + container["name"], "w") as script:
            for entry in container["env"]:
                if "value" in entry:
                    script.write("export %s=%s\n" % (entry["name"], shlex.quote(entry["value"])))
            script.write("exec " + shlex.join(container["command"]) + "\n")'
}

@test "the commands of the pods train, with keys, to the digest of the embedded run; after the end they rest" {
    port=$(free_port)
    dotbias generate --ratings 20000 --users 300 --movies 200 --out shared/ratings --quiet >/dev/null
    dotbias keygen keys 2>/dev/null
    train 0 cluster.yaml --set data.ratings="$PWD/shared/ratings" --set run.dir=embedded
    local embedded
    embedded=$(summary_value digest)
    dotbias kubernetes cluster.yaml >k.yaml
    pods
    mkdir -p shared/runs
    for index in 0 1; do
        POD=dotbias-pserver-$index sh pod-pserver 2>pserver-$index.log 3>&- &
    done
    for index in 0 1 2; do
        JOB_COMPLETION_INDEX=$index sh pod-worker 2>worker-$index.log 3>&- &
    done
    POD=dotbias-coordinator-0 sh pod-coordinator >out 2>complaints 3>&- &
    ends_within 40 $! || {
        cat complaints ./*.log
        return 1
    }
    [ "$status" -eq 0 ]
    grep -q "\"digest\": \"$embedded\"" shared/runs/dotbias/summary.json
    wait
    JOB_COMPLETION_INDEX=0 sh pod-worker
    POD=dotbias-pserver-0 sh pod-pserver 3>&- &
    sleep 0.3
    [ "$(cat /proc/$!/comm)" = sleep ]
    kill $!
}
