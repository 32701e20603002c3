#!/usr/bin/env python3
"""check_store: checks a records directory against the file format, with independent code.

    check_store.py [--tails] [--acks FILE] RECORDS_DIR

Reads every data/<day>/<ip>_<day>.{json,csv} with nothing but the standard library, rebuilds the CSV
from the JSON and compares byte for byte. Names the first bad byte and exits 1.

--tails   bytes after the last commit, as a dead writer may leave them, are counted, not refused
--acks    one JSON object per line, {"ip":…, "date":…, "id":…, "seq":…, "chain":…}: the acknowledged
          records. Every id is stored exactly once, and seq and chain, if given, are those of its line.
"""
import argparse
import csv
import hashlib
import io
import ipaddress
import json
import os
import re
import stat
import sys

CSV_HEADER = ("received_at,client_ip,hostname,processor,os_name,os_ver,users,"
              "pid,ppid,user,cpu,mem,rss,state,start,cmd").split(",")
EMPTY_CHAIN = "0" * 64
USERS_MAX = 4096
LARGE = 1024

TAIL = re.compile(
    rb',"rollcall":\{"received_at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"'
    rb',"client_ip":"([0-9A-Fa-f:.]+)"'
    rb'(?:,"id":"([A-Za-z0-9._:-]{1,64})")?'
    rb',"process_count":(0|[1-9]\d*),"user_count":(0|[1-9]\d*)'
    rb',"seq":([1-9]\d*),"left":(0|[1-9]\d*),"line_start":(0|[1-9]\d*),"csv_end":([1-9]\d*)'
    rb',"chain":"([0-9a-f]{64})"\}\}$')

COLUMNS = {
    "PID": "pid", "PPID": "ppid", "USER": "user", "UID": "user", "%CPU": "cpu", "CPU": "cpu",
    "%MEM": "mem", "MEM": "mem", "RSS": "rss", "S": "state", "STAT": "state", "STATE": "state",
    "START": "start", "STIME": "start", "STARTED": "start", "CMD": "cmd", "COMMAND": "cmd",
    "ARGS": "cmd",
}
FITS = {
    "pid": re.compile(r"[0-9]+\Z"), "ppid": re.compile(r"[0-9]+\Z"),
    "rss": re.compile(r"[0-9]+\Z"), "cpu": re.compile(r"[0-9.,-]+\Z"),
    "mem": re.compile(r"[0-9.,-]+\Z"), "start": re.compile(r".*[0-9]|-\Z", re.S),
    "state": re.compile(r"[^0-9]+\Z"),
}
STATE_MAX = 8                                         # bytes
RSS_MAX = (1 << 64) // 1024                           # KiB
ALIASES = {
    "pid": ("pid",), "ppid": ("ppid",), "user": ("user", "username"),
    "cpu": ("cpu", "cpu_percent"), "mem": ("mem", "memory_percent"),
    "state": ("state", "status"), "start": ("start", "create_time"),
}
PROCESS_FIELDS = ("pid", "ppid", "user", "cpu", "mem", "rss", "state", "start", "cmd")


class Bad(Exception):
    """What is wrong, at which byte."""

    def __init__(self, offset, what):
        super().__init__(what)
        self.offset = offset


class Num(str):
    """A number as it is spelled."""


def refuse_constant(text):
    raise ValueError(f"{text} is not JSON")


def parse(text):
    """One JSON value; objects become lists of pairs' dicts, numbers keep their digits."""

    def pairs(items):
        return dict(items) if len({k for k, _ in items}) == len(items) else Duplicates(items)

    return json.loads(text, object_pairs_hook=pairs, parse_int=Num, parse_float=Num,
                      parse_constant=refuse_constant)


class Duplicates(dict):
    """An object that names a member twice (allowed below the top level): the last that says something
    counts."""

    def __init__(self, items):
        super().__init__(items)
        for name in self:
            said = [v for k, v in items if k == name and v not in (None, "") and not (
                isinstance(v, (list, dict)) and name not in ("cmdline", "memory_info"))]
            self[name] = said[-1] if said else self[name]


def minify(text):
    """JSON text (bytes) without its insignificant white space."""
    return re.sub(rb'("[^"\\]*(?:\\.[^"\\]*)*")|[ \t\r\n]+', lambda m: m.group(1) or b"", text,
                  flags=re.S)


TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]', re.S)


def members(line):
    """The top-level members of a minified object as (raw name, raw value) pairs of bytes."""
    out, depth, start, name = [], 0, 1, None
    for token in TOKEN.finditer(line):
        c, at = token.group()[:1], token.start()
        if c in b"{[":
            depth += 1
        elif c in b"}]":
            depth -= 1
        if depth == 1 and c == b":" and name is None:
            name, start = line[start:at], at + 1
        elif name is not None and ((depth == 1 and c == b",") or depth == 0):
            out.append((name, line[start:at]))
            name, start = None, at + 1
    return out


