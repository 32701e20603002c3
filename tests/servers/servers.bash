# servers.bash: real web servers in front of real handlers, from the snippets as they are shipped.
# `load servers`, servers_setup in setup() and rollcall_teardown in teardown().
#
# handlers_start makes the socket; nginx_start, apache_start and caddy_start put a server in front of
# it and set PORT, URL and SERVER. Their arguments are sed scripts: what an operator edits in the
# snippet. Root becomes nobody first.
# shellcheck shell=bash disable=SC2034,SC2153,SC2154

load ../lib/helper

SNIPPETS=$REPO/lighttpd/other-servers
PATH=$PATH:/usr/sbin:/sbin
AUTH=(-H "Authorization: Bearer $TOKEN")
JSON=(-H 'Content-Type: application/json')

servers_setup() {
    rollcall_setup
    SITE=$T/site
    mkdir -p "$SITE/run" "$SITE/tmp"
    cp "$HANDLER" "$SITE/rollcall-handler"
    cp -r "$REPO/lighttpd/htdocs" "$SITE/htdocs"
    chmod go+rx "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$T"
    AS=()
    [ "$(id -u)" != 0 ] || AS=(setpriv --reuid nobody --regid nogroup --clear-groups)
}

needs() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || skip "$program is not installed"
    done
}

hand_over() { [ "${#AS[@]}" = 0 ] || chown -R nobody:nogroup "$T"; }

# start NAME COMMAND...: in the background, as nobody; its output in $SITE/NAME.log. Sets STARTED.
start() {
    local name=$1
    shift
    touch "$SITE/$name.log"
    hand_over
    "${AS[@]}" "$@" >>"$SITE/$name.log" 2>&1 </dev/null 3>&- &
    STARTED=$!
    PIDS+=("$STARTED")
}

# handlers_start N: sets HANDLERS, the pid of multiwatch.
handlers_start() {
    needs spawn-fcgi multiwatch
    start handlers env ROLLCALL_SOCKET="$SITE/run/handler.sock" ROLLCALL_WORKERS="$1" \
        ROLLCALL_HANDLER="$SITE/rollcall-handler" ROLLCALL_CONFIG="$T/handler.json" \
        "$SNIPPETS/spawn-fcgi.sh"
    HANDLERS=$STARTED
    wait_until 10 test -S "$SITE/run/handler.sock" || fail "$(cat "$SITE/handlers.log")"
}

# query_start: rollcall-query behind its two sockets.
query_start() {
    local name
    needs spawn-fcgi multiwatch
    cp "$ROLLCALL_BUILD/rollcall-query" "$SITE/"
    for name in query files; do
        start "$name" env ROLLCALL_SOCKET="$SITE/run/$name.sock" ROLLCALL_WORKERS=2 \
            ROLLCALL_HANDLER="$SITE/rollcall-query" ROLLCALL_CONFIG="$T/handler.json" "$SNIPPETS/spawn-fcgi.sh"
        wait_until 10 test -S "$SITE/run/$name.sock" || fail "$(cat "$SITE/$name.log")"
    done
}

# snippet FILE SED...: the shipped file with our socket, and what the operator edits.
snippet() {
    local file=$1 script args=(-e "s,/run/rollcall,$SITE/run,g;s,/var/www/rollcall,$SITE/www,g;s,/usr/local/share/rollcall/htdocs,$SITE/htdocs,g")
    shift
    for script in "$@"; do
        args+=(-e "$script")
    done
    sed "${args[@]}" "$SNIPPETS/$file"
}

# serve NAME CONFIGURE COMMAND...: CONFIGURE writes the configuration for $PORT; until it answers.
serve() {
    local name=$1 configure=$2 try
    shift 2
    for try in 1 2 3; do
        PORT=$(free_port)
        URL=http://127.0.0.1:$PORT
        "$configure"
        start "$name" "$@"
        SERVER=$STARTED
        wait_until 15 serving_or_gone || kill "$SERVER"
        gone "$SERVER" || return 0
    done
    fail "$(cat "$SITE/$name.log")"
}

