-- The processes with one meaning for state and start, whatever the client sent: the letter of proc(5), and
-- RFC 3339, as far as they can be derived. Numbers are numbers; a field that is not one is NULL. Run it
-- once, after create-processes.sql.
CREATE OR REPLACE VIEW processes_typed AS
SELECT received_at, client_ip, hostname, processor, os_name, os_ver, users,
    try_cast(pid AS bigint) AS pid,
    try_cast(ppid AS bigint) AS ppid,
    "user",
    try_cast(cpu AS double) AS cpu,
    try_cast(mem AS double) AS mem,
    try_cast(rss AS bigint) AS rss,
    CASE state
        WHEN 'running' THEN 'R' WHEN 'sleeping' THEN 'S' WHEN 'disk-sleep' THEN 'D' WHEN 'stopped' THEN 'T'
        WHEN 'tracing-stop' THEN 't' WHEN 'zombie' THEN 'Z' WHEN 'dead' THEN 'X' WHEN 'wake-kill' THEN 'K'
        WHEN 'waking' THEN 'W' WHEN 'idle' THEN 'I' WHEN 'parked' THEN 'P'
        ELSE regexp_extract(state, '^([RSDTtZXxKWPI])[^a-z]{0,3}[sl+]{0,3}$', 1)
    END AS state,
    CASE
        WHEN regexp_like("start", '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$') THEN "start"
        WHEN try_cast("start" AS double) BETWEEN 1e8 AND 1e11
            THEN date_format(from_unixtime(try_cast("start" AS double)), '%Y-%m-%dT%H:%i:%sZ')
    END AS "start",
    cmd, "date"
FROM processes
