"""table: reads the cases of a .table file. tests/api/README.md describes the form.

    # comment
    before each:                        these steps come first in every case of the file
        config max_body_bytes=1000

    a body over max_body_bytes is 413   the title: a claim
        POST /data record(pad="x")      a step
            Content-Type: text/plain    an attribute of the step: name: text, or name = expression
        -> 413 expected at most ...     the answer that must come
"""
import json
import re

MEMBER = re.compile(r"(\w+)=(?=[\[{\"0-9tfn-])")
ATTRIBUTE = re.compile(r"(?:no (?P<dropped>[A-Za-z_-]+)|(?P<name>[A-Za-z_-]+)(?P<kind>:| =)(?: (?P<value>.*))?)$", re.S)


class TableError(Exception):
    """A table that cannot be read: file, line and what was expected."""


class Step:
    """One step: its word, the rest of its line, its attributes and its place in the file."""

    def __init__(self, word, rest, first):
        self.word, self.rest, self.first, self.last = word, rest, first, first
        self.attributes, self.lines = [], []

    def attribute(self, line):
        self.lines.append(line)
        match = ATTRIBUTE.match(line)
        if not match:
            return
        if match["dropped"]:
            self.attributes.append(("no", match["dropped"]))
        else:
            self.attributes.append((match["kind"].strip(), match["name"], match["value"] or ""))


class Case:
    def __init__(self, path, title, line):
        self.path, self.title, self.line, self.steps = path, title, line, []


def read(path):
    """(steps before each case, cases)"""
    before, cases = [], []
    steps = None
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f.read().split("\n"), 1):
            line = line.rstrip()
            if not line or line.lstrip().startswith("#"):
                continue
            depth = len(line) - len(line.lstrip(" "))
            text = line.strip()
            if depth == 0:
                if text == "before each:":
                    steps = before
                else:
                    cases.append(Case(path, text, number))
                    steps = cases[-1].steps
            elif depth == 4 and steps is not None:
                word, _, rest = text.partition(" ")
                steps.append(Step(word, rest, number))
            elif depth == 8 and steps:
                steps[-1].attribute(text)
                steps[-1].last = number
            else:
                raise TableError(f"{path}:{number}: expected a title at column 1, a step after 4 spaces "
                                 "or an attribute after 8")
    double = {c.title for c in cases if sum(c.title == d.title for d in cases) > 1}
    if double:
        raise TableError(f"{path}: two cases have the title {double.pop()!r}")
    return before, cases


def members(text):
    """The members at the start of an answer's line, and the rest of it."""
    found = {}
    while True:
        match = MEMBER.match(text)
        if not match:
            return found, text
        try:
            value, end = json.JSONDecoder().raw_decode(text, match.end())
        except ValueError:
            return found, text
        found[match[1]] = value
        text = text[end:].lstrip(" ")


def plain(reason):
    """A reason as a table shows it: control characters escaped."""
    return re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\x{ord(m[0]):02x}", reason)
