#!/usr/bin/env python3
"""powercut: the states that a power cut can leave, and what the next writer makes of them.

    powercut.py IOLOG.so true|json [--least N] [--most N] [--seed N] [--only N]

A worker answers a few requests while IOLOG.so logs its writes and syncs. Then, for the cut after
every single call: what was synced is on disk; of what was written since, any page may have survived
or not, and so may the new size, and the name of a new file. Every such state (or, where there are
too many, a random choice of them) is laid out as files older than the boot. The next request must be
answered with 200, the store must be sound, every acknowledged record must be there once, and the
request that was cut short is stored once when it is sent again.

With "json" the CSV file is never synced. Prints the number of states; with fewer than --least it
fails. --only runs one state, for a report of a failure.
"""
import argparse
import itertools
import json
import os
import random
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib")]
# pylint: disable=wrong-import-position
import check_store
import rig

PAGE = 512                       # what a disk writes at once, at least
MOST_PER_CUT = {"true": 600, "json": 220}    # states, of those that are possible
LONG_AGO = 978307200
NDJSON = "application/x-ndjson"
SANITIZED = {"ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}


def requests():
    """(ids, body, parameters) of each request, in order."""
    def one(name, **more):
        return [name], json.dumps(rig.base_record(id=name, **more)).encode(), {}

    def batch(names, **params):
        lines = [json.dumps(rig.base_record(id=name)) for name in names]
        return names, "\n".join(lines).encode(), {"CONTENT_TYPE": NDJSON, **params}

    many = [{"pid": n, "cmd": "c" * 20} for n in range(60)]
    yield one("small")
    yield one("rows", processes=many)
    yield batch(["a", "b", "c"])
    yield one("wide", pad="p" * 9000)
    yield batch(["d", "b", "e"])
    yield one("last")


class File:
    """What is on disk, and what was written since the last sync."""

    def __init__(self):
        self.durable = self.now = b""
        self.created = self.named = False

    def write(self, at, data):
        self.now = self.now[:at].ljust(at, b"\0") + data + self.now[at + len(data):]

    def truncate(self, size):
        self.now = self.now[:size].ljust(size, b"\0")

    def sync(self):
        self.durable = self.now

    def pages(self):
        """The pages that differ between disk and memory."""
        count = (max(len(self.durable), len(self.now)) + PAGE - 1) // PAGE
        return [n for n in range(count)
                if self.durable[n * PAGE:(n + 1) * PAGE] != self.now[n * PAGE:(n + 1) * PAGE]]

    def sizes(self):
        """Sizes that the file may have: the old one, the new one, and whole pages in between."""
        low, high = sorted((len(self.durable), len(self.now)))
        between = range((low // PAGE + 1) * PAGE, high, PAGE)
        return sorted({low, high, *between})

    def state(self, survived, size):
        """The bytes if the `survived` pages and this size reached the disk."""
        out = bytearray(self.durable[:size].ljust(size, b"\0"))
        for n in survived:
            page = self.now[n * PAGE:(n + 1) * PAGE]
            out[n * PAGE:n * PAGE + len(page)] = page
        return bytes(out[:size])

    def states(self, limit, rng):
        pages, sizes = self.pages(), self.sizes()
        if len(sizes) << len(pages) <= limit:
            for size in sizes:
                for count in range(len(pages) + 1):
                    for survived in itertools.combinations(pages, count):
                        yield self.state(survived, size)
            return
        for _ in range(limit):
            yield self.state([n for n in pages if rng.random() < 0.5], rng.choice(sizes))


def read_log(path):
    """(op, name, offset, length, bytes) of each call."""
    with open(path, "rb") as f:
        while line := f.readline():
            op, name, offset, length = line.decode().split()
            yield op, name, int(offset), int(length), f.read(int(length)) if op == "W" else b""


class Recording:
    """What a worker did for the requests, and after which call each was answered."""

    def __init__(self, preload, sync):
        site = rig.Site(sync=sync)
        log = os.path.join(site.dir, "iolog")
        worker = rig.Worker(site, env={"LD_PRELOAD": preload, "IOLOG": log, "IOLOG_NOSYNC": "1",
                                       "IOLOG_BELOW": site.records + "/data", **SANITIZED})
        self.requests, self.answered = list(requests()), []
        try:
            for _, body, params in self.requests:
                reply = worker.request(body, **params)
                assert reply.status == 200, reply
                self.answered.append(len(list(read_log(log))))
            self.day = reply.json["data"]["date"]
            self.calls = list(read_log(log))
        finally:
            worker.stop()
            site.remove()

    def cuts(self):
        """(number of calls done, {suffix: File}) after each call."""
        files = {"json": File(), "csv": File()}
        yield 0, files
        for n, (op, name, offset, length, data) in enumerate(self.calls, 1):
            file = files.get(name.rpartition(".")[2])
            if op == "D":
                for f in files.values():
                    f.named = f.named or f.created and name.endswith(self.day)
            elif file and op == "C":
                file.created = True
            elif file and op == "W":
                file.write(offset, data)
            elif file and op == "T":
                file.truncate(length)
            elif file and op == "S":
                file.sync()
            yield n, files


class Trial:
    """Lays out one state after the other in one store, and asks the handler to go on."""

    def __init__(self, preload, sync, day):
        self.site = rig.Site(sync=sync)
        self.worker = rig.Worker(self.site, env={"LD_PRELOAD": preload, "IOLOG_NOSYNC": "1", **SANITIZED})
        self.directory = os.path.join(self.site.records, "data", day)
        self.day = day
        os.makedirs(self.directory)
        self.count = 0

    def close(self):
        self.worker.stop()
        self.site.remove()

    def path(self, suffix):
        return os.path.join(self.directory, f"127.0.0.1_{self.day}.{suffix}")

    def lay_out(self, blobs):
        for suffix, blob in blobs.items():
            if os.path.exists(self.path(suffix)):
                os.unlink(self.path(suffix))
            if blob is None:
                continue
            with open(self.path(suffix), "wb") as f:
                f.write(blob)
            os.utime(self.path(suffix), (LONG_AGO, LONG_AGO))

    def ids(self):
        with open(self.path("json"), "rb") as f:
            return [json.loads(line)["id"] for line in f]

    def ask(self, body, what, **params):
        reply = self.worker.request(body, HTTP_ROLLCALL_RETRY="60", **params)
        assert reply.status == 200, (what, reply, self.site.log_text()[-1500:])

    def sound(self, wanted, allowed, what):
        store = check_store.check(self.site.records)
        assert not store.errors and not store.tails, (what, store.errors, self.site.log_text()[-1500:])
        ids = self.ids()
        assert len(ids) == len(set(ids)), (what, "stored twice", ids)
        assert set(wanted) <= set(ids), (what, "lost", set(wanted) - set(ids))
        assert set(ids) <= set(wanted) | set(allowed), (what, "from nowhere", ids)
        return ids

    def run(self, blobs, acknowledged, pending, what):
        """`pending` is the request that was cut short, or None."""
        self.count += 1
        self.lay_out(blobs)
        self.ask(json.dumps(rig.base_record(id="next")).encode(), what)
        names = pending[0] if pending else []
        ids = self.sound(acknowledged + ["next"], names, what)
        new = [name for name in names if name not in acknowledged]
        assert not set(new) & set(ids) or set(new) <= set(ids), (what, "half a request", ids)
        if pending:
            self.ask(pending[1], what, **pending[2])
            self.sound(acknowledged + ["next"] + names, [], what)


def blobs_of(files, most, rng):
    """The states of both files together: one name may be missing until its directory was synced."""
    jsons, csvs = (list(dict.fromkeys(files[s].states(most, rng))) for s in ("json", "csv"))
    if not files["json"].named:
        jsons.append(None)
    if not files["csv"].named:
        csvs.append(None)
    pairs = list(itertools.product(jsons, csvs))
    return pairs if len(pairs) <= most else rng.sample(pairs, most)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("preload")
    parser.add_argument("sync", choices=("true", "json"))
    parser.add_argument("--least", type=int, default=0)
    parser.add_argument("--most", type=int, help="states for each cut")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    args = parser.parse_args()
    os.umask(0o027)
    sync = args.sync if args.sync == "json" else True
    rng = random.Random(args.seed)
    preload = os.path.abspath(args.preload)
    recording = Recording(preload, sync)
    trial, number, cuts = Trial(preload, sync, recording.day), 0, 0
    try:
        for done, files in recording.cuts():
            cuts += 1
            answered = sum(n <= done for n in recording.answered)
            acknowledged = [name for names, _, _ in recording.requests[:answered] for name in names]
            pending = recording.requests[answered] if answered < len(recording.requests) else None
            for blob_json, blob_csv in blobs_of(files, args.most or MOST_PER_CUT[args.sync], rng):
                number += 1
                if args.only in (None, number):
                    trial.run({"json": blob_json, "csv": blob_csv}, list(dict.fromkeys(acknowledged)), pending,
                              f"state {number}, after call {done}")
    finally:
        trial.close()
    assert number >= args.least, f"only {number} states"
    print(f"{number} states after {cuts} cuts, nothing acknowledged is lost")


if __name__ == "__main__":
    main()
