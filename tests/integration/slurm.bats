# Does a real Slurm of four nodes train: a heterogeneous job over tcp with keys, cancelled, requeued, and with a node lost?
load helpers
load training
load slurm_lib

setup_file() {
    pack_lesson
    command -v slurmctld >/dev/null || [ -x /usr/sbin/slurmctld ] || return 0
    start_slurm
}

teardown_file() {
    stop_slurm
}

setup() {
    require_ratings
    fresh_folder
    if [ -z "${slurm:-}" ]; then
        [ "${CI:-}" = true ] || skip "no Slurm here"
        return 1
    fi
    dotbias keygen keys 2>/dev/null
    export SBATCH_OUTPUT=$PWD/job.out
}

spread=(--set data.ratings="" --set cluster.transport=tcp --set "cluster.coordinator=tcp://*:*" --set "cluster.bind=*"
    --set cluster.pservers=2 --set cluster.workers=2)
sbatch=$repository/scripts/slurm/train.sbatch
configuration=$repository/config/lesson-c.yaml

# longer: from now on the run is not C, but one that lasts long enough to be interrupted.
longer() {
    printf 'train: {learning_rate: 0.1, momentum: 0.9, lanes: 1}\nschedule: {epochs: 25}\ncheckpoint: {steps: 1000}\n' >longer.yaml
    configuration=$PWD/longer.yaml
    embedded
}

# submit SIZE... --: $job is its number, $run its folder.
submit() {
    local size=()
    while [ "$1" != -- ]; do
        size+=("$1")
        shift
    done
    spread[1]="data.ratings=$packed"
    job=$(sbatch --parsable "${size[@]}" "$sbatch" "$configuration" "${spread[@]}" --set run.components=0 \
        --set security.keys="$PWD/keys")
    run=${DOTBIAS_RUN:-runs/slurm-$job}
}

# The digest of the same run within one process, as $wanted.
embedded() {
    train 0 "$configuration" --set "data.ratings=$packed" --set run.components=0 --set run.dir=embedded
    wanted=$(summary_value digest)
}

trains() {
    compgen -G "$run/checkpoints/00000[2-9]/manifest.json" >/dev/null
}

# ends_as_embedded: the job's run has made the bits of the embedded one.
ends_as_embedded() {
    soon "${1:-30}" test -e "$run/summary.json" || {
        cat job.out
        scontrol show job "$job"
        return 1
    }
    grep -q "\"digest\": \"$wanted\"" "$run/summary.json"
    soon 60 job_is_over "$job" # a node that is lost is waited for until Slurm gives it up
}

# A job that is in the queue again would wait there for two minutes.
waits_no_longer() {
    soon 20 job_is "$job" PENDING
    soon 20 job_waits "$job"
    soon 20 batch_is_gone "$job"
    scontrol update JobId="$job" StartTime=now
}

@test "a heterogeneous job over tcp with keys has the digest of the embedded run" {
    embedded
    submit -n1 : -n2 : -n2 --
    ends_as_embedded
    job_is "$job" COMPLETED
    grep -rq "transport tcp" job.out
    [ ! -e "$run.slurm" ]
}

@test "a job of another size is refused with a sentence" {
    submit -n3 --
    soon 10 job_is "$job" FAILED
    grep -q "the job has 3 tasks; 1 coordinator, 2 pservers and 2 workers need 5" job.out
    scontrol show job "$job" | grep -q "ExitCode=78:0"
}

@test "scancel saves; the same command goes on" {
    longer
    export DOTBIAS_RUN=$PWD/shared-run
    submit -n1 : -n2 : -n2 --
    soon 20 trains
    scancel "$job"
    soon 20 job_is_over "$job"
    soon 10 eval 'scontrol show job "$job" | grep -q "ExitCode=75:0"' || {
        scontrol show job "$job"
        cat job.out
        return 1
    }
    grep -q "checkpoint [0-9]* is saved" job.out
    [ ! -e "$run/summary.json" ]
    submit -n5 --
    ends_as_embedded
}

@test "a job that is requeued goes on" {
    longer
    submit -n1 : -n2 : -n2 --
    soon 20 trains
    scontrol requeue "$job"
    waits_no_longer
    ends_as_embedded
    scontrol show job "$job" | grep -q "Restarts=1"
}

@test "near its time limit a job saves, and puts itself into the queue again" {
    longer
    submit -n1 : -n2 : -n2 --
    soon 20 trains
    scancel --batch --signal=TERM "$job" # what --signal=B:TERM@120 of the script makes Slurm do
    soon 20 job_is "$job" PENDING
    grep -q "checkpoint [0-9]* is saved" job.out
    [ ! -e "$run/summary.json" ]
    scancel "$job"
}

@test "a slurmd killed with its tasks: the run goes on without it" {
    longer
    submit -N4 --ntasks=5 --distribution=block --ntasks-per-node=2 --
    soon 20 trains
    lose_node n3 # ranks 0 to 4 lie on n1 n1 n2 n2 n3, or one a node and the last on n1: a worker either way
    ends_as_embedded 45
    start_node n3
}
