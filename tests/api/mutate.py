"""mutate: seeded mutation fuzz of rollcall-handler over FastCGI: tests/api/run --mutate N --seed S.

Valid bodies and headers are mutated. Whatever comes out: the worker (best one with sanitizers) never
dies, it answers in JSend with a status of the contract, it logs whole lines, a refused request stores
nothing, and at the end the store is sound and holds exactly the acknowledged records. A request that
breaks something is saved in the folder for temporary files.
"""
import glob
import gzip
import json
import os
import random
import re
import subprocess
import tempfile

import check_store
import rig

STATUSES = {200, 400, 401, 403, 404, 405, 411, 413, 415, 422, 429, 500, 503, 507}
ADDRESSES = ["127.0.0.1", "10.0.0.7", "::1", "2001:db8::1", "::ffff:10.0.0.9"]
LOG = re.compile(rb'time=\S+ level=(debug|info|warn|error) event=[a-z_-]+( [ -~]*)?')

TOKENS = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u0000", b"\\ud800", b"\\udc00", b"\\u00e9",
          b"0", b"-", b"1e999", b"1.", b"01", b"null", b"true", b"NaN", b"\n", b"\r\n", b"\0", b"\xff",
          b"\xc3\xa9", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b" ", b'"id":', b'"rollcall":1,', b'"a":1,',
          b'"processes":', b'"pid":', b'"name":', b"PID ", b"RSS CMD\\n", b"=1+1", b"\\u001b[2J", b"A" * 300,
          b"[" * 70, b'{"a":' * 70, b'"x":"' + b"y" * 2000 + b'",']


def seeds():
    users = ["ana", {"name": "ben", "tty": "pts/0", "host": "h", "started": 1.5, "pid": 3}]
    yield json.dumps(rig.base_record()).encode()
    yield json.dumps(rig.base_record(id="fuzz-1", users=users, big="z" * 1500, n=[1.50, {"a": None}])).encode()
    yield json.dumps(rig.base_record(users="ana\n ben \n", processes="PID PPID USER %CPU %MEM RSS S START CMD\n"
                                     "1 0 root 0.0 0.1 100 S 10:00 init splash\nodd line\n")).encode()
    yield json.dumps({"processor": "", "processes": [
        {"pid": 1, "ppid": None, "username": "r\u0000oot", "cmdline": ["a", "=b"], "memory_info": [5, 6],
         "cpu_percent": 0.10, "memory_percent": 1e-3, "status": "S", "create_time": 1.0, "name": "\u0085x"}],
        "users": [], "os_name": "Linux", "os_version": "5"}).encode()
    yield json.dumps(rig.base_record(hostname="h\ud800", deep=[[[[[[1]]]]]], processes=[])).encode()


def mutate(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3, 8])):
        at = rng.randrange(len(data) + 1)
        what = rng.randrange(7)
        if what == 0 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif what == 1:
            data[at:at] = rng.choice(TOKENS)
        elif what == 2:
            del data[at:at + rng.choice([1, 1, 2, 5, 40])]
        elif what == 3:
            to = rng.randrange(len(data) + 1)
            data[to:to] = data[at:at + rng.randrange(60)]
        elif what == 4:
            data[at:at + rng.randrange(8)] = rng.choice(TOKENS)
        elif what == 5:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(6)))
        else:
            del data[at:]
    return bytes(data)


def encode(rng, body, params):
    """The body in its coding, which may be wrong."""
    if rng.random() < 0.25:
        params["HTTP_CONTENT_ENCODING"] = "gzip"
        cut = rng.randrange(len(body) + 1)
        body = gzip.compress(body[:cut], 1) + gzip.compress(body[cut:], 1) if rng.random() < 0.3 \
            else gzip.compress(body, 1)
        if rng.random() < 0.3:
            body = mutate(rng, body)
    if rng.random() < 0.05:
        params["HTTP_CONTENT_ENCODING"] = rng.choice(["", "deflate", "gzip,gzip", "identity", "GZIP", "\xff", "x" * 9000])
    return body


def odd_value(rng):
    return rng.choice(["", " ", "0", "-1", "00", "1e3", "99999999999999999999", "a\nb", "\0", "\x7f", "x" * 5000,
                       "%00", "../../x", '"\\"', "é", "application/json;", ";", ",", "application/x-ndjson; a=\"b"])


def request(rng, base):
    """(body, parameters of one request)"""
    body, params = mutate(rng, rng.choice(base)), {}
    if rng.random() < 0.3:
        lines = [body] + [mutate(rng, rng.choice(base)) for _ in range(rng.randrange(6))]
        body = rng.choice([b"\n", b"\n\n", b"\r\n"]).join(lines)
        params["CONTENT_TYPE"] = "application/x-ndjson"
    body = encode(rng, body, params)
    params["REMOTE_ADDR"] = rng.choice(ADDRESSES)
    if rng.random() < 0.2:
        name = rng.choice(["REMOTE_ADDR", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_AUTHORIZATION", "REQUEST_METHOD",
                           "PATH_INFO", "SCRIPT_NAME", "QUERY_STRING", "HTTP_ROLLCALL_RETRY", "HTTP_CONTENT_ENCODING",
                           "REQUEST_URI", "HTTP_X"])
        params[name] = rng.choice([None, odd_value(rng), odd_value(rng)])
    if rng.random() < 0.1:
        params["HTTP_ROLLCALL_RETRY"] = str(rng.randrange(100000))
    if rng.random() < 0.05:
        params["CONTENT_LENGTH"] = str(max(0, len(body) + rng.randrange(-5, 5)))
    return body, {k: v.encode("utf-8", "surrogateescape") if v is not None else None for k, v in params.items()}


