"""bench_load.py DIRECTORY HOSTS RECORDS PROCESSES: writes daily files of 2026-11-20 in rollcall's form, for load tests.

A line has what rollcall-load and the questions read; the chain is not computed.
"""
import os
import sys

directory, hosts, records, processes = sys.argv[1], *map(int, sys.argv[2:5])
DAY = "2026-11-20"
folder = os.path.join(directory, "data", DAY)
os.makedirs(folder, exist_ok=True)
COLUMNS = "received_at client_ip hostname processor os_name os_ver users pid ppid user cpu mem rss state start cmd".split()
commands = [f"/usr/sbin/daemon-{n} --config=/etc/daemon/{n}.conf --verbose" for n in range(processes)]
for host in range(hosts):
    address = f"10.{host >> 16 & 255}.{host >> 8 & 255}.{host & 255}"
    name = os.path.join(folder, f"{address}_{DAY}")
    with open(name + ".json", "w", encoding="ascii") as lines, open(name + ".csv", "w", encoding="ascii", newline="") as rows:
        rows.write(",".join(f'"{column}"' for column in COLUMNS) + "\r\n")
        for record in range(records):
            second = record * 86400 // records
            at = f"{DAY}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.{host % 1000:03d}Z"
            first = f'"{at}","{address}","host{host}","Xeon","Linux","6.1.{host % 7}","ana"'
            rows.write("".join(
                f'{first},"{n + 1}","1","root","0.{n % 10}","1.5","{(n + 1) * 40960 + record * (n % 3) * 4096}","S","{DAY}T00:00:00.000Z","{commands[n]}"\r\n'
                for n in range(processes)))
            lines.write(
                f'{{"hostname":"host{host}","processor":"Xeon","os_name":"Linux","os_pretty_name":"Debian 12","os_ver":"6.1.{host % 7}",'
                f'"cores":8,"memory_bytes":8589934592,"boot_id":"b{host}-{record // 100}","machine_id":"m{host}","users":["ana"],"processes":[],'
                f'"rollcall":{{"received_at":"{at}","client_ip":"{address}","process_count":{processes},"user_count":1,"seq":{record + 1},'
                f'"left":0,"line_start":0,"csv_end":{rows.tell()},"chain":"{record:064x}"}}}}\n')
