# What dotbias says about itself: the pages of `explain`, manual pages, completion, and their installation.
load helpers

# The names of all commands.
commands() {
    dotbias man --list | sed -n 's/^dotbias-//p'
}

@test "every command has a manual page that troff takes without a warning" {
    command -v groff >/dev/null || skip "no groff"
    [ "$(commands | wc -l)" -ge 20 ]
    for page in $(dotbias man --list); do
        dotbias man "$page" >page.1
        groff -man -ww -Tutf8 page.1 >text 2>warnings
        [ ! -s warnings ]
        grep -q "DOTBIAS" text
    done
}

@test "a manual page has the options and examples of the command's help" {
    [ "$(commands | wc -l)" -ge 20 ]
    for command in $(commands); do
        dotbias man "$command" >page.1
        for option in $(dotbias "$command" --help | grep -oE '^ +(-., )?--[a-z0-9-]+' | grep -oE '[-]-[a-z0-9-]+'); do
            [ "$option" = --version ] && continue
            grep -qF "\\fB${option//-/\\-}\\fP" page.1
        done
        grep -q '^.SH EXAMPLES' page.1
        grep -q "^\.SH SYNOPSIS" page.1
    done
}

@test "an unknown manual page is refused" {
    expect_exit 64 dotbias man trian
    expect_text "did you mean 'train'?"
}

# complete WORD...: what bash would offer for the last of the words, as it cuts them.
complete_words() {
    bash -c 'source <(dotbias completion bash)
             compopt() { :; }
             COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
             _dotbias
             echo "${COMPREPLY[*]}"' completer "$@"
}

@test "bash completes commands, options, settings and their choices" {
    [ "$(complete_words dotbias exp)" = "export explain" ]
    [ "$(complete_words dotbias help recom)" = "recommend" ]
    [ "$(complete_words dotbias train --res)" = "--resume" ]
    [ "$(complete_words dotbias train a.yaml --set train.learn)" = "train.learning_rate=" ]
    [ "$(complete_words dotbias train a.yaml --set train.decay =)" = "dense touched" ]
    [ "$(complete_words dotbias train a.yaml --set train.decay = to)" = "touched" ]
    [ "$(complete_words dotbias explain "")" = "decay momentum pca crosstab" ]
    [ "$(complete_words dotbias config p)" = "print" ]
    [ "$(complete_words dotbias train --resume r)" = "" ]
}

@test "bash registers the completion, and every command is in it" {
    expect_exit 0 bash -c 'source <(dotbias completion bash); complete -p dotbias'
    expect_text "-F _dotbias dotbias"
    for command in $(commands); do
        [[ " $(complete_words dotbias "") " == *" $command "* ]]
    done
}

@test "zsh takes its script" {
    command -v zsh >/dev/null || skip "no zsh"
    dotbias completion zsh >_dotbias
    expect_exit 0 zsh -fc 'autoload -U compinit; compinit -u -D; source ./_dotbias; echo $_comps[dotbias]'
    expect_text "_dotbias"
}

@test "there is no completion for other shells" {
    expect_exit 64 dotbias completion fish
    expect_text "bash or zsh"
    expect_exit 64 dotbias completion
}

@test "installed are the programs, a page for each command, and both completions" {
    expect_exit 0 cmake --install "$DOTBIAS_BIN/.." --prefix "$PWD/installed"
    [ -x installed/bin/dotbias ] && [ -x installed/bin/dotbias-pserver ]
    for page in $(dotbias man --list); do
        [ -s "installed/share/man/man1/$page.1" ]
    done
    bash -n installed/share/bash-completion/completions/dotbias
    [ -s installed/share/zsh/site-functions/_dotbias ]
}

@test "explain lists its pages, and names the one that was meant" {
    expect_exit 0 dotbias explain
    for topic in decay momentum pca crosstab; do
        expect_text "  $topic"
    done
    expect_exit 64 dotbias explain dekay
    expect_text "did you mean 'decay'?"
    expect_exit 64 dotbias explain xyzzy
    expect_text "decay, momentum, pca, crosstab"
    expect_exit 66 dotbias explain decay no-such-run
}

@test "the pages speak of the lesson's run, in 80 columns" {
    for topic in "" decay momentum pca crosstab; do
        dotbias explain $topic >page
        [ -s page ]
        [ "$(awk 'length($0) > 80' page)" = "" ]
    done
    expect_exit 0 dotbias explain decay
    expect_text "3753 steps"
}

@test "a run's pages have its own numbers, in text and as JSON" {
    dotbias generate --users 60 --movies 50 --ratings 2000 --factors 4 --out made >/dev/null 2>&1
    dotbias train made --quiet --set run.dir=run --set model.factors=6 --set train.weight_decay=1e-3 \
        --set train.momentum=0.8 >/dev/null
    for topic in decay momentum pca crosstab; do
        expect_exit 0 dotbias explain "$topic" run
        [ "$(awk 'length($0) > 80' <<<"$output")" = "" ]
        dotbias explain "$topic" run --json | python3 -c 'import json, sys; json.load(sys.stdin)'
    done
    expect_exit 0 dotbias explain momentum run
    expect_text "0.5" # 0.1 / (1 - 0.8)
    dotbias explain decay run --json | python3 -c '
import json, sys
page = json.load(sys.stdin)
assert abs(page["dose"] - page["steps"] * 0.1 * 1e-3) < 1e-12, page["dose"]
assert abs(page["kept"] - (1 - 1e-4) ** page["steps"]) < 1e-9, page["kept"]
none, one = page["examples"][:2]
assert none["touched"] == 0.0500000007 and none["coupled"] < none["decoupled"] < none["touched"]
assert sum(bucket["rows"] for bucket in page["movies"]) == 50'
    dotbias explain pca run --json | python3 -c '
import json, sys
page = json.load(sys.stdin)
assert abs(page["over_movies"]["first_after_rotation"] - 1) < 1e-6
assert page["lesson"]["first_after_rotation"] < 1 - 1e-6'
}

@test "a page says what it lacks" {
    dotbias generate --users 60 --movies 50 --ratings 2000 --factors 4 --out made >/dev/null 2>&1
    dotbias train made --quiet --set run.dir=run --set model.factors=2 >/dev/null
    cp run/model.dotbias alone.dotbias
    expect_exit 66 dotbias explain decay alone.dotbias
    expect_text "needs its configuration"
    rm -r made
    expect_exit 66 dotbias explain crosstab run
    expect_exit 0 dotbias explain decay run
}

@test "runs without common steps get the pages that do not need them" {
    dotbias generate --users 60 --movies 50 --ratings 2000 --factors 4 --out made >/dev/null 2>&1
    dotbias train made --quiet --set run.dir=run --set train.mode=blocked --set train.optimiser=adagrad_row >/dev/null
    expect_exit 0 dotbias explain decay run
    expect_text "no common steps"
    expect_text "mean |q|"
    expect_exit 0 dotbias explain momentum run
    expect_text "none to speak of"
    [ "$(awk 'length($0) > 80' <<<"$output")" = "" ]
}
