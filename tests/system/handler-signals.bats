#!/usr/bin/env bats
# SIGTERM and memory, on a worker without a web server (descriptor 0 is the listening socket).
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

@test "SIGTERM ends an idle worker with 0" {
    "$PYTHON" - <<'END'
import rig
site = rig.Site()
worker = rig.Worker(site)
try:
    assert worker.request(b"{}").status == 422
    assert worker.stop() == 0
finally:
    worker.stop()
    site.remove()
END
}

@test "SIGTERM ends a worker that never had a request with 0" {
    "$PYTHON" - <<'END'
import os, rig
site = rig.Site()
worker = rig.Worker(site)
try:
    listening = lambda: any(os.readlink(f"/proc/{worker.process.pid}/fd/{n}").startswith("socket:")
                            for n in os.listdir(f"/proc/{worker.process.pid}/fd"))
    blocked = lambda: listening() and open(f"/proc/{worker.process.pid}/wchan").read() not in ("", "0") \
        or "State:\tS" in open(f"/proc/{worker.process.pid}/status").read()
    assert rig.wait_for(blocked)
    code = worker.stop()
    assert code == 0, code
finally:
    worker.stop()
    site.remove()
END
}

@test "SIGTERM finishes the request in hand, answers it, and ends with 0" {
    "$PYTHON" - <<'END'
import fcntl, glob, json, os, signal, threading, rig
site = rig.Site(lock_timeout_ms=20000)
worker = rig.Worker(site)
body = json.dumps(rig.base_record(id="in-hand")).encode()
try:
    assert worker.request(json.dumps(rig.base_record(id="first")).encode()).status == 200
    path = glob.glob(site.records + "/data/*/*.json")[0]
    held = open(path, "rb")
    fcntl.flock(held, fcntl.LOCK_EX)
    got = []
    t = threading.Thread(target=lambda: got.append(worker.request(body)))
    t.start()
    def waiting():
        fds = f"/proc/{worker.process.pid}/fd"
        open_ = [os.path.realpath(os.path.join(fds, n)) for n in os.listdir(fds)]
        return path in open_ and sum("/socket:" in o for o in open_) == 2  # it listens on one
    assert rig.wait_for(waiting), "the worker never came to the lock"
    worker.process.send_signal(signal.SIGTERM)
    fcntl.flock(held, fcntl.LOCK_UN)
    t.join(30)
    assert got and got[0].status == 200 and got[0].json["data"]["seq"] == 2, got
    code = worker.stop()
    assert code == 0, code
finally:
    worker.stop()
    site.remove()
END
}

@test "a second SIGTERM while the request is in hand does not cut it short" {
    "$PYTHON" - <<'END'
import fcntl, glob, json, os, signal, threading, rig
site = rig.Site(lock_timeout_ms=20000)
worker = rig.Worker(site)
try:
    assert worker.request(json.dumps(rig.base_record()).encode()).status == 200
    path = glob.glob(site.records + "/data/*/*.json")[0]
    held = open(path, "rb")
    fcntl.flock(held, fcntl.LOCK_EX)
    got = []
    t = threading.Thread(target=lambda: got.append(worker.request(json.dumps(rig.base_record()).encode())))
    t.start()
    def waiting():
        fds = f"/proc/{worker.process.pid}/fd"
        open_ = [os.path.realpath(os.path.join(fds, n)) for n in os.listdir(fds)]
        return path in open_ and sum("/socket:" in o for o in open_) == 2  # it listens on one
    assert rig.wait_for(waiting), "the worker never came to the lock"
    for _ in range(20):
        worker.process.send_signal(signal.SIGTERM)
    fcntl.flock(held, fcntl.LOCK_UN)
    t.join(30)
    assert got and got[0].status == 200, got
    assert worker.stop() == 0
finally:
    worker.stop()
    site.remove()
END
}

