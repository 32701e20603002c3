"""rig: a records directory with its configuration, and workers spoken to in FastCGI, no web server.

A Worker is rollcall-handler with a listening unix socket as descriptor 0, as lighttpd or spawn-fcgi
start it. Worker.request() opens one connection, sends one request and reads the answer to its end. An
answer that is malformed raises Broken.
"""
import hashlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("ROLLCALL_BUILD", os.path.join(REPO, "build")))
HANDLER = os.path.join(BUILD, "rollcall-handler")
VERIFY = os.path.join(BUILD, "rollcall-verify")
TOKEN = "test-token-ingest"

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7


class Broken(Exception):
    """The worker died, or its answer is malformed."""


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:200]!r}"


class Site:
    """A directory of its own with configuration, tokens and records."""

    def __init__(self, **keys):
        self.dir = tempfile.mkdtemp(prefix="rollcall-test.", dir=os.environ.get("TMPDIR", "/tmp"))
        self.records = os.path.join(self.dir, "records")
        self.config = os.path.join(self.dir, "handler.json")
        self.log = os.path.join(self.dir, "log")
        with open(os.path.join(self.dir, "tokens"), "w", encoding="utf-8") as f:
            f.write(hashlib.sha256(TOKEN.encode()).hexdigest() + " ingest # test\n")
        values = {"records_dir": self.records, "tokens_file": os.path.join(self.dir, "tokens")}
        with open(self.config, "w", encoding="utf-8") as f:
            json.dump({**values, **keys}, f)

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()


def environment(**more):
    keep = {k: os.environ[k] for k in ("PATH", "HOME", "TMPDIR") if k in os.environ}
    keep.setdefault("ASAN_OPTIONS", "abort_on_error=1:detect_leaks=0")
    return {**keep, **more}


class Worker:
    def __init__(self, site, prefix=(), env=None):
        self.site, self.prefix, self.env = site, list(prefix), env or {}
        self.path = os.path.join(site.dir, f"sock.{os.urandom(4).hex()}")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(128)
        self.process = None
        self.start()

    def start(self):
        with open(self.site.log, "ab") as log:
            self.process = subprocess.Popen(
                self.prefix + [HANDLER], stdin=self.listener, stdout=log, stderr=log,
                env=environment(ROLLCALL_CONFIG=self.site.config, **self.env))

    def alive(self):
        return self.process.poll() is None

    def stop(self, sig=signal.SIGTERM):
        """Ends it and returns its exit status (negative: the signal)."""
        if self.alive():
            self.process.send_signal(sig)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(30)
        s.connect(self.path)
        return s

    def request(self, body=b"", method="POST", path="/data", **params):
        """One request; a parameter that is None is left out."""
        s = self.connect()
        try:
            try:
                s.sendall(encode_request(body, method, path, params))
            except (BrokenPipeError, ConnectionResetError):
                pass                                  # answered before the body was read
            return decode_reply(s)
        finally:
            s.close()


def name_value(name, value):
    name, value = name.encode(), value if isinstance(value, bytes) else str(value).encode()
    out = b""
    for part in (name, value):
        n = len(part)
        out += bytes([n]) if n < 128 else struct.pack("!I", n | 0x80000000)
    return out + name + value


def record(kind, content):
    return struct.pack("!BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def stream(kind, data):
    parts = [record(kind, data[i:i + 65535]) for i in range(0, len(data), 65535)]
    return b"".join(parts) + record(kind, b"")


def parameters(body, method, path, params):
    values = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "REQUEST_URI": path,
        "QUERY_STRING": "", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"Bearer {TOKEN}",
    }
    values.update(params)
    return {k: v for k, v in values.items() if v is not None}


def encode_request(body, method, path, params):
    values = parameters(body, method, path, params)
    head = b"".join(name_value(k, v) for k, v in values.items())
    return (record(BEGIN, struct.pack("!HB5x", 1, 0)) + stream(PARAMS, head)
            + stream(STDIN, body))


def decode_reply(s):
    data = b""
    while True:
        try:
            chunk = s.recv(65536)
        except ConnectionResetError:
            break
        except socket.timeout:
            raise Broken("no answer in 30 s") from None
        if not chunk:
            break
        data += chunk
    out, ended, at = b"", False, 0
    while at + 8 <= len(data):
        _, kind, _, length, padding, _ = struct.unpack("!BBHHBB", data[at:at + 8])
        content = data[at + 8:at + 8 + length]
        if kind == STDOUT:
            out += content
        elif kind == END:
            ended = True
        at += 8 + length + padding
    if not ended:
        raise Broken(f"the answer has no end: {data[:200]!r}")
    return parse_cgi(out)


def parse_cgi(out):
    head, sep, body = out.partition(b"\r\n\r\n")
    if not sep:
        head, sep, body = out.partition(b"\n\n")
    if not sep:
        raise Broken(f"no header block: {out[:200]!r}")
    headers = {}
    for line in head.replace(b"\r\n", b"\n").split(b"\n"):
        name, colon, value = line.partition(b":")
        if not colon:
            raise Broken(f"bad header line {line!r}")
        headers[name.decode().strip().lower()] = value.decode().strip()
    try:
        status = int(headers.get("status", "200").split()[0])
    except ValueError:
        raise Broken(f"bad status {headers['status']!r}") from None
    return Reply(status, headers, body)


def jsend_fault(reply):
    """What is wrong with the answer, or None."""
    if reply.headers.get("content-type") != "application/json":
        return f"Content-Type is {reply.headers.get('content-type')!r}"
    if reply.headers.get("content-length", str(len(reply.body))) != str(len(reply.body)):
        return "Content-Length is not the body's"
    try:
        value = json.loads(reply.body)
    except ValueError:
        return f"the body is not JSON: {reply.body[:80]!r}"
    kind = {2: "success", 4: "fail", 5: "error"}.get(reply.status // 100)
    if not isinstance(value, dict) or value.get("status") != kind:
        return f"status {reply.status} has the body {reply.body[:80]!r}"
    if kind == "fail" and not (isinstance(value.get("data"), dict)
                               and isinstance(value["data"].get("reason"), str)):
        return "a fail without a reason"
    if kind == "error" and not isinstance(value.get("message"), str):
        return "an error without a message"
    return None


def cgi(site, body=b"", method="POST", path="/data", prefix=(), env=None, **params):
    """One plain CGI run: (exit status, Reply)."""
    values = parameters(body, method, path, params)
    done = subprocess.run(list(prefix) + [HANDLER], input=body, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, timeout=60,
                          env=environment(ROLLCALL_CONFIG=site.config, **(env or {}), **values))
    with open(site.log, "ab") as f:
        f.write(done.stderr)
    return done.returncode, parse_cgi(done.stdout)


def base_record(**more):
    return {"hostname": "h", "processor": "p", "processes": [{"pid": 1, "cmd": "init"}],
            "users": ["ana"], "os_name": "Linux", "os_ver": "6.1", **more}


def wait_for(condition, seconds=30):
    """Polls: True as soon as the condition holds, False after the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False