serving_or_gone() { gone "$SERVER" || curl -s -o /dev/null -m 5 "$URL/nothing-here"; }

nginx_start() {
    needs nginx
    EDITS=("$@")
    cp /etc/nginx/fastcgi_params "$SITE/"
    serve nginx nginx_configure nginx -p "$SITE" -c "$SITE/nginx.conf"
}

nginx_configure() {
    snippet nginx.conf "s,listen 80;,listen 127.0.0.1:$PORT;," "${EDITS[@]}" >"$SITE/rollcall.conf"
    cat >"$SITE/nginx.conf" <<END
daemon off;
pid $SITE/nginx.pid;
error_log stderr;
events { worker_connections 512; }
http {
    access_log $SITE/access.log;
    client_body_temp_path tmp;
    fastcgi_temp_path tmp;
    proxy_temp_path tmp;
    scgi_temp_path tmp;
    uwsgi_temp_path tmp;
    include /etc/nginx/mime.types;
    include rollcall.conf;
}
END
}

apache_start() {
    needs apache2
    EDITS=("$@")
    serve apache apache_configure env TMPDIR="$SITE/tmp" apache2 -DFOREGROUND -f "$SITE/apache2.conf"
}

apache_configure() {
    local module
    snippet apache.conf "s,\\*:80,127.0.0.1:$PORT," "${EDITS[@]}" >"$SITE/rollcall.conf"
    {
        for module in mpm_event authz_core alias proxy proxy_fcgi filter buffer deflate headers remoteip reqtimeout setenvif dir mime; do
            echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
        done
        cat <<END
ServerRoot $SITE
ServerName localhost
PidFile $SITE/apache.pid
Mutex file:$SITE/tmp default
TypesConfig /etc/mime.types
ErrorLog $SITE/apache.log
Listen 127.0.0.1:$PORT
Include $SITE/rollcall.conf
END
    } >"$SITE/apache2.conf"
}

caddy_start() {
    needs caddy
    EDITS=("$@")
    serve caddy caddy_configure env HOME="$SITE" XDG_DATA_HOME="$SITE" XDG_CONFIG_HOME="$SITE" \
        caddy run --config "$SITE/Caddyfile" --adapter caddyfile
}

# Without its administration port: that is a fixed one, and somebody else's Caddy may have it.
caddy_configure() {
    snippet Caddyfile "s,^:80,http://127.0.0.1:$PORT," 's,^{,{\n\tadmin off,' "${EDITS[@]}" >"$SITE/Caddyfile"
}

# tls_setup: what lighttpd's production configuration needs: folders, and a certificate for localhost.
tls_setup() {
    [ -e /usr/lib/lighttpd/mod_openssl.so ] || skip "lighttpd-mod-openssl is not installed"
    mkdir -p "$SITE/www/.well-known/acme-challenge" "$SITE/log" "$SITE/upload" "$SITE/tls"
    "$REPO/scripts/selfsigned" --dir "$SITE/tls" localhost 127.0.0.1 ::1 >/dev/null
}

# tls_start SED...: with what the operator edits. Sets PORT (plain), TLS, URL (https).
tls_start() {
    EDITS=("$@")
    handlers_start 2
    serve lighttpd tls_configure lighttpd -D -f "$SITE/lighttpd.conf"
    URL=https://localhost:$TLS
}

tls_configure() {
    local script args=()
    TLS=$(free_port)
    for script in "${EDITS[@]}"; do
        args+=(-e "$script")
    done
    sed "${args[@]}" -e "s,/usr/local/share/rollcall/htdocs,$SITE/htdocs," -e "s,0.0.0.0:443,127.0.0.1:$TLS,;s,\[::\]:443,[::1]:$TLS,;s,\[::\]:80,[::1]:$PORT," \
        -e "s,\"0.0.0.0\",\"127.0.0.1\",;s,^server.port = 80,server.port = $PORT," \
        -e "s,/run/lighttpd.pid,$SITE/lighttpd.pid,;s,/run/rollcall,$SITE/run,;s,/etc/rollcall/tls,$SITE/tls," \
        -e "s,/var/www/rollcall,$SITE/www,;s,/var/cache/rollcall-upload,$SITE/upload,;s,/var/log/lighttpd,$SITE/log," \
        "$REPO/lighttpd/production.conf" >"$SITE/lighttpd.conf"
}

