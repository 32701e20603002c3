#!/usr/bin/env python3
"""fleet.py RECORDS_DIR HOSTS [--records N] [--big IP:PROCESSES] [--seed N] [--wrong]: the files of an invented fleet.

Each host has N records, 5 minutes apart, the newest a few seconds to 5 minutes old. The files are written
as rollcall-handler writes them (rollcall-files(5)): chain, seq and csv_end are right, and rollcall-verify
finds nothing to say. With --wrong some hosts are silent, a /24 at once, some are late, one is a clone.
Prints as JSON what is in the files: the hosts by state.
"""
import argparse
import hashlib
import json
import os
import random
import time

EVERY = 300
SYSTEMS = [("Debian GNU/Linux 12 (bookworm)", "6.1.0-28-amd64", 52), ("Debian GNU/Linux 12 (bookworm)", "6.1.0-25-amd64", 14),
           ("Debian GNU/Linux 11 (bullseye)", "5.10.0-33-amd64", 9), ("Amazon Linux 2", "4.14.355-275.amzn2", 11),
           ("Rocky Linux 9.4 (Blue Onyx)", "5.14.0-427.el9", 10), ("Ubuntu 24.04.1 LTS", "6.8.0-48-generic", 4)]
ROLES = ["web", "api", "db", "cache", "k8s", "build", "queue", "edge", "mail", "ci"]
COMMANDS = ["/sbin/init", "[kthreadd]", "/lib/systemd/systemd-journald", "/usr/sbin/sshd -D", "/usr/sbin/cron -f", "/usr/sbin/chronyd -F 1",
            "/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main", "nginx: master process /usr/sbin/nginx",
            "nginx: worker process", "/usr/bin/prometheus-node-exporter"]
HEADER = "received_at,client_ip,hostname,processor,os_name,os_ver,users,pid,ppid,user,cpu,mem,rss,state,start,cmd"


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03d}Z"


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Host:
    """One host: its facts and its processes, which change a little from record to record."""

    def __init__(self, number, rng, age):
        net = number // 250
        self.ip = f"10.{4 + net // 256}.{net % 256}.{2 + number % 250}"
        self.role, self.site = ROLES[number * 7 % 10], "fra1" if net % 3 else "iad2"
        self.name = f"{self.role}-{number:05d}.{self.site}.example.net"
        self.system = rng.choices(SYSTEMS, [s[2] for s in SYSTEMS])[0]
        self.age, self.rng = age, rng
        self.boot = time.time() - rng.randrange(1, 90) * 86400
        self.machine, self.boot_id = f"{number:032x}", f"{number:08x}-0000-4000-8000-000000000000"
        self.cores, self.memory = 2 << rng.randrange(4), 4 << rng.randrange(5)
        self.extra = 0

    def processes(self, at, turn):
        count = len(COMMANDS) + self.extra
        out = []
        for i in range(count):
            cmd = COMMANDS[i] if i < len(COMMANDS) else f"/usr/bin/worker --shard {i}"
            out.append({"pid": 1 + i if i < 2 else 300 + i, "ppid": 0 if i < 2 else 1, "user": "root" if i < 5 else "app", "cpu": round((i * 7 + turn) % 30 / 10, 1),
                        "mem": 0.1, "rss": (1 + i % 50) << 20, "state": "S", "start": rfc3339(self.boot + i), "cmd": cmd})
        if turn % 3 == 0:
            out.append({"pid": 9000 + turn, "ppid": 1, "user": "app", "cpu": 0.5, "mem": 0.2, "rss": 9 << 20, "state": "S", "start": rfc3339(at - 20), "cmd": f"/usr/bin/job --run {turn}"})
        return out

    def record(self, at, turn):
        processes = self.processes(at, turn)
        users = [{"name": "ana", "tty": "pts/0", "host": "10.9.0.14", "started": rfc3339(at - 600)}] if turn % 7 == 0 else []
        listening = [{"proto": "tcp", "addr": "0.0.0.0", "port": 22, "uid": 0}, {"proto": "tcp6", "addr": "::", "port": 22, "uid": 0}]
        # Members over 1 KiB come first (rollcall-files(5)).
        return {"processes": processes, "hostname": self.name, "processor": "AMD EPYC 7R13", "users": users, "os_name": "Linux", "os_ver": self.system[1],
                "os_pretty_name": self.system[0], "cores": self.cores, "memory_bytes": self.memory << 30, "machine_id": self.machine, "boot_id": self.boot_id,
                "boot_time": rfc3339(self.boot), "collected_at": rfc3339(at - 0.2), "listening": listening}

    def rows(self, at, record):
        users = ";".join(u["name"] for u in record["users"])
        head = [rfc3339(at), self.ip, self.name, record["processor"], "Linux", record["os_ver"], users]
        return "".join(",".join(f'"{v}"' for v in head + [p[k] for k in ("pid", "ppid", "user", "cpu", "mem", "rss", "state", "start", "cmd")]) + "\r\n"
                       for p in record["processes"])

    def write(self, top, now, records):
        """The files of each day; times before midnight are in the file of the day before."""
        days = {}
        for turn in range(records):
            at = now - self.age - (records - 1 - turn) * EVERY
            days.setdefault(time.strftime("%Y-%m-%d", time.gmtime(at)), []).append((at, turn))
        for day, list_ in days.items():
            directory = os.path.join(top, "data", day)
            os.makedirs(directory, exist_ok=True)
            lines, table = [], ",".join(f'"{c}"' for c in HEADER.split(",")) + "\r\n"
            chain, start = "0" * 64, 0
            for seq, (at, turn) in enumerate(list_, 1):
                record = self.record(at, turn)
                table += self.rows(at, record)
                head = compact(record)[:-1] + f',"rollcall":{{"received_at":"{rfc3339(at)}","client_ip":"{self.ip}","process_count":{len(record["processes"])},"user_count":{len(record["users"])},"seq":{seq},"left":0,"line_start":{start},"csv_end":{len(table.encode())}'
                chain = hashlib.sha256((chain + head).encode()).hexdigest()
                line = head + f',"chain":"{chain}"}}}}\n'
                lines.append(line)
                start += len(line.encode())
            base = os.path.join(directory, f"{self.ip}_{day}")
            with open(base + ".json", "w", encoding="utf-8") as f:
                f.writelines(lines)
            with open(base + ".csv", "w", encoding="utf-8", newline="") as f:
                f.write(table)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("records_dir")
    p.add_argument("hosts", type=int)
    p.add_argument("--records", type=int, default=1)
    p.add_argument("--big", help="the first host has so many processes", type=int, default=0)
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--wrong", action="store_true")
    a = p.parse_args()
    rng, now = random.Random(a.seed), time.time()
    ips = {"present": 0, "late": 0, "absent": 0}
    for number in range(a.hosts):
        age, state = rng.random() * 280, "present"
        if a.wrong and 250 <= number < 267:
            age, state = 3700 + number % 9, "absent"
        elif a.wrong and number % 2111 == 2000:
            age, state = 7200 + number * 3, "absent"
        elif a.wrong and number % 977 == 100:
            age, state = 700 + number % 60, "late"
        host = Host(number, rng, age)
        host.extra = a.big if number == 0 and a.big else number % 7
        if a.wrong and number == 11:
            host.machine = f"{12:032x}"
        host.write(a.records_dir, now, a.records)
        ips[state] += 1
    print(json.dumps(ips))


if __name__ == "__main__":
    main()
