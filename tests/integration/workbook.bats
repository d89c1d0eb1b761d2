# Does the workbook compute what the trainer computes, once LibreOffice has recalculated it?
# shellcheck shell=bash disable=SC2154 # helpers.bash and bats set the rest
load helpers
load training

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    make_profile
    # Small enough to fit into the table whole: then one step on all of it is one step of the table.
    dotbias generate --ratings 90 --users 12 --movies 10 --csv --out made --quiet >/dev/null
    local step=(--set schedule.epochs=1 --set schedule.kind=constant --set train.optimiser=sgd --set train.momentum=0
        --set train.batch=1000 --set model.factors=4 --set model.init_scale=0.5 --quiet)
    dotbias train made --set run.dir=ranged --set 'model.y_range=[0.5,5.0]' --set train.learning_rate=1 \
        --set train.weight_decay=0.01 "${step[@]}" 2>/dev/null
    dotbias train made --set run.dir=plain --set model.biases=false --set model.init=positive \
        --set train.learning_rate=0.1 --set train.weight_decay=2e-4 "${step[@]}" 2>/dev/null
    have_ratings || return 0
    dotbias train "$configurations/lesson-a.yaml" --set run.dir=lesson --quiet
}

setup() {
    fresh_folder
    ranged=$BATS_FILE_TMPDIR/ranged
    plain=$BATS_FILE_TMPDIR/plain
}

# A LibreOffice of our own that computes every formula of a file anew, whatever values are stored in it.
make_profile() {
    mkdir -p profile/user
    cat >profile/user/registrymodifications.xcu <<'END'
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
END
}

# Without LibreOffice a skip, in CI a failure.
require_libreoffice() {
    command -v soffice >/dev/null && return 0
    [ "${CI:-}" = true ] || skip "no LibreOffice"
    echo "no LibreOffice"
    return 1
}

# recalculate FILE: the same as recalculated/FILE.
recalculate() {
    HOME=$BATS_FILE_TMPDIR timeout 60 soffice "-env:UserInstallation=file://$BATS_FILE_TMPDIR/profile" --headless --norestore --convert-to xlsx \
        --outdir recalculated "$1" >converted 2>&1
    [ -f "recalculated/$1" ] || { cat converted && return 1; }
}

workbook() {
    python3 -B "$BATS_TEST_DIRNAME/workbook.py" "$@"
}

@test "all formulas have the values that the trainer's own code computes, for the lesson's table" {
    require_libreoffice
    require_ratings
    expect_exit 0 dotbias workbook "$BATS_FILE_TMPDIR/lesson" --out model.xlsx
    recalculate model.xlsx
    expect_exit 0 workbook same model.xlsx recalculated/model.xlsx
    expect_text "6029 formulas agree"
    expect_exit 0 workbook predict recalculated/model.xlsx "$BATS_FILE_TMPDIR/lesson"
    expect_text "20 predictions agree"
    # 206 rated cells, and what dotbias crosstab says of them.
    expect_exit 0 workbook show recalculated/model.xlsx Inputs!B14 Inputs!B15 Inputs!B16 Inputs!B17
    local train=${lines[0]%.0} test=${lines[1]%.0} train_rmse=${lines[2]:0:6} test_rmse=${lines[3]:0:6}
    [ $((train + test)) -eq 206 ]
    expect_exit 0 dotbias crosstab "$BATS_FILE_TMPDIR/lesson"
    grep -Eq "training +$train rated cells +rmse $train_rmse" <<<"$output"
    grep -Eq "validation +$test rated cells +rmse $test_rmse" <<<"$output"
}

@test "from a fresh start, the step is the one that a cluster has trained" {
    require_libreoffice
    dotbias workbook "$ranged" -o model.xlsx
    workbook change model.xlsx ranged.xlsx "Inputs!B5=fresh start" Inputs!B6=1 Inputs!B7=0.01
    recalculate ranged.xlsx
    expect_exit 0 workbook stepped recalculated/ranged.xlsx
    expect_text "110 numbers took the trainer's step"
}

@test "so it is without biases and range, from positive numbers" {
    require_libreoffice
    dotbias workbook "$plain" -o model.xlsx
    recalculate model.xlsx
    expect_exit 0 workbook same model.xlsx recalculated/model.xlsx
    expect_exit 0 workbook predict recalculated/model.xlsx "$plain"
    workbook change model.xlsx plain.xlsx "Inputs!B5=fresh start"
    recalculate plain.xlsx
    expect_exit 0 workbook stepped recalculated/plain.xlsx
    expect_text "88 numbers took the trainer's step"
}

