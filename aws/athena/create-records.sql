-- The archive's JSON files as a table: one row a record. Put your bucket and prefix in place of
-- BUCKET and PREFIX (twice the same as in create-processes.sql), and the first day you have in place of
-- 2026-01-01; then run it once, in a database of yours (CREATE DATABASE rollcall).
--
-- The days are found by partition projection: nothing has to be added or repaired when one comes.
-- `processes` and `users` are text here, as JSON: what runs is better asked of the other table.
CREATE EXTERNAL TABLE records (
    id string,
    collected_at string,
    hostname string,
    machine_id string,
    boot_id string,
    instance_id string,
    processor string,
    cores int,
    arch string,
    memory_bytes bigint,
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
LOCATION 's3://BUCKET/PREFIX/json/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.date.type' = 'date',
    'projection.date.format' = 'yyyy-MM-dd',
    'projection.date.range' = '2026-01-01,NOW',
    'storage.location.template' = 's3://BUCKET/PREFIX/json/date=${date}/'
)
