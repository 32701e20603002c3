-- Where root was logged in on a day, and when that was seen first and last.
-- Put yours in place of: 2026-11-20.
SELECT coalesce(nullif(hostname, ''), client_ip) AS host, client_ip, min(received_at) AS first_seen, max(received_at) AS last_seen,
    count(DISTINCT received_at) AS records
FROM processes
WHERE "date" = '2026-11-20' AND contains(split(users, ';'), 'root')
GROUP BY 1, 2
ORDER BY 1, 2
