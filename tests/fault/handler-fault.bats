#!/usr/bin/env bats
# The disk and the neighbours fail: nothing is acknowledged that is not stored, nothing is half there.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup_file() {
    local here
    here=$(cd "$(dirname "$BATS_TEST_FILENAME")" && pwd)
    cc -shared -fPIC -O1 -o "$BATS_FILE_TMPDIR/fault.so" "$here/handler-fault.c" -ldl
}

setup() { rollcall_setup; }

teardown() {
    rollcall_teardown
    if [ -n "${MOUNTED:-}" ]; then umount -l "$MOUNTED"; fi
}

sweep() { "$PYTHON" "$BATS_TEST_DIRNAME/sweep.py" "$BATS_FILE_TMPDIR/fault.so" "$@"; }

@test "no space at any write or sync: undone, 507, the resend is stored once" {
    sweep fail ENOSPC
}

@test "quota at any write or sync: undone, and the resend is stored once" {
    sweep fail EDQUOT
}

@test "a write that stops half-way on a full disk is undone" {
    sweep fail half
}

@test "an I/O error at any write or sync: undone, 500, the resend is stored once" {
    sweep fail EIO
}

@test "a file size limit at any write: undone, and the resend is stored once" {
    sweep fail EFBIG
}

@test "death before or in the middle of any write or sync: healed, and the resend is stored once" {
    sweep kill
}

@test "a sync that fails is 500 and nothing of the request is left" {
    post "$T/record.json"
    local before
    before=$(sha256sum "$(json_file)" "$(csv_file)")
    RUNNER=(env LD_PRELOAD="$BATS_FILE_TMPDIR/fault.so" FAULT_AT=1 FAULT_CALLS=s FAULT_DO=EIO)
    post "$T/record.json"
    assert_status 500
    [ "$(sha256sum "$(json_file)" "$(csv_file)")" = "$before" ]
}

# failing CALL ERROR NAME: CALL (STAT or OPEN) of names with NAME in them fails from now on.
failing() { RUNNER+=(env "LD_PRELOAD=${LD_PRELOAD_MORE:-}$BATS_FILE_TMPDIR/fault.so" "FAULT_$1=$2" "FAULT_NAME=$3"); }

@test "today's file that cannot be looked up is 500, logged once with its cause" {
    post "$T/record.json"
    local before error
    before=$(sha256sum "$(json_file)" "$(csv_file)")
    for error in EIO ESTALE EACCES; do
        RUNNER=()
        failing STAT "$error" .json
        post "$T/record.json"
        assert_status 500
        [ "$(grep -c event=store_failed "$T/err")" = 1 ] || fail "$(cat "$T/err")"
        grep -q 'event=store_failed what=fstatat .*error=' "$T/err"
        [ "$(sha256sum "$(json_file)" "$(csv_file)")" = "$before" ]
    done
}

@test "yesterday's file that cannot be looked up is 500: the record is not stored twice" {
    at '2026-11-20 23:50:00'
    post_with '.id = "x"'
    assert_status 200
    at '2026-11-21 00:10:00'
    LD_PRELOAD_MORE=$BATS_FILE_TMPDIR/clock.so:
    failing STAT EIO _2026-11-20.json
    post_with '.id = "x"' HTTP_ROLLCALL_RETRY=3600
    assert_status 500
    at '2026-11-21 00:10:01'
    post_with '.id = "x"' HTTP_ROLLCALL_RETRY=3600
    assert_status 200
    assert_json '.data.duplicates == 1 and .data.date == "2026-11-20"'
}

