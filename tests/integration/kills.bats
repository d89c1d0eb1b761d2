# Does a run end by itself with the bits of the quiet run, whatever is killed, and whenever? DOTBIAS_SEED makes chance repeat.
load helpers
load training
load kill_lib

setup_file() {
    pack_lesson
    have_ratings || return 0
    export DOTBIAS_SEED=${DOTBIAS_SEED:-$((RANDOM * 32768 + RANDOM))}
    echo "# DOTBIAS_SEED=$DOTBIAS_SEED" >&3
    cd "$BATS_FILE_TMPDIR" || return 1
    dotbias train "$packed" "${sgd[@]}" --set run.dir=sgd --quiet
    dotbias train "$packed" "${adam[@]}" --set run.dir=adam --quiet
    dotbias train "$packed" "${blocks[@]}" --set run.dir=blocks --quiet
}

setup() {
    require_ratings
    fresh_folder
    RANDOM=$((DOTBIAS_SEED + BATS_TEST_NUMBER))
}

# What is learnt; and what a run that will be killed needs besides: checkpoints all the time, and as many restarts as it takes.
sgd=(--set train.batch=512 --set train.lanes=3 --set schedule.epochs=80 --set run.components=0)
adam=(--set train.batch=512 --set train.lanes=3 --set schedule.epochs=12 --set run.components=0
    --set train.optimiser=adam --set train.learning_rate=0.005 --set train.staleness=1)
blocks=(--set train.mode=blocked --set train.parts=6 --set train.strata=7 --set train.learning_rate=0.005
    --set schedule.epochs=100 --set run.components=0)
tough=(--set checkpoint.steps=100 --set cluster.restarts=1000)

# shape TRANSPORT PSERVERS WORKERS: as options, in $shape.
shape() {
    shape=(--set "cluster.transport=$1" --set "cluster.pservers=$2" --set "cluster.workers=$3")
}

# quick: silence is noticed soon.
quick=(--set cluster.heartbeat_interval=0.1 --set cluster.heartbeat_timeout=1 --set cluster.request_timeout=2)

# begun NAME QUIET TRANSPORT PSERVERS WORKERS ARGUMENT...: the run of QUIET (sgd, adam or blocks) again, as processes, past its start.
begun() {
    local -n what=$2
    quiet=$BATS_FILE_TMPDIR/$2
    shape "$3" "$4" "$5"
    begin "$1" "$packed" "${what[@]}" "${shape[@]}" "${tough[@]}" --set "run.dir=$1" "${@:6}"
    soon 20 grep -q event=started "$1.complaints"
}

# goes_well: the run under way ends by itself, as the quiet one did.
goes_well() {
    ends_within 60 "$run_pid"
    as_quiet "$status" "$quiet"
    no_process_left
}

# killed KILLS QUIET TRANSPORT PSERVERS WORKERS ARGUMENT...: a run in which so many processes die.
killed() {
    begun run "${@:2}"
    strikes "$1" 50 600
    echo "$landed" >>"$BATS_FILE_TMPDIR/landed"
    goes_well
}

@test "kill -9 of anyone at any time, ipc, 2 pservers and 3 workers" {
    killed 8 sgd ipc 2 3
}

@test "kill -9 of anyone at any time, tcp, 3 pservers and 2 workers" {
    killed 8 sgd tcp 3 2
}

@test "kill -9 of anyone at any time, ipc, adam with staleness 1" {
    killed 8 adam ipc 3 2
}

@test "kill -9 of anyone at any time, tcp, adam with staleness 1" {
    killed 8 adam tcp 2 3
}

# Seven rounds make an epoch: checkpoints lie in the middle of one, and parts are away when somebody dies.
@test "kill -9 of anyone at any time, ipc, in blocks" {
    killed 6 blocks ipc 2 3 --set checkpoint.steps=24
}

@test "kill -9 of anyone at any time, tcp, in blocks" {
    killed 6 blocks tcp 3 2 --set checkpoint.steps=24
}

