#!/usr/bin/env python3
"""query.py [--hosts N] [--only TEXT] [--keep DIR] [--cold] [--peers]: what answers of rollcall-query cost, against the
targets. It makes a fleet of files below build/bench-query (7 GB for 10,000 hosts; removed at the end), asks one worker,
and prints its CPU time, the median of five. --cold drops the page cache first and needs root. --peers asks jq and DuckDB
the same over the same files."""
import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("", "../lib", "../system"):
    sys.path.insert(0, os.path.join(HERE, folder))
import bodies
import fleet
import read as reader
import rig

ROUNDS = 5


def cpu(worker):
    """Seconds of CPU of the worker so far."""
    with open(f"/proc/{worker.process.pid}/schedstat", encoding="ascii") as f:
        return int(f.read().split()[0]) / 1e9


def measure(worker, path, query, rounds=ROUNDS):
    """Milliseconds of CPU for a request, after one that is not counted; None if there is no such endpoint."""
    times = []
    for n in range(rounds + 1):
        before = cpu(worker)
        reply = worker.ask(path, query)
        if reply.status in (404, 501):
            return None
        assert reply.status == 200, reply
        if n:
            times.append((cpu(worker) - before) * 1000)
    return statistics.median(times)


class Bench:
    def __init__(self, args):
        self.args, self.failed = args, 0

    def row(self, what, aim, got, unit="ms"):
        if got is None:
            return
        met = "met" if got <= aim else "missed"
        self.failed += met == "missed"
        print(f"| {what} | {aim:,} {unit} | {got:,.1f} {unit} | {met} |", flush=True)

    def wanted(self, name):
        return self.args.only in name

    def site(self, name, **keys):
        """A worker's configuration over records of that name."""
        site = reader.new_site(query_seconds=600, **keys)
        with open(site.config, encoding="utf-8") as f:
            config = json.load(f)
        site.records = config["records_dir"] = os.path.join(self.args.keep, name)
        with open(site.config, "w", encoding="utf-8") as f:
            json.dump(config, f)
        return site

    def fleet(self, name, hosts, records, size):
        where = os.path.join(self.args.keep, name)
        if not os.path.isdir(where):
            written = fleet.write_fleet(where, hosts, records, size)
            print(f"made {name}: {hosts:,} hosts × {records} records, {written / 1e9:.1f} GB", file=sys.stderr)

    def ask(self, name, path, query, **keys):
        site = self.site(name, **keys)
        worker = reader.QueryWorker(site)
        try:
            return measure(worker, path, query)
        finally:
            worker.stop()
            site.remove()

    # ---- rows

    def lists(self, name, hosts, plain, memo):
        time.sleep(reader.SETTLED)
        self.row(f"list of {hosts:,} hosts", plain, self.ask(name, "/api/v1/hosts", "limit=20000", query_memo=False))
        self.row(f"list of {hosts:,} hosts, with memo", memo, self.ask(name, "/api/v1/hosts", "limit=20000"))

    def memory(self, name):
        site = self.site(name)
        worker = reader.QueryWorker(site)
        for _ in range(3):
            worker.ask("/api/v1/hosts", "limit=20000")
        self.row("memory of a worker after it", 32, worker.memory() / 1024, "MiB")
        worker.stop()
        site.remove()

    def questions(self, name, search, changes):
        self.row(f"search, {name}", search, self.ask(name, "/api/v1/search", "cmd=no-such-program", query_memo=False))
        self.row(f"changes of the fleet over an hour, {name}", changes,
                 self.ask(name, "/api/v1/changes", "from=-1h", query_memo=False))

    def cold(self, name):
        def dropped(action):
            os.sync()
            with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as f:
                f.write("3")
            start = time.monotonic()
            action()
            return time.monotonic() - start

        def one_by_one():
            for folder, _, names in os.walk(os.path.join(self.args.keep, name, "data")):
                for n in sorted(names):
                    with open(os.path.join(folder, n), "rb") as f:
                        f.seek(max(0, os.fstat(f.fileno()).st_size - 4096))
                        f.read()

        site = self.site(name, query_memo=False)
        worker = reader.QueryWorker(site)
        ours = dropped(lambda: worker.ask("/api/v1/hosts", "limit=20000"))
        theirs = dropped(one_by_one)
        self.row("list, cold: wall, of that of reading one by one", 33, ours / theirs * 100, "%")
        worker.stop()
        site.remove()

    def one_host(self):
        """A host with 288 records of 60 KB, and one with two listings of 20,000 processes."""
        shutil.rmtree(os.path.join(self.args.keep, "one"), ignore_errors=True)
        site = self.site("one")
        noon = time.time() // 86400 * 86400 - 43200
        day = reader.day_of(noon)
        record = bodies.record(bodies.SIZES["L"])
        beats = reader.File(site, "10.0.0.1", day)
        beats.add(*[beats.line(record, noon + n * 60) for n in range(288)])
        many = reader.File(site, "10.0.0.2", day)
        for n in range(2):
            listing = [dict(bodies.process(i), pid=i + 1 + (30_000 if n and i % 10 == 0 else 0),
                            start_ticks=i + (1 if n and i % 10 == 0 else 0)) for i in range(20_000)]
            many.add(many.line(dict(record, boot_id="b", processes=listing), noon + n * 300))
        worker = reader.QueryWorker(site)
        path = "/api/v1/hosts/10.0.0.1/timeline"
        self.row("timeline of 288 records", 1, measure(worker, path, f"date={day}"))
        self.row("timeline of 288 records, with sums (60 KB)", 30, measure(worker, path, f"date={day}&points=288"))
        self.row("changes of one host, 20,000 processes", 20,
                 measure(worker, "/api/v1/hosts/10.0.0.2/changes",
                         f"from={reader.stamp(noon)}&to={reader.stamp(noon + 300)}"))
        worker.stop()
        site.remove()

    def peers(self, name):
        """The newest record of each host, by jq and by DuckDB."""
        files = os.path.join(self.args.keep, name, "data", "*", "*.json")
        jq = ("for f in " + files + "; do tail -n 1 \"$f\"; done | jq -c "
              "'[.hostname, .os_ver, .rollcall.client_ip, .rollcall.received_at, .rollcall.process_count]'")
        print(f"| jq, the last line of each file | | {self.peer(['bash', '-c', jq]):,.0f} ms | |")
        sql = ("SELECT rollcall.client_ip, arg_max(hostname, rollcall.seq), arg_max(os_ver, rollcall.seq), max(rollcall.received_at) "
               f"FROM read_json('{files}', format='newline_delimited', maximum_object_size=100000000, "
               "columns={hostname: 'VARCHAR', os_ver: 'VARCHAR', rollcall: 'STRUCT(client_ip VARCHAR, received_at VARCHAR, "
               "seq BIGINT)'}) GROUP BY ALL")
        code = f"import duckdb; print(len(duckdb.sql({sql!r}).fetchall()))"
        if importlib.util.find_spec("duckdb") is None:
            print("| DuckDB: not installed; pip install duckdb | | | |")
            return
        print(f"| DuckDB, all lines | | {self.peer([sys.executable, '-c', code]):,.0f} ms | |")

    @staticmethod
    def peer(command):
        """Milliseconds of CPU."""
        before = os.times()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        return (after.children_user + after.children_system - before.children_user - before.children_system) * 1000


