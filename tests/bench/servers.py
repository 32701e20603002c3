"""servers: what is compared, each started in a directory of its own: a web server and its workers.

`with Rollcall(place, ...) as s:` starts it; s.port, s.cpu(), s.memory() and s.stored() describe it.
"""
import hashlib
import json
import os
import shutil
import subprocess
import time

from machine import HERE, PYTHON, Wrong, answers, cpu_seconds, free_port, private_kib, program
from machine import text_of, tool, tree, wait_for

TOKEN = "bench-token"
TOKENS_SETTLE = 4    # seconds; SETTLE_MS of handler/tokens.c, and some


class Server:
    """Common to all: start, stop, count."""

    name = ""

    def __init__(self, place, workers, tls=None):
        """tls: None, or the kind of the certificate's key, "ec" or "rsa"."""
        self.place, self.workers, self.tls = place, workers, tls
        self.port, self.dir, self.cert, self.key, self.master = None, None, None, None, []

    def __enter__(self):
        self.dir, self.port = self.place.folder(self.name), free_port()
        self.records = os.path.join(self.dir, "records")
        os.mkdir(self.records)
        if self.tls:
            self.make_certificate()
        try:
            self.start()
            wait_for(lambda: self.alive() and self.answers(), 20, f"{self.name}: start")
        except Wrong as e:
            raise Wrong(f"{e}: {text_of(os.path.join(self.dir, 'out'))[-500:]}") from None
        return self

    def __exit__(self, *_):
        for started in self.master:
            self.place.stop(started)
        shutil.rmtree(self.dir, ignore_errors=True)

    def make_certificate(self):
        self.cert, self.key = (os.path.join(self.dir, name) for name in ("cert.pem", "key.pem"))
        option = {"ec": "ec_paramgen_curve:P-256", "rsa": "rsa_keygen_bits:2048"}[self.tls]
        subprocess.run(["openssl", "req", "-x509", "-newkey", self.tls, "-pkeyopt", option, "-nodes",
                        "-keyout", self.key, "-out", self.cert, "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                       check=True, stderr=subprocess.DEVNULL)

    def answers(self):
        return answers(self.port)

    def alive(self):
        ended = [m.args for m in self.master if m.poll() is not None]
        if ended:
            raise Wrong(f"{self.name}: {ended[0][3]} ended")
        return True

    def run(self, argv, stdin=subprocess.DEVNULL, **environment):
        keep = {k: os.environ[k] for k in ("PATH", "HOME", "LANG") if k in os.environ}
        self.master.append(self.place.start(argv, os.path.join(self.dir, "out"), cwd=HERE,
                                            stdin=stdin, env={**keep, "BENCH_RUN": self.dir, **environment}))

    def pids(self):
        return [pid for m in self.master for pid in tree(m.pid)]

    def cpu(self):
        return cpu_seconds(self.pids())

    def memory(self):
        """KiB private to all its processes."""
        return sum(private_kib(pid) for pid in self.pids())

    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/data"

    def files(self, kind):
        """The daily files."""
        for folder, _, names in os.walk(self.records):
            for name in names:
                if name.endswith(kind):
                    yield os.path.join(folder, name)

    def stored(self):
        """(JSON lines, CSV rows) in all files."""
        return (sum(lines(f) for f in self.files(".json")),
                sum(lines(f) - 1 for f in self.files(".csv")))


def lines(path):
    count = 0
    with open(path, "rb", buffering=0) as f:
        while chunk := f.read(1 << 20):
            count += chunk.count(b"\n")
    return count


def settled_tokens(place):
    """One file for all, older than a few seconds: until then the handler reads it at each request,
    for it may change once more within a tick of its time stamp."""
    path = os.path.join(place.dir, "tokens")
    if not os.path.exists(path):
        with open(path, "w", encoding="ascii") as f:
            f.write(hashlib.sha256(TOKEN.encode()).hexdigest() + " ingest # bench\n")
        time.sleep(TOKENS_SETTLE)
    return path


class Fcgi(Server):
    """lighttpd and workers that it starts."""

    handler = ""
    keys = {}

    def start(self):
        tokens = settled_tokens(self.place)
        with open(os.path.join(self.dir, "handler.json"), "w", encoding="ascii") as f:
            json.dump({"records_dir": self.records, "tokens_file": tokens,
                       "max_file_bytes": 1 << 40, **self.keys}, f)
        self.start_front(f.name)

    def start_front(self, config):
        """The web server, which starts the workers."""
        conf = "lighttpd-tls.conf" if self.tls else "lighttpd.conf"
        self.run(["lighttpd", "-D", "-f", os.path.join(HERE, conf)],
                 BENCH_PORT=str(self.port), BENCH_HANDLER=self.handler, BENCH_WORKERS=str(self.workers),
                 BENCH_CONFIG=config)

    def worker_pids(self):
        return self.pids()[1:]

    def worker_memory(self):
        """KiB private to the largest worker."""
        return max(private_kib(pid) for pid in self.worker_pids())


class Null(Fcgi):
    name = "null"

    def start(self):
        self.handler = tool("null")
        super().start()

    def stored(self):
        return None


class Rollcall(Fcgi):
    name = "rollcall"

    def __init__(self, place, workers, handler=None, sync=False, tls=None):
        super().__init__(place, workers, tls)
        self.handler = handler or program("rollcall-handler")
        self.keys = {"sync": sync}

    def verify(self):
        done = subprocess.run([program("rollcall-verify"), self.records], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise Wrong(f"rollcall-verify: {done.stdout[-1000:]}")
