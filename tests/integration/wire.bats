# Do rows in sixteen bits halve the bytes, leave the error where it was, and the bits the same for any cluster, whoever dies?
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

run_a() {
    train 0 "$configurations/lesson-a.yaml" --set data.ratings="$packed" --set schedule.cycles=1 --set schedule.cycle_len=2 "$@"
}

run_blocks() {
    train 0 "$packed" --set train.mode=blocked --set train.parts=5 --set train.strata=6 --set model.mean=true \
        --set train.learning_rate=0.02 --set train.weight_decay=0.05 --set schedule.epochs=3 --set run.components=0 "$@"
}

# training_bytes: what the workers of the summary in $output sent and got for training; READ and VALUES, 4 and 224 bytes a row
# of 50 factors, are validation's.
training_bytes() {
    awk '/"worker_counts"/ { on = 1 }
         on && /"bytes_(in|out)"/ { sum += $2 }
         on && /"reads"/ { sum -= 228 * $2 }
         END { printf "%.0f", sum }' <<<"$output"
}

# near VALUE OTHER MOST: they differ by no more than that.
near() {
    between "$(awk -v a="$1" -v b="$2" 'BEGIN { printf "%.12f", a - b }')" "-$3" "$3"
}

# measured NAME WIRE ARGUMENT...: the run NAME in that format, over tcp; $digest, $rmse and $bytes.
measured() {
    "$1" --set train.wire="$2" --set cluster.transport=tcp --set cluster.pservers=2 --set cluster.workers=2 "${@:3}"
    digest=$(summary_value digest) rmse=$(summary_value valid_rmse) bytes=$(training_bytes)
    echo "$1 $2: digest $digest, RMSE $rmse, $bytes bytes"
    rm -r runs
}

# in_sixteen_bits NAME LOW HIGH: three formats are three models, near each other, and the bytes are LOW to HIGH of float32's.
# How near: another seed moves run A's by 1e-3; bfloat16 may move it by a tenth of that, and float16, which has eight times the
# precision, by a hundredth. Measured: 8.2e-6 and 1.2e-6, in blocks 2.4e-5 and 2.0e-6.
in_sixteen_bits() {
    local whole_rmse whole_bytes digests
    measured "$1" float32
    whole_rmse=$rmse whole_bytes=$bytes digests=$digest
    measured "$1" bfloat16
    near "$rmse" "$whole_rmse" 0.0001
    between "$(awk -v a="$bytes" -v b="$whole_bytes" 'BEGIN { print a / b }')" "$2" "$3"
    digests+=" $digest"
    measured "$1" float16
    near "$rmse" "$whole_rmse" 0.00001
    between "$(awk -v a="$bytes" -v b="$whole_bytes" 'BEGIN { print a / b }')" "$2" "$3"
    digests+=" $digest"
    [ "$(tr ' ' '\n' <<<"$digests" | sort -u | wc -l)" -eq 3 ]
}

# Bits do not depend on the machine: these are those of the lesson's runs since they were first trained here.
@test "float32 leaves the lesson's runs their bits" {
    local lesson
    for lesson in a:01fed756c818e057 b:7df7a20259a0116c c:8d4573e5f3a18f9b; do
        train 0 "$configurations/lesson-${lesson%:*}.yaml" --set data.ratings="$packed"
        same_digest "${lesson#*:}" "run ${lesson%:*}"
    done
}

@test "run A: half the bytes, and the error of float32" {
    in_sixteen_bits run_a 0.50 0.53 # row numbers stay what they are
}

@test "in blocks: half of what strata take, and the error of float32" {
    in_sixteen_bits run_blocks 0.50 0.60 # parts stay what they are
}

# one_digest NAME WIRE ARGUMENT...: threads, processes and sockets, one member and several, end with the same bits.
one_digest() {
    local first shape
    "$1" --set train.wire="$2" "${@:3}"
    first=$(summary_value digest)
    for shape in "inproc 3 2" "ipc 2 3" "tcp 3 2" "tcp 1 1"; do
        # shellcheck disable=SC2086 # three words
        set_shape $shape
        "$1" --set train.wire="$2" "${shape_options[@]}" "${@:3}"
        same_digest "$first" "$1 $2 $shape"
    done
    rm -r runs
}

