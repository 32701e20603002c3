-- The archive's catalogue as a table: one row for each file in the archive, with the URL where it is.
-- Replace BUCKET, PREFIX and the first day, as in create-records.sql.
--
-- kind is json, csv, or record (a full process listing, which has no client_ip, seq and chain). size and
-- sha256 are those of the unpacked file.
CREATE EXTERNAL TABLE files (
    url string,
    kind string,
    client_ip string,
    size bigint,
    gzip_size bigint,
    sha256 string,
    seq bigint,
    chain string
)
PARTITIONED BY (`date` string)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
LOCATION 's3://BUCKET/PREFIX/catalogue/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.date.type' = 'date',
    'projection.date.format' = 'yyyy-MM-dd',
    'projection.date.range' = '2026-01-01,NOW',
    'storage.location.template' = 's3://BUCKET/PREFIX/catalogue/date=${date}/'
)
