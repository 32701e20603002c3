#!/usr/bin/env bats
# handler/query/openapi.yaml: well-formed, and what the running collector answers behind the shipped lighttpd.conf.
# shellcheck disable=SC2154

load ../lib/helper

SPEC=$REPO/handler/query/openapi.yaml
export ROLLCALL_BUILD

@test "openapi: redocly finds nothing to say" {
    node_packages
    REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true run redocly lint --extends recommended "$SPEC"
    [ "$status" = 0 ] || fail "$output"
    [[ $output == *"is valid"* && $output != *"Warning was"* ]] || fail "$output"
}

@test "openapi: every route of the programs is in it" {
    local path
    sed -n 's/^    {"\(\/[^"]*\)".*/\1/p' "$REPO/handler/route.c" "$REPO/handler/query/query.c" >"$BATS_TEST_TMPDIR/routes"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/routes")" -ge 10 ]
    while read -r path; do
        grep -q "^  ${path%/}[:/]" "$SPEC" || fail "$path is not in openapi.yaml"
    done <"$BATS_TEST_TMPDIR/routes"
}

@test "openapi: every path and every documented status of the running stack, each body of its schema" {
    python_packages
    run "$VENV_PYTHON" "$BATS_TEST_DIRNAME/openapi.py" statuses
    [ "$status" = 0 ] || fail "$output"
}

@test "openapi: generated requests find no 5xx and no answer outside the schema" {
    python_packages
    run "$VENV_PYTHON" "$BATS_TEST_DIRNAME/openapi.py" schemathesis
    [ "$status" = 0 ] || fail "$output"
}
