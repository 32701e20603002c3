#!/usr/bin/env bats
# What a worker may still do once it is confined (handler/confine.h), under a real lighttpd. What
# works confined is shown by all the other tests: they run with the default, "confine": true.
# shellcheck disable=SC2030,SC2031,SC2153,SC2154

load ../lib/helper

setup() {
    [ -n "$(landlock)" ] || skip "n/a: this kernel has no Landlock"
    rollcall_setup
    MOUNTED=''
    cc -shared -fPIC -O1 -o "$T/told.so" "$BATS_TEST_DIRNAME/confine-told.c"
    mkdir "$T/outside"
    PROGRAM=$HANDLER
    printf '#!/bin/sh\nTOLD=%s TOLD_RECORDS=%s TOLD_OUTSIDE=%s LD_PRELOAD=%s exec %s\n' "$T/said" \
        "$RECORDS" "$T/outside" "$T/told.so" "$PROGRAM" >"$T/handler"
    chmod 755 "$T/handler"
    HANDLER=$T/handler
}

teardown() {
    rollcall_teardown
    [ -z "$MOUNTED" ] || umount -l "$MOUNTED"
}

send() { http_post "$T/record.json"; }

landlock() {
    "$PYTHON" -c 'import ctypes; version = ctypes.CDLL(None).syscall(444, None, 0, 1); print(version if version > 0 else "")'
}

# told: what the worker said after it was told to misbehave.
told() {
    kill -USR2 "$(server_workers)"
    wait_until 20 grep -q '^exec: ' "$T/said"
    cat "$T/said"
}

@test "a confined worker can write its records, and nothing else" {
    server_start 1
    send
    assert_status 200
    run -0 told
    diff - <(echo "$output") <<'END'
read passwd: Permission denied
write outside: Permission denied
mkdir outside: Permission denied
read proc: Permission denied
write records: done
set times: done
socket: Function not implemented
connect: Function not implemented
fork: Function not implemented
exec: Function not implemented
END
    send
    assert_status 200
    check_store
    run ! grep -q not_confined "$T/run/handler.log"
}

@test "\"confine\": false leaves the worker as it is" {
    make_config confine=false
    server_start 1
    grep -qx 'Seccomp:	0' "/proc/$(server_workers)/status"
    kill -USR2 "$(server_workers)"
    wait_until 20 grep -q '^fork: ' "$T/said"
    for what in 'read passwd' 'write outside' 'mkdir outside' socket fork; do
        grep -qx "$what: done" "$T/said" || fail "$what: $(cat "$T/said")"
    done
}

@test "a records directory that is replaced costs one 503 a worker, and the next record is stored there" {
    server_start 1
    send
    assert_status 200
    before=$(server_workers)
    mv "$RECORDS" "$T/old"
    mkdir -m 750 "$RECORDS"
    send
    assert_status 503
    assert_header Retry-After 1
    wait_until 30 stored_again
    [ "$(server_workers)" != "$before" ]
    [ "$(lines_stored)" = 1 ]
    grep -q 'event=records_dir_replaced' "$T/run/handler.log"
}

stored_again() {
    send
    [ "$STATUS" = 200 ]
}

@test "a file system mounted over the records directory is used after one 503" {
    server_start 1
    send
    assert_status 200
    mount -t tmpfs -o size=64m,mode=750 tmpfs "$RECORDS"
    MOUNTED=$RECORDS
    # The handler keeps 64 MiB free by default.
    make_config min_free_bytes=0
    send
    assert_status 503
    wait_until 30 stored_again
    [ "$(lines_stored)" = 1 ]
}

@test "a kernel without both says so in the log, and serves" {
    printf '#!/bin/sh\nexec %s %s %s\n' "$PYTHON" "$BATS_TEST_DIRNAME/confine-old.py" "$PROGRAM" >"$T/handler"
    server_start 1
    send
    assert_status 200
    grep 'event=not_confined' "$T/run/handler.log" | grep -q 'files="Function not implemented"'
}
