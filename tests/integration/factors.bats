# Do factors, biases and crosstab say of run A what the lesson found, and do they refuse what they cannot answer?
load helpers
load training

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    dotbias generate --ratings 2000 --users 100 --movies 40 --csv --out made --quiet >/dev/null
    dotbias train made --set run.dir=small --set schedule.epochs=1 --set model.factors=4 --quiet >/dev/null
    have_ratings || return 0
    dotbias train "$configurations/lesson-a.yaml" --set run.dir=lesson --quiet >/dev/null
}

setup() {
    fresh_folder
    small=$BATS_FILE_TMPDIR/small
    lesson=$BATS_FILE_TMPDIR/lesson
}

# column N: that field of a simple CSV on standard input, without its head, on one line.
column() {
    tail -n +2 | cut -d, -f"$1" | paste -sd' '
}

@test "the lesson's table: 15 users, 15 movies, 206 ratings of 3.9903 on average" {
    require_ratings
    expect_exit 0 dotbias crosstab "$lesson"
    expect_text "206 of 225 cells are rated, 3.9903 on average"
    expect_text "1198  Raiders of the Lost Ark"
    dotbias crosstab "$lesson" --show actual --csv >actual.csv
    [ "$(head -n 1 actual.csv)" = user,1,110,260,296,318,356,480,527,589,593,608,1196,1198,1270,2571 ]
    [ "$(column 1 <actual.csv)" = "15 30 73 212 213 294 311 380 452 468 509 547 564 580 624" ]
    grep -qx "15,2,3,5,5,2,1,3,4,4,5,5,5,4,5,5" actual.csv
    grep -qx "468,4,3,3.5,3.5,3.5,3,2.5,,,3,4,3,3.5,3,3" actual.csv
}

@test "a cell's prediction is that of predict, and its error what is between" {
    require_ratings
    dotbias crosstab "$lesson" --csv >cells.csv
    [ "$(wc -l <cells.csv)" -eq 226 ]
    output=$(dotbias predict "$lesson" --user 547 --movie 356 --json)
    grep "^547,356," cells.csv | awk -F, -v said="$(summary_value rating)" \
        '{ good = $4 == "train" && $5 == 2 && $6 - said < 1e-6 && said - $6 < 1e-6 && $6 - $5 - $7 < 1e-6 && $5 + $7 - $6 < 1e-6 } END { exit !good }'
    grep -Eq '^564,318,"Shawshank Redemption, The \(1994\)",,,4\.[0-9]+,$' cells.csv
}

@test "crosstab measures training and validation cells apart" {
    require_ratings
    output=$(dotbias crosstab "$lesson" --json)
    [ "$(summary_value rated_cells)" -eq 206 ]
    dotbias crosstab "$lesson" --csv | awk -F, '$(NF - 3) ~ /train|valid/ { n[$(NF - 3)]++; s[$(NF - 3)] += $NF * $NF }
        END { printf "%d %.5f %d %.5f\n", n["train"], sqrt(s["train"] / n["train"]), n["valid"], sqrt(s["valid"] / n["valid"]) }' >sums
    read -r train train_rmse valid valid_rmse <sums
    [ $((train + valid)) -eq 206 ]
    dotbias crosstab "$lesson" >shown
    grep -Eq "training +$train rated cells +rmse $train_rmse" shown
    grep -Eq "validation +$valid rated cells +rmse $valid_rmse" shown
}

@test "the best and the worst biases are those of the lesson" {
    require_ratings
    expect_exit 0 dotbias biases "$lesson"
    [ "$(grep -cE '^ +[+][01]\.[0-9]+ ' <<<"$output")" -eq 10 ]
    for title in "Shawshank Redemption, The (1994)" "Godfather, The (1972)" "Usual Suspects, The (1995)"; do
        grep -qE "^ +[+][0-9.]+ .* ${title//[()]/.}" <<<"$output"
    done
    for title in "Battlefield Earth (2000)" "Speed 2: Cruise Control (1997)"; do
        grep -qE " -[0-9.]+ .* ${title//[()]/.}" <<<"$output"
    done
    expect_text "Why not the mean?"
    grep -Eq "highest mean .*, mean [45]\.[0-9]+ from [0-9]+ ratings, .* number [0-9]+ of 3000 by its bias" <<<"$output"
    output=$(dotbias biases "$lesson" --json)
    grep -m 1 '"title"' <<<"$output" | grep -q "Shawshank"
}

