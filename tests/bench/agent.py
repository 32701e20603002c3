"""agent: one beat and many, beside few and very many processes, and what else collects the same.

Everything runs in a PID namespace of its own, beside `zoo`'s sleeping processes, as root or as
root of a user namespace.
"""
import os
import platform
import re
import shlex
import statistics
import subprocess

from counts import calls_in
from load import note
from machine import BUILD, HERE, PYTHON, Missing, Wrong, program, say, text_of, tool
from servers import TOKEN, Rollcall


def namespace():
    """A PID namespace of its own with its /proc, whose processes end with it."""
    spaces = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *spaces, "--pid", "--fork", "--mount-proc", "--kill-child"]


def in_zoo(count, script, timeout=600):
    """Runs a shell script beside so many processes."""
    done = subprocess.run([*namespace(), tool("zoo"), str(count)], input=script, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=timeout)
    if done.returncode != 0:
        raise Wrong(f"beside {count} processes: {done.stdout[-1000:]}")
    return done.stdout


def empty_config(folder):
    """So that this machine's own is not read."""
    path = os.path.join(folder, "agent.json")
    with open(path, "w", encoding="ascii") as f:
        f.write("{}\n")
    return path


def agent_command(path, server, folder, *more):
    """One beat of an agent to a server."""
    token = os.path.join(folder, "token")
    with open(os.open(token, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as f:
        f.write(TOKEN + "\n")
    secure = ["--cacert", server.cert] if server.tls else []
    return [path, "--config", empty_config(folder), "--url", server.url(), "--token-file", token,
            "--spool", os.path.join(folder, "spool"), *secure, *more]


def static_agent():
    """The agent of `make agent-static`, when it was made."""
    path = os.path.join(BUILD, "static", f"rollcall-agent-{platform.machine()}")
    return path if os.access(path, os.X_OK) else None


def commands(server, tls, folder, plan):
    """name -> command: what is compared."""
    agent = program("rollcall-agent")
    found = {"agent: start alone": [agent, "--version"],
             "agent: collect": [agent, "--print", "--config", empty_config(folder)],
             "agent: one beat, HTTP": agent_command(agent, server, folder),
             "agent: one beat, HTTPS": agent_command(agent, tls, folder),
             "ps": ["ps", "-eo", "pid,ppid,user,%cpu,%mem,args"],
             "libproc2: collect": [tool("libproc2")]}
    if plan.has_python("psutil"):
        peer = [PYTHON, os.path.join(HERE, "peer_psutil.py")]
        found["psutil: collect"] = peer
        found["psutil + requests: one beat, HTTP"] = peer + [server.url(), os.path.join(folder, "token")]
    if static_agent():
        found["static agent: start alone"] = [static_agent(), "--version"]
        found["static agent: one beat, HTTP"] = agent_command(static_agent(), server, folder)
        found["static agent: one beat, HTTPS"] = agent_command(static_agent(), tls, folder)
    return found


def rounds_script(found, rounds, folder):
    """All commands in turn, round after round; results in files numbered as the commands are."""
    lines = []
    for _ in range(rounds):
        for number, argv in enumerate(found.values()):
            lines.append(f"{shlex.quote(tool('measure'))} {shlex.join(argv)} </dev/null >{folder}/out 2>>{folder}/err "
                         f"3>>{folder}/result.{number}")
    return "\n".join(lines)


def results(found, folder):
    rows = []
    for number, name in enumerate(found):
        runs = [[int(n) for n in line.split()] for line in text_of(f"{folder}/result.{number}").splitlines()]
        if not runs or any(run[3] for run in runs):
            raise Wrong(f"{name}: status {[run[3] for run in runs]}: {text_of(folder + '/err')[-500:]}")
        middle = [statistics.median(column) for column in zip(*runs)]
        rows.append({"what": name, "wall_ms": middle[0] / 1e3, "cpu_ms": middle[1] / 1e3,
                     "cpu_ms_min": min(run[1] for run in runs) / 1e3, "rss_mib": middle[2] / 1024})
    return rows


def one_shot(place, server, tls, plan, processes):
    folder = place.folder("agent")
    found = commands(server, tls, folder, plan)
    rounds = plan.agent_rounds(processes)
    in_zoo(processes, rounds_script(found, rounds, folder))
    beats = [name for name in found if "one beat" in name]
    note(server, rounds * sum("HTTPS" not in name for name in beats), 0)
    note(tls, rounds * sum("HTTPS" in name for name in beats), 0)
    return [{"processes": processes, **row} for row in results(found, folder)]


def every(place, server, plan, processes):
    """An agent that stays. Its first beat, with the start, is taken off by running one alone."""
    folder = place.folder("every")
    argv = agent_command(program("rollcall-agent"), server, folder)
    beats = plan.beats
    stay = ["timeout", str(beats), *argv, "--every", "1s"]
    script = "\n".join(f"{tool('measure')} {shlex.join(a)} </dev/null >>{folder}/{name} 2>>{folder}/err "
                       f"3>>{folder}/{name}.cost || true" for name, a in (("once", argv), ("stay", stay)))
    in_zoo(processes, script)
    once, stays = ([int(n) for n in text_of(f"{folder}/{name}.cost").split()] for name in ("once", "stay"))
    sent = [int(n) for n in re.findall(r"delivered .*?bytes=(\d+)", text_of(f"{folder}/stay"))]
    if len(sent) < 2:
        raise Wrong(f"rollcall-agent --every: {len(sent)} beats: {text_of(folder + '/err')[-500:]}")
    note(server, len(sent) + 1, 0)
    return {"processes": processes, "beats": len(sent), "bytes_sent": statistics.median(sent),
            "cpu_ms": (stays[1] - once[1]) / 1e3 / (len(sent) - 1), "rss_mib": stays[2] / 1024}


def traced_calls(place, argv, processes):
    """System calls of a command and its children, beside so many processes."""
    folder = place.folder("strace")
    in_zoo(processes, f"strace -f -c -o {folder}/calls {shlex.join(argv)} </dev/null >{folder}/out")
    return sum(calls_in(f"{folder}/calls").values())


def syscalls(place, plan):
    """System calls a process: what more there are beside so many processes than beside none."""
    agent = [program("rollcall-agent"), "--print", "--config", empty_config(place.folder("agent"))]
    found = {"agent: collect": agent, "ps": ["ps", "-eo", "pid,ppid,user,%cpu,%mem,args"],
             "libproc2: collect": [tool("libproc2")]}
    if plan.has_python("psutil"):
        found["psutil: collect"] = [PYTHON, os.path.join(HERE, "peer_psutil.py")]
    rows = []
    for name, argv in found.items():
        base = traced_calls(place, argv, 0)
        for processes in plan.traced:
            if processes > 1000 and not name.startswith("agent"):
                continue    # minutes under strace
            say(f"agent: system calls, {name}, {processes} processes")
            rows.append({"what": name, "processes": processes,
                         "a_process": (traced_calls(place, argv, processes) - base) / processes})
    return rows


def start_up(place):
    """The agents' own sizes on disk."""
    sizes = {"agent": program("rollcall-agent"), "static agent": static_agent()}
    return {name: os.path.getsize(path) for name, path in sizes.items() if path}


def run(place, plan):
    if subprocess.run([*namespace(), "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise Missing("no PID namespaces here: be root")
    shots, stays = [], []
    with Rollcall(place, plan.cores) as server, Rollcall(place, plan.cores, tls="ec") as tls:
        for processes in plan.zoo:
            say(f"agent: one beat, {processes} processes")
            shots += one_shot(place, server, tls, plan, processes)
            say(f"agent: --every, {processes} processes")
            stays.append(every(place, server, plan, processes))
        for one in (server, tls):
            if one.stored()[0] != one.acked:
                raise Wrong(f"agents: {one.acked} beats acknowledged, {one.stored()[0]} stored")
            one.verify()
    return {"one_shot": shots, "every": stays, "syscalls": syscalls(place, plan), "bytes": start_up(place)}
