-- Who did not answer for a whole day, having answered in the seven days before it; the longest silent first.
--     psql -v day=2026-11-20 -f silent.sql
SELECT host, (array_agg(client_ip ORDER BY received_at DESC, seq DESC))[1] AS client_ip, max(received_at) AS last_seen
FROM rollcall.records
WHERE date BETWEEN date :'day' - 7 AND :'day'
GROUP BY 1
HAVING max(date) < :'day'
ORDER BY 3, 1;
