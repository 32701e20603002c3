#!/usr/bin/env python3
"""sweep: one fault at every single write and sync of a request, and what the store is afterwards.

    sweep.py PRELOAD.so fail|kill [ERRNO...]

fail: the n-th call fails (or stops half-way and the disk is full then): the answer is 500 or 507,
both files are byte for byte what they were, and the resend is stored exactly once.
kill: the worker dies before, or in the middle of, the n-th call: the next writer heals, every
acknowledged record is there, the resend is stored exactly once.
n grows until a request comes through without the fault. Prints what was tried.
"""
import glob
import json
import os
import subprocess
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib")]
# pylint: disable=wrong-import-position
import check_store
import rig


def files(site):
    out = {}
    for path in sorted(glob.glob(os.path.join(site.records, "data", "*", "*"))):
        with open(path, "rb") as f:
            out[path] = f.read()
    return out


def bodies():
    big = [{"pid": n, "cmd": "c" * 100} for n in range(300)]
    yield "small", json.dumps(rig.base_record(id="new")).encode(), "application/json", 1
    yield "large", json.dumps(rig.base_record(id="new", processes=big)).encode(), "application/json", 1
    yield "batch", b"\n".join(json.dumps(rig.base_record(id=f"new{n}")).encode() for n in range(5)), \
        "application/x-ndjson", 5


def sound(site, wanted, what):
    store = check_store.check(site.records)
    assert not store.errors and not store.tails, (what, store.errors, store.summary())
    assert store.lines == wanted, (what, store.summary(), wanted)
    done = subprocess.run([rig.VERIFY, site.records], stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.STDOUT, env=rig.environment())
    assert done.returncode == 0, (what, done.stdout)


def one(preload, how, calls, at, body, kind, count, first):
    """One fault; True when the request never came to it."""
    site = rig.Site()
    what = f"{how} at {calls}{at}, {kind}, {'first request' if first else 'second request'}"
    try:
        if not first:
            assert rig.cgi(site, json.dumps(rig.base_record(id="old")).encode())[1].status == 200
        before = files(site)
        env = {"LD_PRELOAD": preload, "FAULT_AT": str(at), "FAULT_CALLS": calls, "FAULT_DO": how,
               "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}
        killed = False
        try:
            code, reply = rig.cgi(site, body, env=env, CONTENT_TYPE=kind)
            killed = code != 0
        except rig.Broken:
            killed = True
        if not killed:
            if reply.status == 200:
                sound(site, count + (not first), what)
                return True
            assert "kill" not in how, (what, reply)
            assert reply.status in (500, 507), (what, reply)
            assert how not in ("ENOSPC", "EDQUOT", "half") or reply.status == 507 or calls == "s", (what, reply)
            assert rig.jsend_fault(reply) is None, (what, reply)
            after = {p: b for p, b in files(site).items() if b}
            assert after == {p: b for p, b in before.items() if b}, (what, "the files have changed")
        else:
            assert "kill" in how, (what, code)
        reply = rig.cgi(site, body, CONTENT_TYPE=kind, HTTP_ROLLCALL_RETRY="60")[1]
        assert reply.status == 200, (what, reply)
        data = reply.json["data"]
        assert data["records"] + data["duplicates"] == count, (what, data)
        if not killed:
            assert data["records"] == count, (what, data)
        sound(site, count + (not first), what)
        return False
    finally:
        site.remove()


def main():
    preload, mode = os.path.abspath(sys.argv[1]), sys.argv[2]
    tried = 0
    ways = sys.argv[3:] or (["kill", "halfkill"] if mode == "kill" else ["ENOSPC"])
    for how in ways:
        for calls in "ws":
            if calls == "s" and how in ("half", "halfkill"):
                continue
            for first in (False, True):
                for name, body, kind, count in bodies():
                    at = 1
                    while not one(preload, how, calls, at, body, kind, count, first):
                        at += 1
                        assert at < 40, f"{how} {calls}: no end"
                    assert at > 1, f"{how} {calls} {name}: the fault was never met"
                    tried += at - 1
    print(f"{tried} faults, every one undone or healed")


if __name__ == "__main__":
    main()
