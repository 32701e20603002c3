-- Turns a day's small files into Parquet: a few objects for a day in place of two per host, read by column. Athena
-- then reads a tenth of the bytes or less. The JSON and CSV files stay as they are.
--
-- Once, in the database of the other tables, with BUCKET and PREFIX replaced: the statements up to INSERT. Then the
-- two INSERT statements for each finished day: put yours in place of 2026-11-20 (twice in each). A day that is
-- there already is not inserted again. To make it again, delete its objects below parquet/ first.
--
-- records_all and processes_all read a day from Parquet if it is there, else from the small files: never both. Ask
-- the questions there: in their text, put records_all in place of records, and processes_all of processes.
CREATE EXTERNAL TABLE records_parquet (
    id string, collected_at string, hostname string, machine_id string, boot_id string, instance_id string,
    processor string, cores string, arch string, memory_bytes string, boot_time string, os_name string, os_ver string,
    os_version string, os_pretty_name string, users string, processes string,
    rollcall struct<received_at: string, client_ip: string, process_count: int, user_count: int, seq: bigint, chain: string>
)
PARTITIONED BY (`date` string)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/parquet/records/'
TBLPROPERTIES ('parquet.compression' = 'ZSTD');

CREATE EXTERNAL TABLE processes_parquet (
    received_at string, client_ip string, hostname string, processor string, os_name string, os_ver string, users string,
    pid string, ppid string, `user` string, cpu string, mem string, rss string, state string, `start` string, cmd string
)
PARTITIONED BY (`date` string)
STORED AS PARQUET
LOCATION 's3://BUCKET/PREFIX/parquet/processes/'
TBLPROPERTIES ('parquet.compression' = 'ZSTD');

CREATE OR REPLACE VIEW records_all AS
SELECT id, collected_at, hostname, machine_id, boot_id, instance_id, processor, cores, arch, memory_bytes, boot_time,
    os_name, os_ver, os_version, os_pretty_name, users, processes, rollcall, "date"
FROM records_parquet
UNION ALL
SELECT id, collected_at, hostname, machine_id, boot_id, instance_id, processor, cores, arch, memory_bytes, boot_time,
    os_name, os_ver, os_version, os_pretty_name, users, processes, rollcall, "date"
FROM records
WHERE "date" NOT IN (SELECT DISTINCT "date" FROM records_parquet);

CREATE OR REPLACE VIEW processes_all AS
SELECT received_at, client_ip, hostname, processor, os_name, os_ver, users, pid, ppid, "user", cpu, mem, rss, state,
    "start", cmd, "date"
FROM processes_parquet
UNION ALL
SELECT received_at, client_ip, hostname, processor, os_name, os_ver, users, pid, ppid, "user", cpu, mem, rss, state,
    "start", cmd, "date"
FROM processes
WHERE "date" NOT IN (SELECT DISTINCT "date" FROM processes_parquet);

INSERT INTO records_parquet
SELECT id, collected_at, hostname, machine_id, boot_id, instance_id, processor, cores, arch, memory_bytes, boot_time,
    os_name, os_ver, os_version, os_pretty_name, users, processes, rollcall, "date"
FROM records
WHERE "date" = '2026-11-20' AND NOT EXISTS (SELECT 1 FROM records_parquet WHERE "date" = '2026-11-20');

INSERT INTO processes_parquet
SELECT received_at, client_ip, hostname, processor, os_name, os_ver, users, pid, ppid, "user", cpu, mem, rss, state,
    "start", cmd, "date"
FROM processes
WHERE "date" = '2026-11-20' AND NOT EXISTS (SELECT 1 FROM processes_parquet WHERE "date" = '2026-11-20');
