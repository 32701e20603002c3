#!/usr/bin/env bats
# Many writers, killed workers, midnight: what was acknowledged is there, exactly once.
# Counted by rollcall-verify and by check_store.py, which share no code.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

# counted N: so many records were acknowledged, all are there, and no others.
counted() {
    [ "$(wc -l <"$T/acks")" = "$1" ] || fail "acknowledged: $(wc -l <"$T/acks")"
    check_store --acks "$T/acks" | tee "$T/count"
    grep -q " lines=$1 " "$T/count" || fail "$(cat "$T/count")"
    verify
}

receipts_hold() {
    jq -c 'select(.seq) | {client_ip: .ip, date, seq, chain}' "$T/acks" >"$T/receipts"
    "$VERIFY" --receipts "$T/receipts" "$RECORDS" >"$T/verify" || fail "$(cat "$T/verify")"
}

@test "64 writers to one address lose nothing" {
    make_config lock_timeout_ms=30000
    server_start 4
    load_run --writers 64 --addresses 1 --requests 20
    grep -q 'lost=0 ' "$T/load" || fail "$(cat "$T/load")"
    counted 1280
    receipts_hold
}

@test "64 writers to 64 addresses lose nothing" {
    make_config lock_timeout_ms=30000
    server_start 4
    load_run --writers 64 --addresses 64 --requests 20
    grep -q 'lost=0 ' "$T/load" || fail "$(cat "$T/load")"
    counted 1280
    [ "$(find "$RECORDS/data" -name '*.json' | wc -l)" = 64 ]
    receipts_hold
}

@test "64 writers of batches to one address lose nothing, and batches never mix" {
    make_config lock_timeout_ms=30000 sync=false
    server_start 4
    load_run --writers 64 --addresses 1 --requests 5 --batch 7
    counted 2240
    receipts_hold
}

@test "64 writers of 60 KB to four addresses lose nothing" {
    make_config lock_timeout_ms=30000 sync=false
    server_start 4
    load_run --writers 64 --addresses 4 --requests 5 --size 60000
    counted 320
}

@test "only the writers to a locked address get 503" {
    make_config lock_timeout_ms=1
    server_start 8
    load_run --writers 32 --addresses 1 --requests 10
    local lost
    lost=$(sed -n 's/.*lost=\([0-9]*\) .*/\1/p' "$T/load")
    counted $((320 - lost))
}

# more_than N: the store has more lines than that, or the load is over.
more_than() { gone "$LOAD" || [ "$(find "$RECORDS" -name '*.json' -exec cat {} + | wc -l)" -gt "$1" ]; }

# killed_while LINES LOAD OPTIONS...: as long as the load runs, a worker dies by kill -9 whenever so
# many more lines are in the store; at least three do.
killed_while() {
    local every=$1
    shift
    "$PYTHON" "$LIB/load.py" --port "$PORT" --token "$TOKEN" --acks "$T/acks" --resend "$@" >"$T/load" 2>&1 3>&- &
    local LOAD=$! kills=0 pid
    PIDS+=("$LOAD")
    until gone "$LOAD"; do
        wait_until 60 more_than $((every * (kills + 1)))
        pid=$(server_workers | shuf -n 1)
        if [ -n "$pid" ] && kill -KILL "$pid" 2>/dev/null; then
            kills=$((kills + 1))
            wait_until 10 gone "$pid"
        fi
    done
    wait "$LOAD" || fail "load: $(cat "$T/load")"
    [ "$kills" -ge 3 ] || fail "only $kills workers were killed"
}

@test "kill -9 of workers, one address: acknowledged records are stored, with ids exactly once" {
    make_config lock_timeout_ms=10000
    server_start 4
    killed_while 40 --writers 16 --addresses 1 --requests 60
    check_store --tails --acks "$T/acks"
    wait_until 60 healed_by_post 127.0.1.1
    counted_after 960 1
}

@test "kill -9 of workers, 16 addresses, batches of 15 KB: acknowledged records are stored exactly once" {
    make_config lock_timeout_ms=10000
    server_start 4
    killed_while 150 --writers 16 --addresses 16 --requests 120 --batch 3 --size 5000
    check_store --tails --acks "$T/acks"
    local n
    for n in {1..16}; do
        wait_until 60 healed_by_post "127.0.1.$n"
    done
    counted_after 5760 16
}

# healed_by_post ADDRESS: a record of that address is stored. (The web server keeps away from a worker
# that died for a second, and says 503 itself when all did.)
healed_by_post() {
    http_post "$T/record.json" --interface "$1"
    [ "$STATUS" = 200 ]
}

# counted_after N MORE: N acknowledged records and MORE that healed the files, nothing else.
counted_after() {
    [ "$(wc -l <"$T/acks")" = "$1" ] || fail "acknowledged: $(wc -l <"$T/acks")"
    check_store --acks "$T/acks" | tee "$T/count"
    grep -q " lines=$(($1 + $2)) " "$T/count" || fail "$(cat "$T/count")"
    verify
}

@test "midnight during a load: two days, nothing lost, nothing duplicated" {
    make_config sync=false lock_timeout_ms=10000
    clock_env '2026-11-20 23:59:57'
    SERVER_RUNNER=("${CLOCK[@]}")
    server_start 4
    local round=0
    until [ -d "$RECORDS/data/2026-11-21" ]; do
        round=$((round + 1))
        [ "$round" -lt 400 ] || fail "midnight never came"
        load_run --writers 8 --addresses 4 --requests 25 --tag "r$round" --resend
    done
    load_run --writers 8 --addresses 4 --requests 5 --tag last --resend
    [ "$(ls "$RECORDS/data")" = $'2026-11-20\n2026-11-21' ]
    counted "$(wc -l <"$T/acks")"
    receipts_hold
}

@test "10,000 requests through the web server leave the workers' memory flat" {
    if sanitized; then skip "n/a: a sanitizer keeps freed memory"; fi
    make_config sync=false lock_timeout_ms=10000
    server_start 2
    load_run --writers 8 --addresses 8 --requests 250 --tag a
    local early late
    early=$(workers_memory)
    load_run --writers 8 --addresses 8 --requests 1000 --tag b
    late=$(workers_memory)
    echo "private memory after 2,000: $early KiB, after 10,000: $late KiB"
    [ "$late" -le $((early + 512)) ]
    counted 10000
}

workers_memory() {
    local pid
    for pid in $(server_workers); do
        sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status"
    done | awk '{s += $1} END {print s}'
}
