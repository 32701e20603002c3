-- What runs that did not run the day before, on hosts that answered on both days; kernel threads apart.
--     psql -v day=2026-11-20 -f new-programs.sql
WITH
    seen AS (
        SELECT DISTINCT date, host, ltrim(split_part(cmd, ' ', 1), '''') AS program, "user"
        FROM rollcall.processes
        WHERE date IN (date :'day' - 1, :'day') AND cmd <> '' AND cmd NOT LIKE '[%'
    ),
    before AS (SELECT * FROM seen WHERE date = date :'day' - 1)
SELECT host, program, string_agg(DISTINCT "user", ' ' ORDER BY "user") AS users
FROM seen
WHERE date = :'day' AND host IN (SELECT host FROM before)
    AND NOT EXISTS (SELECT 1 FROM before WHERE before.host = seen.host AND before.program = seen.program)
GROUP BY 1, 2
ORDER BY 1, 2;
