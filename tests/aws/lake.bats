#!/usr/bin/env bats
# A day's small files as Parquet: the same answers, each day once, and what is saved.
# shellcheck disable=SC2030,SC2031,SC2153,SC2154

load ../lib/helper
load aws

setup() {
    rollcall_setup
    node_packages
    mkdir "$T/parquet"
}
teardown() { rollcall_teardown; }

duck() { node "$AWS_TESTS/ask.js" "SET VARIABLE json_files = '$1/*/*.json'; SET VARIABLE csv_files = '$1/*/*.csv'; SET VARIABLE parquet = '$T/parquet'" "$ATHENA/duckdb/tables.sql" "${@:2}"; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

# made [HOSTS]: a day of small files, below $T/made/data.
made() { "$PYTHON" "$AWS_TESTS/bench_load.py" "$T/made" "$1" "${2:-4}" "${3:-10}"; }

COUNTS="SELECT (SELECT count(*) FROM records), (SELECT count(*) FROM processes), (SELECT count(DISTINCT date) FROM records)"

@test "compact: a day in Parquet is read once, and the days beside it from their files" {
    made 5
    local day=$T/made/data/2026-11-20 next=$T/made/data/2026-11-21 file
    # Another day, and a host of it.
    mkdir -p "$next"
    for file in "$day"/10.0.0.[01]_*; do
        sed 's/2026-11-20/2026-11-21/g' "$file" >"$next/$(basename "${file/2026-11-20.c/2026-11-21.c}" | sed s/2026-11-20/2026-11-21/)"
    done
    [ "$(duck "$T/made/data" "$COUNTS")" = '["28","280","2"]' ] || fail "$(duck "$T/made/data" "$COUNTS")"
    mkdir "$T/one" && ln -s "$day" "$T/one/2026-11-20"
    duck "$T/one" "$ATHENA/duckdb/compact.sql"
    [ "$(duck "$T/made/data" "$ATHENA/duckdb/parquet.sql" "$COUNTS")" = '["28","280","2"]' ]
    # Twice is once.
    duck "$T/one" "$ATHENA/duckdb/compact.sql"
    [ "$(duck "$T/made/data" "$ATHENA/duckdb/parquet.sql" "$COUNTS")" = '["28","280","2"]' ]
    # The day does not come from the small files: without them it is still there.
    [ "$(duck "$T/made/data" "$ATHENA/duckdb/parquet.sql" "SELECT len(getvariable('json_files')), len(getvariable('csv_files'))")" = '["2","2"]' ]
    local question
    for question in kernels kernels-behind memory growing roll-call who-ran; do
        duck "$T/made/data" "SET VARIABLE day = '2026-11-20'" "$ATHENA/duckdb/$question.sql" >"$T/small"
        duck "$T/made/data" "$ATHENA/duckdb/parquet.sql" "SET VARIABLE day = '2026-11-20'" "$ATHENA/duckdb/$question.sql" >"$T/large"
        cmp "$T/small" "$T/large" || fail "$question differs"
    done
    # All days are in Parquet.
    duck "$T/made/data" "$ATHENA/duckdb/compact.sql"
    [ "$(duck "$T/made/data" "$ATHENA/duckdb/parquet.sql" "$COUNTS")" = '["28","280","2"]' ]
}

@test "compact: bytes and time before and after, of 2,000 files, 200,000 nightly" {
    local hosts=1000 start before after small large question="$ATHENA/duckdb/memory.sql"
    [ -z "${ROLLCALL_NIGHTLY-}" ] || hosts=100000
    made "$hosts" 4 25
    start=$(milliseconds)
    duck "$T/made/data" "SET VARIABLE day = '2026-11-20'" "$question" >"$T/small"
    before=$(($(milliseconds) - start))
    start=$(milliseconds)
    duck "$T/made/data" "$ATHENA/duckdb/compact.sql"
    echo "# $((2 * hosts)) files turned in $(($(milliseconds) - start)) ms" >&3
    start=$(milliseconds)
    duck "$T/made/data" "$ATHENA/duckdb/parquet.sql" "SET VARIABLE day = '2026-11-20'" "$question" >"$T/large"
    after=$(($(milliseconds) - start))
    cmp "$T/small" "$T/large"
    [ "$(wc -l <"$T/small")" = 20 ]
    small=$(find "$T/made/data" -name "*.csv" -exec cat {} + | wc -c)
    large=$(duck "$T/made/data" "SELECT sum(total_compressed_size) FROM parquet_metadata('$T/parquet/processes/*/*.parquet')
        WHERE path_in_schema IN ('client_ip', 'hostname', 'received_at', 'cmd', 'rss')" | jq -r '.[0]')
    echo "# memory.sql: $small bytes and $before ms before, $large bytes and $after ms after" >&3
    [ "$large" -lt $((small / 10)) ]
}
