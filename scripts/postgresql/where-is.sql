-- Where the files of an address are in the archive: seven days up to a day, newest first.
--     psql -v day=2026-11-20 -v address=10.0.0.1 -f where-is.sql
SELECT date, kind, url, size, gzip_size, seq
FROM rollcall.files
WHERE client_ip = inet :'address' AND date BETWEEN date :'day' - 6 AND :'day'
ORDER BY 1 DESC, 2;
