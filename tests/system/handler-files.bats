#!/usr/bin/env bats
# An address's two files between two requests of one worker: removed, renamed, replaced, written by
# others, of a day that is over. Each request finds them as if it were the worker's first, and no file
# is open after it. All runs under a real lighttpd, mostly with one worker, which is the same one to
# the end.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153

load ../lib/helper

CLEANUP=$ROLLCALL_BUILD/rollcall-cleanup

setup() {
    rollcall_setup
    SENT=0
    MOUNTED=''
    : >"$T/acks"
    clock_is '2026-01-15 12:00:00'
    names 2026-01-15
    # The handler's clock alone is moved: lighttpd starts itself again when its own one jumps.
    printf '#!/bin/sh\nexec %s "%s"\n' "${CLOCK[*]}" "$HANDLER" >"$T/handler"
    chmod 755 "$T/handler"
    HANDLER=$T/handler
}

teardown() {
    rollcall_teardown
    if [ -n "$MOUNTED" ]; then umount -l "$MOUNTED"; fi
}

# clock_is TIME (UTC): the handler's clock goes on from there, that of a running one, too.
clock_is() {
    echo "$(($(date -u -d "$1 UTC" +%s) - $(date +%s)))" >"$T/clock.new"
    mv "$T/clock.new" "$T/clock"
    clock_env "$1"
    CLOCK+=("TEST_CLOCK_FILE=$T/clock")
}

# names DAY [ADDRESS]: D, J and C are the day's directory and the address's two files.
names() {
    DAY=$1
    D=$RECORDS/data/$DAY
    J=$D/${2:-127.0.0.1}_$DAY.json
    C=${J%json}csv
}

# begin: the worker has written three records of 127.0.0.1; J and C as they are then are in
# $T/j and $T/c.
begin() {
    server_start 1
    WORKER=$(server_workers)
    send
    send
    send
    cp "$J" "$T/j"
    cp "$C" "$T/c"
}

# A record with an id of its own, in $T/sent.
next_record() {
    SENT=$((SENT + 1))
    printf '{"id":"r%s",%s\n' "$SENT" "${SMALL#?}" >"$T/sent"
}

# The answer is noted, in ACK, too.
noted() {
    [ "$STATUS" = 200 ] || assert_status 200
    ACK=$(jq -ce --arg id "r$SENT" '.data | select(.records == 1) | {ip: .client_ip, date, id: $id, seq, chain}' \
        "$T/body") || fail "not stored"
    echo "$ACK" >>"$T/acks"
}

# as_line SEQ: what was noted last.
as_line() { [[ $ACK == *"\"seq\":$1,"* ]] || fail "should be line $1: $ACK"; }

# send [curl options]: the worker stores a record, which is noted as acknowledged.
send() {
    next_record
    http_post "$T/sent" "$@"
    noted
}

# other: another process of the handler does.
other() {
    next_record
    post "$T/sent"
    noted
}

# The acknowledged records were taken away on purpose.
forget() { : >"$T/acks"; }

# goes_on SEQ: the next two records stand in J as lines SEQ and SEQ + 1, its last.
goes_on() {
    send
    as_line "$1"
    send
    as_line "$(($1 + 1))"
    [ "$(wc -l <"$J")" = "$(($1 + 1))" ] || fail "$(wc -l <"$J") lines in the file"
    whole
}

# sound: all that was acknowledged is there, and no worker had to be started again for that.
sound() {
    check_store --acks "$T/acks"
    verify
    [ "$(server_workers)" = "$WORKER" ] || fail "not the same worker: $(server_workers)"
}

# whole: and no file of the store is open.
whole() {
    sound
    nothing_open
}

# No worker has a file of the store open.
nothing_open() {
    local pid found
    for pid in $(server_workers); do
        found=$(find "/proc/$pid/fd" -lname "$RECORDS/*" -printf '%l\n')
        [ -z "$found" ] || fail "still open: $found"
    done
}

# refused FILE: 500, and the log names the file. Nothing is stored in its place.
refused() {
    : >"$T/run/handler.log"
    next_record
    http_post "$T/sent"
    assert_status 500
    grep -qE "event=(file_not_ours|store_failed|csv_too_short) .*file=${1##*/}( |\$)" "$T/run/handler.log" ||
        fail "the log does not name ${1##*/}: $(cat "$T/run/handler.log")"
}