# ---- what is asked of each

client_ip() { jq -r .data.client_ip "$T/body"; }

# row NAME STATUS [curl options...] PATH: one request. A STATUS with a '!' is the web server's own,
# which need not be JSON. What differs is noted, for table_holds.
row() {
    local name=$1 want=${2%!} own=${2##*[0-9]} path=${*: -1} why=''
    http --path-as-is "${@:3:$#-3}" "$URL$path"
    if [ "$CGI_EXIT" != 0 ]; then
        why="curl ended with $CGI_EXIT"
    elif [[ ! $STATUS =~ ^($want)$ ]]; then
        why="status $STATUS, should be $want"
    elif [ -z "$own" ] && ! grep -qix 'Content-Type: application/json' "$T/head"; then
        why="$STATUS is not JSON"
    fi
    [ -z "$why" ] || DIFFERENT+=("$name ($path): $why")
}

# post_row NAME STATUS FILE [curl options...]
post_row() { row "$1" "$2" "${AUTH[@]}" "${JSON[@]}" --data-binary "@$3" "${@:4}" /data; }

table_holds() {
    [ "${#DIFFERENT[@]}" = 0 ] || {
        printf '%s\n' "${DIFFERENT[@]}"
        return 1
    }
}

make_bodies() {
    cat >"$T/text.json" <<'END'
{
  "hostname": "my-server",
  "processor": "Intel Core i7",
  "processes": "PID PPID USER %CPU %MEM CMD\n123 1 user 0.0 0.1 process1\n456 1 user 0.1 0.2 process2",
  "users": "user1\nuser2",
  "os_name": "Linux",
  "os_ver": "4.19.0-14-amd64"
}
END
    cat >"$T/objects.json" <<'END'
{"processor": "", "processes": [{"pid": 1, "name": "systemd", "status": "sleeping"}], "os_name": "Linux",
 "users": [{"name": "ana", "terminal": "pts/0", "host": "10.0.0.9", "started": 1685577600.0, "pid": 4650}],
 "os_version": "5.10.0-23-amd64"}
END
    gzip -kn "$T/record.json"
    printf '%s\n' "$SMALL" "$SMALL" "$SMALL" >"$T/three.ndjson"
    long_record 2500000 >"$T/5m.json"
    long_record 8700000 >"$T/17m.json"
    long_record 11000000 >"$T/22m.json"
}

# long_record N: with a member of 2 N bytes.
long_record() { printf '%s,"filler":"%s"}\n' "${SMALL%\}}" "$(yes x | head -n "$1" | tr '\n' ' ')"; }

# request_table CHUNKED: the same for each server; CHUNKED is the status of a chunked body.
request_table() {
    local chunked=$1 CHUNKED=(-H 'Transfer-Encoding: chunked')
    DIFFERENT=()
    make_bodies
    post_row "processes as text" 200 "$T/text.json"
    post_row "processes as objects" 200 "$T/objects.json"
    post_row "gzip" 200 "$T/record.json.gz" -H 'Content-Encoding: gzip'
    row "NDJSON" 200 "${AUTH[@]}" -H 'Content-Type: application/x-ndjson' \
        --data-binary "@$T/three.ndjson" /data
    post_row "a body of 5 MiB" 200 "$T/5m.json"
    post_row "without Expect" 200 "$T/5m.json" -H 'Expect:'
    post_row "HTTP/1.0" 200 "$T/record.json" --http1.0
    post_row "chunked" "$chunked" "$T/record.json" "${CHUNKED[@]}"
    post_row "chunked, 5 MiB" "$chunked" "$T/5m.json" "${CHUNKED[@]}"
    post_row "over the handler's limit" 413 "$T/17m.json"
    post_row "over the handler's limit, chunked" "413|$chunked" "$T/17m.json" "${CHUNKED[@]}"
    post_row "over everybody's limit" '413!' "$T/22m.json" -H 'Expect:'
    row "no token" 401 "${JSON[@]}" --data-binary "@$T/record.json" /data
    row "an unknown token" 401 -H 'Authorization: Bearer x' "${JSON[@]}" --data-binary "@$T/record.json" /data
    row "a token without the scope" 403 -H "Authorization: Bearer $READ_TOKEN" "${JSON[@]}" \
        --data-binary "@$T/record.json" /data
    row "no Content-Type of ours" 415 "${AUTH[@]}" --data-binary "@$T/record.json" /data
    row "not a record" 422 "${AUTH[@]}" "${JSON[@]}" --data '{"processor":1}' /data
    row "not JSON" 400 "${AUTH[@]}" "${JSON[@]}" --data '{' /data
    row "no length" '411!' "${AUTH[@]}" "${JSON[@]}" -X POST /data
    row "GET /data" 405 /data
    row "PUT /data" 405 -X PUT /data
    row "no such path" 404 /nothing-here
    row "GET /healthz" 200 /healthz
    row "HEAD /healthz" 200 -I /healthz
    row "a query" 200 "${AUTH[@]}" "${JSON[@]}" --data-binary "@$T/record.json" '/data?x=%2f..%2f'
    post_row "and after all that" 200 "$T/record.json"
    table_holds
    check_store
    verify
}

# odd_paths STATUS: what other spellings of /data are, with a body that would be stored.
odd_paths() {
    local path record=("${AUTH[@]}" "${JSON[@]}" --data-binary "@$T/record.json")
    DIFFERENT=()
    row "percent-encoded" 200 "${record[@]}" /%64ata
    for path in //data /./data /x/../data /%2e/data; do
        row "not normalised" "$1" "${record[@]}" "$path"
    done
    for path in /DATA /data/ /data/x /data.php/x '/data;x' /data%3fx /data%2fx /a%20b /%ff /data%00 /data%0a \
        /data%0d%0aX:y /../etc/passwd /%2e%2e/%2e%2e/etc/passwd /rollcall-handler /../run/handler.sock; do
        row "no such path" '404|400!' "${record[@]}" "$path"
    done
    table_holds
}

# page_served: the page at each of its addresses, its files with the right types, compressed, under one
# policy, and nothing else below it.
page_served() {
    local path csp file
    csp=$(sed -n 's/.*"Content-Security-Policy" => "\(.*\)",$/\1/p' "$REPO/lighttpd/production.conf")
    [ -n "$csp" ]
    for path in / /hosts /hosts/ /hosts/10.0.0.7 '/hosts/2001:db8::7?at=-1h' /changes /search '/policies?rule=x' /index.html; do
        http "$@" "$URL$path"
        [ "$STATUS" = 200 ] || fail "$path is $STATUS"
        cmp "$T/body" "$REPO/lighttpd/htdocs/index.html"
        assert_header Content-Type 'text/html; ?charset=utf-8'
        grep -qixF "Content-Security-Policy: $csp" "$T/head" || fail "$(cat "$T/head")"
        assert_header X-Content-Type-Options nosniff
    done
    for file in app/main.js app/app.css app/icon.svg vendor/preact.js vendor/uplot.css; do
        http "$@" --compressed "$URL/$file"
        [ "$STATUS" = 200 ] || fail "$file is $STATUS"
        cmp "$T/body" "$REPO/lighttpd/htdocs/$file"
        case $file in
        *.js) assert_header Content-Type 'text/javascript; ?charset=utf-8' && assert_header Content-Encoding gzip ;;
        *.css) assert_header Content-Type 'text/css; ?charset=utf-8' && assert_header Content-Encoding gzip ;;
        *.svg) assert_header Content-Type 'image/svg\+xml' ;;
        esac
    done
    for path in /hostsx /changes/ /vendor /app/../../run/handler.sock /vendor/%2e%2e/%2e%2e/handler.json /app/none.js; do
        http "$@" --path-as-is "$URL$path"
        case $STATUS in 400 | 403 | 404 | 301) ;; *) fail "$path is $STATUS" ;; esac
    done
}

