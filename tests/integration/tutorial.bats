# shellcheck disable=SC2154 # helpers.bash sets repository
load helpers

@test "the tutorial's commands print what it says" {
    require_ratings
    ln -s "$DOTBIAS_DATA" ml-latest-small
    expect_exit 0 python3 "$BATS_TEST_DIRNAME/tutorial.py" "$repository/docs/TUTORIAL.md"
    expect_text " 0 differ"
}

@test "a page that says something else is found out" {
    printf '```console\n$ echo one; echo two\none\n…\n$ echo three\nfour\n$ false\n```\n' >page.md
    expect_exit 1 python3 "$BATS_TEST_DIRNAME/tutorial.py" page.md
    expect_text "the page says: four"
    expect_text "3 commands, 2 differ"
}
