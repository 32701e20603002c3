#!/usr/bin/env bats
# The CSV rows: columns, text tables, objects with aliases, escapes, formulas.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

# row JQ_PROCESSES CELLS: the pid..cmd cells of the first row, joined by |.
cells() {
    "$PYTHON" -c '
import csv, sys
rows = list(csv.reader(open(sys.argv[1], newline="", encoding="utf-8")))[1:]
sys.stdout.write("|".join(rows[int(sys.argv[2]) - 1][7:]))' "$(csv_file)" "${1:-1}"
}

processes() {
    post_with ".processes = $1"
    assert_status 200
    check_store
}

row() {
    processes "$1"
    [ "$(cells)" = "$2" ] || fail "the row is $(cells)"
}

table() {
    record >/dev/null
    post_with ".processes = $(jq -Rs . <<<"$1" | sed 's/\\n"$/"/')"
    assert_status 200
    check_store
}

@test "the header names the columns of the contract" {
    post "$T/record.json"
    [ "$(head -n 1 "$(csv_file)" | tr -d '"\r')" = received_at,client_ip,hostname,processor,os_name,os_ver,users,pid,ppid,user,cpu,mem,rss,state,start,cmd ]
}

@test "every row ends with CR LF" {
    processes '[{pid: 1}, {pid: 2}]'
    [ "$(tr -cd '\r' <"$(csv_file)" | wc -c)" = 3 ]
    [ "$(grep -c $'\r$' "$(csv_file)")" = 3 ]
}

@test "every field of a row is quoted" {
    post "$T/record.json"
    run ! grep -nvE '^("([^"]|"")*",){15}"([^"]|"")*"'$'\r''$' <(tail -n +2 "$(csv_file)")
}

@test "the header is written once" {
    post "$T/record.json"
    post "$T/record.json"
    [ "$(grep -c received_at "$(csv_file)")" = 1 ]
}

@test "quotes are doubled" {
    row '[{pid: 1, cmd: "sh -c \"echo\""}]' '1||||||||sh -c "echo"'
    grep -qF '"sh -c ""echo"""' "$(csv_file)"
}

@test "a record without processes has one row with those columns empty" {
    row '[]' '||||||||'
    [ "$(wc -l <"$(csv_file)")" = 2 ]
}

@test "an empty processes text is one row with those columns empty" {
    row '""' '||||||||'
}

@test "the host's columns are in every row" {
    processes '[{pid: 1}, {pid: 2}]'
    [ "$(csv_cell hostname 2),$(csv_cell processor 2),$(csv_cell os_name 2),$(csv_cell os_ver 2),$(csv_cell users 2)" = h,p,Linux,6.1,ana ]
}

@test "sqlite3 imports the file and counts the rows" {
    processes '[range(50) | {pid: ., cmd: "a,b;\"c\" \(.)"}]'
    [ "$(sqlite3 :memory: ".import --csv $(csv_file) t" 'select count(*), sum(pid) from t')" = '50|1225' ]
}

@test "an object's own names fill the columns" {
    row '[{pid: 7, ppid: 1, user: "ana", cpu: 0.5, mem: 1.25, rss: 4096, state: "S", start: "Nov20", cmd: "x y"}]' \
        '7|1|ana|0.5|1.25|4096|S|Nov20|x y'
}

@test "psutil's names are aliases" {
    row '[{pid: 7, ppid: 1, username: "ana", cpu_percent: 0.5, memory_percent: 1.25, status: "sleeping",
           create_time: 1593293380.06, cmdline: ["a", "b c"], memory_info: [6782976, 131088384]}]' \
        '7|1|ana|0.5|1.25|6782976|sleeping|1593293380.06|a b c'
}

@test "name is the command where there is no other" {
    row '[{pid: 7, name: "systemd"}]' '7||||||||systemd'
}

@test "cmdline goes before name" {
    row '[{pid: 7, name: "n", cmdline: ["a", "b"]}]' '7||||||||a b'
}

@test "an empty cmdline leaves name the command" {
    row '[{pid: 2, name: "kthreadd", cmdline: []}]' '2||||||||kthreadd'
}

@test "cmd goes before cmdline and name" {
    row '[{pid: 7, name: "n", cmdline: ["a"], cmd: "c"}]' '7||||||||c'
}

