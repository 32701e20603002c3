-- Turns the days of json_files and csv_files into Parquet on one machine, a directory per day below the variable
-- parquet. Read tables.sql first; read parquet.sql afterwards, and in each later session, to ask the questions there.
--
--     SET VARIABLE json_files = '/var/lib/rollcall/data/2026-11-20/*.json';   -- the days to turn, before tables.sql
--     SET VARIABLE csv_files = '/var/lib/rollcall/data/2026-11-20/*.csv';
--     SET VARIABLE parquet = '/srv/rollcall/parquet';       -- a directory that exists
--
-- A day that is there already is replaced.
-- One thread writes one file a day, which the next run replaces.
SET threads = 1;
SET VARIABLE parquet_records = getvariable('parquet') || '/records';
SET VARIABLE parquet_processes = getvariable('parquet') || '/processes';
COPY (SELECT * FROM records ORDER BY date, rollcall.client_ip, rollcall.seq) TO (getvariable('parquet_records'))
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (date), OVERWRITE_OR_IGNORE);
COPY (SELECT * FROM processes ORDER BY date, client_ip, received_at) TO (getvariable('parquet_processes'))
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (date), OVERWRITE_OR_IGNORE);
RESET threads;
