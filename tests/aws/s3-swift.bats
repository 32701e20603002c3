#!/usr/bin/env bats
# The same client against an S3 of another kind: Swift's s3api, whose access keys hold a colon and whose
# continuation tokens are opaque.
# shellcheck disable=SC2030,SC2031,SC2153,SC2154

load ../lib/helper
load s3

setup_file() { swift_start; }
teardown_file() { swift_stop; }
setup() {
    rollcall_setup
    export S3TOOL_STALL_S=60 # Swift's first requests after its start take long on a busy machine
    s3_setup
    make_config "s3={\"bucket\":\"$BUCKET\",\"endpoint\":\"$ENDPOINT\"}"
    export ROLLCALL_CONFIG=$T/handler.json
}
teardown() { rollcall_teardown; }

@test "swift: keys of all forms are stored and read" {
    local name
    for name in 'a b' 'date=2026-11-20/a+b' '100%41' 'a:b,c@d' 'grüße/日本' '..x/y..' 'x//y' 'q?a=b&c#d' "it's (1)!*"; do
        put "n/$name" "$name"
        "$S3TOOL" get "n/$name" "$T/back"
        [ "$(cat "$T/back")" = "$name" ] || fail "$name"
        "$S3TOOL" ls n/ | grep -qxF "${#name} n/$name" || "$S3TOOL" ls n/ | grep -qF " n/$name" || fail "$name"
    done
}

@test "swift: a listing of 1,100 keys has two pages and each key once" {
    put_numbered 1100 'p=q/r s:'
    "$S3TOOL" level p=q/ | cut -d' ' -f2- | diff "$T/numbers" -
}

@test "swift: wrong secrets, no such bucket, no such key, a wrong clock" {
    keys "$KEY" wrong
    run "$S3TOOL" ls ''
    gives "$DENIED" 'does not match the access key id'
    keys "$KEY" "$SECRET"
    S3_BUCKET=no-such-bucket run "$S3TOOL" ls ''
    gives "$CONFIG" 'there is no bucket'
    run "$S3TOOL" get nothing "$T/back"
    gives "$NOT_FOUND" 'NoSuchKey'
    clock_env "now + 2 hours"
    run "${CLOCK[@]}" "$S3TOOL" ls ''
    gives "$DENIED" "ahead of the store's"
}

@test "swift: rollcall-archive ships a day, finds it shipped, verifies and restores it" {
    local day
    day=$(date -u -d yesterday +%F)
    at "$day 12:00:00"
    post "$T/record.json"
    post "$T/record.json" REMOTE_ADDR=2001:db8::1
    at now
    proxy flip "status 503" "cut-answer 10"
    make_config "s3={\"bucket\":\"$BUCKET\",\"endpoint\":\"$ENDPOINT\",\"prefix\":\"a b=c\"}"
    AWS_MAX_ATTEMPTS=8 run "$ARCHIVE"
    gives 0 '4 files shipped'
    run "$ARCHIVE"
    gives 0 '0 files shipped'
    run "$ARCHIVE" --verify
    gives 0 '4 files checked'
    run "$ARCHIVE" --restore "$day" "$T/back"
    gives 0 '4 of 4 files restored'
    diff -r "$RECORDS/data" "$T/back/data"
}
