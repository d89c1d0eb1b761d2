# shellcheck shell=bash disable=SC2154 # bats and the loaded files set the rest
# Learning better: early stopping, lr-find, warm starts, --append, tune.
load helpers
load training

setup_file() {
    generate_small
}

# A small planted set for all tests of this file, as $small.
generate_small() {
    small=$BATS_FILE_TMPDIR/small
    export small
    dotbias generate --users 300 --movies 200 --ratings 12000 --seed 3 --out "$small" --quiet >/dev/null
}

# A run that overfits: the best epoch comes early.
overfit=(--set train.optimiser=adam --set train.learning_rate=0.05 --set train.batch=256 --set run.components=0)

@test "a run ends early, and its model is that of the best epoch, in any cluster" {
    train 0 "$small" "${overfit[@]}" --set run.dir=one --set schedule.epochs=12 --set schedule.early_stopping=3 \
        --set schedule.keep_best=true
    digest=$(summary_value digest)
    best=$(summary_value best_epoch)
    epochs=$(summary_value epochs)
    [ "$epochs" -eq $((best + 3)) ]
    [ "$(summary_value epochs_planned)" -eq 12 ]
    # the model is to the bit that of a run that was as long as its best epoch
    train 0 "$small" "${overfit[@]}" --set run.dir=short --set schedule.epochs="$best"
    same_digest "$digest" "a run of $best epochs"
    train 0 "$small" "${overfit[@]}" --set run.dir=three --set schedule.epochs=12 --set schedule.early_stopping=3 \
        --set schedule.keep_best=true --set cluster.transport=ipc --set cluster.pservers=3 --set cluster.workers=2
    same_digest "$digest" "three pservers, two workers"
    # without keep_best the last rows stay
    train 0 "$small" "${overfit[@]}" --set run.dir=last --set schedule.epochs=12 --set schedule.early_stopping=3
    [ "$(summary_value epochs)" -eq "$epochs" ]
    [ "$(summary_value digest)" != "$digest" ]
    [ -z "$(summary_value best_epoch)" ]
}

@test "early stopping needs something to watch" {
    dotbias generate --users 30 --movies 20 --ratings 300 --valid-fraction 0 --out blind --quiet >/dev/null
    expect_exit 78 dotbias train blind --set schedule.keep_best=true
    expect_text "schedule.keep_best needs validation ratings, and there are none"
    expect_exit 78 dotbias train "$small" --set schedule.stop_threshold=0.1
    expect_text "'schedule.stop_threshold' has no effect when 'schedule.early_stopping' is 0"
}

@test "lr-find shows a curve, suggests rates, and leaves nothing behind" {
    dotbias train "$small" --set run.dir=model --set schedule.epochs=1 --quiet >/dev/null
    sha256sum model/* >before 2>/dev/null || true
    rate=(--set train.optimiser=adam --set train.batch=64)
    dotbias lr-find "$small" "${rate[@]}" --out one.csv --json --quiet >one.json
    dotbias lr-find "$small" "${rate[@]}" --out two.csv --json --quiet --set cluster.pservers=3 --set cluster.workers=2 \
        --set cluster.transport=tcp >two.json
    cmp one.csv two.csv # the curve is that of any cluster
    head -n 1 one.csv | grep -qx step,learning_rate,loss,smoothed
    steepest=$(sed -nE 's/^ *"steepest": ([^,]*),?$/\1/p' one.json)
    between "$steepest" 1e-4 1
    # the rate grows by the same factor from point to point
    awk -F, 'NR > 2 { r = $2 / last; if (first && (r / first > 1.001 || r / first < 0.999)) exit 1; first = first ? first : r }
             NR > 1 { last = $2 }' one.csv
    expect_exit 0 dotbias lr-find "$small" "${rate[@]}" --quiet
    expect_text "falls fastest"
    expect_text "suggestion: --set train.learning_rate="
    # a warm one reads the model, and that is all
    dotbias lr-find "$small" --init-from model --out warm.csv --quiet >/dev/null
    cold=$(awk -F, 'NR == 2 { print $3 }' one.csv)
    awk -F, -v cold="$cold" 'NR == 2 && $3 < cold { good = 1 } END { exit !good }' warm.csv
    sha256sum model/* 2>/dev/null | diff before -
    [ ! -e runs ]
}

@test "lr-find ends where numbers do, without a failure" {
    expect_exit 0 dotbias lr-find "$small" --set model.y_range=none --from 1 --to 1e6 --quiet
    expect_text "it ended where the loss exceeded four times its lowest value, or was no number"
}

@test "lr-find says what it cannot take" {
    expect_exit 64 dotbias lr-find "$small" --from 0
    expect_text "--from: '0' is no learning rate: a number above 0, up to 1e6"
    expect_exit 64 dotbias lr-find "$small" --from 1 --to 0.1
    expect_text "--from must be below --to"
    expect_exit 64 dotbias lr-find
    expect_text "name a configuration or a ratings file"
    expect_exit 66 dotbias lr-find "$small" --init-from nowhere
    expect_text "model.init_from"
    expect_exit 73 dotbias lr-find "$small" --quiet --out no/such/folder/curve.csv
}

@test "a run begins with a model's rows, in any cluster" {
    train 0 "$small" --set run.dir=first --set schedule.epochs=2
    first=$(summary_value digest)
    train 0 "$small" --init-from first --set run.dir=a --set schedule.epochs=1 --set schedule.kind=constant
    warm=$(summary_value digest)
    rmse=$(summary_value valid_rmse)
    train 0 "$small" --init-from first/model.dotbias --set run.dir=b --set schedule.epochs=1 --set cluster.transport=ipc \
        --set cluster.pservers=3 --set cluster.workers=2
    same_digest "$warm" "three pservers"
    grep -q "init_digest: *\"\?$first" a/config.yaml
    # it is what it has written down
    train 0 a/config.yaml --set run.dir=c
    same_digest "$warm" "its own configuration"
    # rows that stay as they are give the model back: no rate, no decay
    train 0 "$small" --init-from first --set run.dir=d --set schedule.epochs=1 --set train.learning_rate=0
    same_digest "$first" "a run at rate 0"
    # a cold run of one epoch is worse
    train 0 "$small" --set run.dir=cold --set schedule.epochs=1
    between "$rmse" 0 "$(summary_value valid_rmse)"
}

@test "a model that does not fit is refused" {
    train 0 "$small" --set run.dir=first --set schedule.epochs=1 --set model.factors=8
    expect_exit 78 dotbias train "$small" --init-from first
    expect_text "first has 8 factors, and model.factors is 50"
    expect_exit 78 dotbias train "$small" --init-from first --set model.factors=8 --set model.biases=false
    expect_text "has biases, and model.biases is false"
    expect_exit 78 dotbias train "$small" --init-from first --set model.factors=8 --set "model.y_range=[0.5, 5]"
    expect_text "has another y_range than model.y_range"
    expect_exit 78 dotbias train "$small" --init-from first --set model.factors=8 --set model.init_digest=0123
    expect_text "and model.init_digest is 0123"
    expect_exit 66 dotbias train "$small" --init-from nowhere
    expect_exit 78 dotbias train "$small" --set model.init_digest=0123
    expect_text "'model.init_digest' has no effect when 'model.init_from' is empty"
    [ ! -e runs ]
}
