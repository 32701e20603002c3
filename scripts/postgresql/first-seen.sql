-- Which programs were seen for the first time in the fleet on a day: on no host in the thirty days before.
--     psql -v day=2026-11-20 -f first-seen.sql
SELECT ltrim(split_part(cmd, ' ', 1), '''') AS program, min(received_at) AS first_seen, count(DISTINCT host) AS hosts,
    min(host) AS example
FROM rollcall.processes
WHERE date BETWEEN date :'day' - 30 AND :'day' AND cmd <> '' AND cmd NOT LIKE '[%'
GROUP BY 1
HAVING min(date) = :'day'
ORDER BY 2, 1;
