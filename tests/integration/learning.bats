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

# Ratings of u0..u39 on m0..m19, and a file of newer ones.
make_april() {
    awk 'BEGIN { print "userId,movieId,rating"
                 for (u = 0; u < 40; u++) for (m = 0; m < 20; m++) if ((u * 7 + m * 3) % 5 < 3)
                     printf "u%d,m%d,%.1f\n", u, m, 1 + (u * m) % 9 / 2 }' >april.csv
    printf 'userId,movieId,rating\nu0,m0,4.5\nnew,m1,5\nnew,late,2\nu3,late,3.5\n' >may.csv
}

@test "newer ratings are appended: old ids keep their rows, new ones get theirs, and it is said what is learnt again" {
    make_april
    train 0 april.csv --set run.dir=april --set schedule.epochs=2 --set train.batch=16
    dotbias export april --format csv --out old >/dev/null 2>&1
    expect_exit 0 dotbias train --append may.csv april --epochs 1
    expect_text "appended 4 new ratings (1 replace older ones), 1 new users, 1 new movies"
    expect_text "trained again: all rows of both tables, for 1 epoch on all ratings"
    expect_text "40 of 41 users and 20 of 21 movies are known there"
    [ -f runs/april-001/model.dotbias ]
    [ ! -e runs/april-001/data/newer ]
    dotbias predict runs/april-001 --user new --movie late >/dev/null
    # the same again, by processes: the same bits
    train 0 --append may.csv april --epochs 1 --set run.dir=two --set cluster.transport=ipc --set cluster.pservers=2
    two=$(summary_value digest)
    grep -q "\"digest\": \"$two\"" runs/april-001/summary.json
    # at rate 0 nothing moves: all old rows are where and what they were
    train 0 --append may.csv april --epochs 1 --set run.dir=still --set train.learning_rate=0
    dotbias export still --format csv --out kept >/dev/null 2>&1
    head -n 41 kept/users.csv | cut -d, -f1,3- | cmp - <(cut -d, -f1,3- old/users.csv)
    head -n 21 kept/movies.csv | cut -d, -f1,5- | cmp - <(cut -d, -f1,5- old/movies.csv)
    tail -n 1 kept/users.csv | grep -q '^new,'
    tail -n 1 kept/movies.csv | grep -q '^late,'
}

@test "what cannot be appended is refused, and nothing is left" {
    make_april
    expect_exit 64 dotbias train --append may.csv
    expect_text "append to what? name a finished run"
    expect_exit 66 dotbias train --append may.csv nowhere
    train 0 april.csv --set run.dir=april --set schedule.epochs=1 --set train.batch=16
    expect_exit 66 dotbias train --append nowhere.csv april
    printf 'userId,movieId,rating\nu0,m0,good\n' >bad.csv
    expect_exit 65 dotbias train --append bad.csv april
    expect_text "line 2"
    expect_exit 78 dotbias train --append may.csv april --set model.factors=3
    expect_text "has 50 factors, and model.factors is 3"
    [ ! -e runs ]
}

# A search over small runs: cold, quick, and one learning rate that diverges.
search=(--set train.batch=64 --set run.components=0 --set schedule.epochs=4)

@test "tune tries a grid, sorts it, and marks what fails" {
    dotbias tune "$small" "${search[@]}" --set model.y_range=none --grid train.learning_rate=0.005,1000 \
        --grid model.factors=4,8 --out grid >table 2>told
    head -n 1 table | grep -Eq "^trial +valid_rmse +epochs +state +train.learning_rate +model.factors$"
    [ "$(sed -n 2,3p table | grep -c finished)" -eq 2 ]
    [ "$(sed -n 4,5p table | grep -c 'failed  *1000')" -eq 2 ]
    awk 'NR == 2 { best = $2 } NR == 3 && $2 < best { exit 1 }' table
    grep -q "^trial 3 failed: .*not finite" table
    grep -q "^trial 3/4: train.learning_rate=1000 model.factors=4 failed: " told
    best=$(sed -n 's/^best: //p' table)
    # the best one again, by hand: the same model
    # shellcheck disable=SC2086 # several words
    train 0 "$small" "${search[@]}" --set model.y_range=none $best --set run.dir=again
    number=$(awk 'NR == 2 { printf "%03d", $1 }' table)
    same_digest "$(sed -nE 's/^ *"digest": "(.*)",$/\1/p' "grid/trial-$number/summary.json")" "$best"
    # the same command again has nothing to do, and says the same
    dotbias tune "$small" "${search[@]}" --set model.y_range=none --grid train.learning_rate=0.005,1000 \
        --grid model.factors=4,8 --out grid 2>told_again | cmp - table
    [ "$(wc -l <told_again)" -eq 1 ]
}

