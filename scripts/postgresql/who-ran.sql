-- Who ran a program on a day: host, account, when it was first and last seen, how many processes.
--     psql -v day=2026-11-20 -v program=sshd -f who-ran.sql
SELECT host, client_ip, "user", min(received_at) AS first_seen, max(received_at) AS last_seen,
    count(DISTINCT pid) AS pids, min(cmd) AS example
FROM rollcall.processes
WHERE date = :'day' AND cmd ~ ('^''?-?([^ ]*/)?' || regexp_replace(:'program', '([^A-Za-z0-9_])', '\\\1', 'g') || '(:| |$)')
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3;
