#!/usr/bin/env bats
# rollcall-cleanup on file systems whose locks fail or work as those of NFS.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

CLEANUP=$ROLLCALL_BUILD/rollcall-cleanup

setup() {
    rollcall_setup
    DATA=$RECORDS/data
    make_config keep_days=3
    for days in 0 3 8; do
        at "$(day "$days") 12:00:00"
        post "$T/record.json"
    done
    at now
}
teardown() { rollcall_teardown; }

day() { date -u -d "$1 days ago" +%F; }

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

@test "verify: a torn end is a problem also where the file cannot be locked" {
    post "$T/record.json"
    cc -shared -fPIC -O1 -o "$T/fault.so" "$REPO/tests/fault/listing-fault.c" -ldl
    printf '{"half":' >>"$(json_file)"
    run -1 env LD_PRELOAD="$T/fault.so" FLOCK_ERROR=1 "$ROLLCALL_BUILD/rollcall-verify" "$RECORDS"
    [[ $output == *"8 bytes after the last commit; cannot lock the file: No locks available"* ]]
}
