-- The twenty programs that held most memory on one host at one moment of a day.
-- Put yours in place of: 2026-11-20.
WITH moments AS (
    SELECT coalesce(nullif(hostname, ''), client_ip) AS host, received_at,
        regexp_extract(trim(LEADING '''' FROM split_part(cmd, ' ', 1)), '[^/]+$') AS program,
        sum(try_cast(rss AS bigint)) AS bytes
    FROM processes
    WHERE "date" = '2026-11-20' AND try_cast(rss AS bigint) > 0
    GROUP BY 1, 2, 3
)
SELECT host, program, max(bytes) / 1048576 AS mebibytes, max_by(received_at, bytes) AS seen_at
FROM moments
GROUP BY 1, 2
ORDER BY max(bytes) DESC NULLS LAST, 1, 2
LIMIT 20
