#!/usr/bin/env bats
# The configuration: what is wrong ends the program with 78 and one line that names file, key, cure.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

# bad_config [WORD]: exit 78, exactly one line, which names the file and the word.
bad_config() {
    post "$T/record.json"
    [ "$CGI_EXIT" = 78 ] || fail "exit $CGI_EXIT, should be 78"
    [ "$(wc -l <"$T/err")" = 1 ] || fail "not one line: $(cat "$T/err")"
    grep -qF handler.json "$T/err" || fail "the file is not named: $(cat "$T/err")"
    [ -z "${1:-}" ] || grep -qF -- "$1" "$T/err" || fail "$1 is not named: $(cat "$T/err")"
    assert_nothing_stored
}

@test "a missing file is 78" {
    rm "$T/handler.json"
    bad_config
}

@test "an empty file is 78" {
    : >"$T/handler.json"
    bad_config
}

@test "a file that is not JSON is 78" {
    echo 'records_dir = /x' >"$T/handler.json"
    bad_config
}

@test "a file that is no object is 78" {
    echo '[]' >"$T/handler.json"
    bad_config
}

@test "text behind the object is 78" {
    echo x >>"$T/handler.json"
    bad_config
}

@test "an unknown key is 78 and named" {
    make_config record_dir='"x"'
    bad_config record_dir
}

@test "a key in capitals is an unknown key" {
    make_config SYNC=true
    bad_config SYNC
}

@test "records_dir is required" {
    jq 'del(.records_dir)' "$T/handler.json" >"$T/h" && mv "$T/h" "$T/handler.json"
    bad_config records_dir
}

@test "tokens_file is required" {
    jq 'del(.tokens_file)' "$T/handler.json" >"$T/h" && mv "$T/h" "$T/handler.json"
    bad_config tokens_file
}

@test "records_dir must be a string" {
    make_config records_dir=7
    bad_config records_dir
}

@test "an empty records_dir is 78" {
    make_config records_dir='""'
    bad_config records_dir
}

@test "sync must be true or false" {
    make_config sync='"yes"'
    bad_config sync
}

@test "sizes must be whole numbers" {
    make_config max_body_bytes=1.5
    bad_config max_body_bytes
}

@test "sizes must not be negative" {
    make_config max_file_bytes=-1
    bad_config max_file_bytes
}

@test "sizes must not be text" {
    make_config max_body_bytes='"16 MiB"'
    bad_config max_body_bytes
}

@test "sizes must not be beyond all bounds" {
    make_config max_body_bytes=1e300
    bad_config max_body_bytes
}

@test "lock_timeout_ms must be a number" {
    make_config lock_timeout_ms=true
    bad_config lock_timeout_ms
}

@test "a key twice is 78" {
    sed 's/}$/,"sync":true,"sync":false}/' "$T/handler.json" >"$T/h" && mv "$T/h" "$T/handler.json"
    bad_config sync
}

@test "an unknown key in s3 is 78 and named" {
    make_config s3='{"bucket": "b", "region": "r", "buckets": 1}'
    bad_config buckets
}

@test "every key of the contract is known" {
    make_config sync=true max_body_bytes=16777216 max_file_bytes=8589934592 min_free_bytes=67108864 \
        lock_timeout_ms=1000 test_api=false keep_days=0 keep_listing_days=7 \
        s3='{"bucket": "b", "region": "eu-central-1", "endpoint": "https://s3.example", "prefix": "p/"}'
    post "$T/record.json"
    assert_status 200
}

@test "a name in the file cannot forge a second line of output" {
    printf '%s\n' '{"records_dir":"x","tokens_file":"y","\nlevel=info event=forged":1}' >"$T/handler.json"
    bad_config
}

@test "a directory instead of the file is 78" {
    rm "$T/handler.json"
    mkdir "$T/handler.json"
    bad_config
}