@test "yesterday's CSV file that cannot be created is 500 with a reason, not 404" {
    at '2026-11-20 23:50:00'
    post_with '.id = "x"'
    rm "$RECORDS"/data/2026-11-20/*.csv
    at '2026-11-21 00:10:00'
    LD_PRELOAD_MORE=$BATS_FILE_TMPDIR/clock.so:
    failing OPEN ENOENT _2026-11-20.csv
    post_with '.id = "x"' HTTP_ROLLCALL_RETRY=3600
    assert_status 500
    assert_json '.message | length > 0'
}

@test "a hard-linked backup is 500, and the log says what to do" {
    post "$T/record.json"
    cp -al "$RECORDS" "$T/backup"
    post "$T/record.json"
    assert_status 500
    grep -q 'event=file_not_ours .*more than one name (a hard-linked backup' "$T/err"
    rm -r "$T/backup"
    post "$T/record.json"
    assert_status 200
}

@test "without sync no sync is called" {
    make_config sync=false
    RUNNER=(env LD_PRELOAD="$BATS_FILE_TMPDIR/fault.so" FAULT_AT=1 FAULT_CALLS=s FAULT_DO=EIO FAULT_STICKY=1)
    post "$T/record.json"
    post "$T/record.json"
    assert_status 200
    check_store
}

@test "a resend after a sync that failed syncs again before it says 200" {
    post_with '.id = "a"'
    RUNNER=(env LD_PRELOAD="$BATS_FILE_TMPDIR/fault.so" FAULT_AT=1 FAULT_CALLS=s FAULT_DO=EIO FAULT_STICKY=1)
    post_with '.id = "a"'
    assert_status 500
    RUNNER=()
    post_with '.id = "a"'
    assert_status 200
    assert_json '.data.duplicates == 1'
    check_store
    verify
}

@test "a full disk is 507, acknowledged records stay, and with space again records are stored" {
    small_disk 1m
    make_config min_free_bytes=0 sync=false
    local n refused=0
    for n in {1..60}; do
        record ".id = \"r$n\" | .pad = (\"x\" * 30000)" >"$T/json"
        post "$T/json"
        if [ "$STATUS" = 200 ]; then
            jq -c --arg id "r$n" '.data | {ip: .client_ip, date, id: $id, seq, chain}' "$T/body" >>"$T/acks"
        else
            assert_status 507
            refused=$((refused + 1))
            [ "$refused" -lt 3 ] || break
        fi
    done
    [ "$refused" = 3 ]
    check_store --acks "$T/acks"
    verify
    mount -o remount,size=4m "$RECORDS"
    post "$T/json"
    assert_status 200
    assert_json '.data.records == 1'
    check_store
    umount "$RECORDS" && MOUNTED=""
}

@test "a full disk with many small rows: the CSV file's rows are undone, too" {
    small_disk 512k
    make_config min_free_bytes=0
    record '.processes = [range(700) | {pid: .}]' >"$T/json"
    for _ in {1..20}; do
        post "$T/json"
        [ "$STATUS" = 200 ] || break
    done
    assert_status 507
    check_store
    verify
    umount "$RECORDS" && MOUNTED=""
}

@test "min_free_bytes is compared with the free space on the disk of records_dir" {
    small_disk 1m
    make_config min_free_bytes=900000
    post "$T/record.json"
    assert_status 200
    head -c 200000 /dev/zero >"$RECORDS/filler"
    post "$T/record.json"
    assert_status 507
    cgi GET /healthz /dev/null
    assert_status 503
    rm "$RECORDS/filler"
    post "$T/record.json"
    assert_status 200
    umount "$RECORDS" && MOUNTED=""
}

@test "a file size limit of the process does not end it: refused and undone" {
    post_with '.id = "a" | .pad = ("x" * 3000)'
    local before
    before=$(sha256sum "$(json_file)" "$(csv_file)")
    RUNNER=(prlimit --fsize="$(($(stat -c %s "$(json_file)") + 100))")
    post_with '.id = "b" | .pad = ("x" * 3000)'
    [ "$STATUS" = 507 ] || assert_status 500
    [ "$(sha256sum "$(json_file)" "$(csv_file)")" = "$before" ]
    RUNNER=()
    post_with '.id = "b" | .pad = ("x" * 3000)'
    assert_status 200
    assert_json '.data.records == 1 and .data.seq == 2'
    check_store
}

@test "a read-only file system is 500, and /healthz says so" {
    [ "$(id -u)" = 0 ] || skip "a read-only mount needs root"
    unshare -m true 2>/dev/null || skip "no mount namespace can be made here"
    post "$T/record.json"
    RUNNER=(unshare -m sh -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"' "$RECORDS")
    post "$T/record.json"
    assert_status 500
    post "$T/record.json" REMOTE_ADDR=127.0.0.2
    assert_status 500
    cgi GET /healthz /dev/null
    assert_status 503
    run ! grep -F "$T" "$T/reply"
    RUNNER=()
    check_store
}

# as_nobody: handlers run as an unprivileged user from now on.
as_nobody() {
    [ "$(id -u)" != 0 ] || {
        setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$HANDLER" 2>/dev/null ||
            skip "the build is out of reach of an unprivileged user"
        RUNNER=(setpriv --reuid=65534 --regid=65534 --clear-groups)
        chmod 755 "$T"
        local up=$T
        until [ "$up" = /tmp ] || [ "$up" = / ]; do
            up=$(dirname "$up")
            [ ! -O "$up" ] || [ "$up" = /tmp ] || [ "$up" = / ] || chmod a+x "$up"
        done
        chmod a+r "$T/tokens" "$T/handler.json"
    }
}

@test "a directory without write permission is 500, and /healthz says so" {
    mkdir -m 755 "$RECORDS"
    as_nobody
    [ "$(id -u)" = 0 ] || chmod 555 "$RECORDS"
    post "$T/record.json"
    assert_status 500
    cgi GET /healthz /dev/null
    assert_status 503
    assert_nothing_stored
    chmod 755 "$RECORDS"
}

@test "a tokens file that cannot be read is 503" {
    mkdir -m 777 "$RECORDS"
    as_nobody
    chmod 000 "$T/tokens"
    post "$T/record.json"
    assert_status 503
    chmod 644 "$T/tokens"
    assert_nothing_stored
}

# lock_held: somebody else holds the lock on the address's file.
lock_held() {
    local file
    file=$(json_file)
    flock "$file" sleep 300 3>&- &
    PIDS+=($!)
    wait_until 20 locked "$file"
}

locked() { ! flock -n "$1" true; }

@test "a lock held by another is 503 with Retry-After: 1 after lock_timeout_ms, nothing stored" {
    make_config lock_timeout_ms=200
    post "$T/record.json"
    lock_held
    post "$T/record.json"
    assert_status 503
    assert_header Retry-After 1
    [ "$(lines_stored)" = 1 ]
}

@test "a lock on one address does not stop another" {
    make_config lock_timeout_ms=200
    post "$T/record.json"
    lock_held
    post "$T/record.json" REMOTE_ADDR=127.0.0.2
    assert_status 200
}

@test "a lock given back in time is a 200" {
    make_config lock_timeout_ms=60000
    post "$T/record.json"
    lock_held
    # The holder ends when the handler has come to the file.
    (
        wait_until 30 waiting_at "$(json_file)"
        kill "$(pgrep -P "${PIDS[0]}" sleep)"
    ) 3>&- &
    post "$T/record.json"
    assert_status 200
    assert_json '.data.seq == 2'
}

# waiting_at FILE: a handler has it open.
waiting_at() { find /proc/[0-9]*/fd -lname "$1" 2>/dev/null | while IFS=/ read -r _ _ pid _; do
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = rollcall-handle ] && echo "$pid"
done | grep -q .; }

