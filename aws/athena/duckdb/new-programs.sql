-- What runs that did not run the day before, on hosts that answered on both days; kernel threads apart.
WITH
    seen AS (
        SELECT DISTINCT date, coalesce(nullif(hostname, ''), client_ip) AS host,
            trim(LEADING '''' FROM split_part(cmd, ' ', 1)) AS program, "user"
        FROM processes
        WHERE date IN (asked_day() - 1, asked_day()) AND cmd <> '' AND cmd NOT LIKE '[%'
    ),
    before AS (SELECT * FROM seen WHERE date = asked_day() - 1)
SELECT host, program, string_agg(DISTINCT "user", ' ' ORDER BY "user") AS users
FROM seen
WHERE date = asked_day() AND host IN (SELECT host FROM before)
    AND NOT EXISTS (SELECT 1 FROM before WHERE before.host = seen.host AND before.program = seen.program)
GROUP BY 1, 2
ORDER BY 1, 2;
