"""documents: JSON documents, from public suites and made from the grammar, through rollcall-handler.

Every document is sent as a member of a valid record. A document that RFC 8259 allows is 200, and is
stored equal: numbers digit for digit, strings character for character, and byte for byte but for
white space. Any other document is 400, and nothing is stored. Each document is also sent as a body
of its own: 422 (JSON, but not a record) or 400. At the end check_store.py and rollcall-verify read
the whole store. All of this goes to one FastCGI worker.
"""
import glob
import json
import os
import re
import subprocess

import check_store
import grammar
import rig
import suites

LONE = re.compile("[\ud800-\udfff]")


def is_json(document):
    """RFC 8259 and the handler's own limits (UTF-8, 64 levels), judged by Python's own parser."""
    if levels(document) > 64:
        return False
    try:
        check_store.parse(document.decode("utf-8"))
        return True
    except (ValueError, RecursionError):
        return False


def levels(document):
    deepest = depth = 0
    for token in re.findall(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', document, re.S):
        if token in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
        elif token in (b"]", b"}"):
            depth -= 1
    return deepest


def expected(document):
    """The bytes that must be stored."""
    text = check_store.minify(document).decode()
    pair = r"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    one = r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
    return re.sub(rf'{pair}|{one}|(\\[^u]|\\u[0-9a-fA-F]{{4}})',
                  lambda m: m.group(1) or m.group(2) or "\\ufffd", text).encode()


def same(a, b):
    """Equal values: order and digits too; unpaired surrogates are U+FFFD."""
    def plain(value):
        if isinstance(value, dict):
            return ["{"] + [(plain(k), plain(v)) for k, v in value.items()]
        if isinstance(value, list):
            return ["["] + [plain(v) for v in value]
        if isinstance(value, str) and not isinstance(value, check_store.Num):
            return "s" + LONE.sub("\ufffd", value)
        return (type(value).__name__, value)
    return plain(a) == plain(b)


class Run:
    def __init__(self, tap):
        self.tap = tap
        self.site = rig.Site(sync=False)
        self.worker = rig.Worker(self.site)
        self.end = 0
        self.file = None

    def new_bytes(self):
        """The bytes that the last request added to the file."""
        if self.file is None:
            found = glob.glob(os.path.join(self.site.records, "data", "*", "*.json"))
            if not found:
                return b""
            self.file = open(found[0], "rb")
        self.file.seek(self.end)
        data = self.file.read()
        self.end += len(data)
        return data

    def send(self, body, wanted):
        reply = self.worker.request(body)
        fault = rig.jsend_fault(reply)
        if fault:
            raise AssertionError(fault)
        if reply.status != wanted:
            raise AssertionError(f"{reply.status} instead of {wanted}: {reply.body[:200]!r} "
                                 f"for {body[-120:]!r}")
        return reply

    def accept(self, document, wrapped):
        self.send(wrapped, 200)
        line = self.new_bytes().rstrip(b"\n")
        own = line[:line.rindex(b',"rollcall":')] + b"}"
        raw = dict(check_store.members(own))[b'"extra"']
        if raw != expected(document):
            raise AssertionError(f"stored as {raw[:200]!r}, should be {expected(document)[:200]!r}")
        if not same(check_store.parse(raw), check_store.parse(document)):
            raise AssertionError(f"the stored value differs: {raw[:200]!r}")

    def reject(self, document, wrapped):
        for body in (wrapped, document):
            if body is document and is_json(document) and levels(document) == 64:
                self.send(body, 422)                  # too deep as a member, not by itself
                continue
            reply = self.send(body, 400)
            offset = reply.json["data"].get("offset")
            if not isinstance(offset, int) or not 0 <= offset <= len(body):
                raise AssertionError(f"no offset within the body: {reply.body!r}")
        if self.new_bytes():
            raise AssertionError("refused, but stored")

    def case(self, name, verdict, document):
        wrapped = json.dumps(rig.base_record()).encode()[:-1] + b',"extra":' + document + b"}"
        try:
            if verdict == "either":
                verdict = "accept" if is_json(document) and levels(document) < 64 else "reject"
            if verdict == "accept":
                self.accept(document, wrapped)
                doc = check_store.parse(document)
                self.send(document, 400 if isinstance(doc, check_store.Duplicates) else 422)
            else:
                self.reject(document, wrapped)
            self.tap.result(name, None)
        except (AssertionError, KeyError, ValueError) as e:
            self.new_bytes()
            self.tap.result(name, f"{type(e).__name__}: {e}")
        except (rig.Broken, OSError) as e:
            self.tap.result(name, f"{type(e).__name__}: {e} for {wrapped[-120:]!r}")
            if not self.worker.alive():
                self.worker.start()

    def whole_store(self):
        self.tap.result("the worker ends with 0 at SIGTERM",
                 None if self.worker.stop() == 0 else "another status")
        store = check_store.check(self.site.records)
        self.tap.result("check_store.py accepts everything that was stored",
                 "\n".join(store.errors[:3]) if store.errors or store.tails else None)
        done = subprocess.run([rig.VERIFY, self.site.records], stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.STDOUT, env=rig.environment())
        self.tap.result("rollcall-verify accepts everything that was stored",
                 None if done.returncode == 0 else done.stdout.decode(errors="replace"))


def run(tap, prefix=""):
    """Sends every document whose name starts with the prefix."""
    one = Run(tap)
    try:
        for name, suite in suites.SUITES.items():
            try:
                listed = list(suite())
            except suites.Unavailable as e:
                tap.result(f"suite {name}", skip=str(e))
                continue
            for case in listed:
                if case[0].startswith(prefix):
                    one.case(*case)
        for case in grammar.cases(is_json):
            if case[0].startswith(prefix):
                one.case(*case)
        one.whole_store()
    finally:
        one.worker.stop()
        one.site.remove()
