# postgres: a PostgreSQL of the test's own, on a socket of its own. `load ../lib/postgres` after ../lib/helper;
# postgres_start in setup(), postgres_stop in teardown().
# shellcheck shell=bash

# As root the server runs as the account postgres of Debian's package: it refuses root.
postgres_as() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
    else
        "$@"
    fi
}

postgres_start() {
    local bin
    bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
    [ -n "$bin" ] || skip "postgresql is not installed"
    # Not below the test's directory, which only its owner may enter.
    POSTGRES=$(mktemp -d /tmp/rollcall-postgres.XXXXXX)
    [ "$(id -u)" != 0 ] || chown postgres "$POSTGRES"
    (cd / && postgres_as "$bin/initdb" -D "$POSTGRES/data" -U rollcall -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$T/initdb.log" 2>&1) ||
        fail "$(cat "$T/initdb.log")"
    (
        cd /
        exec 3>&-
        postgres_as "$bin/postgres" -D "$POSTGRES/data" -k "$POSTGRES" -c listen_addresses= -c fsync=off \
            -c max_wal_size=4GB "$@" >"$T/postgres.log" 2>&1
    ) &
    PIDS+=($!)
    export PGHOST=$POSTGRES PGUSER=rollcall PGDATABASE=postgres PGTZ=UTC
    wait_until 60 query 'SELECT 1' >"$T/postgres.up" || fail "$(cat "$T/postgres.log")"
}

# The server ends with its clients, at once.
postgres_stop() {
    [ -n "${POSTGRES-}" ] || return 0
    local pid
    pid=$(head -n 1 "$POSTGRES/data/postmaster.pid" 2>/dev/null) || true
    [ -z "$pid" ] || { kill -INT "$pid" && wait_until 30 gone "$pid"; } || kill -KILL "$pid" 2>/dev/null || true
    rm -rf "$POSTGRES"
}

query() { psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1"; }
