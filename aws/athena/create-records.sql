-- The archive's JSON files as a table: one row for each record. Replace BUCKET and PREFIX (twice, as in
-- create-processes.sql) with yours, and 2026-01-01 with your first day. Run it once, in a database of yours
-- (CREATE DATABASE rollcall).
--
-- Partition projection finds the days: no partition has to be added.
--
-- One record must not stop the questions about a whole day, and a client may send any JSON. So all of a
-- record's own columns are text (try_cast makes numbers of them), names keep their case (as lower case,
-- "Cores" and "cores" would be a duplicate, which is an error), and a line that the reader cannot parse (it
-- refuses duplicate names inside an object) is a row of NULLs; rollcall.client_ip <> '' leaves it out.
-- `processes` and `users` are JSON text here: ask the other table what runs.
CREATE EXTERNAL TABLE records (
    id string,
    collected_at string,
    hostname string,
    machine_id string,
    boot_id string,
    instance_id string,
    processor string,
    cores string,
    arch string,
    memory_bytes string,
    boot_time string,
    os_name string,
    os_ver string,
    os_version string,
    os_pretty_name string,
    users string,
    processes string,
    rollcall struct<received_at: string, client_ip: string, process_count: int, user_count: int, seq: bigint, chain: string>
)
PARTITIONED BY (`date` string)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES (
    'ignore.malformed.json' = 'true',
    'case.insensitive' = 'false'
)
LOCATION 's3://BUCKET/PREFIX/json/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.date.type' = 'date',
    'projection.date.format' = 'yyyy-MM-dd',
    'projection.date.range' = '2026-01-01,NOW',
    'storage.location.template' = 's3://BUCKET/PREFIX/json/date=${date}/'
)
