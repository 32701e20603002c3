-- Which programs were seen for the first time in the fleet on a day: on no host in the thirty days before.
-- Put yours in place of: 2026-11-20 (twice).
WITH seen AS (
    SELECT "date" AS day, coalesce(nullif(hostname, ''), client_ip) AS host, received_at,
        trim(LEADING '''' FROM split_part(cmd, ' ', 1)) AS program
    FROM processes
    WHERE "date" BETWEEN date_format(date '2026-11-20' - interval '30' day, '%Y-%m-%d') AND '2026-11-20'
        AND cmd <> '' AND cmd NOT LIKE '[%'
)
SELECT program, min(received_at) AS first_seen, count(DISTINCT host) AS hosts, min(host) AS example
FROM seen
GROUP BY 1
HAVING min(day) = '2026-11-20'
ORDER BY 2, 1
