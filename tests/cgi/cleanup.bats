#!/usr/bin/env bats
# rollcall-cleanup removes old days, and nothing else.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

CLEANUP=$ROLLCALL_BUILD/rollcall-cleanup

setup() {
    rollcall_setup
    DATA=$RECORDS/data LISTINGS=$RECORDS/record
    make_config keep_days=3 keep_listing_days=7
    for days in 0 3 4 8; do store "$days"; done
    at now
}
teardown() { rollcall_teardown; }

day() { date -u -d "$1 days ago" +%F; }

# store DAYS: a record and a listing of so many days ago.
store() {
    at "$(day "$1") 12:00:00"
    post "$T/record.json"
    echo '{"uuid":"u","timestamp":"'"$1"'","data":[]}' >"$T/listing"
    cgi POST /api/v1/record "$T/listing"
    assert_status 200
}

cleanup() { run env ROLLCALL_CONFIG="$T/handler.json" "$CLEANUP" "$@"; }

@test "days older than the configuration keeps are removed, records and listings apart" {
    cleanup
    [ "$status" = 0 ]
    [ "$(ls "$DATA")" = "$(day 3)"$'\n'"$(day 0)" ]
    [ "$(ls "$LISTINGS")" = "$(day 4)"$'\n'"$(day 3)"$'\n'"$(day 0)" ]
    check_store
}

@test "a second run has nothing to do" {
    cleanup
    cleanup
    [ "$status" = 0 ]
    [ "$output" = "removed 0 days, 0 files, 0 bytes" ]
}

@test "--dry-run says the same and removes nothing" {
    before=$(find "$RECORDS" | sort)
    cleanup --dry-run
    [ "$status" = 0 ]
    [[ $output == *"data/$(day 4): would remove 2 files"* ]]
    [[ $output == *"would remove 3 days, 5 files"* ]]
    [ "$(find "$RECORDS" | sort)" = "$before" ]
}

@test "with keep_days 0, the default, records are kept for ever" {
    make_config
    cleanup
    [ "$(find "$DATA" -mindepth 1 -type d | wc -l)" = 4 ]
    [ "$(find "$LISTINGS" -mindepth 1 -type d | wc -l)" = 3 ]
}

@test "with an archive configured, a day of records that is not known to be shipped is kept" {
    make_config keep_days=3 's3={"bucket":"b"}'
    cleanup
    [ "$status" = 0 ]
    [ "$(find "$DATA" -mindepth 1 -type d | wc -l)" = 4 ]
}

@test "what rollcall does not write stays, is named, and keeps its day" {
    mkdir "$DATA/$(day 8)/mine"
    echo keep >"$DATA/$(day 8)/notes.txt"
    echo keep >"$DATA/1999-01-01"
    mkdir "$DATA/1999-13-01" "$DATA/old"
    cleanup
    [ "$(cat "$DATA/$(day 8)/notes.txt")" = keep ]
    [ -d "$DATA/$(day 8)/mine" ] && [ -d "$DATA/1999-13-01" ] && [ -d "$DATA/old" ]
    [ -f "$DATA/1999-01-01" ]
    [[ $output == *"notes.txt: not written by rollcall; left in place"* ]]
    [ -z "$(find "$DATA/$(day 8)" -name '127*')" ]
}

