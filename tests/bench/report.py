"""report: what was measured as a table to read, as JSON for tools, and as a plot."""
import json
import os
import shutil
import subprocess

import targets
from machine import HERE, say


def table(title, head, rows):
    """A table in Markdown, its columns aligned."""
    cells = [[str(c) for c in row] for row in [head] + rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    cells.insert(1, ["-" * w for w in widths])
    text = [f"| {' | '.join(c.ljust(w) for c, w in zip(row, widths))} |" for row in cells]
    return "\n".join([title, "", *text, ""])


def number(value, digits=3):
    """Three digits that count, thousands apart."""
    if value is None:
        return "-"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def times(value):
    return "-" if value is None else f"{number(value)} x"


def handler_table(rows):
    lines = []
    for r in rows:
        null = targets.row(rows, size=r["size"], server="null")
        flask = targets.row(rows, size=r["size"], server="flask")
        lines.append([f"{r['size']} ({r['bytes'] / 1000:.1f} KB)", r["server"], number(r["cpu_us"]),
                      f"{number(r['cpu_us_min'])}-{number(r['cpu_us_max'])}", times(targets.ratio(r, null, "cpu_us")),
                      times(targets.ratio(flask, r, "cpu_us")), number(r["rate"]), number(r["p50_ms"]),
                      number(r["p99_ms"]), number(r["memory_kib"] / 1024), r["counted"]])
    return table("Handler: 64 connections from 64 addresses; CPU of all server processes; medians",
                 ["body", "server", "CPU us/request", "min-max", "of null", "less than Flask", "requests/s",
                  "p50 ms", "p99 ms", "private MiB", "counted in the files"], lines)


def ways_table(rows):
    lines = []
    for r in rows:
        null = targets.row(rows, way=r["way"], size=r["size"], server="null")
        lines.append([r["way"], r["size"], r["server"], number(r["cpu_us"]), f"{number(r['cpu_us_min'])}-{number(r['cpu_us_max'])}",
                      times(targets.ratio(r, null, "cpu_us")), number(r["rate"]), number(r["p50_ms"]),
                      number(r["p99_ms"]), number(r["memory_kib"] / 1024), r["counted"]])
    return table("As clients send: 64 connections from 64 addresses; CPU of all server processes; medians",
                 ["way", "body", "server", "CPU us/request", "min-max", "of null", "requests/s", "p50 ms", "p99 ms",
                  "private MiB", "counted in the files"], lines)


def instructions_table(part):
    lines = [[r["size"], r["server"], number(r["own"]), number(r["libcrypto"])] for r in part["instructions"]]
    return table("Instructions a request, of the worker alone (callgrind)",
                 ["body", "build", "its own", "libcrypto's"], lines)


def syscalls_table(part):
    def names(calls):
        return " ".join(f"{name} {number(n)}" for name, n in sorted(calls.items(), key=lambda c: -c[1]) if n >= 0.1)
    lines = [[r["size"], r["server"], number(r["web server"]), number(r["worker"]), names(r["calls"]["worker"])]
             for r in part["syscalls"]]
    return table("System calls a request (strace)",
                 ["body", "handler", "web server", "worker", "the worker's"], lines)


def alone_table(rows):
    return table("One worker without its web server, 64 addresses in turn",
                 ["body", "handler", "CPU us/request", "min"],
                 [[r["size"], r["server"], number(r["cpu_us"]), number(r["cpu_us_min"])] for r in rows])


def store_tables(parts):
    text = []
    if "sync" in parts:
        s = parts["sync"]
        lines = [[f"fdatasync pairs alone, {n} writers", number(rate), ""] for n, rate in s["pairs_per_s"].items()]
        lines += [[f"rollcall, sync, {n} workers", number(rate), times(rate / s["limit"])]
                  for n, rate in s["records_per_s"].items()]
        text.append(table(f"Records on disk a second, 64 clients from 64 addresses, {s['file_system']}",
                          ["", "records/s", "of the limit"], lines))
    if "memory" in parts:
        m = parts["memory"]
        text.append(table("Memory private to a worker", ["after", "KiB"],
                          [["a second of L", m["kib_before"]], [f"{m['requests']:,} more requests", m["kib_after"]]]))
    return text


def growth_table(rows):
    first = {}
    for r in rows:
        first.setdefault(r["what"], r)
    lines = [[r["what"], r["case"], number(r["cpu_us"]),
              times(r["cpu_us"] / first[r["what"]]["cpu_us"]), number(r["rate"]), number(r["p99_ms"])] for r in rows]
    return table("Growth: body S, 64 connections unless said",
                 ["as this grows", "case", "CPU us/record", "of the first", "records/s", "p99 ms"], lines)


def agent_tables(part):
    shots = part["one_shot"]
    lines = [[r["processes"], r["what"], number(r["cpu_ms"]), number(r["cpu_ms_min"]), number(r["wall_ms"]),
              number(r["rss_mib"]), number(r["cpu_ms"] * 1e3 / r["processes"])] for r in shots]
    text = [table("Agent: one run", ["processes", "program", "CPU ms", "min", "wall ms", "peak MiB", "CPU us/process"],
                  lines)]
    lines = [[r["processes"], number(r["cpu_ms"]), number(r["rss_mib"]), f"{r['bytes_sent']:,.0f}", r["beats"]]
             for r in part["every"]]
    text.append(table("Agent that stays (--every): one beat",
                      ["processes", "CPU ms", "peak MiB", "bytes sent", "beats"], lines))
    text.append(table("System calls a process", ["program", "processes", "calls"],
                      [[r["what"], r["processes"], number(r["a_process"])] for r in part["syscalls"]]))
    text.append(table("Size", ["program", "bytes"], [[k, f"{v:,}"] for k, v in part["bytes"].items()]))
    return text


def targets_table(found):
    lines = [[t["what"], f"{'>=' if t['least'] else '<='} {number(t['target'])}{t['unit']}",
              f"{number(t['value'])}{t['unit']}", "met" if t["met"] else "MISSED"] for t in found]
    return table("Targets", ["what", "target", "measured", ""], lines)


def text_of(found):
    m, parts = found["machine"], found["parts"]
    text = [f"rollcall bench, {found['date']}: {found['command']}",
            f"{m['cores']} x {m['cpu']}, {m['memory_gib']} GiB, {m['system']}, Linux {m['kernel']}; files on "
            f"{found['directory']}; load before {m['load']:.1f}", ""]
    if "handler" in parts:
        text.append(handler_table(parts["handler"]))
    if "ways" in parts:
        text.append(ways_table(parts["ways"]))
    if "alone" in parts:
        text.append(alone_table(parts["alone"]))
    if "instructions" in parts:
        text += [instructions_table(parts["instructions"]), syscalls_table(parts["instructions"])]
    text += store_tables(parts)
    if "growth" in parts:
        text.append(growth_table(parts["growth"]))
    if "agent" in parts:
        text += agent_tables(parts["agent"])
    text.append(targets_table(found["targets"]))
    text += [f"skipped: {part}: {why}" for part, why in found["skipped"].items()]
    return "\n".join(text)


# ---- the plot

def plot_data(parts, folder):
    """The columns that plot.gp draws."""
    with open(os.path.join(folder, "bodies.dat"), "w", encoding="ascii") as f:
        for server in ("null", "rollcall", "rollcall, sync", "flask"):
            f.write(f'"{server}"\n')
            rows = [r for r in parts.get("handler", ()) if r["server"] == server]
            for r in sorted(rows, key=lambda r: r["bytes"]):
                f.write(f"{r['bytes']} {r['cpu_us']:.3f}\n")
            f.write("\n\n")
    with open(os.path.join(folder, "addresses.dat"), "w", encoding="ascii") as f:
        for r in parts.get("growth", ()):
            if r["what"] == "addresses":
                f.write(f"{r['case']} {r['cpu_us']:.3f}\n")


def plot(found, folder):
    if "handler" not in found["parts"] or "growth" not in found["parts"]:
        return
    if not shutil.which("gnuplot"):
        say("no plot: gnuplot is not installed")
        return
    plot_data(found["parts"], folder)
    subprocess.run(["gnuplot", os.path.join(HERE, "plot.gp")], cwd=folder, check=True)


def write(found, folder):
    found["targets"] = targets.all_targets(found["parts"])
    with open(os.path.join(folder, "bench.json"), "w", encoding="utf-8") as f:
        json.dump(found, f, indent=1)
        f.write("\n")
    text = text_of(found)
    with open(os.path.join(folder, "bench.md"), "w", encoding="utf-8") as f:
        f.write(text)
    print(text, end="")
    plot(found, folder)
    say(f"written: {', '.join(os.path.join(folder, n) for n in sorted(os.listdir(folder)) if n.startswith('bench.'))}")