@test "tune halves: the best go on as the runs they are, whatever the jobs and interruptions" {
    halve=(dotbias tune "$small" "${search[@]}" --random 8 --seed 5 --range train.learning_rate=1e-3..1:log
        --range train.momentum=0.5..0.95 --halving 2 --json --quiet)
    "${halve[@]}" --out one >one.json
    [ "$(grep -c '"state": "finished"' one.json)" -eq 2 ]
    [ "$(grep -c '"state": "dropped"' one.json)" -eq 5 ]
    [ "$(grep -c '"state": "failed"' one.json)" -eq 1 ] # in the second round
    [ "$(grep -c '"epochs": 1' one.json)" -eq 5 ]
    [ "$(grep -c '"epochs": 2' one.json)" -eq 1 ]
    "${halve[@]}" --out two --jobs 3 >two.json
    diff <(sed 's,/two/,/one/,' two.json) one.json
    # stopped, killed, and gone on with
    "${halve[@]}" --out three --jobs 2 >three.json 2>said &
    pid=$!
    soon 20 test -e three/trial-003.log
    kill -TERM $pid
    ends_within 30 $pid
    [ "$status" -eq 75 ]
    grep -q "the same command goes on with the search" said
    "${halve[@]}" --out three --jobs 2 >three.json &
    pid=$!
    soon 20 test -e three/trial-006.log
    kill -KILL $pid
    ends_within 10 $pid
    sleep 0.5 # the kernel ends what it left
    "${halve[@]}" --out three >three.json
    diff <(sed 's,/three/,/one/,' three.json) one.json
}

@test "tune says what it cannot take" {
    expect_exit 64 dotbias tune "$small"
    expect_text "name options and values with --grid or --range"
    expect_exit 64 dotbias tune --grid train.batch=1
    expect_text "tune what?"
    expect_exit 64 dotbias tune "$small" --grid batch=1,2
    expect_text "--grid: 'batch=1,2' is not of the form section.option=values"
    expect_exit 64 dotbias tune "$small" --grid train.batch=1,,2
    expect_text "a value is empty or too long"
    expect_exit 64 dotbias tune "$small" --grid train.batch=1 --grid train.batch=2
    expect_text "'train.batch' is searched twice"
    expect_exit 64 dotbias tune "$small" --random 3 --range train.learning_rate=1..0.1
    expect_text "low must be below high"
    expect_exit 64 dotbias tune "$small" --random 3 --range train.learning_rate=0..1:log
    expect_text "and above 0 for :log"
    expect_exit 64 dotbias tune "$small" --range train.learning_rate=0.1..1
    expect_text "say how many trials with --random N"
    expect_exit 64 dotbias tune "$small" --grid train.batch=1 --min-epochs 2
    expect_text "--min-epochs is of --halving"
    expect_exit 78 dotbias tune "$small" --grid train.learning_rat=1,2
    expect_text "did you mean 'learning_rate'?"
    expect_exit 78 dotbias tune "$small" --grid train.batch=64,none
    expect_exit 66 dotbias tune nowhere.yaml --grid train.batch=64
    [ -z "$(ls -d tune-* 2>/dev/null)" ]
    mkdir full && touch full/something
    expect_exit 73 dotbias tune "$small" --grid train.batch=64 --out full
    expect_text "holds another search, or something else"
}