FORGED=(-H 'X-Forwarded-For: 6.6.6.6' -H 'X-Real-IP: 6.6.6.6' -H 'Forwarded: for=6.6.6.6'
    -H 'Client-IP: 6.6.6.6' -H 'True-Client-IP: 6.6.6.6' -H 'Remote-Addr: 6.6.6.6' -H 'REMOTE_ADDR: 6.6.6.6')

# forged_headers: the address is the peer's, whatever it says.
forged_headers() {
    http_post "$T/record.json" "${FORGED[@]}"
    assert_status 200
    [ "$(client_ip)" = 127.0.0.1 ] || fail "a forged header counted"
    http_post "$T/record.json" "${FORGED[@]}" --interface 127.0.0.9
    [ "$(client_ip)" = 127.0.0.9 ] || fail "a forged header counted"
}

# trusted_proxy: 127.0.0.5 is one; its header counts, from the right, and nobody else's does.
trusted_proxy() {
    http_post "$T/record.json" --interface 127.0.0.5 -H 'X-Forwarded-For: 6.6.6.6, 10.9.8.7'
    [ "$(client_ip)" = 10.9.8.7 ] || fail "should be 10.9.8.7"
    http_post "$T/record.json" --interface 127.0.0.5 -H 'X-Forwarded-For: 6.6.6.6, 10.9.8.7, 127.0.0.5'
    [ "$(client_ip)" = 10.9.8.7 ] || fail "should be 10.9.8.7, past the second proxy"
    http_post "$T/record.json" --interface 127.0.0.5 -H 'X-Forwarded-For: 2001:db8::7'
    [ "$(client_ip)" = 2001:db8::7 ] || fail "should be 2001:db8::7"
    http_post "$T/record.json" --interface 127.0.0.5
    [ "$(client_ip)" = 127.0.0.5 ] || fail "should be the proxy itself"
    forged_headers
}

