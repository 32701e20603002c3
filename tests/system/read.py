#!/usr/bin/env python3
"""read.py diff [PAIRS] | memo | cursor | soak [REQUESTS]: rollcall-query against independent code.

diff   what /changes says of random pairs of records is what the code below says
memo   a worker with a memo and one without answer byte for byte the same, whatever happens to the files
cursor what query_seconds cuts off goes on with the cursor: the pages together are the whole answer
soak   the memory of a worker stays flat over many mixed requests
"""
import datetime
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import rig

QUERY = os.path.join(rig.BUILD, "rollcall-query")
DAY = 86400
SETTLED = 2.1                 # seconds after which the memo believes a ctime


def day_of(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d")


def stamp(seconds):
    t = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return t.strftime("%Y-%m-%dT%H:%M:%S.") + f"{t.microsecond // 1000:03d}Z"


class QueryWorker(rig.Worker):
    def start(self):
        with open(self.site.log, "ab") as log:
            self.process = subprocess.Popen([QUERY], stdin=self.listener, stdout=log, stderr=log,
                                            env=rig.environment(ROLLCALL_CONFIG=self.site.config, **self.env))

    def ask(self, path, query="", **params):
        return self.request(method="GET", path=path, QUERY_STRING=query, **params)

    def memory(self):
        """Kilobytes of its own."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return int(re.search(r"RssAnon:\s+(\d+)", f.read()).group(1))


def new_site(**keys):
    site = rig.Site(**keys)
    with open(os.path.join(site.dir, "tokens"), "w", encoding="ascii") as f:
        f.write(hashlib.sha256(rig.TOKEN.encode()).hexdigest() + " read,metrics # test\n")
    return site


class File:
    """The JSON file of an address and day, line by line."""

    def __init__(self, site, ip, day):
        where = os.path.join(site.records, "data", day)
        os.makedirs(where, exist_ok=True)
        self.path = os.path.join(where, f"{ip}_{day}.json")
        self.ip, self.chain, self.size, self.seq = ip, "0" * 64, 0, 0

    def line(self, record, at, left=0):
        self.seq += 1
        members = sorted(record.items(), key=lambda m: len(json.dumps(m[1])) <= 1024)
        text = json.dumps(dict(members), separators=(",", ":"), ensure_ascii=False)[:-1]
        server = {"received_at": stamp(at), "client_ip": self.ip, "process_count": 1, "user_count": 0,
                  "seq": self.seq, "left": left, "line_start": self.size, "csv_end": 100 * self.seq}
        text += ',"rollcall":' + json.dumps(server, separators=(",", ":"))[:-1]
        self.chain = hashlib.sha256((self.chain + text).encode()).hexdigest()
        text += f',"chain":"{self.chain}"}}}}\n'
        self.size += len(text.encode())
        return text.encode()

    def add(self, *lines):
        with open(self.path, "ab") as f:
            f.write(b"".join(lines))


# ---- diff: the same question, answered in another way

STARTS = ["10:15", "10:16", "Nov26", "Nov27", "2025", ""]
COMMANDS = ["nginx -g x", "sshd: ana", "postgres", "sh -c 'a b'", "\u00fc", "[worker]", "cron"]


def random_processes(r, count):
    pids = r.sample(range(3, 4 * count + 10), count)
    if r.random() < 0.5:
        pids.sort()
    base = 1_700_000_000
    made = [{"pid": p, "ppid": r.choice([0, 1, 2, 2, 7]), "user": r.choice(["root", "ana"]), "ticks": r.randrange(50),
             "time": base + r.randrange(50) / 2, "word": r.choice(STARTS), "cmd": r.choice(COMMANDS)} for p in pids]
    if r.random() < 0.5:
        made.insert(0, {"pid": 2, "ppid": 0, "user": "root", "ticks": 1, "time": base, "word": "10:15",
                        "cmd": r.choice(["[kthreadd]", "nginx"])})
    return made


def later(r, processes):
    """The same processes a while later."""
    out, used = [], {p["pid"] for p in processes}
    for p in processes:
        p = dict(p)
        kind = r.randrange(8)
        if kind == 0:
            continue
        if kind == 1:
            p["pid"] = r.choice([n for n in range(3, 500) if n not in used])
            used.add(p["pid"])
        if kind == 2:
            p["cmd"] = r.choice(COMMANDS)
        if kind == 3:
            p["time"] += r.choice([0.5, 1.5, 2, 2.5, 60])
            p["word"] = r.choice(STARTS)
        if kind == 4:
            p["ticks"] += 1
        out.append(p)
    if r.random() < 0.3:
        r.shuffle(out)
    return out


def render(form, processes):
    """The member `processes`, and what can be known from it."""
    known = []
    for p in processes:
        known.append({"pid": p["pid"], "ppid": p["ppid"], "user": p["user"], "cmd": p["cmd"], "ticks": None,
                      "start": p["word"] if form == "table" else p["time"]})
        if form == "agent":
            known[-1]["ticks"] = p["ticks"]
        if form == "table":
            known[-1]["start"] = p["word"] or "00:00"
    if form == "agent":
        return [{"pid": p["pid"], "ppid": p["ppid"], "user": p["user"], "start": stamp(p["time"]),
                 "start_ticks": p["ticks"], "cmd": p["cmd"]} for p in processes], known
    if form == "psutil":
        return [{"pid": p["pid"], "ppid": p["ppid"], "username": p["user"], "create_time": p["time"],
                 "name": p["cmd"]} for p in processes], known
    return "PID PPID USER START CMD\n" + "".join(
        f"{p['pid']} {p['ppid']} {p['user']} {p['word'] or '00:00'} {p['cmd']}\n" for p in processes), known


def same_start(a, b):
    if isinstance(a, str) != isinstance(b, str) or a == b:
        return True
    if not isinstance(a, str):
        return abs(round(a * 1000) - round(b * 1000)) <= 2000
    shapes = [re.sub(r"[A-Za-z]", "a", re.sub(r"[0-9]", "0", s)) for s in (a, b)]
    return shapes[0] != shapes[1]


def is_kernel(p, everything):
    kthreadd = any(q["pid"] == 2 and q["cmd"] in ("[kthreadd]", "kthreadd") for q in everything)
    return kthreadd and (p["pid"] == 2 or p["ppid"] == 2)


def expected_processes(before, after, same_boot):
    def is_same(a, b):
        if same_boot and a["ticks"] is not None and b["ticks"] is not None:
            return a["ticks"] == b["ticks"]
        return a["cmd"] == b["cmd"] and same_start(a["start"], b["start"])

    there = {p["pid"]: p for p in after}
    kept = {p["pid"] for p in before if p["pid"] in there and is_same(p, there[p["pid"]])}
    ended = [p for p in before if p["pid"] not in kept]
    begun = [p for p in after if p["pid"] not in kept]
    kernel = [sum(is_kernel(p, after) for p in begun), sum(is_kernel(p, before) for p in ended)]
    ended = [p for p in ended if not is_kernel(p, before)]
    begun = [p for p in begun if not is_kernel(p, after)]
    waiting = {}
    for p in ended:
        waiting.setdefault((p["cmd"], p["user"]), []).append(p["pid"])
    started, restarted, taken = [], [], set()
    for p in begun:
        candidates = waiting.get((p["cmd"], p["user"]), [])
        if candidates:
            taken.add(candidates[0])
            restarted.append((candidates.pop(0), p["pid"]))
        else:
            started.append(p["pid"])
    return started, [p["pid"] for p in ended if p["pid"] not in taken], restarted, kernel


def random_sockets(r):
    if r.random() < 0.2:
        return None
    return [{"proto": r.choice(["tcp", "udp6"]), "addr": r.choice(["0.0.0.0", "::"]), "port": r.choice([22, 80, 443]),
             "uid": r.choice([0, 33])} for _ in range(r.randrange(5))]


def without(several, others):
    """The members of a list that another list has not, each as often as it is missing."""
    others = list(others)
    out = []
    for one in several:
        if one in others:
            others.remove(one)
        else:
            out.append(one)
    return sorted(out)


def random_pair(r):
    processes = random_processes(r, r.randrange(1, 30))
    forms = [r.choice(["agent", "psutil", "table"])] * 2 if r.random() < 0.8 else r.sample(["agent", "psutil", "table"], 2)
    boot = r.choice(["b1", "b1", "b1", None])
    pair, known = [], []
    for i, form in enumerate(forms):
        if i == 1:
            processes = later(r, processes)
            boot = r.choice([boot] * 6 + ["b2"])
        value, facts = render(form, processes)
        record = {"processes": value, "processor": "p", "os_name": "Linux", "os_ver": r.choice(["6.1", "6.1", "6.2"]),
                  "users": r.choices(["ana", "ben", "root"], k=r.randrange(4)), "boot_id": boot,
                  "listening": random_sockets(r)}
        pair.append({k: v for k, v in record.items() if v is not None})
        known.append(facts)
    return pair, known


def expected(pair, known):
    a, b = pair
    boots = a.get("boot_id"), b.get("boot_id")
    rebooted = None not in boots and boots[0] != boots[1]
    out = {"rebooted": rebooted, "os": a["os_ver"] != b["os_ver"]}
    same_boot = None not in boots and boots[0] == boots[1]
    out["processes"] = ([], [], [], [0, 0]) if rebooted else expected_processes(*known, same_boot)
    out["users"] = [without(b["users"], a["users"]), without(a["users"], b["users"])]
    if "listening" in a and "listening" in b:
        sets = [{tuple(s.values()) for s in side["listening"]} for side in (a, b)]
        out["listening"] = [sorted(sets[1] - sets[0]), sorted(sets[0] - sets[1])]
    else:
        out["listening"] = [[], []]
    return out


def answered(data):
    m = data["machines"][0]
    p = m["processes"]
    return {"rebooted": m["rebooted"], "os": [f["fact"] for f in m["changed"]] == ["os_ver"],
            "processes": ([x["pid"] for x in p["started"]], [x["pid"] for x in p["stopped"]],
                          [(x["before"]["pid"], x["after"]["pid"]) for x in p["restarted"]],
                          [m["kernel_threads"]["started"], m["kernel_threads"]["stopped"]]),
            "users": [sorted(u["name"] for u in m["users"][side]) for side in ("in", "out")],
            "listening": [sorted(tuple(s.values()) for s in m["listening"][side]) for side in ("opened", "closed")]}


def check_diff(pairs):
    site = new_site()
    worker = QueryWorker(site)
    noon = time.time() // DAY * DAY - DAY // 2
    r = random.Random(13)
    try:
        for n in range(pairs):
            pair, known = random_pair(r)
            ip = f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
            file = File(site, ip, day_of(noon))
            file.add(file.line(pair[0], noon), file.line(pair[1], noon + 300))
            reply = worker.ask(f"/api/v1/hosts/{ip}/changes", f"from={stamp(noon)}&to={stamp(noon + 300)}")
            assert reply.status == 200, reply
            want, got = expected(pair, known), answered(reply.json["data"])
            assert got == want, f"pair {n}:\nwant {want}\ngot  {got}\n{json.dumps(pair)}"
            os.remove(file.path)
    finally:
        worker.stop()
        site.remove()
    print(f"{pairs} pairs")


# ---- memo

QUERIES = [("/api/v1/hosts", query) for query in (
    "", "fields=ip,records,bytes,last_seen,flags&sort=-bytes", "flag=shared,rebooted&state=present,late,absent", "q=-h-3",
    "format=csv", "limit=2", "fields=ip,fails")]
OTHERS = [("/api/v1/search", "cmd=nginx&by=process&date={day}"), ("/api/v1/search", "cmd=n*x&by=cmd&date={day}"),
          ("/api/v1/search", "cmd=nginx&date={day}&host=h-"), ("/api/v1/search", "cmd=nginx&at={day}T12:00:10Z"),
          ("/api/v1/changes", "from={day}T12:00:00Z&to={day}T23:59:59Z"), ("/api/v1/compliance", "rule=no-nginx"),
          ("/api/v1/compliance", "rule=boots&state=pass"), ("/api/v1/hosts/10.0.0.1", ""), ("/api/v1/hosts/10.0.0.4/timeline", "date={day}"),
          ("/api/v1/hosts/10.0.0.1/changes", "from={day}T12:00:00Z&to={day}T23:59:59Z"), ("/api/v1/hosts/10.0.0.2/days", "")]
POLICY = {"rules": [{"name": "no-nginx", "why": "w", "severity": "low", "forbid": {"process": {"cmd": "nginx"}}},
                    {"name": "boots", "why": "w", "severity": "low", "at_least": {"kernel": "6.1"}}]}


def fact(name, **more):
    return {"processes": [], "users": [], "processor": "p", "os_name": "Linux", "os_ver": "6.1", "hostname": name, **more}


def running(*commands):
    return [{"pid": pid, "user": "www", "cmd": cmd} for pid, cmd in enumerate(commands, 1)]


def with_policy(site):
    """Makes the configuration name POLICY."""
    path = os.path.join(site.dir, "policy.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(POLICY, f)
    with open(site.config, encoding="utf-8") as f:
        keys = json.load(f)
    with open(site.config, "w", encoding="utf-8") as f:
        json.dump({**keys, "policy_file": path}, f)


AS_OF = re.compile(rb'"as_of":"[^"]*"')


class Twins:
    """A worker with a memo and one without, over the same files."""

    def __init__(self):
        self.seen = {path: set() for path in ("/api/v1/hosts", "/api/v1/search", "/api/v1/changes", "/api/v1/compliance")}
        self.site = new_site(expect_every="1h", absent_days=3)
        with_policy(self.site)
        with open(self.site.config, encoding="utf-8") as f:
            plain = dict(json.load(f), query_memo=False)
        self.workers = [QueryWorker(self.site)]
        self.site.config += ".plain"
        with open(self.site.config, "w", encoding="utf-8") as f:
            json.dump(plain, f)
        self.workers.append(QueryWorker(self.site))

    def compare(self, what, day):
        for path, query in [(path, f"date={day}&{query}") for path, query in QUERIES] + OTHERS:
            query = query.format(day=day)
            memo, plain = [w.ask(path, query) for w in self.workers]
            assert memo.status == plain.status and memo.status in (200, 404), (what, path, query, memo, plain)
            answers = [AS_OF.sub(b"", reply.body) for reply in (memo, plain)]
            assert answers[0] == answers[1], f"{what}: {path}?{query}\nwith memo    {memo.body!r}\nwithout memo {plain.body!r}"
            if path in self.seen and memo.status == 200:
                self.seen[path].add(answers[0])

    def check(self, what, day):
        """At once; when the memo may remember; when it remembers."""
        self.compare(what, day)
        time.sleep(SETTLED)
        self.compare(what, day)
        self.compare(what, day)

    def close(self):
        for w in self.workers:
            w.stop()
        self.site.remove()


def memo_steps(site, day, midnight):
    """Yields what was done to the files after each step."""
    at = midnight + DAY / 2
    files = [File(site, f"10.0.0.{i}", day) for i in range(1, 7)]
    for i, f in enumerate(files):
        f.add(*[f.line(fact(f"h-{i}", machine_id=f"m{i}", boot_id="b", processes=running("init", f"nginx -{i}")), at + n)
                for n in range(20)])
    yield "written"
    files[0].add(files[0].line(fact("renamed", machine_id="m0", boot_id="b", processes=running("init")), at + 30))
    yield "append"
    files[1].add(files[1].line(fact("b1"), at + 30, left=1), files[1].line(fact("b2"), at + 30))
    yield "batch"
    size = os.path.getsize(files[2].path)
    files[2].add(b'{"torn":')
    yield "torn"
    os.truncate(files[2].path, size)
    yield "heal"
    other = File(site, "10.0.0.200", day)
    old = os.stat(files[3].path)
    other.ip = "10.0.0.4"
    other.add(*[other.line(fact("H-3", machine_id="M3", boot_id="b", processes=running("init", "NGINX -3")), at + n) for n in range(20)])
    os.utime(other.path, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert os.path.getsize(other.path) == old.st_size
    os.rename(files[3].path, files[3].path + ".kept")
    os.rename(other.path, files[3].path)
    yield "replace by a file of the same size and mtime"
    os.rename(files[3].path + ".kept", files[3].path)
    yield "restore with an old mtime"
    os.rename(files[4].path, files[4].path + ".kept")
    yield "remove"
    os.rename(files[4].path + ".kept", files[4].path)
    with open(files[4].path, "r+b") as f:
        text = f.read()
        f.seek(0)
        f.write(text.replace(b'"h-4"', b'"x-4"'))
    os.utime(files[4].path, ns=(old.st_atime_ns, old.st_mtime_ns))
    yield "rewritten in place with an old mtime"
    before = File(site, "10.0.0.9", day_of(midnight - DAY / 2))
    today = File(site, "10.0.0.9", day)
    today.add(today.line(fact("n", machine_id="n1", boot_id="b"), midnight + 60))
    yield "a first record after midnight"
    before.add(before.line(fact("n", machine_id="n2", boot_id="b"), midnight - 60))
    yield "a file of the day before appears"
    before.add(before.line(fact("n", machine_id="n3", boot_id="b"), midnight - 50))
    yield "the file of the day before grows"
    os.remove(before.path)
    yield "the file of the day before is gone"


def check_memo():
    twins = Twins()
    midnight = time.time() // DAY * DAY - DAY
    day = day_of(midnight)
    try:
        for what in memo_steps(twins.site, day, midnight):
            twins.check(what, day)
        assert min(len(answers) for answers in twins.seen.values()) > 5, {p: len(a) for p, a in twins.seen.items()}
    finally:
        twins.close()
    print("equal")


# ---- cursor

FLEET = 150
# The clock advances by 600 ms each time that it is read: a second is over at the second look.
SLOW = {"TEST_MONOTONIC_STEP": "600", "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0:abort_on_error=1"}


def all_pages(worker, path, query):
    """The `data` of each page until one is complete and has no cursor."""
    pages, cursor = [], ""
    while not pages or cursor:
        reply = worker.ask(path, query + ("&cursor=" + urllib.parse.quote(cursor) if cursor else ""))
        assert reply.status == 200, (path, query, reply)
        pages.append(reply.json["data"])
        page, after = pages[-1], pages[-1].get("cursor", "")
        assert page["complete"] or (after and page["looked_at"] <= page["of"]), (path, query, page)
        assert after != cursor or not after, (path, query, page)
        cursor = after
    assert pages[-1]["complete"], pages[-1]
    return pages


def added_up(rows, key):
    """Rows with the same members but the numbers, those added up."""
    sums = {}
    for row in rows:
        one = sums.setdefault(tuple(str(row.get(k)) for k in key), [0, 0])
        one[0] += row["hosts"]
        one[1] += row.get("count", row.get("processes"))
    return sums


WHOLE = [  # path, query, what the pages have together
    ("/api/v1/hosts", "fields=ip,hostname,fails", lambda pages: [(r["ip"], r["fails"]) for p in pages for r in p["hosts"]]),
    ("/api/v1/hosts", "fields=ip&sort=-hostname&limit=50", lambda pages: sorted(r["ip"] for p in pages for r in p["hosts"])),
    ("/api/v1/hosts", "fields=ip&state=present,late,absent,gone&limit=7", lambda pages: [r["ip"] for p in pages for r in p["hosts"]]),
    ("/api/v1/search", "cmd=nginx&by=process&date={day}", lambda pages: [(r["ip"], r["cmd"]) for p in pages for r in p["results"]]),
    ("/api/v1/search", "cmd=nginx&by=host&date={day}&limit=4", lambda pages: [r["ip"] for p in pages for r in p["results"]]),
    ("/api/v1/search", "cmd=nginx&by=cmd&date={day}", lambda pages: added_up((r for p in pages for r in p["results"]), ["cmd"])),
    ("/api/v1/search", "cmd=nginx&by=process&date={day}&host=h", lambda pages: [(r["ip"], r["cmd"]) for p in pages for r in p["results"]]),
    ("/api/v1/changes", "from={day}T12:00:00Z&to={day}T13:00:00Z",
     lambda pages: (added_up((r for p in pages for r in p["changes"]), ["kind", "cmd", "fact", "after"]),
                    sum(p["hosts_compared"] for p in pages))),
    ("/api/v1/compliance", "rule=no-nginx", lambda pages: ([r["ip"] for p in pages for r in p["hosts"]],
                                                           sum(p["rules"][0]["fail"] for p in pages))),
    ("/api/v1/compliance", "rule=boots&state=pass&limit=9", lambda pages: [r["ip"] for p in pages for r in p["hosts"]]),
]


def check_cursor(clock):
    """`clock` is the preload of tests/lib/clock.c."""
    site = new_site(expect_every="48h", absent_days=3, query_seconds=1)
    with_policy(site)
    noon = time.time() // DAY * DAY - DAY // 2
    day = day_of(noon)
    for n in range(FLEET):
        file = File(site, f"10.0.{n // 100}.{n % 100 + 1}", day)
        record = fact(f"h{n % 7}-{n}", machine_id=f"m{n}", boot_id="b")
        file.add(file.line({**record, "processes": running("init", "cron")}, noon),
                 file.line({**record, "processes": running("init", f"nginx -{n % 3}")}, noon + 600))
    slow, plain = QueryWorker(site, env={**SLOW, "LD_PRELOAD": clock}), QueryWorker(site)
    try:
        for path, query, whole in WHOLE:
            query = query.format(day=day)
            pages = all_pages(slow, path, query)
            assert not pages[0]["complete"] and len(pages) > 2, (path, query, pages[0])
            want = all_pages(plain, path, query)
            assert all(page["complete"] for page in want), (path, query)
            assert len(whole(want)) > 1 and whole(pages) == whole(want), f"{path}?{query}\nwant {whole(want)}\ngot  {whole(pages)}"
        # A file of over 2 GiB, a hole but for its last line: too much to look at every record of that day.
        large = File(site, "10.9.9.9", day)
        large.size = 3 << 30
        line = large.line(fact("large", machine_id="l", boot_id="b"), noon)
        with open(large.path, "wb") as f:
            f.seek((3 << 30) - 40)
            f.write(b"\n" * 40 + line)
        reply = plain.ask("/api/v1/search", f"cmd=nginx&date={day}&host=large")
        assert reply.status == 422 and reply.json["data"]["field"] == "host" and "who-ran.sql" in reply.json["data"]["reason"], reply
        assert plain.ask("/api/v1/search", f"cmd=nginx&date={day}&host=-large&limit=1").status == 200
        for path, query, said in (("/api/v1/hosts", "format=csv", "query_seconds"), ("/metrics", "", "query_seconds")):
            assert plain.ask(path, query).status == 200
            reply = slow.ask(path, query)
            assert reply.status == 503 and said in reply.json["message"], reply
    finally:
        slow.stop()
        plain.stop()
        site.remove()
    print(f"{len(WHOLE)} questions")


# ---- soak

def mixed(r, day):
    """A request, good or bad."""
    hostile = r.choice(["*" * 200, "a*" * 100 + "b", '"' * 9, "-" * 50, "x:y", "label:" + "?" * 99, "%00", "ip:10.0.0.0/33", "\u00fc"])
    return r.choice([
        ("/api/v1/hosts", "q=" + urllib.parse.quote(hostile)), ("/api/v1/hosts", "limit=1&sort=-bytes"),
        ("/api/v1/hosts", "x=" + "0" * r.randrange(6000)), ("/api/v1/hosts", f"date={day}&format=csv"),
        ("/api/v1/hosts", "fields=ip,first_seen,missed,day&limit=200"), ("/api/v1/hosts", "cursor=~10.0.0.3"),
        ("/api/v1/hosts/10.0.0.1", f"at={day}T12:00:00Z"), ("/api/v1/hosts/10.0.0.2", "raw=1"),
        ("/api/v1/hosts/10.0.0.3/timeline", f"date={day}&points=5"), ("/api/v1/hosts/10.0.0.4/days", ""),
        ("/api/v1/hosts/10.0.0.5/changes", f"from={day}T00:00:00Z"), ("/api/v1/hosts/10.0.0.99", ""),
        ("/api/v1/search", "by=process&cmd=" + urllib.parse.quote(hostile)), ("/api/v1/search", f"cmd=n*x&by=cmd&date={day}"),
        ("/api/v1/search", f"cmd=nginx&date={day}&host=h-"), ("/api/v1/search", "user=" + urllib.parse.quote(hostile)),
        ("/api/v1/compliance", "rule=no-nginx"), ("/api/v1/compliance", "host=" + urllib.parse.quote(hostile)), ("/metrics", ""),
        ("/api/v1/changes", f"from={day}T12:00:00Z&to={day}T13:00:00Z"), ("/api/v1/changes", "kind=" + urllib.parse.quote(hostile)),
        (f"/files/{day}/10.0.0.1_{day}.json", ""), (f"/files/{day}/../x", ""), ("/api/v1/nothing", "")])


def check_soak(requests):
    site = new_site(expect_every="1h", absent_days=3)
    with_policy(site)
    worker = QueryWorker(site)
    midnight = time.time() // DAY * DAY - DAY
    day, r = day_of(midnight), random.Random(7)
    try:
        for _ in memo_steps(site, day, midnight):
            pass
        settled = 0
        for n in range(requests):
            path, query = mixed(r, day)
            reply = worker.ask(path, query)
            assert reply.status < 500, (path, query, reply)
            if n == requests // 2:
                settled = worker.memory()
        grown = worker.memory() - settled
        assert grown <= 512, f"{grown} KiB more after {requests} requests than after half of them"
    finally:
        worker.stop()
        site.remove()
    print(f"{requests} requests")


def main():
    kind, number = sys.argv[1], [int(n) for n in sys.argv[2:] if n.isdigit()]
    if kind == "diff":
        check_diff(*(number or [500]))
    elif kind == "memo":
        check_memo()
    elif kind == "cursor":
        check_cursor(sys.argv[2])
    elif kind == "soak":
        check_soak(*(number or [100_000]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
