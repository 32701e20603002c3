-- Kernels by count of hosts, as each host said last on that day.
-- Put yours in place of: 2026-11-20.
WITH newest AS (
    SELECT coalesce(nullif(hostname, ''), rollcall.client_ip) AS host, max_by(coalesce(os_ver, os_version), rollcall.received_at) AS kernel
    FROM records
    WHERE "date" = '2026-11-20' AND rollcall.client_ip <> ''
    GROUP BY 1
)
SELECT kernel, count(*) AS hosts, min(host) AS example
FROM newest
GROUP BY 1
ORDER BY 2 DESC, 1
