-- Who answered on a day: how often, first, last, and the longest pause between two answers.
-- Put yours in place of: 2026-11-20.
WITH beats AS (
    SELECT coalesce(nullif(hostname, ''), rollcall.client_ip) AS host, rollcall.client_ip AS client_ip, rollcall.received_at AS received_at,
        lag(rollcall.received_at) OVER (
            PARTITION BY coalesce(nullif(hostname, ''), rollcall.client_ip) ORDER BY rollcall.received_at) AS before
    FROM records
    WHERE "date" = '2026-11-20' AND rollcall.client_ip <> ''
)
SELECT host, count(*) AS records, min(received_at) AS first_seen, max(received_at) AS last_seen,
    max(date_diff('second', from_iso8601_timestamp(before), from_iso8601_timestamp(received_at))) AS longest_gap_seconds,
    count(DISTINCT client_ip) AS addresses
FROM beats
GROUP BY 1
ORDER BY 1