@test "components know the movies, both ways, and the scores are centred or of unit length" {
    require_ratings
    expect_exit 0 dotbias factors "$lesson" --components 5 --show 3
    expect_text "component 5: "
    expect_text "Pulp Fiction (1994)"
    dotbias factors "$lesson" --csv | awk -F, 'NR > 1 { for (i = 0; i < 3; i++) sum[i] += $(NF - i) }
        END { for (i = 0; i < 3; i++) if (sum[i] > 1e-4 || sum[i] < -1e-4) exit 1; exit NR != 9067 }'
    dotbias factors "$lesson" --lesson --csv | awk -F, 'NR > 1 { for (i = 0; i < 3; i++) sum[i] += $(NF - i) * $(NF - i) }
        END { for (i = 0; i < 3; i++) if (sum[i] > 1 + 1e-6 || sum[i] < 1 - 1e-6) exit 1 }'
    expect_exit 0 dotbias factors "$lesson" --lesson --fit-most-rated
    expect_text "components of 3000 movies; the lesson's way"
}

@test "the map is drawn as SVG and PNG, the same each time" {
    expect_exit 0 dotbias factors "$small" --plot map.svg --axes 1,4
    expect_text "drawn: map.svg"
    expect_text "component 4: "
    grep -q "</svg>" map.svg
    dotbias factors "$small" --plot map.PNG --label 0 --json >said 2>/dev/null
    grep -q '"component": 3' said
    [ "$(head -c 4 map.PNG | tail -c 3)" = PNG ]
    dotbias factors "$small" --plot again.svg --axes 1,4 >/dev/null 2>&1
    cmp map.svg again.svg
}

@test "what cannot be answered is refused, and leaves no file" {
    expect_exit 64 dotbias factors "$small" --components 5
    expect_text "the model has 4 factors, so there are no 5 components"
    expect_exit 64 dotbias factors "$small" --plot map.svg --axes 1,5
    expect_exit 64 dotbias factors "$small" --plot map.gif
    expect_text "an .svg or a .png, and 'map.gif' is neither"
    expect_exit 64 dotbias factors "$small" --axes 1
    expect_exit 64 dotbias factors "$small" --components 0
    expect_exit 64 dotbias factors
    expect_exit 64 dotbias crosstab "$small" --show everything
    expect_exit 66 dotbias factors nowhere
    expect_text "nowhere"
    expect_exit 66 dotbias crosstab nowhere
    expect_exit 66 dotbias biases nowhere
    expect_exit 65 dotbias factors "$BATS_FILE_TMPDIR/made/ratings.csv"
    expect_exit 65 dotbias biases "$BATS_FILE_TMPDIR/made/ratings.dotbias"
    expect_exit 73 dotbias factors "$small" --plot no/map.svg
    nothing_left .
}

@test "a table larger than the catalogue has all of it, and says so" {
    run --separate-stderr dotbias crosstab "$small" --users 1000 --movies 41 --csv --show predicted
    [ "$status" -eq 0 ]
    [ "$(wc -l <<<"$output")" -eq 101 ]
    [[ $stderr == *"only 100 users have ratings"*"only 40 movies have ratings"* ]]
    expect_exit 0 dotbias biases "$small" --show 1000
    [ "$(grep -cE '^ +[+-][0-9]\.[0-9]{3} ' <<<"$output")" -eq 20 ]
}

@test "a model alone has no means and no table, without titles it shows raw ids" {
    cp "$small/model.dotbias" .
    expect_exit 0 dotbias biases model.dotbias
    expect_text "without mean ratings"
    expect_exit 66 dotbias crosstab model.dotbias
    expect_text "name them with --data"
    expect_exit 0 dotbias crosstab model.dotbias --data "$BATS_FILE_TMPDIR/made"
    cp "$BATS_FILE_TMPDIR/made/ratings.csv" .
    dotbias train ratings.csv --set run.dir=bare --set schedule.epochs=1 --set model.factors=2 \
        --set model.biases=false --quiet >/dev/null
    expect_exit 0 dotbias factors bare --components 2 --show 2 --plot map.svg
    grep -Eq '^ +[+][0-9.]+  [0-9]+ +[+-][0-9.]+  [0-9]+$' <<<"$output"
    expect_exit 65 dotbias biases bare
    expect_text "the model has no biases"
}
