-- The archive's CSV files as a table: one row a process, with the host's columns in each. Put your
-- bucket, prefix and first day in, as in create-records.sql.
--
-- All columns are text: that is how this reader has them. Its escape character is one that no
-- field of ours ever holds; the usual one, a backslash, would eat that of our \n, \t and \xhh.
CREATE EXTERNAL TABLE processes (
    received_at string,
    client_ip string,
    hostname string,
    processor string,
    os_name string,
    os_ver string,
    users string,
    pid string,
    ppid string,
    `user` string,
    cpu string,
    mem string,
    rss string,
    state string,
    `start` string,
    cmd string
)
PARTITIONED BY (`date` string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
WITH SERDEPROPERTIES ('separatorChar' = ',', 'quoteChar' = '"', 'escapeChar' = '\u0001')
LOCATION 's3://BUCKET/PREFIX/csv/'
TBLPROPERTIES (
    'skip.header.line.count' = '1',
    'projection.enabled' = 'true',
    'projection.date.type' = 'date',
    'projection.date.format' = 'yyyy-MM-dd',
    'projection.date.range' = '2026-01-01,NOW',
    'storage.location.template' = 's3://BUCKET/PREFIX/csv/date=${date}/'
)
