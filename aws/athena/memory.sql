-- The twenty programs that held most memory on one host at one moment of a day, and the first such moment.
-- Put yours in place of: 2026-11-20.
WITH
    moments AS (
        SELECT coalesce(nullif(hostname, ''), client_ip) AS host, received_at,
            regexp_extract(trim(LEADING '''' FROM split_part(cmd, ' ', 1)), '[^/]+$') AS program,
            sum(try_cast(rss AS bigint)) AS bytes
        FROM processes
        WHERE "date" = '2026-11-20' AND try_cast(rss AS bigint) > 0
        GROUP BY 1, 2, 3
    ),
    ranked AS (
        SELECT host, program, bytes, received_at,
            row_number() OVER (PARTITION BY host, program ORDER BY bytes DESC, received_at) AS place
        FROM moments
    )
SELECT host, program, CAST(floor(bytes / 1048576) AS bigint) AS mebibytes, received_at AS seen_at
FROM ranked
WHERE place = 1
ORDER BY bytes DESC, 1, 2
LIMIT 20
