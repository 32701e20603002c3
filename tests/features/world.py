"""world: one scenario's directory, and the real programs that run in it.

A Collector is lighttpd/production.conf as it is shipped, edited where an operator edits it, with
rollcall-handlers behind it. Everything runs as nobody when the tests are root's: root could read
what is not readable. What was started is ended by stop(), by its own pid.
"""
import glob
import hashlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import requests

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("ROLLCALL_BUILD", os.path.join(REPO, "build")))
ROOT = os.geteuid() == 0
AS_NOBODY = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"] if ROOT else []
UUID = "a9201032-1e1f-40a2-8995-8472a76dd7d2"
TOKEN = "a-token/of=ours+\"\\;#,~"
PATIENCE = 120                                        # seconds; a loaded machine is slow


def wait_until(what, true, seconds=PATIENCE):
    """Polls until true() is; its value."""
    end = time.monotonic() + seconds
    while True:
        value = true()
        if value:
            return value
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.05)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def configure(context, program, name, values):
    """What the scenario is about, and its configuration."""
    context.program, context.file, context.values = program, name, values
    context.world.write(name, json.dumps(values))


class World:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="rollcall-feature.")
        os.chmod(self.dir, 0o755)
        self.running = []
        self.environment = {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "HOME": self.dir,
                            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "detect_leaks=0")}
        for program in ("rollcall-handler", "rollcall-agent"):
            self.copy(BUILD, program)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text, mode=0o640):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as f:
            return f.read()

    def copy(self, *names):
        """Where the programs' user can read it, a checkout need not be; the path of the copy."""
        return shutil.copy(os.path.join(*names), self.dir)

    def everything(self):
        return [os.path.join(folder, name) for folder, folders, files in os.walk(self.dir)
                for name in folders + files]

    def hand_over(self):
        """The programs' user owns everything here. What runs may take files away meanwhile."""
        nobody = pwd.getpwnam("nobody")
        for name in [self.dir, *self.everything()] if ROOT else []:
            try:
                os.chown(name, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
            except FileNotFoundError:
                pass

    def run(self, *command, **environment):
        """To its end."""
        self.hand_over()
        return subprocess.run([*AS_NOBODY, *command], env={**self.environment, **environment},
                              cwd=self.dir, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=PATIENCE, check=False)

    def start(self, name, *command, **environment):
        """In the background, in a process group of its own; what it says is in name.log."""
        self.hand_over()
        with open(self.path(name + ".log"), "ab") as log:
            process = subprocess.Popen(
                [*AS_NOBODY, *command], env={**self.environment, **environment}, cwd=self.dir,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.running.append(process)
        return process

    def end(self, process):
        """Its exit status."""
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        try:
            os.killpg(process.pid, signal.SIGKILL)    # what it left behind
        except ProcessLookupError:
            pass
        self.running.remove(process)
        return process.returncode

    def still_runs(self):
        for process in self.running:
            assert process.poll() is None, f"ended: {process.args}\n{self.logs()}"
        return True

    def stop(self):
        while self.running:
            self.end(self.running[-1])
        for name in [name for name in self.everything() if os.path.isdir(name)]:
            os.chmod(name, 0o700)                     # what a scenario closed
        shutil.rmtree(self.dir)

    def logs(self):
        """The ends of all logs, for a scenario that failed."""
        return "".join(f"# {os.path.basename(name)}: {line}\n"
                       for name in sorted(self.everything()) if name.endswith(".log")
                       for line in self.read(name).splitlines()[-5:])


class Collector:
    def __init__(self, world, token=TOKEN):
        self.world, self.token = world, token
        self.records = world.path("records")
        self.certificate = world.path("tls", "cert.pem")
        self.config = {"records_dir": self.records, "tokens_file": world.path("tokens"),
                       "test_api": True}
        self.port, self.handlers, self.query, self.server = free_port(), None, None, None

    def configure(self):
        hashed = hashlib.sha256(self.token.encode()).hexdigest()
        self.world.write("tokens", f"{hashed} ingest,read # feature\n")
        self.world.write("handler.json", json.dumps(self.config))

    def start(self, as_shipped=False):
        world = self.world
        self.configure()
        for name in ("run", "www", "upload", "log"):
            os.makedirs(world.path(name), exist_ok=True)
        self.make_certificate()
        self.handlers = world.start(
            "handlers", world.copy(REPO, "lighttpd", "other-servers", "spawn-fcgi.sh"),
            ROLLCALL_SOCKET=world.path("run", "handler.sock"), ROLLCALL_WORKERS="2",
            ROLLCALL_HANDLER=world.path("rollcall-handler"),
            ROLLCALL_CONFIG=world.path("handler.json"))
        self.query = world.start(
            "query", world.path("spawn-fcgi.sh"), ROLLCALL_SOCKET=world.path("run", "query.sock"), ROLLCALL_WORKERS="2",
            ROLLCALL_HANDLER=world.copy(BUILD, "rollcall-query"), ROLLCALL_CONFIG=world.path("handler.json"))
        wait_until("the socket of rollcall-query", lambda: os.path.exists(world.path("run", "query.sock"))
                   or self.query.poll() is not None)
        wait_until("the handlers' socket", lambda: os.path.exists(world.path("run", "handler.sock"))
                   or self.handlers.poll() is not None)
        world.write("lighttpd.conf", self.server_configuration(as_shipped))
        self.serve()

    def make_certificate(self, folder="tls"):
        subprocess.run([os.path.join(REPO, "scripts", "rollcall-selfsigned"), "--dir",
                        self.world.path(folder), "localhost", "127.0.0.1"], check=True,
                       stdout=subprocess.DEVNULL)

    def serve(self):
        """Also again, on the same port, after its server was ended."""
        self.server = self.world.start("lighttpd", "lighttpd", "-D", "-f",
                                       self.world.path("lighttpd.conf"))
        wait_until("lighttpd", self.answers)

    def answers(self):
        assert self.server.poll() is None, self.world.logs()
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def server_configuration(self, as_shipped):
        with open(os.path.join(REPO, "lighttpd", "production.conf"), encoding="utf-8") as f:
            text = f.read()
        world = self.world
        edits = [('server.bind = "0.0.0.0"', 'server.bind = "127.0.0.1"'),
                 ("server.port = 80\n", f"server.port = {free_port()}\n"),
                 ('$SERVER["socket"] == "[::]:80"     { }\n', ""),
                 ('$SERVER["socket"] == "[::]:443"    { ssl.engine = "enable" }\n', ""),
                 ("0.0.0.0:443", f"127.0.0.1:{self.port}"),
                 ("/run/lighttpd.pid", world.path("lighttpd.pid")),
                 ("/run/rollcall", world.path("run")), ("/etc/rollcall/tls", world.path("tls")),
                 ("/var/www/rollcall", world.path("www")), ("/var/log/lighttpd", world.path("log")),
                 ('"/var/cache/rollcall-upload"', f'"{world.path("upload")}"')]
        if not as_shipped:
            edits.append(('url.access-deny = ( "" )', ""))
        for old, new in edits:
            assert old in text, f"lighttpd/production.conf has no {old} any more"
            text = text.replace(old, new)
        return text

    def url(self, path):
        return f"https://127.0.0.1:{self.port}{path}"

    def ask(self, method, path, token, body=None):
        headers = {"Authorization": "Bearer " + token} if token else {}
        return requests.request(method, self.url(path), json=body, headers=headers,
                                verify=self.certificate, timeout=60)

    def post(self, listing):
        return self.ask("POST", "/api/v1/record", self.token, listing)

    def get(self, path):
        return self.ask("GET", path, self.token)

    def count(self):
        return self.get("/api/test/count").json()["data"]["count"]

    def latest(self):
        """Its file name, and what is in it."""
        data = self.get("/api/test/latest").json()["data"]
        return data["filename"], data["content"]

    def listings(self):
        """Paths below the storage directory."""
        return [os.path.relpath(name, self.records)
                for name in sorted(glob.glob(os.path.join(self.records, "record", "*", "*.json")))
                if not os.path.islink(name)]

    def listing(self, name):
        with open(os.path.join(self.records, name), encoding="utf-8") as f:
            return json.load(f)
