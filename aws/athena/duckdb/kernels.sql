-- Kernels by count of hosts, as each host said last on that day.
WITH newest AS (
    SELECT coalesce(nullif(hostname, ''), rollcall.client_ip) AS host, max_by(coalesce(os_ver, os_version), rollcall.received_at) AS kernel
    FROM records
    WHERE date = asked_day()
    GROUP BY 1
)
SELECT kernel, count(*) AS hosts, min(host) AS example
FROM newest
GROUP BY 1
ORDER BY 2 DESC, 1;
