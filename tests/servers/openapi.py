"""usage: openapi.py statuses|schemathesis

A collector behind the shipped lighttpd.conf, asked by handler/query/openapi.yaml.

  statuses       drives every path and every documented status; each body must be of its schema
  schemathesis   generated requests: no 5xx, no answer outside the schema
"""
import contextlib
import fcntl
import hashlib
import http.client
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import jsonschema
import yaml
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("ROLLCALL_BUILD", os.path.join(REPO, "build"))
SPEC = os.path.join(REPO, "handler/query/openapi.yaml")
TOKENS = {"all": "ingest,read,metrics", "read": "read", "ingest": "ingest"}
POLICY = {"rules": [{"name": "no-init", "why": "w", "severity": "low", "forbid": {"process": {"cmd": "init"}}},
                     {"name": "kernel", "why": "w", "severity": "high", "at_least": {"kernel": "99"}}]}
RECORD = {"hostname": "h", "processor": "p", "os_name": "Linux", "os_ver": "6.1", "users": [{"name": "ana", "tty": "pts/1"}],
          "machine_id": "m", "boot_id": "b", "cores": 4, "memory_bytes": 1 << 30, "os_pretty_name": "Debian",
          "listening": [{"proto": "tcp", "addr": "0.0.0.0", "port": 22, "uid": 0}],
          "processes": [{"pid": 1, "ppid": 0, "cmd": "init", "user": "root", "state": "S", "start_ticks": 5, "cpu": 0.5}]}

