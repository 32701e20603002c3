"""flask_app: the service as it is usually written: Flask behind gunicorn behind nginx.

The same job as POST /data: the token, the record's shape, one CSV row a process and one JSON line a
record in the files of the caller's address and day, both under one lock. No chain, no resends, no
healing, no sync.
"""
import csv
import datetime
import fcntl
import gzip
import hmac
import io
import json
import os

import flask

RECORDS = os.environ["BENCH_RECORDS"]
TOKEN = os.environ["BENCH_TOKEN"]
COLUMNS = ("received_at,client_ip,hostname,processor,os_name,os_ver,users,pid,ppid,user,cpu,mem,rss,"
           "state,start,cmd").split(",")
PROCESS = COLUMNS[7:]

app = flask.Flask(__name__)


def fail(status, reason):
    return flask.jsonify(status="fail", data={"reason": reason}), status


def fault(record):
    """What is wrong with a record, or None."""
    if not isinstance(record, dict):
        return "not an object"
    for name in ("hostname", "processor", "os_name", "os_ver"):
        if not isinstance(record.get(name), str):
            return f'"{name}" must be a string'
    for name in ("processes", "users"):
        if not isinstance(record.get(name), list):
            return f'"{name}" must be an array'
    for process in record["processes"]:
        if not isinstance(process, dict) or not isinstance(process.get("pid"), int):
            return '"pid" must be there, and a number'
    return None


def rows(record, now, ip):
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    users = ";".join(u if isinstance(u, str) else u["name"] for u in record["users"])
    same = [now, ip] + [record[name] for name in ("hostname", "processor", "os_name", "os_ver")] + [users]
    for process in record["processes"]:
        writer.writerow(same + [process.get(name, "") for name in PROCESS])
    return out.getvalue()


def store(record, now, ip):
    day = now[:10]
    folder = os.path.join(RECORDS, "data", day)
    os.makedirs(folder, exist_ok=True)
    name = os.path.join(folder, f"{ip}_{day}")
    text = rows(record, now, ip)
    record["rollcall"] = {"received_at": now, "client_ip": ip}
    with open(name + ".json", "a", encoding="utf-8") as lines:
        fcntl.flock(lines, fcntl.LOCK_EX)
        with open(name + ".csv", "a", encoding="utf-8", newline="") as table:
            if table.tell() == 0:
                csv.writer(table, quoting=csv.QUOTE_ALL).writerow(COLUMNS)
            table.write(text)
        lines.write(json.dumps(record, separators=(",", ":")) + "\n")


def body():
    """The request's JSON value; None if it is not JSON."""
    if flask.request.headers.get("Content-Encoding") != "gzip":
        return flask.request.get_json(silent=True)
    try:
        return json.loads(gzip.decompress(flask.request.get_data()))
    except (OSError, EOFError, ValueError):
        return None


@app.post("/data")
def data():
    sent = flask.request.headers.get("Authorization", "")
    if not hmac.compare_digest(sent, "Bearer " + TOKEN):
        return fail(401, "Unauthorized Access")
    record = body()
    reason = fault(record)
    if reason:
        return fail(422, reason)
    now = datetime.datetime.utcnow().isoformat(timespec="milliseconds") + "Z"
    ip = flask.request.headers["X-Forwarded-For"]
    store(record, now, ip)
    return flask.jsonify(status="success", data={"client_ip": ip, "date": now[:10], "records": 1})
