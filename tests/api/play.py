"""play: plays one case of a table: sends its requests, compares the answers and looks at the files.

What is true of every request is checked without being written in a table:

  - an answer is JSend of its status, with the right Content-Type and Content-Length
  - after 200 to POST /data the store has `records` more lines, and seq and chain are those of a line
  - a refused request (400 and above) leaves every file as it was
  - the log has one event=refused for a refused request, what the answer's "log" names, and nothing else
  - at the end of the case the store is sound in the eyes of check_store.py
"""
import ast
import csv
import datetime
import json
import os
import random
import re
import shlex
import shutil
import stat
import subprocess
import time

import check_store
import rig
import table
import words

START = "2024-11-20 12:00:00"
LOG_LINE = re.compile(r'time=\S+ level=(debug|info|warn|error) event=([a-z_]+)'
                      r'( [a-z_]+=("([^"\\\x00-\x1f\x7f-\x9f]|\\[ -~])*"|[!#-<>-~]*))*')
STORE_STATES = ("sound", "damaged", "torn", "odd")


class Wrong(Exception):
    """What a case expected and did not get."""


def expect(condition, message):
    if not condition:
        raise Wrong(message)


def short(value, length=300):
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= length else text[:length] + " ..."


class Attributes:
    """The attributes of one step, by name."""

    def __init__(self, case, step):
        self.dropped = [a[1] for a in step.attributes if a[0] == "no"]
        self.values = {}
        for kind, name, text in (a for a in step.attributes if a[0] != "no"):
            self.values[name] = case.evaluate(text) if kind == "=" else case.fill(text)

    def take(self, name, default=None):
        return self.values.pop(name, default)


def variable(name):
    """The CGI variable of a header; a name in capitals is a variable already."""
    if name.upper() == name:
        return name
    name = name.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + name


def one_process(step):
    """The step needs a CGI process of its own: it ends with an exit status, or its input or umask is special."""
    return step.word == "->" and step.rest.startswith("exit") or any(a[1] in ("umask", "stdin", "TZ") for a in step.attributes)


class Reply:
    """What came of one request or program: the exit status, the answer if any, and the log."""

    def __init__(self, exit_status, answer, log, output=b""):
        self.exit_status, self.answer, self.log, self.output = exit_status, answer, log, output

    @property
    def json(self):
        return json.loads(self.answer.body)


