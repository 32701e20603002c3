#!/usr/bin/env bats
# rollcall-load: files that the real handler wrote, in a real PostgreSQL.
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

load ../lib/helper
load ../lib/postgres
load days

setup() {
    rollcall_setup
    postgres_start
}
teardown() {
    postgres_stop
    rollcall_teardown
}

LOAD=$REPO/scripts/rollcall-load

# days: two days of three addresses.
days() {
    local day
    for day in 2026-11-19 2026-11-20; do
        at "$day 10:00:00"
        said 10.0.0.1 '.hostname="alpha"|.users=["ana"]|.cores=4|.processes=[{"pid":1,"user":"root","rss":1024,"cpu":0.5,"cmd":"init"},{"pid":2,"cmd":"a \"b\",c"}]'
        said 10.0.0.1 '.hostname="alpha"|.processes=[{"pid":1,"cmd":"init"}]'
        said 2001:db8::1 '.hostname="beta"|.processes=[]'
        said ::1 '.hostname="gamma"|.processes=[{"pid":3,"cmd":"sshd"}]'
    done
    at now
}

counts() { query "SELECT (SELECT count(*) FROM rollcall.records), (SELECT count(*) FROM rollcall.processes), (SELECT count(*) FROM rollcall.loaded)"; }
loads() {
    run "$LOAD" "$@"
    [ "$status" = 0 ] || fail "rollcall-load: $status: $output"
}

