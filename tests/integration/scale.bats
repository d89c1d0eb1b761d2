# Mode blocked from one logical worker to sixteen, and with parts and strata that nobody has named.
load helpers
load training

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    for shape in 1x16 16x16; do
        dotbias generate --ratings 1M --users 7k --movies 4270 --tight --blocks $shape --out $shape --quiet >/dev/null
    done
    dotbias generate --ratings 50k --users 500 --movies 300 --out plain --quiet >/dev/null
}

setup() {
    fresh_folder
    sets=$BATS_FILE_TMPDIR
}

# run_blocks SET ARGUMENT...: the recipe of bench/vs_libmf; the run's folder is ./run.
run_blocks() {
    local set=$1
    shift
    rm -rf run
    train 0 "$sets/$set" --set train.mode=blocked --set train.optimiser=adagrad_row --set train.learning_rate=0.15 \
        --set train.weight_decay=0.02 --set model.mean=true --set schedule.kind=cosine --set schedule.cycle_len=5 \
        --set run.components=0 --set run.dir="$PWD/run" "$@"
}

# The validation RMSE after each epoch of the last run, a line each.
curve() {
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "valid_rmse") at = i } NR > 1 { print $at }' run/history.csv
}

# setting NAME: what the last run's configuration says of it.
setting() {
    sed -nE "s/^ +$1: ([^ ]+).*/\1/p" run/config.yaml
}

@test "after each epoch the RMSE with 16 logical workers is within 0.3 % of that with one" {
    run_blocks 1x16
    curve >one
    run_blocks 16x16 --set cluster.workers=4
    curve >sixteen
    paste one sixteen
    [ "$(wc -l <one)" -eq 5 ]
    paste one sixteen | awk '{ off = $2 / $1 - 1; if (off > 0.003 || off < -0.003) { print "epoch " NR ": " off; bad = 1 } }
                             END { exit bad }'
}

@test "sixteen parts end with the same bits on 1, 2, 4 and 16 workers, in threads and in processes" {
    local first=
    for shape in "1 1 inproc" "2 1 inproc" "4 2 inproc" "16 3 inproc" "4 2 ipc" "16 1 tcp"; do
        read -r workers pservers transport <<<"$shape"
        run_blocks 16x16 --set schedule.cycle_len=2 --set cluster.workers="$workers" --set cluster.pservers="$pservers" \
            --set cluster.transport="$transport"
        first=${first:-$(summary_value digest)}
        same_digest "$first" "$shape"
    done
}

@test "many parts form several queues in the first epoch, and end with the same bits on any cluster" {
    local first=
    for shape in "1 1 inproc" "3 2 inproc" "4 5 ipc" "5 3 tcp"; do
        read -r workers pservers transport <<<"$shape"
        run_blocks plain --set train.parts=48 --set train.strata=100 --set schedule.cycle_len=2 --set cluster.workers="$workers" \
            --set cluster.pservers="$pservers" --set cluster.transport="$transport"
        first=${first:-$(summary_value digest)}
        same_digest "$first" "$shape"
    done
}

@test "without numbers, parts and strata are chosen from the ratings, and not from the cluster" {
    run_blocks plain --set schedule.cycle_len=1
    [ "$(setting parts) $(setting strata)" = "4 4" ]
    first=$(summary_value digest)
    run_blocks plain --set schedule.cycle_len=1 --set cluster.workers=5 --set cluster.transport=ipc
    same_digest "$first" "5 processes"
    run_blocks plain --set schedule.cycle_len=1 --set train.parts=4 --set train.strata=4
    same_digest "$first" "4 x 4 by name"
    run_blocks plain --set schedule.cycle_len=1 --set train.strata=3
    [ "$(setting parts) $(setting strata)" = "3 3" ]
    run_blocks plain --set schedule.cycle_len=1 --set train.parts=6
    [ "$(setting parts) $(setting strata)" = "6 6" ]
}

@test "without numbers, blocks that are there are taken as they are" {
    run_blocks 16x16 --set schedule.cycle_len=1
    [ "$(setting parts) $(setting strata)" = "16 16" ]
    train 78 "$sets/16x16" --set train.mode=blocked --set train.parts=4 --set run.dir="$PWD/other"
    grep -F "has 16 parts and 16 strata: set train.parts and train.strata to that" complaints
}

@test "more workers than parts are told which option to set" {
    expect_exit 0 dotbias train "$sets/plain" --set train.mode=blocked --set train.momentum=0 --set train.learning_rate=0.02 \
        --set schedule.epochs=1 --set cluster.workers=6 --set run.dir="$PWD/run"
    expect_text "workers beyond the lanes only validate: see train.parts"
}

@test "members that are started by hand must be told parts and strata" {
    printf 'data:\n  ratings: %s\ntrain:\n  mode: blocked\ncluster:\n  coordinator: tcp://127.0.0.1:%s\n  transport: tcp\n' \
        "$sets/plain" "$(free_port)" >hosts.yaml
    for program in "dotbias-coordinator" "dotbias-pserver --index 0" "dotbias-worker --index 0"; do
        # shellcheck disable=SC2086 # a program with its index
        expect_exit 78 $program --config hosts.yaml
        expect_text "sets train.parts and train.strata"
    done
    expect_exit 0 dotbias plan hosts.yaml
    expect_text "4 parts of the users, 4 strata of the movies"
}
