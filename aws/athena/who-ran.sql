-- Who ran a program on a day: host, account, when it was first and last seen, how many processes.
-- Put yours in place of: sshd and 2026-11-20.
SELECT coalesce(nullif(hostname, ''), client_ip) AS host, client_ip, "user", min(received_at) AS first_seen,
    max(received_at) AS last_seen, count(DISTINCT pid) AS pids, min(cmd) AS example
FROM processes
WHERE "date" = '2026-11-20' AND regexp_like(cmd, '^''?-?([^ ]*/)?sshd(:| |$)')
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