@test "load: all records and processes, with types, and a second run loads nothing" {
    days
    loads "$RECORDS"
    [ "$output" = '12 files loaded' ] || fail "$output"
    [ "$(counts)" = '8|10|12' ] || fail "$(counts)"
    loads "$RECORDS"
    [ "$output" = '0 files loaded' ]
    [ "$(counts)" = '8|10|12' ]
    [ "$(query "SELECT client_ip, host, seq, cores, process_count, date FROM rollcall.records WHERE date = '2026-11-20' ORDER BY 1, 3")" = \
        '10.0.0.1|alpha|1|4|2|2026-11-20
10.0.0.1|alpha|2||1|2026-11-20
::1|gamma|1||1|2026-11-20
2001:db8::1|beta|1||0|2026-11-20' ]
    [ "$(query "SELECT pid, rss, cpu, cmd, users FROM rollcall.processes WHERE host = 'alpha' AND date = '2026-11-19' ORDER BY received_at, pid LIMIT 2")" = \
        '1|1024|0.5|init|ana
2|||a "b",c|ana' ]
    # The whole record is there, but its processes.
    [ "$(query "SELECT record ->> 'hostname', record ? 'processes', record ? 'rollcall' FROM rollcall.records WHERE host = 'beta' LIMIT 1")" = 'beta|f|f' ]
}

@test "load: a day that grew is replaced, not doubled" {
    days
    loads "$RECORDS"
    at "2026-11-20 11:00:00"
    said 10.0.0.1 '.hostname="alpha"|.processes=[{"pid":1,"cmd":"init"}]'
    at now
    loads "$RECORDS"
    [ "$output" = '2 files loaded' ] || fail "$output"
    [ "$(counts)" = '9|11|12' ] || fail "$(counts)"
    loads "$RECORDS" 2026-11-18
    [ "$output" = '0 files loaded' ]
}

@test "load: only what is committed is read" {
    days
    printf '{"hostname":"half' >>"$RECORDS/data/2026-11-20/10.0.0.1_2026-11-20.json"
    printf '"2026-11-20T10:00:00.000Z","10.0' >>"$RECORDS/data/2026-11-20/10.0.0.1_2026-11-20.csv"
    loads "$RECORDS"
    [ "$(counts)" = '8|10|12' ] || fail "$(counts)"
}

@test "load: records that jsonb refuses, and members of odd types" {
    at "2026-11-20 10:00:00"
    said 10.0.0.1 '.hostname="alpha"|.cores="many"|.memory_bytes=1.5|.boot_time="2026-02-30T00:00:00Z"|.processes=[]'
    # NUL after zero, one, two and three backslashes, twice in a row, and a number that numeric cannot hold.
    local text
    for text in '"note":"a\u0000\u0000b"' '"note":"a\\u0000"' '"note":"a\\\u0000"' '"note":1e999999' '"processor2":"\u0000"'; do
        record '.hostname="alpha"|.processes=[]' | sed "\$s|}\$|,${text//\\/\\\\}}|" >"$T/odd.json"
        post "$T/odd.json" REMOTE_ADDR=10.0.0.1
        assert_status 200
    done
    at now
    loads "$RECORDS"
    [ "$(query "SELECT seq, cores, memory_bytes, boot_time, record ->> 'note' FROM rollcall.records ORDER BY seq")" = "$(printf '%s\n' \
        '1||||' $'2||||a\xef\xbf\xbd\xef\xbf\xbdb' '3||||a\u0000' $'4||||a\\\xef\xbf\xbd' '5||||' '6||||')" ] || fail "$(query 'SELECT * FROM rollcall.records')"
    [ "$(query "SELECT seq FROM rollcall.records WHERE record IS NULL")" = 5 ]
}

@test "load: a copy of the archive, and its catalogue" {
    days
    local file day
    for file in "$RECORDS"/data/*/*; do
        day=$(basename "$(dirname "$file")")
        mkdir -p "$T/archive/${file##*.}/date=$day" "$T/archive/catalogue/date=$day"
        gzip -c "$file" >"$T/archive/${file##*.}/date=$day/${file##*/}.gz"
        echo "{\"url\":\"s3://b/${file##*/}\",\"kind\":\"${file##*.}\",\"client_ip\":\"10.0.0.1\",\"size\":1,\"gzip_size\":2,\"sha256\":\"x\",\"seq\":1,\"chain\":\"y\"}" \
            >>"$T/archive/catalogue/date=$day/files.jsonl"
    done
    loads "$T/archive"
    [ "$(counts)" = '8|10|14' ] || fail "$(counts)"
    [ "$(query 'SELECT count(*), sum(gzip_size) FROM rollcall.files')" = '12|24' ]
    # From where it was written it is the same.
    loads "$RECORDS"
    [ "$(counts)" = '8|10|14' ]
}

@test "load: a file that cannot be loaded is named, and the others are loaded" {
    days
    mkdir -p "$T/archive/csv/date=2026-11-20"
    gzip -c "$RECORDS/data/2026-11-20/10.0.0.1_2026-11-20.csv" | head -c 100 >"$T/archive/csv/date=2026-11-20/10.0.0.1_2026-11-20.csv.gz"
    gzip -c "$RECORDS/data/2026-11-20/0--1_2026-11-20.csv" >"$T/archive/csv/date=2026-11-20/0--1_2026-11-20.csv.gz"
    gzip -c "$RECORDS/data/2026-11-20/2001-db8--1_2026-11-20.csv" >"$T/archive/csv/date=2026-11-20/2001-db8--1_2026-11-20.csv.gz"
    run "$LOAD" "$T/archive"
    [ "$status" = 1 ]
    [[ $output == *"csv/date=2026-11-20/10.0.0.1_2026-11-20.csv.gz: "* ]] || fail "$output"
    [ "$(counts)" = '0|2|2' ] || fail "$(counts)"
    # Names that are not rollcall's are not looked at.
    touch "$T/archive/csv/date=2026-11-20/x'; DROP TABLE records; --_2026-11-20.csv.gz"
    run "$LOAD" "$T/archive"
    [ "$status" = 1 ]
    [ "$(counts)" = '0|2|2' ]
}

@test "load: killed half way, it goes on where it was" {
    days
    # The last file of the first day is a pipe: the loader waits in its transaction.
    local pipe=$RECORDS/data/2026-11-20/10.0.0.1_2026-11-20.csv
    mkdir -p "$T/bin"
    printf '#!/bin/sh\ncase $3 in *2026-11-20/10.0.0.1*.csv) touch "%s"; exec sleep 60 ;; esac\nexec /usr/bin/head "$@"\n' "$T/waits" >"$T/bin/head"
    chmod +x "$T/bin/head"
    PATH=$T/bin:$PATH setsid "$LOAD" "$RECORDS" 3>&- &
    local pid=$!
    wait_until 30 test -e "$T/waits"
    kill -KILL -- "-$pid"
    wait_until 30 gone "$pid"
    wait_until 30 test "$(query "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'")" = 0
    [ -s "$pipe" ]
    [ "$(query "SELECT count(*) FROM rollcall.loaded WHERE date = '2026-11-19'")" = 6 ]
    [ "$(query "SELECT count(*) FROM rollcall.processes WHERE date = '2026-11-20' AND client_ip = '10.0.0.1'")" = 0 ]
    wait_until 30 quiet
    loads "$RECORDS"
    [ "$(counts)" = '8|10|12' ] || fail "$(counts)"
}
quiet() { [ "$(query "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")" = 0 ]; }

@test "load: --keep-days drops the partitions of older days" {
    days
    at "$(date -u +%F) 00:30:00"
    said 10.0.0.1 '.hostname="alpha"|.processes=[]'
    at now
    loads --keep-days 1 "$RECORDS"
    [ "${lines[1]}" = '2 days dropped' ] || fail "$output"
    [ "$(query 'SELECT DISTINCT date FROM rollcall.records')" = "$(date -u +%F)" ] || fail "$(query 'SELECT DISTINCT date FROM rollcall.records')"
    [ "$(query "SELECT count(*) FROM pg_class WHERE relname ~ '^records_2026111'")" = 0 ]
}

@test "load: --watch loads what comes" {
    days
    "$LOAD" --watch 1s "$RECORDS" >"$T/watch.log" 2>&1 3>&- &
    PIDS+=($!)
    wait_until 60 grep -q '12 files loaded' "$T/watch.log"
    at "2026-11-20 11:00:00"
    said 10.0.0.1 '.hostname="alpha"|.processes=[]'
    at now
    wait_until 60 grep -q '^[12] files loaded' "$T/watch.log"
    nine() { [ "$(query 'SELECT count(*) FROM rollcall.records')" = 9 ]; }
    wait_until 60 nine
}

@test "load: two at once, a database that is away, and wrong options" {
    days
    psql -X -q -c 'SELECT pg_advisory_lock(7663455), pg_sleep(600)' >"$T/lock" 2>&1 3>&- &
    PIDS+=($!)
    held() { [ "$(query "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")" = 1 ]; }
    wait_until 30 held
    run "$LOAD" "$RECORDS"
    [ "$status" = 75 ]
    [[ $output == *"another rollcall-load"* ]]
    PGHOST=$T run "$LOAD" "$RECORDS"
    [ "$status" = 75 ]
    run "$LOAD" "$T/none"
    [ "$status" = 66 ]
    run "$LOAD" --watch 5 "$RECORDS"
    [ "$status" = 64 ]
    run "$LOAD" "$RECORDS" yesterday
    [ "$status" = 64 ]
    run "$LOAD" --help
    [ "$status" = 0 ]
    [[ $output == usage:* ]]
}

@test "load: the rate, of a million rows nightly" {
    local hosts=20 start seconds rows
    [ -z "${ROLLCALL_NIGHTLY-}" ] || hosts=200
    "$PYTHON" "$REPO/tests/aws/bench_load.py" "$T/made" "$hosts" 48 105
    rows=$((hosts * 48 * 105))
    start=$(date +%s%N)
    loads "$T/made"
    seconds=$((($(date +%s%N) - start) / 1000000))
    [ "$(query 'SELECT count(*) FROM rollcall.processes')" = "$rows" ]
    [ "$(query 'SELECT count(*) FROM rollcall.records')" = $((hosts * 48)) ]
    echo "# $rows rows in $seconds ms: $((rows * 60000 / seconds)) rows a minute" >&3
}

# answers QUESTION LINE...: exactly these rows of the question for PostgreSQL, as DuckDB's of the same name gives them.
answers() {
    local question=$1 got
    shift
    psql -X -q -A -t -F $'\x1f' -P null=$'\x1e' -v ON_ERROR_STOP=1 -v day=2026-11-20 -v program=sshd -v address=10.0.0.1 -v host=alpha \
        -v since=2026-11-19T12:00:00Z -v until=2026-11-20T12:00:00Z -f "$REPO/scripts/postgresql/$question.sql" >"$T/rows"
    got=$(jq -Rc 'split("\u001f") | map(if . == "\u001e" then null else . end)' "$T/rows" |
        sed -E 's/"([0-9-]{10}) ([0-9]{2}:[0-9]{2}):[0-9.]+\+00"/"\1T\2"/g' | normal)
    [ "$got" = "$([ $# = 0 ] || printf '%s\n' "$@")" ] || fail "$question says: $got"
}

@test "load: PostgreSQL gives the answers that DuckDB and Athena give" {
    three_days
    catalogued
    loads "$RECORDS"
    loads "$T/archive"
    all_answers
    where_answers
}

@test "load: the questions about change, for PostgreSQL" {
    nights
    loads "$RECORDS"
    answers changed-between
    day_before
    loads "$RECORDS"
    change_answers
    diff <(find "$REPO/scripts/postgresql" -name '*.sql' -printf '%f\n' | sort) \
        <(find "$REPO/aws/athena" -maxdepth 1 -name '*.sql' -printf '%f\n' | sed '/^create-/d; s/^compact/schema/' | sort)
}

@test "load: the program of who-ran is no pattern" {
    days
    loads "$RECORDS"
    run psql -X -q -A -t -v ON_ERROR_STOP=1 -v day=2026-11-20 -v program='s.*' -f "$REPO/scripts/postgresql/who-ran.sql"
    [ "$status" = 0 ] && [ -z "$output" ] || fail "$output"
}
