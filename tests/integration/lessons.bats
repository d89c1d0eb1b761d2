# Do the lesson's runs land where the lesson's notebook did, on the real ratings, over every transport?
load helpers
load training

setup() {
    require_ratings
    fresh_folder
}

# lesson CONFIGURATION LOW HIGH: over inproc, ipc and tcp the validation MSE lies in its band, with the same bits.
lesson() {
    local transport first=
    for transport in inproc ipc tcp; do
        train 0 "$configurations/$1.yaml" --set cluster.transport=$transport
        echo "$1 over $transport: $output"
        between "$(summary_value valid_mse)" "$2" "$3"
        [ "$(summary_value transport)" = $transport ]
        first=${first:-$(summary_value digest)}
        same_digest "$first" "$1 over $transport"
    done
}

@test "run A (adam, cosine) lands between 0.760 and 0.769 over every transport" {
    lesson lesson-a 0.760 0.769
    [ "$(summary_value epochs)" -eq 3 ]
}

@test "run B (dot product, sgd) lands between 1.120 and 1.140 over every transport" {
    lesson lesson-b 1.120 1.140
    [ "$(summary_value epochs)" -eq 6 ]
}

@test "run C (sgd with momentum) lands between 0.797 and 0.804 over every transport" {
    lesson lesson-c 0.797 0.804
    [ "$(summary_value epochs)" -eq 6 ]
}

@test "mode blocked lands between 0.750 and 0.758, below the lesson's best, over every transport" {
    lesson blocked-small 0.750 0.758
    [ "$(summary_value epochs)" -eq 20 ]
}

@test "742 of the 20,000 validation ratings are said to be cold" {
    train 0 "$configurations/lesson-c.yaml"
    [ "$(summary_value valid_ratings)" -eq 20000 ]
    [ "$(summary_value cold_ratings)" -eq 742 ]
    expect_exit 0 dotbias train "$configurations/lesson-c.yaml"
    expect_text "over 20,000 ratings, of which cold 742"
}

@test "the printed biases of run A know the best and the worst movies" {
    run --separate-stderr dotbias train "$configurations/lesson-a.yaml" --set run.show=10
    [ "$status" -eq 0 ]
    biases=$(sed -n '/^movie biases/,$p' <<<"$output")
    echo "$biases"
    [ "$(grep -cE '^ +[+]' <<<"$biases")" -eq 10 ]
    for title in "Shawshank Redemption, The (1994)" "Godfather, The (1972)" "Usual Suspects, The (1995)"; do
        grep -qE "^ +[+][0-9.]+ .* ${title//[()]/.}" <<<"$biases"
    done
    for title in "Battlefield Earth (2000)" "Speed 2: Cruise Control (1997)"; do
        grep -qE " -[0-9.]+ .* ${title//[()]/.}" <<<"$biases"
    done
    for component in 1 2 3; do
        grep -qE "^component $component: [0-9.]+ % of the variance" <<<"$output"
    done
}