@test "a web server that vanishes amid a request does not end the worker" {
    "$PYTHON" - <<'END'
import json, rig
site = rig.Site()
worker = rig.Worker(site)
body = json.dumps(rig.base_record()).encode()
request = rig.encode_request(body, "POST", "/data", {})
try:
    for cut in list(range(0, len(request), 37)) + [len(request)]:
        s = worker.connect()
        s.sendall(request[:cut])
        s.close()
    assert worker.request(body).status == 200
    assert worker.alive()
    import check_store
    store = check_store.check(site.records)
    assert not store.errors and not store.tails, store.errors
finally:
    worker.stop()
    site.remove()
END
}

@test "a body cut short by the web server is 400 and not stored" {
    "$PYTHON" - <<'END'
import json, os, rig
site = rig.Site()
worker = rig.Worker(site)
body = json.dumps(rig.base_record()).encode()
try:
    for size in (0, 1, 50, len(body) - 1):
        r = worker.request(body[:size], CONTENT_LENGTH=str(len(body)))
        assert r.status == 400, r
    assert not any(f for _, _, f in os.walk(site.records)), "stored all the same"
finally:
    worker.stop()
    site.remove()
END
}

@test "a parameter block of 1 MB and 5,000 parameters do not end the worker" {
    "$PYTHON" - <<'END'
import json, rig
site = rig.Site()
worker = rig.Worker(site)
body = json.dumps(rig.base_record()).encode()
try:
    more = {f"HTTP_X_{k}": "v" * 100 for k in range(5000)}
    assert worker.request(body, **more).status == 200
    assert worker.request(body, HTTP_X="v" * 1000000).status == 200
    assert worker.request(body).status == 200
finally:
    worker.stop()
    site.remove()
END
}

@test "nothing of one request survives into the next" {
    "$PYTHON" - <<'END'
import gzip, json, os, rig
site = rig.Site()
worker = rig.Worker(site)
body = json.dumps(rig.base_record(id="a")).encode()
try:
    assert worker.request(gzip.compress(body), HTTP_CONTENT_ENCODING="gzip").status == 200
    assert worker.request(body).json["data"]["duplicates"] == 1        # plain now, same id
    assert worker.request(body, HTTP_AUTHORIZATION=None).status == 401
    plain = json.dumps(rig.base_record()).encode()
    r = worker.request(plain, REMOTE_ADDR="10.0.0.1").json["data"]
    assert (r["client_ip"], r["seq"]) == ("10.0.0.1", 1), r
    r = worker.request(plain, REMOTE_ADDR="10.0.0.2").json["data"]
    assert (r["client_ip"], r["seq"]) == ("10.0.0.2", 1), r
    name = next(os.path.join(d, f) for d, _, fs in os.walk(site.records) for f in fs if f.startswith("10.0.0.1_") and f.endswith("json"))
    assert '"id"' not in open(name).read()
finally:
    worker.stop()
    site.remove()
END
}

