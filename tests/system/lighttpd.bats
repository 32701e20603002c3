#!/usr/bin/env bats
# lighttpd/lighttpd.conf as it is shipped, with the real handler behind it.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

CONF=$BATS_TEST_DIRNAME/../../lighttpd/lighttpd.conf

# conf_start [VARIABLE=VALUE...]: lighttpd with the shipped configuration; sets PORT, URL, SERVER.
conf_start() {
    mkdir -p "$T/web/htdocs" "$T/web/upload"
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    env ROLLCALL_RUN="$T/web" ROLLCALL_PORT="$PORT" ROLLCALL_HANDLER="$HANDLER" \
        ROLLCALL_WORKERS=2 ROLLCALL_CONFIG="$T/handler.json" "$@" \
        /usr/sbin/lighttpd -D -f "$CONF" >"$T/server.log" 2>&1 3>&- &
    SERVER=$!
    PIDS+=("$SERVER")
    wait_until 10 server_answers
    kill -0 "$SERVER" || fail "$(cat "$T/server.log")"
}

client_ip() { jq -r .data.client_ip "$T/body"; }

@test "the configuration needs ROLLCALL_RUN and nothing else" {
    ROLLCALL_RUN=$T run /usr/sbin/lighttpd -tt -f "$CONF"
    [ "$status" = 0 ]
    run env -u ROLLCALL_RUN /usr/sbin/lighttpd -tt -f "$CONF"
    [ "$status" != 0 ]
    [[ $output == *"ROLLCALL_RUN: names the run directory"* ]]
}

@test "the user's own shell does not matter" {
    ROLLCALL_RUN=$T SHELL=/bin/false run /usr/sbin/lighttpd -tt -f "$CONF"
    [ "$status" = 0 ]
}

@test "a record arrives through it, and everything it writes lies below the run directory" {
    conf_start
    http_post "$T/record.json"
    assert_status 200
    server_stop
    [ -s "$T/web/access.log" ]
    [ -s "$T/web/error.log" ]
    [ -e "$T/web/handler.log" ]
    check_store
}

@test "it serves as any user" {
    [ "$(id -u)" = 0 ] || skip "only root can become somebody else"
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$T"
    mkdir -p "$T/web/htdocs" "$T/web/upload" "$RECORDS" "$T/bin"
    cp "$HANDLER" "$T/bin/" && cp "$CONF" "$T/"
    chown -R nobody "$T"
    CONF=$T/lighttpd.conf
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    ROLLCALL_RUN=$T/web ROLLCALL_PORT=$PORT ROLLCALL_HANDLER=$T/bin/rollcall-handler \
        ROLLCALL_CONFIG=$T/handler.json ROLLCALL_WORKERS=1 \
        setpriv --reuid nobody --regid nogroup --clear-groups /usr/sbin/lighttpd -D -f "$CONF" \
        >"$T/server.log" 2>&1 3>&- &
    SERVER=$!
    PIDS+=("$SERVER")
    wait_until 10 server_answers
    http_post "$T/record.json"
    assert_status 200
    [ "$(stat -c %U "$(json_file)")" = nobody ]
}

@test "a forwarding header of an untrusted client is ignored" {
    conf_start
    http_post "$T/record.json" -H 'X-Forwarded-For: 10.9.8.7' -H 'Forwarded: for=10.9.8.7' \
        -H 'X-Real-IP: 10.9.8.7' -H 'Client-IP: 10.9.8.7' -H 'Forwarded-For: 10.9.8.7'
    assert_status 200
    [ "$(client_ip)" = 127.0.0.1 ]
}

