#!/usr/bin/env python3
"""diskcut: power cuts under a real file system, on an emulated disk.

    diskcut.py EMUDISK IOLOG.so ext4|xfs|btrfs [--cuts N] [--seed N] [--sync true|json]

Clients send records to workers whose store is on a new file system of that kind, until the power is
cut: the image of the disk then has all that was flushed, and a random choice of the other pages. The
image is mounted, which replays the file system's journal, and a worker of a machine that has just
started goes on there. Every record that was acknowledged before the cut must be there, once, and the
store must be sound. Every other time rollcall-verify --heal runs first. Needs root, /dev/fuse and loop
devices.
"""
import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib")]
# pylint: disable=wrong-import-position
import check_store
import rig

CLIENTS, ADDRESSES, RECORDS_MOST = 6, 3, 120
MAKE = {"ext4": ["mkfs.ext4", "-q"], "xfs": ["mkfs.xfs", "-q"], "btrfs": ["mkfs.btrfs", "-q"]}
MIB = {"ext4": 128, "xfs": 320, "btrfs": 256}


def call(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Disk:
    """The file system of the machine whose power is cut."""

    def __init__(self, program, kind, seed):
        self.dir = tempfile.mkdtemp(prefix="rollcall-diskcut.")
        self.raw, self.mounted, self.after, self.image = (os.path.join(self.dir, n)
                                                          for n in ("raw", "fs", "after", "image"))
        for path in (self.raw, self.mounted, self.after):
            os.mkdir(path)
        self.loop = None
        self.program = subprocess.Popen([program, "-w", "80", "-f", "300", "-c", self.image, "-s", str(seed),
                                         str(MIB[kind]), self.raw])
        disk = os.path.join(self.raw, "disk")
        assert rig.wait_for(lambda: os.path.exists(disk)), "emudisk does not start"
        call(*MAKE[kind], disk)
        self.loop = call("losetup", "--direct-io=on", "--find", "--show", disk)
        call("mount", self.loop, self.mounted)
        self.records = os.path.join(self.mounted, "records")

    def cut(self):
        """Cuts the power."""
        self.program.send_signal(signal.SIGUSR2)
        assert rig.wait_for(lambda: os.path.exists(self.image), 60), "no image"

    def start_again(self):
        """The records directory after the cut. The first file system goes: two of one id cannot be mounted."""
        self.unmount()
        call("mount", "-o", "loop", self.image, self.after)
        return os.path.join(self.after, "records")

    def unmount(self):
        if self.loop:
            subprocess.run(["umount", "-q", self.mounted], check=False)
            subprocess.run(["losetup", "-d", self.loop], check=False)
        self.loop = None

    def close(self):
        subprocess.run(["umount", "-q", self.after], check=False)
        self.unmount()
        self.program.terminate()
        self.program.wait(30)
        subprocess.run(["rm", "-r", self.dir], check=False)


class Clients:
    """They send until they are stopped; `acks` are in order."""

    def __init__(self, site, seed):
        self.workers = [rig.Worker(site) for _ in range(CLIENTS)]
        self.acks, self.errors, self.stopped = [], [], False
        self.threads = [threading.Thread(target=self.run, args=(n, random.Random(seed * 100 + n)))
                        for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def run(self, number, rng):
        ip, count = f"10.0.0.{1 + number % ADDRESSES}", 0
        while not self.stopped:
            count += 1
            names = [f"{number}-{count}-{k}" for k in range(rng.choice((1, 1, 1, 4)))]
            many = [{"pid": p, "cmd": "c" * rng.choice((5, 90))} for p in range(rng.choice((1, 2, 150)))]
            body = "\n".join(json.dumps(rig.base_record(id=name, processes=many)) for name in names)
            try:
                reply = self.workers[number].request(body.encode(), REMOTE_ADDR=ip,
                                                     CONTENT_TYPE="application/x-ndjson")
            except (rig.Broken, OSError):
                return                                # the power was cut
            if reply.status != 200:
                self.errors.append(reply)
                return
            date = reply.json["data"]["date"]
            self.acks += [{"ip": ip, "date": date, "id": name} for name in names]

    def stop(self):
        self.stopped = True
        for worker in self.workers:
            worker.stop(signal.SIGKILL)
            worker.listener.close()                   # what waits there gets an error
        for thread in self.threads:
            thread.join()


def site_at(records, sync):
    """A configuration for a store that is somewhere else than usual."""
    site = rig.Site(sync=sync)
    with open(site.config, encoding="utf-8") as f:
        keys = json.load(f)
    with open(site.config, "w", encoding="utf-8") as f:
        json.dump({**keys, "records_dir": records, "min_free_bytes": 0, "lock_timeout_ms": 20000}, f)
    site.records = records
    return site


def check(records, sync, preload, acks, heal):
    """The machine has started again."""
    booted = {"LD_PRELOAD": preload, "IOLOG_BOOTED": "1", "IOLOG_NOSYNC": "1",
              "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}
    site = site_at(records, sync)
    worker = rig.Worker(site, env=booted)
    try:
        if heal:
            subprocess.run([rig.VERIFY, "--heal", "--quiet", records], check=True, env=rig.environment(**booted),
                           stdout=subprocess.DEVNULL)
        for n in range(ADDRESSES):
            reply = worker.request(json.dumps(rig.base_record()).encode(), REMOTE_ADDR=f"10.0.0.{1 + n}")
            assert reply.status == 200, (reply, site.log_text()[-2000:])
        store = check_store.check(records)
        lost = check_store.check_acks(store, acks)
        assert not store.errors and not store.tails, (store.errors[:5], f"{lost} lost", site.log_text()[-2000:])
    finally:
        worker.stop()
        site.remove()


def one_cut(args, number):
    """A machine, a cut, the same machine again. Returns how many records were acknowledged."""
    sync = args.sync if args.sync == "json" else True
    seed = args.seed * 1000 + number
    disk = Disk(args.emudisk, args.kind, seed)
    site, clients = site_at(disk.records, sync), None
    try:
        clients = Clients(site, seed)
        wanted = random.Random(seed).randrange(RECORDS_MOST)
        assert rig.wait_for(lambda: len(clients.acks) >= wanted or clients.errors, 60), "the clients make no progress"
        acks = list(clients.acks)
        disk.cut()
        clients.stop()
        assert not clients.errors, (clients.errors, site.log_text()[-2000:])
        check(disk.start_again(), sync, os.path.abspath(args.preload), acks, number % 2)
        return len(acks)
    finally:
        if clients:
            clients.stop()
        site.remove()
        disk.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("emudisk")
    parser.add_argument("preload")
    parser.add_argument("kind", choices=MAKE)
    parser.add_argument("--cuts", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sync", choices=("true", "json"), default="true")
    args = parser.parse_args()
    os.umask(0o027)
    acknowledged = sum(one_cut(args, number) for number in range(args.cuts))
    print(f"{args.kind}: {args.cuts} power cuts, {acknowledged} acknowledged records, none lost")


if __name__ == "__main__":
    main()
