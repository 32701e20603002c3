#!/usr/bin/env bats
# aws/athena/: the questions are asked in DuckDB, of files that the real handler wrote on three days; what Athena
# is given is parsed by its grammars.
# shellcheck disable=SC2034

load ../lib/helper
load aws
load days

setup() {
    rollcall_setup
    node_packages
    python_packages
    QUESTIONS=$ATHENA/duckdb
}
teardown() { rollcall_teardown; }

ask() { node "$AWS_TESTS/ask.js" "$SOURCE" "$ATHENA/duckdb/tables.sql" "SET VARIABLE day = '2026-11-20'" "$@"; }

# ask_athena QUESTION: Athena's own text, in DuckDB's words, over tables as Athena has them: all text, the day as well.
ask_athena() {
    local view
    if [ ! -d "$T/athena" ]; then
        mkdir "$T/athena"
        cat "$ATHENA"/duckdb/{tables,files}.sql | sed -E 's/VIEW (records|processes|files) AS/VIEW duck_\1 AS/' >"$T/tables.sql"
        for view in records files 'processes , CAST(pid AS VARCHAR) AS pid, CAST(ppid AS VARCHAR) AS ppid, CAST(rss AS VARCHAR) AS rss'; do
            echo "CREATE TEMP VIEW ${view%% *} AS SELECT * REPLACE (CAST(date AS VARCHAR) AS date ${view#"${view%% *}"}) FROM duck_${view%% *};"
        done >>"$T/tables.sql"
        "$VENV_PYTHON" "$AWS_TESTS/transpile.py" duckdb "$T/athena" "$ATHENA"/{[!c],c[!or]}*.sql
    fi
    node "$AWS_TESTS/ask.js" "$SOURCE; SET VARIABLE catalogue_files = '$T/archive/catalogue/*/*.jsonl'" "$T/tables.sql" "$T/athena/$1.sql"
}

# answers QUESTION LINE...: exactly these rows, of each form of the question in $FORMS; received_at's last digits,
# which the clock decides, left out.
FORMS=(duckdb)
answers() {
    local question=$1 form got
    shift
    for form in "${FORMS[@]}"; do
        case $form in
        duckdb) got=$(ask "$ATHENA/duckdb/$question.sql") ;;
        athena) got=$(ask_athena "$question") ;;
        esac
        got=$(sed -E 's/(T[0-9:]{5}):[0-9.]{6}Z/\1/g' <<<"$got")
        [ "$got" = "$(printf '%s\n' "$@")" ] || fail "$question says, in the form for $form: $got"
    done
}

@test "every question on a records directory" {
    three_days
    catalogued
    FORMS=(duckdb athena)
    SOURCE="SET VARIABLE json_files = '$RECORDS/data/*/*.json'; SET VARIABLE csv_files = '$RECORDS/data/*/*.csv'"
    all_answers
    # What a writer has not finished is no record yet.
    printf '{"hostname":"half' >>"$(json_file 10.0.0.4)"
    all_answers
}

@test "every question on the archive in S3" {
    three_days
    local file day
    for file in "$RECORDS"/data/*/*; do
        day=$(basename "$(dirname "$file")")
        mkdir -p "$T/archive/${file##*.}/date=$day"
        gzip -c "$file" >"$T/archive/${file##*.}/date=$day/$(basename "$file").gz"
    done
    SOURCE="SET VARIABLE json_files = '$T/archive/json/*/*.json.gz'; SET VARIABLE csv_files = '$T/archive/csv/*/*.csv.gz'"
    all_answers
}

@test "a record with odd types, letter cases and duplicate names stops no question" {
    three_days
    poison 2026-11-20
    SOURCE="SET VARIABLE json_files = '$RECORDS/data/*/*.json'; SET VARIABLE csv_files = '$RECORDS/data/*/*.csv'"
    local question
    for question in "$ATHENA"/duckdb/*.sql; do
        case ${question##*/} in tables.sql | files.sql | where-is.sql | parquet.sql | compact.sql) continue ;; esac
        ask "$question" >"$T/said" || fail "${question##*/}: $(cat "$T/said")"
    done
    answers kernels '["6.1","2","alpha"]' '["6.1.2","1","gamma"]'
    answers who-ran '["alpha","10.0.0.1","root","2026-11-20T10:00","2026-11-20T10:05","1","/usr/sbin/sshd -D"]' \
        '["gamma","10.0.0.3","root","2026-11-20T10:05","2026-11-20T10:05","1","sshd: ana"]'
}

@test "Athena's table of records: client members are untyped, and lines that cannot be parsed are skipped" {
    # Only the server's own member has types.
    [ "$(sed -n '/^CREATE/,/^)/p' "$ATHENA/create-records.sql" | grep -E ' (int|bigint|double|boolean|array|map|struct)' | grep -vc '^    rollcall struct')" = 0 ]
    grep -q "'ignore.malformed.json' = 'true'" "$ATHENA/create-records.sql"
    grep -q "'case.insensitive' = 'false'" "$ATHENA/create-records.sql"
    # With case kept, a column is found by its exact name: all are lower case, as the names in a record.
    [ "$(sed -n '/^CREATE/,/^)/p' "$ATHENA/create-records.sql" | grep -c '^    [a-z_]*[A-Z]')" = 0 ]
}

