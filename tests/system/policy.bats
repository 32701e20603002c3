#!/usr/bin/env bats
# rollcall-policy: policies that are valid or not, and the hosts that they are about.

load ../lib/helper

POLICY=$BATS_TEST_DIRNAME/../../scripts/policy/baseline.json

setup() {
    rollcall_setup
    PROGRAM=$ROLLCALL_BUILD/rollcall-policy
}
teardown() { rollcall_teardown; }

@test "policy: the one that is shipped is valid" {
    run "$PROGRAM" --check "$POLICY"
    [ "$status" = 0 ]
    [[ "$output" = *": ok, 19 rules" ]]
}

@test "policy: each rule that is shipped fails on a planted record and passes on a clean one" {
    run "$PYTHON" "$BATS_TEST_DIRNAME/policy-compare" baseline "$POLICY"
    echo "$output"
    [ "$status" = 0 ]
}

@test "policy: 18,000 verdicts on random records are those of a second implementation" {
    run "$PYTHON" "$BATS_TEST_DIRNAME/policy-compare" random 1 20
    echo "$output"
    [ "$status" = 0 ]
}

@test "policy: an error names the file, the rule, the member and what is right; the status is 78" {
    echo '{"rules":[{"name":"r","why":"w","severity":"low","forbid":{"process":{"comand":"x"}}}]}' >"$T/p.json"
    run "$PROGRAM" --check "$T/p.json"
    [ "$status" = 78 ]
    [ "$output" = "rollcall-policy: $T/p.json: rule 1 (r): forbid.process.comand: unknown member; known are cmd user not_user older_than min max" ]
    run "$PROGRAM" "$T/p.json" "$T"
    [ "$status" = 78 ]
}

@test "policy: no argument, a bad date and a bad format are usage errors; no directory is 74" {
    for arguments in "" "--check" "x y z" "--date 2026-13-01 $POLICY $T" "--format yaml $POLICY $T" "--every soon $POLICY $T"; do
        # shellcheck disable=SC2086
        run "$PROGRAM" $arguments
        [ "$status" = 64 ]
    done
    run "$PROGRAM" "$POLICY" "$T/none"
    [ "$status" = 74 ]
}