untouched() { cmp "$1" "$2" || fail "$2 was written to"; }

# ---- removed

@test "the CSV file is removed: the next record makes it anew from the JSON file" {
    begin
    rm "$C"
    goes_on 4
    cmp -n "$(stat -c %s "$T/c")" "$T/c" "$C"
}

@test "both files are removed: the next record is the first of new ones" {
    begin
    rm "$J" "$C"
    forget
    goes_on 1
}

@test "the JSON file is removed, with rows of several requests beside it: refused until they are gone, too" {
    begin
    rm "$J"
    forget
    refused "$C"
    untouched "$T/c" "$C"
    refused "$C"
    untouched "$T/c" "$C"
    rm "$C"
    goes_on 1
}

@test "the JSON file is removed, with rows of one request beside it: both begin anew" {
    server_start 1
    WORKER=$(server_workers)
    send
    rm "$J"
    forget
    goes_on 1
}

@test "the day's directory is removed" {
    begin
    send --interface 127.0.0.2
    rm -r "$D"
    forget
    send --interface 127.0.0.2
    as_line 1
    goes_on 1
}

@test "all days are removed, and removed again" {
    begin
    local round
    for round in 1 2 3; do
        rm -r "$RECORDS/data"
        forget
        http "$URL/healthz"
        assert_status 200
        goes_on 1
    done
}

@test "the records directory is removed, and made by the operator" {
    begin
    rm -r "$RECORDS"
    install -d -m 750 "$RECORDS" "$RECORDS/data" "$D"
    forget
    goes_on 1
}

# ---- renamed

@test "the CSV file is renamed, and put back later" {
    begin
    mv "$C" "$T/away.csv"
    goes_on 4
    untouched "$T/c" "$T/away.csv"
    mv "$T/away.csv" "$C"
    goes_on 6
}

@test "the JSON file is renamed, and put back later" {
    begin
    mv "$J" "$J.1"
    refused "$C"
    untouched "$T/j" "$J.1"
    untouched "$T/c" "$C"
    mv "$J.1" "$J"
    goes_on 4
}

@test "both files are renamed in their directory: new ones, and the old are let alone" {
    begin
    mv "$J" "$J.1"
    mv "$C" "$C.1"
    send
    as_line 1
    send
    as_line 2
    untouched "$T/j" "$J.1"
    untouched "$T/c" "$C.1"
    mv "$J.1" "$C.1" "$T"
    : >"$T/acks"
    goes_on 3
    untouched "$T/j" "$T/${J##*/}.1"
}

@test "both files are renamed, and put back over the new ones" {
    begin
    cp "$T/acks" "$T/acks.old"
    mv "$J" "$C" "$T"
    forget
    goes_on 1
    untouched "$T/j" "$T/${J##*/}"
    untouched "$T/c" "$T/${C##*/}"
    mv "$T/${J##*/}" "$J"
    mv "$T/${C##*/}" "$C"
    cp "$T/acks.old" "$T/acks"
    goes_on 4
}

@test "two pairs of the same names change places again and again" {
    begin
    mkdir "$T/a" "$T/b"
    cp "$T/acks" "$T/a/acks"
    : >"$T/b/acks"
    mv "$J" "$C" "$T/a"
    local here seq=1
    for here in b a b a b; do
        cp "$T/$here/acks" "$T/acks"
        [ ! -e "$T/$here/${J##*/}" ] || mv "$T/$here/${J##*/}" "$T/$here/${C##*/}" "$D"
        [ ! -e "$J" ] || seq=$(($(wc -l <"$J") + 1))
        goes_on "$seq"
        cp "$T/acks" "$T/$here/acks"
        mv "$J" "$C" "$T/$here"
        seq=1
    done
    mv "$T/a/${J##*/}" "$T/a/${C##*/}" "$D"
    cp "$T/a/acks" "$T/acks"
    goes_on 8
}

