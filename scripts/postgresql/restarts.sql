-- Which machines were restarted since the day before, and when last.
--     psql -v day=2026-11-20 -f restarts.sql
SELECT host, count(DISTINCT boot_id) - 1 AS restarts, max(boot_time) AS last_start, max(received_at) AS last_seen
FROM rollcall.records
WHERE date IN (date :'day' - 1, :'day') AND boot_id <> ''
GROUP BY 1, machine_id
HAVING count(DISTINCT boot_id) > 1
ORDER BY 1;