@test "10,000 requests leave a worker's memory flat" {
    if sanitized; then skip "n/a: a sanitizer keeps freed memory"; fi
    "$PYTHON" - <<'END'
import gzip, json, os, rig
site = rig.Site(sync=False)
worker = rig.Worker(site)
small = json.dumps(rig.base_record()).encode()
big = json.dumps(rig.base_record(processes=[{"pid": n, "cmd": "c" * 60} for n in range(500)])).encode()
batch = b"\n".join(json.dumps(rig.base_record(id=f"b{n}")).encode() for n in range(20))
def private():
    fields = dict(l.split(":", 1) for l in open(f"/proc/{worker.process.pid}/status") if ":" in l)
    return int(fields["RssAnon"].split()[0])
def rounds(n):
    for k in range(n // 10):
        ip = f"127.0.{k % 50}.1"
        for _ in range(3):
            assert worker.request(small, REMOTE_ADDR=ip).status == 200
        assert worker.request(big, REMOTE_ADDR=ip).status == 200
        assert worker.request(gzip.compress(big, 1), REMOTE_ADDR=ip, HTTP_CONTENT_ENCODING="gzip").status == 200
        assert worker.request(batch, REMOTE_ADDR=ip, CONTENT_TYPE="application/x-ndjson",
                              HTTP_ROLLCALL_RETRY="3600").status == 200
        assert worker.request(small[:-5], REMOTE_ADDR=ip).status == 400
        assert worker.request(b"{}", REMOTE_ADDR=ip).status == 422
        assert worker.request(small, HTTP_AUTHORIZATION="Bearer no").status == 401
        assert worker.request(method="GET", path="/healthz").status == 200
try:
    rounds(2000)
    early = private()
    rounds(8000)
    late = private()
    print(f"private memory after 2,000: {early} KiB, after 10,000: {late} KiB")
    assert late <= early + 256, (early, late)
    assert worker.alive()
finally:
    worker.stop()
    site.remove()
END
}

@test "1,000 requests of 350 addresses leave no descriptor open" {
    "$PYTHON" - <<'END'
import json, os, rig
site = rig.Site(sync=False)
worker = rig.Worker(site)
body = json.dumps(rig.base_record()).encode()
def descriptors():
    return len(os.listdir(f"/proc/{worker.process.pid}/fd"))
try:
    for k in range(350):
        worker.request(body, REMOTE_ADDR=f"127.{1 + k // 250}.{k % 250}.1")
    early = descriptors()
    for k in range(900):
        worker.request(body if k % 3 else body[:-1], REMOTE_ADDR=f"127.1.{k % 250}.1")
    assert descriptors() <= early + 1, (early, descriptors())
finally:
    worker.stop()
    site.remove()
END
}

@test "the answer does not wait for the empty record that ends the body" {
    "$PYTHON" - <<'END'
import json, rig
site = rig.Site()
worker = rig.Worker(site)
body = json.dumps(rig.base_record()).encode()
end = rig.record(rig.STDIN, b"")
try:
    for wanting in (len(end), 5, 1):
        s = worker.connect()
        s.sendall(rig.encode_request(body, "POST", "/data", {})[:-wanting])
        reply = rig.decode_reply(s)     # reads until the worker closes
        assert reply.status == 200, reply
        s.close()
    assert worker.request(body).json["data"]["seq"] == 4
finally:
    worker.stop()
    site.remove()
END
}

@test "SIGTERM ends the wait for the end of a body" {
    "$PYTHON" - <<'END'
import json, os, rig, signal, time
site = rig.Site()
worker = rig.Worker(site)
body = json.dumps(rig.base_record()).encode()
try:
    for _ in range(3):
        s = worker.connect()
        s.sendall(rig.encode_request(body, "POST", "/data", {})[:-8])
        got = b""
        while not got.endswith(rig.record(rig.END, b"\0" * 8)):
            more = s.recv(65536)
            assert more, got
            got += more
        worker.process.send_signal(signal.SIGTERM)
        code = worker.process.wait(10)
        assert code == 0, code
        s.close()
        worker.start()
finally:
    worker.stop()
    site.remove()
END
}

@test "an idle worker on a socket that does not block stays" {
    "$PYTHON" - <<'END'
import json, rig, time
site = rig.Site()
worker = rig.Worker(site)
body = json.dumps(rig.base_record()).encode()
cpu = lambda: sum(int(n) for n in open(f"/proc/{worker.process.pid}/stat").read().rsplit(")", 1)[1].split()[11:13])
sleeps = lambda: "State:\tS" in open(f"/proc/{worker.process.pid}/status").read()
try:
    worker.stop()
    worker.listener.setblocking(False)
    worker.start()
    assert worker.request(body).status == 200
    assert rig.wait_for(sleeps)
    before = cpu()
    time.sleep(2)
    assert worker.alive() and cpu() - before < 20, cpu() - before
    assert worker.request(body).json["data"]["seq"] == 2
    assert rig.wait_for(sleeps)
    assert worker.stop() == 0
    assert b"accept_failed" not in open(site.log, "rb").read()
finally:
    worker.stop()
    site.remove()
END
}

@test "with only descriptor 0 open, the log does not appear in the answers" {
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

@test "SIGTERM, SIGINT and SIGUSR1 end a waiting worker with status 0 and no output" {
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

@test "SIGTERM ends a worker that waits on a connection that the web server keeps open" {
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