@test "rss goes before memory_info" {
    row '[{pid: 7, memory_info: [1, 2], rss: 3}]' '7|||||3|||'
}

@test "null is an empty cell" {
    row '[{pid: 7, ppid: null, username: null, cmdline: null, memory_info: null, name: "n"}]' '7||||||||n'
}

@test "numbers are the source's own digits" {
    post_json '{"processor":"p","processes":[{"pid":7,"cpu":0.10,"mem":1E-2,"rss":12345678901234567890,"start":1593293380.0600}],"users":[],"os_name":"L","os_ver":"6"}'
    assert_status 200
    check_store
    [ "$(cells)" = '7|||0.10|1E-2|12345678901234567890||1593293380.0600|' ]
}

@test "a member of an object that is unknown is passed over" {
    row '[{pid: 7, threads: 3, foo: {bar: 1}}]' '7||||||||'
}

@test "ps -ef is understood" {
    table 'UID          PID    PPID  C STIME TTY          TIME CMD
root           1       0  0 Nov18 ?        00:00:04 /sbin/init splash
ana         4711       1  0 10:02 pts/0    00:00:00 sh -c sleep 1'
    [ "$(cells 1)" = '1|0|root|||||Nov18|/sbin/init splash' ]
    [ "$(cells 2)" = '4711|1|ana|||||10:02|sh -c sleep 1' ]
}

@test "ps aux is understood, RSS being KiB" {
    table 'USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
root           1  0.0  0.1 168140 11264 ?        Ss   Nov18   0:04 /sbin/init splash'
    [ "$(cells)" = '1||root|0.0|0.1|11534336|Ss|Nov18|/sbin/init splash' ]
}

@test "ps's -o columns are understood in any order" {
    table '  PID  PPID USER     %CPU %MEM   RSS S STARTED COMMAND
    1     0 root      1.5 12.0     0 S 10:00:01 init'
    [ "$(cells)" = '1|0|root|1.5|12.0|0|S|10:00:01|init' ]
}

@test "the last column takes the rest of the line" {
    table 'PID ARGS
1 a  b   c "d" 100%'
    [ "$(cells)" = '1||||||||a  b   c "d" 100%' ]
}

@test "unknown columns are passed over" {
    table 'PID NLWP TTY CMD
1 5 ? init'
    [ "$(cells)" = '1||||||||init' ]
}

@test "each spelling of a column is understood" {
    table 'PID UID CPU MEM STATE STIME ARGS
1 0 1.0 2.0 S 10:00 x'
    [ "$(cells)" = '1||0|1.0|2.0||S|10:00|x' ]
}

@test "a line that does not fit the header goes into cmd whole" {
    table 'PID PPID USER %CPU %MEM CMD
1 0 root 0.0 0.1 init
not a process line at all
2 0 root 0.0 0.1 kthreadd'
    [ "$(cells 2)" = '||||||||not a process line at all' ]
    [ "$(cells 3)" = '2|0|root|0.0|0.1||||kthreadd' ]
}

@test "a line with too few words goes into cmd whole" {
    table 'PID PPID USER %CPU %MEM CMD
1 0 root'
    [ "$(cells)" = '||||||||1 0 root' ]
}

@test "lstart's five words go into cmd whole" {
    table 'PID STARTED CMD
1 Fri Nov 20 10:00:00 2026 init'
    [ "$(cells)" = '||||||||1 Fri Nov 20 10:00:00 2026 init' ]
}

@test "a cell that does not fit its column sends the line to cmd" {
    table 'PID RSS CMD
1 12M init'
    [ "$(cells)" = '||||||||1 12M init' ]
}

@test "text whose first line is no header goes into cmd line by line" {
    table 'init
sshd: ana [priv]'
    [ "$(cells 1)" = '||||||||init' ]
    [ "$(cells 2)" = '||||||||sshd: ana [priv]' ]
}

@test "a first line in capitals without a known column is no header" {
    table 'FOO BAR
x'
    [ "$(cells 1)" = '||||||||FOO BAR' ]
}

@test "a header alone is a record without processes" {
    table 'PID CMD'
    [ "$(cells)" = '||||||||' ]
    last_line | jq -e '.rollcall.process_count == 0'
}

@test "a text's newline at the end adds no row" {
    row '"PID CMD\n1 init\n"' '1||||||||init'
    [ "$(wc -l <"$(csv_file)")" = 2 ]
}

