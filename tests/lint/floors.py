#!/usr/bin/env python3
"""floors.py TABLE FOLDER...: checks the #includes of all C files against the table of floors.

A row is `floor place library=file,file...`. A place is a folder, or a file without its suffix (handler/store
means store.c and store.h), which is then not in its folder's row. A file may include headers of
its own place and of places on lower floors. Of the outside libraries, a place may include only those
that its row names, and only in the files named there.
"""
import os
import pathlib
import re
import sys

LIBRARIES = {
    "fcgi": r"fcgi.*\.h",
    "csv": r"csv\.h",
    "cjson": r"(cjson/)?cJSON\.h",
    "curl": r"curl/.*",
    "deflate": r"libdeflate\.h",
    "seccomp": r"seccomp\.h",
    "expat": r"expat\.h",
    "zlib": r"zlib\.h",
    "crypto": r"openssl/.*",
}


def includes(path):
    return re.findall(r'^\s*#\s*include\s+([<"])([^">]+)[">]', path.read_text(), re.M)


def read_table(path):
    """place -> (floor, {library: set of file names})"""
    table = {}
    for line in pathlib.Path(path).read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            libraries = {lib: set(files.split(",")) for lib, files in (word.split("=") for word in words[2:])}
            table[words[1]] = (tuple(int(n) for n in words[0].split(".")), libraries)
    return table


def place_of(name, table):
    """The row of a file: its own, else its folder's."""
    return name if name in table else os.path.dirname(name)


def check_includes(name, paths, table, names, seen):
    place = place_of(name, table)
    floor, libraries = table[place]
    for kind, target in (found for path in paths for found in includes(path)):
        if kind == "<":
            for library in (lib for lib, rx in LIBRARIES.items() if re.fullmatch(rx, target)):
                seen.add((place, library, os.path.basename(name)))
                if os.path.basename(name) not in libraries.get(library, ()):
                    yield f"{name} includes {library}, which its row does not allow"
            continue
        other = re.sub(r"\.(h|def)$", "", target)
        if other not in names:
            yield f'{name} includes "{target}", which is not a header of this tree'
        elif place_of(other, table) != place and table[place_of(other, table)][0] >= floor:
            yield f"{name} (floor {dotted(floor)}) includes {other} (floor {dotted(table[place_of(other, table)][0])})"


def check(table, names):
    seen = set()
    used = {place_of(name, table) for name in names}
    for place in sorted(set(table) - used):
        yield f"{place} is in the table of floors, but has no C file"
    for name, paths in sorted(names.items()):
        if place_of(name, table) not in table:
            yield f"{name} is in no row of the table of floors"
        else:
            yield from check_includes(name, paths, table, names, seen)
    for place, (_, libraries) in sorted(table.items()):
        for library, files in sorted(libraries.items()):
            for file in sorted(files):
                if (place, library, file) not in seen:
                    yield f"{place} need not allow {library} in {file}: it does not include it"


def dotted(floor):
    return ".".join(str(n) for n in floor)


def main():
    names = {}
    for folder in sys.argv[2:]:
        for path in sorted(pathlib.Path(folder).rglob("*.[ch]")):
            names.setdefault(str(path.with_suffix("")), []).append(path)
    problems = list(check(read_table(sys.argv[1]), names))
    print("\n".join(problems))
    sys.exit(bool(problems))


main()
