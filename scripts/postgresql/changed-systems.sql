-- Which hosts have another system than the day before: release, kernel, processor, cores, memory.
--     psql -v day=2026-11-20 -f changed-systems.sql
WITH systems AS (
    SELECT DISTINCT ON (date, host) date AS day, host, concat_ws(', ', system, kernel, processor, cores, memory_bytes) AS system
    FROM rollcall.records
    WHERE date IN (date :'day' - 1, :'day')
    ORDER BY date, host, received_at DESC, seq DESC
)
SELECT host, before.system AS was, today.system AS is_now
FROM systems AS today JOIN systems AS before USING (host)
WHERE today.day = :'day' AND before.day = date :'day' - 1 AND today.system <> before.system
ORDER BY 1;
