"""growth: what a record costs as addresses, files and writers grow. It should cost the same."""
import http.client
import os
import statistics

import bodies
import handler
from load import Load, count, settled
from machine import MIB, Wrong, free_bytes, say
from servers import TOKEN, Null, Rollcall

FILL_BATCH = 200    # records of 60 KB a request: 12 MB


def post_batch(server, lines, how_many):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("POST", "/data", lines * how_many,
                       {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {TOKEN}"})
    reply = connection.getresponse()
    if reply.status != 200:
        raise Wrong(f"{server.name}: {reply.status} {reply.read()[:200]!r}")
    connection.close()


def fill(server, size):
    """The daily file of 127.0.0.1 as large as that, through the handler itself."""
    line = bodies.body(bodies.SIZES["L"]) + b"\n"
    while sum(os.path.getsize(f) for f in server.files(".json")) < size:
        post_batch(server, line, min(FILL_BATCH, max(1, size // len(line))))


def medians(what, case, runs):
    return {"what": what, "case": case,
            **{key: statistics.median(r[key] for r in runs) for key in ("cpu_us", "rate", "p99_ms")}}


def costs(plan, what, starts, load_of):
    """Cost for each way to start and load a server, in turn; servers stay up for all rounds."""
    runs = {}
    for number in range(plan.growth_rounds):
        for name, server in starts.items():
            say(f"growth: {what}, round {number + 1} of {plan.growth_rounds}, {name}")
            runs.setdefault(name, []).append(load_of(name).run(server))
    return [medians(what, name, seen) for name, seen in runs.items()]


def addresses(place, plan):
    """So many addresses in turn, each with files of its own, which exist."""
    path = handler.body_files(place, {"S": 1})["S"]
    loads = {n: Load(path, plan.seconds, handler.CLIENTS, forwarded=n) for n in plan.addresses}
    with Rollcall(place, plan.cores) as server:
        seen = set()
        while len(seen) < max(plan.addresses):
            loads[max(plan.addresses)].run(server)
            seen = set(server.files(".csv"))
        rows = costs(plan, "addresses", {n: server for n in loads}, lambda n: loads[n])
        count(server, 1)
        server.verify()
    return rows


def file_sizes(place, plan):
    """An empty file, and a large one, of one address each."""
    path = handler.body_files(place, {"S": 1})["S"]
    large = plan.large_file
    room = free_bytes(place.dir)
    if room < 3 * large:
        large = room // 4
        say(f"growth: only {room // MIB} MiB free: a file of {large // MIB} MiB instead of 1 GiB")
    with Rollcall(place, plan.cores) as small, Rollcall(place, plan.cores) as big:
        say(f"growth: filling a file up to {large // MIB} MiB")
        fill(big, large)
        before = settled(big, bodies.SIZES["L"])[0]
        load = Load(path, plan.seconds, handler.CLIENTS)
        names = {"1 KB": small, f"{large / MIB / 1024:.1f} GB": big}
        rows = costs(plan, "file size", names, lambda name: load)
        lines = settled_lines(big)
        if not before + big.acked <= lines <= before + big.acked + big.unsure:
            raise Wrong(f"{before} records and {big.acked} more acknowledged, {lines} stored")
        small.verify()
    return rows


def settled_lines(server):
    """JSON lines, once they are no longer becoming more."""
    seen, before = server.stored()[0], -1
    while seen != before:
        before, seen = seen, server.stored()[0]
    return seen


def writers(place, plan):
    """One writer and 64 to one address, and 64 to 64; the null handler tells what the web server's
    part of the difference is."""
    path = handler.body_files(place, {"S": 1})["S"]
    cases = {"1 to one address": (1, 1), "64 to one address": (64, 1), "64 to 64 addresses": (64, 64)}
    loads = {name: Load(path, plan.seconds, c, sources=a) for name, (c, a) in cases.items()}
    rows = []
    with Rollcall(place, plan.cores) as server, Null(place, plan.cores) as null:
        rows = costs(plan, "writers", {name: server for name in loads}, lambda name: loads[name])
        rows += costs(plan, "writers, null handler", {name: null for name in loads},
                      lambda name: loads[name])
        count(server, 1)
        server.verify()
    return rows


def ids(place, plan):
    """Records with an id, which is looked for among the last 16 lines, and without."""
    runs = {}
    for size, path in handler.body_files(place, plan.part_sizes).items():
        loads = {name: Load(path, plan.seconds, handler.CLIENTS, sources=handler.CLIENTS, ids=name == "with")
                 for name in ("without", "with")}
        for number in range(plan.growth_rounds):
            for name, load in loads.items():
                say(f"growth: {size}, {name} an id, round {number + 1} of {plan.growth_rounds}")
                runs.setdefault((f"{size}: an id of its own", name), []).append(
                    handler.one_run(lambda: Rollcall(place, plan.cores), load, bodies.SIZES[size]))
    return [medians(what, case, seen) for (what, case), seen in runs.items()]
