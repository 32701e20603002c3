#!/usr/bin/env bats
# lighttpd/other-servers/nginx.conf as it is shipped, with real handlers behind it.
# shellcheck disable=SC2030,SC2031,SC2153

load servers

setup() { servers_setup; }
teardown() { rollcall_teardown; }

# What an operator uncomments.
TRUST='s,#set_real_ip_from .*,set_real_ip_from 127.0.0.5;,'

@test "nginx: the table of requests" {
    handlers_start 2
    nginx_start
    request_table 200
}

@test "nginx: odd paths are /data, or are refused" {
    handlers_start 1
    nginx_start
    odd_paths 200
}

@test "nginx: forged headers are ignored" {
    handlers_start 1
    nginx_start
    forged_headers
}

@test "nginx: a trusted proxy's header is used, read from the right" {
    handlers_start 1
    nginx_start "$TRUST"
    trusted_proxy
    # The access log names the client as well.
    wait_until 5 grep -q '^2001:db8::7 ' "$SITE/access.log"
}

@test "nginx: a hundred records at once are all stored" {
    handlers_start 4
    nginx_start
    all_at_once 100
}

@test "nginx: slow clients hold no handler" {
    handlers_start 1
    nginx_start
    dawdlers_hold_nobody
}

@test "nginx: a client that stops sending is disconnected" {
    handlers_start 1
    nginx_start 's,client_body_timeout 30s,client_body_timeout 1s,'
    dawdle 2 100
    wait_until 90 held 2 cut
    assert_nothing_stored
}

@test "nginx: above the rate it is 429, for one address and not for others" {
    handlers_start 2
    nginx_start 's,rate=20r/s,rate=1r/m,' "$TRUST"
    local codes
    # shellcheck disable=SC2046
    codes=$(curl -s -w '%{http_code}\n' $(for _ in {1..120}; do echo "$URL/healthz -o /dev/null"; done) |
        sort | uniq -c | awk '{ print $2 ":" $1 }' | tr '\n' ' ')
    echo "$codes"
    # One was taken by the wait for the start, or two when that came early.
    [[ $codes =~ ^200:(99|100)\ 429:2[01]\ $ ]]
    http "$URL/healthz"
    [ "$STATUS" = 429 ]
    http "$URL/healthz" --interface 127.0.0.6
    assert_status 200
    # Behind a trusted proxy the rate is each client's own.
    http "$URL/healthz" --interface 127.0.0.5 -H 'X-Forwarded-For: 10.0.0.1'
    assert_status 200
}

@test "nginx: a token never reaches a log" {
    handlers_start 1
    nginx_start
    http_post "$T/record.json"
    http "$URL/data" -H 'Authorization: Bearer not-a-token-of-ours'
    run ! grep -rF -e "$TOKEN" -e not-a-token-of-ours "$SITE"/*.log
}

@test "nginx: the page, with its policy" {
    handlers_start 1
    nginx_start
    page_served
}
