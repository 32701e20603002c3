#!/usr/bin/env bats
# What the next writer must not cut, what it must, and what the programs must not do to others' files.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

# four: four stored records; $J and $C are their files.
four() {
    for i in 1 2 3 4; do
        post_with ".id = \"r$i\""
        assert_status 200
    done
    J=$(json_file) C=$(csv_file)
}

# untouched: the last request was refused, and both files are as they were copied to $T/J and $T/C.
keep_copies() { cp "$J" "$T/J" && cp "$C" "$T/C"; }
untouched() {
    assert_status 500
    cmp "$T/J" "$J"
    cmp "$T/C" "$C"
    grep -q 'event=file_not_ours' "$T/err"
}

@test "a day file that was saved in another encoding is not touched" {
    for encoding in UTF-16 UTF-32; do
        four
        iconv -t "$encoding" "$J" >"$T/other" && cat "$T/other" >"$J"
        keep_copies
        post "$T/record.json"
        untouched
        rm -r "$RECORDS"
    done
}

@test "a compressed or binary file under a day file's name is not touched" {
    four
    gzip -c "$J" >"$T/other" && cat "$T/other" >"$J"
    keep_copies
    post "$T/record.json"
    untouched
    head -c 100000 "$HANDLER" >"$J"
    keep_copies
    post "$T/record.json"
    untouched
}

@test "a file of one line without an end that does not start like ours is not touched" {
    four
    printf 'notes' >"$J"
    keep_copies
    post "$T/record.json"
    untouched
}

@test "a refusal because of the CSV file leaves the JSON file alone, too" {
    four
    printf '{"torn' >"$J"
    keep_copies
    post "$T/record.json"
    untouched
}

@test "lines that a power loss turned into NUL bytes are cut, those before them stay" {
    four
    size=$(stat -c %s "$J")
    start=$(head -n 3 "$J" | wc -c)
    dd if=/dev/zero of="$J" bs=1 seek=$((start + 40)) count=100 conv=notrunc status=none
    touch -d '400 days ago' "$J"
    post "$T/record.json"
    assert_status 200
    [ "$(wc -l <"$J")" = 4 ]
    grep -q 'event=healed' "$T/err"
    check_store
}

@test "rows of several lost lines are truncated only in files older than the boot" {
    four
    head -n 2 "$J" >"$T/two" && cat "$T/two" >"$J"
    keep_copies
    post "$T/record.json"
    assert_status 500
    grep -q 'event=file_not_ours .*rows of several requests' "$T/err"
    untouched
    touch -d '400 days ago' "$J" "${J%json}csv"
    post "$T/record.json"
    assert_status 200
    [ "$(wc -l <"$J")" = 3 ]
    check_store
}

@test "a resend whose copy of yesterday was damaged by a power loss is stored again" {
    at "2026-11-20 23:50:00"
    post_with '.id = "a"'
    post_with '.id = "b" | .pad = ("x" * 9000)'
    J=$(json_file)
    dd if=/dev/zero of="$J" bs=1 seek=2000 count=4096 conv=notrunc status=none
    touch -d '400 days ago' "$J"
    at "2026-11-21 00:05:00"
    post_with '.id = "b" | .pad = ("x" * 9000)' HTTP_ROLLCALL_RETRY=3600
    assert_status 200
    assert_json '.data.records == 1 and .data.duplicates == 0'
    post_with '.id = "a"' HTTP_ROLLCALL_RETRY=3600
    assert_json '.data.records == 0 and .data.duplicates == 1 and .data.date == "2026-11-20"'
}

@test "a resend is known although yesterday's CSV file is gone, and the CSV file is made anew" {
    at "2026-11-20 23:55:00"
    post_with '.id = "a"'
    rm "$(csv_file)"
    at "2026-11-21 00:05:00"
    post_with '.id = "a"' HTTP_ROLLCALL_RETRY=3600
    assert_status 200
    assert_json '.data.duplicates == 1 and .data.date == "2026-11-20"'
    [ "$(find "$RECORDS" -name '*.json' | wc -l)" = 1 ]
    check_store
}

