-- What changed on a host between two times: its system, address, boot and users, and the programs that run.
-- It compares the last record before each time. A program that came has no "was", one that went no "is_now".
WITH
    seen AS (
        SELECT rollcall.received_at AS seen_at, rollcall.client_ip AS address, coalesce(os_pretty_name, os_name) AS system,
            coalesce(os_ver, os_version) AS kernel, processor, CAST(cores AS varchar) AS cores,
            CAST(memory_bytes AS varchar) AS memory_bytes, boot_id AS boot
        FROM records
        WHERE date BETWEEN CAST(left(asked_since(), 10) AS DATE) - 1 AND CAST(left(asked_until(), 10) AS DATE) AND coalesce(nullif(hostname, ''), rollcall.client_ip) = getvariable('host')
    ),
    moments AS (
        SELECT max(CASE WHEN seen_at <= asked_since() THEN seen_at END) AS was_at, max(seen_at) AS is_at
        FROM seen
        WHERE seen_at <= asked_until()
    ),
    facts AS (
        SELECT seen_at, 'address' AS what, address AS value FROM seen
        UNION ALL SELECT seen_at, 'system', system FROM seen
        UNION ALL SELECT seen_at, 'kernel', kernel FROM seen
        UNION ALL SELECT seen_at, 'processor', processor FROM seen
        UNION ALL SELECT seen_at, 'cores', cores FROM seen
        UNION ALL SELECT seen_at, 'memory_bytes', memory_bytes FROM seen
        UNION ALL SELECT seen_at, 'boot', boot FROM seen
    ),
    host_rows AS (
        SELECT received_at, users, trim(LEADING '''' FROM split_part(cmd, ' ', 1)) AS program
        FROM processes
        WHERE date BETWEEN CAST(left(asked_since(), 10) AS DATE) - 1 AND CAST(left(asked_until(), 10) AS DATE) AND coalesce(nullif(hostname, ''), client_ip) = getvariable('host')
    ),
    all_facts AS (
        SELECT seen_at, what, max(value) AS value FROM facts GROUP BY 1, 2
        UNION ALL SELECT received_at, 'users', max(users) FROM host_rows GROUP BY 1
    ),
    programs AS (
        SELECT program, max(CASE WHEN received_at = was_at THEN program END) AS was,
            max(CASE WHEN received_at = is_at THEN program END) AS is_now
        FROM host_rows CROSS JOIN moments
        WHERE program <> '' AND program NOT LIKE '[%'
        GROUP BY 1
    ),
    pairs AS (
        SELECT what, coalesce(max(CASE WHEN seen_at = was_at THEN value END), '') AS was,
            coalesce(max(CASE WHEN seen_at = is_at THEN value END), '') AS is_now
        FROM all_facts CROSS JOIN moments
        GROUP BY 1
        UNION ALL SELECT 'program', coalesce(was, ''), coalesce(is_now, '') FROM programs
    )
SELECT what, was, is_now
FROM pairs CROSS JOIN moments
WHERE was <> is_now AND was_at IS NOT NULL
ORDER BY 1, 2, 3;
