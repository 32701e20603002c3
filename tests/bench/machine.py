"""machine: the programs that the bench starts, what they use, and the place where they write.

Whatever was started here is ended by Place.close(), however the bench ends: each program is also
told by the kernel when the bench itself is gone.
"""
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("ROLLCALL_BUILD", os.path.join(REPO, "build")))
PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
TICK = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20
STARTED = time.monotonic()


class Wrong(Exception):
    """Something is wrong with what was measured: a lost record, a program that did not start."""


class Missing(Exception):
    """Something that a part needs is not installed, or not allowed here."""


def tool(name):
    """A program of the bench."""
    return os.path.join(BUILD, "tests/bench", name)


def program(name):
    """A program of rollcall."""
    return os.path.join(BUILD, name)


def say(text):
    print(f"bench: {time.monotonic() - STARTED:4.0f} s: {text}", file=sys.stderr, flush=True)


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Wrong(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def text_of(path):
    """A file's text; empty when it, or its process, is gone."""
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


# ---- processes

def tree(pid):
    """A process and all that descend from it."""
    pids = [pid]
    for one in pids:
        for task in os.listdir(f"/proc/{one}/task") if os.path.exists(f"/proc/{one}/task") else ():
            pids += [int(p) for p in text_of(f"/proc/{one}/task/{task}/children").split()]
    return pids


def cpu_seconds(pids):
    """User and system time of processes, and of those of their children that have ended."""
    total = 0
    for pid in pids:
        fields = text_of(f"/proc/{pid}/stat").rpartition(")")[2].split()
        total += sum(int(n) for n in fields[11:15])
    return total / TICK


def private_kib(pid):
    """Memory that no other process shares."""
    return sum(int(line.split()[1]) for line in text_of(f"/proc/{pid}/smaps_rollup").splitlines()
               if line.startswith("Private_"))


class Place:
    """A directory of the bench's own, and the programs that write there."""

    def __init__(self, parent):
        self.parent = parent
        remove_stale(parent)
        self.dir = tempfile.mkdtemp(prefix=f"rollcall-bench.{os.getpid()}.", dir=parent)
        os.chmod(self.dir, 0o755)
        self.programs = []

    def folder(self, name):
        path = tempfile.mkdtemp(prefix=name + ".", dir=self.dir)
        os.chmod(path, 0o755)
        return path

    def start(self, argv, log, stdin=subprocess.DEVNULL, **more):
        with open(log, "ab") as out:
            started = subprocess.Popen(["setpriv", "--pdeathsig", "TERM"] + argv, stdout=out, stderr=out,
                                       stdin=stdin, start_new_session=True, **more)
        self.programs.append(started)
        return started

    def stop(self, started):
        if started not in self.programs:
            return
        self.programs.remove(started)
        pids = tree(started.pid)
        if started.poll() is None:
            started.terminate()
        try:
            started.wait(10)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
        for pid in pids[1:]:       # a worker that outlived its master
            end_process(pid)

    def close(self):
        for started in list(self.programs):
            self.stop(started)
        shutil.rmtree(self.dir, ignore_errors=True)


def runs(pid):
    """A process that has ended, and that nobody has asked about yet, runs no more."""
    state = text_of(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return bool(state) and state[0] != "Z"


def end_process(pid):
    end = time.monotonic() + 5
    while runs(pid):
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            break
        time.sleep(0.01)


def remove_stale(parent):
    """Directories of benches that were killed."""
    for name in os.listdir(parent):
        pid = name.split(".")[1] if name.startswith("rollcall-bench.") else ""
        if pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
            shutil.rmtree(os.path.join(parent, name), ignore_errors=True)


# ---- what machine it is

def describe():
    cpu = [line.split(":", 1)[1].strip() for line in text_of("/proc/cpuinfo").splitlines()
           if line.startswith(("model name", "Model"))]
    memory = int(text_of("/proc/meminfo").split()[1]) // 1024 // 1024
    return {"cpu": cpu[0] if cpu else platform.machine(), "cores": os.cpu_count(),
            "memory_gib": memory, "kernel": platform.release(), "system": pretty_name(),
            "load": os.getloadavg()[0]}


def pretty_name():
    for line in text_of("/etc/os-release").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.split("=", 1)[1].strip('"')
    return platform.system()


def file_system(path):
    """What a path lies on, as `ext4`."""
    done = subprocess.run(["findmnt", "-n", "-o", "FSTYPE", "-T", path], stdout=subprocess.PIPE, check=False,
                          text=True)
    return done.stdout.strip() or "unknown"


def free_bytes(path):
    st = os.statvfs(path)
    return st.f_bavail * st.f_frsize
