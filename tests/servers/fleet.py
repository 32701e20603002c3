"""usage: fleet.py make DIR HOSTS [AGE-SECONDS]   files of that many hosts, as the handler writes them; fast
          fleet.py hosts HOSTS               the list of a fleet, half dead, over midnight, after an outage
          fleet.py hostile                   hostile values in every parameter: no 5xx
"""
import datetime
import hashlib
import json
import os
import signal
import sys
import tempfile
import time

HEADER = ('"received_at","client_ip","hostname","processor","os_name","os_ver","users","pid","ppid","user","cpu","mem","rss",'
          '"state","start","cmd"\r\n')


def moment(seconds):
    t = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return t.strftime("%Y-%m-%dT%H:%M:%S.") + f"{t.microsecond // 1000:03d}Z"


def address(n):
    return f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}"


def store(data, n, times, **more):
    """The pair of one host and day, with a record for each time; all in one day (UTC)."""
    day = time.strftime("%Y-%m-%d", time.gmtime(times[0]))
    ip, chain, lines, rows, at = address(n), "0" * 64, [], [HEADER], 0
    record = {"hostname": f"h{n}", "processor": "cpu", "os_name": "Linux", "os_ver": f"6.{n % 7}", "users": [],
              "machine_id": f"m{n}", "boot_id": f"b{n}", "cores": n % 64, "processes": [{"pid": 1, "cmd": "init"}], **more}
    for seq, t in enumerate(times, 1):
        when = moment(t)
        rows.append(f'"{when}","{ip}","h{n}","cpu","Linux","{record["os_ver"]}","","1","","","","","","","","init"\r\n')
        server = {"received_at": when, "client_ip": ip, "process_count": 1, "user_count": 0, "seq": seq, "left": 0,
                  "line_start": at, "csv_end": sum(map(len, rows))}
        head = json.dumps(record, separators=(",", ":"))[:-1] + ',"rollcall":' + json.dumps(server, separators=(",", ":"))[:-1]
        chain = hashlib.sha256((chain + head).encode()).hexdigest()
        lines.append(f'{head},"chain":"{chain}"}}}}\n')
        at += len(lines[-1])
    folder = os.path.join(data, day)
    os.makedirs(folder, exist_ok=True)
    for suffix, text in (("json", "".join(lines)), ("csv", "".join(rows))):
        with open(f"{folder}/{ip}_{day}.{suffix}", "w", encoding="utf-8", newline="") as f:
            f.write(text)