# ---- JSON to CSV --------------------------------------------------------------------------------

CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f]")
SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def printable(text):
    """Control characters, C1 too, as \\n \\t \\r \\xhh."""
    return CONTROL.sub(lambda m: SHORT.get(m.group()) or f"\\x{ord(m.group()):02x}", text)


def cell(text):
    text = printable(text)
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text


def scalar(value):
    """The text of a member that is a string or a number; anything else is empty."""
    if value is None or isinstance(value, (list, dict)):
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    return str(value)


BLANKS = " \t\r\n"


def user_names(users):
    if isinstance(users, str):
        return [line.strip(BLANKS) for line in users.split("\n") if line.strip(BLANKS)]
    return [scalar(u.get("name")) if isinstance(u, dict) else scalar(u) for u in users]


def users_cell(users):
    joined = ";".join(user_names(users)).encode()[:USERS_MAX]
    return joined.decode("utf-8", "ignore")


def header_columns(line):
    words = re.findall(r"[^ \t]+", line.strip(BLANKS))
    if not words or not all(re.fullmatch(r"[A-Z0-9%+_:\-]+", w) for w in words):
        return None
    return words if any(w in COLUMNS for w in words) else None


def text_rows(text):
    lines = [ln.removesuffix("\r") for ln in text.split("\n")]
    columns = header_columns(lines[0])
    lines = [ln for ln in lines if ln.strip(" \t")]
    if not lines:
        return []
    if columns is None:
        return [{"cmd": ln} for ln in lines]
    return [table_row(columns, ln) for ln in lines[1:]]


def word_fits(field, word):
    """Whether the word may be in that column; otherwise its line is a command as a whole."""
    if field in FITS and not FITS[field].match(word):
        return False
    if field == "rss":
        return len(word) < 20 and int(word) < RSS_MAX
    return field != "state" or len(word.encode()) <= STATE_MAX


def table_row(columns, line):
    last = len(columns) - 1
    words = re.split(r"[ \t]+", line.lstrip(" \t"), maxsplit=last) if last else [line.lstrip(" \t")]
    if len(words) < len(columns) or not words[-1]:
        return {"cmd": line}
    row = {}
    for name, word in zip(columns, words):
        field = COLUMNS.get(name)
        if field is None:
            continue
        if not word_fits(field, word):
            return {"cmd": line}
        row[field] = str(int(word) * 1024) if field == "rss" else word
    return row


def object_row(process):
    row = {}
    for field, names in ALIASES.items():
        row[field] = next((scalar(process[n]) for n in names if scalar(process.get(n))), "")
    info = process.get("memory_info")
    if process.get("rss") is not None:
        row["rss"] = scalar(process["rss"])
    elif isinstance(info, list) and info:
        row["rss"] = scalar(info[0])
    elif info is not None:
        row["rss"] = scalar(info)
    cmdline = process.get("cmdline")
    if process.get("cmd") is not None:
        row["cmd"] = scalar(process["cmd"])
    elif isinstance(cmdline, list) and cmdline:
        row["cmd"] = " ".join(scalar(a) for a in cmdline)
    elif isinstance(cmdline, str) and cmdline:
        row["cmd"] = cmdline
    else:
        row["cmd"] = scalar(process.get("name"))
    return row


def process_rows(processes):
    if isinstance(processes, str):
        return text_rows(processes)
    return [object_row(p) for p in processes]


def csv_rows(record, received_at, client_ip):
    """Every row of one record, as lists of cells."""
    os_ver = record["os_ver"] if "os_ver" in record else record.get("os_version")
    host = [received_at, client_ip, scalar(record.get("hostname")), scalar(record["processor"]),
            scalar(record["os_name"]), scalar(os_ver), users_cell(record["users"])]
    for row in process_rows(record["processes"]) or [{}]:
        yield [cell(c) for c in host + [row.get(f, "") for f in PROCESS_FIELDS]]


def csv_bytes(cells):
    return (",".join('"' + c.replace('"', '""') + '"' for c in cells) + "\r\n").encode()


# ---- one pair of files --------------------------------------------------------------------------

def name_of(ip):
    """The spelling of an address in a file name."""
    address = ipaddress.ip_address(ip)
    if address.version == 6 and address.ipv4_mapped:
        address = address.ipv4_mapped
    text = str(address).replace(":", "-")
    return "0" + text if text.startswith("-") else text


class Line:
    __slots__ = ("offset", "raw", "record", "received_at", "client_ip", "id", "seq", "left",
                 "csv_end", "chain")