def run(bench, args):
    print("| CPU of the worker | aim | measured | |\n| --- | --- | --- | --- |")
    if bench.wanted("one"):
        bench.one_host()
    for name, hosts, records, size, aims in (("12KB", args.hosts, 50, "M", (200, 500)),
                                             ("60KB", args.hosts, 5, "L", (800, 1100)),
                                             ("many", 10 * args.hosts, 2, "S", None)):
        if not bench.wanted(name):
            continue
        bench.fleet(name, hosts, records, size)
        if name == "12KB":
            bench.lists(name, hosts, 100, 25)
            bench.memory(name)
        if aims:
            bench.questions(name, *aims)
        else:
            bench.lists(name, hosts, 1200, 200)
        if name == "12KB" and args.cold:
            bench.cold(name)
        if name == "12KB" and args.peers:
            bench.peers(name)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--only", default="", help="12KB, 60KB, many or one")
    parser.add_argument("--keep", help="use and keep the files in this directory")
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--peers", action="store_true")
    args = parser.parse_args()
    kept = args.keep
    args.keep = kept or os.path.join(rig.REPO, "build", "bench-query")
    try:
        run(Bench(args), args)
    finally:
        if not kept:
            shutil.rmtree(args.keep, ignore_errors=True)


if __name__ == "__main__":
    main()
