#!/usr/bin/env bats
# What a dead writer left behind is undone by the next one; what is not ours is never touched.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() {
    rollcall_setup
    post "$T/record.json"
    post_with '.id = "second" | .processes = [{pid: 1}, {pid: 2}]'
    assert_status 200
    J=$(json_file)
    C=$(csv_file)
    cp "$J" "$T/j"
    cp "$C" "$T/c"
}
teardown() { rollcall_teardown; }

# healed SEQ: the next record is stored as line SEQ, the store is whole, and the log says so.
healed() {
    : >"$T/log"
    post "$T/record.json"
    assert_status 200
    assert_json ".data.seq == $1"
    check_store
    verify
    grep -qi heal "$T/log" || fail "the log does not speak of healing"
}

# untouched: 500, the files are byte for byte what they were, the log names file and offset.
untouched() {
    local before
    before=$(sha256sum "$J" "$C" 2>/dev/null || true)
    : >"$T/log"
    post "$T/record.json"
    assert_status 500
    [ "$(sha256sum "$J" "$C" 2>/dev/null || true)" = "$before" ] || fail "touched"
    grep -q "127.0.0.1_" "$T/log" || fail "the log does not name the file"
}

@test "nothing to heal: nothing is said" {
    : >"$T/log"
    post "$T/record.json"
    assert_json '.data.seq == 3'
    run ! grep -qi heal "$T/log"
}

@test "a torn line is cut off" {
    printf '{"half":' >>"$J"
    healed 3
}

@test "a line without its newline was never committed" {
    truncate -s -1 "$J"
    healed 2
}

@test "a torn line with CSV rows of its own is cut off in both files" {
    head -c 300 "$T/j" >>"$J"
    tail -n 1 "$T/c" >>"$C"
    healed 3
}

@test "NUL bytes at the end are cut off" {
    head -c 4096 /dev/zero >>"$J"
    healed 3
}

@test "NUL bytes behind a torn line are cut off" {
    printf '{"half":"x' >>"$J"
    head -c 5000 /dev/zero >>"$J"
    healed 3
}

@test "NUL bytes at the end of the CSV file are cut off" {
    head -c 4096 /dev/zero >>"$C"
    healed 3
}

@test "a megabyte of torn bytes is cut off" {
    head -c 1000000 /dev/zero | tr '\0' x >>"$J"
    healed 3
}

@test "the lines of a batch without its last are cut off" {
    for i in 1 2 3; do record ".n = $i"; done | post - CONTENT_TYPE=application/x-ndjson
    assert_status 200
    head -n 4 "$J" >"$T/cut" && cat "$T/cut" >"$J"
    healed 3
    [ "$(lines_stored)" = 3 ]
}

@test "the lines of a batch with a torn last line are cut off" {
    for i in 1 2 3; do record ".n = $i"; done | post - CONTENT_TYPE=application/x-ndjson
    truncate -s -20 "$J"
    healed 3
}

@test "a batch of which only its first line is there is cut off" {
    for i in {1..50}; do record ".n = $i"; done | post - CONTENT_TYPE=application/x-ndjson
    head -n 3 "$J" >"$T/cut" && cat "$T/cut" >"$J"
    healed 3
}

@test "CSV rows beyond csv_end are cut off" {
    tail -n 1 "$T/c" >>"$C"
    healed 3
}

@test "a torn CSV row is cut off" {
    printf '"2026-' >>"$C"
    healed 3
}

@test "a CSV file that is shorter is rebuilt" {
    truncate -s -30 "$C"
    post "$T/record.json"
    assert_status 200
    check_store
    cmp -n "$(stat -c %s "$T/c")" "$T/c" "$C"
}

@test "a CSV file that is gone is rebuilt" {
    rm "$C"
    post "$T/record.json"
    assert_status 200
    check_store
    cmp -n "$(stat -c %s "$T/c")" "$T/c" "$C"
}

@test "an empty CSV file is rebuilt" {
    : >"$C"
    post "$T/record.json"
    assert_status 200
    check_store
    cmp -n "$(stat -c %s "$T/c")" "$T/c" "$C"
}

