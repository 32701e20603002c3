-- Who did not answer for a whole day, having answered in the seven days before it; the longest silent first.
SELECT coalesce(nullif(hostname, ''), rollcall.client_ip) AS host, max_by(rollcall.client_ip, rollcall.received_at) AS client_ip,
    max(rollcall.received_at) AS last_seen
FROM records
WHERE date BETWEEN asked_day() - 7 AND asked_day()
GROUP BY 1
HAVING max(date) < asked_day()
ORDER BY 3, 1;