# What the running stack cannot be brought to here, and where it is tested.
ELSEWHERE = {
    ("getArchiveRoot", "500"): "a list too long for one answer: tests/aws/bucket.bats",
    ("getArchiveLevel", "500"): "a list too long for one answer: tests/aws/bucket.bats",
    ("getArchiveObject", "500"): "memory is out",
    ("getArchiveRoot", "404"): "the root is always there",
    ("getArchiveRoot", "504"): "S3 that does not answer in time: tests/aws/bucket.bats",
    ("getArchiveLevel", "504"): "S3 that does not answer in time: tests/aws/bucket.bats",
    ("getArchiveObject", "504"): "S3 that does not answer in time: tests/aws/objects.bats",
    ("getArchiveRoot", "400"): "no prefix, nothing to be wrong",
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class S3(http.server.BaseHTTPRequestHandler):
    """An archive with one object; what begins with "broken" fails."""
    protocol_version = "HTTP/1.1"
    KEY, BODY = "json/date=2026-11-20/10.0.0.7_2026-11-20.json.gz", b"0123456789"

    def log_message(self, *_):
        pass

    def send(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command != "HEAD" else b"")

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        if "list-type" in query:
            prefix = query.get("prefix", [""])[0]
            if prefix.startswith("broken"):
                return self.send(500, b"<Error><Code>InternalError</Code></Error>", Content_Type="application/xml")
            keys = "".join(f"<Contents><Key>{k}</Key><Size>10</Size></Contents>" for k in [self.KEY] if k.startswith(prefix))
            return self.send(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{keys}</ListBucketResult>".encode(),
                             Content_Type="application/xml")
        key = urllib.parse.unquote(url.path).split("/", 2)[-1]
        if key.startswith("json/date=2026-11-21"):
            return self.send(500, b"<Error><Code>InternalError</Code></Error>", Content_Type="application/xml")
        if key != self.KEY:
            return self.send(404, b"<Error><Code>NoSuchKey</Code></Error>", Content_Type="application/xml")
        common = {"ETag": '"e1"', "Content_Type": "application/octet-stream", "Accept_Ranges": "bytes",
                  "Last_Modified": "Fri, 20 Nov 2026 00:00:00 GMT"}
        wanted = self.headers.get("Range", "")
        if self.headers.get("If-None-Match") == '"e1"':
            return self.send(304, b"", **common)
        if wanted.startswith("bytes="):
            first, _, last = wanted[6:].partition("-")
            first, last = int(first or 0), int(last or 9)
            if first > 9:
                return self.send(416, b"<Error><Code>InvalidRange</Code></Error>", Content_Range="bytes */10")
            part = self.BODY[first:last + 1]
            return self.send(206, part, Content_Range=f"bytes {first}-{first + len(part) - 1}/10", **common)
        return self.send(200, self.BODY, **common)

    do_HEAD = do_GET


class Stack:
    """lighttpd with all three programs in a directory of its own."""

    def __init__(self, top, name, s3_port, tokens=True, **keys):
        self.dir = os.path.join(top, name)
        self.records = os.path.join(self.dir, "records")
        os.makedirs(os.path.join(self.dir, "htdocs"))
        os.makedirs(os.path.join(self.dir, "upload"))
        if tokens:
            with open(os.path.join(self.dir, "tokens"), "w", encoding="utf-8") as f:
                for token, scope in TOKENS.items():
                    f.write(f"{hashlib.sha256(token.encode()).hexdigest()} {scope} # {token}\n")
        config = {"records_dir": self.records, "tokens_file": os.path.join(self.dir, "tokens"), "lock_timeout_ms": 300,
                  "s3": {"bucket": "b", "region": "x", "endpoint": f"http://127.0.0.1:{s3_port}", "addressing_style": "path"}}
        with open(os.path.join(self.dir, "handler.json"), "w", encoding="utf-8") as f:
            json.dump({**config, **keys}, f)
        for _ in range(3):
            if self.start():
                return
        with open(os.path.join(self.dir, "server.log"), encoding="utf-8") as f:
            raise SystemExit("lighttpd did not start: " + f.read())

    def start(self):
        """False: it did not stay, for example because somebody else took the port."""
        self.port = free_port()
        program = lambda p: os.path.join(BUILD, "rollcall-" + p)
        env = {**os.environ, "ROLLCALL_RUN": self.dir, "ROLLCALL_PORT": str(self.port), "ROLLCALL_WORKERS": "4",
               "ROLLCALL_HANDLER": program("handler"), "ROLLCALL_QUERY": program("query"), "ROLLCALL_BUCKET": program("bucket"),
               "ROLLCALL_PROXIES": "127.0.0.1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_MAX_ATTEMPTS": "1"}
        env.pop("ROLLCALL_CONFIG", None)
        with open(os.path.join(self.dir, "server.log"), "ab") as log:
            self.process = subprocess.Popen(["/usr/sbin/lighttpd", "-D", "-f", os.path.join(REPO, "lighttpd/lighttpd.conf")],
                                            env=env, stdout=log, stderr=log)
        end = time.monotonic() + 30
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.ask("GET", "/no-such-path", token=None)
                return True
            time.sleep(0.05)
        self.stop()
        return False

    def ask(self, method, path, token="all", body=None, length=True, **headers):
        """(status, headers, body); a token of None sends none."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content_Type", "application/json")
        body = body.encode() if isinstance(body, str) else body
        c.putrequest(method, path, skip_accept_encoding=True)
        if token:
            c.putheader("Authorization", "Bearer " + token)
        for name, value in headers.items():
            c.putheader(name.replace("_", "-"), value)
        if length and method == "POST":
            c.putheader("Content-Length", str(len(body or b"")))
        c.endheaders(body if length else None)
        r = c.getresponse()
        answer = r.status, r.headers, r.read()
        c.close()
        return answer

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Spec:
    def __init__(self):
        with open(SPEC, encoding="utf-8") as f:
            self.doc = yaml.safe_load(f)
        self.registry = Registry().with_resource("spec", Resource(contents=self.doc, specification=DRAFT202012))
        self.operations = {}
        for path, methods in self.doc["paths"].items():
            for method, op in methods.items():
                if isinstance(op, dict) and "operationId" in op:
                    self.operations[op["operationId"]] = (path, method.upper(), op)
        self.seen = set()

    def resolve(self, node):
        while "$ref" in node and len(node) == 1:
            target = self.doc
            for part in node["$ref"][2:].split("/"):
                target = target[part]
            node = target
        return node

    def absolute(self, node):
        """The same schema with references that hold outside of the document."""
        if isinstance(node, dict):
            return {k: "spec" + v if k == "$ref" else self.absolute(v) for k, v in node.items()}
        return [self.absolute(v) for v in node] if isinstance(node, list) else node

    def check(self, operation, status, headers, body):
        """Raises if the answer is not one that is documented."""
        responses = self.operations[operation][2]["responses"]
        if str(status) not in responses:
            raise AssertionError(f"{operation}: {status} is not documented: {body[:200]!r}")
        response = self.resolve(responses[str(status)])
        for name, rule in response.get("headers", {}).items():
            if name in ("Content-Disposition", "WWW-Authenticate", "Set-Cookie") or headers.get(name):
                jsonschema.Draft202012Validator(rule["schema"]).validate(headers.get(name))
        if "content" in response:
            kind = headers.get("Content-Type", "")
            content = response["content"].get(kind) or response["content"].get("*/*")
            if content is None:
                raise AssertionError(f"{operation}: {status} is of type {kind!r}, not documented")
            value = json.loads(body) if kind == "application/json" else body.decode("utf-8", "replace")
            validator = jsonschema.Draft202012Validator(self.absolute(content["schema"]), registry=self.registry)
            error = jsonschema.exceptions.best_match(validator.iter_errors(value))
            if error:
                raise AssertionError(f"{operation}: {status}: {error.json_path}: {error.message[:300]}")
        elif body:
            raise AssertionError(f"{operation}: {status} has a body")
        self.seen.add((operation, str(status)))

    def missing(self):
        documented = {(name, status) for name, (_, _, op) in self.operations.items() for status in op["responses"]}
        return sorted(documented - self.seen - set(ELSEWHERE)), sorted((self.seen | (ELSEWHERE.keys() - documented)) & set(ELSEWHERE))


@contextlib.contextmanager
def stacks():
    """The usual one; one that has no space and no S3; one without tokens."""
    s3 = http.server.ThreadingHTTPServer(("127.0.0.1", 0), S3)
    threading.Thread(target=s3.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="rollcall-openapi.") as top:
        port, made = s3.server_address[1], []
        try:
            policy = os.path.join(top, "policy.json")
            with open(policy, "w", encoding="utf-8") as f:
                json.dump(POLICY, f)
            made.append(Stack(top, "usual", port, policy_file=policy, test_api=True, max_body_bytes=65536, max_file_bytes=1 << 20))
            made.append(Stack(top, "full", 1, min_free_bytes=1 << 50))
            made.append(Stack(top, "closed", port, tokens=False, test_api=True))
            yield made
        finally:
            for stack in made:
                stack.stop()
            s3.shutdown()


class Drive:
    def __init__(self, spec, usual, full, closed):
        self.spec, self.usual, self.full, self.closed = spec, usual, full, closed
        self.wrong = []

    def __call__(self, operation, want, path, stack=None, **how):
        method = self.spec.operations[operation][1]
        status, headers, body = (stack or self.usual).ask(method, path, **how)
        try:
            self.spec.check(operation, status, headers, body)
            if status != want:
                raise AssertionError(f"{operation} {path}: {status}, should be {want}: {body[:200]!r}")
        except (AssertionError, jsonschema.ValidationError) as e:
            self.wrong.append(str(e).split("\n", maxsplit=1)[0])
        return headers, body

    def sparse(self, ip, size):
        """Makes the file of a host of today this large: its record gets a member with a hole."""
        self.usual.ask("POST", "/data", body=RECORD, X_Forwarded_For=ip)
        for day in os.listdir(os.path.join(self.usual.records, "data")):
            path = os.path.join(self.usual.records, "data", day, f"{ip}_{day}.json")
            with contextlib.suppress(FileNotFoundError), open(path, "r+b") as f:
                line = f.read()
                f.truncate(0)
                f.seek(0)
                f.write(b'{"pad":"')
                f.seek(size)
                f.write(b'",' + line[1:])

    def refusals(self, operation, path, scope, **how):
        """What every path with a token answers."""
        other = "ingest" if scope == "read" else "read"
        self(operation, 401, path, token=None, **how)
        self(operation, 403, path, token=other, **how)
        self(operation, 503, path, stack=self.closed, **how)


def drive_records(d):
    ok = {"body": RECORD}
    d.refusals("postData", "/data", "ingest", **ok)
    d("postData", 200, "/data", body=RECORD, X_Forwarded_For="10.0.0.7")
    d("postData", 200, "/data", body=json.dumps(RECORD) + "\n", Content_Type="application/x-ndjson", X_Forwarded_For="10.0.0.7")
    d("postData", 400, "/data", body="{", Content_Type="application/json")
    d("postData", 411, "/data", length=False, Content_Type="application/json")
    d("postData", 413, "/data", body={**RECORD, "filler": "x" * 70000})
    d("postData", 415, "/data", body="{}", Content_Type="text/plain")
    d("postData", 422, "/data", body={"processor": 1})
    d("postData", 507, "/data", stack=d.full, **ok)
    day = time.strftime("%Y-%m-%d", time.gmtime())
    data = os.path.join(d.usual.records, "data", day)
    with open(f"{data}/10.0.0.8_{day}.json", "w", encoding="utf-8") as f:
        f.write("not ours\n")
    d("postData", 500, "/data", X_Forwarded_For="10.0.0.8", **ok)
    with open(f"{data}/10.0.0.7_{day}.json", encoding="utf-8") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        d("postData", 503, "/data", X_Forwarded_For="10.0.0.7", **ok)
    big = {**RECORD, "filler": "x" * 60000}
    for _ in range(40):
        status, headers, body = d.usual.ask("POST", "/data", body=big, X_Forwarded_For="10.0.0.9")
        if status == 429:
            d.spec.check("postData", status, headers, body)
            break


def drive_listings(d):
    path, listing = "/api/v1/record", {"uuid": "u1", "timestamp": "1593338576.5", "data": [{"pid": 1}]}
    d("getTestLatest", 404, "/api/test/latest")
    d.refusals("postListing", path, "ingest", body=listing)
    d("postListing", 200, path, body=listing)
    d("postListing", 200, path, body=listing)
    d("postListing", 409, path, body={**listing, "data": []})
    d("postListing", 400, path, body="[", Content_Type="application/json")
    d("postListing", 411, path, length=False)
    d("postListing", 413, path, body={**listing, "data": [{"x": "y" * 70000}]})
    d("postListing", 415, path, body="x", Content_Type="text/plain")
    d("postListing", 422, path, body={"uuid": "-", "timestamp": "1", "data": []})
    d("postListing", 507, path, stack=d.full, body=listing)
    for operation, name in (("getTestCount", "count"), ("getTestLatest", "latest")):
        d.refusals(operation, "/api/test/" + name, "read")
        d(operation, 200, "/api/test/" + name)
    d("getTestCount", 404, "/api/test/count", stack=d.full)
    day = os.path.join(d.usual.records, "record", time.strftime("%Y-%m-%d", time.gmtime()))
    for name in os.listdir(day):
        with open(os.path.join(day, name), "w", encoding="utf-8") as f:
            f.write("[")
    d("getTestLatest", 500, "/api/test/latest")
    os.rename(day, day + ".away")
    with open(day, "w", encoding="utf-8"):
        pass
    d("postListing", 500, path, body={**listing, "uuid": "u2"})
    os.unlink(day)
    os.rename(day + ".away", day)


def drive_hosts(d):
    with_tag = lambda operation, path: d(operation, 304, path, If_None_Match=d(operation, 200, path)[0]["ETag"])
    for operation, view in (("getHosts", ""), ("getHost", "/10.0.0.7"), ("getTimeline", "/10.0.0.7/timeline"),
                            ("getDays", "/10.0.0.7/days")):
        path = "/api/v1/hosts" + view
        d.refusals(operation, path, "read")
        d(operation, 400, path + "?nothing=1")
        with_tag(operation, path)
    d("getHosts", 200, "/api/v1/hosts?format=csv&limit=1")
    d("getHosts", 200, "/api/v1/hosts?limit=1&fields=ip,labels&sort=-records")
    d("getHost", 200, "/api/v1/hosts/10.0.0.7?raw=1")
    d("getHost", 404, "/api/v1/hosts/10.9.9.9")
    d("getTimeline", 404, "/api/v1/hosts/x/timeline")
    d("getDays", 404, "/api/v1/hosts/10.0.0.999/days")
    d.refusals("getHostChanges", "/api/v1/hosts/10.0.0.7/changes", "read")
    d("getHostChanges", 200, "/api/v1/hosts/10.0.0.7/changes")
    changed = {**RECORD, "hostname": "g", "os_ver": "6.2", "listening": [], "users": [],
               "processes": [{"pid": 1, "ppid": 0, "cmd": "init", "user": "root", "start_ticks": 5}, {"pid": 2, "cmd": "cron"}]}
    before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    d.usual.ask("POST", "/data", body=changed, X_Forwarded_For="10.0.0.7")
    d("getHostChanges", 200, f"/api/v1/hosts/10.0.0.7/changes?from=-1h")
    d("getHostChanges", 400, "/api/v1/hosts/10.0.0.7/changes?from=x")
    d("getHostChanges", 404, "/api/v1/hosts/10.9.9.9/changes")
    path = f"/api/v1/hosts/10.0.0.7/changes?from={before}&to=2099-01-01T00:00:00Z"
    tag = d("getHostChanges", 200, path)[0]["ETag"]
    d("getHostChanges", 304, path, If_None_Match=tag)



def drive_fleet(d):
    """Questions about all hosts; a rule of the policy fails on 10.0.0.7."""
    before = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime())
    big = f"/api/v1/search?cmd=x&host=10.0.0.88&date={time.strftime('%Y-%m-%d', time.gmtime())}"
    for operation, path in (("getChanges", f"/api/v1/changes?from={before}&to=2099-01-01T00:00:00Z"), ("getSearch", "/api/v1/search?cmd=init"),
                            ("getCompliance", "/api/v1/compliance")):
        d.refusals(operation, path, "read")
        d(operation, 400, path + ("&" if "?" in path else "?") + "nothing=1")
        tag = d(operation, 200, path)[0]["ETag"]
        d(operation, 304, path, If_None_Match=tag)
    d("getChanges", 200, "/api/v1/changes?kind=started,changed")
    for by in ("process", "cmd", "host"):
        d("getSearch", 200, f"/api/v1/search?cmd=*&by={by}&limit=2")
    d("getSearch", 200, "/api/v1/search?port=22")
    d("getCompliance", 200, "/api/v1/compliance?rule=no-init&state=fail")
    d.sparse("10.0.0.88", 3 << 30)
    d("getSearch", 422, big)


def drive_rest(d):
    d("getHealth", 200, "/healthz", token=None)
    d("getHealth", 503, "/healthz", token=None, stack=d.full)
    status, headers, body = d.usual.ask("PATCH", "/healthz")
    d.spec.check("getHealth", status, headers, body)
    origin = {"Origin": f"http://127.0.0.1:{d.usual.port}", "Host": f"127.0.0.1:{d.usual.port}"}
    d("postSession", 200, "/api/v1/session", token="read", Origin=origin["Origin"])
    d("postSession", 401, "/api/v1/session", token=None, Origin=origin["Origin"])
    d("postSession", 403, "/api/v1/session", Origin="http://elsewhere.example")
    d("postSession", 400, "/api/v1/session?x=1")
    d("postSession", 411, "/api/v1/session", length=False)
    d("postSession", 503, "/api/v1/session", stack=d.closed, Origin=origin["Origin"])
    d("deleteSession", 200, "/api/v1/session", token=None, Origin=origin["Origin"])
    d("deleteSession", 400, "/api/v1/session?x=1", token=None)
    d("deleteSession", 403, "/api/v1/session", token=None, Origin="http://elsewhere.example")
    d("getMetrics", 200, "/metrics")
    d("getMetrics", 400, "/metrics?x=1")
    d.refusals("getMetrics", "/metrics", "metrics")
    day = time.strftime("%Y-%m-%d", time.gmtime())
    path = f"/files/{day}/10.0.0.7_{day}.json"
    d.refusals("getFile", path, "read")
    d("getFile", 304, path, If_None_Match=d("getFile", 200, path)[0]["ETag"])
    d("getFile", 200, path.replace(".json", ".csv"))
    d("getFile", 206, path, Range="bytes=0-9")
    d("getFile", 416, path, Range="bytes=99999999-")
    d("getFile", 400, path + "?x=1")
    d("getFile", 404, path + "x")
    for operation, path in (("getArchiveRoot", "/list-bucket-content"), ("getArchiveLevel", "/list-bucket-content/json"),
                            ("getArchiveObject", "/archive/" + S3.KEY)):
        d.refusals(operation, path, "read")
        d(operation, 200, path)
    d("getArchiveRoot", 502, "/list-bucket-content", stack=d.full)
    d("getArchiveLevel", 400, "/list-bucket-content/%ff")
    d("getArchiveLevel", 404, "/list-bucket-content/nothing")
    d("getArchiveLevel", 502, "/list-bucket-content/broken")
    d("getArchiveObject", 206, "/archive/" + S3.KEY, Range="bytes=0-3")
    d("getArchiveObject", 304, "/archive/" + S3.KEY, If_None_Match='"e1"')
    d("getArchiveObject", 416, "/archive/" + S3.KEY, Range="bytes=50-60")
    d("getArchiveObject", 400, "/archive/%ff")
    d("getArchiveObject", 404, "/archive/" + S3.KEY.replace("0.7", "0.8"))
    d("getArchiveObject", 502, "/archive/json/date=2026-11-21/10.0.0.7_2026-11-21.json.gz")


def statuses():
    spec = Spec()
    with stacks() as made:
        d = Drive(spec, *made)
        # The day is the server's: not over midnight.
        while time.time() % 86400 > 86400 - 60:
            time.sleep(1)
        for part in (drive_listings, drive_records, drive_hosts, drive_fleet, drive_rest):
            part(d)
    missing, needless = spec.missing()
    for line in d.wrong:
        print(line)
    for operation, status in missing:
        print(f"{operation}: {status} is documented, and was not seen")
    for operation, status in needless:
        print(f"{operation}: {status} was seen, or is not documented: take it off the list")
    print(f"{len(spec.operations)} operations, {len(spec.seen)} statuses seen")
    return 1 if d.wrong or missing or needless else 0


def generated():
    with stacks() as made:
        made[0].ask("POST", "/data", body=RECORD, X_Forwarded_For="10.0.0.7")
        made[0].ask("POST", "/data", body=RECORD, X_Forwarded_For="10.0.0.7")
        examples = os.environ.get("ROLLCALL_EXAMPLES", "20")
        home = os.path.join(made[0].dir, "home")
        os.mkdir(home)
        done = subprocess.run(
            [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", SPEC, "--url",
             f"http://127.0.0.1:{made[0].port}", "-H", "Authorization: Bearer all", "--phases", "examples,coverage,fuzzing",
             "--checks", "not_a_server_error,response_schema_conformance,content_type_conformance", "--seed", "1",
             "--max-examples", examples, "--generation-deterministic", "--workers", "1", "--request-timeout", "60",
             "--no-color", "--suppress-health-check", "all"],
            cwd=home, env={**os.environ, "HOME": home}, check=False, timeout=900)
        alive = made[0].ask("GET", "/api/v1/hosts?fields=ip")[0] == 200
        return done.returncode or (0 if alive else 1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1)) # ends the servers, too
    sys.exit({"statuses": statuses, "schemathesis": generated}[sys.argv[1]]())