@test "symbolic links are not followed" {
    mkdir -p "$T/outside/2001-01-01"
    cp "$DATA/$(day 8)"/* "$T/outside/2001-01-01/"
    ln -s "$T/outside/2001-01-01" "$DATA/2001-01-01"
    ln -s "$T/outside/2001-01-01/127.0.0.1_$(day 8).json" "$DATA/$(day 8)/127.0.0.2_$(day 8).json"
    cleanup
    [ "$(find "$T/outside" -type f | wc -l)" = 2 ]
}

@test "files of another day in an old day's directory stay" {
    for name in 10.0.0.7_$(day 0).json 10.0.0.7_$(day 0).csv u_1.json; do
        echo keep >"$DATA/$(day 8)/$name"
    done
    echo keep >"$LISTINGS/$(day 8)/10.0.0.7_$(day 8).json"
    cleanup
    [ "$status" = 0 ]
    [[ $output == *"10.0.0.7_$(day 0).json: not written by rollcall; left in place"* ]]
    [ "$(cat "$DATA/$(day 8)"/*)" = $'keep\nkeep\nkeep' ]
    [ "$(ls "$LISTINGS/$(day 8)")" = "10.0.0.7_$(day 8).json" ]
}

@test "a file that cannot be locked is an error, not a file in use" {
    cc -shared -fPIC -O1 -o "$T/fault.so" "$REPO/tests/fault/listing-fault.c" -ldl
    run env LD_PRELOAD="$T/fault.so" FLOCK_ERROR=1 ROLLCALL_CONFIG="$T/handler.json" "$CLEANUP"
    [ "$status" = 1 ]
    [[ $output == *"127.0.0.1_$(day 8).json: No locks available"* ]]
    [ -f "$DATA/$(day 8)/127.0.0.1_$(day 8).json" ]
}

@test "where only files open for writing can be locked, as on NFS, old days are removed" {
    cc -shared -fPIC -O1 -o "$T/fault.so" "$REPO/tests/fault/listing-fault.c" -ldl
    run env LD_PRELOAD="$T/fault.so" FLOCK_EBADF=1 ROLLCALL_CONFIG="$T/handler.json" "$CLEANUP"
    [ "$status" = 0 ]
    [ "$(ls "$DATA")" = "$(day 3)"$'\n'"$(day 0)" ]
}

@test "one day, one file and one byte are singular" {
    rm -r "$LISTINGS" "$DATA/$(day 4)" "${DATA:?}/$(day 8)"/*.csv
    echo -n x >"$DATA/$(day 8)/127.0.0.1_$(day 8).json"
    cleanup
    [ "${lines[0]}" = "data/$(day 8): removed 1 file, 1 byte" ]
    [ "${lines[1]}" = "removed 1 day, 1 file, 1 byte" ]
}

@test "a day that another process uses is left, named, and not counted as removed" {
    mkdir "$DATA/$(day 8)/.nfs0001"
    cleanup
    [ "$status" = 0 ]
    [[ $output == *"data/$(day 8): in use; left for the next run"* ]]
    [[ $output == *"removed 2 days, 5 files"* ]]
    rmdir "$DATA/$(day 8)/.nfs0001"
    cleanup
    [[ $output == *"removed 1 day, 0 files, 0 bytes"* ]]
}

@test "a file that a writer holds is left for the next run" {
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

@test "a writer that meets the clean-up loses nothing" {
    make_config keep_days=3
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

@test "a listing that meets the clean-up is stored" {
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

@test "what a killed process left is removed with its day" {
    touch "$LISTINGS/$(day 8)/.new-1-1" "$DATA/$(day 8)/.csv-77"
    cleanup
    [ ! -e "$LISTINGS/$(day 8)" ] && [ ! -e "$DATA/$(day 8)" ]
}

@test "a hundred thousand listings are removed" {
    mkdir -p "$LISTINGS/2001-01-01"
    (cd "$LISTINGS/2001-01-01" && seq -f 'a9201032-1e1f-40a2-8995-8472a76dd7d2_%.0f.json' 100000 | xargs touch)
    cleanup
    [ "$status" = 0 ]
    [ ! -e "$LISTINGS/2001-01-01" ]
    [[ $output == *"record/2001-01-01: removed 100000 files"* ]]
}

@test "no records directory yet is nothing to do; bad configuration is 78; wrong usage is 64" {
    rm -r "$RECORDS"
    cleanup
    [ "$status" = 0 ]
    cleanup --frist
    [ "$status" = 64 ]
    echo '{}' >"$T/handler.json"
    cleanup
    [ "$status" = 78 ]
    [ "${#lines[@]}" = 1 ]
    for option in --help -h; do
        cleanup "$option"
        [ "$status" = 0 ]
        [[ $output == "usage: rollcall-cleanup"* ]]
    done
    for option in --version -V; do
        cleanup "$option"
        [ "$status" = 0 ]
        [[ $output =~ ^rollcall-cleanup\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    done
}
