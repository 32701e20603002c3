"""bench: runs the parts one after the other, then writes what came of them (see tests/bench/run)."""
import argparse
import datetime
import os
import shutil
import signal
import subprocess
import sys

import agent
import alone
import bodies
import counts
import growth
import handler
import machine
import report
import ways
from machine import PYTHON, Missing, Place, Wrong, say

PARTS = ("handler", "ways", "alone", "instructions", "sync", "memory", "growth", "agent")
GIB = 1 << 30


class Plan:
    """How much is done: the whole of it, in two minutes (--quick), or as a test (--smoke)."""

    rounds, seconds, growth_rounds, many = 5, 2, 3, 1000000
    extra_sizes = {"10 processes": 10, "150 processes": 150, "600 processes": 600}
    addresses = (1, 10, 100, 1000, 10000)
    large_file = GIB
    zoo = (300, 20000)
    traced = (300, 20000)
    beats, shots, alone_divisor = 10, {300: 15, 20000: 5}, 1
    main_sizes = part_sizes = bodies.SIZES    # what is counted; where ids are measured
    ways = tuple(ways.WAYS)

    def __init__(self):
        self.cores = os.cpu_count() or 1
        self.sizes = {**bodies.SIZES, **self.extra_sizes}

    def rounds_of(self, size):
        """Sizes that are there for the plot alone have fewer."""
        return self.rounds if size in bodies.SIZES else min(2, self.rounds)

    def agent_rounds(self, processes):
        return self.shots.get(processes, 5)

    @staticmethod
    def has(command):
        return shutil.which(command) is not None

    @staticmethod
    def has_python(module):
        return subprocess.run([PYTHON, "-c", f"import {module}"], stderr=subprocess.DEVNULL,
                              check=False).returncode == 0


class Quick(Plan):
    rounds, seconds, growth_rounds, many = 2, 1, 1, 60000
    extra_sizes = {}
    addresses = (1, 10000)
    traced = (300,)
    part_sizes = {"M": bodies.SIZES["M"]}
    beats, shots = 4, {300: 5, 20000: 1}


class Smoke(Plan):
    rounds, seconds, growth_rounds, many = 1, 1, 1, 1000
    extra_sizes = {}
    addresses = (1, 100)
    main_sizes = part_sizes = {"S": bodies.SIZES["S"]}
    ways = ("kept connections", "gzip, new connections, TLS (EC)")
    large_file = 8 << 20
    zoo = traced = (20, 200)
    beats, shots, alone_divisor = 3, {20: 1, 200: 1}, 3


def measure(part, place, plan):
    if part == "handler":
        return handler.compare(place, plan)
    if part == "ways":
        return ways.run(place, plan)
    if part == "alone":
        return alone.run(place, plan)
    if part == "instructions":
        missing = [c for c in ("valgrind", "strace") if not plan.has(c)]
        if missing:
            raise Missing(f"{' and '.join(missing)} not installed")
        return {"instructions": counts.all_instructions(place, plan), "syscalls": counts.syscalls(place, plan)}
    if part == "sync":
        return handler.sync(place, plan)
    if part == "memory":
        return handler.memory(place, plan)
    if part == "growth":
        return [row for one in (growth.addresses, growth.file_sizes, growth.writers, growth.ids)
                for row in one(place, plan)]
    return agent.run(place, plan)


def arguments():
    p = argparse.ArgumentParser(prog="tests/bench/run", description="Measures rollcall; see tests/bench/run --help.")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--smoke", action="store_true")
    p.add_argument("--rounds", type=int)
    p.add_argument("--only", default=",".join(PARTS))
    p.add_argument("--dir", default=os.environ.get("TMPDIR", "/var/tmp"))
    p.add_argument("--out", default=os.path.join(machine.BUILD, "bench"))
    args = p.parse_args()
    args.only = args.only.split(",")
    unknown = [part for part in args.only if part not in PARTS]
    if unknown:
        p.error(f"no part '{unknown[0]}'; there are: {','.join(PARTS)}")
    if not os.path.isdir(args.dir):
        p.error(f"--dir {args.dir}: no such directory")
    return args


def run(args, plan):
    """All parts; what is wrong ends the bench, what is missing only its part."""
    found = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
             "command": "tests/bench/run " + " ".join(sys.argv[1:]), "machine": machine.describe(),
             "directory": machine.file_system(args.dir), "parts": {}, "skipped": {}}
    place = Place(args.dir)
    try:
        for part in args.only:
            try:
                found["parts"][part] = measure(part, place, plan)
            except Missing as e:
                say(f"{part}: skipped, {e}")
                found["skipped"][part] = str(e)
    finally:
        place.close()
    return found


def main():
    args = arguments()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda n, _: sys.exit(128 + n))
    os.umask(0o022)
    plan = Smoke() if args.smoke else Quick() if args.quick else Plan()
    plan.rounds = args.rounds or plan.rounds
    try:
        found = run(args, plan)
    except (Wrong, OSError, subprocess.SubprocessError) as e:
        print(f"bench: wrong: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    os.makedirs(args.out, exist_ok=True)
    report.write(found, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
