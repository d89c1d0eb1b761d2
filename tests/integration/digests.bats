# Does the shape of the cluster leave the bits of the model alone?
load helpers
load training

setup_file() {
    pack_lesson
}

setup() {
    require_ratings
    fresh_folder
}

# Run C shortened to one epoch; `run_c ARGUMENT...`.
run_c() {
    train 0 "$configurations/lesson-c.yaml" --set data.ratings="$packed" --set schedule.kind=constant \
        --set schedule.phases=none --set schedule.epochs=1 "$@"
}

run_a() {
    train 0 "$configurations/lesson-a.yaml" --set data.ratings="$packed" "$@"
}

# one_digest RUN TRANSPORTS PSERVERS WORKERS ARGUMENT...: every combination ends with the same bits, left in $first.
one_digest() {
    local name=$1 transports=$2 pservers=$3 workers=$4 transport shards hands
    shift 4
    first=
    for transport in $transports; do
        for shards in $pservers; do
            for hands in $workers; do
                "$name" --set cluster.transport="$transport" --set cluster.pservers="$shards" \
                    --set cluster.workers="$hands" "$@"
                first=${first:-$(summary_value digest)}
                same_digest "$first" "$shards pservers, $hands workers, $transport $*"
                rm -r runs
            done
        done
    done
}

@test "run C: one digest for 4 x 3 shapes x 3 transports" {
    one_digest run_c "inproc ipc tcp" "1 2 3 5" "1 2 4"
}

@test "run A: one digest for 4 x 3 shapes in threads" {
    one_digest run_a inproc "1 2 3 5" "1 2 4"
}

@test "run A: one digest for 4 x 3 shapes over ipc, and that of threads" {
    one_digest run_a ipc "1 2 3 5" "1 2 4"
    run_a
    same_digest "$first" inproc
}

@test "run A: one digest for 4 x 3 shapes over tcp, and that of threads" {
    one_digest run_a tcp "1 2 3 5" "1 2 4"
    run_a
    same_digest "$first" inproc
}

@test "four lanes: one digest, and another one than with one lane" {
    one_digest run_c "inproc ipc tcp" "1 3" "1 2 4" --set train.lanes=4
    run_c
    [ "$(summary_value digest)" != "$first" ]
}

@test "staleness 1: one digest, and another one than with staleness 0" {
    one_digest run_c "inproc ipc tcp" "1 2 3 5" "1 2 4" --set train.staleness=1
    between "$(summary_value valid_mse)" 0.80 0.90
    run_c
    [ "$(summary_value digest)" != "$first" ]
}

@test "staleness 3 with four lanes and dense adam: one digest" {
    one_digest run_a "inproc ipc tcp" 3 "1 2 4" --set train.staleness=3 --set train.lanes=4 \
        --set schedule.cycles=1
}

# run_blocks ARGUMENT...: two epochs in blocks.
run_blocks() {
    train 0 "$packed" --set train.mode=blocked --set train.parts=5 --set train.strata=6 \
        --set train.learning_rate=0.02 --set schedule.epochs=2 --set run.components=0 "$@"
}

@test "in blocks: one digest for 3 x 3 shapes x 3 transports, with momentum and without, and in row-wise adagrad" {
    local digests=
    one_digest run_blocks "inproc ipc tcp" "1 2 3" "1 2 4"
    digests=$first
    one_digest run_blocks inproc "1 3" "1 4" --set train.momentum=0
    between "$(summary_value valid_mse)" 1.10 1.20 # 1 x 1 blocks, one logical worker: 1.147
    digests+=" $first"
    one_digest run_blocks inproc "1 3" "1 4" --set train.optimiser=adagrad_row
    digests+=" $first"
    run_blocks --set train.strata=7
    digests+=" $(summary_value digest)"
    [ "$(tr ' ' '\n' <<<"$digests" | sort -u | wc -l)" -eq 4 ]
}

@test "another seed is another model" {
    run_c
    first=$(summary_value digest)
    run_c --set model.seed=43
    [ "$(summary_value digest)" != "$first" ]
}

@test "bounded staleness and no bound end, at a sensible loss" {
    for bound in "ssp --set train.staleness=2" asp; do
        for transport in inproc ipc; do
            # shellcheck disable=SC2086 # a bound is several words
            run_c --set train.sync=$bound --set train.batch=256 --set train.lanes=4 --set schedule.epochs=2 \
                --set cluster.transport=$transport --set cluster.pservers=2 --set cluster.workers=2
            echo "$bound over $transport: $output"
            between "$(summary_value valid_mse)" 0.75 0.90
        done
    done
}
