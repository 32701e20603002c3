-- Who was logged in during the last night, 20:00 to 06:00 UTC, and when that was seen first and last. "came" says
-- whether the account came in the night: it was not logged in from noon to 20:00.
WITH
    seen AS (
        SELECT DISTINCT coalesce(nullif(hostname, ''), client_ip) AS host, received_at, users
        FROM processes
        WHERE date IN (asked_day() - 1, asked_day()) AND users <> ''
            AND received_at >= strftime(asked_day() - 1, '%Y-%m-%dT12:00:00Z') AND received_at < strftime(asked_day(), '%Y-%m-%dT06:00:00Z')
    ),
    logins AS (
        SELECT host, received_at, unnest(string_split(users, ';')) AS account
        FROM seen
    )
SELECT host, account, min(CASE WHEN received_at >= strftime(asked_day() - 1, '%Y-%m-%dT20:00:00Z') THEN received_at END) AS first_seen,
    max(received_at) AS last_seen,
    CASE WHEN min(received_at) >= strftime(asked_day() - 1, '%Y-%m-%dT20:00:00Z') THEN 'yes' ELSE 'no' END AS came
FROM logins
GROUP BY 1, 2
HAVING max(received_at) >= strftime(asked_day() - 1, '%Y-%m-%dT20:00:00Z')
ORDER BY 1, 2;