# first: an address whose only record is about to be torn, as when its writer died in the first request
# of the day: rows are written before the line.
first() {
    for i in 1 2 3; do record ".id = \"f$i\""; done | post - CONTENT_TYPE=application/x-ndjson REMOTE_ADDR=127.0.0.9
    assert_status 200
    J=$(json_file 127.0.0.9)
    C=$(csv_file 127.0.0.9)
}

healed_first() {
    post "$T/record.json" REMOTE_ADDR=127.0.0.9
    assert_status 200
    assert_json '.data.seq == 1'
    check_store
    verify
}

@test "rows of the first request whose line was never written are cut off" {
    first
    : >"$J"
    healed_first
}

@test "a CSV file with a torn header and an empty JSON file begin anew" {
    first
    : >"$J"
    truncate -s 50 "$C"
    healed_first
}

@test "a first line that is torn is cut off with its rows" {
    first
    truncate -s 30 "$J"
    healed_first
}

@test "a first batch without its last line is cut off with its rows" {
    first
    head -n 2 "$J" >"$T/cut" && cat "$T/cut" >"$J"
    healed_first
}

@test "NUL bytes instead of the first line are cut off with its rows" {
    first
    head -c 8192 /dev/zero >"$J"
    healed_first
}

@test "an empty JSON file whose CSV file is gone begins anew" {
    first
    : >"$J"
    rm "$C"
    healed_first
}

@test "the resend of a torn record is stored once" {
    truncate -s -5 "$J"
    post_with '.id = "second"'
    assert_status 200
    assert_json '.data.records == 1 and .data.seq == 2'
    check_store
}

@test "a whole foreign line at the end is never touched" {
    echo 'hello' >>"$J"
    untouched
    grep -q "$(stat -c %s "$T/j")" "$T/log" || fail "the log does not name the offset"
}

@test "a foreign JSON line at the end is never touched" {
    echo '{"a":1}' >>"$J"
    untouched
}

@test "a foreign line behind which something is torn is never touched" {
    printf 'hello\n{"half' >>"$J"
    untouched
}

@test "a foreign file is never touched" {
    printf 'hello\nworld\n' >"$J"
    untouched
}

@test "a line of a later program's format is never touched" {
    jq -c '.rollcall.new = 1' "$T/j" >"$J"
    untouched
}

@test "an editor's blank line at the end is never touched" {
    echo >>"$J"
    untouched
}

@test "a CSV file that cannot be the right one is not mended silently: what is stored stays right" {
    printf 'x%.0s' {1..50} | dd of="$C" conv=notrunc status=none
    post "$T/record.json"
    case $STATUS in
        200) tail -c +"$(($(stat -c %s "$T/c") + 1))" "$C" | grep -q . ;;
        500) ;;
        *) fail "status $STATUS" ;;
    esac
    run "$VERIFY" "$RECORDS"
    [ "$status" = 1 ]
}

@test "a symlink in place of the JSON file is 500 and its target is untouched" {
    mv "$J" "$T/target"
    ln -s "$T/target" "$J"
    untouched
    [ -L "$J" ]
}

@test "a symlink in place of the CSV file is 500 and its target is untouched" {
    mv "$C" "$T/target"
    ln -s "$T/target" "$C"
    untouched
    [ -L "$C" ]
}

@test "a dangling symlink in place of the JSON file makes no file elsewhere" {
    rm "$J"
    ln -s "$T/elsewhere" "$J"
    post "$T/record.json"
    assert_status 500
    [ ! -e "$T/elsewhere" ]
}

@test "a FIFO in place of the JSON file is 500 and no hang" {
    rm "$J"
    mkfifo "$J"
    post "$T/record.json"
    assert_status 500
}

@test "a FIFO in place of the CSV file is 500 and no hang" {
    rm "$C"
    mkfifo "$C"
    post "$T/record.json"
    assert_status 500
    cmp "$J" "$T/j"
}

@test "a directory in place of the JSON file is 500" {
    rm "$J"
    mkdir "$J"
    post "$T/record.json"
    assert_status 500
}

@test "a JSON file with a second name is 500 and untouched" {
    ln "$J" "$T/second-name"
    untouched
}

@test "a CSV file with a second name is 500 and untouched" {
    ln "$C" "$T/second-name"
    untouched
}

@test "a bad file of one address does not stop another" {
    echo hello >>"$J"
    post "$T/record.json" REMOTE_ADDR=127.0.0.2
    assert_status 200
}
