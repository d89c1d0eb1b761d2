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
