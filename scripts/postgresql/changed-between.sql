-- What changed on a host between two times: its system, address, boot and users, and the programs that run.
-- It compares the last record before each time. A program that came has no "was", one that went no "is_now".
--     psql -v host=web1 -v since=2026-11-19T12:00:00Z -v until=2026-11-20T12:00:00Z -f changed-between.sql
WITH
    asked AS (
        SELECT timestamptz :'since' AS since, timestamptz :'until' AS until,
            CAST(timestamptz :'since' AT TIME ZONE 'UTC' AS date) - 1 AS first_day,
            CAST(timestamptz :'until' AT TIME ZONE 'UTC' AS date) AS last_day
    ),
    seen AS (
        SELECT records.*
        FROM rollcall.records, asked
        WHERE date BETWEEN first_day AND last_day AND host = :'host' AND received_at <= until
    ),
    moments AS (
        SELECT max(received_at) FILTER (WHERE received_at <= since) AS was_at, max(received_at) AS is_at
        FROM seen, asked
    ),
    host_rows AS (
        SELECT received_at, users, ltrim(split_part(cmd, ' ', 1), '''') AS program
        FROM rollcall.processes, moments, asked
        WHERE date BETWEEN first_day AND last_day AND host = :'host' AND received_at IN (was_at, is_at)
    ),
    facts AS (
        SELECT received_at, what, value
        FROM seen CROSS JOIN LATERAL (VALUES ('address', host(client_ip)), ('system', system), ('kernel', kernel),
            ('processor', processor), ('cores', CAST(cores AS text)), ('memory_bytes', CAST(memory_bytes AS text)),
            ('boot', boot_id)) AS fact (what, value)
        UNION ALL SELECT received_at, 'users', users FROM host_rows
    ),
    pairs AS (
        SELECT what, coalesce(max(value) FILTER (WHERE received_at = was_at), '') AS was,
            coalesce(max(value) FILTER (WHERE received_at = is_at), '') AS is_now
        FROM facts CROSS JOIN moments
        GROUP BY 1
        UNION ALL
        SELECT 'program', coalesce(max(program) FILTER (WHERE received_at = was_at), ''),
            coalesce(max(program) FILTER (WHERE received_at = is_at), '')
        FROM host_rows CROSS JOIN moments
        WHERE program <> '' AND program NOT LIKE '[%'
        GROUP BY program
    )
SELECT what, was, is_now
FROM pairs CROSS JOIN moments
WHERE was <> is_now AND was_at IS NOT NULL
ORDER BY 1, 2, 3;
