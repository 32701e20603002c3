-- Which process grows: the twenty that gained most memory in a day, were seen at least three times, never had less
-- than at first, and ended with most.
-- Put yours in place of: 2026-11-20.
WITH
    seen AS (
        SELECT coalesce(nullif(hostname, ''), client_ip) AS host, try_cast(pid AS bigint) AS pid, cmd, received_at,
            max(try_cast(rss AS bigint)) AS bytes
        FROM processes
        WHERE "date" = '2026-11-20' AND try_cast(rss AS bigint) > 0
        GROUP BY 1, 2, 3, 4
    ),
    lives AS (
        SELECT host, pid, regexp_extract(trim(LEADING '''' FROM split_part(cmd, ' ', 1)), '[^/]+$') AS program, cmd,
            count(*) AS records, min_by(bytes, received_at) AS first_bytes, max_by(bytes, received_at) AS last_bytes,
            min(bytes) AS least, max(bytes) AS most
        FROM seen
        GROUP BY 1, 2, 3, 4
    )
SELECT host, program, pid, records, first_bytes, last_bytes, last_bytes - first_bytes AS gained
FROM lives
WHERE records >= 3 AND last_bytes > first_bytes AND least = first_bytes AND most = last_bytes
ORDER BY 7 DESC, 1, 3, cmd
LIMIT 20
