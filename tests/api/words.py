"""words: the names that a Python expression in a table may use."""
import gzip
import hashlib
import hmac
import json
import re

INGEST, READ = "test-token-ingest", "test-token-read"


class Drop:
    """record(hostname=drop): the record without that member."""


drop = Drop()
BASE = {"hostname": "h", "processor": "p", "processes": [{"pid": 1, "cmd": "init"}], "users": ["ana"],
        "os_name": "Linux", "os_ver": "6.1"}
LISTING = {"uuid": "a9201032-1e1f-40a2-8995-8472a76dd7d2", "timestamp": "1593338576.5624585",
           "data": [{"pid": 1, "name": "init", "cpu_percent": 0.1, "environ": None}]}


def to_bytes(value):
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def changed(base, changes):
    return {k: v for k, v in {**base, **changes}.items() if v is not drop}


def record(**changes):
    """A small valid record, one line of JSON, with these members changed, added or dropped."""
    return compact(changed(BASE, changes))


def listing(**changes):
    """A small valid process listing for /api/v1/record."""
    return compact(changed(LISTING, changes))


def record_with(members, **changes):
    """record() with the text of more members at its end: record_with('"x":1e5')."""
    return record(**changes)[:-2] + b"," + to_bytes(members) + b"}"


def pretty(body):
    """The same JSON with white space between its tokens."""
    return json.dumps(json.loads(body), ensure_ascii=False, indent=2).encode() + b"\n"


def ndjson(*records):
    return b"".join(records)


def records(first, last, **changes):
    """A batch of records with the ids o-FIRST to o-LAST."""
    return ndjson(*[record(id=f"o-{n}", **changes) for n in range(first, last + 1)])


def gz(data, name=""):
    """One gzip member; with a name, the name is in its header."""
    data = to_bytes(data)
    data = gzip.compress(data, 1 if len(data) > 1 << 20 else 6, mtime=0)
    return data[:3] + b"\x08" + data[4:10] + name.encode() + b"\0" + data[10:] if name else data


def nested(levels):
    """A record that is so many levels deep."""
    return record()[:-2] + b',"x":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


def sha256(text):
    return hashlib.sha256(to_bytes(text)).hexdigest()


def session(token, seconds, name="rollcall-7000"):
    """The cookie of a session that ends so many seconds after the time at which each case starts."""
    key = hashlib.sha256(to_bytes(token)).digest()
    signed = f"v1.{key.hex()[:16]}.{1732104000 + seconds}"
    return f"{name}={signed}.{hmac.new(key, signed.encode(), 'sha256').hexdigest()}"


def session_of(set_cookie):
    """A Set-Cookie header: True if it has the value that session() gives for its time, and 12 hours are left."""
    found = re.fullmatch(r"([^=]+)=(v1\.[0-9a-f]{16}\.(\d+)\.[0-9a-f]{64})(; .*)", set_cookie)
    if not found or not 43200 <= int(found[3]) - 1732104000 < 43500:
        return set_cookie
    same = session(READ, int(found[3]) - 1732104000, found[1]) == f"{found[1]}={found[2]}"
    return found[1] + found[4] if same else "the value is another"


def parse(text):
    return json.loads(text)


VOCABULARY = {name: value for name, value in list(globals().items()) if not name.startswith("_")}
