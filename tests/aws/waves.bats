#!/usr/bin/env bats
# aws/waves/: the state machines are valid, and whole nights run in an interpreter, against a table that behaves as
# DynamoDB and an organisation that does not behave.

load ../lib/helper
load aws

setup() {
    T=$BATS_TEST_TMPDIR
    node_packages
    PATH=$REPO/build/node/bin:$PATH
}

# passes FILE: all its tests do; what fails is shown.
passes() {
    node "$AWS_TESTS/waves/$1" >"$T/said" 2>&1 || fail "$(grep -a -A 30 '^not ok' "$T/said" || tail -n 40 "$T/said")"
    grep -aq '^# fail 0' "$T/said"
}

@test "the machines pass the validator, and broken copies do not" {
    node "$AWS_TESTS/waves/validate.js"
}

@test "the interpreter does what AWS's pages say" { passes interpreter.test.js; }

@test "nights with accidents, one for each seed, and one for each case that has a name" {
    [ -z "${ROLLCALL_NIGHTLY-}" ] || export SEEDS=200
    passes nights.test.js
}
