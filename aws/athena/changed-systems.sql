-- Which hosts have another system than the day before: release, kernel, processor, cores, memory.
-- Put yours in place of: 2026-11-20 (and the day before, 2026-11-19).
WITH
    systems AS (
        SELECT "date" AS day, coalesce(nullif(hostname, ''), rollcall.client_ip) AS host, max_by(
            concat_ws(', ', coalesce(os_pretty_name, os_name), coalesce(os_ver, os_version), processor,
                CAST(cores AS varchar), CAST(memory_bytes AS varchar)), rollcall.received_at) AS system
        FROM records
        WHERE "date" IN ('2026-11-19', '2026-11-20')
        GROUP BY 1, 2
    )
SELECT host, before.system AS was, today.system AS is_now
FROM systems AS today JOIN systems AS before USING (host)
WHERE today.day = '2026-11-20' AND before.day = '2026-11-19' AND today.system <> before.system
ORDER BY 1
