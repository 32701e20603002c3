#!/usr/bin/env bats
# rollcall-verify: says yes to what is right, and names file and byte of what is not.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153

load ../lib/helper

# The store of most cases: five records, three of them a batch, made once for the file.
setup_file() {
    # shellcheck disable=SC2031
    export T=$BATS_FILE_TMPDIR/made RECORDS=$BATS_FILE_TMPDIR/made/records PIDS=()
    mkdir "$T"
    make_tokens
    make_config
    for i in 1 2 3; do record ".id = \"b$i\""; done | post - CONTENT_TYPE=application/x-ndjson
    assert_status 200
    cat "$T/body" >"$T/receipts"
    post_with '.id = "fourth" | .processes = [{pid: 1, cmd: "a"}, {pid: 2, cmd: "b"}]'
    { echo; cat "$T/body"; } >>"$T/receipts"
    post_with '.id = "fifth"'
    { echo; cat "$T/body"; } >>"$T/receipts"
}

setup() {
    rollcall_setup
    cp -a "$BATS_FILE_TMPDIR/made/records" "$RECORDS"
    cp "$BATS_FILE_TMPDIR/made/receipts" "$T/receipts"
    J=$(json_file)
    C=$(csv_file)
}
teardown() { rollcall_teardown; }

# sound [ARGS]: exit 0.
sound() {
    run "$VERIFY" "$@" "$RECORDS"
    [ "$status" = 0 ] || fail "exit $status: $output"
}

# damaged FILE OFFSET|- [ARGS]: exit 1, and the file and the first bad byte are named.
damaged() {
    local file=$1 offset=$2
    shift 2
    run "$VERIFY" "$@" "$RECORDS"
    [ "$status" = 1 ] || fail "exit $status: $output"
    [[ $output == *"$(basename "$file")"* ]] || fail "the file is not named: $output"
    [ "$offset" = - ] || [[ $output =~ (^|[^0-9])$offset([^0-9]|$) ]] || fail "byte $offset is not named: $output"
    run ! "$PYTHON" "$LIB/check_store.py" "$RECORDS"
}

line_offset() { head -n "$(($1 - 1))" "$J" | wc -c; }

