# Does bad input end with the exit code of its kind, a sentence, and nothing half-written?
load helpers
load training

setup() {
    fresh_folder
    mkdir -p work
    cat >good.csv <<CSV
userId,movieId,rating
$(for user in 1 2 3 4 5; do for movie in 1 2 3 4; do echo "$user,$movie,$((1 + (user + movie) % 5))"; done; done)
CSV
}

# refuses CODE TEXT ARGUMENT...: `dotbias ARGUMENT...` in an empty folder ends so, says so, and leaves nothing.
refuses() {
    local code=$1 text=$2
    shift 2
    cd work
    expect_exit "$code" dotbias "$@"
    expect_text "$text"
    nothing_left .
    cd ..
}

# configured LINE...: a configuration of these lines on good.csv, as bad.yaml.
configured() {
    printf '%s\n' "data:" "  ratings: $PWD/good.csv" "$@" >bad.yaml
}

@test "every mistake of a configuration is shown at once, with its line and a caret" {
    configured "train:" "  learning_rte: 0.1" "  batch: many" "  momentum: 7" "  batch: 3"
    refuses 78 "did you mean 'learning_rate'?" train ../bad.yaml
    expect_text "bad.yaml:4:3"
    expect_text "bad.yaml:5:10"
    expect_text "bad.yaml:6:13"
    expect_text "bad.yaml:7:3"
    expect_text "^"
}

@test "an alias that contains itself is refused" {
    printf 'data: &a\n  ratings: *a\n' >bad.yaml
    refuses 78 "bad.yaml:" train ../bad.yaml
}

@test "a missing file is named" {
    refuses 66 "nowhere.yaml" train nowhere.yaml
    refuses 66 "nowhere.csv" train nowhere.csv
    refuses 66 "nowhere.csv" import nowhere.csv --out packed
}

@test "empty ratings, and a header alone, are refused" {
    : >empty.csv
    echo "userId,movieId,rating" >header.csv
    refuses 65 "" train ../empty.csv
    refuses 65 "" train ../header.csv
}

@test "ratings that are not numbers are rejected with their lines; a file cut in mid-line trains on the rest" {
    printf '9,1,NaN\n9,2,three\n9,3,1e-3x\n9' >>good.csv
    expect_exit 0 dotbias import good.csv --out packed
    expect_text "22"
    expect_text "23"
    expect_text "24"
    expect_text "25"
    refuses 65 "line 22" import ../good.csv --out packed --strict
}

@test "a training says what it left out or settled, however quiet it is" {
    printf '9,1,NaN\n1,1,5\n' >>good.csv
    expect_exit 0 dotbias train good.csv --quiet --set run.dir=run --set schedule.epochs=1 --set data.valid_fraction=0
    expect_text "line 22: rating 'NaN' is not a number"
    expect_text "line 23 rates the pair of line 2 again"
}

@test "a compressed file that is cut is refused" {
    for i in $(seq 2000); do echo "$i,$((i * 7 % 911)),$((i % 5 + 1))"; done >>good.csv
    gzip -c good.csv | head -c 2000 >cut.csv.gz
    refuses 65 "cut.csv.gz" import ../cut.csv.gz --out packed
}

@test "ids with commas and quotes are found again" {
    printf '"Smith, John","the ""best"", 1",5\n' >>good.csv
    expect_exit 0 dotbias train good.csv -q --set run.dir=run --set schedule.epochs=1 --set data.valid_fraction=0
    expect_exit 0 dotbias predict run --user 'Smith, John' --movie 'the "best", 1'
    expect_text "the \"best\", 1"
}

@test "ratings outside y_range: rejected by an import, refused by a training" {
    configured "model:" "  y_range: [2, 5]"
    expect_exit 0 dotbias import good.csv --out ranged --range 2,5
    expect_text "is outside the range [2, 5]"
    expect_exit 0 dotbias import good.csv --out packed
    refuses 65 "y_range" train ../bad.yaml --set "data.ratings=$PWD/packed"
}

@test "a packed file with one flipped bit is refused" {
    expect_exit 0 dotbias import good.csv --out packed
    local size at byte
    size=$(stat -c %s packed/ratings.dotbias)
    for at in 3 $((size / 4)) $((size / 2)) $((size - 100)); do
        cp packed/ratings.dotbias flipped.dotbias
        byte=$(od -An -tu1 -j "$at" -N 1 flipped.dotbias)
        printf '%b' "\\x$(printf %02x $((byte ^ 4)))" | dd of=flipped.dotbias bs=1 seek="$at" conv=notrunc status=none
        refuses 65 "flipped.dotbias" train ../flipped.dotbias
    done
}

@test "a model of another version is refused" {
    expect_exit 0 dotbias train good.csv -q --set run.dir=run --set schedule.epochs=1
    printf '\x07' | dd of=run/model.dotbias bs=1 seek=8 conv=notrunc status=none
    refuses 76 "version" predict ../run --user 1 --movie 1
}

@test "a divergence is told the same by processes, and nothing is left of it" {
    refuses 65 "training diverged: at step" train ../good.csv --set train.learning_rate=1e6 --set cluster.transport=ipc \
        --set cluster.pservers=2 --set train.batch=4 --set data.valid_fraction=0
    expect_text "on shard"
}

@test "a learning rate that diverges ends with step, shard and row, and no model" {
    configured "train:" "  learning_rate: 1000000" "  momentum: 0"
    expect_exit 65 dotbias train bad.yaml --set schedule.epochs=50 --set run.dir=run
    expect_text "training diverged"
    [ ! -e run/model.dotbias ] && [ ! -e run/summary.json ]
    expect_text "step"
    expect_text "row"
    expect_text "shard 0"
}

@test "a port in use is named" {
    configured
    local port
    port=$(free_port)
    dotbias-coordinator --config bad.yaml --set cluster.transport=tcp --set cluster.start_timeout=20 \
        --set "cluster.coordinator=tcp://127.0.0.1:$port" --set run.dir=first -q &
    local first=$!
    soon 5 grep -q "$(printf ':%04X' "$port")" /proc/net/tcp /proc/net/tcp6
    refuses 69 "Address already in use" train ../bad.yaml --set cluster.transport=tcp \
        --set "cluster.coordinator=tcp://127.0.0.1:$port"
    kill -TERM $first
    ends_within 5 $first
}

@test "a full disk ends the run and leaves no model" {
    for i in $(seq 40000); do echo "$((i * 17 % 5003)),$((i * 7 % 3011)),$((i % 5 + 1))"; done >>good.csv
    expect_exit 0 dotbias import good.csv --out packed --quiet
    cd work
    run bash -c "ulimit -f 100; dotbias import ../good.csv --out out --quiet"
    [ "$status" -eq 74 ] || { echo "exit code $status: $output"; return 1; }
    nothing_left .
    run bash -c "ulimit -f 300; dotbias train ../packed -q --set schedule.epochs=1 --set run.dir=run"
    [ "$status" -eq 74 ] || { echo "exit code $status: $output"; return 1; }
    [ ! -e run/model.dotbias ]
    [ -z "$(find . -name '*.tmp*')" ]
}