@test "the day's directory is renamed, and put back later" {
    begin
    mv "$D" "$T/away"
    cp "$T/acks" "$T/acks.old"
    forget
    goes_on 1
    untouched "$T/j" "$T/away/${J##*/}"
    untouched "$T/c" "$T/away/${C##*/}"
    mv "$D" "$T/second"
    cp "$T/second/${J##*/}" "$T/j2"
    mv "$T/away" "$D"
    cp "$T/acks.old" "$T/acks"
    goes_on 4
    untouched "$T/j2" "$T/second/${J##*/}"
}

@test "the records directory is renamed, and a fresh one made" {
    begin
    mv "$RECORDS" "$T/away"
    forget
    install -d -m 750 "$RECORDS"
    goes_on 1
    untouched "$T/j" "$T/away/data/$DAY/${J##*/}"
    untouched "$T/c" "$T/away/data/$DAY/${C##*/}"
}

@test "a copy takes the place of each file: it goes on in the copy" {
    begin
    exec 8<"$J" 9<"$C"
    cp -p "$J" "$J.new" && mv "$J.new" "$J"
    cp -p "$C" "$C.new" && mv "$C.new" "$C"
    goes_on 4
    cmp "$T/j" - <&8
    cmp "$T/c" - <&9
    exec 8<&- 9<&-
}

@test "a copy takes the place of the CSV file, or of the JSON file, alone" {
    begin
    cp -p "$C" "$C.new" && mv "$C.new" "$C"
    goes_on 4
    cp -p "$J" "$J.new" && mv "$J.new" "$J"
    goes_on 6
    sed 's/x/x/' -i "$J" "$C"
    goes_on 8
}

# ---- replaced by what is no file of ours

# instead FILE KIND: something else bears the file's name; the file itself is "$T/real".
instead() {
    mv "$1" "$T/real"
    case $2 in
        link) ln -s "$T/real" "$1" ;;
        dangling) ln -s "$T/elsewhere" "$1" ;;
        fifo) mkfifo "$1" ;;
        directory) mkdir "$1" ;;
        twin) ln "$T/real" "$1" ;;
        second) mv "$T/real" "$1" && ln "$1" "$T/real" ;;
    esac
}

# back FILE: as before.
back() {
    rm -rf "$1"
    mv "$T/real" "$1"
}

# not_followed FILE: whatever bears its name, or another name of it, is refused, and nothing is
# written, here or there; and once it is right again, so are the answers.
not_followed() {
    local kind seq=4
    for kind in link dangling fifo directory twin second; do
        cp "$J" "$T/j"
        cp "$C" "$T/c"
        instead "$1" "$kind"
        refused "$1"
        [ "$kind" != dangling ] || [ ! -e "$T/elsewhere" ] || fail "made a file elsewhere"
        [ "$kind" != directory ] || rmdir "$1"
        back "$1"
        untouched "$T/j" "$J"
        untouched "$T/c" "$C"
        goes_on "$seq"
        seq=$((seq + 2))
    done
}

@test "a link, a FIFO, a directory in place of the JSON file, or a second name of it, is refused" {
    begin
    not_followed "$J"
}

@test "a link, a FIFO, a directory in place of the CSV file, or a second name of it, is refused" {
    begin
    not_followed "$C"
}

@test "nothing is written into a FIFO that somebody reads" {
    begin
    local file
    for file in "$J" "$C"; do
        instead "$file" fifo
        exec 8<>"$file"
        refused "$file"
        run ! read -t 0 -u 8
        exec 8<&-
        back "$file"
    done
    goes_on 4
}

@test "a link in place of the day's directory is refused, and nothing is stored behind it" {
    begin
    mv "$D" "$T/away"
    ln -s "$T/away" "$D"
    next_record
    http_post "$T/sent"
    assert_status 500
    untouched "$T/j" "$T/away/${J##*/}"
    untouched "$T/c" "$T/away/${C##*/}"
    rm "$D"
    mv "$T/away" "$D"
    goes_on 4
}

@test "files that were given another mode, and may be written, go on" {
    begin
    chmod 600 "$J" "$C"
    send
    as_line 4
    chmod 640 "$J" "$C"
    chmod 700 "$D"
    send
    chmod 750 "$D"
    goes_on 6
}

# ---- written by others

@test "another process writes in between: one chain" {
    begin
    other
    as_line 4
    send
    as_line 5
    other
    other
    as_line 7
    goes_on 8
}