@test "a trusted proxy's header is used, read from the right" {
    conf_start ROLLCALL_PROXIES="127.0.0.5 10.1.0.0/16"
    http_post "$T/record.json" --interface 127.0.0.5 -H 'X-Forwarded-For: 6.6.6.6, 10.9.8.7'
    [ "$(client_ip)" = 10.9.8.7 ]
    http_post "$T/record.json" --interface 127.0.0.5 -H 'X-Forwarded-For: 10.9.8.7, 10.1.2.3'
    [ "$(client_ip)" = 10.9.8.7 ]
    http_post "$T/record.json" --interface 127.0.0.6 -H 'X-Forwarded-For: 10.9.8.7'
    [ "$(client_ip)" = 127.0.0.6 ]
    http_post "$T/record.json" --interface 127.0.0.5 -H 'X-Forwarded-For: 2001:db8::7'
    [ "$(client_ip)" = 2001:db8::7 ]
    # The access log names the client as well.
    wait_until 5 grep -q '^2001:db8::7 ' "$T/web/access.log"
}

@test "IPv4 and IPv6 at once" {
    conf_start ROLLCALL_BIND="127.0.0.1 [::1]"
    http_post "$T/record.json"
    [ "$(client_ip)" = 127.0.0.1 ]
    URL="http://[::1]:$PORT"
    http_post "$T/record.json" -g
    [ "$(client_ip)" = ::1 ]
    [ -s "$(json_file 0--1)" ]
}

@test "every spelling of a path reaches the handler as one path" {
    conf_start
    local path
    for path in /data //data /./data /x/../data /%64ata /%2e/data; do
        http --path-as-is -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
            --data-binary "@$T/record.json" "$URL$path"
        assert_status 200
    done
    for path in /DATA /data/x /data%2fx '/data;x' /../etc/passwd /%2e%2e/%2e%2e/etc/passwd /a%20b /; do
        http --path-as-is -H "Authorization: Bearer $TOKEN" "$URL$path"
        assert_status 404
    done
}

@test "a file below the document root is served, unless its path is a program's; nothing beside it is" {
    conf_start
    local path
    echo page >"$T/web/htdocs/index.html"
    echo secret >"$T/web/htdocs/data"
    mkdir "$T/web/htdocs/api" && echo secret >"$T/web/htdocs/api/x"
    http "$URL/"
    [ "$STATUS" = 200 ] && [ "$(cat "$T/body")" = page ]
    for path in /data /api/x /../handler.log /%2e%2e/handler.json /upload/; do
        http --path-as-is "$URL$path"
        [[ $STATUS =~ ^40[45]$ ]] || fail "$path is $STATUS"
        run ! grep -q secret "$T/body"
    done
}

@test "control characters in the path stop at the web server" {
    conf_start
    local path
    for path in /data%00 /data%0a /data%0d%0aX:y; do
        http --path-as-is "$URL$path"
        [ "$STATUS" = 400 ]
    done
}

@test "methods: 405 with Allow from the handler, 501 from the web server for an unknown method" {
    conf_start
    local method
    for method in GET PUT DELETE PATCH OPTIONS; do
        http -X "$method" "$URL/data"
        assert_status 405
        assert_header Allow '.*POST.*'
    done
    http -X BREW "$URL/data"
    [ "$STATUS" = 501 ]
}

@test "chunked bodies, small and large" {
    conf_start
    record '.filler = ([range(20000)] | map(tostring) | join(" "))' >"$T/large.json"
    [ "$(stat -c %s "$T/large.json")" -gt 100000 ]
    local body
    for body in record large; do
        http_post "$T/$body.json" -H 'Transfer-Encoding: chunked'
        assert_status 200
    done
    check_store
}

