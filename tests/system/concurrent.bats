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
