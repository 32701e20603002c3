#!/usr/bin/env bats
# How a body travels: content types, NDJSON, gzip, lengths.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

ndjson() { post "${1:--}" CONTENT_TYPE=application/x-ndjson "${@:2}"; }

stored() {
    assert_status 200
    check_store
    [ "$(lines_stored)" = "$1" ]
}

@test "one object as application/json is stored" {
    post "$T/record.json"
    stored 1
}

@test "a content type with parameters is understood" {
    post "$T/record.json" 'CONTENT_TYPE=application/json; charset=utf-8'
    stored 1
}

@test "a content type in capitals is understood" {
    post "$T/record.json" 'CONTENT_TYPE=Application/JSON'
    stored 1
}

@test "text/plain is 415" {
    post "$T/record.json" CONTENT_TYPE=text/plain
    refused 415
}

@test "a form is 415" {
    post "$T/record.json" CONTENT_TYPE=application/x-www-form-urlencoded
    refused 415
}

@test "a type that only begins like ours is 415" {
    post "$T/record.json" CONTENT_TYPE=application/jsonx
    refused 415
}

@test "no content type is 415" {
    post "$T/record.json" -CONTENT_TYPE
    refused 415
}

@test "NDJSON of one line without a newline is stored" {
    ndjson "$T/record.json"
    stored 1
}

@test "NDJSON of three lines is stored as three lines, left 2 1 0" {
    for i in 1 2 3; do record ".n = $i"; done | ndjson
    stored 3
    assert_json '.data.records == 3 and .data.seq == 3'
    jq -se 'map(.rollcall.left) == [2, 1, 0] and map(.n) == [1, 2, 3]' "$(json_file)"
}

@test "NDJSON's last newline may be missing" {
    printf '%s\n%s' "$(record)" "$(record)" | ndjson
    stored 2
}

@test "NDJSON's blank lines are passed over" {
    printf '\n%s\n\n  \n\r\n%s\n\n' "$(record)" "$(record)" | ndjson
    stored 2
}

@test "NDJSON with CR LF line ends is stored" {
    printf '%s\r\n%s\r\n' "$(record)" "$(record)" | ndjson
    stored 2
}

@test "NDJSON without a record is 400" {
    printf '\n \n\n' | ndjson
    refused 400
}

@test "an empty NDJSON body is 400" {
    ndjson /dev/null
    refused 400
}

@test "NDJSON is kept all or none: a broken third line refuses all" {
    printf '%s\n%s\n{"a":\n' "$(record)" "$(record)" | ndjson
    refused 400 '.data.line == 3'
}

@test "NDJSON is kept all or none: a third line that is no record refuses all" {
    printf '%s\n%s\n{"a":1}\n' "$(record)" "$(record)" | ndjson
    refused 422 '.data.line == 3 and (.data.field | type == "string")'
}

@test "a broken NDJSON line is named by line and by offset in the body" {
    local first
    first=$(record)
    printf '%s\n{"a":01}\n' "$first" | ndjson
    refused 400 ".data.line == 2 and .data.offset == $((${#first} + 1 + 6))"
}

@test "NDJSON lines are counted with the blank ones" {
    printf '\n\n{"a":1\n' | ndjson
    refused 400 '.data.line == 3'
}

@test "two objects on one NDJSON line are 400" {
    printf '%s %s\n' "$(record)" "$(record)" | ndjson
    refused 400 '.data.line == 1'
}

@test "an object over two NDJSON lines is 400" {
    record | jq . | ndjson
    refused 400
}

@test "NDJSON as application/json is 400" {
    printf '%s\n%s\n' "$(record)" "$(record)" | post -
    refused 400
}

@test "an NDJSON batch of 1,000 records is stored" {
    # shellcheck disable=SC2034
    for i in {1..1000}; do cat "$T/record.json"; done | ndjson
    stored 1000
}

@test "gzip is understood" {
    gzip -c "$T/record.json" | post - HTTP_CONTENT_ENCODING=gzip
    stored 1
}

@test "gzip of an NDJSON batch is understood" {
    printf '%s\n%s\n' "$(record)" "$(record)" | gzip | ndjson - HTTP_CONTENT_ENCODING=gzip
    stored 2
}

@test "x-gzip or gzip in capitals does not break anything: 200 or 415" {
    gzip -c "$T/record.json" | post - HTTP_CONTENT_ENCODING=GZIP
    [ "$STATUS" = 200 ] || refused 415
}

@test "gzip with a file name in its header is understood" {
    gzip -Nk "$T/record.json"
    post "$T/record.json.gz" HTTP_CONTENT_ENCODING=gzip
    stored 1
}

@test "several gzip members are one body" {
    {
        head -c 20 "$T/record.json" | gzip
        tail -c +21 "$T/record.json" | gzip
    } | post - HTTP_CONTENT_ENCODING=gzip
    stored 1
}

@test "an empty gzip member between others is passed over" {
    {
        gzip -c "$T/record.json"
        gzip -c /dev/null
    } | post - HTTP_CONTENT_ENCODING=gzip
    stored 1
}

@test "cut-off gzip is 400" {
    gzip -c "$T/record.json" | head -c -10 | post - HTTP_CONTENT_ENCODING=gzip
    refused 400
}

