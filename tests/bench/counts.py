"""counts: what does not depend on the hour: instructions and system calls of a request.

Instructions are the worker's own, counted by callgrind with libcrypto's apart (valgrind knows no SHA
instructions, so that it counts a slower SHA-256 than the one that runs). The start is taken off by
running twice, with few and with more requests.
"""
import concurrent.futures
import glob
import http.client
import os
import re
import stat
import subprocess
import time

import handler
from load import note
from machine import BUILD, Missing, Wrong, say, text_of, wait_for
from servers import TOKEN, Null, Rollcall

FEW, MORE = 5, 25


def post(server, body_file, times):
    """One after the other over one connection."""
    with open(body_file, "rb") as f:
        body = f.read()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    head = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    for _ in range(times):
        connection.request("POST", "/data", body, head)
        reply = connection.getresponse()
        answer = reply.read()
        if reply.status != 200:
            raise Wrong(f"{server.name}: {reply.status} {answer[:200]!r}")
    connection.close()
    note(server, times, 0)


# ---- instructions

def callgrind_handler(folder, program):
    """A program that runs the worker under callgrind."""
    path = os.path.join(folder, "under-callgrind")
    with open(path, "w", encoding="ascii") as f:
        f.write(f"#!/bin/sh\nexec valgrind -q --tool=callgrind --callgrind-out-file={folder}/cg.%p "
                f"{program}\n")
    os.chmod(path, stat.S_IRWXU)
    return path


def instructions_of_run(place, program, body_file, times):
    """(all but libcrypto's, libcrypto's)"""
    folder = place.folder("callgrind")
    wrapped = callgrind_handler(folder, program)
    with Rollcall(place, 1, handler=wrapped) as server:
        post(server, body_file, times)
    found = glob.glob(f"{folder}/cg.*")
    wait_for(lambda: found and "totals:" in text_of(found[0]), 20, "callgrind's result")
    done = subprocess.run(["callgrind_annotate", "--threshold=100", "--show-percs=no", found[0]],
                          stdout=subprocess.PIPE, text=True, check=True)
    total = int(re.search(r"([\d,]+)\s+PROGRAM TOTALS", done.stdout)[1].replace(",", ""))
    crypto = sum(int(n.replace(",", "")) for n in
                 re.findall(r"^\s*([\d,]+)\s.*\[\S*libcrypto\S*\]$", done.stdout, re.M))
    return total - crypto, crypto


def instructions(place, program, body_file):
    few = instructions_of_run(place, program, body_file, FEW)
    more = instructions_of_run(place, program, body_file, MORE)
    own, crypto = ((b - a) / (MORE - FEW) for a, b in zip(few, more))
    return {"own": own, "libcrypto": crypto}


def all_instructions(place, plan):
    """Side by side: a count does not mind what else runs."""
    files = handler.body_files(place, plan.main_sizes)

    def one(size):
        say(f"instructions: {size}")
        return {"size": size, "server": "rollcall",
                **instructions(place, os.path.join(BUILD, "rollcall-handler"), files[size])}

    with concurrent.futures.ThreadPoolExecutor(plan.cores) as pool:
        return list(pool.map(one, files))


# ---- system calls

def traced(pid, out):
    """strace that has attached."""
    tracer = subprocess.Popen(["strace", "-c", "-o", out, "-p", str(pid)], stderr=subprocess.PIPE,
                              text=True)
    if "attached" not in tracer.stderr.readline():
        tracer.kill()
        tracer.wait()
        raise Missing("strace may not attach: be root, or set kernel.yama.ptrace_scope to 0")
    return tracer


def calls_in(path):
    """strace -c's table: name -> calls."""
    rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", text_of(path), re.M)
    return {name: int(n) for n, name in rows if name != "total"}


def calls_of(server, body_file, times):
    """System calls a request of the web server and of its one worker."""
    post(server, body_file, 20)
    found = {}
    for who, pid in zip(("web server", "worker"), server.pids()):
        out = os.path.join(server.dir, "strace")
        tracer = traced(pid, out)
        try:
            post(server, body_file, times)
        finally:
            time.sleep(0.1)
            tracer.terminate()
            tracer.wait()
        found[who] = {name: n / times for name, n in calls_in(out).items()}
    return found


def syscalls(place, plan):
    rows = []
    starts = {"null": lambda: Null(place, 1), "rollcall": lambda: Rollcall(place, 1),
              "rollcall, sync": lambda: Rollcall(place, 1, sync=True)}
    for size, path in handler.body_files(place, plan.main_sizes).items():
        for name, start in starts.items():
            say(f"system calls: {size}, {name}")
            with start() as server:
                calls = calls_of(server, path, 100)
            rows.append({"size": size, "server": name, "calls": calls,
                         **{who: sum(n.values()) for who, n in calls.items()}})
    return rows
