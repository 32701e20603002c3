"""peer_psutil [URL TOKEN-FILE]: the agent as it is usually written: psutil collects, requests sends.

Without arguments it only collects.
"""
import json
import platform
import socket
import sys

import psutil

FIELDS = ["pid", "ppid", "username", "cpu_percent", "memory_percent", "memory_info", "status",
          "create_time", "num_threads", "terminal", "cmdline"]


def plain(info):
    """Of the memory only what the others read, too."""
    memory = info.pop("memory_info")
    return {**info, "rss": memory.rss if memory else None}


def record():
    return {"hostname": socket.gethostname(), "processor": platform.processor(),
            "os_name": platform.system(), "os_ver": platform.release(),
            "users": [{"name": u.name, "tty": u.terminal, "host": u.host} for u in psutil.users()],
            "processes": [plain(p.info) for p in psutil.process_iter(FIELDS)]}


def main():
    collected = record()
    if len(sys.argv) < 3:
        print(json.dumps(collected))
        return
    import requests  # only who sends pays for it
    with open(sys.argv[2], encoding="ascii") as f:
        token = f.read().strip()
    reply = requests.post(sys.argv[1], json=collected, timeout=60,
                          headers={"Authorization": "Bearer " + token})
    reply.raise_for_status()


main()
