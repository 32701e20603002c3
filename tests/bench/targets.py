"""targets: what is aimed at, and what was reached. Nothing here ends the bench with an error."""

CPU_OF_NULL = {"S": (1.25, 1.15), "M": (3, 2.5), "L": (7, 5)}
LESS_THAN_FLASK = {"S": 16, "M": 12, "L": 10}
INSTRUCTIONS = {"S": 40e3, "M": 0.5e6, "L": 2.2e6}


def row(rows, **keys):
    """The row with these values, or None."""
    return next((r for r in rows or () if all(r[k] == v for k, v in keys.items())), None)


def target(what, limit, value, unit="", least=False):
    if value is None:
        return None
    met = value >= limit if least else value <= limit
    return {"what": what, "target": limit, "value": value, "unit": unit, "least": least, "met": met}


def ratio(a, b, key):
    return a[key] / b[key] if a and b else None


def handler_targets(parts):
    rows = parts.get("handler")
    for size, (limit, _) in CPU_OF_NULL.items():
        ours, null = row(rows, size=size, server="rollcall"), row(rows, size=size, server="null")
        yield target(f"handler, {size}: CPU of the null handler's", limit, ratio(ours, null, "cpu_us"), "x")
    for size, limit in LESS_THAN_FLASK.items():
        ours, flask = row(rows, size=size, server="rollcall"), row(rows, size=size, server="flask")
        yield target(f"handler, {size}: less CPU than Flask", limit, ratio(flask, ours, "cpu_us"), "x", True)
    counted = parts.get("instructions", {}).get("instructions")
    for size, limit in INSTRUCTIONS.items():
        ours = row(counted, size=size, server="rollcall")
        yield target(f"handler, {size}: instructions a request", limit, ours and ours["own"])


WAYS_OF_NULL = {"S": 1.10, "L": 1.65}    # over TLS, gzip, new connections
PEERS = ("go", "php-fpm", "fastify", "flask")


def ways_targets(rows):
    way = "gzip, new connections, TLS (EC)"
    for size, limit in WAYS_OF_NULL.items():
        ours, null = row(rows, way=way, size=size, server="rollcall"), row(rows, way=way, size=size, server="null")
        yield target(f"{way}, {size}: CPU of the null handler's", limit, ratio(ours, null, "cpu_us"), "x")
    for size in ("M", "L"):
        ours = row(rows, way="kept connections", size=size, server="rollcall")
        for peer in PEERS:
            theirs = row(rows, way="kept connections", size=size, server=peer)
            yield target(f"kept connections, {size}: CPU of {peer}'s", 1, ratio(ours, theirs, "cpu_us"), "x")
    ours, theirs = (row(rows, way="kept connections, sync", size="S", server=name) for name in ("rollcall", "go"))
    yield target("kept connections, sync, S: rate of Go's", 0.85, ratio(ours, theirs, "rate"), "x", True)


def store_targets(parts):
    memory, sync = parts.get("memory"), parts.get("sync")
    if memory:
        yield target("handler: memory private to a worker", 4, memory["kib_after"] / 1024, " MiB")
        yield target(f"handler: its growth over {memory['requests']} requests", 0.1,
                     (memory["kib_after"] - memory["kib_before"]) / 1024, " MiB")
    if sync:
        yield target("handler, sync: rate of what fdatasync pairs alone reach", 0.6,
                     sync["rate"] / sync["limit"], "x", True)


def collecting(shots, processes):
    """CPU of collecting alone: the start of the program is taken off."""
    whole = row(shots, processes=processes, what="agent: collect")
    start = row(shots, processes=processes, what="agent: start alone")
    return {"cpu_ms": whole["cpu_ms"] - start["cpu_ms"]} if whole and start else None


def agent_targets(part):
    shots, few, many = part["one_shot"], *sorted({r["processes"] for r in part["one_shot"]})
    def of(what):
        return row(shots, processes=few, what=what)
    whole, beat = of("agent: collect"), of("agent: one beat, HTTP")
    yield target(f"agent, collecting {few} processes: CPU of ps's", 1 / 3, ratio(whole, of("ps"), "cpu_ms"), "x")
    yield target("... less than psutil's", 20, ratio(of("psutil: collect"), whole, "cpu_ms"), "x", True)
    calls = row(part["syscalls"], processes=few, what="agent: collect")
    yield target("... system calls a process", 8, calls["a_process"])
    yield target("agent, one beat, HTTP: CPU", 12, beat["cpu_ms"], " ms")
    yield target("... memory", 11, beat["rss_mib"], " MiB")
    peer = of("psutil + requests: one beat, HTTP")
    yield target("... less CPU than Python", 15, ratio(peer, beat, "cpu_ms"), "x", True)
    for scheme, cpu, rss in (("HTTP", 6, 2.5), ("HTTPS", 13, 6)):
        static = of(f"static agent: one beat, {scheme}")
        yield target(f"static agent, one beat, {scheme}: CPU", cpu, static and static["cpu_ms"], " ms")
        yield target("... memory", rss, static and static["rss_mib"], " MiB")
    yield target(f"agent: CPU of collecting a process beside {many} of that beside {few}", 1,
                 ratio(collecting(shots, many), collecting(shots, few), "cpu_ms") * few / many, "x")


def all_targets(parts):
    found = list(handler_targets(parts)) + list(ways_targets(parts.get("ways"))) + list(store_targets(parts))
    if "agent" in parts:
        found += agent_targets(parts["agent"])
    return [t for t in found if t]
