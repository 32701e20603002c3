#!/usr/bin/env bats
# Which program answers which path, in each server's configuration as it is shipped.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153,SC2154

load servers

setup() {
    servers_setup
    mkdir -p "$SITE/www/sub"
    echo 'body { color: red }' >"$SITE/www/style.css"
    echo hidden >"$SITE/www/data"
    chmod -R go+rX "$SITE/www"
    TRUST=()
}
teardown() { rollcall_teardown; }

ask() { http "${TRUST[@]}" -H "Authorization: Bearer $READ_TOKEN" "$URL$1" "${@:2}"; }

# routed: the same of each server.
routed() {
    local day path ip=127.0.0.1
    day=$(today)
    http_post "$T/record.json" "${TRUST[@]}"
    assert_status 200
    http_post "$T/record.json" "${TRUST[@]}"
    assert_status 200
    ip=$(jq -r .data.client_ip "$T/body")

    ask /api/v1/hosts
    assert_status 200
    assert_json ".data.total == 1 and .data.hosts[0].ip == \"$ip\" and .data.hosts[0].records == 2"
    ask '/api/v1/hosts?q=ip%3A127.0.0.0%2F8&fields=ip'
    assert_json '.data.total == 1'
    ask "/api/v1/hosts/$ip"
    assert_json '.data.record.rollcall.seq == 2'
    ask "/api/v1/hosts/$ip/days"
    assert_json '.data.days | length == 1'
    http "${TRUST[@]}" "$URL/api/v1/hosts"
    assert_status 401
    ask "/files/$day/${ip}_$day.json"
    [ "$STATUS" = 200 ]
    cmp "$T/body" "$(json_file "$ip")"
    ask "/files/$day/${ip}_$day.csv" -H 'Range: bytes=0-9'
    [ "$STATUS" = 206 ]
    [ "$(cat "$T/body")" = "$(head -c 10 "$(csv_file "$ip")")" ]
    ask "/files/$day/nothing"
    assert_status 404

    # These belong to rollcall-query as well: it knows them, or says which it knows.
    for path in /api/v1/changes /api/v1/search /api/v1/compliance /api/v1/session /metrics /api/v1/hosts/; do
        ask "$path"
        [[ $STATUS =~ ^(200|400|403|404|405|503)$ ]] || fail "$path is $STATUS"
    done
    grep -q 'path=/api/v1/search' "$SITE/query.log" || ask /api/v1/search -X PATCH
    wait_until 5 grep -q 'path=/api/v1/search' "$SITE/query.log" || fail "$(cat "$SITE/query.log")"

    # A file of the page, and what is neither.
    http "${TRUST[@]}" "$URL/"
    [ "$STATUS" = 200 ]
    cmp "$T/body" "$REPO/lighttpd/htdocs/index.html"
    assert_header Content-Type 'text/html.*'
    http "${TRUST[@]}" "$URL/style.css"
    assert_header Content-Type 'text/css.*'
    for path in /data /data/ /healthz/x /api/v1/unknown /no-such-path /sub /sub/; do
        http "${TRUST[@]}" -L "$URL$path"
        [[ $STATUS =~ ^(404|405)$ ]] || fail "$path is $STATUS"
        assert_status "$STATUS"
    done
}

@test "routes: nginx" {
    needs nginx
    handlers_start 2
    query_start
    nginx_start
    routed
}

@test "routes: Apache" {
    needs apache2
    handlers_start 2
    query_start
    apache_start
    routed
}

@test "routes: Caddy" {
    needs caddy
    handlers_start 2
    query_start
    caddy_start
    routed
}

@test "routes: lighttpd with TLS" {
    tls_setup
    query_start
    tls_start
    TRUST=(--cacert "$SITE/tls/cert.pem")
    routed
}

@test "routes: the embedded lighttpd" {
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    mkdir "$SITE/upload" && cp -r "$SITE"/www/* "$SITE/htdocs/"
    cp "$ROLLCALL_BUILD/rollcall-query" "$SITE/"
    start lighttpd env ROLLCALL_RUN="$SITE" ROLLCALL_PORT="$PORT" ROLLCALL_HANDLER="$SITE/rollcall-handler" \
        ROLLCALL_QUERY="$SITE/rollcall-query" ROLLCALL_WORKERS=2 ROLLCALL_CONFIG="$T/handler.json" \
        /usr/sbin/lighttpd -D -f "$REPO/lighttpd/lighttpd.conf"
    ln -s handler.log "$SITE/query.log"
    wait_until 15 server_answers
    routed
}

@test "routes: without rollcall-query the embedded lighttpd serves the handler alone" {
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    mkdir "$SITE/upload"
    start lighttpd env ROLLCALL_RUN="$SITE" ROLLCALL_PORT="$PORT" ROLLCALL_HANDLER="$SITE/rollcall-handler" \
        ROLLCALL_QUERY= ROLLCALL_WORKERS=1 ROLLCALL_CONFIG="$T/handler.json" \
        /usr/sbin/lighttpd -D -f "$REPO/lighttpd/lighttpd.conf"
    wait_until 15 server_answers
    http_post "$T/record.json"
    assert_status 200
    ask /api/v1/hosts
    assert_status 404
}