@test "a changed input changes what follows" {
    require_libreoffice
    dotbias workbook "$ranged" -o model.xlsx
    workbook change model.xlsx changed.xlsx Inputs!B6=0 Inputs!B7=0.01 "Step!B4=3" Step!B6=2 Parts!B5=test
    recalculate changed.xlsx
    # Without a learning rate nothing moves.
    [ "$(workbook show recalculated/changed.xlsx Inputs!B16)" = "$(workbook show recalculated/changed.xlsx Inputs!C16)" ]
    # One rating has moved from training to test.
    local before after
    mapfile -t before < <(workbook show model.xlsx Inputs!B14 Inputs!B15 Slopes!B5 Step!D4)
    mapfile -t after < <(workbook show recalculated/changed.xlsx Inputs!B14 Inputs!B15 Slopes!B5 Step!D4)
    [ "${before[0]%.0}" -eq $((${after[0]%.0} + 1)) ]
    [ "${before[1]%.0}" -eq $((${after[1]%.0} - 1)) ]
    [ "${before[2]}" != 0.0 ]
    [ "${after[2]}" = 0.0 ]
    [ "${before[3]}" = 1.0 ]
    [ "${after[3]}" = 3.0 ]
    # The walk-through follows to another user and factor.
    mapfile -t after < <(workbook show recalculated/changed.xlsx Step!B24 Model!E7)
    [ "${after[0]}" = "${after[1]}" ]
}

@test "raw ids and odd titles reach the sheets as they are, as texts" {
    printf 'userId,movieId,rating\n007,=1+1,4\n007,b<&>,3\nx"y,=1+1,2\nx"y,b<&>,5\n\xff,b<&>,1\n' >ratings.csv
    dotbias train ratings.csv --set run.dir=odd --set schedule.epochs=1 --set model.factors=2 --quiet 2>/dev/null
    expect_exit 0 dotbias workbook odd -o odd.xlsx
    expect_text "only 3 users have ratings"
    expect_exit 0 workbook show odd.xlsx Ratings!A5 Ratings!A6 Ratings!A7 Ratings!B4 Ratings!C4 Ratings!B3
    [ "$output" = $'007\nx"y\n?\n=1+1\nb<&>\n=1+1' ]
}

@test "what cannot be made is refused, and leaves no file" {
    expect_exit 64 dotbias workbook "$ranged"
    expect_text "--out is needed"
    expect_exit 64 dotbias workbook -o model.xlsx
    expect_text "which model?"
    expect_exit 64 dotbias workbook "$ranged" -o model.xls
    expect_text "a workbook is an .xlsx, and 'model.xls' is not"
    expect_exit 64 dotbias workbook "$ranged" -o model.xlsx --users 0
    expect_exit 64 dotbias workbook "$ranged" -o model.xlsx --movies 201
    expect_exit 66 dotbias workbook nowhere -o model.xlsx
    expect_exit 73 dotbias workbook "$ranged" -o no/model.xlsx
    expect_exit 73 dotbias workbook "$ranged" -o /proc/model.xlsx
    nothing_left .
    cp "$ranged/model.dotbias" .
    expect_exit 66 dotbias workbook model.dotbias -o model.xlsx
    expect_text "name them with --data"
    expect_exit 0 dotbias workbook model.dotbias --data "$BATS_FILE_TMPDIR/made" -o model.xlsx
}

@test "a file that is there is replaced only when asked" {
    echo mine >model.xlsx
    expect_exit 73 dotbias workbook "$ranged" -o model.xlsx
    expect_text "model.xlsx exists; --force replaces it"
    [ "$(cat model.xlsx)" = mine ]
    expect_exit 0 dotbias workbook "$ranged" -o model.xlsx --force
    [ "$(head -c 2 model.xlsx)" = PK ]
}

@test "a full disk leaves no half workbook" {
    # The limit is on the size of a file, in KiB: here of the workbook.
    for limit in 1 8 16 24 32; do
        expect_exit 74 bash -c "trap '' XFSZ; ulimit -f $limit; exec dotbias workbook '$ranged' -o model.xlsx"
        nothing_left .
    done
}

@test "no room for the library's temporary files leaves no broken workbook" {
    dotbias generate --ratings 20000 --users 400 --movies 300 --out made --quiet >/dev/null
    dotbias train made --set run.dir=run --set schedule.epochs=1 --set model.factors=2 --quiet 2>/dev/null
    # 337 KB, and the sheet Errors unpacked 455 KB.
    expect_exit 74 bash -c "trap '' XFSZ; ulimit -f 400; exec dotbias workbook run -o model.xlsx --users 60 --movies 40"
    expect_text "no room for temporary files?"
    nothing_left model.xlsx*
    expect_exit 0 dotbias workbook run -o model.xlsx --users 60 --movies 40
}
