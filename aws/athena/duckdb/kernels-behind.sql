-- Which hosts run a kernel that is older than the newest of the same system in the fleet, as each said last on that
-- day. Versions are compared number by number, so 6.1.10 is newer than 6.1.9.
WITH
    newest AS (
        SELECT coalesce(nullif(hostname, ''), rollcall.client_ip) AS host,
            max_by(coalesce(os_pretty_name, os_name), rollcall.received_at) AS system,
            max_by(coalesce(os_ver, os_version), rollcall.received_at) AS kernel
        FROM records
        WHERE date = asked_day()
        GROUP BY 1
    ),
    numbered AS (
        SELECT host, system, kernel, list_transform(regexp_extract_all(kernel, '[0-9]+'), lambda x : CAST(x AS decimal(38, 0))) AS version
        FROM newest
        WHERE regexp_matches(kernel, '^[0-9]') AND NOT regexp_matches(kernel, '[0-9]{30}')
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