# unfinished_checkpoint: one is being written at this very moment.
unfinished_checkpoint() {
    local folder
    for folder in run/checkpoints/*/; do
        [ -e "$folder" ] && [ ! -e "$folder/manifest.json" ] && return 0
    done
    return 1
}

@test "kill -9 while a checkpoint is being written" {
    local role
    for role in pserver coordinator worker; do
        rm -rf run run.*
        begun run sgd ipc 2 2
        soon 20 unfinished_checkpoint
        strike KILL $role
        echo 1 >>"$BATS_FILE_TMPDIR/landed"
        goes_well
    done
}

# strike_soon ROLE: as soon as there is one, since all may just be being started again; false when the run is over before.
strike_soon() {
    until strike KILL "$1"; do
        lives "$run_pid" || return 1
        sleep 0.02
    done
}

@test "kill -9 of two at once" {
    local transport role struck_twice
    for transport in ipc tcp; do
        rm -rf run run.*
        begun run adam $transport 2 2
        struck_twice=0
        for role in coordinator pserver worker; do
            doze 50 250
            strike_soon $role || break
            strike KILL "$([ $role = worker ] && echo pserver || echo worker)" || true # the supervisor may be quicker
            struck_twice=$((struck_twice + 1))
        done
        [ $struck_twice -ge 2 ]
        goes_well
    done
}

@test "25 kills at least have landed" {
    [ "$(awk '{ sum += $1 } END { print sum }' "$BATS_FILE_TMPDIR/landed")" -ge 25 ]
}

# stopped ROLE CONTINUES: one of them stands still in the middle of the run, for good or for a while.
stopped() {
    begun run sgd ipc 2 2 "${quick[@]}"
    doze 100 800
    strike STOP "$1"
    if [ "$2" = yes ]; then
        sleep 1.5
        kill -CONT "$struck" 2>/dev/null || true
    fi
    goes_well
    rm -rf run run.*
}

@test "SIGSTOP of a worker, with and without SIGCONT" {
    stopped worker no
    stopped worker yes
}

@test "SIGSTOP of a pserver, with and without SIGCONT" {
    stopped pserver no
    stopped pserver yes
}

@test "SIGSTOP of the coordinator, with and without SIGCONT" {
    stopped coordinator no
    stopped coordinator yes
}

@test "all processes killed at once, and the run resumed" {
    local transport
    for transport in ipc tcp; do
        begun run sgd $transport 2 2
        soon 20 test -e run/checkpoints/000002/manifest.json
        kill -9 "$run_pid"
        ends_within 5 "$run_pid"
        no_process_left
        begin run --resume run
        goes_well
        [ "$(of_summary resumed_from)" -gt 0 ]
        rm -rf run run.*
    done
}

@test "SIGTERM and --resume, ten times, each time with another cluster" {
    local clusters=("inproc 1 1" "ipc 2 3" "tcp 3 1" "inproc 3 2" "tcp 1 3" "ipc 3 2" "inproc 2 2" "tcp 2 2" "ipc 1 1" "inproc 1 3")
    local cluster
    quiet=$BATS_FILE_TMPDIR/sgd
    for cluster in "${clusters[@]}"; do
        # shellcheck disable=SC2086 # three words
        shape $cluster
        if [ -e run ]; then
            begin run --resume run "${shape[@]}"
        else
            begin run "$packed" "${sgd[@]}" "${shape[@]}" "${tough[@]}" --set run.dir=run
        fi
        soon 20 grep -q event=started run.complaints
        doze 20 100
        kill -TERM "$run_pid"
        ends_within 20 "$run_pid"
        [ "$status" -eq 75 ]
        no_process_left
        rm run.complaints
    done
    shape ipc 2 2
    begin run --resume run "${shape[@]}"
    goes_well
}

# limited BYTES: files of the pservers grow no further than that.
limited() {
    local pid
    victims pserver
    for pid in "${pids[@]}"; do
        prlimit --pid "$pid" "--fsize=$1:unlimited"
    done
}

manifests() {
    find run/checkpoints -name manifest.json | wc -l
}

@test "a disk that is full during checkpoints: training goes on, and the last one stays whole" {
    begun run sgd tcp 2 2
    soon 20 test -e run/checkpoints/000001/manifest.json
    limited 100000
    soon 20 grep -q "event=checkpoint_failed .*pserver .*: cannot write .*File too large" run.complaints
    [ "$(manifests)" -ge 1 ]
    strike KILL pserver # all go back to a whole one, and their successors may write again
    goes_well
    grep -q "event=started .*checkpoint=[1-9]" run.complaints
}

# small_disk COMMAND...: becomes it, with a file system in ./small that has room for one checkpoint and a half.
small_disk() {
    mkdir -p small
    # shellcheck disable=SC2016 # sh's own
    exec unshare -rm sh -c 'mount -t tmpfs -o size=6m small small && exec "$@"' sh "$@"
}

@test "a disk with room for one checkpoint only: training goes on, from that one if it must" {
    (small_disk true) 2>/dev/null || skip "no mounts of one's own on this machine"
    dotbias() {
        small_disk dotbias "$@"
    }
    begun run sgd ipc 2 2 --set "checkpoint.dir=$PWD/small"
    soon 20 grep -q "event=checkpoint_failed .*No space left" run.complaints
    strike KILL pserver
    goes_well
    grep -E "event=(started|checkpoint|lost|restarted)" run.complaints
    [ "$(grep -c "event=started .*checkpoint=[1-9]" run.complaints)" -eq 1 ]
}
