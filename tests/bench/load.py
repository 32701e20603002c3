"""load: one run of wrk against a server, what it cost there, and whether all of it was stored."""
import json
import os
import subprocess
import time

from machine import HERE, MIB, Wrong, free_bytes, tool
from servers import TOKEN


class Load:
    """A body that is sent by `connections` at once for `seconds`.

    sources    how many addresses of this machine the connections come from
    forwarded  how many addresses X-Forwarded-For names, in turn
    ids        give each record an id of its own
    how        "gzip": the file is packed; "close": a new connection for each request; "gzip,close"
    """

    def __init__(self, body_file, seconds, connections=64, **more):
        self.body_file, self.seconds, self.connections = body_file, seconds, connections
        self.sources, self.forwarded = more.pop("sources", 1), more.pop("forwarded", 1)
        self.ids, self.how = more.pop("ids", False), more.pop("how", "")
        assert not more, more

    def wrk(self, server):
        threads = min(self.connections, max(1, (os.cpu_count() or 1) // 2))
        argv = ["wrk", "-t", str(threads), "-c", str(self.connections), "-d", f"{self.seconds}s",
                "--timeout", "10s", "-s", os.path.join(HERE, "wrk.lua"), server.url(), "--",
                self.body_file, TOKEN, str(threads), str(self.forwarded),
                os.urandom(4).hex() if self.ids else "", self.how]
        more = {}
        if self.sources > 1:
            more = {"LD_PRELOAD": tool("srcaddr.so"), "SRCADDR_COUNT": str(self.sources)}
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, timeout=self.seconds + 60, env={**os.environ, **more})
        last = done.stdout.strip().rpartition("\n")[2]
        if done.returncode != 0 or not last.startswith("{"):
            raise Wrong(f"wrk: {done.stdout[-500:]}")
        return json.loads(last)

    def run(self, server):
        """One run: rate, cost, latency. Adds to server.acked and server.unsure."""
        if free_bytes(server.dir) < 512 * MIB * self.seconds:
            raise Wrong(f"less than {512 * self.seconds} MiB free in {server.place.parent}: see --dir")
        before = server.cpu()
        got = self.wrk(server)
        used = server.cpu() - before
        if got["answered"] == 0 or got["bad"] or got["broken"]:
            raise Wrong(f"{server.name}: {got}: {server_log(server)}")
        note(server, got["answered"], self.connections)
        return {"rate": got["answered"] / got["seconds"], "cpu_us": used * 1e6 / got["answered"],
                "p50_ms": got["p50_ms"], "p99_ms": got["p99_ms"], "answered": got["answered"]}


def note(server, acked, unsure):
    """What must be in the files, and what may be: wrk ends without reading the last answers."""
    server.acked = getattr(server, "acked", 0) + acked
    server.unsure = getattr(server, "unsure", 0) + unsure


def server_log(server):
    for name in ("handler.log", "error.log", "out"):
        path = os.path.join(server.dir, name)
        if os.path.exists(path) and os.path.getsize(path):
            with open(path, encoding="utf-8", errors="replace") as f:
                return f.read()[-500:]
    return "its log is empty"


def settled(server, processes):
    """What is stored, once the workers are done with what wrk left unread."""
    end = time.monotonic() + 10
    seen = server.stored()
    while time.monotonic() < end:
        time.sleep(0.05)
        before, seen = seen, server.stored()
        if seen == before and seen[1] == seen[0] * processes:
            break
    return seen


def count(server, processes):
    """All that was acknowledged is in both files. Returns how many were."""
    if server.stored() is None:
        return server.acked
    json_lines, csv_rows = settled(server, processes)
    if not server.acked <= json_lines <= server.acked + server.unsure:
        raise Wrong(f"{server.name}: {server.acked} records acknowledged (and up to {server.unsure} more "
                    f"sent), {json_lines} stored")
    if csv_rows != json_lines * processes:
        raise Wrong(f"{server.name}: {csv_rows} CSV rows of {json_lines} records, {processes} each")
    return server.acked
