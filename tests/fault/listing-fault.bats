#!/usr/bin/env bats
# POST /api/v1/record while the disk fails, workers share a pid, and a clean-up removes the day.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup_file() {
    cc -shared -fPIC -O1 -o "$BATS_FILE_TMPDIR/fault.so" "$BATS_TEST_DIRNAME/listing-fault.c" -ldl
}

setup() {
    rollcall_setup
    # The preload runs a program and writes elsewhere, which a confined worker cannot.
    make_config confine=false
    echo '{"uuid":"u","timestamp":"1.5","data":[{"pid":1}]}' >"$T/listing"
}
teardown() { rollcall_teardown; }

# with VARIABLE=VALUE...: the handlers that follow run with this preload.
with() { RUNNER=(env "LD_PRELOAD=$BATS_FILE_TMPDIR/fault.so" "$@"); }

put() { cgi POST /api/v1/record "${1:-$T/listing}"; }

day() { echo "$RECORDS/record/$(today)"; }

# A command that runs in the middle of a request: another handler stores the same listing.
other_handler() {
    echo "env -i PATH='$PATH' ROLLCALL_CONFIG='$T/handler.json' ASAN_OPTIONS='$ASAN_OPTIONS'" \
        "GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 SCRIPT_NAME= QUERY_STRING=" \
        "REQUEST_METHOD=POST PATH_INFO=/api/v1/record REMOTE_ADDR=127.0.0.1" \
        "CONTENT_TYPE=application/json CONTENT_LENGTH=$(stat -c %s "$T/listing")" \
        "'HTTP_AUTHORIZATION=Bearer $TOKEN' '$HANDLER' <'$T/listing' >'$T/other' 2>&1"
}

@test "a listing that another worker has acknowledged outlives this worker's failed sync" {
    with DIR_SYNC=EIO "AFTER_LINK=$(other_handler)"
    put
    assert_status 500
    grep -q '^Status: 200' "$T/other"
    [ "$(cat "$(day)/u_1.5.json")" = '[{"pid":1}]' ]
}

@test "after a failed sync of the directory a resend is 200, and syncs it" {
    with DIR_SYNC=EIO
    put
    assert_status 500
    with SYNC_LOG="$T/synced"
    put
    assert_status 200
    grep -qx "$(day)" "$T/synced"
    grep -qx "$RECORDS" "$T/synced"
}

@test "a listing that is created meanwhile by another worker is synced before it is acknowledged" {
    with "BEFORE_LINK=$(other_handler)" SYNC_LOG="$T/synced"
    put
    assert_status 200
    grep -q '^Status: 200' "$T/other"
    grep -qx "$(day)/u_1.5.json" "$T/synced"
    grep -qx "$(day)" "$T/synced"
    with DIR_SYNC=EIO
    put
    assert_status 500
}

@test "a listing found in yesterday's directory is synced before it is acknowledged" {
    at "2026-11-20 23:59:50"
    put
    at "2026-11-21 00:00:05"
    RUNNER+=("SYNC_LOG=$T/synced")
    RUNNER=("${RUNNER[@]/LD_PRELOAD=/LD_PRELOAD=$BATS_FILE_TMPDIR/fault.so:}")
    put
    assert_status 200
    grep -qx "$RECORDS/record/2026-11-20/u_1.5.json" "$T/synced"
    grep -qx "$RECORDS/record/2026-11-20" "$T/synced"
    [ "$(find "$RECORDS/record" -type f | wc -l)" = 1 ]
    RUNNER+=(DIR_SYNC=EIO)
    put
    assert_status 500
}

@test "other data from another worker meanwhile is 409" {
    local mine='{"uuid":"u","timestamp":"1.5","data":[{"pid":2}]}'
    with "BEFORE_LINK=$(other_handler)"
    echo "$mine" >"$T/mine"
    put "$T/mine"
    assert_status 409
    [ "$(cat "$(day)/u_1.5.json")" = '[{"pid":1}]' ]
}

@test "without O_TMPFILE, as on NFS, and without /proc, listings are stored and nothing else is left" {
    for how in NO_TMPFILE=1 NO_PROC=1; do
        rm -rf "$RECORDS"
        with "$how"
        put
        assert_status 200
        [ "$(ls -A "$(day)")" = u_1.5.json ]
        put
        assert_status 200
        [ "$(stat -c %a "$(day)/u_1.5.json")" = 640 ]
    done
}

@test "without O_TMPFILE, a listing that cannot be stored leaves no temporary file" {
    make_config confine=false min_free_bytes=1125899906842624
    with NO_TMPFILE=1
    put
    assert_status 507
    [ -z "$(ls -A "$(day)")" ]
}

@test "a day that a clean-up removes in the middle of a request is created again" {
    for how in NO_TMPFILE=1 NO_TMPFILE=; do
        with ${how:+"$how"} "BEFORE_LINK=rm -r '$(day)'"
        put
        assert_status 200
        [ "$(cat "$(day)/u_1.5.json")" = '[{"pid":1}]' ]
        rm "$(day)/u_1.5.json"
    done
}

@test "a temporary file that a clean-up removes in the middle of a request is written again" {
    with NO_TMPFILE=1 "BEFORE_LINK=rm '$(day)'/.new-*"
    put
    assert_status 200
    [ "$(ls -A "$(day)")" = u_1.5.json ]
}

@test "workers with the same pid on one directory store every listing under its own name" {
    unshare --pid --fork true 2>/dev/null || skip "no pid namespaces here"
    with NO_TMPFILE=1
    "$PYTHON" - "${RUNNER[@]}" <<'END'
import json, os, sys, threading
import rig
site = rig.Site(sync=False)
env = {"ASAN_OPTIONS": os.environ["ASAN_OPTIONS"], **dict(pair.split("=", 1) for pair in sys.argv[2:])}
prefix = ["unshare", "--pid", "--fork", "--kill-child"]
workers = [rig.Worker(site, prefix=prefix, env=env) for _ in range(4)]
refused = []
def store(worker, number):
    for k in range(120):
        uuid = f"host-{number}-{k}"
        body = json.dumps({"uuid": uuid, "timestamp": "1", "data": [{"pid": k, "name": uuid * 2000}]})
        reply = worker.request(body.encode(), path="/api/v1/record")
        if reply.status != 200:
            refused.append(reply)
try:
    threads = [threading.Thread(target=store, args=w) for w in zip(workers * 2, range(8))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not refused, refused[:3]
    found = [os.path.join(d, f) for d, _, fs in os.walk(os.path.join(site.records, "record")) for f in fs]
    assert len(found) == 8 * 120, len(found)
    for path in found:
        with open(path, encoding="utf-8") as f:
            name = json.load(f)[0]["name"]
        assert os.path.basename(path) == name[:len(name) // 2000] + "_1.json", path
finally:
    for w in workers:
        w.stop()
    site.remove()
END
}

@test "/healthz without O_TMPFILE: the probe of a worker with the same pid on another machine stays" {
    unshare --pid --fork true 2>/dev/null || skip "no pid namespaces here"
    with NO_TMPFILE=1
    RUNNER=(unshare --pid --fork "${RUNNER[@]}")
    mkdir -p "$RECORDS/data/$(today)"
    : >"$RECORDS/data/$(today)/.probe-1"
    cgi GET /healthz /dev/null -CONTENT_TYPE -CONTENT_LENGTH
    assert_status 200
    [ "$(ls -A "$RECORDS/data/$(today)")" = .probe-1 ]
}
