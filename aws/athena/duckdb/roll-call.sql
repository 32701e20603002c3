-- Who answered on a day: how often, first, last, and the longest pause between two answers.
WITH beats AS (
    SELECT coalesce(nullif(hostname, ''), rollcall.client_ip) AS host, rollcall.client_ip AS client_ip, rollcall.received_at AS received_at,
        lag(rollcall.received_at) OVER (
            PARTITION BY coalesce(nullif(hostname, ''), rollcall.client_ip) ORDER BY rollcall.received_at) AS before
    FROM records
    WHERE date = asked_day()
)
SELECT host, count(*) AS records, min(received_at) AS first_seen, max(received_at) AS last_seen,
    max(date_diff('second', CAST(before AS TIMESTAMPTZ), CAST(received_at AS TIMESTAMPTZ))) AS longest_gap_seconds,
    count(DISTINCT client_ip) AS addresses
FROM beats
GROUP BY 1
ORDER BY 1;
