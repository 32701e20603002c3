#!/usr/bin/env python3
"""fleet DIR [--hosts N] [--records N] [--size S|M|L] [--jobs N]: fills DIR/data/<today> with the JSON files of a fleet,
in the form of rollcall-files(5): real chain, offsets and times, the last record of each host a moment ago. Without CSV
files, which the read side does not read."""
import argparse
import datetime
import hashlib
import json
import multiprocessing
import os
import time

import bodies

VARIANTS = 16
FIRST = "0" * 64


def variants(processes):
    """The texts of `processes` that records take turns with: a few processes differ in each."""
    made = []
    for v in range(VARIANTS):
        listed = [bodies.process(i) for i in range(processes)]
        for i in range(v, processes, VARIANTS * 2):
            listed[i] = dict(listed[i], pid=listed[i]["pid"] + 100_000 * (v + 1), start_ticks=10_000 + v)
        made.append(json.dumps(listed, separators=(",", ":")))
    return made


def address(i):
    return f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}"


def stamp(seconds):
    t = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return t.strftime("%Y-%m-%dT%H:%M:%S.") + f"{t.microsecond // 1000:03d}Z"


def host_facts(i):
    """The members after `processes`, as the agent orders them."""
    machine = hashlib.md5(f"machine {i}".encode()).hexdigest()
    boot = hashlib.md5(f"boot {i}".encode()).hexdigest()
    return (f'"hostname":"web-{i}.example.com","processor":"AMD EPYC 7R32","os_name":"Linux","os_ver":"6.1.0-28-amd64",'
            f'"os_pretty_name":"Debian GNU/Linux 12 (bookworm)","os_version_id":"12","arch":"x86_64","cores":8,'
            f'"memory_bytes":16777216000,"boot_time":"2026-11-01T00:00:00.000Z","machine_id":"{machine}",'
            f'"boot_id":"{boot[:8]}-{boot[8:12]}-{boot[12:16]}-{boot[16:20]}-{boot[20:]}","uptime_seconds":1987200,'
            '"load":[0.12,0.10,0.08]', machine)


def write_host(job):
    """The file of one host: records every `step` seconds, the last at `last`."""
    path, i, records, step, last, texts = job
    facts, machine = host_facts(i)
    chain, offset, ip, lines = FIRST, 0, address(i), []
    for n in range(records):
        at = stamp(last - (records - 1 - n) * step)
        text = texts[(i + n // 8) % VARIANTS]
        identity = f"{machine}-{int(last * 1000) + n}"
        line = (f'{{"processes":{text},"id":"{identity}","collected_at":"{at}",{facts},"users":["ana","ben"],"unreadable":0,'
                f'"vanished":0,"truncated":0,"agent":{{"version":"0.1.0","scan_ms":3,"cpu_ms":4,"rss_bytes":9000000}},'
                f'"rollcall":{{"received_at":"{at}","client_ip":"{ip}","id":"{identity}",'
                f'"process_count":{text.count(chr(123))},"user_count":2,"seq":{n + 1},"left":0,"line_start":{offset},'
                f'"csv_end":{(n + 1) * 6000}').encode()
        chain = hashlib.sha256(chain.encode() + line).hexdigest()
        line += f',"chain":"{chain}"}}}}\n'.encode()
        offset += len(line)
        lines.append(line)
    with open(path, "wb") as f:
        f.writelines(lines)
    return offset


def write_fleet(directory, hosts, records, size, jobs=2):
    """Returns the number of bytes written."""
    now = time.time()
    midnight = now - now % 86400
    step = min(300, (now - midnight - 1) / (records + 1))
    day = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).strftime("%Y-%m-%d")
    where = os.path.join(directory, "data", day)
    os.makedirs(where, exist_ok=True)
    texts = variants(bodies.SIZES[size])
    work = ((os.path.join(where, f"{address(i)}_{day}.json"), i, records, step, now - (i % 97) * step / 97, texts)
            for i in range(1, hosts + 1))
    with multiprocessing.Pool(jobs) as pool:
        return sum(pool.imap_unordered(write_host, work, chunksize=16))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory")
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--records", type=int, default=50)
    parser.add_argument("--size", choices=bodies.SIZES, default="M")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    a = parser.parse_args()
    written = write_fleet(a.directory, a.hosts, a.records, a.size, a.jobs)
    print(f"{a.hosts} hosts, {a.records} records each, {written / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
