#!/usr/bin/env bats
# Resends: a record with an id is stored exactly once inside the window of the contract.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

send() {
    post_with ".id = \"$1\"" "${@:2}"
    assert_status 200
}

# others FROM TO: one request each, or (faster) one batch, with ids o-N.
others() {
    for i in $(seq "$1" "$2"); do record ".id = \"o-$i\""; done | post - CONTENT_TYPE=application/x-ndjson
    assert_status 200
}

new() { assert_json '.data.records == 1 and .data.duplicates == 0'; }
dup() { assert_json '.data.records == 0 and .data.duplicates == 1'; }

receipt() { jq -c '[.data.seq, .data.chain]' "$T/body"; }

@test "the same id again is a duplicate, answered with the receipt of the line that is there" {
    send a
    new
    local first
    first=$(receipt)
    send b
    send a
    dup
    [ "$(receipt)" = "$first" ]
    [ "$(lines_stored)" = 2 ]
    check_store
}

@test "the same id with another content is a duplicate too" {
    send a
    post_with '.id = "a" | .hostname = "other"'
    assert_status 200
    dup
    [ "$(lines_stored)" = 1 ]
}

@test "a record without an id is never a duplicate" {
    post "$T/record.json"
    post "$T/record.json"
    assert_status 200
    new
    [ "$(lines_stored)" = 2 ]
}

@test "an id that is the beginning of another is not that one" {
    send abc
    send ab
    new
    send abcd
    new
    [ "$(lines_stored)" = 3 ]
}

@test "ids differ in case" {
    send abc
    send ABC
    new
}

@test "an id inside another member is no id" {
    post_with '.x = {id: "a"} | .y = "\"id\":\"a\""'
    send a
    new
}

@test "the same id from another address is not a duplicate" {
    send a
    send a REMOTE_ADDR=127.0.0.2
    new
}

@test "an id among the last 16 lines is a duplicate" {
    send a
    others 1 15
    send a
    dup
}

@test "an id 17 lines back is stored again without Rollcall-Retry" {
    send a
    others 1 16
    send a
    new
}

@test "the lines of one batch count one by one" {
    others 1 16
    send o-1
    dup
    others 17 17
    send o-1
    new
}

@test "an id 17 lines back is a duplicate with Rollcall-Retry" {
    send a
    others 1 300
    send a HTTP_ROLLCALL_RETRY=240
    dup
    assert_json '.data.seq == 1'
    check_store
}

@test "Rollcall-Retry looks back as many seconds as it says" {
    at '2026-11-20 12:00:00'
    send a
    others 1 20
    at '2026-11-20 12:05:00'
    others 21 40
    send a HTTP_ROLLCALL_RETRY=400
    dup
    send a HTTP_ROLLCALL_RETRY=100
    new
    check_store
}

@test "Rollcall-Retry never narrows the 16 lines" {
    at '2026-11-20 12:00:00'
    send a
    at '2026-11-20 13:00:00'
    send a HTTP_ROLLCALL_RETRY=1
    dup
}

@test "Rollcall-Retry reaches into yesterday's file" {
    at '2026-11-20 23:59:00'
    send a
    others 1 20
    local first
    send a HTTP_ROLLCALL_RETRY=240
    dup
    first=$(receipt)
    at '2026-11-21 00:00:05'
    send a HTTP_ROLLCALL_RETRY=240
    dup
    [ "$(receipt)" = "$first" ]
    [ ! -s "$RECORDS/data/2026-11-21/127.0.0.1_2026-11-21.json" ]
    check_store
}

@test "a receipt out of yesterday's file names yesterday" {
    at '2026-11-20 23:59:00'
    send a
    at '2026-11-21 00:00:05'
    send a HTTP_ROLLCALL_RETRY=240
    assert_json '.data.date == "2026-11-20"'
}

@test "Rollcall-Retry of a few seconds does not reach far into yesterday's file" {
    at '2026-11-20 23:00:00'
    send a
    at '2026-11-21 00:00:05'
    send a HTTP_ROLLCALL_RETRY=240
    new
}

@test "without Rollcall-Retry yesterday's file is not asked" {
    at '2026-11-20 23:59:00'
    send a
    at '2026-11-21 00:00:05'
    send a
    new
    assert_json '.data.seq == 1 and .data.date == "2026-11-21"'
    check_store
}

@test "of a batch, those of yesterday are duplicates and the others are stored" {
    at '2026-11-20 23:59:00'
    send a
    at '2026-11-21 00:00:05'
    { record '.id = "a"'; record '.id = "b"'; } | post - CONTENT_TYPE=application/x-ndjson HTTP_ROLLCALL_RETRY=240
    assert_status 200
    assert_json '.data.records == 1 and .data.duplicates == 1 and .data.seq == 1 and .data.date == "2026-11-21"'
    check_store
}

@test "an id twice in one request is stored once" {
    { record '.id = "a" | .n = 1'; record '.id = "a" | .n = 2'; record '.id = "b"'; } |
        post - CONTENT_TYPE=application/x-ndjson
    assert_status 200
    assert_json '.data.records == 2 and .data.duplicates == 1'
    [ "$(lines_stored)" = 2 ]
    jq -se 'map(.n) == [1, null] and map(.rollcall.left) == [1, 0]' "$(json_file)"
    check_store
}

@test "an id twice in one request: the last one being the duplicate does not leave the batch open" {
    { record '.id = "a"'; record '.id = "b"'; record '.id = "a"'; } | post - CONTENT_TYPE=application/x-ndjson
    assert_status 200
    assert_json '.data.records == 2 and .data.duplicates == 1 and .data.seq == 2'
    jq -se 'map(.rollcall.left) == [1, 0]' "$(json_file)"
    check_store
    post "$T/record.json"
    assert_json '.data.seq == 3'
    check_store
}

@test "a batch again is all duplicates, answered with its last line's receipt" {
    others 1 5
    local first
    first=$(receipt)
    others 1 5
    assert_json '.data.records == 0 and .data.duplicates == 5'
    [ "$(receipt)" = "$first" ]
    [ "$(lines_stored)" = 5 ]
}

@test "a batch with some new records stores those, with left counting only them" {
    others 1 3
    others 2 5
    assert_json '.data.records == 2 and .data.duplicates == 2 and .data.seq == 5'
    jq -se 'map(.rollcall.left) == [2, 1, 0, 1, 0]' "$(json_file)"
    check_store
}

@test "a resent batch of 200 with Rollcall-Retry is all duplicates" {
    others 1 200
    for i in {1..200}; do record ".id = \"o-$i\""; done |
        post - CONTENT_TYPE=application/x-ndjson HTTP_ROLLCALL_RETRY=240
    assert_json '.data.records == 0 and .data.duplicates == 200'
    [ "$(lines_stored)" = 200 ]
}

@test "a Rollcall-Retry that is no number does no harm" {
    local value
    for value in abc -5 1e9 99999999999999999999 ''; do
        post_with '.id = "a"' HTTP_ROLLCALL_RETRY="$value"
        case $STATUS in 200 | 400) ;; *) fail "Rollcall-Retry '$value' is $STATUS" ;; esac
    done
    send a
    [ "$(lines_stored)" = 1 ]
}

@test "a torn copy of a line is no duplicate: the resend is stored" {
    send a
    truncate -s -1 "$(json_file)"
    send a
    new
    assert_json '.data.seq == 1'
    check_store
}