@test "RSS of a text is multiplied without overflow up to 2^62" {
    table 'PID RSS CMD
1 4503599627370496 x'
    [ "$(cells)" = '1|||||4611686018427387904|||x' ]
}

@test "users of a text are its lines" {
    post_with '.users = "ana\n ben \n\ncarl"'
    check_store
    [ "$(csv_cell users)" = 'ana;ben;carl' ]
}

@test "users of objects are their names" {
    post_with '.users = [{name: "ana", tty: "pts/0"}, "ben", {name: "carl", terminal: null}]'
    assert_status 200
    check_store
    [ "$(csv_cell users)" = 'ana;ben;carl' ]
}

@test "users are cut after 4 KiB at a whole character" {
    post_with '.users = [range(3000) | "é"]'
    assert_status 200
    check_store
    [ "$(csv_cell users | wc -c)" -le 4096 ]
    [ "$(csv_cell users | wc -c)" -gt 4090 ]
}

@test "users of exactly 4 KiB are whole" {
    post_with '.users = ["x" * 4096]'
    check_store
    [ "$(csv_cell users | wc -c)" = 4096 ]
}

@test "the JSON line keeps the users that the CSV cuts" {
    post_with '.users = [range(3000) | "user\(.)"]'
    stored_record | jq -e '.users | length == 3000'
}

@test "newline, tab and CR are written as \\n \\t \\r" {
    row '[{pid: 1, cmd: "a\nb\tc\rd"}]' '1||||||||a\nb\tc\rd'
    [ "$(wc -l <"$(csv_file)")" = 2 ]
}

@test "other control characters are written as \\xhh in lower case" {
    row '[{pid: 1, cmd: "a\u0001b\u001bc"}]' '1||||||||a\x01b\x1bc'
}

@test "C1 controls are written as \\xhh" {
    row '[{pid: 1, cmd: "a\u0080b\u009bc"}]' '1||||||||a\x80b\x9bc'
}

@test "DEL is written as \\x7f" {
    row '[{pid: 1, cmd: "a\u007fb"}]' '1||||||||a\x7fb'
}

@test "text beyond ASCII is kept" {
    row '[{pid: 1, cmd: "grüße 你好 😀"}]' '1||||||||grüße 你好 😀'
}

@test "no control character of any column reaches the file raw" {
    post_with '.hostname = "a\nb" | .processor = "\u0007" | .os_name = "x\u0085y" | .users = ["u\u0000"]
        | .processes = [{pid: 1, user: "\t", state: "\r\n"}]'
    assert_status 200
    check_store
    run ! grep -qaP '[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]' "$(csv_file)"
    [ "$(wc -l <"$(csv_file)")" = 2 ]
}

formula() {
    row "[{pid: 1, cmd: \"$1cmd\"}]" "1||||||||'$1cmd"
}

@test "a field that begins with = gets a quote in front" {
    formula '='
}

@test "a field that begins with + gets a quote in front" {
    formula '+'
}

@test "a field that begins with - gets a quote in front" {
    formula '-'
}

@test "a field that begins with @ gets a quote in front" {
    formula '@'
}

@test "a formula in any column gets a quote in front" {
    post_with '.hostname = "=1" | .processor = "+1" | .os_name = "@x" | .os_ver = "-x" | .users = ["=u"]
        | .processes = [{pid: 1, user: "=cmd()", state: "@"}]'
    assert_status 200
    check_store
    [ "$(csv_cell hostname)|$(csv_cell processor)|$(csv_cell os_name)|$(csv_cell os_ver)|$(csv_cell users)|$(csv_cell user)|$(csv_cell state)" = \
        "'=1|'+1|'@x|'-x|'=u|'=cmd()|'@" ]
}

@test "a formula's characters further in are left alone" {
    row '[{pid: 1, cmd: "a=b+c-d@e"}]' '1||||||||a=b+c-d@e'
}

@test "the JSON line holds the exact value" {
    row '[{pid: 1, cmd: "=1\n"}]' "1||||||||'=1\\n"
    stored_record | jq -e '.processes[0].cmd == "=1\n"'
}

@test "10,000 processes are 10,000 rows" {
    processes '[range(10000) | {pid: ., cmd: "c\(.)"}]'
    [ "$(wc -l <"$(csv_file)")" = 10001 ]
}
