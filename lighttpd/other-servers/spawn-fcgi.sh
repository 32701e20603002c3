#!/bin/sh
# spawn-fcgi.sh: rollcall-handlers on a unix socket, for web servers that do not start programs, on
# systems without systemd (which has rollcall-handler.socket). Needs spawn-fcgi and multiwatch.
#
# It stays in the foreground, the handlers' log is its stderr, SIGTERM ends them all: run it from
# your service manager (runit, s6, supervisord). Without -n, spawn-fcgi would discard the log.
# multiwatch restarts a handler that died, and gives up if one dies three times in a row.
#
#   ROLLCALL_SOCKET     the socket: /run/rollcall/handler.sock
#   ROLLCALL_GROUP      the group that may connect, the web server's: www-data
#   ROLLCALL_USER       the handlers' user: rollcall (only root can choose)
#   ROLLCALL_WORKERS    how many: 32
#   ROLLCALL_HANDLER    the program: /usr/local/sbin/rollcall-handler
set -eu

socket=${ROLLCALL_SOCKET:-/run/rollcall/handler.sock}
user=${ROLLCALL_USER:-rollcall}
group=${ROLLCALL_GROUP:-www-data}

set -- -n -s "$socket" -M 0660 -b 1024
if [ "$(id -u)" = 0 ]; then
    install -d -m 755 "$(dirname "$socket")"
    set -- "$@" -u "$user" -g "$(id -gn "$user")" -U "$user" -G "$group"
fi
# (Unless told otherwise, multiwatch ends its children with SIGUSR1.)
exec spawn-fcgi "$@" -- "$(command -v multiwatch)" -s TERM -f "${ROLLCALL_WORKERS:-32}" -- \
    "${ROLLCALL_HANDLER:-/usr/local/sbin/rollcall-handler}"
