#!/usr/bin/env bats
# aws/athena/: the questions as they are typed in Athena, asked of Trino, whose engine and readers Athena has,
# over files that the real handler wrote.
# shellcheck disable=SC2030,SC2031,SC2034

load ../lib/helper
load ../aws/days

ATHENA=$REPO/aws/athena
TRINO=$REPO/tests/long/trino

setup_file() {
    command -v mvn >/dev/null || skip "mvn is not installed"
    "$TRINO" install "$REPO/build/trino" 3>&- >&2
    export TRINO_DATA=$BATS_FILE_TMPDIR/trino TRINO_PORT
    TRINO_PORT=$(free_port)
    mkdir "$TRINO_DATA"
    "$TRINO" serve "$REPO/build/trino" "$TRINO_DATA" "$TRINO_PORT" 3>&- >"$TRINO_DATA/log" 2>&1 &
    echo $! >"$TRINO_DATA/pid"
    wait_until 300 started_or_dead
    started || fail "$(tail -n 20 "$TRINO_DATA/log")"
}
teardown_file() { [ ! -e "$TRINO_DATA/pid" ] || kill "$(cat "$TRINO_DATA/pid")" || true; }
setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

started() { "$TRINO" ask "$TRINO_PORT" information_schema 'SELECT 1' >/dev/null 2>&1; }

started_or_dead() { started || ! kill -0 "$(cat "$TRINO_DATA/pid")" 2>/dev/null; }

# archive SCHEMA: the records as they are in the bucket, and Athena's tables over them.
archive() {
    local file day to
    SCHEMA=$1
    for file in "$RECORDS"/data/*/*; do
        day=$(basename "$(dirname "$file")")
        to=$TRINO_DATA/files/$SCHEMA/${file##*.}/date=$day
        mkdir -p "$to"
        gzip -c "$file" >"$to/$(basename "$file").gz"
    done
    "$TRINO" tables "$TRINO_PORT" "$TRINO_DATA" "$SCHEMA" "$ATHENA"/create-{records,processes,processes-view}.sql
}
ask() { "$TRINO" ask "$TRINO_PORT" "$SCHEMA" "$@"; }

# answers QUESTION LINE...: exactly these rows.
answers() {
    local question=$1 got
    shift
    got=$(ask "$ATHENA/$question.sql" | normal)
    [ "$got" = "$(printf '%s\n' "$@")" ] || fail "$question says: $got"
}

@test "trino: every question has the answer that DuckDB gives" {
    three_days
    archive plain
    all_answers
    answers kernels '["6.1","2","alpha"]' '["6.1.2","1","gamma"]'
}

# odd_day: a record with odd types and names, and a line that is not JSON.
odd_day() {
    three_days
    poison 2026-11-20
    echo '{"hostname":' >>"$(json_file 10.0.0.4)"
}

@test "trino: odd types, letter cases, duplicate names and a broken line stop no question" {
    odd_day
    archive poisoned
    local question
    for question in "$ATHENA"/*.sql; do
        case ${question##*/} in
        create-* | compact.sql | where-is.sql) ;; # where-is reads the catalogue, which has no data of a client
        *) ask "$question" >"$T/said" || fail "${question##*/}: $(cat "$T/said")" ;;
        esac
    done
    answers kernels '["6.1","2","alpha"]' '["6.1.2","1","gamma"]'
    [ "$(ask "$ATHENA/roll-call.sql" | jq -c '.[0]' | tr '\n' ' ')" = '"alpha" "delta" "gamma" ' ]
    # The odd record has its values as text; the broken line is a row of NULLs.
    [ "$(ask "SELECT count(*), count(rollcall.seq), max(cores), max(hostname) FROM records WHERE \"date\" = '2026-11-20'")" = \
        '["7","6","many","gamma"]' ] || fail "$(ask "SELECT * FROM records WHERE \"date\" = '2026-11-20'")"
}

@test "trino: each property of the table is needed" {
    odd_day
    mkdir "$T/plain"
    cp "$ATHENA"/create-processes*.sql "$T/plain"
    sed '/ignore.malformed.json/d' "$ATHENA/create-records.sql" >"$T/plain/create-records.sql"
    ATHENA=$T/plain archive strict
    run ask "$ATHENA/kernels.sql"
    [ "$status" = 1 ] && [[ $output = *"HIVE_CURSOR_ERROR"* ]] || fail "$output"
    # Without the other, a client's "Hostname" is its hostname.
    sed "/case.insensitive/d; s/'true',/'true'/" "$ATHENA/create-records.sql" >"$T/plain/create-records.sql"
    ATHENA=$T/plain archive lower
    [ "$(ask "SELECT count(*) FROM records WHERE hostname = 'other'")" = '["1"]' ] || fail "$(ask "SELECT hostname FROM records")"
}

@test "trino: state and start have one meaning in the view, whatever the client sent" {
    at "2026-11-20 12:00:00"
    said 10.0.0.9 '.hostname="forms"|.users=[]|.processes=[
        {"pid":1,"state":"S","start":"2026-11-20T10:04:30.000Z"},
        {"pid":2,"status":"disk-sleep","create_time":1593293380.06}]'
    said 10.0.0.9 '.hostname="forms"|.users=[]|.processes="PID STAT START CMD\n3 Ss+ 19:04 vim"'
    at now
    archive forms
    [ "$(ask 'SELECT pid, state, "start" FROM processes_typed ORDER BY pid' | tr '\n' ' ')" = \
        '["1","S","2026-11-20T10:04:30.000Z"] ["2","D","2020-06-27T21:29:40Z"] ["3","S",null] ' ] ||
        fail "$(ask 'SELECT pid, state, "start" FROM processes_typed ORDER BY pid')"
}
