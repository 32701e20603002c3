#!/usr/bin/env bats
# Ten agents at short intervals against a real collector that goes away, and agents that are killed:
# nothing lost, nothing twice.
# shellcheck disable=SC2030,SC2031,SC2317

load ../lib/helper

AGENT=$ROLLCALL_BUILD/rollcall-agent
AGENTS=10

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
        agent "$n" --every 250ms &
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

@test "ten agents, a collector that is killed and comes back: nothing lost, nothing twice" {
    server_start 2
    start_agents
    wait_until 60 all_delivered 3
    mapfile -t workers < <(server_workers)
    kill -KILL "${workers[@]}" "$SERVER"
    wait_until 60 all_spooled
    free_port() { echo "$PORT"; }
    server_start 2
    wait_until 120 spools_empty
    end_agents
    wait_until 5 spools_empty || { # the last beats may have been spooled behind a pause
        for ((n = 0; n < AGENTS; n++)); do (agent "$n") || fail "agent $n: $(tail -n 1 "$T/err-$n")"; done
        spools_empty
    }
    run ! grep -hE 'not kept|spool_dropped|set_aside' "$T"/err-*
    # Each record was acknowledged once, and each acknowledged one is there.
    acknowledged=$(cat "$T"/out-* | sed -n 's/^delivered .* records=\([0-9]*\).*/\1/p; t; s/^delivered .*/1/p' | awk '{ n += $1 } END { print n }')
    stored=$(ids | wc -l)
    [ "$acknowledged" = "$stored" ] || fail "$acknowledged acknowledged, $stored stored"
    nothing_twice
}

@test "agents killed at any moment, also between sending and the answer: nothing twice, the spool is emptied" {
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

# listings: the files of uuid agent-0.
listings() { find "$RECORDS/record" -name 'agent-0_*.json' 2>/dev/null; }
spooled() { find "$T/spool-0" -name '*.gz' | grep -q .; }
at_least() { [ "$(listings | wc -l)" -ge "$1" ]; }

@test "listings: what could not be delivered arrives one by one, and once; the newest is what was printed" {
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

@test "listings: a collector that is killed and comes back: none lost, none twice" {
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
