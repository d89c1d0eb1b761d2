# Do recommend, similar, predict and fold-in answer from a finished run, and say what is wrong with a question?
load helpers
load training

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    dotbias generate --ratings 20000 --users 300 --movies 1000 --csv --out made --quiet >/dev/null
    dotbias train made --set run.dir="$PWD/run" --set schedule.epochs=3 --set model.y_range='[0.5,5]' \
        --set train.weight_decay=1e-5 --quiet >/dev/null 2>&1
    tail -n +2 made/ratings.csv | cut -d, -f1 | head -n 1 >some_user
}

setup() {
    fresh_folder
    run_folder=$BATS_FILE_TMPDIR/run
    ratings=$BATS_FILE_TMPDIR/made/ratings.csv
    user=$(<"$BATS_FILE_TMPDIR/some_user")
}

# The first MOVIE,RATING lines of the user.
ratings_of() {
    awk -F, -v user="$1" '$1 == user { print $2 "," $3 }' "$ratings"
}

@test "recommend leaves out what the user has rated, and agrees with predict" {
    expect_exit 0 dotbias recommend "$run_folder" --user "$user" --top 3
    [ "${lines[0]}" = $'user\trank\tmovie\ttitle\trating' ]
    [ "${#lines[@]}" -eq 4 ]
    while IFS=$'\t' read -r _ _ movie _ rating; do
        ! ratings_of "$user" | grep -q "^$movie,"
        dotbias predict "$run_folder" --user "$user" --movie "$movie" --json >predicted
        awk -v rating="$rating" -F'[:,]' '/"rating"/ { miss = $2 - rating; found = miss * miss < 1e-9 }
            END { exit !found }' predicted
    done < <(tail -n +2 <<<"$output")
}

@test "recommend to everybody is what recommend says of one" {
    dotbias recommend "$run_folder" --all-users --top 4 --out all.tsv
    [ "$(wc -l <all.tsv)" -eq 1201 ]
    dotbias recommend "$run_folder" --user "$user" --top 4 | tail -n +2 >one.tsv
    grep "^$user	" all.tsv | cmp - one.tsv
    dotbias recommend "$run_folder" --users <(echo "$user") --top 4 --json >one.json
    [ "$(wc -l <one.json)" -eq 4 ]
    grep -q "^{\"user\":\"$user\",\"rank\":1,\"movie\":\"" one.json
}

@test "recommend with --seen, --only and --exclude" {
    ratings_of "$user" | cut -d, -f1 | head -n 5 >mine
    expect_exit 0 dotbias recommend "$run_folder" --user "$user" --seen --only mine --top 5
    diff <(tail -n +2 <<<"$output" | cut -f3 | sort) <(sort mine)
    expect_exit 65 dotbias recommend "$run_folder" --user "$user" --seen --only mine --exclude mine
    expect_text "no movie is left"
    expect_exit 0 dotbias recommend "$run_folder" --user "$user" --seen --only mine --top 50
    expect_text "only 5 movies to choose from: there cannot be 50"
    echo nothing >>mine
    expect_exit 0 dotbias recommend "$run_folder" --user "$user" --seen --only mine
    expect_text "does not know 1 of its movies, first 'nothing' on line 6"
}

@test "recommend refuses what it cannot answer" {
    expect_exit 65 dotbias recommend "$run_folder" --user nobody
    expect_text "unknown user 'nobody'"
    expect_text "dotbias fold-in"
    printf '%s\nnobody\n' "$user" >users
    expect_exit 65 dotbias recommend "$run_folder" --users users --out never.tsv
    expect_text "users:2:1: unknown user 'nobody'"
    [ ! -e never.tsv ]
    expect_exit 64 dotbias recommend "$run_folder"
    expect_text "for whom?"
    expect_exit 64 dotbias recommend "$run_folder" --user 1 --all-users
    expect_exit 64 dotbias recommend "$run_folder" --user 1 --top 0
    expect_text "--top takes a number from 1 on, not '0'"
    expect_exit 65 dotbias recommend "$run_folder" --user "$user" --genre Nonsense
    expect_text "no movie has the genre 'Nonsense'"
    cp "$run_folder/model.dotbias" alone.dotbias
    expect_exit 66 dotbias recommend alone.dotbias --user "$user"
    expect_text "--seen"
    expect_exit 0 dotbias recommend alone.dotbias --user "$user" --data "$BATS_FILE_TMPDIR/made"
}

@test "recommend reads what was seen from blocks, too" {
    dotbias generate --ratings 20000 --users 300 --movies 1000 --tight --out tight --quiet >/dev/null
    dotbias recommend "$run_folder" --all-users --data tight >from_blocks
    dotbias recommend "$run_folder" --all-users | cmp - from_blocks
}

