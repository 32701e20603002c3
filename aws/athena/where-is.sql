-- Where the files of an address are in the archive: seven days up to a day, newest first.
-- Put yours in place of: 10.0.0.1 and 2026-11-20 (twice).
SELECT "date", kind, url, size, gzip_size, seq
FROM files
WHERE client_ip = '10.0.0.1' AND "date" BETWEEN date_format(date '2026-11-20' - interval '6' day, '%Y-%m-%d') AND '2026-11-20'
ORDER BY 1 DESC, 2
