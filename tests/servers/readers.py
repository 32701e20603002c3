"""usage: readers.py [RECORDS-PER-WRITER]

64 writers append through the real handler. Of 16 of them the files are torn, cut, removed and replaced by symbolic
links, directories and pipes, while readers ask for everything. No answer is 5xx, every row is what the writer of that
address wrote, none is missing that nobody touched, and no worker hangs.
"""
import collections
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
import traceback

from openapi import Stack

WRITERS, VICTIMS, READERS = 64, 16, 6
DAY = time.strftime("%Y-%m-%d", time.gmtime())


def address(n):
    return f"10.1.0.{n + 1}"


def safe(n):
    return n >= VICTIMS


class Run:
    def __init__(self, stack, each):
        self.stack, self.each = stack, each
        self.acked = [0] * WRITERS
        self.writing = True
        self.wrong, self.statuses, self.acts = [], collections.Counter(), collections.Counter()

    def note(self, text):
        if len(self.wrong) < 20:
            self.wrong.append(text)

    # ---- writers

    def write(self, n):
        record = {"hostname": f"w{n}", "processor": f"p{n}", "os_name": "Linux", "os_ver": "6.1", "cores": n,
                  "machine_id": f"m{n}", "users": ["ana"] * (n % 3), "filler": "x" * (n * 90),
                  "processes": [{"pid": i + 1, "cmd": f"w{n}"} for i in range(n + 1)]}
        for k in range(1, self.each + 1):
            status, _, body = self.stack.ask("POST", "/data", body={**record, "counter": k}, X_Forwarded_For=address(n))
            self.statuses["POST", status] += 1
            if status == 200:
                self.acked[n] += 1
            elif safe(n):
                self.note(f"{address(n)} was not stored: {status} {body[:200]}")

    # ---- what happens to the files of the victims

    def sabotage(self, stop):
        chance = random.Random(7)
        data = os.path.join(self.stack.records, "data", DAY)
        acts = [self.tear, self.cut, self.remove, self.link_other, self.link_away, self.folder, self.pipe, self.zeros, self.junk]
        while not stop.is_set():
            n, suffix = chance.randrange(VICTIMS), chance.choice(["json", "json", "csv"])
            path = os.path.join(data, f"{address(n)}_{DAY}.{suffix}")
            act = chance.choice(acts)
            try:
                if os.path.isdir(path):
                    os.rmdir(path)
                elif os.path.islink(path) or (os.path.exists(path) and not os.path.isfile(path)):
                    os.unlink(path)
                act(path, chance, data)
                self.acts[act.__name__] += 1
            except OSError:
                pass
            time.sleep(0.005)

    def tear(self, path, _chance, _data):
        with open(path, "ab") as f:
            f.write(b'{"hostname":"torn","rollcall":{"received_at":"2020-01-01T00:00:00.000Z"')

    def junk(self, path, _chance, _data):
        with open(path, "ab") as f:
            f.write(b'{"hostname":"junk"}\n')

    def zeros(self, path, _chance, _data):
        with open(path, "ab") as f:
            f.write(b"\0" * 5000)

    def cut(self, path, chance, _data):
        os.truncate(path, chance.randrange(os.path.getsize(path) + 1))

    def remove(self, path, _chance, _data):
        os.unlink(path)

    def replace(self, path, make):
        make(path + ".new")
        if os.path.isfile(path):
            os.unlink(path)
        os.rename(path + ".new", path)

    def link_other(self, path, chance, data):
        other = f"{data}/{address(VICTIMS + chance.randrange(WRITERS - VICTIMS))}_{DAY}.json"
        self.replace(path, lambda new: os.symlink(other, new))

    def link_away(self, path, _chance, _data):
        self.replace(path, lambda new: os.symlink("/etc/passwd", new))

    def folder(self, path, _chance, _data):
        self.replace(path, os.mkdir)

    def pipe(self, path, _chance, _data):
        self.replace(path, os.mkfifo)

    # ---- readers

    def ask(self, path, ok, **headers):
        status, head, body = self.stack.ask("GET", path, **headers)
        self.statuses[path.split("?")[0].split("/10.")[0], status] += 1
        if status >= 500 or status not in ok:
            self.note(f"{path}: {status} {body[:200]}")
        return status, head, body

    def check_row(self, row):
        n = int(row["ip"].rsplit(".", 1)[1]) - 1
        want = {"hostname": f"w{n}", "processor": f"p{n}", "cores": n, "process_count": n + 1, "user_count": n % 3}
        got = {k: row[k] for k in want}
        if got != want or not 1 <= row["records"] <= self.each:
            self.note(f"wrong row: {row}")
        return n

    def list(self):
        before = list(self.acked)
        status, _, body = self.ask("/api/v1/hosts?limit=20000", (200,))
        if status != 200:
            return
        answer = json.loads(body)["data"]
        rows = {self.check_row(row): row for row in answer["hosts"]}
        if len(rows) != len(answer["hosts"]) or not answer["complete"]:
            self.note("an address twice, or an answer that is not complete")
        for n in range(WRITERS):
            if safe(n) and before[n] > 0 and (n not in rows or rows[n]["records"] < before[n]):
                self.note(f"{address(n)}: {before[n]} records were stored, the row is {rows.get(n)}")

    def host(self, n):
        status, _, body = self.ask(f"/api/v1/hosts/{address(n)}", (200,) if self.acked[n] and safe(n) else (200, 404))
        if status == 200:
            answer = json.loads(body)["data"]
            if answer["record"]["hostname"] != f"w{n}" or len(answer["processes"]) != n + 1:
                self.note(f"{address(n)}: wrong record {body[:300]}")

    def views(self, n):
        for view in ("timeline", "days", "changes?from=-1h"):
            self.ask(f"/api/v1/hosts/{address(n)}/{view}", (200, 404) if view[0] == "c" else (200,))

    def file(self, n):
        at_least = self.acked[n]
        status, _, body = self.ask(f"/files/{DAY}/{address(n)}_{DAY}.json", (200,) if at_least and safe(n) else (200, 404))
        if status != 200 or not safe(n):
            return
        lines = [json.loads(line) for line in body.splitlines()]
        if [line["counter"] for line in lines] != list(range(1, len(lines) + 1)) or len(lines) < at_least:
            self.note(f"{address(n)}: the file has {len(lines)} lines, {at_least} were stored")

    def read(self, seed):
        chance = random.Random(seed)
        while self.writing:
            n = chance.randrange(WRITERS)
            chance.choice([self.list, lambda: self.host(n), lambda: self.views(n), lambda: self.file(n)])()
            self.ask(f"/files/{DAY}/{address(n)}_{DAY}.csv", (200, 404))

    # ---- all at once

    def guarded(self, what, *args):
        try:
            what(*args)
        except Exception:
            self.note(traceback.format_exc())

    def start(self, what, *args):
        thread = threading.Thread(target=self.guarded, args=(what, *args), daemon=True)
        thread.start()
        return thread

    def all(self):
        stop = threading.Event()
        others = [self.start(self.sabotage, stop)] + [self.start(self.read, seed) for seed in range(READERS)]
        for thread in [self.start(self.write, n) for n in range(WRITERS)]:
            thread.join()
        end = time.monotonic() + 60
        while len(self.acts) < 9 and time.monotonic() < end:
            time.sleep(0.01)
        self.writing = False
        stop.set()
        for thread in others:
            thread.join()
        # Nobody hangs: more requests at once than there are workers.
        for thread in [self.start(self.host, n) for n in range(VICTIMS, WRITERS)]:
            thread.join()
        self.list()
        for n in range(VICTIMS, WRITERS):
            self.file(n)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1)) # ends the servers, too
    each = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    while time.time() % 86400 > 86400 - 300: # one day, not two
        time.sleep(1)
    with tempfile.TemporaryDirectory(prefix="rollcall-readers.") as top:
        stack = Stack(top, "usual", 1, sync=False)
        run = Run(stack, each)
        try:
            run.all()
        finally:
            stack.stop()
    for line in run.wrong:
        print(line)
    print(f"{sum(run.acked)} records, {sum(run.acts.values())} acts, answers:",
          ", ".join(f"{name} {status}: {n}" for (name, status), n in sorted(run.statuses.items())))
    return 1 if run.wrong or len(run.acts) < 9 else 0


if __name__ == "__main__":
    sys.exit(main())
