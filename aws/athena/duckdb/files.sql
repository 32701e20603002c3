-- The archive's catalogue as the table files: one row for each file in the archive, with the URL where it is.
-- Read tables.sql first. Only where-is.sql needs this file.
--
--     SET VARIABLE catalogue_files = 'archive/catalogue/*/*.jsonl';   -- needed; s3:// works as well
CREATE OR REPLACE TEMP VIEW files AS
SELECT * EXCLUDE (filename), CAST(regexp_extract(filename, 'date=(\d{4}-\d\d-\d\d)/[^/]*$', 1) AS DATE) AS date
FROM read_json(getvariable('catalogue_files'), format = 'newline_delimited', filename = true, hive_partitioning = false,
    columns = {url: 'VARCHAR', kind: 'VARCHAR', client_ip: 'VARCHAR', size: 'BIGINT', gzip_size: 'BIGINT',
        sha256: 'VARCHAR', seq: 'BIGINT', chain: 'VARCHAR'});
