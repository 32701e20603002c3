-- Who was logged in during the last night, 20:00 to 06:00 UTC, and when that was seen first and last. "came" says
-- whether the account came in the night: it was not logged in from noon to 20:00.
-- Put yours in place of: 2026-11-20 (and the day before, 2026-11-19).
WITH
    seen AS (
        SELECT DISTINCT coalesce(nullif(hostname, ''), client_ip) AS host, received_at, users
        FROM processes
        WHERE "date" IN ('2026-11-19', '2026-11-20') AND users <> ''
            AND received_at >= '2026-11-19T12:00:00Z' AND received_at < '2026-11-20T06:00:00Z'
    ),
    logins AS (
        SELECT host, received_at, account
        FROM seen CROSS JOIN UNNEST(split(users, ';')) AS t (account)
    )
SELECT host, account, min(CASE WHEN received_at >= '2026-11-19T20:00:00Z' THEN received_at END) AS first_seen,
    max(received_at) AS last_seen,
    CASE WHEN min(received_at) >= '2026-11-19T20:00:00Z' THEN 'yes' ELSE 'no' END AS came
FROM logins
GROUP BY 1, 2
HAVING max(received_at) >= '2026-11-19T20:00:00Z'
ORDER BY 1, 2
