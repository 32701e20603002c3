-- Who did not answer for a whole day, having answered in the seven days before it; the longest silent first.
-- Put yours in place of: 2026-11-20 (twice).
SELECT coalesce(nullif(hostname, ''), rollcall.client_ip) AS host, max_by(rollcall.client_ip, rollcall.received_at) AS client_ip,
    max(rollcall.received_at) AS last_seen
FROM records
WHERE "date" BETWEEN date_format(date '2026-11-20' - interval '7' day, '%Y-%m-%d') AND '2026-11-20'
    AND rollcall.client_ip <> ''
GROUP BY 1
HAVING max("date") < '2026-11-20'
ORDER BY 3, 1