@test "what another process stored is known when it is sent again, and the other way round" {
    begin
    other
    local first chain
    chain=$(jq -r .data.chain "$T/body")
    http_post "$T/sent"
    assert_status 200
    assert_json ".data | .records == 0 and .duplicates == 1 and .seq == 4 and .chain == \"$chain\""
    send
    chain=$(jq -r .data.chain "$T/body")
    post "$T/sent"
    assert_json ".data | .records == 0 and .duplicates == 1 and .seq == 5 and .chain == \"$chain\""
    goes_on 6
}

@test "what was stored in files that are gone is stored when it is sent again" {
    begin
    rm "$J" "$C"
    forget
    http_post "$T/sent"
    noted
    goes_on 2
}

@test "another process heals in between" {
    begin
    head -c 100 "$T/j" >>"$J"
    tail -n 1 "$T/c" >>"$C"
    other
    as_line 4
    goes_on 5
    head -c 100 "$T/j" >>"$J"
    head -c 4096 /dev/zero >>"$J"
    goes_on 7
    rm "$C"
    other
    goes_on 10
}

@test "torn bytes, NUL bytes and rows that nobody acknowledged are cut off" {
    begin
    local size
    printf '{"half":"x' >>"$J"
    goes_on 4
    head -c 5000 /dev/zero >>"$J"
    goes_on 6
    tail -n 1 "$T/c" >>"$C"
    goes_on 8
    head -c 300 "$T/j" >>"$J"
    printf '"2026-' >>"$C"
    goes_on 10
    size=$(stat -c %s "$C")
    truncate -s +5000 "$C"
    send
    [ "$(stat -c %s "$C")" -lt $((size + 5000)) ]
    whole
    [ "$(grep -c event=healed "$T/run/handler.log")" -ge 5 ]
}

@test "lines of a batch without its last are cut off" {
    begin
    for i in 1 2 3; do record ".n = $i"; done | post - CONTENT_TYPE=application/x-ndjson
    assert_status 200
    head -n 5 "$J" >"$T/cut" && cat "$T/cut" >"$J"
    goes_on 4
}

@test "a JSON file that was cut at a line goes on from there" {
    begin
    head -n 2 "$T/j" >"$J"
    head -n 2 "$T/acks" >"$T/acks.2" && mv "$T/acks.2" "$T/acks"
    goes_on 3
}

@test "files that were emptied begin anew" {
    begin
    : >"$J"
    : >"$C"
    forget
    goes_on 1
}

@test "a CSV file that was cut short, or emptied, is made anew" {
    begin
    truncate -s -30 "$C"
    goes_on 4
    : >"$C"
    goes_on 6
    truncate -s 40 "$C"
    goes_on 8
    cmp -n "$(stat -c %s "$T/c")" "$T/c" "$C"
    grep -q event=csv_rebuilt "$T/run/handler.log"
}

@test "a line of somebody else's at the end is refused and not touched, until it is gone" {
    begin
    echo '{"a":1}' >>"$J"
    cp "$J" "$T/foreign"
    refused "$J"
    grep -q "offset=$(stat -c %s "$T/j")" "$T/run/handler.log"
    untouched "$T/foreign" "$J"
    untouched "$T/c" "$C"
    truncate -s "$(stat -c %s "$T/j")" "$J"
    goes_on 4
}

@test "a last line that was changed in place is refused and not touched, whatever its size and time say" {
    begin
    local size
    size=$(stat -c %s "$J")
    touch -r "$J" "$T/time"
    printf ']' | dd of="$J" bs=1 seek=$((size - 2)) conv=notrunc status=none
    touch -r "$T/time" "$J"
    cp "$J" "$T/changed"
    [ "$(stat -c %s "$T/changed")" = "$size" ]
    refused "$J"
    untouched "$T/changed" "$J"
    untouched "$T/c" "$C"
    cat "$T/j" >"$J"
    touch -r "$T/time" "$J"
    goes_on 4
}

@test "a file of somebody else's under the JSON file's name is refused and not touched" {
    begin
    printf 'hello\nworld\n' >"$T/foreign"
    cat "$T/foreign" >"$J"
    refused "$J"
    untouched "$T/foreign" "$J"
    mv "$J" "$T/was"
    install -m 640 "$T/foreign" "$J"
    refused "$J"
    untouched "$T/foreign" "$J"
    cat "$T/j" >"$J"
    goes_on 4
}

