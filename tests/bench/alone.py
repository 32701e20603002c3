"""alone: one worker without its web server: what is the handler's own of a request's cost.

The worker has a core to itself and never sleeps, so that these figures hardly drift: what a change
to the handler saves is seen here first.
"""
import os
import socket
import statistics
import subprocess

import handler
from load import count, note
from machine import Wrong, cpu_seconds, say, tool
from servers import TOKEN, Null, Rollcall

REQUESTS = {"S": 30000, "M": 10000, "L": 3000}
ADDRESSES, WARM = 64, 1000


class Alone:
    """Before a server of servers.py: a socket and one worker in place of lighttpd."""

    def start_front(self, config):
        self.path = os.path.join(self.dir, "fcgi")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(self.path)
            s.listen(64)
            self.run(["taskset", "-c", str(os.cpu_count() - 1), self.handler], stdin=s, ROLLCALL_CONFIG=config)

    @staticmethod
    def answers():
        return True


class AloneNull(Alone, Null):
    """The null handler."""


class AloneRollcall(Alone, Rollcall):
    """rollcall-handler."""


def drive(server, body, requests):
    done = subprocess.run(["taskset", "-c", "0", tool("drive"), server.path, body, str(requests), str(ADDRESSES),
                           TOKEN], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Wrong(f"{server.name}: {done.stderr}")
    note(server, requests, 0)


def one_run(server, body, processes, requests):
    """CPU microseconds a request."""
    drive(server, body, WARM)
    before = cpu_seconds(server.pids())
    drive(server, body, requests)
    used = cpu_seconds(server.pids()) - before
    count(server, processes)
    return used * 1e6 / requests


def run(place, plan):
    files, found = handler.body_files(place, plan.main_sizes), {}
    cases = {"null": AloneNull, "rollcall": AloneRollcall}
    for number in range(plan.rounds):
        say(f"alone: round {number + 1} of {plan.rounds}")
        for size, processes in plan.main_sizes.items():
            for name, case in cases.items():
                with case(place, 1) as server:
                    cost = one_run(server, files[size], processes, REQUESTS[size] // plan.alone_divisor)
                found.setdefault((size, name), []).append(cost)
    return [{"size": size, "server": name, "cpu_us": statistics.median(costs), "cpu_us_min": min(costs)}
            for (size, name), costs in found.items()]
