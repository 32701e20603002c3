#!/usr/bin/env bats
# Ten agents at short intervals against a real collector that is killed, and agents that are killed:
# no record is lost or duplicated.
#
# ROLLCALL_OUTAGE_SECONDS=600 bats -f stampede tests/system/agent-outage.bats: the collector is down
# for that long, beats are 5 s apart, and the test reports how the agents came back. By default the
# outage takes seconds, with four beats in each.
# shellcheck disable=SC2030,SC2031,SC2317

load ../lib/helper

AGENT=$ROLLCALL_BUILD/rollcall-agent
AGENTS=10
OUTAGE=${ROLLCALL_OUTAGE_SECONDS:-0}
EVERY=250ms
[ "$OUTAGE" = 0 ] || EVERY=5s

setup() {
    rollcall_setup
    (umask 077 && echo "$TOKEN" >"$T/token")
    echo '{}' >"$T/agent.json"
    "$PYTHON" "$REPO/tests/system/procfs-fixture" "$T/root"
}
teardown() { rollcall_teardown; }

# agent NUMBER [OPTION...]: with a spool, an identity and a log of its own.
agent() {
    local n=$1
    shift
    exec "$AGENT" --config "$T/agent.json" --root "$T/root" --url "$URL/data" --token-file "$T/token" \
        --uuid "agent-$n" --spool "$T/spool-$n" "$@" >>"$T/out-$n" 2>>"$T/err-$n" 3>&-
}

start_agents() {
    local n
    STAYING=()
    for ((n = 0; n < AGENTS; n++)); do
        agent "$n" --every "$EVERY" --splay "$EVERY" --log "$T/log-$n" &
        STAYING+=($!)
    done
    PIDS+=("${STAYING[@]}")
}

end_agents() {
    local pid
    kill -TERM "${STAYING[@]}"
    for pid in "${STAYING[@]}"; do
        wait "$pid" || fail "an agent ended with $?: $(tail -n 3 "$T"/err-*)"
    done
}

all_delivered() { [ "$(grep -c ^delivered "$T"/out-* | awk -F: -v n="$1" '$2 >= n' | wc -l)" = "$AGENTS" ]; }
all_spooled() { [ "$(find "$T"/spool-*/ -name '*.gz' -printf '%h\n' | sort -u | wc -l)" = "$AGENTS" ]; }
spools_empty() { ! find "$T"/spool-*/ -name '*.gz*' | grep -q .; }

# ids: what is stored, by code that knows nothing of the handler.
ids() { cat "$RECORDS"/data/*/*.json | jq -r .id; }

nothing_twice() {
    [ -z "$(ids | sort | uniq -d)" ] || fail "twice: $(ids | sort | uniq -d | head -n 3)"
    verify
}

# came_back FILE: each agent's first delivery after the outage, in seconds since `$BACK`; and the
# requests in each second since then, most first.
came_back() {
    local n line
    for ((n = 0; n < AGENTS; n++)); do
        line=$(grep event=delivered "$T/log-$n" | awk -v back="time=$BACK" '$1 >= back { print $1; exit }')
        echo $(($(date -d "${line#time=}" +%s) - $(date -d "$BACK" +%s)))
    done | sort -n >"$1"
    cat "$T"/log-? | awk -v back="time=$BACK" '/event=delivered/ && $1 >= back { print substr($1, 6, 19) }' |
        sort | uniq -c | sort -rn | awk '{ print $1 }' >"$1.rate"
}

# During the outage they failed often, so that each waits for a time of its own.
no_stampede() {
    came_back "$T/back"
    echo "# back after (s): $(paste -sd' ' "$T/back")" >&3
    echo "# most requests in one second: $(head -n 1 "$T/back.rate"); seconds with one or more: $(wc -l <"$T/back.rate")" >&3
    [ "$(uniq "$T/back" | wc -l)" -ge 5 ] || fail "they came back together"
    [ "$(head -n 1 "$T/back.rate")" -le "$AGENTS" ] || fail "$(head -n 1 "$T/back.rate") requests in a second"
}

# No beat is missing: ids hold the millisecond of each.
no_gap() {
    ids | sed 's/^agent-//; s/-/ /' | sort -k1,1n -k2,2n >"$T/beats"
    awk 'NR > 1 && $1 == agent && $2 - at > 7500 { print "agent", $1, "is silent for", $2 - at, "ms" } { agent = $1; at = $2 }' \
        "$T/beats" >"$T/gaps"
    echo "# $(wc -l <"$T/beats") beats stored, $(wc -l <"$T/gaps") missing, $(cat "$T"/log-? | grep -c event=late) said to be skipped" >&3
    [ ! -s "$T/gaps" ] || grep -q event=late "$T"/log-? || fail "$(head -n 3 "$T/gaps")"
}

@test "ten agents, a collector that is killed and restarted: no record lost or duplicated, no stampede" {
    server_start 2
    start_agents
    wait_until 60 all_delivered 3
    mapfile -t workers < <(server_workers)
    kill -KILL "${workers[@]}" "$SERVER"
    wait_until 60 all_spooled
    sleep "$OUTAGE"
    free_port() { echo "$PORT"; }
    BACK=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
    server_start 2
    wait_until $((OUTAGE + 120)) spools_empty
    [ "$OUTAGE" = 0 ] || no_stampede
    end_agents
    wait_until 5 spools_empty || { # the last beats may have been spooled during a pause
        for ((n = 0; n < AGENTS; n++)); do (agent "$n") || fail "agent $n: $(tail -n 1 "$T/err-$n")"; done
        spools_empty
    }
    run ! grep -hE 'not kept|spool_dropped|set_aside' "$T"/err-* "$T"/log-*
    # Each record was acknowledged once, and each acknowledged one is there.
    acknowledged=$(cat "$T"/out-* | sed -n 's/^delivered .* records=\([0-9]*\).*/\1/p; t; s/^delivered .*/1/p' | awk '{ n += $1 } END { print n }')
    stored=$(ids | wc -l)
    [ "$acknowledged" = "$stored" ] || fail "$acknowledged acknowledged, $stored stored"
    [ "$OUTAGE" = 0 ] || no_gap
    nothing_twice
}