@test "rebuild-csv makes nothing of files that are not the store's, nor of a day without a line" {
    printf '{"a":1}' >"$T/foo.json"
    echo mine >"$T/foo.csv"
    run "$VERIFY" --rebuild-csv "$T/foo.json"
    [ "$status" = 1 ]
    [ "$(cat "$T/foo.csv")" = mine ]
    four
    : >"$J"
    cp "$C" "$T/C"
    run "$VERIFY" --rebuild-csv "$J"
    [ "$status" = 1 ]
    cmp "$T/C" "$C"
}

@test "--check makes nothing" {
    run env ROLLCALL_CONFIG="$T/handler.json" "$HANDLER" --check
    [ "$status" = 0 ]
    [ ! -e "$RECORDS" ]
    : >"$RECORDS"
    run env ROLLCALL_CONFIG="$T/handler.json" "$HANDLER" --check
    [ "$status" = 78 ]
}

@test "a NUL byte in the tokens file hides no line behind it, and is logged" {
    { printf '\0\n'; echo "$(sha256 other) ingest # other"; } >>"$T/tokens"
    post "$T/record.json" "HTTP_AUTHORIZATION=Bearer other"
    assert_status 200
    grep -q 'event=tokens_line_skipped line=3' "$T/err"
}

@test "with only descriptor 0 open the log does not get into the answers" {
    ROLLCALL_CONFIG=$T/handler.json spawn-fcgi -n -s "$T/sock" -- \
        /bin/sh -c "exec \"$HANDLER\" >&- 2>&-" 3>&- &
    PIDS+=($!)
    wait_until 10 test -S "$T/sock"
    "$PYTHON" - "$T/sock" <<'P'
import socket, struct, sys
def pair(k, v): return bytes([len(k), len(v)]) + k + v
def rec(kind, data): return struct.pack(">BBHHBB", 1, kind, 1, len(data), 0, 0) + data
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
s.sendall(rec(1, struct.pack(">HB5x", 1, 0)) + rec(4, pair(b"REQUEST_METHOD", b"GET") + pair(b"PATH_INFO", b"/nowhere")) + rec(4, b"") + rec(5, b""))
out = b""
while True:
    part = s.recv(65536)
    if not part: break
    out += part
assert b"Status: 404" in out, out
assert b"event=" not in out, out
assert out[0] == 1, out
P
}

@test "SIGTERM, SIGINT and SIGUSR1 end a waiting worker with 0 and without a word" {
    for signal in TERM INT USR1; do
        rm -f "$T/sock" "$T/log"
        (
            trap - INT
            ROLLCALL_CONFIG=$T/handler.json exec spawn-fcgi -n -s "$T/sock" -- "$HANDLER"
        ) 3>&- 2>"$T/log" &
        pid=$!
        PIDS+=("$pid")
        wait_until 10 test -S "$T/sock"
        wait_until 10 grep -q rollcall-handler "/proc/$pid/cmdline"
        wait_until 10 grep -qE '^SigCgt:.*[4-7c-f].{3}$' "/proc/$pid/status"
        kill -s "$signal" "$pid"
        code=0
        wait "$pid" || code=$?
        [ "$code" = 0 ]
        [ ! -s "$T/log" ]
    done
}

@test "SIGTERM ends a worker that waits on a connection the web server keeps" {
    ROLLCALL_CONFIG=$T/handler.json spawn-fcgi -n -s "$T/sock" -- "$HANDLER" 3>&- 2>"$T/log" &
    pid=$!
    PIDS+=("$pid")
    wait_until 10 test -S "$T/sock"
    "$PYTHON" - "$T/sock" "$pid" <<'P'
import os, select, signal, socket, struct, sys
def pair(k, v): return bytes([len(k), len(v)]) + k + v
def rec(kind, data): return struct.pack(">BBHHBB", 1, kind, 1, len(data), 0, 0) + data
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
s.sendall(rec(1, struct.pack(">HB5x", 1, 1)) + rec(4, pair(b"REQUEST_METHOD", b"GET") + pair(b"PATH_INFO", b"/nowhere")) + rec(4, b"") + rec(5, b""))
out = b""
while b"\x01\x03\x00\x01" not in out:      # END_REQUEST: the connection stays
    out += s.recv(65536)
os.kill(int(sys.argv[2]), signal.SIGTERM)
assert select.select([s], [], [], 20)[0] and s.recv(1) == b"", "still there"
P
    wait_until 10 gone "$pid"
}
