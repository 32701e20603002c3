#!/usr/bin/env python3
"""columns.py: compares every list of the CSV columns with handler/record/columns.def."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def definition():
    """(columns in order, {column: JSON names}, {column: headings})"""
    source = re.sub(r"/\*.*?\*/", "", text("handler/record/columns.def"), flags=re.S)
    source = "\n".join(line for line in source.splitlines() if not line.startswith("#"))
    columns, names, headings, by_id = [], {}, {}, {}
    for macro, arguments in re.findall(r"^(\w+)\((.*)\)$", source, re.M):
        first, *rest = [a.strip().strip('"') for a in arguments.split(",")]
        if macro in ("HOST", "PROCESS"):
            by_id[first] = rest[0]
            columns.append(rest[0])
        if macro in ("PROCESS", "JSON"):
            names.setdefault(by_id[first], []).append(rest[0])
        if macro == "PS":
            headings.setdefault(by_id[first], []).append(rest[0])
    return columns, names, headings


def plain(roff):
    """The text of a man page, without its macros."""
    return re.sub(r"\s+", " ", re.sub(r"^\.(\w+) ?", "", roff, flags=re.M)).replace(" , ", ",")


def create_table(sql):
    body = re.search(r"CREATE EXTERNAL TABLE processes \((.*?)\n\)", sql, re.S)[1]
    return re.findall(r"^\s*`?(\w+)`? string", body, re.M)


def duckdb_casts(sql):
    """Columns that the DuckDB view names; with `*` it takes all of the file."""
    view = sql[sql.index("VIEW processes"):]
    return set(re.findall(r"TRY_CAST\(\"?(\w+)\"? AS", view))


def check():
    columns, names, headings = definition()
    page, listed = plain(text("handler/rollcall-handler.8")), ",".join(columns)
    if listed not in plain(text("handler/rollcall-files.5")):
        yield f"handler/rollcall-files.5 does not list the columns {listed}"
    for column, words in headings.items():
        if "|".join(words) not in page:
            yield f"handler/rollcall-handler.8 does not list the headings {'|'.join(words)} of {column}"
    for name in (name for given in names.values() for name in given):
        if not re.search(rf"\b{name}\b", page):
            yield f"handler/rollcall-handler.8 does not name the member {name}"
    documents = [d for d in ("README.md", "handler/README.md") if (ROOT / d).exists()]
    if not any(listed in text(d) for d in documents):
        yield f"none of {', '.join(documents)} lists the columns {listed}"
    table = create_table(text("aws/athena/create-processes.sql"))
    if table != columns:
        yield f"aws/athena/create-processes.sql has the columns {','.join(table)}, not {listed}"
    for column in sorted(duckdb_casts(text("aws/athena/duckdb/tables.sql")) - set(columns)):
        yield f"aws/athena/duckdb/tables.sql casts {column}, which is not a column"


def main():
    problems = list(check())
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
