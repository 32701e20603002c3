-- Machine ids that several hosts have: cloned disks, or images that did not reset theirs.
-- Put yours in place of: 2026-11-20.
SELECT machine_id, count(DISTINCT hostname) AS hostnames, count(DISTINCT rollcall.client_ip) AS addresses,
    count(DISTINCT boot_id) AS boots, array_join(array_sort(array_agg(DISTINCT hostname)), ' ') AS who
FROM records
WHERE "date" = '2026-11-20' AND machine_id <> ''
GROUP BY 1
HAVING count(DISTINCT hostname) > 1
ORDER BY 2 DESC, 1
