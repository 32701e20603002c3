#!/usr/bin/env python3
"""durable: records per second and latency with "sync": true, on a disk whose flush takes a millisecond.

    make bench-programs && tests/bench/durable.py [--seconds N] [--rounds N] [--handler PROGRAM] [--preload]

The disk is emudisk (writes 80 us, flush 1 ms) with ext4 on it, which needs root and /dev/fuse.
Without these, or with --preload, it is a directory whose syncs a preload makes 1 ms slower. lighttpd
and 32 workers use it; wrk sends small records from 64 addresses, and from one client alone.
Prints medians beside their targets. Use a machine that has nothing else to do.
"""
import argparse
import concurrent.futures
import os
import statistics
import subprocess
import sys
import tempfile

import handler
from load import Load
from machine import Place, Wrong, say, tool, wait_for
from servers import Rollcall

WORKERS, CLIENTS = 32, 64
DISK_MIB, WRITE_US, FLUSH_US = 6144, 80, 1000
RATE_TARGET, LATENCY_TARGET_MS = 2800, 4.2


def call(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Disk:
    """ext4 on an emulated disk."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="rollcall-emudisk.")
        self.raw, self.mounted = os.path.join(self.dir, "raw"), os.path.join(self.dir, "fs")
        os.mkdir(self.raw)
        os.mkdir(self.mounted)
        self.loop = None
        self.program = subprocess.Popen([tool("emudisk"), "-w", str(WRITE_US), "-f", str(FLUSH_US), str(DISK_MIB),
                                         self.raw])
        file = os.path.join(self.raw, "disk")
        wait_for(lambda: os.path.exists(file), 10, "emudisk")
        call("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", file)
        self.loop = call("losetup", "--direct-io=on", "--find", "--show", file)
        call("mount", self.loop, self.mounted)
        return self.mounted

    def __exit__(self, *_):
        subprocess.run(["umount", self.mounted], check=False)
        if self.loop:
            subprocess.run(["losetup", "-d", self.loop], check=False)
        self.program.terminate()
        self.program.wait(30)
        subprocess.run(["rm", "-r", self.dir], check=False)


class Preload:
    """A directory in memory, if there is one; Slow makes the syncs slow."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="rollcall-slowsync.", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        return self.dir

    def __exit__(self, *_):
        subprocess.run(["rm", "-r", self.dir], check=False)


class Slow(Rollcall):
    """rollcall-handler behind lighttpd, with the preload."""

    def start_front(self, config):
        script = os.path.join(self.dir, "handler")
        with open(script, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\nLD_PRELOAD={tool('slowsync.so')} exec {self.handler}\n")
        os.chmod(script, 0o755)
        self.handler = script
        super().start_front(config)


def measure(place, args, server):
    """{(sync, clients): [results]} of all rounds."""
    body, found = handler.body_files(place, {"S": 1})["S"], {}
    for number in range(args.rounds):
        for sync in (True, "json") if args.handler is None else (True,):
            for clients in (CLIENTS, 1):
                say(f"durable: round {number + 1} of {args.rounds}, sync {sync}, {clients} clients")
                load = Load(body, args.seconds, clients, sources=clients)
                got = handler.one_run(lambda s=sync: server(place, WORKERS, handler=args.handler, sync=s), load, 1)
                found.setdefault((sync, clients), []).append(got)
    return found


def crowd(place, args, server):
    """The latency of 64 addresses, alone and beside 64 clients of one other address."""
    body = handler.body_files(place, {"S": 1})["S"]
    others, busy = Load(body, args.seconds, CLIENTS, sources=CLIENTS), Load(body, args.seconds, CLIENTS)
    say("durable: one busy address")
    with server(place, WORKERS, handler=args.handler, sync=True) as s:
        alone = others.wrk(s)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            at_once = pool.submit(busy.wrk, s)
            beside = others.wrk(s)
            refused = at_once.result()
    ratio = beside["p99_ms"] / alone["p99_ms"]
    print(f"one busy address: p99 of 64 others {alone['p99_ms']:.1f} ms alone, {beside['p99_ms']:.1f} ms beside it "
          f"({ratio:.1f} x, target 3: {'met' if ratio <= 3 else 'missed'}); it got {refused['answered']} answers, "
          f"{refused['bad']} of them 503")


def report(found):
    for (sync, clients), runs in found.items():
        rate, p50, p99 = (statistics.median(r[k] for r in runs) for k in ("rate", "p50_ms", "p99_ms"))
        line = f"sync {str(sync).lower():5} {clients:3} clients: {rate:7.0f} records/s, p50 {p50:6.2f} ms, p99 {p99:6.2f} ms"
        if sync is True and clients == CLIENTS:
            line += f"   target {RATE_TARGET} records/s: {'met' if rate >= RATE_TARGET else 'missed'}"
        if sync is True and clients == 1:
            line += f"   target {LATENCY_TARGET_MS} ms: {'met' if p50 <= LATENCY_TARGET_MS else 'missed'}"
        print(line)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--handler", help="another build of it, which need not know \"json\"")
    parser.add_argument("--preload", action="store_true")
    args = parser.parse_args()
    emulated = not args.preload and os.geteuid() == 0 and os.path.exists("/dev/fuse")
    with Disk() if emulated else Preload() as directory:
        place = Place(directory)
        try:
            crowd(place, args, Rollcall if emulated else Slow)
            found = measure(place, args, Rollcall if emulated else Slow)
        except Wrong as e:
            sys.exit(f"durable: {e}")
        finally:
            place.close()
    print(f"{'emudisk, ext4' if emulated else 'preload'}: flush {FLUSH_US} us, {WORKERS} workers")
    report(found)


if __name__ == "__main__":
    main()
