# Can other tools read what `dotbias export` writes, and is it the model? And does `dotbias evaluate` rank?
# shellcheck shell=bash disable=SC2154 # helpers.bash and bats set the rest
load helpers
load training

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    dotbias generate --ratings 20000 --users 300 --movies 200 --csv --out made --quiet >/dev/null
    dotbias train made --set run.dir="$PWD/run" --set schedule.epochs=2 --quiet 2>/dev/null
    dotbias export run --format npy --out exported/npy --json >exported.json
    dotbias export run --format safetensors --out exported/model.safetensors
    dotbias export run --format word2vec --out exported/vectors.txt
    dotbias export run --format csv --out exported/csv
    dotbias export run --format projector --out exported/projector
}

setup() {
    fresh_folder
    run_folder=$BATS_FILE_TMPDIR/run
    exported=$BATS_FILE_TMPDIR/exported
}

# require_python MODULE...: a Python that has them, as $python; without one a skip, in CI a failure.
require_python() {
    for python in python3 /usr/bin/python3; do
        "$python" -c "import $(IFS=, && echo "$*")" 2>/dev/null && return 0
    done
    [ "${CI:-}" = true ] || skip "no Python with $*"
    echo "no Python with $*"
    return 1
}

@test "all formats hold the same numbers and ids" {
    require_python numpy
    expect_exit 0 "$python" -B "$BATS_TEST_DIRNAME/read_formats.py" "$exported"
    expect_text "all formats agree"
}

@test "the exported arrays predict what predict predicts" {
    require_python numpy
    local user movie
    IFS=, read -r user movie _ < <(sed -n 2p "$BATS_FILE_TMPDIR/made/ratings.csv")
    expect_exit 0 dotbias predict "$run_folder" --user "$user" --movie "$movie" --json
    local said
    said=$(summary_value score)
    expect_exit 0 "$python" -B -c '
import sys
sys.path.insert(0, sys.argv[1])
from load_export import load
model = load(sys.argv[2])
u, m = model["user_ids"].index(sys.argv[3]), model["movie_ids"].index(sys.argv[4])
z = model["users"][u] @ model["movies"][m] + model["user_bias"][u] + model["movie_bias"][m]
assert abs(z - float(sys.argv[5])) < 1e-5, (z, sys.argv[5])' \
        "$repository/docs/examples" "$exported/npy" "$user" "$movie" "$said"
}

@test "the example prints the same neighbours from both formats, and refuses an unknown id" {
    require_python numpy
    expect_exit 0 "$python" "$repository/docs/examples/load_export.py" "$exported/npy" --movie 1 --top 3
    [ "${#lines[@]}" -eq 3 ]
    local first=$output
    expect_exit 0 "$python" "$repository/docs/examples/load_export.py" "$exported/model.safetensors" --movie 1 --top 3
    [ "$output" = "$first" ]
    expect_exit 1 "$python" "$repository/docs/examples/load_export.py" "$exported/npy" --movie nobody
    expect_text "there is no movie 'nobody'"
}

@test "FAISS finds the same neighbours, and so does similar" {
    require_python numpy faiss
    local run=()
    if dotbias help similar >/dev/null 2>&1; then run=("$run_folder"); fi
    expect_exit 0 "$python" -B "$BATS_TEST_DIRNAME/neighbours.py" "$exported/npy" "${run[@]}"
    expect_text "200 movies agree"
}

@test "the summary of an export is JSON that names its files" {
    grep -q '"format": "npy"' "$BATS_FILE_TMPDIR/exported.json"
    for file in users.npy movie_titles.txt model.json; do
        grep -q "\"$file\"" "$BATS_FILE_TMPDIR/exported.json"
        [ -f "$exported/npy/$file" ]
    done
    nothing_left "$exported"/*.tmp.*
}

@test "a mistaken export is refused and nothing is written" {
    expect_exit 64 dotbias export "$run_folder" --format safetensor --out x
    expect_text "did you mean 'safetensors'?"
    expect_exit 64 dotbias export "$run_folder" --format xml --out x
    expect_text "there are npy, safetensors, word2vec, csv and projector"
    expect_exit 64 dotbias export "$run_folder" --format npy
    expect_text "--out is needed: the folder"
    expect_exit 64 dotbias export "$run_folder" --format word2vec --out x --table both
    expect_text "holds one table"
    expect_exit 66 dotbias export nowhere --format npy --out x
    expect_exit 73 dotbias export "$run_folder" --format npy --out "$exported/npy"
    expect_text "--force replaces it"
    expect_exit 73 dotbias export "$run_folder" --format csv --out /proc/x
    expect_exit 73 dotbias export "$run_folder" --format csv --out /dev/full/x
    nothing_left .
}

@test "a full disk leaves no half export" {
    # The limit is on the size of a file: 8 KiB are less than users.npy.
    expect_exit 74 bash -c "trap '' XFSZ; ulimit -f 8; exec dotbias export '$run_folder' --format npy --out out/npy"
    expect_text "cannot write"
    nothing_left .
}

@test "with force an export is replaced, and the folder of another is not" {
    dotbias export "$run_folder" --format npy --out out
    expect_exit 0 dotbias export "$run_folder" --format csv --out out --force
    [ "$(find out -type f | wc -l)" -eq 2 ]
    touch out/mine
    expect_exit 73 dotbias export "$run_folder" --format csv --out out --force
    expect_text "which no export has written"
    [ -f out/mine ]
}

@test "evaluate ranks, and no metric is NaN" {
    expect_exit 0 dotbias evaluate "$run_folder" --k 5,10 --threshold 4 --json
    [[ $output == *'"recall_by_popularity"'* ]]
    [[ $output != *nan* && $output != *inf* ]]
    expect_exit 0 dotbias evaluate "$run_folder" --ranking --threshold 6 --json
    [[ $output == *'"ndcg": null'* && $output == *'"auc": null'* ]]
    expect_exit 0 dotbias evaluate "$run_folder" --ranking
    expect_text "ranking of the whole catalogue, 200 movies"
    expect_exit 64 dotbias evaluate "$run_folder" --k 201
    expect_text "k = 201 is larger than the catalogue of 200 movies"
    for wrong in 0 -1 10,10 20,10 '10,' ten 1.5; do
        expect_exit 64 dotbias evaluate "$run_folder" --k "$wrong"
    done
    expect_exit 64 dotbias evaluate "$run_folder" --threshold high
}

@test "on the lesson's data the ranking is far better than chance" {
    require_ratings
    dotbias train "$configurations/lesson-a.yaml" --set run.dir=a --quiet 2>/dev/null
    expect_exit 0 dotbias evaluate a --k 10 --json
    # Of 9,066 movies; a random list would have an auc of 0.5 and a precision of 0.0014.
    between "$(summary_value auc | head -n 1)" 0.80 0.84
    between "$(summary_value precision | head -n 1)" 0.09 0.12
}
