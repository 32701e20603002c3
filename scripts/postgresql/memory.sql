-- The twenty programs that held most memory on one host at one moment of a day, and the first such moment.
--     psql -v day=2026-11-20 -f memory.sql
WITH
    moments AS (
        SELECT host, received_at, coalesce(substring(ltrim(split_part(cmd, ' ', 1), '''') FROM '[^/]+$'), '') AS program,
            sum(rss) AS bytes
        FROM rollcall.processes
        WHERE date = :'day' AND rss > 0
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
LIMIT 20;