# ---- other programs of rollcall's

@test "rollcall-verify --rebuild-csv makes the CSV file anew: later rows are in the new one" {
    begin
    exec 9<"$C"
    "$VERIFY" --rebuild-csv "$J"
    goes_on 4
    truncate -s -30 "$C"
    "$VERIFY" --rebuild-csv "$J"
    rm "$C"
    "$VERIFY" --rebuild-csv "$J"
    goes_on 6
    cmp -n "$(stat -c %s "$T/c")" "$T/c" - <&9
    exec 9<&-
    run ! grep -q event=csv_rebuilt "$T/run/handler.log"
}

# cleanup DAY: rollcall-cleanup, when it is that day.
cleanup() {
    clock_env "$1 12:00:00"
    "${CLOCK[@]}" "ROLLCALL_CONFIG=$T/handler.json" "$CLEANUP" >"$T/cleanup" 2>&1 ||
        fail "rollcall-cleanup: $(cat "$T/cleanup")"
    run ! grep -E 'in use|left alone' "$T/cleanup"
}

@test "rollcall-cleanup of a machine that is days ahead takes the files away: the next are new" {
    make_config keep_days=1
    begin
    send --interface 127.0.0.2
    cleanup 2026-01-20
    [ ! -e "$D" ] || fail "still there: $(ls "$D") $(cat "$T/cleanup")"
    forget
    send --interface 127.0.0.2
    as_line 1
    goes_on 1
}

# ---- midnight

@test "after midnight yesterday's files stay as they are" {
    clock_is '2026-01-15 23:50:00'
    begin
    for n in 2 3 4 5; do
        send --interface "127.0.0.$n"
    done
    (cd "$D" && sha256sum -- *) >"$T/sums"
    clock_is '2026-01-16 00:10:00'
    names 2026-01-16
    goes_on 1
    # Those who come again are heard; 127.0.0.4 and 5 are not heard of again.
    for n in 2 3 1 6 7 8; do
        send --interface "127.0.0.$n"
    done
    (cd "$RECORDS/data/2026-01-15" && sha256sum --quiet -c "$T/sums")
    nothing_open
    whole
}

@test "a clock that is set back goes on in the files of that day" {
    clock_is '2026-01-16 00:10:00'
    names 2026-01-16
    begin
    clock_is '2026-01-15 23:50:00'
    names 2026-01-15
    goes_on 1
    clock_is '2026-01-16 00:20:00'
    names 2026-01-16
    goes_on 4
    clock_is '2026-01-15 23:55:00'
    names 2026-01-15
    goes_on 3
}

@test "a record that was stored before midnight is known after it, and all is unlocked" {
    clock_is '2026-01-15 23:59:00'
    begin
    local yesterday=$J
    cp "$T/sent" "$T/resent"
    clock_is '2026-01-16 00:01:00'
    names 2026-01-16
    local round
    for round in 1 2; do
        http_post "$T/resent" -H 'Rollcall-Retry: 600'
        assert_status 200
        assert_json '.data | .duplicates == 1 and .records == 0 and .seq == 3 and .date == "2026-01-15"'
        flock -n "$yesterday" true || fail "yesterday's file is locked"
        [ "$round" != 1 ] || send
    done
    untouched "$T/j" "$yesterday"
    untouched "$T/c" "${yesterday%json}csv"
    rm "${yesterday%json}csv"
    http_post "$T/resent" -H 'Rollcall-Retry: 600'
    assert_json '.data | .duplicates == 1 and .seq == 3'
    untouched "$T/c" "${yesterday%json}csv"
    mv "$yesterday" "$T/away"
    mv "${yesterday%json}csv" "$T/away.csv"
    http_post "$T/resent" -H 'Rollcall-Retry: 600'
    assert_json '.data | .records == 1 and .date == "2026-01-16" and .seq == 2'
    untouched "$T/j" "$T/away"
    untouched "$T/c" "$T/away.csv"
    forget
    goes_on 3
}