# catalogued: the catalogue of the days, as rollcall-archive writes it (archive.bats), below $T/archive.
catalogued() {
    local file day
    for file in "$RECORDS"/data/*/*; do
        day=$(basename "$(dirname "$file")")
        mkdir -p "$T/archive/catalogue/date=$day"
        jq -nc --arg f "${file##*/}" --arg d "$day" --argjson size "$(stat -c %s "$file")" '($f | split(".") | last) as $kind
            | {url: "s3://b/\($kind)/date=\($d)/\($f).gz", kind: $kind, client_ip: ($f | split("_")[0]), size: $size,
               gzip_size: 1, sha256: "", seq: 1, chain: ""}' >>"$T/archive/catalogue/date=$day/files.jsonl"
    done
}

@test "where-is: the URLs of an address, newest first" {
    three_days
    catalogued
    SOURCE="SET VARIABLE json_files = '$RECORDS/data/*/*.json'; SET VARIABLE csv_files = '$RECORDS/data/*/*.csv';
        SET VARIABLE catalogue_files = '$T/archive/catalogue/*/*.jsonl'"
    ask "SET VARIABLE address = '10.0.0.2'" "$ATHENA/duckdb/files.sql" "$ATHENA/duckdb/where-is.sql" | jq -r .[2] >"$T/got"
    printf 's3://b/%s\n' {csv,json}/date=2026-11-19/10.0.0.2_2026-11-19. {csv,json}/date=2026-11-18/10.0.0.2_2026-11-18. |
        sed -E 's,/(csv|json)/(.*),/\1/\2\1.gz,' | diff - "$T/got"
}

# nights: two days of alpha, beta, gamma and delta, for the questions about what becomes of a fleet.
nights() {
    local sshd='{"pid":9,"user":"root","rss":1048576,"cmd":"/usr/sbin/sshd -D"}'
    # beat TIME ADDRESS HOST USERS KERNEL PROCESSES
    beat() {
        at "$1"
        said "$2" ".hostname=\"$3\"|.users=$4|.os_pretty_name=\"Debian 12\"|.os_ver=\"$5\"|.processes=[$sshd$6]"
    }
    beat '2026-11-19 13:00:00' 10.0.0.1 alpha '["ana"]' 6.1.9 ''
    beat '2026-11-19 22:00:00' 10.0.0.1 alpha '["ana","eve"]' 6.1.9 ''
    beat '2026-11-19 22:00:00' 10.0.0.2 beta '[]' 6.1.10 ',{"pid":3,"user":"bo","cmd":"/usr/bin/vi"}'
    beat '2026-11-20 03:00:00' 10.0.0.1 alpha '["eve"]' 6.1.9 ',{"pid":5,"user":"eve","rss":10000,"cmd":"/opt/leak -x"},{"pid":6,"user":"eve","rss":9000,"cmd":"breathes"}'
    beat '2026-11-20 10:00:00' 10.0.0.1 alpha '[]' 6.1.9 ',{"pid":5,"user":"eve","rss":20000,"cmd":"/opt/leak -x"},{"pid":6,"user":"eve","rss":5000,"cmd":"breathes"}'
    beat '2026-11-20 11:00:00' 10.0.0.5 alpha '[]' 6.1.11 ',{"pid":5,"user":"eve","rss":35000,"cmd":"/opt/leak -x"},{"pid":6,"user":"eve","rss":9500,"cmd":"breathes"}'
    beat '2026-11-20 11:01:00' 10.0.0.2 beta '[]' 6.1.10 ',{"pid":3,"user":"bo","cmd":"/usr/bin/vi"},{"pid":4,"user":"bo","cmd":"/opt/leak -x"}'
    beat '2026-11-20 11:02:00' 10.0.0.3 gamma '["kim"]' 6.1.9 ''
    at "2026-11-20 11:03:00"
    said 10.0.0.4 '.hostname="delta"|.users=[]|.os_pretty_name="CentOS 7"|.os_ver="3.10.0-1160"|.processes=[]'
    at now
}

