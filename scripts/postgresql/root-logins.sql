-- Where root was logged in on a day, and when that was seen first and last.
--     psql -v day=2026-11-20 -f root-logins.sql
SELECT host, client_ip, min(received_at) AS first_seen, max(received_at) AS last_seen, count(DISTINCT received_at) AS records
FROM rollcall.processes
WHERE date = :'day' AND 'root' = ANY (string_to_array(users, ';'))
GROUP BY 1, 2
ORDER BY 1, 2;
