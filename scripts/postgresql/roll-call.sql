-- Who answered on a day: how often, first, last, and the longest pause between two answers.
--     psql -v day=2026-11-20 -f roll-call.sql
WITH beats AS (
    SELECT host, client_ip, received_at, received_at - lag(received_at) OVER (PARTITION BY host ORDER BY received_at) AS gap
    FROM rollcall.records
    WHERE date = :'day'
)
SELECT host, count(*) AS records, min(received_at) AS first_seen, max(received_at) AS last_seen,
    floor(extract(epoch FROM max(gap)))::bigint AS longest_gap_seconds, count(DISTINCT client_ip) AS addresses
FROM beats
GROUP BY 1
ORDER BY 1;