class Play:
    def __init__(self, directory, clock_library, fastcgi=False, recorded=None):
        self.dir, self.clock_library, self.fastcgi, self.recorded = directory, clock_library, fastcgi, recorded
        self.records = os.path.join(directory, "records")
        self.keys, self.offset, self.state, self.worker = {}, 0, "sound", None
        self.reply = self.before = self.method = self.path = self.log_at = None
        self.committed, self.checked = 0, None
        os.mkdir(directory)
        self.write_tokens(f"{words.sha256(words.INGEST)} ingest # test\n{words.sha256(words.READ)} read # reader\n")
        self.write_config()
        self.set_clock(START)

    def adopt(self, other):
        """Starts where another play ended."""
        shutil.rmtree(self.dir)
        shutil.copytree(other.dir, self.dir, symlinks=True)
        self.keys, self.offset, self.state, self.committed = dict(other.keys), other.offset, other.state, other.committed
        self.fastcgi = other.fastcgi
        self.write_config()
        self.set_clock_file()

    # ---- values

    def file(self, kind, ip="127.0.0.1", day=None):
        day = day or self.today()
        return os.path.join(self.records, "data", day, f"{ip}_{day}.{kind}")

    def today(self):
        return time.strftime("%Y-%m-%d", time.gmtime(time.time() + self.offset))

    def names(self):
        return {**words.VOCABULARY, "dir": self.dir, "top": self.records, "today": self.today(),
                "json": self.file("json"), "csv": self.file("csv"),
                "json_of": lambda ip, day=None: self.file("json", ip, day),
                "csv_of": lambda ip, day=None: self.file("csv", ip, day),
                "read": read_bytes, "size": os.path.getsize, "exists": os.path.lexists, "mode": mode_of, "listed": lambda path: sorted(os.listdir(path)),
                "kept": self.kept, "day": self.day, "files": lambda path=self.records: files_below(path)}

    def day(self, days):
        """The day so many days ago."""
        return time.strftime("%Y-%m-%d", time.gmtime(time.time() + self.offset - days * 86400))

    def kept(self, uuid=words.LISTING["uuid"], timestamp=words.LISTING["timestamp"], day=None):
        """The file of a process listing."""
        return os.path.join(self.records, "record", day or self.today(), f"{uuid}_{timestamp}.json")

    def evaluate(self, text, **more):
        try:
            return eval(text, {**self.names(), **more})  # pylint: disable=eval-used
        except Wrong:
            raise
        except Exception as e:
            raise Wrong(f"{text}: {type(e).__name__}: {e}") from None

    def fill(self, text):
        """{dir}, {records}, {json}, {csv}, {today} and {ingest} in a text."""
        values = {"dir": self.dir, "records": self.records, "json": self.file("json"), "csv": self.file("csv"),
                  "today": self.today(), "ingest": words.sha256(words.INGEST), "read": words.sha256(words.READ)}
        return re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], m[0]), text)

    # ---- steps

    def run(self, steps):
        self.fastcgi = self.fastcgi and not any(one_process(step) for step in steps)
        for step in steps:
            try:
                self.step(step)
            except Wrong as e:
                raise Wrong(f"line {step.first}: {step.word} {short(step.rest, 100)}\n{e}") from None

    def step(self, step):
        if step.word == "->":
            self.compare(step)
        elif re.fullmatch(r"[A-Z]+", step.word):
            self.request(step)
        elif step.word == "$":
            self.program(step)
        elif hasattr(self, "step_" + step.word):
            getattr(self, "step_" + step.word)(step)
        else:
            self.file_step(step)

    def file_step(self, step):
        action = FILE_STEPS.get(step.word)
        expect(action, f"there is no step {step.word!r}")
        arguments = self.evaluate(f"({step.rest},)", **self.seen())
        self.checked = None
        try:
            action(*arguments)
        except (OSError, TypeError, IndexError) as e:
            raise Wrong(f"{type(e).__name__}: {e}") from None

    def step_config(self, step):
        """config KEY=JSON... sets these keys; -KEY drops one; alone: the defaults; is EXPRESSION: the whole file."""
        if step.rest.startswith("is "):
            write(os.path.join(self.dir, "handler.json"), self.evaluate(step.rest[3:]))
            return
        self.keys = {}
        for part in [step.rest] + step.lines:
            self.config_keys(part)
        self.write_config()

    def config_keys(self, text):
        for word in re.findall(r"(?:^| )-([a-z]\w*)", text):
            self.keys[word] = words.drop
        found, rest = table.members(re.sub(r"(?:^| )-[a-z]\w*", "", text).strip())
        expect(not rest, f"expected KEY=JSON, found {rest!r}")
        self.keys.update({k: self.fill_value(v) for k, v in found.items()})

    def fill_value(self, value):
        return self.fill(value) if isinstance(value, str) else value

    def write_config(self):
        values = {"records_dir": self.records, "tokens_file": os.path.join(self.dir, "tokens"), **self.keys}
        values = {k: v for k, v in values.items() if v is not words.drop}
        write(os.path.join(self.dir, "handler.json"), json.dumps(values) + "\n")
        self.end_worker()

    def step_tokens(self, step):
        """The tokens file: one line per line below; or is EXPRESSION."""
        if step.rest.startswith("is "):
            self.write_tokens(self.evaluate(step.rest[3:]))
        else:
            self.write_tokens("".join(self.fill(line) + "\n" for line in step.lines))

    def write_tokens(self, text):
        path = os.path.join(self.dir, "tokens")
        write(path + ".new", text)
        os.rename(path + ".new", path)

    def step_at(self, step):
        self.set_clock(step.rest)

    def step_worker(self, _):
        """The requests of this case go to one FastCGI worker over a unix socket."""
        self.fastcgi = True

    def step_store(self, step):
        """What check_store.py says at the end: sound, damaged, torn; or odd: it is not asked."""
        expect(step.rest in STORE_STATES, f"expected one of {STORE_STATES}")
        self.state = step.rest

    def step_row(self, step):
        """row N: the cells from pid to cmd, with | between them; row N EXPRESSION likewise."""
        number, _, wanted = step.rest.partition(" ")
        if not number.endswith(":"):
            wanted = self.evaluate(wanted)
        found = "|".join(self.rows()[int(number.rstrip(":"))][7:])
        expect(found == wanted, f"the row is {short(found)}")

    def step_cell(self, step):
        """cell COLUMN ROW: text."""
        column, number, wanted = (step.rest.split(" ", 2) + [""])[:3]
        rows = self.rows()
        found = rows[int(number.rstrip(":"))][rows[0].index(column)]
        expect(found == wanted, f"the cell is {short(found)}")

    def step_line(self, step):
        """line has TEXT: in the last stored line; line is EXPRESSION: the record, without the server's member."""
        kind, _, wanted = step.rest.partition(" ")
        last = read_bytes(self.file("json")).decode().splitlines()[-1]
        if kind == "has":
            expect(wanted in last, f"the line is {short(last, 600)}")
        else:
            own = re.sub(r',"rollcall":\{"received_at":.*\}\}$', "}", last)
            wanted = words.to_bytes(self.evaluate(wanted)).decode().rstrip("\n")
            expect(own == wanted, f"the record is {short(own, 600)}")

    def step_age(self, step):
        """age PATH, DAYS: the file was last changed so many days ago."""
        path, days = self.evaluate(step.rest)
        then = time.time() + self.offset - days * 86400
        os.utime(path, (then, then))

    def step_unchanged(self, _):
        """The last request wrote nothing."""
        self.unchanged()

    def step_check(self, step):
        """check EXPRESSION: true."""
        expect(self.evaluate(step.rest, **self.seen()), "is not true" + self.sides(step.rest))

    def sides(self, text):
        """The left side of a comparison, as it was found."""
        tree = ast.parse(text, mode="eval").body
        if not isinstance(tree, ast.Compare):
            return ""
        return f"\nleft side: {short(self.evaluate(ast.unparse(tree.left), **self.seen()), 600)}"

    def seen(self):
        """What a check may look at beyond the files."""
        seen = {"rows": self.rows, "lines": self.lines, "before": self.before or {}}
        if self.reply:
            seen.update(log=self.reply.log, output=self.reply.output.decode(errors="replace"))
            if self.reply.answer:
                seen.update(headers=self.reply.answer.headers, body=self.reply.answer.body,
                            data=self.reply.json.get("data") if self.reply.answer.body else None)
        return seen

    def rows(self, ip="127.0.0.1"):
        """The CSV file's rows, the header first."""
        with open(self.file("csv", ip), newline="", encoding="utf-8") as f:
            return list(csv.reader(f, strict=True))

    def lines(self, ip="127.0.0.1", day=None):
        """The JSON file's lines as values."""
        with open(self.file("json", ip, day), encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    # ---- the clock

    def set_clock(self, text):
        wanted = datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=datetime.timezone.utc)
        self.offset = int(wanted.timestamp() - time.time())
        self.set_clock_file()

    def set_clock_file(self):
        path = os.path.join(self.dir, "clock")
        write(path + ".new", str(self.offset))
        os.rename(path + ".new", path)

    def environment(self):
        return rig.environment(ROLLCALL_CONFIG=os.path.join(self.dir, "handler.json"), LD_PRELOAD=self.clock_library,
                               TEST_CLOCK_FILE=os.path.join(self.dir, "clock"),
                               ASAN_OPTIONS="detect_leaks=0:verify_asan_link_order=0:abort_on_error=1")

    # ---- requests

    def request(self, step):
        parts = (step.rest.split(" ", 1) + [None])[:2]
        method, path, attributes = step.word, self.fill(parts[0]) if parts[0] != "''" else "", Attributes(self, step)
        count = int(attributes.take("times", "1"))
        options = {name: attributes.take(name) for name in ("umask", "stdin", "process", "program")}
        body = self.body(method, parts[1], attributes)
        params = {variable(name): value for name, value in attributes.values.items()}
        params.update({variable(name): None for name in attributes.dropped})
        path, question, query = path.partition("?")
        if question:
            params["QUERY_STRING"] = query
        if method in ("GET", "HEAD") and not body:
            params = {"CONTENT_TYPE": None, "CONTENT_LENGTH": None, **params}
        self.method, self.path = method, path
        for n in range(count):
            self.before = snapshot(self.records)
            self.committed, self.checked = self.count_lines(), None
            self.reply = self.send(body, method, path, params, options)
            expect(n == count - 1 or self.reply.answer.status == 200, f"request {n + 1} of {count} is {self.reply.answer}")

    def body(self, method, text, attributes):
        if "body" in attributes.values:
            return words.to_bytes(attributes.take("body"))
        if text is None:
            return b"" if method in ("GET", "HEAD") else words.record()
        if text[0] in "{[":
            return text.encode()
        return words.to_bytes(self.evaluate(text))

    def send(self, body, method, path, params, options):
        if self.fastcgi and not options["process"] and not options["program"]:
            return self.ask_worker(body, method, path, params)
        return self.run_cgi(body, rig.parameters(body, method, path, params), options)

    def run_cgi(self, body, values, options):
        values = {k: os.fsencode(v) if isinstance(v, str) else v for k, v in values.items()}
        umask = int(options["umask"], 8) if options["umask"] else -1
        program = os.path.join(rig.BUILD, options["program"] or "rollcall-handler")
        with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**self.environment(), **values}, umask=umask) as process:
            if options["stdin"]:
                out, err = self.keep_open(process, body if options["stdin"] == "open" else b"")
            else:
                out, err = process.communicate(body, timeout=60)
        answer = None
        if process.returncode == 0:
            answer = rig.parse_cgi(out)
        return Reply(process.returncode, answer, err.decode(errors="replace"), err)

    def keep_open(self, process, body):
        """The input stays open until the handler has ended."""
        process.stdin.write(body)
        process.stdin.flush()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Wrong("the handler waits for more input") from None
        return process.stdout.read(), process.stderr.read()

    def ask_worker(self, body, method, path, params):
        site = rig.Site.__new__(rig.Site)
        site.dir, site.log, site.config = self.dir, os.path.join(self.dir, "log"), os.path.join(self.dir, "handler.json")
        if self.worker is None:
            environment = self.environment()
            environment.pop("ROLLCALL_CONFIG")
            self.worker = rig.Worker(site, env=environment)
        at = os.path.getsize(site.log)
        try:
            answer = self.worker.request(body, method, path, **params)
        except rig.Broken as e:
            raise Wrong(f"{e}\n{read_bytes(site.log)[at:].decode(errors='replace')}") from None
        if answer.status >= 400:                      # the log follows the answer
            rig.wait_for(lambda: b"event=refused" in read_bytes(site.log)[at:])
        left = [path for path in open_files(self.worker.process.pid)
                if path.startswith(self.records) and not os.path.isdir(path)]
        expect(not left, f"after the answer the worker has these files open: {left}")
        return Reply(0, answer, read_bytes(site.log)[at:].decode(errors="replace"))

    def end_worker(self):
        if self.worker:
            status = self.worker.stop()
            self.worker.listener.close()
            os.unlink(self.worker.path)
            self.worker = None
            expect(status == 0, f"the worker ended with {status}")

    def step_flip(self, step):
        """flip PATH, SEED, COUNT: that many bytes of the file, one bit each: rollcall-verify reports each."""
        path, seed, count = self.evaluate(step.rest)
        good, rng = read_bytes(path), random.Random(seed)
        for at in rng.sample(range(len(good)), count):
            bit = 1 << rng.randrange(7)
            overwrite(path, at, bytes([good[at] ^ bit]))
            done = subprocess.run([rig.VERIFY, self.file("json")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  env=self.environment(), check=False, timeout=120)
            expect(done.returncode == 1, f"bit {bit} of byte {at}: exit status {done.returncode}, {short(done.stdout)}")
            overwrite(path, at, good[at:at + 1])

    def program(self, step):
        """$ PROGRAM ARGUMENT...: one of ours, built where the handler was."""
        command, self.checked = shlex.split(self.fill(step.rest)), None
        command[0] = os.path.join(rig.BUILD, command[0])
        self.before = snapshot(self.records)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=self.environment(), check=False, timeout=120)
        self.reply = Reply(done.returncode, None, "", done.stdout)

    # ---- answers

    def compare(self, step):
        expect(self.reply, "there is no request before this answer")
        attributes = Attributes(self, step)
        status, _, rest = step.rest.partition(" ")
        if self.recorded is not None:
            self.recorded.append((step, self.render(step, status)))
            if self.reply.answer is None or step.rest == "":
                return
            status, _, rest = self.render(step, status)[0].partition(" ")
            attributes.values["log"] = " ".join(self.events())
        expect(re.fullmatch(r"exit|\d{3}", status), "expected a status, or exit and a number")
        if status == "exit":
            self.compare_exit(int(rest), [line for line in step.lines if line.startswith("|")])
        else:
            self.compare_answer(int(status), rest, attributes)

    def compare_exit(self, wanted, lines):
        output = self.output_lines()
        expect(self.reply.exit_status == wanted, f"the exit status is {self.reply.exit_status}:\n" + "\n".join(output[:50]))
        expect(not lines or sorted(lines) == sorted(output), "the output is:\n" + "\n".join(output[:50]))

    def output_lines(self):
        """The output as a table shows it: hashes and fractions of seconds do not count."""
        text = self.reply.output.decode(errors="replace").replace(self.dir, "{dir}")
        text = re.sub(r"\b[0-9a-f]{64}\b", "HASH", re.sub(r"(T\d\d:\d\d):\d\d\.\d{3}Z", r"\1", text))
        return ["| " + table.plain(line) for line in text.splitlines()]

    def compare_answer(self, status, rest, attributes):
        answer = self.reply.answer
        expect(answer, f"no answer: exit status {self.reply.exit_status}, stderr: {short(self.reply.log, 1500)}")
        expect(answer.status == status, f"the status is {answer.status}: {short(answer.body.decode(errors='replace'))}")
        if self.method == "HEAD":
            expect(answer.body == b"", "the answer to HEAD has a body")
        else:
            fault = rig.jsend_fault(answer)
            expect(fault is None, fault)
            self.compare_members(*table.members(self.fill(rest)))
        self.compare_log(status, attributes.take("log", "").split())
        looked_at = attributes.take("store") != "odd"
        for name, wanted in attributes.values.items():
            self.compare_header(name, wanted)
        for refusal, header in ((401, "www-authenticate"), (405, "allow")):
            expect(status != refusal or header in answer.headers, f"{status} without {header}")
        if status >= 400:
            self.unchanged()
        elif self.path == "/data" and self.method == "POST" and looked_at:
            self.receipt()

    def compare_members(self, members, text):
        data = self.reply.json.get("data") or {}
        if self.reply.answer.status < 400:
            for name, wanted in members.items():
                expect(data.get(name) == wanted, f"{name} is {short(data.get(name))}")
            expect(not text, f"expected NAME=JSON, found {text!r}")
            return
        reason = self.reply.json["message"] if "message" in self.reply.json else data.pop("reason", "")
        expect(data == members, f"the members are {data}")
        expect(table.plain(reason) == text, f"the reason is: {table.plain(reason)}")

    def compare_header(self, name, wanted):
        found = self.reply.answer.headers.get(name.lower(), "")
        if wanted[:1] == "/" and wanted[-1:] == "/":
            expect(re.fullmatch(wanted[1:-1], found), f"{name} is {found!r}")
        else:
            expect(found == wanted, f"{name} is {found!r}")

    def events(self):
        """The events of the log but for "refused" itself; each line must be well-formed."""
        events = []
        for line in self.reply.log.splitlines():
            match = LOG_LINE.fullmatch(line)
            expect(match, f"not a line of the log: {short(line, 2000)}")
            if match[2] != "refused":
                events.append(match[2])
        return events

    def compare_log(self, status, wanted):
        refused = self.reply.log.count(" event=refused ")
        expect(refused == (status >= 400), f"the log has {refused} times event=refused:\n{self.reply.log}")
        expect(self.events() == wanted, f"the log is:\n{self.reply.log}")

    def unchanged(self):
        after = snapshot(self.records)
        for path in sorted(set(after) | set(self.before)):
            expect(after.get(path) == self.before.get(path), f"{path} has changed")

    def count_lines(self):
        """Committed lines, or None where the files are not ours to read."""
        store = self.store(self.records)
        return None if store.errors else store.lines

    def store(self, records):
        """What check_store.py finds, once until something may change the files."""
        if self.checked is None:
            self.checked = check_store.check(records)
        return self.checked

    def receipt(self):
        """seq and chain of a 200 are those of a line; the store has grown by `records` lines."""
        data, store = self.reply.json["data"], self.store(self.keys.get("records_dir", self.records))
        if store.errors and self.committed is None:
            return
        expect(not store.errors and not store.tails, f"the store is not sound: {store.errors or 'a torn end'}")
        lines = store.by_file.get((check_store.name_of(data["client_ip"]), data["date"]), [])
        expect(any((line.seq, line.chain) == (data["seq"], data["chain"]) for line in lines),
               f"no line has seq and chain of the receipt {data}")
        expect(self.committed is None or store.lines == self.committed + data["records"],
               f"{store.lines} lines are stored, there were {self.committed} and {data['records']} are acknowledged")

    def judge(self):
        """The end of the case: the worker ends well and the store is what the case says."""
        self.end_worker()
        if self.state == "odd":
            return
        store = self.store(self.records)
        if self.state == "damaged":
            expect(store.errors, "check_store.py finds nothing wrong")
            return
        expect(not store.errors, "check_store.py: " + "\n".join(store.errors[:5]))
        expect(bool(store.tails) == (self.state == "torn"), f"{store.tails} files have a torn end")

    # ---- recording

    def render(self, step, status):
        """The lines of an answer as it came: its first line, then its attributes."""
        answer, kept = self.reply.answer, [ln for ln in step.lines if not ln.startswith(("log: ", "| "))]
        if answer is None:
            return [f"exit {self.reply.exit_status}"] + kept + self.output_lines() * (step.rest == "" or step.lines != kept)
        line = str(answer.status)
        if self.method != "HEAD" and answer.status < 400:
            line += "".join(f" {k}={json.dumps(v, ensure_ascii=False)}" for k, v in self.recorded_members(step).items())
        elif self.method != "HEAD":
            line += self.rendered_fault()
        return [line] + [self.recorded_header(text) for text in kept] + [f"log: {' '.join(self.events())}"] * bool(self.events())

    def rendered_fault(self):
        value = self.reply.json
        data = value.get("data") or {}
        reason = value["message"] if "message" in value else data["reason"]
        return "".join(f" {k}={json.dumps(v, ensure_ascii=False)}" for k, v in data.items() if k != "reason") + \
            " " + table.plain(reason)

    def recorded_members(self, step):
        named = table.members(step.rest.partition(" ")[2])[0]
        data = self.reply.json["data"]
        if step.rest:
            return {k: data.get(k) for k in named}
        if self.path != "/data":
            return {}
        default = {"duplicates": 0, "client_ip": "127.0.0.1", "durable": True, "chain": data["chain"]}
        if self.today() == START[:10]:
            default["date"] = START[:10]
        return {k: v for k, v in data.items() if v != default.get(k)}

    def recorded_header(self, text):
        match = table.ATTRIBUTE.match(text)
        name, wanted = match["name"], match["value"] or ""
        if wanted[:1] == "/" or name == "store":
            return text
        return f"{name}: {self.reply.answer.headers.get(name.lower(), '')}"