@test "agents killed at any moment, also before the answer: no duplicates, and the spool is emptied" {
    server_start 2
    for n in {1..60}; do
        (agent 0 --every 100ms) &
        sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
        kill -KILL $! 2>/dev/null || true
        wait $! || true
        [ $((n % 10)) != 5 ] || kill -STOP "$SERVER" # nobody answers: records pile up
        [ $((n % 10)) != 8 ] || kill -CONT "$SERVER"
    done
    kill -CONT "$SERVER"
    (agent 0)
    wait_until 5 spools_empty
    nothing_twice
    [ "$(ids | wc -l)" -gt 20 ]
}

@test "--check against a real collector: 0 and nothing stored; 77 with another token" {
    server_start 1
    (agent 0 --check)
    grep -qx "ok collector $URL/healthz" "$T/out-0"
    grep -qx "ok token accepted" "$T/out-0"
    (agent 1 --check --format record --url "$URL/api/v1/record")
    [ -z "$(find "$RECORDS" -type f)" ]
    (umask 077 && echo another-token >"$T/token")
    status=0
    (agent 2 --check) || status=$?
    [ "$status" = 77 ]
    grep -q 'step=token status=401' "$T/err-2"
}

# listings: the files of uuid agent-0.
listings() { find "$RECORDS/record" -name 'agent-0_*.json' 2>/dev/null; }
spooled() { find "$T/spool-0" -name '*.gz' | grep -q .; }
at_least() { [ "$(listings | wc -l)" -ge "$1" ]; }

@test "listings: undelivered ones arrive one by one, each once; the newest equals what was printed" {
    make_config test_api=true
    server_start 2
    for n in 1 2 3; do
        (agent 0 --format record --url http://127.0.0.1:1/api/v1/record) || [ $? = 75 ]
    done
    [ "$(find "$T/spool-0" -name '*.record.gz' | wc -l)" = 3 ]
    (agent 0 --format record --url "$URL/api/v1/record") # the last --url counts
    [ "$(listings | wc -l)" = 4 ]
    find "$T/spool-0" -name '*.gz*' | run ! grep .
    http -H "Authorization: Bearer $READ_TOKEN" "$URL/api/test/count"
    assert_json '.data.count == 4'
    http -H "Authorization: Bearer $READ_TOKEN" "$URL/api/test/latest"
    assert_json '.data.filename | test("/agent-0_[0-9]{10}[.][0-9]{7}[.]json$")'
    assert_json '.data.content | length > 10 and (map(has("memory_info")) | all)'
}

@test "listings: a collector that is killed and restarted: none lost or duplicated" {
    server_start 2
    (agent 0 --format record --url "$URL/api/v1/record" --every 250ms) &
    STAYING=($!)
    PIDS+=($!)
    wait_until 60 at_least 3
    mapfile -t workers < <(server_workers)
    kill -KILL "${workers[@]}" "$SERVER"
    wait_until 60 spooled
    free_port() { echo "$PORT"; }
    server_start 2
    wait_until 120 spools_empty
    end_agents
    spools_empty || (agent 0 --format record --url "$URL/api/v1/record")
    run ! grep -hE 'not kept|spool_dropped|set_aside' "$T"/err-*
    [ "$(grep -c ^delivered "$T/out-0")" = "$(listings | wc -l)" ]
}
