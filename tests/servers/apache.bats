#!/usr/bin/env bats
# lighttpd/other-servers/apache.conf as it is shipped, with real handlers behind it.
# shellcheck disable=SC2030,SC2031,SC2153

load servers

setup() { servers_setup; }
teardown() { rollcall_teardown; }

@test "Apache: the table of requests" {
    handlers_start 2
    apache_start
    request_table 200
}

@test "Apache: odd paths are /data, or are refused" {
    handlers_start 1
    apache_start
    odd_paths 200
}

@test "Apache: forged headers are ignored" {
    handlers_start 1
    apache_start
    forged_headers
}

@test "Apache: a trusted proxy's header is used, read from the right" {
    handlers_start 1
    apache_start 's,#RemoteIPInternalProxy .*,RemoteIPInternalProxy 127.0.0.5,' 's,#RemoteIPHeader,RemoteIPHeader,'
    trusted_proxy
}

@test "Apache: a hundred records at once are all stored" {
    handlers_start 4
    apache_start
    all_at_once 100
}

@test "Apache: slow clients hold no handler" {
    handlers_start 1
    apache_start
    dawdlers_hold_nobody
}

@test "Apache: a client that stops sending is disconnected" {
    handlers_start 1
    apache_start 's,header=10 body=30,header=1 body=1,'
    dawdle 2 100
    wait_until 90 held 2 cut
    assert_nothing_stored
}

@test "Apache: chunked bodies can be refused" {
    handlers_start 1
    apache_start '/#<If/,/#<.If>/s,#,,'
    http_post "$T/record.json" -H 'Transfer-Encoding: chunked'
    [ "$STATUS" = 411 ]
    assert_nothing_stored
    http_post "$T/record.json"
    assert_status 200
}

no_bodies() { [ -z "$(find "$SITE/tmp" -type f -size +0)" ]; }

@test "Apache: bodies leave no file" {
    handlers_start 1
    apache_start
    make_bodies
    http_post "$T/5m.json"
    assert_status 200
    http_post "$T/22m.json" -H 'Transfer-Encoding: chunked'
    assert_status 413
    wait_until 10 no_bodies
}

@test "Apache: the page, with its policy" {
    handlers_start 1
    apache_start
    page_served
}
