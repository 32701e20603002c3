#!/usr/bin/env bats
# lighttpd/other-servers/spawn-fcgi.sh as it is shipped.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load servers

setup() { servers_setup; }
teardown() { rollcall_teardown; }

workers() { pgrep -P "$HANDLERS" || true; }
has_workers() { [ "$(workers | wc -l)" = "$1" ]; }
other_worker() { has_workers 1 && [ "$(workers)" != "$1" ]; }

@test "spawn-fcgi: several handlers share one socket that its group may write to" {
    handlers_start 3
    wait_until 10 has_workers 3
    [ "$(stat -c %a "$SITE/run/handler.sock")" = 660 ]
}

@test "spawn-fcgi: a killed handler is restarted, and its torn file is healed" {
    handlers_start 1
    nginx_start
    http_post "$T/record.json"
    assert_status 200
    local worker
    worker=$(workers)
    kill -KILL "$worker"
    wait_until 10 other_worker "$worker"
    http_post "$T/record.json"
    assert_status 200
    check_store
}

@test "spawn-fcgi: the handlers' log is its stderr" {
    handlers_start 1
    nginx_start
    http "$URL/data" -d x
    wait_until 5 grep -q 'event=refused status=401' "$SITE/handlers.log"
}

@test "spawn-fcgi: SIGTERM ends all handlers, and a new start uses the same socket" {
    handlers_start 2
    nginx_start
    wait_until 10 has_workers 2
    local pids
    pids=$(workers)
    kill -TERM "$HANDLERS"
    wait_until 10 gone "$HANDLERS"
    for pid in $pids; do
        wait_until 10 gone "$pid"
    done
    run ! grep -v event=refused "$SITE/handlers.log"
    http_post "$T/record.json"
    [ "$STATUS" = 502 ]
    handlers_start 2
    wait_until 10 has_workers 2
    http_post "$T/record.json"
    assert_status 200
}

@test "spawn-fcgi: a bad configuration ends it, and says why" {
    echo '{"records_dir":' >"$T/handler.json"
    needs spawn-fcgi multiwatch
    start handlers env ROLLCALL_SOCKET="$SITE/run/handler.sock" ROLLCALL_WORKERS=1 \
        ROLLCALL_HANDLER="$SITE/rollcall-handler" ROLLCALL_CONFIG="$T/handler.json" "$SNIPPETS/spawn-fcgi.sh"
    wait_until 20 gone "$STARTED"
    grep -q "handler.json" "$SITE/handlers.log"
}

@test "spawn-fcgi: root's handlers become their user, the socket the web server's group's" {
    [ "$(id -u)" = 0 ] || skip "only root can become somebody else"
    AS=()
    chown -R nobody:nogroup "$T"
    export ROLLCALL_USER=nobody ROLLCALL_GROUP=daemon
    handlers_start 1
    wait_until 10 has_workers 1
    [ "$(stat -c '%U %G %a' "$SITE/run/handler.sock")" = "nobody daemon 660" ]
    [ "$(ps -o user= -p "$(workers)")" = nobody ]
    [ "$(ps -o user= -p "$HANDLERS")" = nobody ]
    # Nothing of root's is left to them.
    grep -q '^CapEff:.*0000000000000000$' "/proc/$(workers)/status"
}
