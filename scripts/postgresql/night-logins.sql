-- Who was logged in during the last night, 20:00 to 06:00 UTC, and when that was seen first and last. "came" says
-- whether the account came in the night: it was not logged in from noon to 20:00.
--     psql -v day=2026-11-20 -f night-logins.sql
WITH
    asked AS (
        SELECT (date :'day' - 1 + time '12:00') AT TIME ZONE 'UTC' AS noon, (date :'day' - 1 + time '20:00') AT TIME ZONE 'UTC' AS evening,
            (date :'day' + time '06:00') AT TIME ZONE 'UTC' AS morning
    ),
    seen AS (
        SELECT DISTINCT host, received_at, users
        FROM rollcall.processes, asked
        WHERE date IN (date :'day' - 1, :'day') AND users <> '' AND received_at >= noon AND received_at < morning
    ),
    logins AS (
        SELECT host, account, min(received_at) AS first_ever, min(received_at) FILTER (WHERE received_at >= evening) AS first_seen,
            max(received_at) AS last_seen
        FROM seen CROSS JOIN asked CROSS JOIN unnest(string_to_array(users, ';')) AS account
        GROUP BY 1, 2
    )
SELECT host, account, first_seen, last_seen, CASE WHEN first_ever >= evening THEN 'yes' ELSE 'no' END AS came
FROM logins CROSS JOIN asked
WHERE last_seen >= evening
ORDER BY 1, 2;