class Fuzz:
    def __init__(self, seed, iterations):
        self.seed, self.iterations, self.rng = seed, iterations, random.Random(seed)
        self.site = rig.Site(sync=False, max_body_bytes=65536, max_file_bytes=1 << 30)
        self.worker = rig.Worker(self.site)
        self.statuses, self.stored, self.faults = {}, 0, []

    def fault(self, number, body, params, what):
        path = os.path.join(tempfile.gettempdir(), f"request-{self.seed}-{number}")
        with open(path + ".body", "wb") as f:
            f.write(body)
        with open(path + ".json", "w", encoding="utf-8") as f:
            json.dump({k: v.decode("latin-1") if v is not None else None for k, v in params.items()}, f)
        self.faults.append(f"iteration {number}: {what} (saved as {path}.body and .json)")

    def one(self, number, body, params):
        method = params.pop("REQUEST_METHOD", b"POST")
        path = params.pop("PATH_INFO", b"/data")
        named = {"REQUEST_METHOD": method, "PATH_INFO": path, **params}
        try:
            reply = self.worker.request(body, "POST", "/data", **named)
        except (rig.Broken, OSError) as e:
            alive = rig.wait_for(lambda: not self.worker.alive(), 1) is False
            self.fault(number, body, named, f"{e}, worker {'alive' if alive else self.worker.process.returncode}")
            if not alive:
                self.worker.start()
            return
        self.statuses[reply.status] = self.statuses.get(reply.status, 0) + 1
        wrong = rig.jsend_fault(reply) if method != b"HEAD" else None
        if reply.status not in STATUSES:
            wrong = f"status {reply.status}"
        if reply.status == 500 and (params.get("REMOTE_ADDR") or b"").decode("latin-1") in ADDRESSES:
            wrong = f"500: {reply.body[:200]!r}"
        if wrong:
            self.fault(number, body, named, wrong)
        elif reply.status == 200 and path == b"/data" and method == b"POST":
            self.stored += reply.json["data"]["records"]

    def run(self):
        base = list(seeds())
        for number in range(self.iterations):
            self.one(number, *request(self.rng, base))
            if len(self.faults) >= 10:
                break

    def ended(self):
        code = self.worker.stop()
        return [] if code == 0 else [f"the worker ended with {code}"]

    def store(self):
        store = check_store.check(self.site.records)
        errors = store.errors[:5]
        if store.tails:
            errors.append(f"{store.tails} files have torn ends")
        if store.lines != self.stored:
            errors.append(f"{self.stored} records were acknowledged, {store.lines} are stored")
        return errors

    def verify(self):
        done = subprocess.run([rig.VERIFY, self.site.records], stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.STDOUT, env=rig.environment())
        return [] if done.returncode == 0 else [done.stdout.decode(errors="replace")]

    def log(self):
        with open(self.site.log, "rb") as f:
            bad = [ln for ln in f.read().split(b"\n") if ln and not LOG.fullmatch(ln)]
        return [f"{len(bad)} lines of the log are malformed, the first: {bad[0][:200]!r}"] if bad else []

    def strangers(self):
        names = [os.path.relpath(p, self.site.dir) for p in glob.glob(self.site.dir + "/*")]
        known = re.compile(r"(records|handler\.json|tokens|log|sock\.\w+)")
        odd_ones = [n for n in names if not known.fullmatch(n)]
        return [f"unexpected files: {odd_ones}"] if odd_ones else []


def run(seed, iterations, tap):
    """Sends so many mutated requests; the results as TAP."""
    fuzz = Fuzz(seed, iterations)
    try:
        fuzz.run()
        missing = {200, 400, 401, 411, 415, 422} - set(fuzz.statuses)
        cases = [
            (f"{iterations} mutated requests (seed {seed}) are each answered as the contract says", fuzz.faults),
            ("they reach every part: statuses " + " ".join(f"{k}:{v}" for k, v in sorted(fuzz.statuses.items())),
             [f"never seen: {missing}"] if missing else []),
            ("the worker survives them and ends with 0 at SIGTERM", fuzz.ended()),
            (f"the store holds the {fuzz.stored} acknowledged records and nothing else", fuzz.store()),
            ("rollcall-verify accepts the store", fuzz.verify()),
            ("the log is whole lines of printable text", fuzz.log()),
            ("no file is in the wrong place", fuzz.strangers()),
        ]
        for name, errors in cases:
            tap.result(name, "\n".join(str(e) for e in errors[:10]) if errors else None)
    finally:
        fuzz.worker.stop()
        fuzz.site.remove()
    return tap.end()
