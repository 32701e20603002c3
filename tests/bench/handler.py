"""handler: the handler beside its limit and its peers; memory; the rate with sync on."""
import os
import statistics
import subprocess

import bodies
from load import Load, count
from machine import Wrong, file_system, say, tool
from peers import Flask
from servers import Null, Rollcall

SYNC_WORKERS = 8    # lighttpd/lighttpd.conf's default
CLIENTS = 64


def body_files(place, sizes):
    files = {}
    for name, processes in sizes.items():
        files[name] = os.path.join(place.dir, f"body.{name}")
        with open(files[name], "wb") as f:
            f.write(bodies.body(processes))
    return files


def cases(place, cores, flask):
    found = {"null": lambda: Null(place, cores),
             "rollcall": lambda: Rollcall(place, cores),
             "rollcall, sync": lambda: Rollcall(place, SYNC_WORKERS, sync=True)}
    if flask:
        found["flask"] = lambda: Flask(place, cores)
    return found


def one_run(start, load, processes):
    """A server of its own, one run, and its files counted."""
    with start() as server:
        got = load.run(server)
        got["memory_kib"] = server.memory()
        got["counted"] = count(server, processes)
        if isinstance(server, Rollcall):
            server.verify()
        return got


def median(runs):
    """The median of each figure, and the spread of the cost."""
    out = {key: statistics.median(r[key] for r in runs) for key in runs[0]}
    costs = [r["cpu_us"] for r in runs]
    return {**out, "cpu_us_min": min(costs), "cpu_us_max": max(costs), "runs": len(runs),
            "counted": sum(r["counted"] for r in runs)}


def compare(place, plan):
    """Bodies times servers, in turn, round after round."""
    files, runs = body_files(place, plan.sizes), {}
    for number in range(plan.rounds):
        for size, processes in plan.sizes.items():
            if number >= plan.rounds_of(size):
                continue
            for name, start in cases(place, plan.cores, plan.has("gunicorn")).items():
                say(f"handler: round {number + 1} of {plan.rounds}, {size}, {name}")
                load = Load(files[size], plan.seconds, CLIENTS, sources=CLIENTS)
                runs.setdefault((size, name), []).append(one_run(start, load, processes))
    return [{"size": size, "bytes": os.path.getsize(files[size]), "server": name, **median(r)}
            for (size, name), r in runs.items()]


def memory(place, plan):
    """A worker's memory after a second of large bodies, and after very many small ones."""
    say(f"handler: memory after {plan.many} requests")
    files = body_files(place, {"S": 1, "L": bodies.SIZES["L"]})
    large = Load(files["L"], 1, CLIENTS, sources=CLIENTS)
    small = Load(files["S"], plan.seconds, CLIENTS, sources=CLIENTS)
    with Rollcall(place, plan.cores) as server:
        large.run(server)
        before, seen = server.worker_memory(), 0
        while seen < plan.many:
            seen += small.run(server)["answered"]
        return {"requests": seen, "kib_before": before, "kib_after": server.worker_memory()}


def pairs(place, plan, writers):
    """Pairs of fdatasync a second, by that many writers."""
    folder = place.folder("pairs")
    done = subprocess.run([tool("syncpairs"), folder, str(writers), str(plan.seconds)],
                          stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Wrong("syncpairs failed")
    subprocess.run(["rm", "-r", folder], check=True)
    return float(done.stdout)


def sync(place, plan):
    """64 clients from 64 addresses: what the handler reaches of what the file system can."""
    body = body_files(place, {"S": 1})["S"]
    load = Load(body, plan.seconds, CLIENTS, sources=CLIENTS)
    limits, rates = {SYNC_WORKERS: [], CLIENTS: []}, {SYNC_WORKERS: [], 4 * SYNC_WORKERS: []}
    for number in range(plan.rounds):
        say(f"handler: sync, round {number + 1} of {plan.rounds}")
        for writers, seen in limits.items():
            seen.append(pairs(place, plan, writers))
        for workers, seen in rates.items():
            seen.append(one_run(lambda n=workers: Rollcall(place, n, sync=True), load, 1)["rate"])
    limit = {writers: statistics.median(seen) for writers, seen in limits.items()}
    rate = {workers: statistics.median(seen) for workers, seen in rates.items()}
    return {"file_system": file_system(place.dir), "pairs_per_s": limit, "records_per_s": rate,
            "limit": max(limit.values()), "rate": rate[SYNC_WORKERS]}