@test "gzip with a wrong checksum is 400" {
    gzip -c "$T/record.json" >"$T/gz"
    printf '\x00\x00\x00\x00' | dd of="$T/gz" bs=1 seek=$(($(stat -c %s "$T/gz") - 8)) conv=notrunc status=none
    post "$T/gz" HTTP_CONTENT_ENCODING=gzip
    refused 400
}

@test "garbage behind a gzip member is 400" {
    { gzip -c "$T/record.json"; echo garbage; } | post - HTTP_CONTENT_ENCODING=gzip
    refused 400
}

@test "a body that is not gzip at all is 400" {
    post "$T/record.json" HTTP_CONTENT_ENCODING=gzip
    refused 400
}

@test "an empty body with Content-Encoding: gzip is 400" {
    post /dev/null HTTP_CONTENT_ENCODING=gzip
    refused 400
}

@test "a gzip bomb is 413" {
    head -c 100M /dev/zero | gzip -1 | post - HTTP_CONTENT_ENCODING=gzip
    refused 413
}

@test "a bomb of many gzip members is 413" {
    make_config max_body_bytes=100000
    head -c 60000 /dev/zero | tr '\0' ' ' | gzip >"$T/part"
    cat "$T/part" "$T/part" "$T/part" | post - HTTP_CONTENT_ENCODING=gzip
    refused 413
}

@test "offsets are those of what comes out of gzip" {
    printf '{"a":01}' | gzip | post - HTTP_CONTENT_ENCODING=gzip
    refused 400 '.data.offset == 6'
}

@test "deflate is 415" {
    post "$T/record.json" HTTP_CONTENT_ENCODING=deflate
    refused 415
}

@test "br is 415" {
    post "$T/record.json" HTTP_CONTENT_ENCODING=br
    refused 415
}

@test "gzip twice is 415" {
    gzip -c "$T/record.json" | gzip | post - 'HTTP_CONTENT_ENCODING=gzip, gzip'
    refused 415
}

@test "Content-Encoding: identity is no coding" {
    post "$T/record.json" HTTP_CONTENT_ENCODING=identity
    stored 1
}

@test "no Content-Length is 411" {
    post "$T/record.json" -CONTENT_LENGTH
    refused 411
}

@test "a Content-Length that is no number is refused" {
    post "$T/record.json" CONTENT_LENGTH=abc
    [ "$STATUS" = 411 ] || refused 400
    assert_nothing_stored
}

@test "a negative Content-Length is refused" {
    post "$T/record.json" CONTENT_LENGTH=-1
    [ "$STATUS" = 411 ] || refused 400
    assert_nothing_stored
}

@test "a Content-Length beyond 64 bits is refused" {
    post "$T/record.json" CONTENT_LENGTH=99999999999999999999999
    case $STATUS in 400 | 411 | 413) ;; *) fail "status $STATUS" ;; esac
    assert_nothing_stored
}

@test "a body shorter than its Content-Length is 400" {
    post "$T/record.json" CONTENT_LENGTH=100000
    refused 400
}

@test "a body is read to its Content-Length, not to the end of the input" {
    mkfifo "$T/open"
    exec 7<>"$T/open"
    cat "$T/record.json" >&7
    env -i PATH="$PATH" ROLLCALL_CONFIG="$T/handler.json" REQUEST_METHOD=POST PATH_INFO=/data \
        SCRIPT_NAME="" REMOTE_ADDR=127.0.0.1 CONTENT_TYPE=application/json \
        CONTENT_LENGTH="$(stat -c %s "$T/record.json")" HTTP_AUTHORIZATION="Bearer $TOKEN" \
        timeout -s KILL 20 "$HANDLER" <&7 >"$T/reply"
    exec 7>&-
    CGI_EXIT=0
    split_reply
    stored 1
}

@test "a Content-Length over max_body_bytes is 413" {
    make_config max_body_bytes=1000
    post "$T/record.json" CONTENT_LENGTH=1001
    refused 413
}

@test "413 is decided before the body is read" {
    mkfifo "$T/never"
    exec 7<>"$T/never"
    env -i PATH="$PATH" ROLLCALL_CONFIG="$T/handler.json" REQUEST_METHOD=POST PATH_INFO=/data \
        SCRIPT_NAME="" REMOTE_ADDR=127.0.0.1 CONTENT_TYPE=application/json \
        CONTENT_LENGTH=99999999 HTTP_AUTHORIZATION="Bearer $TOKEN" timeout -s KILL 20 "$HANDLER" <&7 >"$T/reply"
    exec 7>&-
    CGI_EXIT=0
    split_reply
    assert_status 413
}

@test "a body of exactly max_body_bytes is stored" {
    record '.pad = ("x" * 3000)' | tr -d '\n' >"$T/exact"
    make_config max_body_bytes="$(stat -c %s "$T/exact")"
    post "$T/exact"
    stored 1
}

@test "a body of one byte more than max_body_bytes is 413" {
    record '.pad = ("x" * 3000)' | tr -d '\n' >"$T/exact"
    make_config max_body_bytes="$(($(stat -c %s "$T/exact") - 1))"
    post "$T/exact"
    refused 413
}

@test "a body of 5 MiB is stored" {
    "$PYTHON" -c '
import json, sys
r = {"processor": "p", "os_name": "Linux", "os_ver": "6", "users": [],
     "processes": [{"pid": n, "cmd": "x" * 1000} for n in range(5300)]}
json.dump(r, sys.stdout)' >"$T/large"
    post "$T/large"
    stored 1
    [ "$(stat -c %s "$T/large")" -gt 5242880 ]
}
