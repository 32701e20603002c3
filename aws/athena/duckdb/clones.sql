-- Machine ids that several hosts have: cloned disks, or images that did not reset theirs.
SELECT machine_id, count(DISTINCT hostname) AS hostnames, count(DISTINCT rollcall.client_ip) AS addresses,
    count(DISTINCT boot_id) AS boots, string_agg(DISTINCT hostname, ' ' ORDER BY hostname) AS who
FROM records
WHERE date = asked_day() AND machine_id <> ''
GROUP BY 1
HAVING count(DISTINCT hostname) > 1
ORDER BY 2 DESC, 1;