@test "rollcall-cleanup takes an old day while the worker lives: its space is given back" {
    make_config keep_days=1
    begin
    for n in 2 3 4; do
        send --interface "127.0.0.$n"
    done
    clock_is '2026-01-17 12:00:00'
    cleanup 2026-01-17
    [ ! -e "$D" ] || fail "still there: $(ls "$D") $(cat "$T/cleanup")"
    names 2026-01-17
    forget
    # As above: 127.0.0.4 is not heard of again.
    for n in 2 3 5 6 7; do
        send --interface "127.0.0.$n"
    done
    goes_on 1
    nothing_open
}

# ---- the lock

# unlocked: another may have the lock at once.
unlocked() { flock -n "$J" true || fail "locked after $STATUS"; }

@test "after an answer the worker has no file of the store open" {
    begin
    nothing_open
    http_post "$T/sent" -H 'Rollcall-Retry: 200000'
    assert_json '.data.duplicates == 1'
    nothing_open
    http "$URL/healthz"
    nothing_open
}

@test "after each answer, whatever it is, the file is unlocked" {
    make_config max_file_bytes=4000 lock_timeout_ms=50
    begin
    unlocked
    http_post "$T/sent"
    assert_json '.data.duplicates == 1'
    unlocked
    printf '{"a":' >"$T/bad"
    http_post "$T/bad"
    assert_status 400
    unlocked
    record '.pad = "x" * 5000' >"$T/big"
    http_post "$T/big"
    assert_status 429
    unlocked
    instead "$C" link
    refused "$C"
    unlocked
    back "$C"
    exec 8<"$J"
    flock 8
    http_post "$T/sent"
    assert_status 503
    flock -u 8
    http_post "$T/sent"
    noted
    exec 8<&-
    unlocked
    goes_on 5
}

# waiting: the worker has a request, and its file open.
waiting() {
    local links
    links=$(readlink "/proc/$WORKER/fd/"*)
    [ "$(grep -c '^socket:' <<<"$links")" = 2 ] && grep -qFx "$J" <<<"$links"
}

# while_waiting COMMAND...: done by the holder of the lock, as the worker waits for it. STATUS and so on
# are the worker's answer then.
while_waiting() {
    exec 8<"$J"
    flock 8
    next_record
    (http_post "$T/sent" && echo "$STATUS" >"$T/status") 3>&- 8<&- &
    local client=$!
    wait_until 10 waiting || fail "the worker never came to the lock"
    "$@"
    flock -u 8
    exec 8<&-
    wait "$client"
    STATUS=$(cat "$T/status")
    CGI_EXIT=0
}

@test "both files are renamed, or removed, while the worker waits for the lock" {
    make_config lock_timeout_ms=20000
    begin
    while_waiting mv "$J" "$C" "$T"
    forget
    noted
    as_line 1
    untouched "$T/j" "$T/${J##*/}"
    untouched "$T/c" "$T/${C##*/}"
    while_waiting rm "$J" "$C"
    forget
    noted
    goes_on 2
}

@test "a copy takes the place of the CSV file, or a link does, while the worker waits for the lock" {
    make_config lock_timeout_ms=20000
    begin
    copied() { mv "$C" "$T/was" && cp -p "$T/was" "$C"; }
    while_waiting copied
    noted
    untouched "$T/c" "$T/was"
    cp "$J" "$T/j"
    cp "$C" "$T/c"
    while_waiting instead "$C" link
    assert_status 500
    untouched "$T/j" "$J"
    untouched "$T/c" "$T/real"
    back "$C"
    while_waiting ln "$C" "$T/second"
    assert_status 500
    untouched "$T/j" "$J"
    untouched "$T/c" "$C"
    rm "$T/second"
    goes_on 5
}

@test "files are torn, cut or made a stranger's while the worker waits for the lock" {
    make_config lock_timeout_ms=20000
    begin
    torn() { head -c 100 "$T/j" >>"$J" && tail -n 1 "$T/c" >>"$C"; }
    while_waiting torn
    noted
    as_line 4
    while_waiting truncate -s -30 "$C"
    noted
    as_line 5
    cp "$J" "$T/j"
    foreign() { echo hello >>"$J"; }
    while_waiting foreign
    assert_status 500
    cmp "$J" <(cat "$T/j" && echo hello)
    cat "$T/j" >"$J"
    goes_on 6
}

