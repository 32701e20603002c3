#!/usr/bin/env bats
# rollcall-bucket behind a real lighttpd, over what lies in radosgw.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153,SC2154

load ../lib/helper
load s3

setup_file() { s3_start; }
teardown_file() { s3_stop; }
setup() {
    rollcall_setup
    s3_setup
    export ROLLCALL_BUCKET=$ROLLCALL_BUILD/rollcall-bucket
    unset ROLLCALL_BUCKET_SECONDS
}
teardown() {
    rollcall_teardown
    # Whatever happened: neither keys nor tokens are in what was said or logged.
    if grep -rsF -e "$SECRET" -e "$READ_TOKEN" -e "${TOKEN_KEY:-$SECRET}" "$T/said" "$T/run"; then
        fail "a secret was said"
    fi
}

# serve: the collector and rollcall-bucket, with the archive below "fleet/" of $ENDPOINT.
serve() {
    make_config "s3={\"bucket\":\"$BUCKET\",\"endpoint\":\"$ENDPOINT\",\"prefix\":\"/fleet/\"}"
    server_start 1
}

# list PATH [curl options...]: GET with the reader's token.
list() {
    local path=$1
    shift
    http --path-as-is -H "Authorization: Bearer $READ_TOKEN" "$@" "$URL/list-bucket-content$path"
    cat "$T/head" "$T/body" >>"$T/said"
}

# content [NAME...]: the answer is these names, in this order.
content() {
    [ "$STATUS" = 200 ] || fail "status is $STATUS"
    grep -qix 'Content-Type: application/json' "$T/head" || fail "not JSON"
    jq -cn '{content: $ARGS.positional}' --args "$@" >"$T/want"
    cmp "$T/want" "$T/body" || fail "should be $(cat "$T/want")"
}

# message STATUS WORDS: refused so, in exactly one member.
message() {
    [ "$STATUS" = "$1" ] || fail "status is $STATUS, should be $1"
    jq -e --arg w "$2" 'keys == ["message"] and (.message | contains($w))' "$T/body" >/dev/null ||
        fail "the message does not say: $2"
}

fill() {
    local key
    for key in "$@"; do
        put "fleet/$key" x
    done
}

@test "bucket: one level, with and without a slash at the end" {
    fill file1 dir1/file2 dir1/dir2/deep dir1/a
    serve
    list ''
    content dir1/ file1
    list /
    content dir1/ file1
    list /dir1
    content a dir2/ file2
    list /dir1/
    content a dir2/ file2
    list '/dir1/dir2?x=y'
    content deep
    list /dir1 -I
    [ "$STATUS" = 200 ]
    [ ! -s "$T/body" ] || grep -q '^HTTP' "$T/body"
    http_post "$T/record.json"
    assert_status 200 # all else is the handler's still
}

@test "bucket: a prefix of no key is 404; an empty directory is empty" {
    serve
    list ''
    content # nothing was shipped yet
    fill empty/ full/x
    list /empty
    content
    list /full
    content x
    local path
    for path in /nothing /ful /full/x /full/x/ /fullx /empty/y /Empty "/$(printf '%01500d' 0)"; do
        list "$path"
        message 404 'nothing in the archive begins with'
    done
    list ''
    content empty/ full/
}

NAMES=('a b' 'a+b' 'date=2026-11-20' '100%' '%41' '%2F' 'a:b' 'grüße 日本' 'q?a=b&c' 'hash#tag' "it's (1)!*" 'back\slash'
    '"quoted"' '<xml>&amp;')

@test "bucket: names with spaces and signs, as files and as directories" {
    local name
    for name in "${NAMES[@]}"; do
        fill "$name" "d/$name/in $name"
    done
    serve
    list /d
    printf '%s/\n' "${NAMES[@]}" | LC_ALL=C sort | mapfile -t sorted
    content "${sorted[@]}"
    for name in "${NAMES[@]}"; do
        list "/d/$(jq -rn --arg n "$name" '$n | @uri')"
        content "in $name"
    done
    list ''
    printf '%s\n' d/ "${NAMES[@]}" | LC_ALL=C sort | mapfile -t sorted
    content "${sorted[@]}"
}