# ---- files

def write(path, content):
    with open(path, "wb") as f:
        f.write(words.to_bytes(content))


def append(path, content):
    with open(path, "ab") as f:
        f.write(words.to_bytes(content))


def overwrite(path, offset, content):
    with open(path, "r+b") as f:
        f.seek(offset)
        f.write(words.to_bytes(content))


def read_bytes(path):
    with open(path, "rb") as f:
        return f.read()


def truncate(path, size):
    """To that size, or by so many bytes."""
    os.truncate(path, size if size >= 0 else os.path.getsize(path) + size)


def keep_lines(path, *numbers):
    """Only these lines, in this order."""
    lines = read_bytes(path).splitlines(True)
    write_in_place(path, b"".join(lines[n - 1] for n in numbers))


def replace(path, number, old, new):
    """In that line."""
    lines = read_bytes(path).splitlines(True)
    if words.to_bytes(old) not in lines[number - 1]:
        raise OSError(f"line {number} does not have {old!r}")
    lines[number - 1] = lines[number - 1].replace(words.to_bytes(old), words.to_bytes(new), 1)
    write_in_place(path, b"".join(lines))


def write_in_place(path, content):
    with open(path, "r+b") as f:
        f.truncate()
        f.write(content)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def write_many(path, count):
    """So many empty files, the {} of the path being their numbers."""
    for number in range(count):
        write(path.replace("{}", str(number)), "")


