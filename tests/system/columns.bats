#!/usr/bin/env bats
# A CSV file keeps the columns of its header, for the handler, rollcall-verify and a rebuild: another version of
# rollcall may have created it.
# shellcheck disable=SC2030,SC2031

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

# other_version: turns today's pair into one of a version without `mem`, with `color`, and with `cmd` first.
other_version() {
    "$PYTHON" - "$(json_file)" <<'END'
import csv, hashlib, io, re, sys
path = sys.argv[1]
rows = list(csv.reader(open(path[:-4] + "csv", newline="")))
names = ["cmd"] + [name for name in rows[0] if name not in ("mem", "cmd")] + ["color"]
quote = lambda fields: ",".join('"' + field.replace('"', '""') + '"' for field in fields) + "\r\n"
out, chain, at, lines = quote(names).encode(), "0" * 64, 1, b""
for line in open(path, "rb").read().splitlines():
    count = max(1, int(re.search(rb'"process_count":(\d+)', line).group(1)))
    for row in rows[at:at + count]:
        cells = dict(zip(rows[0], row))
        out += quote([cells.get(name, "") for name in names]).encode()
    at += count
    body = line[:line.rindex(b',"chain"')]
    body = re.sub(rb'"line_start":\d+', b'"line_start":%d' % len(lines), body)
    body = re.sub(rb'"csv_end":\d+$', b'"csv_end":%d' % len(out), body)
    chain = hashlib.sha256(chain.encode() + body).hexdigest()
    lines += body + b',"chain":"' + chain.encode() + b'"}}\n'
open(path, "wb").write(lines)
open(path[:-4] + "csv", "wb").write(out)
END
}

@test "a file of another version: rows are appended, checked, healed and rebuilt with its columns" {
    record '.processes = [{"pid": 7, "mem": 1.5, "cmd": "a \"b\", c"}, {"pid": 8}]' >"$T/r"
    post "$T/r"
    post "$T/r"
    other_version
    verify
    post "$T/r"
    assert_status 200
    [ "$(head -n 1 "$(csv_file)")" = $'"cmd","received_at","client_ip","hostname","processor","os_name","os_ver","users","pid","ppid","user","cpu","rss","state","start","color"\r' ]
    [ "$(tail -n 2 "$(csv_file)" | sed 's/,"20[^"]*Z"/,"TIME"/' | cut -d, -f1-3 | head -n 1)" = '"a ""b"", c"' ] ||
        [[ $(tail -n 2 "$(csv_file)" | head -n 1) == '"a ""b"", c","20'* ]]
    [[ $(tail -n 1 "$(csv_file)") == '"","20'*',"8","","","","","","",""'* ]]
    verify
    # Rows that a power loss took are made again, by the next writer and by rollcall-verify.
    cp "$(csv_file)" "$T/whole"
    truncate -s -40 "$(csv_file)"
    post "$T/r"
    assert_status 200
    cmp -n "$(stat -c %s "$T/whole")" "$(csv_file)" "$T/whole"
    verify
    cp "$(csv_file)" "$T/whole"
    printf 'damage' | dd of="$(csv_file)" bs=1 seek=300 conv=notrunc status=none
    run "$VERIFY" "$RECORDS"
    [ "$status" = 1 ]
    "$VERIFY" --rebuild-csv "$(json_file)"
    cmp "$(csv_file)" "$T/whole"
}
