-- The tables that rollcall-load(8) fills, in the schema rollcall. Running it again changes nothing.
--
-- records, processes and files have a partition per day, so that a day is read, replaced and dropped alone.
-- A value of a client that has not the type of its column is NULL.
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS rollcall;
SET search_path = rollcall, public;

CREATE TABLE IF NOT EXISTS records (
    date date NOT NULL,
    client_ip inet NOT NULL,
    seq bigint NOT NULL,
    received_at timestamptz NOT NULL,
    host text NOT NULL, -- hostname, else the address
    id text,
    machine_id text,
    boot_id text,
    instance_id text,
    system text, -- os_pretty_name, else os_name
    kernel text, -- os_ver, else os_version
    arch text,
    processor text,
    cores integer,
    memory_bytes bigint,
    boot_time timestamptz,
    process_count integer,
    user_count integer,
    chain text NOT NULL,
    record jsonb, -- as received, without processes; \u0000 is \ufffd; NULL if jsonb cannot hold it
    PRIMARY KEY (date, client_ip, seq)
) PARTITION BY RANGE (date);
CREATE INDEX IF NOT EXISTS records_host ON records (host, received_at);

CREATE TABLE IF NOT EXISTS processes (
    date date NOT NULL,
    client_ip inet NOT NULL,
    received_at timestamptz NOT NULL,
    host text NOT NULL,
    users text,
    pid bigint,
    ppid bigint,
    "user" text,
    cpu double precision,
    mem double precision,
    rss bigint,
    state text,
    start text,
    cmd text
) PARTITION BY RANGE (date);
CREATE INDEX IF NOT EXISTS processes_client ON processes (client_ip);
CREATE INDEX IF NOT EXISTS processes_received_at ON processes USING brin (received_at);

-- Where each file is in the archive: its catalogue.
CREATE TABLE IF NOT EXISTS files (
    date date NOT NULL,
    url text NOT NULL,
    kind text NOT NULL,
    client_ip inet,
    size bigint NOT NULL,
    gzip_size bigint NOT NULL,
    sha256 text NOT NULL,
    seq bigint,
    chain text,
    PRIMARY KEY (date, url)
) PARTITION BY RANGE (date);
CREATE INDEX IF NOT EXISTS files_client ON files (client_ip, date);

-- What was loaded of each file: a file that is as it was is not loaded again.
CREATE TABLE IF NOT EXISTS loaded (
    date date NOT NULL,
    name text NOT NULL, -- 10.0.0.7_2026-11-20.json, files.jsonl
    stamp text NOT NULL, -- size and time of the file
    rows bigint NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (date, name)
);

CREATE OR REPLACE FUNCTION to_number(text) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$SELECT CASE WHEN $1 ~ '^-?\d{1,30}(\.\d{1,30})?([eE][-+]?\d{1,2})?$' THEN $1::double precision END$$;
CREATE OR REPLACE FUNCTION to_bigint(text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$SELECT CASE WHEN $1 ~ '^-?\d{1,18}$' THEN $1::bigint END$$;
CREATE OR REPLACE FUNCTION to_time(text) RETURNS timestamptz LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN $1 ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:?\d\d)$' THEN $1::timestamptz END;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;