@test "kill -9 amid writes of 4 MiB, fifteen times: healed each time, nothing acknowledged is lost" {
    "$PYTHON" - <<'END'
import json, os, threading
import check_store, rig
site = rig.Site(sync=False)
body = lambda k: json.dumps(rig.base_record(id=f"big-{k}", processes=[
    {"pid": n, "cmd": "c" * 4000} for n in range(1000)])).encode()
acks, killed = [], 0
worker = rig.Worker(site)
def ask(k, **more):
    r = worker.request(body(k), **more)
    assert r.status == 200, r
    d = r.json["data"]
    acks.append({"ip": "127.0.0.1", "date": d["date"], "id": f"big-{k}", "seq": d["seq"], "chain": d["chain"]})
def grown(size):
    return any(os.path.getsize(os.path.join(d, f)) > size for d, _, fs in os.walk(site.records) for f in fs)
try:
    ask(0)
    for k in range(1, 16):
        size = max(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(site.records) for f in fs)
        answered = threading.Event()
        def attempt():
            try:
                ask(k)
                answered.set()
            except (rig.Broken, OSError):
                pass
        t = threading.Thread(target=attempt)
        t.start()
        # As soon as a file grows, or a little later, or at once: in turn.
        if k % 3:
            rig.wait_for(lambda: grown(size) or answered.is_set())
        worker.process.kill()
        worker.process.wait()
        worker.start()                                # takes what still waits at the socket
        t.join()
        killed += not answered.is_set()
        if not answered.is_set():
            ask(k, HTTP_ROLLCALL_RETRY="3600")
    store = check_store.check(site.records)
    check_store.check_acks(store, acks)
    assert not store.errors and not store.tails and store.lines == 16, (store.errors, store.summary())
    assert killed >= 3, f"only {killed} were killed before their answer"
finally:
    worker.stop()
    site.remove()
END
}

# powercut MODE LEAST: see powercut.py.
powercut() {
    cc -shared -fPIC -O1 -o "$BATS_FILE_TMPDIR/iolog.so" "$BATS_TEST_DIRNAME/iolog.c" -ldl
    "$PYTHON" "$BATS_TEST_DIRNAME/powercut.py" "$BATS_FILE_TMPDIR/iolog.so" "$1" --least "$2"
}

@test "2,000 states that a power cut can leave: nothing acknowledged is lost" {
    powercut true 2000
}

@test "3,000 states that a power cut can leave with sync json: nothing acknowledged is lost" {
    powercut json 3000
}

