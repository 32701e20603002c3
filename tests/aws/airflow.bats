#!/usr/bin/env bats
# aws/airflow/rollcall_daily.py in a real Airflow, against radosgw and PostgreSQL.
# shellcheck disable=SC2030,SC2031,SC2153,SC2154

load ../lib/helper
load ../lib/postgres
load s3

setup_file() { [ -z "${ROLLCALL_NIGHTLY-}" ] || s3_start; }
teardown_file() { [ -z "${ROLLCALL_NIGHTLY-}" ] || s3_stop; }
setup() {
    [ -n "${ROLLCALL_NIGHTLY-}" ] || skip "n/a: nightly only, because Airflow is 143 packages"
    rollcall_setup
    "$REPO/tests/tools" airflow >&2
    s3_setup
    postgres_start
    make_config "s3={\"bucket\":\"$BUCKET\",\"endpoint\":\"$ENDPOINT\",\"prefix\":\"fleet\"}"
    mkdir "$T/home-airflow"
    export AIRFLOW_HOME=$T/home-airflow AIRFLOW__CORE__DAGS_FOLDER=$REPO/aws/airflow AIRFLOW__CORE__LOAD_EXAMPLES=False
    export AIRFLOW__CORE__UNIT_TEST_MODE=False AIRFLOW_VAR_ROLLCALL_CONFIG=$T/handler.json AIRFLOW_VAR_ROLLCALL_RECORDS=$RECORDS
    export AIRFLOW_VAR_ROLLCALL_QUESTIONS=$REPO/scripts/postgresql
    PATH=$ROLLCALL_BUILD:$REPO/scripts:$PATH
    "$REPO/build/venv-airflow/bin/airflow" db migrate >"$T/migrate.log" 2>&1 || fail "$(tail -n 20 "$T/migrate.log")"
}
teardown() {
    [ -n "${T-}" ] || return 0
    postgres_stop
    rollcall_teardown
}

day() { "$REPO/build/venv-airflow/bin/airflow" dags test rollcall_daily "$1" >"$T/airflow.log" 2>&1; }

@test "airflow: a day is verified, shipped, catalogued, loaded and reported, nightly" {
    at "2026-11-20 10:00:00"
    post_with '.hostname="alpha"' REMOTE_ADDR=10.0.0.1
    at now
    day 2026-11-20 || fail "$(tail -n 60 "$T/airflow.log")"
    "$S3TOOL" ls fleet/ | cut -d' ' -f2- >"$T/objects"
    grep -qx fleet/json/date=2026-11-20/10.0.0.1_2026-11-20.json.gz "$T/objects"
    grep -qx fleet/catalogue/date=2026-11-20/files.jsonl "$T/objects"
    [ "$(query 'SELECT host FROM rollcall.records')" = alpha ]
    grep -q '== roll-call' "$T/airflow.log"
    # Again, as after `airflow tasks clear`.
    day 2026-11-20 || fail "$(tail -n 60 "$T/airflow.log")"
    [ "$(query 'SELECT count(*) FROM rollcall.records')" = 1 ]
}

@test "airflow: a day that does not verify stops what follows, nightly" {
    at "2026-11-20 10:00:00"
    post_with '.hostname="alpha"' REMOTE_ADDR=10.0.0.1
    at now
    sed -i 's/alpha/omega/' "$RECORDS/data/2026-11-20/10.0.0.1_2026-11-20.json"
    ! day 2026-11-20 || grep -q 'state=failed\|DagRun.*failed' "$T/airflow.log" || fail "$(tail -n 60 "$T/airflow.log")"
    [ -z "$("$S3TOOL" ls fleet/)" ]
    [ "$(query "SELECT count(*) FROM pg_namespace WHERE nspname = 'rollcall'")" = 0 ]
}
