-- What runs that did not run the day before, on hosts that answered on both days; kernel threads apart.
-- Put yours in place of: 2026-11-20 (and the day before, 2026-11-19).
WITH
    seen AS (
        SELECT DISTINCT "date", coalesce(nullif(hostname, ''), client_ip) AS host,
            trim(LEADING '''' FROM split_part(cmd, ' ', 1)) AS program, "user"
        FROM processes
        WHERE "date" IN ('2026-11-19', '2026-11-20') AND cmd <> '' AND cmd NOT LIKE '[%'
    ),
    before AS (SELECT * FROM seen WHERE "date" = '2026-11-19')
SELECT host, program, array_join(array_sort(array_agg(DISTINCT "user")), ' ') AS users
FROM seen
WHERE "date" = '2026-11-20' AND host IN (SELECT host FROM before)
    AND NOT EXISTS (SELECT 1 FROM before WHERE before.host = seen.host AND before.program = seen.program)
GROUP BY 1, 2
ORDER BY 1, 2