-- jsonb refuses \u0000, and numbers that numeric cannot hold. A backslash that is itself escaped begins no escape.
CREATE OR REPLACE FUNCTION without_nul(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$SELECT CASE WHEN strpos($1, '\u0000') > 0
        THEN regexp_replace($1, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g') ELSE $1 END$$;
CREATE OR REPLACE FUNCTION to_record(text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN $1::jsonb - 'processes' - 'rollcall';
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;

-- The partitions of a day.
CREATE OR REPLACE FUNCTION make_day(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    parent text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['records', 'processes', 'files'] LOOP
        IF to_regclass(format('rollcall.%s_%s', parent, to_char(day, 'YYYYMMDD'))) IS NULL THEN
            EXECUTE format('CREATE TABLE IF NOT EXISTS rollcall.%s_%s PARTITION OF rollcall.%s FOR VALUES FROM (%L) TO (%L)',
                parent, to_char(day, 'YYYYMMDD'), parent, day, day + 1);
        END IF;
    END LOOP;
END $$;

-- Drops the days before a day; the number of days is returned.
CREATE OR REPLACE FUNCTION drop_before(day date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    partition record;
    days integer := 0;
BEGIN
    FOR partition IN
        SELECT c.oid::regclass AS name, c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent IN ('rollcall.records'::regclass, 'rollcall.processes'::regclass, 'rollcall.files'::regclass)
            AND CASE WHEN c.relname ~ '_\d{8}$' THEN to_date(right(c.relname, 8), 'YYYYMMDD') < day END
    LOOP
        EXECUTE format('DROP TABLE %s', partition.name);
        days := days + (partition.relname LIKE 'records\_%')::integer;
    END LOOP;
    DELETE FROM rollcall.loaded WHERE date < day;
    RETURN days;
END $$;

-- What rollcall-load copies a file into first; empty again after each transaction.
CREATE TEMP TABLE IF NOT EXISTS lines (line text) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS cells (received_at text, client_ip text, hostname text, processor text, os_name text,
    os_ver text, users text, pid text, ppid text, "user" text, cpu text, mem text, rss text, state text, start text,
    cmd text) ON COMMIT DELETE ROWS;

-- Each replaces what was loaded of the file before. Lines that are no record of the address and day are left out.
CREATE OR REPLACE FUNCTION take_records(day date, address inet, name text, stamp text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    PERFORM rollcall.make_day(day);
    DELETE FROM rollcall.records WHERE date = day AND client_ip = address;
    INSERT INTO rollcall.records
    SELECT day, address, (r.own ->> 'seq')::bigint, (r.own ->> 'received_at')::timestamptz,
        coalesce(nullif(j ->> 'hostname', ''), host(address)), r.own ->> 'id', j ->> 'machine_id', j ->> 'boot_id',
        j ->> 'instance_id', coalesce(j ->> 'os_pretty_name', j ->> 'os_name'),
        coalesce(j ->> 'os_ver', j ->> 'os_version'), j ->> 'arch', j ->> 'processor',
        CASE WHEN j ->> 'cores' ~ '^\d{1,9}$' THEN (j ->> 'cores')::integer END, rollcall.to_bigint(j ->> 'memory_bytes'),
        rollcall.to_time(j ->> 'boot_time'), (r.own ->> 'process_count')::integer, (r.own ->> 'user_count')::integer,
        r.own ->> 'chain', rollcall.to_record(t.text)
    FROM lines CROSS JOIN LATERAL (SELECT rollcall.without_nul(line) AS text OFFSET 0) t
        CROSS JOIN LATERAL (SELECT t.text::json AS j OFFSET 0) p CROSS JOIN LATERAL (SELECT j -> 'rollcall' AS own OFFSET 0) r
    WHERE line LIKE '%"}}';
    GET DIAGNOSTICS n = ROW_COUNT;
    INSERT INTO rollcall.loaded VALUES (day, take_records.name, take_records.stamp, n)
    ON CONFLICT ON CONSTRAINT loaded_pkey DO UPDATE SET stamp = EXCLUDED.stamp, rows = EXCLUDED.rows, loaded_at = now();
END $$;

CREATE OR REPLACE FUNCTION take_processes(day date, address inet, name text, stamp text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    PERFORM rollcall.make_day(day);
    DELETE FROM rollcall.processes WHERE date = day AND client_ip = address;
    -- A record without processes has a row without a pid and a command: it says who was logged in.
    INSERT INTO rollcall.processes
    SELECT day, address, received_at::timestamptz, coalesce(nullif(hostname, ''), host(address)), users,
        rollcall.to_bigint(pid), rollcall.to_bigint(ppid), "user", rollcall.to_number(cpu), rollcall.to_number(mem),
        rollcall.to_bigint(rss), state, start, cmd
    FROM cells;
    GET DIAGNOSTICS n = ROW_COUNT;
    INSERT INTO rollcall.loaded VALUES (day, take_processes.name, take_processes.stamp, n)
    ON CONFLICT ON CONSTRAINT loaded_pkey DO UPDATE SET stamp = EXCLUDED.stamp, rows = EXCLUDED.rows, loaded_at = now();
END $$;

CREATE OR REPLACE FUNCTION take_files(day date, name text, stamp text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    PERFORM rollcall.make_day(day);
    DELETE FROM rollcall.files WHERE date = day AND (kind = 'record') = (take_files.name = 'listings.jsonl');
    INSERT INTO rollcall.files
    SELECT day, j ->> 'url', j ->> 'kind', (j ->> 'client_ip')::inet, (j ->> 'size')::bigint, (j ->> 'gzip_size')::bigint,
        j ->> 'sha256', (j ->> 'seq')::bigint, j ->> 'chain'
    FROM lines CROSS JOIN LATERAL (SELECT line::json AS j OFFSET 0) p;
    GET DIAGNOSTICS n = ROW_COUNT;
    INSERT INTO rollcall.loaded VALUES (day, take_files.name, take_files.stamp, n)
    ON CONFLICT ON CONSTRAINT loaded_pkey DO UPDATE SET stamp = EXCLUDED.stamp, rows = EXCLUDED.rows, loaded_at = now();
END $$;