# overwrite FILE OFFSET TEXT
overwrite() { printf %s "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

@test "a sound store is 0" {
    sound
    check_store
}

@test "a JSON file may be named instead of the directory" {
    run -0 "$VERIFY" "$J"
}

@test "a store of two days and three addresses is 0" {
    post "$T/record.json" REMOTE_ADDR=::1
    at '2026-11-19 12:00:00'
    post "$T/record.json" REMOTE_ADDR=10.0.0.7
    at now
    sound
    check_store
}

@test "a record with everything difficult in it is 0" {
    record '.processes = "PID RSS CMD\n1 5 a\u0000b\nwhat ever \u001b\n2 6 =1+1" | .users = "ü\n\nx"
        | .big = ("x" * 5000) | .hostname = "-h" | .processor = "\u0085\""' >"$T/difficult"
    post "$T/difficult"
    assert_status 200
    sound
}

@test "an empty store is 0" {
    rm -r "$RECORDS/data"
    sound
}

@test "one changed byte in the middle of a line is named" {
    local at
    at=$(($(line_offset 2) + 14))
    overwrite "$J" "$at" X
    damaged "$J" -
}

@test "a changed number in the server's member is named" {
    sed -i '3s/"process_count":1/"process_count":2/' "$J"
    damaged "$J" -
}

@test "a changed chain is named" {
    sed -i '2s/"chain":"./"chain":"g/' "$J"
    damaged "$J" -
}

@test "a removed first line is named at byte 0" {
    sed -i 1d "$J"
    damaged "$J" 0
}

@test "a removed line in the middle is named at its byte" {
    sed -i 4d "$J"
    damaged "$J" "$(line_offset 4)"
}

@test "two lines in another order are named" {
    { sed -n 1,3p "$J"; sed -n 5p "$J"; sed -n 4p "$J"; } >"$T/swapped" && cat "$T/swapped" >"$J"
    damaged "$J" "$(line_offset 4)"
}

@test "a line twice is named" {
    sed -i 5p "$J"
    damaged "$J" "$(wc -c <"$BATS_FILE_TMPDIR/made/records/${J#"$RECORDS"/}")"
}

@test "a line that is no JSON is named at its byte" {
    local at
    at=$(line_offset 5)
    sed -i '5s/^{/[/' "$J"
    damaged "$J" "$at"
}

@test "a foreign line at the end is named at its byte" {
    local at
    at=$(wc -c <"$J")
    echo foreign >>"$J"
    damaged "$J" "$at"
}

@test "a changed CSV cell is named" {
    sed -i '3s/"init"/"exit"/' "$C"
    damaged "$C" -
}

@test "a removed CSV row is named" {
    sed -i 3d "$C"
    damaged "$C" -
}

@test "a CSV file cut short is named" {
    truncate -s -5 "$C"
    damaged "$C" -
}

@test "a CSV file that is gone is named" {
    rm "$C"
    damaged "$C" -
}

@test "a changed CSV header is named" {
    sed -i '1s/pid/pad/' "$C"
    damaged "$C" -
}

@test "a quote lost in the CSV file is named" {
    sed -i '4s/"init"/init/' "$C"
    damaged "$C" -
}

@test "a cut end is a sound store to whoever has no receipt" {
    head -n 4 "$J" >"$T/cut" && cat "$T/cut" >"$J"
    head -n -1 "$C" >"$T/cut" && cat "$T/cut" >"$C"
    sound
}

@test "a cut end shows with --receipts" {
    head -n 4 "$J" >"$T/cut" && cat "$T/cut" >"$J"
    head -n -1 "$C" >"$T/cut" && cat "$T/cut" >"$C"
    run -1 "$VERIFY" --receipts "$T/receipts" "$RECORDS"
    [[ $output == *127.0.0.1* ]]
}

@test "a chain made anew shows with --receipts" {
    rm -r "$RECORDS/data"
    for _ in 1 2 3 4 5; do post "$T/record.json"; done
    sound
    run -1 "$VERIFY" --receipts "$T/receipts" "$RECORDS"
}

@test "a file that is gone shows with --receipts" {
    rm -r "$RECORDS/data"
    run -1 "$VERIFY" --receipts "$T/receipts" "$RECORDS"
}

@test "true receipts are 0" {
    sound --receipts "$T/receipts"
}

@test "a receipt of a duplicate holds, too" {
    post_with '.id = "b3"'
    assert_json '.data.duplicates == 1'
    cat "$T/body" >>"$T/receipts"
    sound --receipts "$T/receipts"
}

@test "a receipts file that is not there is refused" {
    run "$VERIFY" --receipts "$T/none" "$RECORDS"
    [ "$status" != 0 ] && [ "$status" -lt 128 ]
}

@test "a torn tail is said and the records before it are still checked" {
    printf '{"half":' >>"$J"
    run "$VERIFY" "$RECORDS"
    [[ $output == *"$(basename "$J")"* ]]
    [ "$status" = 1 ]
    sed -i '1s/init/exit/' "$J"
    damaged "$J" -
}

@test "lines of a batch without its last are said" {
    head -n 2 "$J" >"$T/cut" && cat "$T/cut" >"$J"
    run "$VERIFY" "$RECORDS"
    [ "$status" = 1 ]
    [[ $output == *"$(basename "$J")"* ]]
}

@test "a tail of a writer at work is a note, not a problem" {
    printf '{"half":' >>"$J"
    flock "$J" sleep 60 3>&- &
    PIDS+=($!)
    wait_until 10 eval '! flock -n "$J" true'
    run "$VERIFY" "$RECORDS"
    [ "$status" = 0 ] || fail "exit $status: $output"
    [[ $output == *"$(basename "$J")"* ]]
}

@test "--rebuild-csv makes the CSV file anew, byte for byte" {
    cp "$C" "$T/before"
    printf 'garbage' | dd of="$C" bs=1 seek=100 conv=notrunc status=none
    run -0 "$VERIFY" --rebuild-csv "$RECORDS"
    cmp "$T/before" "$C"
    sound
}

@test "--rebuild-csv makes a CSV file that was gone" {
    mv "$C" "$T/before"
    run -0 "$VERIFY" --rebuild-csv "$RECORDS"
    cmp "$T/before" "$C"
    [ "$(stat -c %a "$C")" = 640 ]
}

@test "--rebuild-csv shortens a CSV file that is too long" {
    cp "$C" "$T/before"
    cat "$T/before" >>"$C"
    run -0 "$VERIFY" --rebuild-csv "$RECORDS"
    cmp "$T/before" "$C"
}

@test "--rebuild-csv leaves no other file behind" {
    run -0 "$VERIFY" --rebuild-csv "$RECORDS"
    [ "$(find "$RECORDS" -type f | wc -l)" = 2 ]
}

@test "--rebuild-csv never touches the JSON file" {
    cp "$J" "$T/before"
    "$VERIFY" --rebuild-csv "$RECORDS"
    cmp "$T/before" "$J"
}

@test "writing goes on after --rebuild-csv" {
    rm "$C"
    "$VERIFY" --rebuild-csv "$RECORDS"
    post "$T/record.json"
    assert_json '.data.seq == 6'
    sound
    check_store
}

@test "every single changed byte of a JSON file is found" {
    "$PYTHON" - "$VERIFY" "$J" <<'END'
import random, subprocess, sys
verify, path = sys.argv[1:]
good = open(path, "rb").read()
rng = random.Random(7)
for at in rng.sample(range(len(good)), 60):
    bad = bytearray(good)
    bad[at] ^= 1 << rng.randrange(7)
    open(path, "wb").write(bad)
    code = subprocess.run([verify, path], stdout=subprocess.PIPE, check=False).returncode
    assert code == 1, f"byte {at}: {good[at]:#x} became {bad[at]:#x}, exit {code}"
END
}

@test "every single changed byte of a CSV file is found" {
    "$PYTHON" - "$VERIFY" "$C" "$J" <<'END'
import random, subprocess, sys
verify, path, json = sys.argv[1:]
good = open(path, "rb").read()
rng = random.Random(8)
for at in rng.sample(range(len(good)), 60):
    bad = bytearray(good)
    bad[at] ^= 1 << rng.randrange(7)
    open(path, "wb").write(bad)
    code = subprocess.run([verify, json], stdout=subprocess.PIPE, check=False).returncode
    assert code == 1, f"byte {at}: {good[at]:#x} became {bad[at]:#x}, exit {code}"
END
}

@test "no argument is wrong usage" {
    run -64 "$VERIFY"
}

@test "an unknown option is wrong usage" {
    run -64 "$VERIFY" --nonsense "$RECORDS"
}

@test "--receipts without a file is wrong usage" {
    run -64 "$VERIFY" --receipts
}

@test "a directory that is not there is not a sound store" {
    run "$VERIFY" "$T/nothing"
    [ "$status" != 0 ] && [ "$status" -lt 128 ]
}

@test "--help and --version end with 0" {
    run -0 "$VERIFY" --help
    [[ $output == *rollcall-verify* ]]
    run -0 "$VERIFY" --version
    [[ $output =~ [0-9]+\.[0-9]+ ]]
}