@test "the configured number of handlers runs, also without requests" {
    conf_start ROLLCALL_WORKERS=6
    # lighttpd starts and ends programs on a timer: that many after 3 s is that many for good.
    sleep 3
    [ "$(server_workers | wc -l)" = 6 ]
    local conf
    for conf in "$REPO"/lighttpd/*.conf "$REPO"/tests/bench/*.conf; do
        [ "$(grep -c "max-procs.*=>" "$conf")" = "$(grep -c "min-procs.*=>" "$conf")" ] || fail "$conf: max-procs without min-procs"
    done
}

@test "HTTP/2 is not offered, so a body of unknown length is stored" {
    conf_start
    http_post "$T/record.json" --http2 -H 'Transfer-Encoding: chunked'
    assert_status 200
    grep -q '^HTTP/1.1 200' "$T/head"
    run curl -s -m 10 --http2-prior-knowledge "$URL/healthz"
    [ "$status" != 0 ]
}

@test "a body above the handler's limit gets its reason, one far above the web server's, as JSend" {
    conf_start
    head -c 17000000 /dev/zero | tr '\0' ' ' >"$T/big"
    http_post "$T/big"
    assert_status 413
    head -c 22000000 /dev/zero | tr '\0' ' ' >"$T/bigger"
    http_post "$T/bigger" -H 'Expect: 100-continue'
    [ "$STATUS" = 413 ]
    cmp "$T/body" "$REPO/lighttpd/errors/413.html"
    jq -e '.status == "fail" and (.data.reason | test("20 MiB"))' "$T/body"
    http_post "$T/bigger" -H 'Expect:'
    [ "$STATUS" = 413 ] || [ "$CGI_EXIT" != 0 ]
    http_post "$T/bigger" -H 'Expect:' -H 'Transfer-Encoding: chunked'
    [ "$STATUS" = 413 ] || [ "$CGI_EXIT" != 0 ]
    [ -z "$(ls "$T/web/upload")" ]
    assert_nothing_stored
}

@test "a header over 8 KiB is 431, and the next request is served" {
    conf_start
    http "$URL/healthz" -H "X-Long: $(printf 'a%.0s' {1..9000})"
    [ "$STATUS" = 431 ]
    http "$URL/$(printf 'a%.0s' {1..9000})"
    [[ $STATUS == 4* ]]
    http_post "$T/record.json"
    assert_status 200
}

@test "a thousand requests on one connection" {
    conf_start
    http_post "$T/record.json"
    # shellcheck disable=SC2046
    connections=$(curl -s -o /dev/null -w '%{num_connects}\n' $(printf "$URL/nothing %.0s" {1..1000}) |
        awk '{ n += $1 } END { print n }')
    [ "$connections" = 1 ]
}

@test "a token never reaches a log" {
    conf_start
    http_post "$T/record.json"
    http "$URL/data" -H 'Authorization: Bearer not-a-token-of-ours'
    server_stop
    run ! grep -rF -e "$TOKEN" -e not-a-token-of-ours "$T/web"
}

@test "SIGTERM ends the web server and its handlers, and another start works at once" {
    conf_start
    local worker workers
    workers=$(server_workers)
    [ -n "$workers" ]
    server_stop
    for worker in $workers; do
        wait_until 5 test ! -e "/proc/$worker"
    done
    conf_start
    http_post "$T/record.json"
    assert_status 200
}

@test "the page is served if ROLLCALL_HTDOCS is set, and only by GET" {
    export ROLLCALL_HTDOCS=$BATS_TEST_DIRNAME/../../lighttpd/htdocs
    conf_start
    local path
    for path in / /hosts /hosts/10.0.0.7?at=-1h /changes /search?cmd=x /policies; do
        http "$URL$path"
        [ "$STATUS" = 200 ]
        cmp "$T/body" "$ROLLCALL_HTDOCS/index.html"
        assert_header Content-Type 'text/html; charset=utf-8'
        assert_header Content-Security-Policy "default-src 'none'; script-src 'self'; .*; frame-ancestors 'none'; .*"
    done
    http -X POST -d x "$URL/"
    assert_status 404
    http -H "Authorization: Bearer $TOKEN" "$URL/hostsx"
    assert_status 404
    http "$URL/app/main.js"
    assert_header Content-Type 'text/javascript; charset=utf-8'
}
