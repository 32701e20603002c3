-- The tables records and processes, with each day from Parquet if compact.sql turned it, else from the small files:
-- never from both. Read tables.sql first.
--
--     SET VARIABLE parquet = '/srv/rollcall/parquet';
--
-- Of the small files, only those of other days are opened (and one more, because there must be one).
CREATE OR REPLACE TEMP VIEW records_parquet AS
FROM read_parquet(getvariable('parquet') || '/records/*/*.parquet', hive_partitioning = true, hive_types = {date: DATE});
CREATE OR REPLACE TEMP VIEW processes_parquet AS
FROM read_parquet(getvariable('parquet') || '/processes/*/*.parquet', hive_partitioning = true, hive_types = {date: DATE});

CREATE OR REPLACE TEMP MACRO file_day_of_partition(name) AS CAST(regexp_extract(name, 'date=(\d{4}-\d\d-\d\d)/', 1) AS DATE);
SET VARIABLE records_days = (SELECT list(DISTINCT file_day_of_partition(file)) FROM glob(getvariable('parquet') || '/records/*/*.parquet'));
SET VARIABLE processes_days = (SELECT list(DISTINCT file_day_of_partition(file)) FROM glob(getvariable('parquet') || '/processes/*/*.parquet'));
SET VARIABLE json_files = (SELECT coalesce(nullif(list(file) FILTER (NOT list_contains(getvariable('records_days'), file_day(file))), []), [min(file)])
    FROM glob(getvariable('json_files')));
SET VARIABLE csv_files = (SELECT coalesce(nullif(list(file) FILTER (NOT list_contains(getvariable('processes_days'), file_day(file))), []), [min(file)])
    FROM glob(getvariable('csv_files')));

CREATE OR REPLACE TEMP VIEW records AS
SELECT * FROM records_parquet
UNION ALL BY NAME SELECT * FROM records_small WHERE NOT list_contains(getvariable('records_days'), date);
CREATE OR REPLACE TEMP VIEW processes AS
SELECT * FROM processes_parquet
UNION ALL BY NAME SELECT * FROM processes_small WHERE NOT list_contains(getvariable('processes_days'), date);
