#!/usr/bin/env bats
# Several processes at the same files: clean-up, rollcall-verify and writers.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

CLEANUP=$ROLLCALL_BUILD/rollcall-cleanup

setup() {
    rollcall_setup
    DATA=$RECORDS/data
    make_config keep_days=3
}
teardown() { rollcall_teardown; }

# locked FILE: another process has locked it.
locked() { ! flock -n "$1" true; }

day() { date -u -d "$1 days ago" +%F; }

cleanup() { run env ROLLCALL_CONFIG="$T/handler.json" "$CLEANUP"; }

@test "cleanup: a file that a writer holds is left for the next run" {
    at "$(day 8) 12:00:00"
    post "$T/record.json"
    at now
    file=$DATA/$(day 8)/127.0.0.1_$(day 8).json
    exec 7<"$file"
    flock -x 7
    cleanup
    [ -f "$file" ] && [ -f "${file%json}csv" ]
    [[ $output == *"in use; left for the next run"* ]]
    exec 7<&-
    cleanup
    [ ! -e "$DATA/$(day 8)" ]
}

@test "cleanup: a writer that runs beside the clean-up loses nothing" {
    post "$T/record.json"
    mkdir -p "$T/acks"
    (
        for i in $(seq 30); do
            cgi POST /data "$T/record.json"
            [ "$STATUS" = 200 ] && touch "$T/acks/$i"
        done
    ) 3>&- &
    writer=$!
    while kill -0 "$writer" 2>/dev/null; do
        env ROLLCALL_CONFIG="$T/handler.json" "$CLEANUP" --quiet
    done
    wait "$writer"
    [ "$(find "$T/acks" -type f | wc -l)" = 30 ]
    [ "$(wc -l <"$DATA/$(day 0)/127.0.0.1_$(day 0).json")" = 31 ]
    check_store
}

@test "cleanup: a listing that is posted beside the clean-up is stored" {
    make_config keep_listing_days=1
    # The handler's day is one that the clean-up removes, again and again.
    at "$(day 2) 12:00:00"
    (
        for i in $(seq 30); do
            echo '{"uuid":"u","timestamp":"'"$i"'","data":[]}' >"$T/listing"
            cgi POST /api/v1/record "$T/listing"
            echo "$STATUS" >>"$T/statuses"
        done
    ) 3>&- &
    writer=$!
    while kill -0 "$writer" 2>/dev/null; do
        env ROLLCALL_CONFIG="$T/handler.json" "$CLEANUP" --quiet 2>>"$T/cleanup-errors"
    done
    wait "$writer"
    [ "$(sort "$T/statuses" | uniq -c | xargs)" = "30 200" ]
}

@test "verify: the torn end of a writer at work is a note, not a problem" {
    post "$T/record.json"
    J=$(json_file)
    printf '{"half":' >>"$J"
    flock "$J" sleep 60 3>&- &
    PIDS+=($!)
    wait_until 10 locked "$J"
    run "$VERIFY" "$RECORDS"
    [ "$status" = 0 ] || fail "exit $status: $output"
    [[ $output == *"$(basename "$J")"* ]]
}

@test "listing: many writers of one listing leave one file and each is answered 200" {
    printf '{"uuid":"u","timestamp":"1","data":[{"pid":1}]}' >"$T/one"
    for i in $(seq 16); do
        (
            T=$T/$i && mkdir -p "$T" && cp "$BATS_TEST_TMPDIR/handler.json" "$T/"
            cgi POST /api/v1/record "$BATS_TEST_TMPDIR/one" && echo "$STATUS" >"$T/status"
        ) 3>&- &
    done
    wait
    [ "$(cat "$T"/*/status | sort | uniq -c | xargs)" = "16 200" ]
    [ "$(find "$RECORDS/record" -type f | wc -l)" = 1 ]
}

@test "cleanup: workers whose day is removed again and again answer each record and listing with 200" {
    clock_env "$(day 3) 12:00:00"
    "$PYTHON" - "$CLEANUP" "${CLOCK[@]}" <<'END'
import json, os, subprocess, sys, threading
import rig
site = rig.Site(sync=False, keep_days=1, keep_listing_days=1)
env = {"ASAN_OPTIONS": os.environ["ASAN_OPTIONS"], **dict(pair.split("=", 1) for pair in sys.argv[3:])}
workers = [rig.Worker(site, env=env) for _ in range(3)]
refused, errors, done = [], [], threading.Event()

def client(n):
    for k in range(150):
        worker = workers[(n + k) % 3]
        if n % 2:
            body, path = {"uuid": f"c{n}", "timestamp": str(k), "data": []}, "/api/v1/record"
        else:
            body, path = rig.base_record(id=f"{n}-{k}"), "/data"
        reply = worker.request(json.dumps(body).encode(), path=path, REMOTE_ADDR=f"10.0.0.{n}")
        if reply.status != 200:
            refused.append(reply)

def cleaner():
    while not done.is_set():
        run = subprocess.run([sys.argv[1], "--quiet"], stderr=subprocess.PIPE, check=False,
                             env=rig.environment(ROLLCALL_CONFIG=site.config))
        if run.returncode != 0:
            errors.append(run.stderr)

try:
    clients = [threading.Thread(target=client, args=(n,)) for n in range(6)]
    cleaners = [threading.Thread(target=cleaner) for _ in range(2)]
    for t in clients + cleaners:
        t.start()
    for t in clients:
        t.join()
    done.set()
    for t in cleaners:
        t.join()
    assert not refused, (len(refused), refused[:2], site.log_text()[-500:])
    assert not errors, errors[:2]
finally:
    done.set()
    for w in workers:
        w.stop()
    site.remove()
END
}
