"""units check FOLDER VERSION | units filter FOLDER UNIT: the agent's units as an old systemd reads them.

check   problems of the units in FOLDER (with their drop-ins) under systemd VERSION, one a line; exits 1
filter  the system calls that systemd 219 leaves to UNIT, by name, joined by commas; nothing if it has no filter

An unknown directive is ignored with a warning. An unknown value can change the meaning of the others: of a filter that
names an unknown group, systemd keeps its own five system calls and those that it knows.
"""
import pathlib
import sys

# The version of systemd that brought a directive or a value (NEWS of systemd), if later than 208.
SINCE = {
    "AmbientCapabilities": 229, "FixedRandomDelay": 247, "KeyringMode": 235, "LockPersonality": 235, "MemoryDenyWriteExecute": 231,
    "ProtectClock": 245, "ProtectControlGroups": 232, "ProtectHome": 214, "ProtectHostname": 242, "ProtectKernelLogs": 244,
    "ProtectKernelModules": 232, "ProtectKernelTunables": 232, "ProtectProc": 247, "ProtectSystem": 214,
    "RandomizedDelaySec": 229, "ReadWritePaths": 231, "RemoveIPC": 232, "RestrictAddressFamilies": 211,
    "RestrictNamespaces": 233, "RestrictRealtime": 231, "RestrictSUIDSGID": 242, "StateDirectory": 235, "PrivateDevices": 209,
    "SystemCallArchitectures": 209, "SystemCallErrorNumber": 209,
}
VALUES = {("Type", "exec"): 240, ("ProtectSystem", "strict"): 232, ("SystemCallFilter", "@system-service"): 239,
          ("SystemCallFilter", "@privileged"): 231, ("SystemCallFilter", "@resources"): 231}
KNOWN = {
    "Unit": {"Description", "Documentation", "After", "Wants", "Conflicts"},
    "Service": {"Type", "Environment", "ExecStart", "ExecReload", "TimeoutStartSec", "Restart", "RestartSec", "RestartPreventExitStatus",
                "User", "Group", "UMask", "NoNewPrivileges", "CapabilityBoundingSet", "PrivateTmp", "SystemCallFilter"},
    "Timer": {"Unit", "OnCalendar", "AccuracySec"},
    "Install": {"WantedBy"},
}
DEFAULT_CALLS = ["execve", "exit", "exit_group", "rt_sigreturn", "sigreturn"]


def lines(folder, unit):
    """(file, section, directive, value) of a unit and its drop-ins, in systemd's order."""
    folder = pathlib.Path(folder)
    for path in [folder / unit, *sorted((folder / f"{unit}.d").glob("*.conf"))]:
        section = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line and not line.startswith("#"):
                name, _, value = line.partition("=")
                yield path.name, section, name, value


def check(folder, version):
    for unit in sorted(pathlib.Path(folder).glob("*.*")):
        if unit.is_dir():
            continue
        for file, section, name, value in lines(folder, unit.name):
            if name not in KNOWN[section] and name not in SINCE:
                yield f"{unit.name}: {file}: no directive {name} in the table"
            if file == unit.name and SINCE.get(name, 0) > version:
                yield f"{unit.name}: systemd {version} does not know {name}"
            for word in value.lstrip("~").split():
                if VALUES.get((name, word), 0) > version and name != "Type":
                    yield f"{unit.name}: {file}: systemd {version} does not know {name}={word}"
                if file == unit.name and (name, word) in VALUES and VALUES[name, word] > version:
                    yield f"{unit.name}: systemd {version} does not know {name}={word}"


def calls(folder, unit):
    kept = []
    for _, _, name, value in lines(folder, unit):
        if name == "SystemCallFilter":
            kept = kept or DEFAULT_CALLS[:]
            kept += [word for word in value.split() if not word.startswith(("@", "~"))]
    return kept


def main():
    what, folder, argument = sys.argv[1:]
    if what == "filter":
        print(",".join(calls(folder, argument)))
        return
    found = list(check(folder, int(argument)))
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
