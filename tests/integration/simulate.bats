# Is the cluster that costs time (bench/simulate.h) repeatable, and does it say what docs/SCALE.md says?
load helpers

setup_file() {
    cmake --build "${DOTBIAS_BIN:-$BATS_TEST_DIRNAME/../../build/release/bin}/.." --target bench_simulate >"$BATS_FILE_TMPDIR/build.log" 2>&1
}

# simulate WORKERS PSERVERS PARTS STRATA EPOCHS RATINGS: with the costs of bench/simulate-scale.
simulate() {
    "$DOTBIAS_BIN/bench_simulate" "$@" 162541 59047 13.4 6000 0.17 10 25
}

# efficiency FILE RATINGS [EPOCH]: of the last epoch, or of another, from 0.
efficiency() {
    python3 -c '
import json, sys
run = json.load(open(sys.argv[1]))
print(float(sys.argv[2]) * 13.4e-9 / run["workers"] / run["seconds"][int(sys.argv[3]) if len(sys.argv) > 3 else -1])' "$@"
}

@test "the same numbers again, to the last digit" {
    simulate 16 4 16 32 2 1e9 >one
    simulate 16 4 16 32 2 1e9 >two
    diff one two
    python3 -c '
import json
run = json.load(open("one"))
assert run["visits"] == 2 * 16 * 32, run
assert all(0 < run[who]["busiest"] <= 1 for who in ("coordinator", "shard", "worker")), run'
}

@test "one worker is at work all the time; 64 of them and 16 pservers at 85 % and more, the first epoch included" {
    simulate 1 1 4 4 2 1e9 >one
    simulate 64 16 64 256 3 1e9 >many
    python3 -c "assert $(efficiency one 1e9) > 0.99"
    python3 -c "assert $(efficiency many 1e9) >= 0.9, $(efficiency many 1e9)"
    python3 -c "assert $(efficiency many 1e9 0) >= 0.85, $(efficiency many 1e9 0)"
}

@test "a visit is four messages, however many pservers there are" {
    simulate 16 2 16 64 2 1e8 >few
    simulate 16 8 16 64 2 1e8 >many
    python3 -c '
import json
few, many = (json.load(open(name)) for name in ("few", "many"))
assert few["visits"] == many["visits"] == 2 * 16 * 64
assert few["messages"] > 4 * few["visits"], few
assert many["messages"] < 1.3 * few["messages"], (few["messages"], many["messages"])'
}

@test "a slower network costs more" {
    "$DOTBIAS_BIN/bench_simulate" 16 4 16 32 2 1e9 162541 59047 13.4 6000 0.17 1 25 >slow
    simulate 16 4 16 32 2 1e9 >fast
    python3 -c "assert $(efficiency slow 1e9) < 0.9 * $(efficiency fast 1e9)"
}