def read_line(raw, offset, number, chain, day):
    match = TAIL.search(raw)
    if not match:
        raise Bad(offset + max(raw.rfind(b',"rollcall"'), 0),
                  "the line does not end with the rollcall member as the contract spells it")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as e:
        raise Bad(offset + e.start, "not UTF-8") from None
    try:
        record = parse(text)
    except ValueError as e:
        raise Bad(offset + getattr(e, "pos", 0), f"not JSON: {e}") from None
    if not isinstance(record, dict) or isinstance(record, Duplicates):
        raise Bad(offset, "not an object with names that are unique")
    surrogate = re.search("[\ud800-\udfff]", json.dumps(record, ensure_ascii=False))
    if surrogate:
        raise Bad(offset, "an unpaired surrogate is stored")

    line = Line()
    line.offset, line.raw, line.record = offset, raw, record
    g = [x.decode() if x is not None else None for x in match.groups()]
    line.received_at, line.client_ip, line.id = g[0], g[1], g[2]
    line.seq, line.left, start, line.csv_end = int(g[5]), int(g[6]), int(g[7]), int(g[8])
    line.chain = g[9]
    at = offset + match.start()

    def must(what, is_, should):
        if is_ != should:
            raise Bad(at, f"{what} is {is_!r} and should be {should!r}")

    must("seq", line.seq, number)
    must("line_start", start, offset)
    must("the day of received_at", line.received_at[:10], day)
    must("id", line.id, record.get("id"))
    rows = process_rows(record["processes"])
    must("process_count", int(g[3]), len(rows))
    must("user_count", int(g[4]), len(user_names(record["users"])))
    hashed = raw[:raw.rindex(b',"chain"')]
    must("chain", line.chain, hashlib.sha256(chain.encode() + hashed).hexdigest())
    check_order(raw[:match.start()] + b"}", offset)
    return line


def check_order(own, offset):
    """Members over 1 KiB come first (measured with and without the name: both must say so)."""
    small = False
    for name, value in members(minify(own)):
        if small and len(value) > LARGE:
            raise Bad(offset + own.find(name),
                      f"member {name.decode()} is over 1 KiB and comes after a small one")
        small = small or len(name) + len(value) + 2 <= LARGE


def read_json(blob, day, ip_name):
    """(lines up to the last commit, bytes after it)."""
    lines, offset, chain, committed = [], 0, EMPTY_CHAIN, 0
    end = blob.rfind(b"\n") + 1
    while offset < end:
        stop = blob.index(b"\n", offset)
        raw = blob[offset:stop]
        if raw.strip(b"\0") == b"":
            break                                     # NULs of a power loss: a tail, not a line
        line = read_line(raw, offset, len(lines) + 1, chain, day)
        if lines and lines[-1].left > 0 and line.left != lines[-1].left - 1:
            raise Bad(offset, f"left is {line.left} after a line with left {lines[-1].left}")
        if name_of(line.client_ip) != ip_name:
            raise Bad(offset, f"client_ip {line.client_ip} does not belong to this file")
        if lines and line.csv_end <= lines[-1].csv_end:
            raise Bad(offset, "csv_end does not grow")
        lines.append(line)
        chain, offset = line.chain, stop + 1
        if line.left == 0:
            committed = len(lines)
    beyond = lines[committed].offset if committed < len(lines) else offset
    return lines[:committed], len(blob) - beyond


def check_csv(blob, lines):
    """The number of bytes after the last commit."""
    expected, at, wanted = csv_bytes(CSV_HEADER), 0, []
    expected = expected.replace(b'"', b"") if blob.startswith(b"received_at") else expected
    for line in [None] + lines:
        if line is not None:
            rows = list(csv_rows(line.record, line.received_at, line.client_ip))
            expected = b"".join(csv_bytes(r) for r in rows)
            wanted += rows
        found = blob[at:at + len(expected)]
        if found != expected:
            k = next((i for i, (a, b) in enumerate(zip(found, expected)) if a != b),
                     min(len(found), len(expected)))
            seq = line.seq if line is not None else "header"
            raise Bad(at + k, f"CSV of line {seq}: found {found[max(k-30,0):k+30]!r}, "
                              f"JSON says {expected[max(k-30,0):k+30]!r}")
        at += len(expected)
        if line is not None and line.csv_end != at:
            raise Bad(at, f"csv_end of line {line.seq} is {line.csv_end} and should be {at}")
    # The same cells, as a CSV reader sees them.
    rows = list(csv.reader(io.StringIO(blob[:at].decode(), newline=""), strict=True))
    if rows[0] != CSV_HEADER or rows[1:] != wanted:
        raise Bad(0, "Python's csv reads other cells than those of the JSON")
    return len(blob) - at


