"""bodies: the records that are sent, in the agent's own shape."""
import json

SIZES = {"S": 1, "M": 58, "L": 284}    # processes: 0.3, 12 and 60 KB
USERS = ["root", "daemon", "www-data", "postgres", "ana"]
COMMANDS = ["/usr/sbin/sshd -D", "/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main",
            "/usr/sbin/nginx -g daemon off;", "[kworker/0:1-events]", "/usr/bin/python3 /srv/app/run.py"]


def process(i):
    return {"pid": i + 1, "ppid": i // 3, "user": USERS[i % 5], "uid": i % 5 * 33,
            "cpu": i % 17 / 10, "mem": i % 7 / 10, "rss": 4096 * (500 + i * 37 % 9000), "state": "S",
            "start": f"2026-11-20T12:{i % 60:02d}:00.{i % 1000:03d}Z", "start_ticks": 100 + i,
            "threads": 1 + i % 4, "tty": None, "cmd": COMMANDS[i % 5]}


def record(processes):
    return {"hostname": "web-1", "processor": "Intel Xeon", "os_name": "Linux", "os_ver": "6.1.0-18-amd64",
            "users": ["ana"], "processes": [process(i) for i in range(processes)]}


def body(processes):
    return json.dumps(record(processes), separators=(",", ":")).encode()
