"""ways: the same records sent the ways that clients send them, to rollcall, its limit and its peers.

An agent makes a new connection for each beat, packs its body, and uses TLS. A benchmark with connections
that stay open shows the least of a server's cost; so both are here. All servers of a row do the same work.
"""
import gzip
import os

import bodies
import handler
from load import Load
from machine import say
from peers import Fastify, Flask, Go, Php
from servers import Null, Rollcall

SYNC_WORKERS = 32    # what the shipped configurations start

# name: how wrk sends, and the kind of certificate
WAYS = {"kept connections": ("", None),
        "gzip, new connections": ("gzip,close", None),
        "gzip, new connections, TLS (EC)": ("gzip,close", "ec"),
        "gzip, new connections, TLS (RSA)": ("gzip,close", "rsa")}


def packed(path):
    with open(path, "rb") as f, open(path + ".gz", "wb") as out:
        out.write(gzip.compress(f.read(), 6, mtime=0))
    return path + ".gz"


def servers(place, plan, tls):
    """What is compared; a peer that is not installed is left out."""
    found = {"null": lambda: Null(place, plan.cores, tls=tls),
             "rollcall": lambda: Rollcall(place, plan.cores, tls=tls)}
    if plan.has("go"):
        found["go"] = lambda: Go(place, plan.cores, tls=tls)
    if tls:
        return found
    if os.path.exists(Php.program):
        found["php-fpm"] = lambda: Php(place, plan.cores)
    if os.path.exists(Fastify.program):
        found["fastify"] = lambda: Fastify(place, plan.cores)
    if plan.has("gunicorn"):
        found["flask"] = lambda: Flask(place, plan.cores)
    return found


def synced(place, plan):
    found = {"rollcall": lambda: Rollcall(place, SYNC_WORKERS, sync=True)}
    if plan.has("go"):
        found["go"] = lambda: Go(place, plan.cores, sync=True)
    return found


def rows(place, plan):
    """(way, size, server's name, how to start it, its load): all that is run in one round."""
    for size, path in handler.body_files(place, plan.main_sizes).items():
        for way, (how, tls) in WAYS.items():
            if way not in plan.ways:
                continue
            load = Load(packed(path) if "gzip" in how else path, plan.seconds, handler.CLIENTS,
                        sources=handler.CLIENTS, how=how)
            for name, start in servers(place, plan, tls).items():
                yield way, size, name, start, load
        load = Load(path, plan.seconds, handler.CLIENTS, sources=handler.CLIENTS)
        for name, start in synced(place, plan).items():
            yield "kept connections, sync", size, name, start, load


def run(place, plan):
    runs = {}
    for number in range(plan.rounds):
        for way, size, name, start, load in rows(place, plan):
            say(f"ways: round {number + 1} of {plan.rounds}, {size}, {way}, {name}")
            runs.setdefault((way, size, name), []).append(handler.one_run(start, load, bodies.SIZES[size]))
    return [{"way": way, "size": size, "server": name, **handler.median(r)} for (way, size, name), r in runs.items()]
