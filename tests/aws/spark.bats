#!/usr/bin/env bats
# aws/spark/ask.py in a real Spark on one machine: it gives DuckDB's answers.
# shellcheck disable=SC2046,SC2059,SC2030,SC2031,SC2153,SC2154

load ../lib/helper
load aws

setup() {
    [ -n "${ROLLCALL_NIGHTLY-}" ] || skip "n/a: nightly only, because Spark is 317 MB"
    rollcall_setup
    command -v java >/dev/null || skip "java is not installed"
    node_packages
    "$REPO/tests/tools" spark >&2
}
teardown() { [ -z "${T-}" ] || rollcall_teardown; }

# Spark's and DuckDB's rows as lines of the same values: numbers as they are, NULL and names left out.
rows_of() {
    jq -c --arg q "$1" 'select(.question == $q) | del(.question) | [.[] | if type == "number" then tostring else . end]' "$T/spark"
}

@test "spark: the answers on an archive equal DuckDB's, with torn and poisoned lines, nightly" {
    local file question
    "$PYTHON" "$AWS_TESTS/bench_load.py" "$T/made" 100 24 20
    for file in "$T"/made/data/*/*; do
        mkdir -p "$T/archive/${file##*.}/date=2026-11-20"
        gzip -c "$file" >"$T/archive/${file##*.}/date=2026-11-20/${file##*/}.gz"
    done
    # A torn end, odd types, names in two cases, and duplicates inside.
    file=$T/archive/json/date=2026-11-20/10.0.0.0_2026-11-20.json.gz
    {
        gunzip -c "$file"
        gunzip -c "$file" | head -n 1 | sed 's/"cores":8/"cores":{"a":1},"Cores":2,"HOSTNAME":"x","nested":{"a":1,"a":2}/; s/"os_ver":"[^"]*"/"os_ver":"9.9"/; s/T00:00:00/T23:59:59/'
        printf '{"hostname":"half'
    } | gzip -c >"$T/torn.gz"
    mv "$T/torn.gz" "$file"
    local questions=(kernels kernels-behind memory growing first-seen roll-call night-logins restarts silent) start=$SECONDS
    SPARK_LOCAL_IP=127.0.0.1 SPARK_LOCAL_HOSTNAME=localhost "$REPO/build/venv-spark/bin/python" "$REPO/aws/spark/ask.py" --archive "$T/archive" --day 2026-11-20 \
        $(printf "$ATHENA/%s.sql " "${questions[@]}") >"$T/spark" 2>"$T/spark.log" || fail "$(tail -n 30 "$T/spark.log")"
    echo "# ${#questions[@]} questions in $((SECONDS - start)) s, of $(cat "$T"/archive/*/*/* | wc -c) bytes" >&3
    for question in "${questions[@]}"; do
        rows_of "$question" >"$T/rows"
        node "$AWS_TESTS/ask.js" "SET VARIABLE json_files = '$T/archive/json/*/*.gz'; SET VARIABLE csv_files = '$T/archive/csv/*/*.gz'" \
            "$ATHENA/duckdb/tables.sql" "SET VARIABLE day = '2026-11-20'" "$ATHENA/duckdb/$question.sql" >"$T/duck"
        diff "$T/duck" "$T/rows" || fail "$question differs"
    done
    [ "$(rows_of kernels | wc -l)" = 8 ]
}