class Store:
    def __init__(self):
        self.errors = []
        self.files = self.lines = self.rows = self.tails = self.empty = 0
        self.by_file = {}

    def bad(self, path, offset, what):
        self.errors.append(f"{path}: offset {offset}: {what}")

    def summary(self):
        return (f"files={self.files} lines={self.lines} tails={self.tails} empty={self.empty} "
                f"errors={len(self.errors)}")


def entries(store, path, mode, kind):
    for name in sorted(os.listdir(path)):
        full = os.path.join(path, name)
        st = os.lstat(full)
        if not kind(st.st_mode):
            store.bad(full, 0, f"not what was expected here (mode {stat.filemode(st.st_mode)})")
            continue
        if stat.S_IMODE(st.st_mode) != mode:
            store.bad(full, 0, f"mode is {stat.S_IMODE(st.st_mode):04o} and should be {mode:04o}")
        if stat.S_ISREG(st.st_mode) and st.st_nlink != 1:
            store.bad(full, 0, f"{st.st_nlink} names")
        yield name, full


def check_pair(store, directory, ip_name, day):
    base = os.path.join(directory, f"{ip_name}_{day}")
    store.files += 1
    path = base + ".json"
    try:
        if not os.path.isfile(path):
            raise Bad(0, "not a file")
        with open(path, "rb") as f:
            blob = f.read()
        lines, tail = read_json(blob, day, ip_name)
        store.by_file[(ip_name, day)] = lines
        store.lines += len(lines)
        store.empty += not blob
        path = base + ".csv"
        if not os.path.isfile(path):
            if lines:
                raise Bad(0, "there is no CSV file")
            return
        with open(path, "rb") as f:
            blob = f.read()
        beyond = check_csv(blob, lines) if lines else len(blob)
        for p, extra in ((base + ".json", tail), (path, beyond)):
            store.tails += extra > 0
    except Bad as e:
        store.bad(path, e.offset, e)
    except (KeyError, TypeError, AttributeError, OSError) as e:
        store.bad(path, 0, f"{type(e).__name__}: {e}")


def check(records_dir):
    store = Store()
    root = os.path.join(records_dir, "data")
    if not os.path.isdir(root):
        return store
    if stat.S_IMODE(os.stat(root).st_mode) != 0o750:
        store.bad(root, 0, "mode is not 0750")
    for day, directory in entries(store, root, 0o750, stat.S_ISDIR):
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
            store.bad(directory, 0, "not a day")
            continue
        pairs = set()
        for name, full in entries(store, directory, 0o640, stat.S_ISREG):
            match = re.fullmatch(r"([0-9a-f.-]+)_(\d{4}-\d\d-\d\d)\.(json|csv)", name)
            try:
                if not match or match.group(2) != day or name.startswith("-"):
                    raise ValueError
                ip = match.group(1) if "." in match.group(1) else match.group(1).replace("-", ":")
                if name_of(ip) != match.group(1):
                    raise ValueError
            except ValueError:
                store.bad(full, 0, "not a name of ours")
                continue
            pairs.add(match.group(1))
        for ip_name in sorted(pairs):
            if not os.path.exists(os.path.join(directory, f"{ip_name}_{day}.json")):
                store.bad(os.path.join(directory, ip_name), 0, "a CSV file without its JSON file")
                continue
            check_pair(store, directory, ip_name, day)
    return store


def check_acks(store, acks):
    """Each acknowledged id is stored exactly once, and its receipt is that of its line."""
    count = {}
    for (ip_name, day), lines in store.by_file.items():
        for line in lines:
            count.setdefault((ip_name, line.id), []).append(line)
    missing = 0
    for ack in acks:
        key = (name_of(ack["ip"]), ack["id"])
        found = count.get(key, [])
        if len(found) != 1:
            missing += not found
            store.bad(key[0], 0, f"id {ack['id']} was acknowledged and is stored {len(found)} times")
        elif "seq" in ack and (found[0].seq, found[0].chain) != (ack["seq"], ack["chain"]):
            store.bad(key[0], found[0].offset, f"the receipt of id {ack['id']} is not that of its line")
    return missing


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--tails", action="store_true")
    p.add_argument("--acks")
    p.add_argument("records_dir")
    args = p.parse_args()
    store = check(args.records_dir)
    if store.tails and not args.tails:
        store.bad(args.records_dir, 0, f"{store.tails} files have bytes after their last commit")
    if args.acks:
        with open(args.acks, encoding="utf-8") as f:
            check_acks(store, [json.loads(ln) for ln in f])
    for e in store.errors[:20]:
        print(e)
    print(store.summary())
    return 1 if store.errors else 0


if __name__ == "__main__":
    sys.exit(main())