@test "midnight passes while the worker waits for the lock: the record is the new day's" {
    make_config lock_timeout_ms=20000
    clock_is '2026-01-15 23:50:00'
    begin
    while_waiting clock_is '2026-01-16 00:10:00'
    noted
    assert_json '.data | .date == "2026-01-16" and .seq == 1'
    untouched "$T/j" "$J"
    untouched "$T/c" "$C"
    names 2026-01-16
    goes_on 2
    nothing_open
}

@test "two workers have one address's files in use, and one chain comes of it" {
    server_start 2
    WORKER=$(server_workers)
    load_run --writers 8 --addresses 1 --requests 10
    grep -q 'lost=0 ' "$T/load"
    sound
    names 2026-01-15 127.0.1.1
    unlocked
    mv "$J" "$C" "$T"
    forget
    load_run --writers 8 --addresses 1 --requests 10 --tag second
    sound
    [ "$(wc -l <"$T/${J##*/}")" = 80 ]
    [ "$(wc -l <"$J")" = 80 ]
}

# ---- many addresses

# descriptors LIMIT ADDRESSES: a worker that may have LIMIT descriptors serves so many addresses, every
# fifth twice at once and again at the end; prints the most that it had open after a request.
descriptors() {
    "$PYTHON" - "$@" <<'END'
import json, os, sys, rig, check_store
limit, addresses = sys.argv[1], int(sys.argv[2])
site = rig.Site(sync=False)
worker = rig.Worker(site, prefix=["prlimit", "--nofile=" + limit])
most = 0
def send(k, seq):
    global most
    reply = worker.request(json.dumps(rig.base_record(id=f"{k}-{seq}")).encode(), HTTP_ROLLCALL_RETRY="86400",
                           REMOTE_ADDR=f"10.0.{k // 256}.{k % 256}")
    assert reply.status == 200 and reply.json["data"]["seq"] == seq, (k, seq, reply, site.log_text()[-2000:])
    if k % 50 == 0:
        most = max(most, len(os.listdir(f"/proc/{worker.process.pid}/fd")))
try:
    for k in range(addresses):
        send(k, 1)
        if k % 5 == 0:
            send(k, 2)
    for k in range(0, addresses, 5):
        send(k, 3)
    assert worker.alive()
    store = check_store.check(site.records)
    assert not store.errors and not store.tails, store.errors[:5]
    print(most)
finally:
    worker.stop()
    site.remove()
END
}

@test "40 addresses of a worker that may have 16 descriptors" {
    run -0 descriptors 16 40
}

# ---- a disk that fills up

@test "a disk that fills up is 507; with space again it goes on" {
    small_disk 1m
    make_config min_free_bytes=0
    begin
    send --interface 127.0.0.2
    local before
    before=$(cd "$D" && sha256sum -- *)
    head -c 2000000 /dev/zero >"$RECORDS/filler" 2>/dev/null || true
    record '.pad = "x" * 20000' >"$T/large"
    for n in 1 2 3 1 2 3; do
        http_post "$T/large" --interface "127.0.0.$n"
        assert_status 507
        [ "$(cd "$D" && sha256sum -- *)" = "$before" ] || fail "left behind: $(ls -l "$D")"
    done
    rm "$RECORDS/filler"
    for n in 2 3; do
        http_post "$T/large" --interface "127.0.0.$n"
        assert_status 200
        assert_json ".data.seq == $((4 - n))"
    done
    goes_on 4
}

@test "files that were made for a record that did not fit are gone, and are made again" {
    make_config max_file_bytes=4000
    server_start 1
    WORKER=$(server_workers)
    record '.pad = "x" * 5000' >"$T/big"
    local round
    for round in 1 2; do
        http_post "$T/big"
        assert_status 429
        [ ! -e "$J" ] && [ ! -e "$C" ] || fail "left behind"
    done
    goes_on 1
}

# ---- workers that end

@test "a worker that is ended or killed between requests has lost nothing" {
    begin
    local signal seq=4
    for signal in TERM HUP KILL; do
        kill -s "$signal" "$WORKER"
        wait_until 30 gone "$WORKER"
        wait_until 30 awake
        WORKER=$(server_workers)
        goes_on "$seq"
        seq=$((seq + 2))
    done
}

awake() {
    http "$URL/healthz"
    [ "$STATUS" = 200 ]
}

@test "the only worker is killed again and again amid two addresses: acknowledged is stored, exactly once" {
    "$PYTHON" - <<'END'
import json, threading, rig, check_store
site = rig.Site(lock_timeout_ms=10000)
worker = rig.Worker(site)
acks, wrong = [], []
def client(n):
    ip = f"10.0.0.{1 + n % 2}"
    for k in range(60):
        body = json.dumps(rig.base_record(id=f"{n}-{k}")).encode()
        for attempt in range(100):
            retry = {"HTTP_ROLLCALL_RETRY": "60"} if attempt else {}
            try:
                reply = worker.request(body, REMOTE_ADDR=ip, **retry)
                break
            except (rig.Broken, OSError):
                pass
        if reply.status != 200:
            wrong.append(reply)
            return
        data = reply.json["data"]
        acks.append({"ip": ip, "date": data["date"], "id": f"{n}-{k}", "seq": data["seq"], "chain": data["chain"]})
clients = [threading.Thread(target=client, args=(n,)) for n in range(6)]
try:
    for t in clients:
        t.start()
    for kills in range(1, 11):
        assert rig.wait_for(lambda: len(acks) >= 30 * kills or wrong), "the clients came to a halt"
        worker.process.kill()
        worker.process.wait()
        worker.start()
    for t in clients:
        t.join(60)
    assert not wrong and len(acks) == 360, (wrong, len(acks), site.log_text()[-2000:])
    store = check_store.check(site.records)
    check_store.check_acks(store, acks)
    print(store.summary())
    assert not store.errors and not store.tails, store.errors[:5]
    assert " lines=360 " in store.summary()
finally:
    worker.stop()
    site.remove()
END
}

# rotate N SCRIPT: both files go to the store $T/gen.N, under their lock.
rotate() {
    install -d -m 750 "$T/gen.$1" "$T/gen.$1/data" "$T/gen.$1/data/$DAY"
    flock "$J" sh -c "$2" rotate "$J" "$C" "$T/gen.$1/data/$DAY"
}

# meanwhile COMMAND...: again and again, with its count, on the files of one address and then the
# other, as long as eight clients and four workers write to them.
meanwhile() {
    make_config lock_timeout_ms=20000
    server_start 4
    WORKER=$(server_workers)
    load_run --writers 8 --addresses 2 --requests 60 3>&- &
    local load=$! n=0
    PIDS+=("$load")
    while ! gone "$load"; do
        names "$DAY" "127.0.1.$((1 + n % 2))"
        if [ -s "$J" ]; then
            n=$((n + 1))
            "$@" "$n"
        fi
    done
    wait "$load" || fail "load: $(cat "$T/load")"
    [ "$n" -gt 2 ] || fail "only $n times"
    grep -q 'acknowledged=480 lost=0 ' "$T/load" || fail "$(cat "$T/load")"
}

# What was acknowledged is in one of the stores that came of it, once.
all_in_one() {
    jq -r .id "$T/acks" | sort >"$T/promised"
    find "$T"/gen.* "$RECORDS" -name '*.json' -exec cat {} + | jq -r .rollcall.id | sort >"$T/stored"
    diff "$T/promised" "$T/stored"
    forget
    for RECORDS in "$RECORDS" "$T"/gen.*; do
        sound
    done
}

# The CSV file first: who finds no JSON file any more makes a new one, which is not locked.
renamed() { rotate "$1" 'mv "$2" "$1" "$3"'; }
copied_and_removed() { rotate "$1" 'cp -p "$1" "$2" "$3" && rm "$2" "$1"'; }
rebuilt() { "$VERIFY" --quiet --rebuild-csv "$J"; }

@test "amid load both files are renamed, under the lock, again and again" {
    meanwhile renamed
    all_in_one
}

@test "amid load both files are copied and removed, under the lock, again and again" {
    meanwhile copied_and_removed
    all_in_one
}

@test "amid load the CSV files are made anew again and again" {
    meanwhile rebuilt
    sound
}
