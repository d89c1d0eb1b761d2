load helpers

@test "help begins with examples and lists every command" {
    expect_exit 0 dotbias --help
    [[ ${output%%Commands:*} == *Examples:* ]]
    for command in import generate train config plan check predict evaluate export protocol; do
        grep -Eq "^  $command +[a-z]" <<<"$output"
    done
    long=$output
    expect_exit 0 dotbias help
    [ "$output" = "$long" ]
}

@test "version is one line" {
    expect_exit 0 dotbias --version
    [[ $output =~ ^dotbias\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "a mistyped command is refused and the right one named" {
    expect_exit 64 dotbias trian
    expect_text "did you mean 'train'?"
    expect_exit 64 dotbias eval
    expect_text "did you mean 'evaluate'?"
    expect_exit 64 dotbias help confg
    expect_text "did you mean 'config'?"
}

@test "a word that resembles no command gets no guess" {
    expect_exit 64 dotbias xyzzy
    [[ $output != *"did you mean"* ]]
    expect_exit 64 dotbias ""
    expect_exit 64 dotbias "$(printf 'x%.0s' {1..5000})"
    expect_exit 64 dotbias --frobnicate
    expect_text "no option '--frobnicate'"
    expect_exit 64 dotbias
    expect_text "a command is missing"
}

@test "errors go to standard error, and only there" {
    run --separate-stderr dotbias trian
    [ "$output" = "" ]
    [ "${stderr_lines[0]}" != "" ]
}

@test "a full disk behind standard output is an error" {
    expect_exit 74 bash -c 'dotbias --help >/dev/full'
    expect_text "cannot write"
}

@test "every command has a help with examples, and refuses what it does not know" {
    for command in $(dotbias --help | sed -n '/^Commands:/,/^Options:/s/^  \([a-z-]*\) .*/\1/p'); do
        expect_exit 0 dotbias help "$command"
        expect_text "dotbias $command"
        expect_text "Example"
        expect_exit 0 bash -c "dotbias $command --help 2>&1 >/dev/null"
        [ "$output" = "" ]
        dotbias "$command" -h | diff - <(dotbias "$command" --help)
        expect_exit 64 dotbias "$command" --no-such-option
        expect_text "no-such-option"
    done
}

@test "a role's help, short and long" {
    for role in coordinator pserver worker; do
        "dotbias-$role" -h | diff - <("dotbias-$role" --help)
    done
}

@test "a command's help on a full disk is an error as well" {
    expect_exit 74 bash -c 'dotbias train --help >/dev/full'
}
