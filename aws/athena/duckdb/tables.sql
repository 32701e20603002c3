-- The same two tables for DuckDB, over a records directory, or over files restored from the archive.
-- Read this first, then any of the questions:
--
--     cd /usr/local/share/rollcall/athena/duckdb
--     duckdb -c ".read tables.sql" -c ".read who-ran.sql"
--
-- Variables to set before a question (the first two before this file):
--
--     SET VARIABLE json_files = 'archive/json/*/*.json.gz';   -- default /var/lib/rollcall/data/*/*.json
--     SET VARIABLE csv_files = 'archive/csv/*/*.csv.gz';      -- default /var/lib/rollcall/data/*/*.csv
--     SET VARIABLE day = '2026-11-20';                        -- default yesterday, in UTC
--     SET VARIABLE program = 'sshd';                          -- what who-ran.sql looks for
--     SET VARIABLE host = 'web1';                             -- what changed-between.sql looks for, with
--     SET VARIABLE since = '2026-11-19T12:00:00Z';            -- default a day before until
--     SET VARIABLE until = '2026-11-20T12:00:00Z';            -- default now
--     SET VARIABLE address = '10.0.0.1';                      -- what where-is.sql looks for, after files.sql
SET TimeZone = 'UTC';
SET VARIABLE json_files = coalesce(getvariable('json_files'), '/var/lib/rollcall/data/*/*.json');
SET VARIABLE csv_files = coalesce(getvariable('csv_files'), '/var/lib/rollcall/data/*/*.csv');

CREATE OR REPLACE TEMP MACRO asked_day() AS coalesce(CAST(getvariable('day') AS DATE), current_date - 1);
CREATE OR REPLACE TEMP MACRO asked_until() AS
    coalesce(getvariable('until'), strftime(CAST(current_timestamp AS TIMESTAMP), '%Y-%m-%dT%H:%M:%SZ'));
CREATE OR REPLACE TEMP MACRO asked_since() AS coalesce(getvariable('since'),
    strftime(CAST(asked_until() AS TIMESTAMP) - INTERVAL 1 DAY, '%Y-%m-%dT%H:%M:%SZ'));
CREATE OR REPLACE TEMP MACRO file_day(name) AS
    CAST(regexp_extract(name, '_(\d{4}-\d\d-\d\d)\.(json|csv)(\.gz)?$', 1) AS DATE);

-- An unfinished line is not JSON yet, and is skipped. Clients may send any JSON, so their columns are text.
CREATE OR REPLACE TEMP VIEW records_small AS
SELECT * EXCLUDE (filename), file_day(filename) AS date
FROM read_json(getvariable('json_files'), format = 'newline_delimited', filename = true, ignore_errors = true,
    maximum_object_size = 268435456,
    columns = {id: 'VARCHAR', collected_at: 'VARCHAR', hostname: 'VARCHAR', machine_id: 'VARCHAR', boot_id: 'VARCHAR',
        instance_id: 'VARCHAR', processor: 'VARCHAR', cores: 'VARCHAR', arch: 'VARCHAR', memory_bytes: 'VARCHAR',
        boot_time: 'VARCHAR', os_name: 'VARCHAR', os_ver: 'VARCHAR', os_version: 'VARCHAR', os_pretty_name: 'VARCHAR',
        users: 'JSON', processes: 'JSON',
        rollcall: 'STRUCT(received_at VARCHAR, client_ip VARCHAR, process_count INTEGER, user_count INTEGER,
            seq BIGINT, chain VARCHAR)'})
WHERE rollcall.chain IS NOT NULL;
CREATE OR REPLACE TEMP VIEW records AS FROM records_small;

-- Numbers are numbers; a field that is not one is NULL. state is the letter of proc(5), and start is
-- RFC 3339, whatever the client sent, as far as it can be derived.
CREATE OR REPLACE TEMP VIEW processes_small AS
SELECT * EXCLUDE (filename) REPLACE (try_cast(pid AS BIGINT) AS pid, try_cast(ppid AS BIGINT) AS ppid,
        try_cast(cpu AS DOUBLE) AS cpu, try_cast(mem AS DOUBLE) AS mem, try_cast(rss AS BIGINT) AS rss,
        CASE state
            WHEN 'running' THEN 'R' WHEN 'sleeping' THEN 'S' WHEN 'disk-sleep' THEN 'D' WHEN 'stopped' THEN 'T'
            WHEN 'tracing-stop' THEN 't' WHEN 'zombie' THEN 'Z' WHEN 'dead' THEN 'X' WHEN 'wake-kill' THEN 'K'
            WHEN 'waking' THEN 'W' WHEN 'idle' THEN 'I' WHEN 'parked' THEN 'P'
            ELSE nullif(regexp_extract(state, '^([RSDTtZXxKWPI])[^a-z]{0,3}[sl+]{0,3}$', 1), '')
        END AS state,
        CASE
            WHEN regexp_full_match("start", '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z') THEN "start"
            WHEN try_cast("start" AS DOUBLE) BETWEEN 1e8 AND 1e11
                THEN strftime(make_timestamp(CAST(round(try_cast("start" AS DOUBLE) * 1000) AS BIGINT) * 1000),
                    '%Y-%m-%dT%H:%M:%S.%gZ')
        END AS "start"),
    file_day(filename) AS date
FROM read_csv(getvariable('csv_files'), filename = true, header = true, all_varchar = true, delim = ',', quote = '"',
    escape = '"', new_line = '\r\n', max_line_size = 33554432, ignore_errors = true);
CREATE OR REPLACE TEMP VIEW processes AS FROM processes_small;
