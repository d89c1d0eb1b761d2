load helpers

setup() {
    fresh_folder
    PATH=$PWD/stubs:$PATH
}

# stub NAME: a program of that name, first on the path, with standard input as its text.
stub() {
    mkdir -p stubs
    { echo '#!/bin/sh' && cat; } >"stubs/$1"
    chmod +x "stubs/$1"
}

# tap TEXT...: runs run_tap on a program that prints these lines and then runs the commands of standard input.
tap() {
    { printf "echo '%s'\n" "$@" && cat; } | stub program
    run "$repository/scripts/run_tap" sample results program
}

@test "results are counted one by one, and the output of success is kept back" {
    tap 1..4 'ok 1 - a' 'not ok 2 # SKIP b' 'ok 3 - c' 'ok 4 d # skip no data' <<<'exit 0'
    [ "$status" -eq 0 ]
    [ "$output" = "" ]
    [ "$(cat results/sample.count)" = "2 0 2" ]
}

@test "a failed result is a failure and its output is shown" {
    tap 1..2 'ok 1 - a' 'not ok 2 - b' '# 1 != 2' <<<'exit 1'
    [ "$status" -eq 1 ]
    expect_text "# 1 != 2"
    [ "$(cat results/sample.count)" = "1 1 0" ]
}

@test "a crash, a time-out, an early end, a bad exit code and silence are failures" {
    tap 1..2 'ok 1 - a' <<<'kill -ABRT $$'
    expect_text "died of signal 6 (ABRT)"
    [ "$(cat results/sample.count)" = "1 1 0" ]
    DOTBIAS_TEST_TIMEOUT=0.2 tap 1..1 'ok 1 - a' <<<'exec sleep 20'
    expect_text "was stopped after 0.2 seconds"
    [ "$(cat results/sample.count)" = "1 1 0" ]
    tap 1..2 'ok 1 - a' <<<'exit 0'
    expect_text "ended after 1 of 2 tests"
    tap 1..1 'ok 1 - a' <<<'exit 3'
    expect_text "exit code 3 though no test failed"
    tap 'hello' <<<'exit 0'
    expect_text "ran no test"
}

@test "setup asks the network for nothing when nothing is missing" {
    stub dpkg-query <<<'shift 2; for package in "$@"; do echo "installed $package"; done'
    stub apt-get <<<'echo called >called'
    expect_exit 0 "$repository/scripts/setup"
    [ "$output" = "" ]
    [ ! -e called ]
}

@test "setup names what is missing and installs it, through sudo when not root" {
    stub dpkg-query <<<'shift 2; for package in "$@"; do [ $package = bats ] || echo "installed $package"; done'
    stub id <<<'echo 1000'
    stub sudo <<<'echo "$@" >>called'
    stub apt-get <<<'exit 0'
    expect_exit 0 "$repository/scripts/setup"
    expect_text "installing 1 Debian packages: bats"
    grep -q 'apt-get.* update$' called
    grep -q 'apt-get.* install .*bats$' called
}

@test "setup keeps packages from starting servers, unless the machine has a policy of its own" {
    export DOTBIAS_POLICY=$PWD/policy
    stub dpkg-query <<<'shift 2; for package in "$@"; do [ $package = bats ] || echo "installed $package"; done'
    stub id <<<'echo 0'
    stub apt-get <<<'case "$*" in *install*) "$DOTBIAS_POLICY" && exit; echo "policy says $?" >>called ;; esac'
    expect_exit 0 "$repository/scripts/setup"
    [ "$(cat called)" = "policy says 101" ]
    [ ! -e policy ]
    printf '#!/bin/sh\nexit 104\n' >policy
    chmod +x policy
    expect_exit 0 "$repository/scripts/setup"
    [ "$(tail -n 1 called)" = "policy says 104" ]
    [ -e policy ]
}

@test "setup that cannot install says so" {
    stub dpkg-query <<<'shift 2; for package in "$@"; do [ $package = bats ] || echo "installed $package"; done'
    stub id <<<'echo 0'
    stub apt-get <<<'echo "E: no such thing"; exit 100'
    expect_exit 69 "$repository/scripts/setup" test
    expect_text "E: no such thing"
    expect_text "could not install all of: bats"
    expect_exit 64 "$repository/scripts/setup" everything
}

# A mirror of one data set in a folder: a zip of 239 bytes with one rating.
mirror() {
    mkdir -p mirror
    base64 -d >mirror/ml-latest-small.zip <<END
UEsDBBQAAAAAAAAAIVBfjlPFNAAAADQAAAAbAAAAbWwtbGF0ZXN0LXNtYWxsL3JhdGluZ3MuY3N2dXNlcklkLG1vdmllSWQscmF0aW5nLHRp
bWVzdGFtcAoxLDMxLDIuNSwxMjYwNzU5MTQ0ClBLAQIUAxQAAAAAAAAAIVBfjlPFNAAAADQAAAAbAAAAAAAAAAAAAACAAQAAAABtbC1sYXRl
c3Qtc21hbGwvcmF0aW5ncy5jc3ZQSwUGAAAAAAEAAQBJAAAAbQAAAAAA
END
    echo "MD5 (ml-latest-small.zip) = $1" >mirror/ml-latest-small.zip.md5
    export DOTBIAS_MOVIELENS_URL=file://$PWD/mirror
    command -v curl && command -v unzip || skip "curl or unzip is not installed"
}

@test "MovieLens is downloaded, verified and unpacked once" {
    mirror 720311bea37481eddad13080c744b589
    run --separate-stderr "$repository/scripts/fetch_movielens" --dir here small
    [ "$status" -eq 0 ]
    [ "$output" = here/ml-latest-small ]
    grep -q '^1,31,2.5' here/ml-latest-small/ratings.csv
    [ "$(ls -A here)" = ml-latest-small ]
    rm -r mirror
    expect_exit 0 "$repository/scripts/fetch_movielens" --dir here small
}

@test "a download with a wrong checksum leaves nothing" {
    mirror 00000000000000000000000000000000
    expect_exit 65 "$repository/scripts/fetch_movielens" --dir here
    expect_text "instead of 00000000000000000000000000000000"
    [ "$(ls -A here)" = "" ]
}

@test "without a network the download gives up and leaves nothing" {
    mirror 720311bea37481eddad13080c744b589
    export DOTBIAS_MOVIELENS_URL=http://127.0.0.1:9
    expect_exit 69 "$repository/scripts/fetch_movielens" --dir here 25m
    expect_text "is there a network?"
    [ ! -e here ]
    expect_exit 64 "$repository/scripts/fetch_movielens" 27m
}