# raw_key KEY: an object that our own client would not make.
raw_key() {
    [ "$(signed s3 -o "$T/made" -w '%{http_code}' --path-as-is -X PUT -H 'Content-Length: 0' -H "x-amz-content-sha256: $NOTHING_SHA256" \
        "$ENDPOINT/$BUCKET/fleet/$1")" = 200 ] || fail "$(cat "$T/made")"
}

@test "bucket: hostile paths are decoded once and do not reach above the prefix" {
    put secret/above x
    put fleetx/beside x
    fill 'x//twice' '%2e%2e/once' ok/in
    raw_key 'x/../dots'
    raw_key '../secret/mine'
    serve
    list ''
    content %2e%2e/ ../ ok/ x/
    list /x/
    content ../ /
    list /x//
    content twice
    list /x/../
    content dots
    list /x/%2e%2e%2F
    content dots
    list /ok%2f
    content in
    list /%252e%252e
    content once
    local path
    for path in //secret /ok/../../secret /..%2Fsecret%2f.. /%2Fsecret /ok/..%5csecret /secret /fleetx /x%2F..%2F..%2Fsecret; do
        list "$path"
        [ "$STATUS" = 404 ] || fail "$path: $STATUS"
        run ! grep above "$T/body"
    done
    for path in /%00 /ok%00 /%ff /%c0%ae%c0%ae/ /% /%2 /%zz; do
        list "$path"
        [ "$STATUS" = 400 ] || fail "$path: $STATUS"
    done
    list /ok
    content in
}

# The largest of its workers, in KiB.
resident() {
    pgrep -P "$SERVER" -f rollcall-bucket | sed 's,.*,/proc/&/status,' | xargs sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' | sort -n | tail -n 1
}

@test "bucket: 2,500 keys below one prefix, and 1,200 directories, over all pages; workers do not grow" {
    put_numbered 2500 'fleet/p=q/r s:'
    sed 's,$,/deep,' "$T/numbers" | head -n 1200 >"$T/deep"
    "$S3TOOL" put-all "$T/object" <"$T/deep"
    serve
    list /p=q
    { cat "$T/numbers" && sed 's,/deep$,/,' "$T/deep"; } | sed 's,^fleet/p=q/,,' | LC_ALL=C sort |
        jq -cRn '{content: [inputs]}' | cmp - "$T/body" || fail "not all"
    [ "$(jq '.content | length' "$T/body")" = 3700 ]
    local i before
    for i in {1..5}; do list /p=q; done
    before=$(resident)
    for i in {1..10}; do list /p=q; done
    echo "$before KiB, then $(resident) KiB"
    sanitized || [ "$(resident)" -le $((before + 1024)) ]
}

@test "bucket: GET with the scope read is allowed, and nothing else" {
    fill f
    serve
    http "$URL/list-bucket-content"
    assert_status 401
    assert_header WWW-Authenticate Bearer
    list '' -H 'Authorization: Bearer nobody'
    [ "$STATUS" = 401 ] || [ "$STATUS" = 400 ] # two tokens at once
    http -H "Authorization: Bearer $TOKEN" "$URL/list-bucket-content"
    assert_status 403
    assert_json '.data.reason | contains("read")'
    local method
    for method in POST PUT DELETE OPTIONS; do
        list '' -X "$method" -d x
        assert_status 405
        assert_header Allow 'GET, HEAD'
    done
    list ''
    content f
    list s
    assert_status 404
    mv "$T/tokens" "$T/away"
    list ''
    assert_status 503
}

@test "bucket: a wrong secret, an unknown key, another bucket: 502 with what S3 says" {
    keys "$KEY" wrong-secret
    serve
    list ''
    message 502 403
    run ! grep -r wrong-secret "$T/said" "$T/run"
    grep -q 'event=s3_failed status=502' "$T/run/handler.log"
    server_stop
    keys nobody "$SECRET"
    serve
    list ''
    message 502 403
    server_stop
    keys "$KEY" "$SECRET"
    BUCKET=no-such-bucket
    serve
    list ''
    message 502 'there is no bucket "no-such-bucket"'
    server_stop
    no_keys
    serve
    list ''
    message 502 'no credentials'
}

