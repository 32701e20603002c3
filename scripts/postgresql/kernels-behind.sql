-- Which hosts run a kernel that is older than the newest of the same system in the fleet, as each said last on that
-- day. Versions are compared number by number.
--     psql -v day=2026-11-20 -f kernels-behind.sql
WITH
    newest AS (
        SELECT DISTINCT ON (host) host, system, kernel
        FROM rollcall.records
        WHERE date = :'day'
        ORDER BY host, received_at DESC, seq DESC
    ),
    numbered AS (
        SELECT host, system, kernel, ARRAY(SELECT m[1]::numeric FROM regexp_matches(kernel, '\d+', 'g') AS m) AS version
        FROM newest
        WHERE kernel ~ '^\d'
    ),
    ranked AS (
        SELECT host, system, kernel, dense_rank() OVER (PARTITION BY system ORDER BY version DESC) AS place,
            first_value(kernel) OVER (PARTITION BY system ORDER BY version DESC, kernel) AS newest_kernel
        FROM numbered
    )
SELECT system, host, kernel, newest_kernel, place - 1 AS versions_behind
FROM ranked
WHERE place > 1
ORDER BY 1, 2;
