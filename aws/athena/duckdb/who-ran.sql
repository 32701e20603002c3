-- Who ran a program on a day: host, account, when it was first and last seen, how many processes.
SELECT coalesce(nullif(hostname, ''), client_ip) AS host, client_ip, "user", min(received_at) AS first_seen,
    max(received_at) AS last_seen, count(DISTINCT pid) AS pids, min(cmd) AS example
FROM processes
WHERE date = asked_day() AND regexp_matches(cmd,
    '^''?-?([^ ]*/)?' || regexp_escape(coalesce(getvariable('program'), 'sshd')) || '(:| |$)')
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3;
