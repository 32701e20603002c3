#!/usr/bin/env python3
"""load: many writers at a real web server, and a note of everything that was acknowledged.

    load.py --port N --token T --acks FILE [--writers 64] [--addresses 64] [--requests 20]
            [--batch 1] [--size 0] [--resend] [--tag X]

Writer w sends from 127.0.1.(1 + w mod addresses); every record has an id of its own. A request that
got no answer (connection lost) or 5xx is tried again with --resend, with Rollcall-Retry, up to 30
times, and forgotten without. Acknowledged records go to FILE, one JSON object a line, as
check_store.py --acks wants them. Prints one line of counts; exits 1 when an answer was wrong or,
with --resend, when a record was never acknowledged.
"""
import argparse
import http.client
import json
import sys
import threading
import time


class Writer(threading.Thread):
    def __init__(self, args, number):
        super().__init__()
        self.args, self.number = args, number
        self.ip = f"127.0.1.{1 + number % args.addresses}"
        self.acks, self.wrong, self.lost, self.retries = [], [], 0, 0
        self.connection = None

    def run(self):
        for request in range(self.args.requests):
            ids = [f"{self.args.tag}-{self.number}-{request}-{k}" for k in range(self.args.batch)]
            self.deliver(ids)
        if self.connection:
            self.connection.close()

    def body(self, ids):
        pad = {"pad": "x" * self.args.size} if self.args.size else {}
        lines = [json.dumps({"id": i, "hostname": f"w{self.number}", "processor": "p",
                             "processes": [{"pid": 1, "name": "systemd", "rss": 4096}],
                             "users": ["ana", "ben"], "os_name": "Linux", "os_ver": "6.1", **pad})
                 for i in ids]
        return "\n".join(lines).encode()

    def post(self, body, headers):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(
                "127.0.0.1", self.args.port, timeout=60, source_address=(self.ip, 0))
        try:
            self.connection.request("POST", "/data", body, headers)
            reply = self.connection.getresponse()
            return reply.status, reply.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            return None, b""

    def deliver(self, ids):
        body, first = self.body(ids), time.monotonic()
        kind = "application/json" if self.args.batch == 1 else "application/x-ndjson"
        for attempt in range(30 if self.args.resend else 1):
            headers = {"Content-Type": kind, "Authorization": f"Bearer {self.args.token}"}
            if attempt:
                self.retries += 1
                headers["Rollcall-Retry"] = str(int(time.monotonic() - first) + 2)
                time.sleep(0.02 * attempt)
            status, answer = self.post(body, headers)
            if status == 200:
                self.acknowledge(ids, json.loads(answer)["data"])
                return
            if status is not None and status < 500:
                self.wrong.append(f"{status} {answer[:200]!r}")
                return
        self.lost += 1

    def acknowledge(self, ids, data):
        if data["client_ip"] != self.ip or data["records"] + data["duplicates"] != len(ids):
            self.wrong.append(f"receipt {data}")
        for k, one in enumerate(ids):
            ack = {"ip": self.ip, "date": data["date"], "id": one}
            if k == len(ids) - 1:
                ack.update(seq=data["seq"], chain=data["chain"])
            self.acks.append(ack)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--token", required=True)
    p.add_argument("--acks", required=True)
    p.add_argument("--tag", default="t")
    p.add_argument("--resend", action="store_true")
    for name, default in (("writers", 64), ("addresses", 64), ("requests", 20), ("batch", 1),
                          ("size", 0)):
        p.add_argument("--" + name, type=int, default=default)
    args = p.parse_args()
    writers = [Writer(args, n) for n in range(args.writers)]
    for w in writers:
        w.start()
    for w in writers:
        w.join()
    with open(args.acks, "a", encoding="utf-8") as f:
        for w in writers:
            for ack in w.acks:
                f.write(json.dumps(ack) + "\n")
    wrong = [x for w in writers for x in w.wrong]
    lost = sum(w.lost for w in writers)
    print(f"acknowledged={sum(len(w.acks) for w in writers)} lost={lost} "
          f"retries={sum(w.retries for w in writers)} wrong={len(wrong)}")
    for x in wrong[:5]:
        print(x)
    return 1 if wrong or (args.resend and lost) else 0


if __name__ == "__main__":
    sys.exit(main())
