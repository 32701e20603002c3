#!/usr/bin/env bats
# The route to rollcall-bucket in each server's snippet. There is no S3: what counts is who answers, and
# that the prefix arrives as the client wrote it.
# shellcheck disable=SC2153,SC2154

load servers

setup() {
    servers_setup
    make_config 's3={"bucket":"b","endpoint":"http://127.0.0.1:1","prefix":"p"}'
    cp "$ROLLCALL_BUILD/rollcall-bucket" "$SITE/"
}
teardown() { rollcall_teardown; }

bucket_start() {
    local kind
    needs spawn-fcgi multiwatch
    for kind in bucket objects; do
        start "$kind" env AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_MAX_ATTEMPTS=1 ROLLCALL_WORKERS=1 \
            ROLLCALL_SOCKET="$SITE/run/$kind.sock" ROLLCALL_HANDLER="$SITE/rollcall-bucket" \
            ROLLCALL_CONFIG="$T/handler.json" "$SNIPPETS/spawn-fcgi.sh"
        wait_until 10 test -S "$SITE/run/$kind.sock" || fail "$(cat "$SITE/$kind.log")"
    done
    handlers_start 1
}

routed() {
    http "$URL/list-bucket-content/x"
    assert_status 401
    http --path-as-is -H "Authorization: Bearer $READ_TOKEN" "$URL/list-bucket-content/a%2Fb//c+d%20e"
    [ "$STATUS" = 502 ] || fail "status is $STATUS"
    jq -e '.message | contains("curl: (7)")' "$T/body"
    grep -F 'prefix="a/b//c+d e/"' "$SITE/bucket.log"
    http "$URL/archive/x"
    assert_status 401
    http -H "Authorization: Bearer $READ_TOKEN" "$URL/archive/json/date%3D2026-11-20/10.0.0.7_2026-11-20.json.gz"
    [ "$STATUS" = 502 ] || fail "status is $STATUS"
    grep -F 'prefix="json/date=2026-11-20/10.0.0.7_2026-11-20.json.gz"' "$SITE/objects.log"
    http_post "$T/record.json"
    assert_status 200
}

@test "bucket: nginx" {
    needs nginx
    bucket_start
    nginx_start
    routed
}

@test "bucket: Apache" {
    needs apache2
    bucket_start
    apache_start
    routed
}

@test "bucket: Caddy" {
    needs caddy
    bucket_start
    caddy_start
    routed
}
