#!/usr/bin/env bats
# scripts/try for real, as somebody types it. What it needs is installed by now, so nothing is
# installed here.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() {
    T=$BATS_TEST_TMPDIR
    PIDS=()
    PORT=$(free_port)
    if [ "$(id -u)" = 0 ]; then TOP=/var/lib/rollcall-try; else TOP=$REPO/run; fi
    RUN=$TOP/$PORT
}

teardown() {
    rollcall_teardown
    rm -rf "$RUN"
    rmdir "$TOP" 2>/dev/null || true
}

# Waits until it listens; sets TRY. A group of its own, so that Ctrl-C can be sent as a terminal does.
try_start() {
    set -m
    "$REPO/scripts/try" --port "$PORT" >"$T/out" 2>&1 </dev/null 3>&- &
    TRY=$!
    set +m
    PIDS+=("$TRY")
    wait_until 60 grep -q 'until Ctrl-C' "$T/out" || fail "$(cat "$T/out")"
}

nobody_listens() { ! (exec 4<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; }

@test "--once shows both files and a command line, ends with 0, and leaves nothing running" {
    run "$REPO/scripts/try" --once --port "$PORT" </dev/null
    [ "$status" = 0 ]
    [[ $output == *"$RUN/records/data/"*"/127.0.0.1_"*".json"* ]]
    [[ $output == *"$RUN/records/data/"*"/127.0.0.1_"*".csv"* ]]
    [[ $output == *'hostname: "'* ]]
    [[ $output == *'received_at'*'cmd'* ]]
    [[ $output == *'curl -H "Authorization: Bearer '* ]]
    [[ ${lines[-1]} == *"$RUN/records"* ]]
    nobody_listens
    RECORDS=$RUN/records
    verify
    check_store
}

@test "a second run works, has a new token, and adds to the same files" {
    "$REPO/scripts/try" --once --port "$PORT" >"$T/first" </dev/null
    "$REPO/scripts/try" --once --port "$PORT" >"$T/second" </dev/null
    [ "$(grep -o 'Bearer [^"]*' "$T/first")" != "$(grep -o 'Bearer [^"]*' "$T/second")" ]
    RECORDS=$RUN/records
    [ "$(lines_stored)" = 2 ]
    verify
}

@test "the command line that it prints works as typed, from anywhere" {
    try_start
    grep '^curl -H' "$T/out" >"$T/typed"
    cd /
    run bash "$T/typed"
    [ "$status" = 0 ]
    [[ $output == *'"status":"success"'*'"durable":true'* ]]
    run sh "$T/typed"
    [[ $output == *'"seq":3'* ]]
    kill -INT -- "-$TRY"
    wait "$TRY"
}

@test "Ctrl-C ends it with 0; it stops what it started and says where the data is" {
    try_start
    local server
    server=$(cat "$RUN/web/lighttpd.pid")
    kill -INT -- "-$TRY"
    wait "$TRY"
    [ ! -e "/proc/$server" ]
    nobody_listens
    [[ $(tail -n 1 "$T/out") == *"$RUN/records"* ]]
}

@test "SIGTERM ends it the same way" {
    try_start
    kill -TERM "$TRY"
    wait "$TRY"
    nobody_listens
}

@test "when lighttpd exits, it says so and exits" {
    try_start
    kill -TERM "$(cat "$RUN/web/lighttpd.pid")"
    local code=0
    wait "$TRY" || code=$?
    [ "$code" = 1 ]
    grep -q 'lighttpd ended' "$T/out"
}

@test "only the owner can read the token, and the servers do not run as root" {
    try_start
    [ "$(stat -c %a "$RUN/token")" = 600 ]
    [ "$(stat -c %U "$RUN/token")" = "$(id -un)" ]
    [[ $(stat -c %a "$RUN") == 7[05]0 ]]
    [ "$(stat -c %U "/proc/$(cat "$RUN/web/lighttpd.pid")")" != root ]
    kill -INT -- "-$TRY"
    wait "$TRY"
}

@test "a port in use: the message says how to choose another" {
    "$PYTHON" -c 'import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(); time.sleep(60)' "$PORT" 3>&- &
    PIDS+=("$!")
    wait_until 5 eval '! nobody_listens'
    run "$REPO/scripts/try" --once --port "$PORT"
    [ "$status" = 1 ]
    [ "${#lines[@]}" = 1 ]
    [[ $output == *"port $PORT is taken"*"--port"* ]]
}

@test "the port comes from the environment, too" {
    ROLLCALL_PORT=$PORT run "$REPO/scripts/try" --once
    [ "$status" = 0 ]
    [[ $output == *"http://127.0.0.1:$PORT"* ]]
}

@test "wrong arguments: one line that says what is right" {
    local bad
    for bad in 0 65536 x '' -1 99999999999999999999 7000x; do
        run "$REPO/scripts/try" --once --port "$bad"
        [ "$status" = 64 ]
        [[ ${#lines[@]} == 1 && $output == *"1 to 65535"* ]]
    done
    run "$REPO/scripts/try" --frob
    [ "$status" = 64 ]
    [[ $output == *"--help"* ]]
    run "$REPO/scripts/try" --help
    [ "$status" = 0 ]
    [[ $output == *"--once"* ]]
}

@test "the user's environment does not matter" {
    mkdir "$T/elsewhere"
    cd "$T/elsewhere"
    run env -i PATH="$PATH" HOME=/nonexistent SHELL=/bin/false LC_ALL=xx_YY.UTF-8 ROLLCALL_CONFIG=/none \
        ROLLCALL_RUN=/none http_proxy=http://127.0.0.1:9 \
        "$REPO/scripts/try" --once --port "$PORT"
    [ "$status" = 0 ]
}
