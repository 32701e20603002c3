#!/usr/bin/env bats
# lighttpd/other-servers/Caddyfile as it is shipped, with real handlers behind it.
# shellcheck disable=SC2030,SC2031,SC2153

load servers

setup() { servers_setup; }
teardown() { rollcall_teardown; }

# It passes on no length of a chunked body, and paths as they came.
@test "Caddy: the table of requests; chunked bodies are 411" {
    handlers_start 2
    caddy_start
    request_table 411
}

@test "Caddy: odd paths are refused" {
    handlers_start 1
    caddy_start
    odd_paths 404
}

@test "Caddy: forged headers are ignored" {
    handlers_start 1
    caddy_start
    forged_headers
}

@test "Caddy: a hundred records at once are all stored" {
    handlers_start 4
    caddy_start
    all_at_once 100
}

@test "Caddy: slow clients hold no handler" {
    handlers_start 1
    caddy_start
    dawdlers_hold_nobody
}

@test "Caddy: a client that stops sending is disconnected" {
    handlers_start 1
    caddy_start 's,read_body 30s,read_body 1s,'
    dawdle 2 100
    wait_until 90 held 2 cut
    assert_nothing_stored
}

@test "Caddy: the page, with its policy" {
    handlers_start 1
    caddy_start
    page_served
}