@test "each directory that the first start creates is synced in its parent" {
    cc -shared -fPIC -O1 -o "$BATS_FILE_TMPDIR/iolog.so" "$BATS_TEST_DIRNAME/iolog.c" -ldl
    make_config "records_dir=\"$T/a/b/records\""
    RUNNER=(env LD_PRELOAD="$BATS_FILE_TMPDIR/iolog.so" IOLOG="$T/iolog" IOLOG_BELOW="$T")
    post "$T/record.json"
    assert_status 200
    local made synced
    made=$(sed '/^W/q' "$T/iolog" | grep -a '^M' | cut -d' ' -f2 | xargs -n 1 dirname | sort -u)
    synced=$(sed '/^W/q' "$T/iolog" | grep -a '^D' | cut -d' ' -f2 | sort -u)
    [ "$(wc -l <<<"$made")" = 5 ]
    [ -z "$(comm -23 <(echo "$made") <(echo "$synced"))" ] || fail "not synced: $(comm -23 <(echo "$made") <(echo "$synced"))"
}

# diskcut KIND [OPTION...]: see diskcut.py.
diskcut() {
    [ "$(id -u)" = 0 ] || skip "n/a: mounting needs root"
    [ -e /dev/fuse ] || skip "n/a: no FUSE here"
    [ -e /dev/loop-control ] || skip "n/a: no loop devices here"
    command -v "mkfs.$1" >/dev/null || skip "mkfs.$1 is not installed"
    grep -qw "$1" /proc/filesystems || skip "n/a: the kernel has no $1"
    cc -shared -fPIC -O1 -o "$BATS_FILE_TMPDIR/iolog.so" "$BATS_TEST_DIRNAME/iolog.c" -ldl
    cc -std=c17 -D_GNU_SOURCE -O1 -o "$BATS_FILE_TMPDIR/emudisk" "$BATS_TEST_DIRNAME/../bench/emudisk.c"
    run "$PYTHON" "$BATS_TEST_DIRNAME/diskcut.py" "$BATS_FILE_TMPDIR/emudisk" "$BATS_FILE_TMPDIR/iolog.so" "$@"
    [ "$status" = 0 ] || fail "$output"
}

@test "power cuts under ext4: nothing acknowledged is lost" {
    diskcut ext4
}

@test "power cuts under ext4 with sync json: nothing acknowledged is lost" {
    diskcut ext4 --sync json
}

@test "power cuts under xfs: nothing acknowledged is lost" {
    diskcut xfs
}

@test "power cuts under btrfs: nothing acknowledged is lost" {
    diskcut btrfs
}

@test "one busy address is refused at once after 16 long waits, said once a second, and another is served" {
    "$PYTHON" - <<'END'
import fcntl, json, os, threading, time, rig
site = rig.Site(lock_timeout_ms=150)
workers = [rig.Worker(site) for _ in range(16)]
body = json.dumps(rig.base_record()).encode()
try:
    date = workers[0].request(body, REMOTE_ADDR="10.0.0.1").json["data"]["date"]
    held = os.open(f"{site.records}/data/{date}/10.0.0.1_{date}.json", os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    def wait(worker):
        assert worker.request(body, REMOTE_ADDR="10.0.0.1").status == 503
    for _ in range(50):                               # on a slow machine the waits may be too far apart
        clients = [threading.Thread(target=wait, args=(w,)) for w in workers]
        for c in clients:
            c.start()
        for c in clients:
            c.join()
        reply = workers[0].request(body, REMOTE_ADDR="10.0.0.1")
        assert reply.status == 503 and reply.headers["retry-after"] == "1", reply
        if "event=address_busy file=10.0.0.1_" in site.log_text():
            break
    else:
        raise AssertionError(site.log_text()[-2000:])
    def told():
        return site.log_text().count("event=address_busy file=10.0.0.1_")
    before, refused, start = told(), 0, time.monotonic()
    for _ in range(60):                               # one after the other: no two workers say it at the same moment
        refused += "wait for its file" in workers[0].request(body, REMOTE_ADDR="10.0.0.1").json["message"]
    assert told() - before <= time.monotonic() - start + 1, (told(), before, refused)
    assert workers[0].request(body, REMOTE_ADDR="10.0.0.2").status == 200
    os.close(held)
    assert rig.wait_for(lambda: workers[0].request(body, REMOTE_ADDR="10.0.0.1").status == 200)
    assert "10.0.0.2" not in "".join(line for line in site.log_text().splitlines() if "address_busy" in line)
finally:
    for w in workers:
        w.stop()
    site.remove()
END
}
