#!/usr/bin/env bats
# The files of one worker under a real lighttpd: locks, full disks, workers that end, load. What happens
# to the files between two requests is in tests/api/between.table.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153

load ../lib/helper

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

# clock_is TIME (UTC): sets the handler's clock, also that of a running handler.
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

# Notes the answer, also in ACK.
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

# The acknowledged records were removed on purpose.
forget() { : >"$T/acks"; }

# goes_on SEQ: the next two records are the last lines of J, SEQ and SEQ + 1.
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
    verify --allow-empty # all of it may have been moved away
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

# instead FILE KIND: puts something else in the place of the file, which becomes "$T/real".
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

# back FILE: puts the file back.
back() {
    rm -rf "$1"
    mv "$T/real" "$1"
}

@test "nothing is written into a FIFO that another process reads" {
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

# ---- the lock

# unlocked: another process can take the lock at once.
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

@test "after each answer, whatever its status, the file is unlocked" {
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

# while_waiting COMMAND...: runs it while the worker waits for the lock. STATUS and the others
# are then the worker's answer.
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

@test "files are torn, truncated or replaced by foreign ones while the worker waits for the lock" {
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

@test "two workers that append to one address's files make one chain" {
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

@test "a full disk is 507; with space again records are stored" {
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
        [ "$(cd "$D" && sha256sum -- *)" = "$before" ] || fail "files are left: $(ls -l "$D")"
    done
    rm "$RECORDS/filler"
    for n in 2 3; do
        http_post "$T/large" --interface "127.0.0.$n"
        assert_status 200
        assert_json ".data.seq == $((4 - n))"
    done
    goes_on 4
}

@test "files created for a record that did not fit are removed, and are created again" {
    make_config max_file_bytes=4000
    server_start 1
    WORKER=$(server_workers)
    record '.pad = "x" * 5000' >"$T/big"
    local round
    for round in 1 2; do
        http_post "$T/big"
        assert_status 429
        [ ! -e "$J" ] && [ ! -e "$C" ] || fail "files are left"
    done
    goes_on 1
}

# ---- workers that end

@test "a worker that is terminated or killed between requests loses nothing" {
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

@test "a worker that is killed again and again stores each acknowledged record exactly once" {
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

@test "amid load the CSV files are rebuilt again and again" {
    meanwhile rebuilt
    sound
}
