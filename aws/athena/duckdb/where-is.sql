-- Where the files of an address are in the archive: seven days up to a day, newest first.
SELECT date, kind, url, size, gzip_size, seq
FROM files
WHERE client_ip = coalesce(getvariable('address'), '10.0.0.1') AND date BETWEEN asked_day() - 6 AND asked_day()
ORDER BY 1 DESC, 2;
