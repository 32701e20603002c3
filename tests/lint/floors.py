#!/usr/bin/env python3
"""floors.py TABLE FOLDER...: holds the #includes of all C files against the table of floors.

A line of the table is `floor file library...`: the file (handler/store stands for store.c and
store.h) includes its own header, headers of lower floors, and of the outside libraries only those
that are named.
"""
import pathlib
import re
import sys

LIBRARIES = {
    "fcgi": r"fcgi.*\.h",
    "csv": r"csv\.h",
    "cjson": r"(cjson/)?cJSON\.h",
    "curl": r"curl/.*",
    "deflate": r"libdeflate\.h",
    "expat": r"expat\.h",
    "zlib": r"zlib\.h",
    "crypto": r"openssl/.*",
}


def includes(path):
    return re.findall(r'^\s*#\s*include\s+([<"])([^">]+)[">]', path.read_text(), re.M)


def sources(folders):
    """name -> its .c and .h files"""
    found = {}
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*.[ch]")):
            found.setdefault(str(path.with_suffix("")), []).append(path)
    return found


def resolve(path, target, names):
    """The name behind #include "target": beside the file, or below handler/ (-Ihandler)."""
    for base in (path.parent, pathlib.Path("handler")):
        name = str((base / target).with_suffix(""))
        if name in names:
            return name
    return None


def uses(name, names):
    """(inner names, outside libraries, what cannot be placed) of a file."""
    inner, outer, unknown = set(), set(), set()
    for path in names[name]:
        for kind, target in includes(path):
            if kind == "<":
                outer |= {lib for lib, rx in LIBRARIES.items() if re.fullmatch(rx, target)}
            else:
                found = resolve(path, target, names)
                (inner if found else unknown).add(found or target)
    return inner - {name}, outer, unknown


def read_table(path):
    table = {}
    for line in pathlib.Path(path).read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            table[words[1]] = (tuple(int(n) for n in words[0].split(".")), set(words[2:]))
    return table


def check(table, names):
    for name in sorted(set(table) - set(names)):
        yield f"{name} is in the table of floors, but there is no such file"
    for name in sorted(names):
        if name not in table:
            yield f"{name} is not in the table of floors"
            continue
        floor, libraries = table[name]
        inner, outer, unknown = uses(name, names)
        for other in sorted(inner & set(table)):
            if table[other][0] >= floor:
                yield f"{name} (floor {dotted(floor)}) includes {other} (floor {dotted(table[other][0])})"
        for library in sorted(outer - libraries):
            yield f"{name} includes {library}, which the table does not allow it"
        for library in sorted(libraries - outer):
            yield f"{name} need not be allowed {library}: it does not include it"
        for target in sorted(unknown):
            yield f'{name} includes "{target}", which is not found'


def dotted(floor):
    return ".".join(str(n) for n in floor)


def main():
    table = read_table(sys.argv[1])
    problems = list(check(table, sources(sys.argv[2:])))
    print("\n".join(problems))
    sys.exit(bool(problems))


main()
