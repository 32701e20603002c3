-- Which process grows: the twenty that gained most memory in a day, were seen at least three times, never had less
-- than at first, and ended with most.
--     psql -v day=2026-11-20 -f growing.sql
WITH
    seen AS (
        SELECT host, pid, cmd, received_at, max(rss) AS bytes
        FROM rollcall.processes
        WHERE date = :'day' AND rss > 0
        GROUP BY 1, 2, 3, 4
    ),
    lives AS (
        SELECT host, pid, coalesce(substring(ltrim(split_part(cmd, ' ', 1), '''') FROM '[^/]+$'), '') AS program, cmd,
            count(*) AS records, (array_agg(bytes ORDER BY received_at))[1] AS first_bytes,
            (array_agg(bytes ORDER BY received_at DESC))[1] AS last_bytes, min(bytes) AS least, max(bytes) AS most
        FROM seen
        GROUP BY 1, 2, 3, 4
    )
SELECT host, program, pid, records, first_bytes, last_bytes, last_bytes - first_bytes AS gained
FROM lives
WHERE records >= 3 AND last_bytes > first_bytes AND least = first_bytes AND most = last_bytes
ORDER BY 7 DESC, 1, 3, cmd
LIMIT 20;
