-- Kernels by count of hosts, as each host said last on that day.
--     psql -v day=2026-11-20 -f kernels.sql
WITH newest AS (
    SELECT DISTINCT ON (host) host, kernel
    FROM rollcall.records
    WHERE date = :'day'
    ORDER BY host, received_at DESC, seq DESC
)
SELECT kernel, count(*) AS hosts, min(host) AS example
FROM newest
GROUP BY 1
ORDER BY 2 DESC, 1;
