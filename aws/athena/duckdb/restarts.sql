-- Which machines were restarted since the day before, and when last.
SELECT coalesce(nullif(hostname, ''), rollcall.client_ip) AS host, count(DISTINCT boot_id) - 1 AS restarts,
    max(boot_time) AS last_start, max(rollcall.received_at) AS last_seen
FROM records
WHERE date IN (asked_day() - 1, asked_day()) AND boot_id <> ''
GROUP BY 1, machine_id
HAVING count(DISTINCT boot_id) > 1
ORDER BY 1;
