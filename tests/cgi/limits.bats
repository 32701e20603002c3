#!/usr/bin/env bats
# Limits of files and disk. (Those of a body are in body.bats.)
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

# fill: posts until the answer is not 200 any more.
fill() {
    for _ in {1..60}; do
        post_with "$1" "${@:2}"
        [ "$STATUS" = 200 ] || return 0
    done
    fail "never refused"
}

@test "a JSON file at max_file_bytes is 429 with Retry-After until the day ends" {
    make_config max_file_bytes=8192
    at '2026-11-20 23:00:00'
    fill '.pad = ("x" * 1000)'
    assert_status 429
    local after
    after=$(sed -n 's/^Retry-After: *\([0-9]*\)$/\1/Ip' "$T/head")
    [ "$after" -ge 3400 ] && [ "$after" -le 3601 ]
    [ "$(stat -c %s "$(json_file)")" -le 8192 ]
    check_store
}

@test "a CSV file at max_file_bytes is 429 too" {
    make_config max_file_bytes=8192
    fill '.processes = "'"$(printf 'a\\n%.0s' {1..20})"'"'
    assert_status 429
    [ "$(stat -c %s "$(csv_file)")" -le 8192 ]
    check_store
}

@test "a full file of one address does not stop another" {
    make_config max_file_bytes=8192
    fill '.pad = ("x" * 1000)'
    post "$T/record.json" REMOTE_ADDR=127.0.0.2
    assert_status 200
}

@test "the day after, a full file's address is served again" {
    make_config max_file_bytes=8192
    at '2026-11-20 23:58:00'
    fill '.pad = ("x" * 1000)'
    at '2026-11-21 00:00:01'
    post "$T/record.json"
    assert_status 200
    check_store
}

@test "429 keeps all or none of a batch" {
    make_config max_file_bytes=8192
    for i in {1..20}; do record ".n = $i | .pad = (\"x\" * 1000)"; done | post - CONTENT_TYPE=application/x-ndjson
    assert_status 429
    assert_nothing_stored
}

@test "a duplicate is answered although the file is full" {
    make_config max_file_bytes=8192
    post_with '.id = "a"'
    fill '.pad = ("x" * 2000)'
    post_with '.id = "a"' HTTP_ROLLCALL_RETRY=2400
    assert_status 200
    assert_json '.data.duplicates == 1'
}

@test "less than min_free_bytes left is 507 and nothing is kept" {
    make_config min_free_bytes=1125899906842624
    post "$T/record.json"
    refused 507
}

@test "a refusal for space leaves a store that had records as it was" {
    post "$T/record.json"
    local before
    before=$(sha256sum "$(json_file)" "$(csv_file)")
    make_config min_free_bytes=1125899906842624
    post "$T/record.json"
    assert_status 507
    [ "$(sha256sum "$(json_file)" "$(csv_file)")" = "$before" ]
}

@test "an error answer names no path of the server" {
    make_config min_free_bytes=1125899906842624
    post "$T/record.json"
    run ! grep -F "$T" "$T/reply"
    : >"$T/afile"
    jq --arg d "$T/afile/x" '.records_dir = $d' "$T/handler.json" >"$T/h" && mv "$T/h" "$T/handler.json"
    post "$T/record.json"
    run ! grep -F "$T" "$T/reply"
}