# dawdle N BYTES: N connections that announce 100,000 bytes, send a few, and wait; until $T/held has
# N lines. A line "cut" follows in it for each that the server then closes.
dawdle() {
    : >"$T/held"
    "$PYTHON" -c '
import os, socket, sys, threading
port, count, size, token = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
def one():
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(b"POST /data HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token.encode() +
              b"\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n" + b" " * size)
    os.write(1, b"held\n") # whole: print() from several threads mixes its lines
    try:
        while s.recv(4096):
            pass
    except ConnectionResetError:
        pass
    os.write(1, b"cut\n")
for _ in range(count):
    threading.Thread(target=one).start()' "$PORT" "$1" "$2" "$TOKEN" >"$T/held" 2>&1 3>&- &
    # Ended first: a server waits for its clients before it ends.
    PIDS=("$!" "${PIDS[@]}")
    wait_until 10 held "$1" held
}
held() { [ "$(grep -c "$2" "$T/held")" = "$1" ]; }

# dawdlers_hold_nobody: more slow clients than handlers, and others are served all the same.
dawdlers_hold_nobody() {
    dawdle 4 100
    dawdle 4 50000
    http_post "$T/record.json" -m 10
    [ "$STATUS" = 200 ] || tail -n 20 "$SITE"/*.log
    assert_status 200
}

# all_at_once N: as many records on up to 20 connections; each is stored.
all_at_once() {
    local i options=()
    for i in $(seq "$1"); do
        [ "$i" = 1 ] || options+=(--next)
        options+=(-s -o /dev/null -w '%{http_code}\n' "${AUTH[@]}" "${JSON[@]}" --data-binary "@$T/record.json"
            "$URL/data")
    done
    curl --no-progress-meter -Z --parallel-immediate --parallel-max 20 "${options[@]}" >"$T/codes"
    [ "$(sort "$T/codes" | uniq -c | awk '{ print $1, $2 }')" = "$1 200" ] || fail "$(sort "$T/codes" | uniq -c)"
    [ "$(lines_stored)" = "$1" ] || fail "$(lines_stored) of $1 are stored"
}