@test "bucket: session tokens: valid, altered, expired" {
    fill f
    session
    keys "$ACCESS" "$SECRET_KEY" "$TOKEN_KEY"
    serve
    list ''
    content f
    server_stop
    keys "$ACCESS" "$SECRET_KEY" "${TOKEN_KEY:0:40}A${TOKEN_KEY:41}"
    serve
    list ''
    message 502 40
    server_stop
    proxy 'status 400 ExpiredToken'
    keys "$ACCESS" "$SECRET_KEY" "$TOKEN_KEY"
    serve
    list ''
    message 502 'the session token has expired'
    list ''
    content f
}

@test "bucket: keys that expire while it runs are refreshed" {
    fill f
    session
    metadata_serves 400 "$ACCESS" "$SECRET_KEY" "$TOKEN_KEY"
    metadata_start
    no_keys
    export AWS_EC2_METADATA_DISABLED=false AWS_EC2_METADATA_SERVICE_ENDPOINT=$METADATA
    proxy pass 'status 400 ExpiredToken'
    serve
    list ''
    content f
    list ''
    content f
    [ "$(proxied)" = 3 ]
    [ "$(grep -c '/security-credentials/collector' "$T/metadata.log")" -ge 2 ]
}

@test "bucket: a busy store is retried, an unreachable one is 502, and it recovers" {
    fill f
    proxy 'status 503 SlowDown' 'status 503'
    serve
    list ''
    content f
    [ "$(proxied)" = 3 ]
    server_stop
    kill "${PIDS[0]}"
    wait_until 10 gone "${PIDS[0]}"
    export AWS_MAX_ATTEMPTS=2
    serve
    list ''
    message 502 'curl: (7)'
    list ''
    message 502 'curl: (7)'
    "$AWS_TESTS/s3-proxy" "$T/back.port" "$S3_PORT" "$T/proxy.script" "$T/proxy.log" "${ENDPOINT##*:}" 3>&- &
    PIDS+=($!)
    wait_until 20 test -s "$T/back.port"
    list ''
    content f
}

@test "bucket: a store that does not respond is 504 in time, and the next request works" {
    fill f
    export ROLLCALL_BUCKET_SECONDS=2
    proxy hang
    serve
    list ''
    message 504 'within 2 s'
    list ''
    content f
}

@test "bucket: invalid responses of the store are 502" {
    printf 'HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>' >"$T/html"
    local xml='<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>secret/above</Key><Size>1</Size></Contents></ListBucketResult>'
    printf 'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' "${#xml}" "$xml" >"$T/foreign"
    fill f
    proxy "answer $T/html" "answer $T/foreign" 'cut-answer 150'
    serve
    list ''
    message 502 "not S3's"
    list ''
    message 502 'does not begin with the prefix'
    list ''
    content f
}

@test "bucket: a wrong configuration is named, exit 78" {
    run env ROLLCALL_CONFIG="$T/handler.json" "$ROLLCALL_BUCKET" --check
    [ "$status" = 78 ]
    [[ $output == *"s3: needed"* ]]
    make_config "s3={\"bucket\":\"$BUCKET\",\"endpoint\":\"ftp://x\"}"
    run env ROLLCALL_CONFIG="$T/handler.json" "$ROLLCALL_BUCKET" --check
    [ "$status" = 78 ]
    [[ $output == *endpoint* ]]
    make_config "s3={\"bucket\":\"$BUCKET\",\"endpoint\":\"$ENDPOINT\"}"
    run env ROLLCALL_CONFIG="$T/handler.json" "$ROLLCALL_BUCKET" --check
    [ "$status" = 0 ]
    [ "$output" = "$T/handler.json: ok" ]
    run env ROLLCALL_CONFIG="$T/handler.json" ROLLCALL_BUCKET_SECONDS=5s "$ROLLCALL_BUCKET" --check
    [ "$status" = 78 ]
    [[ $output == *"from 1 to"* ]]
    run "$ROLLCALL_BUCKET" --nothing
    [ "$status" = 64 ]
    run "$ROLLCALL_BUCKET" --help
    [ "$status" = 0 ]
    [[ $output == usage:* ]]
    run "$ROLLCALL_BUCKET" --version
    [[ $output == "rollcall-bucket "* ]]
    run env ROLLCALL_CONFIG="$T/handler.json" "$ROLLCALL_BUCKET" </dev/null
    [ "$status" = 64 ]
}
