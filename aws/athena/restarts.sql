-- Which machines were restarted since the day before, and when last.
-- Put yours in place of: 2026-11-20 (and the day before, 2026-11-19).
SELECT coalesce(nullif(hostname, ''), rollcall.client_ip) AS host, count(DISTINCT boot_id) - 1 AS restarts,
    max(boot_time) AS last_start, max(rollcall.received_at) AS last_seen
FROM records
WHERE "date" IN ('2026-11-19', '2026-11-20') AND boot_id <> ''
GROUP BY 1, machine_id
HAVING count(DISTINCT boot_id) > 1
ORDER BY 1