@test "similar finds a movie by its title" {
    local movie title
    movie=$(sed -n 2p "$ratings" | cut -d, -f2)
    expect_exit 0 dotbias similar "$run_folder" --movie "$movie" --top 3
    [ "${#lines[@]}" -eq 4 ]
    by_id=$output
    title=$(dotbias predict "$run_folder" --user "$user" --movie "$movie" --json | sed -nE 's/^  "title": "(.*)",$/\1/p')
    [ "$(dotbias similar "$run_folder" --movie "${title^^}" --top 3)" = "$by_id" ]
    expect_exit 0 dotbias similar "$run_folder" --movie "$movie" --metric euclid --json
    [ "${#lines[@]}" -eq 10 ]
    expect_exit 0 dotbias similar "$run_folder" --user "$user" --metric dot
    [ "${lines[0]}" = $'rank\tuser\tdot' ]
    expect_exit 65 dotbias similar "$run_folder" --movie "xx${title}"
    expect_text "the nearest titles are:"
    expect_text "$title"
    expect_exit 65 dotbias similar "$run_folder" --movie e
    expect_text "name one by its id"
    expect_exit 64 dotbias similar "$run_folder" --movie "$movie" --metric manhattan
}

@test "predict explains the largest products and the movie's mean" {
    local movie
    movie=$(sed -n 2p "$ratings" | cut -d, -f2)
    expect_exit 0 dotbias predict "$run_folder" --user "$user" --movie "$movie" --explain
    expect_text "factor "
    expect_text "the other 42"
    expect_text "its training ratings have a mean of "
    expect_exit 0 dotbias predict "$run_folder" --user "$user" --movie "No such movie at all"
    expect_text "the nearest titles are:"
    expect_text "unknown movie: mid-range and known bias"
    expect_exit 64 dotbias predict "$run_folder" --pairs - --explain
}

@test "a user folded in from its own training ratings is no worse than the trained row" {
    ratings_of "$user" >mine.csv
    dotbias fold-in "$run_folder" --ratings mine.csv --json >folded
    for key in ratings rmse loss gradient steps l2 l2_origin embedding bias recommendations; do
        grep -q "^  \"$key\":" folded
    done
    [ "$(sed -nE 's/^  "ratings": ([0-9]*),$/\1/p' folded)" -eq "$(wc -l <mine.csv)" ]
    grep -q 'weight decay 1e-05 x [0-9]* training ratings / 2' folded
    # With hardly any penalty the fit to the given ratings must beat that of the trained row.
    dotbias fold-in "$run_folder" --ratings mine.csv --l2 1e-3 --json >loose
    awk -F, '{ print user "\t" $1 }' user="$user" mine.csv | dotbias predict "$run_folder" --pairs - |
        tail -n +2 | cut -f9 | paste -d, mine.csv - |
        awk -F, -v fitted="$(sed -nE 's/^  "rmse": ([0-9.e-]*),$/\1/p' loose)" \
            '{ sum += ($3 - $2) ^ 2 } END { exit !(fitted <= sqrt(sum / NR)) }'
}

@test "fold-in reads standard input, tabs, headers and titles, and leaves out what was rated" {
    ratings_of "$user" | head -n 20 >mine.csv
    (echo stars,item; awk -F, '{ print $2 "," $1 }' mine.csv) >turned.csv
    dotbias fold-in "$run_folder" --ratings mine.csv --top 30 >first 2>said
    grep -Eq '^20 ratings fitted with rmse [0-9.]+; l2 ' said
    dotbias fold-in "$run_folder" --ratings turned.csv --top 30 2>/dev/null | cmp - first
    tr , '\t' <mine.csv | dotbias fold-in "$run_folder" --ratings - --top 30 2>/dev/null | cmp - first
    cut -d, -f1 mine.csv >rated
    ! tail -n +2 first | cut -f2 | grep -qxFf rated
}

@test "fold-in names file, line and column of what is wrong" {
    local movie
    movie=$(sed -n 2p "$ratings" | cut -d, -f2)
    refused() {
        printf '%b' "$1" >given.csv
        expect_exit 65 dotbias fold-in "$run_folder" --ratings given.csv
        expect_text "$2"
        [ "${#lines[@]}" -le 7 ]
    }
    refused "" "given.csv: there is no rating in it"
    refused "movie,rating\n" "given.csv: there is no rating in it"
    refused "movie,rating\n$movie,7\n" "given.csv:2:$((${#movie} + 2)): the rating 7 is outside the model's range, 0.5 to 5"
    refused "$movie,4\n987654,4\n" "given.csv:2:1: unknown movie '987654'"
    refused "$movie,4\nqq qqqq,4\n" "the nearest titles are:"
    refused "$movie,4\n$movie,3\n" "given.csv:2:1: this movie is rated twice, first on line 1"
    refused "$movie,x\n" "the rating 'x' is not a number"
    refused "$movie\n" "given.csv:1:$((${#movie} + 1)): expected a movie and a rating"
    refused "\"$movie,4\n" "given.csv:1:1: the line has a quote that is not closed"
    expect_exit 66 dotbias fold-in "$run_folder" --ratings nowhere.csv
    expect_exit 64 dotbias fold-in "$run_folder"
    expect_exit 64 dotbias fold-in "$run_folder" --ratings given.csv --l2 0
    expect_text "--l2 takes a number above 0, not '0'"
}
