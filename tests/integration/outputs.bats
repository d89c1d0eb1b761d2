# Is what a run leaves and prints what the README promises, and can the next command use it?
load helpers
load training

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    dotbias generate --ratings 20000 --users 300 --movies 200 --csv --out made --quiet >/dev/null
    dotbias train made --set run.dir="$PWD/run" --set schedule.epochs=2 --json >summary 2>shown
}

setup() {
    fresh_folder
    run_folder=$BATS_FILE_TMPDIR/run
}

# one_object FILE: it is one JSON object and nothing else; NaN and Infinity are no JSON.
one_object() {
    python3 -c 'import json, sys; assert type(json.load(open(sys.argv[1]), parse_constant=lambda name: 1 / 0)) is dict' "$1"
}

@test "the run folder has the configuration, the history, the model and the summary" {
    [ "$(wc -l <"$run_folder/history.csv")" -eq 3 ]
    head -n 1 "$run_folder/history.csv" | grep -q '^epoch,train_loss,'
    cmp "$run_folder/summary.json" "$BATS_FILE_TMPDIR/summary"
    one_object "$run_folder/summary.json"
    for key in digest epochs valid_mse valid_rmse valid_mae train_seconds ratings_per_second pservers workers transport; do
        grep -q "\"$key\":" "$run_folder/summary.json"
    done
    [ -f "$run_folder/model.dotbias" ]
}

# counted KEY LIST: the sum of a number over the members of a list in the summary.
counted() {
    sed -n "/^  \"$2\": \[\$/,/^  \],\$/p" <<<"$output" | awk -v key="\"$1\":" '$1 == key { sum += $2 } END { print sum + 0 }'
}

@test "shards and workers, processes of their own, have counted the same rows, and all ratings" {
    train 0 "$BATS_FILE_TMPDIR/made" --set run.dir=counted --set schedule.epochs=2 --set cluster.transport=ipc \
        --set cluster.pservers=3 --set cluster.workers=2 --set train.lanes=2
    for key in pulls pushes; do
        echo "$key: $(counted $key shards) and $(counted $key worker_counts)"
        [ "$(counted $key shards)" -gt 0 ]
        [ "$(counted $key shards)" -eq "$(counted $key worker_counts)" ]
    done
    [ "$(counted pulls shards)" -eq "$(counted pushes shards)" ]
    [ "$(counted ratings worker_counts)" -eq $((2 * (20000 - $(summary_value valid_ratings)))) ]
}

@test "the resolved configuration trains to the same bits" {
    local first
    first=$(sed -nE 's/.*"digest": "([^"]*)".*/\1/p' "$BATS_FILE_TMPDIR/summary")
    train 0 "$run_folder/config.yaml" --set run.dir="$PWD/again"
    same_digest "$first" "the run's own config.yaml"
}

@test "without a terminal there are stable lines and no colour" {
    grep -q '^epoch  train_loss  valid_loss' "$BATS_FILE_TMPDIR/shown"
    ! grep -q $'\x1b' "$BATS_FILE_TMPDIR/shown"
    expect_exit 0 dotbias train "$BATS_FILE_TMPDIR/made" --set run.dir=slow --set schedule.epochs=100 \
        --set run.progress_interval=0.05 --set cluster.heartbeat_interval=0.02
    grep -Eq '^epoch=[0-9]+/100 [0-9]+% .* ratings/s loss=.* lr=.* pservers=1/1 eta=' <<<"$output"
}

@test "predict takes a rating apart, and the parts add up" {
    local user movie
    IFS=, read -r user movie _ < <(sed -n 2p "$BATS_FILE_TMPDIR/made/ratings.csv")
    expect_exit 0 dotbias predict "$run_folder" --user "$user" --movie "$movie" --json
    awk -v dot="$(summary_value dot)" -v user="$(summary_value user_bias)" -v movie="$(summary_value movie_bias)" \
        -v mean="$(summary_value mean)" -v score="$(summary_value score)" \
        'BEGIN { miss = dot + user + movie + mean - score; exit !(score != "" && miss * miss < 1e-8) }' || {
        echo "the terms do not add up: $output"
        return 1
    }
}

@test "evaluate agrees with the training's own validation" {
    expect_exit 0 dotbias evaluate "$run_folder" --json
    local mse
    mse=$(summary_value mse | head -n 1)
    output=$(cat "$run_folder/summary.json")
    awk -v said="$mse" -v trained="$(summary_value valid_mse)" \
        'BEGIN { miss = said - trained; exit !(said != "" && miss * miss < 1e-12) }' || {
        echo "evaluate says $mse, the training said: $output"
        return 1
    }
}

@test "plan and check look before a run" {
    expect_exit 0 dotbias plan "$run_folder/config.yaml" --set cluster.pservers=4
    expect_text "pserver"
    expect_text "MiB an epoch"
    [[ $output != *"round trip"* ]]
    expect_exit 0 dotbias plan "$run_folder/config.yaml" --set cluster.transport=tcp
    expect_text "s an epoch at least for each millisecond of a round trip"
    expect_exit 0 dotbias check "$run_folder/config.yaml" --set cluster.transport=tcp
    expect_text "can listen on 127.0.0.1"
    expect_exit 66 dotbias check "$run_folder/config.yaml" --set data.ratings=/nowhere.csv
}
