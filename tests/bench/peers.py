"""peers: other services that do the job of POST /data, each the usual way in its language."""
import os
import subprocess

from machine import BUILD, HERE, PYTHON, REPO, Missing, tool, wait_for
from servers import TOKEN, Server

PEERS = os.path.join(HERE, "peers")


class Peer(Server):
    """One that is given its settings in the environment."""

    def settings(self):
        return {"BENCH_PORT": str(self.port), "BENCH_RECORDS": self.records, "BENCH_TOKEN": TOKEN,
                "BENCH_WORKERS": str(self.workers), "PYTHONDONTWRITEBYTECODE": "1"}


class Nginx(Peer):
    """One behind nginx."""

    def fill_in(self, template, **values):
        """A file of PEERS with @NAME@ replaced, in the server's directory."""
        with open(os.path.join(PEERS, template), encoding="ascii") as f:
            text = f.read()
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        path = os.path.join(self.dir, template)
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        return path

    def start_nginx(self, pass_on):
        """pass_on: the directives that hand a request to the service."""
        tls = f" ssl; ssl_certificate {self.cert}; ssl_certificate_key {self.key}" if self.tls else ""
        conf = self.fill_in("nginx.conf", PASS=pass_on, TLS=tls, RUN=self.dir, PORT=self.port,
                            WORKERS=self.workers, USER="user root;" if os.geteuid() == 0 else "")
        self.run(["nginx", "-c", conf, "-p", self.dir, "-e", os.path.join(self.dir, "error.log")])


class Flask(Nginx):
    """nginx, gunicorn with one process a core, Flask."""

    name = "flask"

    def start(self):
        self.run([PYTHON, "-m", "gunicorn", "--chdir", PEERS, "--workers", str(self.workers), "--bind",
                  f"unix:{self.dir}/app.sock", "--log-level", "warning", "flask_app:app"], **self.settings())
        wait_for(lambda: self.alive() and os.path.exists(f"{self.dir}/app.sock"), 30, "gunicorn")
        self.start_nginx("proxy_pass http://unix:@RUN@/app.sock; proxy_set_header X-Forwarded-For $remote_addr;")


class Php(Nginx):
    """nginx and PHP-FPM: the FastCGI service that most people know."""

    name = "php-fpm"
    program = "/usr/sbin/php-fpm8.2"

    def start(self):
        conf = self.fill_in("php-fpm.conf", RUN=self.dir, WORKERS=self.workers,
                            USER="user = root\ngroup = root" if os.geteuid() == 0 else "")
        self.run([self.program, "-F", "-y", conf] + (["-R"] if os.geteuid() == 0 else []), **self.settings())
        wait_for(lambda: self.alive() and os.path.exists(f"{self.dir}/app.sock"), 30, "php-fpm")
        self.start_nginx(f"fastcgi_pass unix:@RUN@/app.sock; fastcgi_param SCRIPT_FILENAME {PEERS}/collector.php; "
                         "fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REMOTE_ADDR $remote_addr; "
                         "fastcgi_param CONTENT_TYPE $content_type; fastcgi_param CONTENT_LENGTH $content_length;")


class Fastify(Peer):
    """Node with fastify, one process a core."""

    name = "fastify"
    program = os.path.join(REPO, "build/node/bin/node")

    def start(self):
        self.run([self.program, os.path.join(PEERS, "collector.js")], **self.settings())


class Go(Peer):
    """Go's net/http, without a web server before it."""

    name = "go"

    def __init__(self, place, workers, sync=False, tls=None):
        super().__init__(place, workers, tls)
        self.sync = sync

    def start(self):
        program = build_go()
        more = {"BENCH_CERT": self.cert, "BENCH_KEY": self.key} if self.tls else {}
        if self.sync:
            more["BENCH_SYNC"] = "1"
        self.run([program], **self.settings(), **more)


def build_go():
    """Builds the Go collector, once."""
    source, program = os.path.join(PEERS, "collector.go"), tool("collector")
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        done = subprocess.run(["go", "build", "-o", program, source], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False,
                              env={**os.environ, "GOTOOLCHAIN": "local", "GO111MODULE": "off",
                                   "GOCACHE": os.path.join(BUILD, "go-cache")})
        if done.returncode != 0:
            raise Missing(f"go build: {done.stdout[-500:]}")
    return program