@test "the questions about change: between two times, in the night, growth, old kernels, first seen" {
    FORMS=(duckdb athena)
    nights
    catalogued
    SOURCE="SET VARIABLE json_files = '$RECORDS/data/*/*.json'; SET VARIABLE csv_files = '$RECORDS/data/*/*.csv';
        SET VARIABLE host = 'alpha'; SET VARIABLE since = '2026-11-19T12:00:00Z'; SET VARIABLE until = '2026-11-20T12:00:00Z'"
    # There is no record before noon of the 19th, so nothing can be compared.
    answers changed-between
    at "2026-11-18 11:00:00"
    said 10.0.0.1 '.hostname="alpha"|.users=["ana"]|.os_pretty_name="Debian 12"|.os_ver="6.1.9"|.processes=[{"pid":1,"user":"root","cmd":"/sbin/init"}]'
    at now
    answers changed-between '["address","10.0.0.1","10.0.0.5"]' '["kernel","6.1.9","6.1.11"]' '["program","","/opt/leak"]' \
        '["program","","/usr/sbin/sshd"]' '["program","","breathes"]' '["program","/sbin/init",""]' '["users","ana",""]'
    answers night-logins '["alpha","ana","2026-11-19T22:00","2026-11-19T22:00","no"]' '["alpha","eve","2026-11-19T22:00","2026-11-20T03:00","yes"]'
    answers growing '["alpha","leak","5","3","10000","35000","25000"]'
    answers kernels-behind '["Debian 12","beta","6.1.10","6.1.11","1"]' '["Debian 12","gamma","6.1.9","6.1.11","2"]'
    answers first-seen '["/opt/leak","2026-11-20T03:00","2","alpha"]' '["breathes","2026-11-20T03:00","1","alpha"]'
    # Of two moments with as much memory, the first.
    answers memory '["alpha","sshd","1","2026-11-20T03:00"]' '["beta","sshd","1","2026-11-20T11:01"]' \
        '["gamma","sshd","1","2026-11-20T11:02"]' '["alpha","leak","0","2026-11-20T11:00"]' '["alpha","breathes","0","2026-11-20T11:00"]'
}

@test "who-ran finds any program by its whole name only" {
    three_days
    SOURCE="SET VARIABLE json_files = '$RECORDS/data/*/*.json'; SET VARIABLE csv_files = '$RECORDS/data/*/*.csv'"
    # A login shell's dash has the apostrophe in front that keeps spreadsheets from a formula.
    same_hosts() { [ "$(ask "SET VARIABLE day = '$1'" "SET VARIABLE program = '$2'" "$ATHENA/duckdb/who-ran.sql" | jq -r '.[0]')" = "$3" ]; }
    same_hosts 2026-11-18 bash beta
    same_hosts 2026-11-18 ssh ''
    same_hosts 2026-11-18 's.*' ''
    same_hosts 2026-11-19 vi alpha
    # What stood in the record, commas and quotes included, is in the cell.
    [ "$(ask "SELECT cmd FROM processes WHERE pid = '10'")" = '["vi a,b \"c\""]' ]
}

@test "each question exists for both engines, and Athena's grammars accept theirs" {
    local check=$T/check.cjs file
    diff <(cd "$ATHENA" && find . -maxdepth 1 -name '*.sql' ! -name 'create-*' ! -name compact.sql | sort) \
        <(cd "$ATHENA/duckdb" && find . -name '*.sql' ! -name tables.sql ! -name files.sql ! -name parquet.sql ! -name compact.sql | sort)
    [ "$(cd "$ATHENA/duckdb" && find . -name '*.sql' ! -name tables.sql ! -name files.sql ! -name parquet.sql ! -name compact.sql | wc -l)" -ge 10 ]
    (cd "$AWS_TESTS" && esbuild sql-check.js --bundle --platform=node --format=cjs \
        --log-level=error --outfile="$check")
    node "$check" "$ATHENA"/*.sql
    # It does tell bad from good.
    for edit in 's/GROUP BY/GRUOP BY/' 's/ string,/ strin,/' 's/PARTITIONED BY/PARTITIONED ON/' 's/count(/count((/'; do
        mkdir -p "$T/bad"
        for file in kernels create-records; do sed "$edit" "$ATHENA/$file.sql" >"$T/bad/$file.sql"; done
        ! node "$check" "$T"/bad/*.sql >"$T/bad/said" || fail "accepted after $edit"
    done
}

@test "the columns are the handler's, in its order" {
    three_days
    head -n 1 "$(csv_file 10.0.0.1)" | tr -d '"\r' | tr , '\n' >"$T/header"
    sed -n '/^CREATE/,/^)/s/^    `\{0,1\}\([a-z_]*\).*/\1/p' "$ATHENA/create-processes.sql" | diff "$T/header" -
    # An escape character that no field can hold; a backslash would change \n into n.
    grep -q "'escapeChar' = '.u0001'" "$ATHENA/create-processes.sql"
}

@test "state and start have one meaning in the view, whatever the client sent" {
    three_days
    at "2026-11-20 12:00:00"
    said 10.0.0.9 '.hostname="forms"|.users=[]|.processes=[
        {"pid":1,"state":"S","start":"2026-11-20T10:04:30.000Z"},
        {"pid":2,"status":"disk-sleep","create_time":1593293380.06}]'
    said 10.0.0.9 '.hostname="forms"|.users=[]|.processes="PID STAT START CMD\n3 Ss+ 19:04 vim"'
    at now
    SOURCE="SET VARIABLE json_files = '$RECORDS/data/*/*.json'; SET VARIABLE csv_files = '$RECORDS/data/*/*.csv'"
    [ "$(ask "SELECT pid, state, start FROM processes WHERE hostname = 'forms' ORDER BY pid" | tr '\n' ' ')" = \
        '["1","S","2026-11-20T10:04:30.000Z"] ["2","D","2020-06-27T21:29:40.060Z"] ["3","S",null] ' ]
}