def make(records, count, age=60):
    """An even host reported `age` seconds ago; an odd one twelve hours before that."""
    now = time.time()
    for n in range(count):
        last = now - age - (n % 2) * 43200
        first = last - 1
        store(os.path.join(records, "data"), n, [first, last] if int(first) // 86400 == int(last) // 86400 else [last])


class Asker:
    def __init__(self, stack):
        self.stack, self.wrong = stack, []

    def hosts(self, query):
        start = time.monotonic()
        status, _, body = self.stack.ask("GET", "/api/v1/hosts?" + query, token="read")
        self.took = time.monotonic() - start
        return json.loads(body)["data"] if status == 200 else self.wrong.append(f"{query}: {status} {body[:200]}") or {}

    def same(self, what, got, want):
        if got != want:
            self.wrong.append(f"{what}: {got!r:.300}, should be {want!r:.300}")


def hosts(count):
    from openapi import Stack
    with tempfile.TemporaryDirectory(prefix="rollcall-fleet.") as top:
        stack = Stack(top, "usual", 1, query_seconds=60)
        try:
            return judge(stack, count)
        finally:
            stack.stop()


def judge(stack, count):
    start = time.monotonic()
    make(stack.records, count)
    made = time.monotonic() - start
    a = Asker(stack)
    # A fleet half dead: nobody is missing, wherever midnight is between the records.
    first = a.hosts("limit=1")
    cold = a.took
    a.same("complete", [first.get("complete"), first.get("looked_at"), first.get("total")], [True, count, count])
    a.same("states", [first["counts"]["state"][s] for s in ("present", "absent", "late", "never")], [count // 2, count // 2, 0, 0])
    a.same("absent", a.hosts("state=absent&limit=1")["total"], count // 2)
    time.sleep(2.1) # files are remembered once their change is 2 s old
    warm = []
    for _ in range(9): # each of the four workers
        a.hosts("limit=1")
        warm.append(a.took)
    # All of it, page by page, in order, none twice.
    seen, cursor = [], ""
    while cursor is not None:
        page = a.hosts("fields=ip,hostname,cores&limit=20000" + (f"&cursor={cursor}" if cursor else ""))
        seen += [(r["ip"], r["hostname"], r["cores"]) for r in page["hosts"]]
        cursor = page.get("cursor")
    a.same("pages", seen, [(address(n), f"h{n}", n % 64) for n in range(count)])
    a.same("a word", [r["ip"] for r in a.hosts("q=hostname:h77+-h770&fields=ip&limit=1")["hosts"]], [address(77)])
    a.same("a network", a.hosts("q=ip:10.0.3.0/24&limit=1")["total"], 256)
    # A collector that was down for six hours: all are silent until they report again.
    for n in range(count):
        path = newest(stack.records, n)
        os.unlink(path)
        os.unlink(path.replace(".json", ".csv"))
    make(stack.records, count, 6 * 3600)
    a.same("after an outage", [a.hosts("limit=1")["counts"]["state"][s] for s in ("present", "absent")], [0, count])
    for n in range(10):
        a.same("stored", 200, stack.ask("POST", "/data", token="ingest", X_Forwarded_For=address(n), body={
            "hostname": f"h{n}", "processor": "", "os_name": "Linux", "os_ver": "6.1", "users": [], "processes": [],
            "machine_id": f"m{n}"})[0])
    a.same("the first that are back", [a.hosts("limit=1")["counts"]["state"][s] for s in ("present", "absent")], [10, count - 10])
    for line in a.wrong:
        print(line)
    print(f"{count} hosts: made in {made:.1f} s; first answer {cold * 1000:.0f} ms, median with memo "
          f"{sorted(warm)[4] * 1000:.0f} ms, wall, through lighttpd")
    return 1 if a.wrong else 0


def newest(records, n):
    data = os.path.join(records, "data")
    return max(f"{data}/{day}/{address(n)}_{day}.json" for day in os.listdir(data)
               if os.path.exists(f"{data}/{day}/{address(n)}_{day}.json"))


VALUES = ["", " ", "%", "%zz", "%00", "%0a", "%0d%0aX-A:%20b", "%ff%fe", "%c0%af", "+", "-", "--", "-1", "0", "1", "18446744073709551616",
          "-9223372036854775808", "1e9", "0x10", "NaN", "null", "[]", "{}", "%22", "%22%22%22", "%5c", "*" * 200, "%3f" * 200, "%5b" * 200,
          "%5ba-" * 60, "a" * 3000, "a" * 9000, "%2a" * 1300, "..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "10.0.0.0/33", "ip:", "ip:x",
          "ip:::/129", ":", "a:b:c", "-" * 100, "a+" * 64, "a+" * 65, "%22a", "2026-02-30", "9999-12-31", "0000-00-00", "1970-01-01",
          "2026-11-20T25:00:00Z", "2026-11-20T12:34:56+01:00", "9999-12-31T23:59:59.999Z", "-0s", "-999999999999d", "-1x", "-1h-1h",
          "@", "@-1", "@99999999999999999999", ",", ",,", ",,,", "10.0.0.1,,", "x,y,z", "%27%20OR%201=1--", "%3cscript%3e", "%e2%80%ae", "%f0%9f%92%a9",
          "ip,ip,ip", "ip," * 500, "present," * 300, "%24%28id%29", "%60id%60", "a&a=b&a=c", "a%26x=1", "a%3d", "a;b", "a#b", "a%23b"]


def hostile():
    from openapi import Spec, Stack
    with tempfile.TemporaryDirectory(prefix="rollcall-hostile.") as top:
        stack = Stack(top, "usual", 1, test_api=True)
        make(stack.records, 20)
        wrong, asked = [], 0
        try:
            for path, params in targets(Spec()):
                for param in params:
                    for value in VALUES:
                        url = path + ("&" if "?" in path else "?") + f"{param}={value}"
                        status = stack.ask("GET", url.replace(" ", "%20").split("#")[0])[0]
                        asked += 1
                        if status >= 500 or status == 404 and "hosts?" in url:
                            wrong.append(f"{url[:200]}: {status}")
                for value in VALUES: # in the path itself
                    if "#" not in value and "&" not in value:
                        status = stack.ask("GET", path.split("?")[0] + "/" + value.replace(" ", "%20"))[0]
                        asked += 1
                        if status >= 500:
                            wrong.append(f"{path}/{value[:100]}: {status}")
        finally:
            stack.stop()
    for line in wrong[:40]:
        print(line)
    print(f"{asked} requests")
    return 1 if wrong else 0


def targets(spec):
    """Each path of rollcall-query, with its parameters and one that there is not."""
    for path, method, operation in spec.operations.values():
        if method != "GET" or path.startswith(("/list-bucket-content", "/archive", "/healthz", "/api/test")):
            continue
        day = time.strftime("%Y-%m-%d", time.gmtime())
        path = path.replace("{ip}", address(2)).replace("{date}", day).replace("{name}", f"{address(2)}_{day}.json")
        names = [p["name"] for p in map(spec.resolve, operation.get("parameters", [])) if p["in"] == "query"]
        yield path, names + ["nothing"]


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1)) # ends the servers, too
    if sys.argv[1] == "make":
        make(sys.argv[2], int(sys.argv[3]), *map(int, sys.argv[4:]))
    else:
        sys.exit(hosts(int(sys.argv[2])) if sys.argv[1] == "hosts" else hostile())