def symlink(path, target):
    if os.path.lexists(path):
        os.unlink(path)
    os.symlink(target, path)


FILE_STEPS = {"write": write, "append": append, "overwrite": overwrite, "truncate": truncate, "keep_lines": keep_lines,
              "replace": replace, "remove": remove, "move": os.rename, "copy": shutil.copy2, "mkdir": os.makedirs,
              "symlink": symlink, "hardlink": os.link, "chmod": os.chmod, "fifo": os.mkfifo, "write_many": write_many}


def mode_of(path):
    return f"{stat.S_IMODE(os.lstat(path).st_mode):o}"


def open_files(pid):
    """The paths of a process's descriptors."""
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:                     # closed meanwhile
            pass
    return found


def files_below(path):
    """The files below a directory, by their paths in it."""
    found = (os.path.join(base, name) for base, _, names in os.walk(path) for name in names)
    return sorted(os.path.relpath(name, path) for name in found)


def snapshot(path):
    """What the files below a directory are: empty files and directories do not count."""
    found = {}
    for name in files_below(path):
        full = os.path.join(path, name)
        status = os.lstat(full)
        if stat.S_ISREG(status.st_mode):
            if status.st_size:
                found[name] = (status.st_ino, status.st_mode, read_bytes(full))
        elif stat.S_ISLNK(status.st_mode):
            found[name] = (status.st_ino, os.readlink(full))
        else:
            found[name] = (status.st_ino, stat.S_IFMT(status.st_mode))
    return found