set_shape() {
    shape_options=(--set "cluster.transport=$1" --set "cluster.pservers=$2" --set "cluster.workers=$3")
}

@test "run A: one digest for each format, whatever the cluster" {
    one_digest run_a bfloat16
    one_digest run_a float16
}

@test "with four lanes and a staleness: one digest for each format" {
    one_digest run_a bfloat16 --set train.batch=512 --set train.lanes=4 --set train.staleness=2
    one_digest run_a float16 --set train.batch=512 --set train.lanes=4 --set train.staleness=2
}

@test "in blocks: one digest for each format, whatever the cluster, in both rules" {
    one_digest run_blocks bfloat16
    one_digest run_blocks float16
    one_digest run_blocks float16 --set train.optimiser=adagrad_row
    one_digest run_blocks bfloat16 --set train.momentum=0
}

# recovers WIRE ROLE ARGUMENT...: kill -9 of one in the middle, after a checkpoint, ends in the bits of the quiet run.
recovers() {
    local wire=$1 role=$2
    shift 2
    rm -rf quiet run run.*
    dotbias train "$packed" "$@" --set "train.wire=$wire" --set run.dir=quiet --quiet
    set_shape tcp 2 2
    begin run "$packed" "$@" "${shape_options[@]}" --set "train.wire=$wire" --set run.dir=run --set cluster.restarts=1000
    soon 20 test -e run/checkpoints/000001/manifest.json
    strike KILL "$role"
    ends_within 60 "$run_pid"
    as_quiet "$status" quiet
    grep -qE "event=(lost|restarted)" run.complaints
    no_process_left
}

@test "kill -9 of a pserver or a worker, in minibatches with a staleness" {
    local meaning=(--set train.batch=512 --set train.lanes=3 --set train.staleness=1 --set schedule.epochs=60
        --set run.components=0 --set checkpoint.steps=100)
    recovers bfloat16 pserver "${meaning[@]}"
    recovers float16 worker "${meaning[@]}"
}

@test "kill -9 of a pserver or a worker, in blocks" {
    local meaning=(--set train.mode=blocked --set train.parts=6 --set train.strata=7 --set train.learning_rate=0.005
        --set schedule.epochs=100 --set run.components=0 --set checkpoint.steps=24)
    recovers float16 pserver "${meaning[@]}"
    recovers bfloat16 worker "${meaning[@]}"
}

# estimate ARGUMENT...: what plan says of an epoch, in MiB, as $said.
estimate() {
    expect_exit 0 dotbias plan "$@"
    said=$(sed -nE 's/^wire +([0-9.]+) MiB an epoch.*/\1/p' <<<"$output")
}

# as_estimated EPOCHS: $bytes of a run of so many is $said within a twentieth (it is rounded to a tenth of a MiB).
as_estimated() {
    between "$(awk -v a="$said" -v b="$bytes" -v epochs="$1" 'BEGIN { print a * 1048576 * epochs / b }')" 0.95 1.05
}

@test "plan's estimate follows the format, and is what a run then moves" {
    local wire
    for wire in float32 bfloat16 float16; do
        estimate "$configurations/lesson-a.yaml" --set data.ratings="$packed" --set train.wire=$wire
        measured run_a $wire
        as_estimated 2
        estimate "$configurations/blocked-small.yaml" --set data.ratings="$packed" --set train.wire=$wire --set schedule.cycle_len=3
        measured run_blocks $wire --set train.parts=4 --set train.strata=8
        as_estimated 3
    done
}

@test "a checkpoint in one format is not gone on with in another" {
    train 75 "$packed" --set schedule.epochs=3 --set run.dir=run --set run.pause_after=1 --set train.wire=float16
    expect_exit 78 dotbias train --resume run --set train.wire=bfloat16
    expect_text "this would change: train.wire (float16, not bfloat16)"
    train 0 --resume run --set run.pause_after=0
}
