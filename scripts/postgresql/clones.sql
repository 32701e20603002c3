-- Machine ids that several hosts have: cloned disks, or images that did not reset theirs.
--     psql -v day=2026-11-20 -f clones.sql
SELECT machine_id, count(DISTINCT host) AS hostnames, count(DISTINCT client_ip) AS addresses,
    count(DISTINCT boot_id) AS boots, string_agg(DISTINCT host, ' ' ORDER BY host) AS who
FROM rollcall.records
WHERE date = :'day' AND machine_id <> '' AND host <> host(client_ip)
GROUP BY 1
HAVING count(DISTINCT host) > 1
ORDER BY 2 DESC, 1;
