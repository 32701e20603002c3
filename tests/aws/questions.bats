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
    CATALOGUE="SET VARIABLE catalogue_files = '$T/archive/catalogue/*/*.jsonl'"
}
teardown() { rollcall_teardown; }

ask() { node "$AWS_TESTS/ask.js" "$CATALOGUE; $SOURCE" "$ATHENA/duckdb/tables.sql" "SET VARIABLE day = '2026-11-20'" "$@"; }

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
    node "$AWS_TESTS/ask.js" "$CATALOGUE; $SOURCE" "$T/tables.sql" "$T/athena/$1.sql"
}

# answers QUESTION LINE...: exactly these rows, of each form of the question in $FORMS.
FORMS=(duckdb)
answers() {
    local question=$1 form got files
    shift
    for form in "${FORMS[@]}"; do
        case $form in
        duckdb)
            files=$ATHENA/duckdb/files.sql
            [ "$question" = where-is ] || files=
            got=$(ask ${files:+"$files"} "$ATHENA/duckdb/$question.sql")
            ;;
        athena) got=$(ask_athena "$question") ;;
        esac
        got=$(normal <<<"$got")
        [ "$got" = "$(printf '%s\n' "$@")" ] || fail "$question says, in the form for $form: $got"
    done
}

@test "every question on a records directory" {
    three_days
    catalogued
    FORMS=(duckdb athena)
    SOURCE="SET VARIABLE json_files = '$RECORDS/data/*/*.json'; SET VARIABLE csv_files = '$RECORDS/data/*/*.csv'"
    all_answers
    where_answers
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

@test "the questions about change: between two times, in the night, growth, old kernels, first seen" {
    FORMS=(duckdb athena)
    nights
    catalogued
    SOURCE="SET VARIABLE json_files = '$RECORDS/data/*/*.json'; SET VARIABLE csv_files = '$RECORDS/data/*/*.csv';
        SET VARIABLE host = 'alpha'; SET VARIABLE since = '2026-11-19T12:00:00Z'; SET VARIABLE until = '2026-11-20T12:00:00Z'"
    # There is no record before noon of the 19th, so nothing can be compared.
    answers changed-between
    day_before
    change_answers
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
    # Each has a known answer, which both forms, PostgreSQL and Spark are compared with.
    for file in "$ATHENA"/duckdb/*.sql; do
        case ${file##*/} in tables.sql | files.sql | parquet.sql | compact.sql) continue ;; esac
        grep -qE "^    answers $(basename "$file" .sql) ['\"]" "$AWS_TESTS/days.bash" || fail "$file has no known answer"
    done
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
