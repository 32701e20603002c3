#!/usr/bin/env bats
# lighttpd/production.conf as it is shipped, with real handlers behind it and real handshakes.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load servers

setup() {
    servers_setup
    tls_setup
    touch "$T/body" "$T/head.crlf"
}
teardown() {
    rollcall_teardown
    [ -z "${MOUNTED-}" ] || umount -l "$MOUNTED"
}

TRUST() { echo --cacert "$SITE/tls/cert.pem"; }
post() { http_post "$1" --cacert "$SITE/tls/cert.pem" "${@:2}"; }
logged() { wait_until 20 grep -q -e "$1" "$SITE/log/rollcall-access.log" || fail "$(cat "$SITE/log/rollcall-access.log")"; }

# handshake OPTION...: what openssl says of it.
handshake() { openssl s_client -connect "127.0.0.1:$TLS" -servername localhost -CAfile "$SITE/tls/cert.pem" "$@" </dev/null 2>&1 || true; }

# ca NAME: a certificate authority; client CA NAME: a client's key and certificate from it.
ca() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
        -keyout "$SITE/$1.key" -out "$SITE/tls/$1.pem" 2>/dev/null
}
client() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/O=Fleet/CN=$2" \
        -keyout "$T/$2.key" -out "$T/$2.csr" 2>/dev/null
    openssl x509 -req -in "$T/$2.csr" -CA "$SITE/tls/$1.pem" -CAkey "$SITE/$1.key" -CAcreateserial \
        -out "$T/$2.pem" 2>/dev/null
}
with() { echo --cert "$T/$1.pem" --key "$T/$1.key"; }
MTLS='s,^#ssl.verifyclient,ssl.verifyclient,'
REQUIRED='/verifyclient.enforce/s,disable,enable,'

@test "production: a record arrives over TLS, over IPv4 and IPv6, in files of its own users" {
    tls_start
    post "$T/record.json"
    assert_status 200
    URL=https://127.0.0.1:$TLS
    post "$T/record.json"
    [ "$(client_ip)" = 127.0.0.1 ]
    URL="https://[::1]:$TLS"
    post "$T/record.json" -g
    [ "$(client_ip)" = ::1 ]
    check_store
}

@test "production: the agent delivers over TLS, and only to a server that it knows" {
    tls_start
    printf '%s\n' "$TOKEN" >"$T/token"
    chmod 600 "$T/token"
    jq -n --arg u "$URL/data" --arg t "$T/token" '{url: $u, token_file: $t}' >"$T/agent.json"
    local agent=("$ROLLCALL_BUILD/rollcall-agent" --config "$T/agent.json")
    ! "${agent[@]}" --spool "$T/spool" --print >/dev/null 2>&1 || agent+=(--spool "$T/spool")
    run "${agent[@]}" --cacert "$SITE/tls/cert.pem"
    [ "$status" = 0 ]
    run "${agent[@]}"
    [ "$status" = 75 ]
    [ "$(lines_stored)" = 1 ]
}

@test "production: TLS 1.2 and 1.3, nothing older" {
    tls_start
    # Lowered on the client's side, so that it is the server who refuses.
    [[ $(handshake -tls1 -cipher DEFAULT@SECLEVEL=0) == *"alert protocol version"* ]]
    [[ $(handshake -tls1_1 -cipher DEFAULT@SECLEVEL=0) == *"alert protocol version"* ]]
    [[ $(handshake -tls1_2) == *"Protocol  : TLSv1.2"*"Verify return code: 0 (ok)"* ]]
    [[ $(handshake -tls1_3) == *"TLSv1.3"*"Verify return code: 0 (ok)"* ]]
    # Nor what is without forward secrecy.
    [[ $(handshake -tls1_2 -cipher AES128-GCM-SHA256) == *"handshake failure"* ]]
}

@test "production: a client that does not know the certificate, or its name, does not send" {
    tls_start
    http_post "$T/record.json"
    [ "$CGI_EXIT" = 60 ]
    ca other
    http_post "$T/record.json" --cacert "$SITE/tls/other.pem"
    [ "$CGI_EXIT" = 60 ]
    URL=https://collector.example.com:$TLS
    post "$T/record.json" --resolve "collector.example.com:$TLS:127.0.0.1"
    [ "$CGI_EXIT" = 60 ]
    assert_nothing_stored
}

@test "production: without TLS there is only the redirect to it" {
    tls_start
    URL=http://localhost:$PORT
    http_post "$T/record.json"
    [ "$STATUS" = 308 ]
    assert_header Location "https://localhost:$PORT/data"
    http "$URL/healthz?x=1&y=2"
    [ "$STATUS" = 308 ]
    assert_header Location "https://localhost:$PORT/healthz\?x=1&y=2"
    http "http://[::1]:$PORT/"
    [ "$STATUS" = 308 ]
    assert_nothing_stored
}

@test "production: Let's Encrypt's files are served without TLS, and no other" {
    tls_start
    echo proof >"$SITE/www/.well-known/acme-challenge/abc_DEF-1"
    local path
    http "http://localhost:$PORT/.well-known/acme-challenge/abc_DEF-1"
    [ "$STATUS" = 200 ]
    [ "$(cat "$T/body")" = proof ]
    for path in /secret /../tls/key.pem /.well-known/acme-challenge/../../../tls/key.pem /.well-known/acme-challenge/..%2f..%2fsecret \
        /.well-known/acme-challenge/ /.well-known/; do
        http --path-as-is "http://localhost:$PORT$path"
        [ "$STATUS" = 308 ]
        http --path-as-is --cacert "$SITE/tls/cert.pem" "$URL$path"
        [ "$STATUS" = 404 ]
    done
}

@test "production: a client certificate may be shown, and its subject is in the log" {
    ca clients
    client clients web-1
    tls_start "$MTLS"
    post "$T/record.json"
    assert_status 200
    # shellcheck disable=SC2046
    post "$T/record.json" $(with web-1) -A with-certificate
    assert_status 200
    logged '^127.0.0.1 web-1 .*with-certificate" verify="SUCCESS" cert="O = Fleet, CN = web-1"$'
}

@test "production: a client certificate can be required, and must be from the right authority" {
    ca clients
    ca other
    client clients web-1
    client other web-2
    tls_start "$MTLS" "$REQUIRED"
    post "$T/record.json"
    [ "$CGI_EXIT" != 0 ]
    # shellcheck disable=SC2046
    post "$T/record.json" $(with web-2)
    [ "$CGI_EXIT" != 0 ]
    assert_nothing_stored
    # shellcheck disable=SC2046
    post "$T/record.json" $(with web-1)
    assert_status 200
}

@test "production: if no client certificate is required, one from the wrong authority is ignored" {
    ca clients
    ca other
    client other web-2
    tls_start "$MTLS"
    # shellcheck disable=SC2046
    post "$T/record.json" $(with web-2) -A with-another
    assert_status 200
    logged '^127.0.0.1 - .*with-another" verify="FAILED:.*" cert="-"$'
}

@test "production: forged headers are ignored, a trusted proxy's is read from the right" {
    tls_start 's,^#extforward.forwarder.*,extforward.forwarder = ( "127.0.0.5" => "trust" ),'
    URL=https://127.0.0.1:$TLS
    post "$T/record.json" "${FORGED[@]}"
    [ "$(client_ip)" = 127.0.0.1 ]
    post "$T/record.json" --interface 127.0.0.5 -H 'X-Forwarded-For: 6.6.6.6, 10.9.8.7'
    [ "$(client_ip)" = 10.9.8.7 ]
    logged '^10.9.8.7 '
}

@test "production: /api/test is closed until it is opened" {
    make_config test_api=true
    tls_start
    local path
    for path in /api/test/count /api/test/latest /api/test /x/../api/test/count /api/%74est/count; do
        http --path-as-is --cacert "$SITE/tls/cert.pem" -H "Authorization: Bearer $READ_TOKEN" "$URL$path"
        [ "$STATUS" = 403 ]
        run ! grep -q '"status"' "$T/body"
    done
    http --cacert "$SITE/tls/cert.pem" "$URL/api/tests"
    assert_status 404
    http --cacert "$SITE/tls/cert.pem" "$URL/api/v1/record"
    assert_status 405
}

@test "production: a header or body that is too large is refused" {
    tls_start
    make_bodies
    http --cacert "$SITE/tls/cert.pem" "$URL/healthz" -H "X-Long: $(printf 'a%.0s' {1..9000})"
    [ "$STATUS" = 431 ]
    post "$T/5m.json"
    assert_status 200
    post "$T/17m.json"
    assert_status 413
    post "$T/22m.json" -H 'Expect:'
    [ "$STATUS" = 413 ] || [ "$CGI_EXIT" != 0 ]
    post "$T/22m.json" -H 'Expect:' -H 'Transfer-Encoding: chunked'
    [ "$STATUS" = 413 ] || [ "$CGI_EXIT" != 0 ]
    [ "$(lines_stored)" = 1 ]
    [ -z "$(ls "$SITE/upload")" ]
}

@test "production: a full upload directory costs large requests only" {
    [ "$(id -u)" = 0 ] || skip "only root can mount"
    mount -t tmpfs -o size=2m,mode=777 tmpfs "$SITE/upload" || skip "no tmpfs here"
    MOUNTED=$SITE/upload
    tls_start
    make_bodies
    post "$T/5m.json" -H 'Expect:'
    [ "$STATUS" = 500 ]
    post "$T/record.json"
    assert_status 200
    [ "$(lines_stored)" = 1 ]
    [ -z "$(ls "$SITE/upload")" ]
}

# The table of requests that the other servers answer.
@test "production: the table of requests" {
    tls_start
    echo "cacert = \"$SITE/tls/cert.pem\"" >"$T/.curlrc"
    CURL_HOME=$T HOME=$T request_table 200
    CURL_HOME=$T HOME=$T odd_paths 200
}

# silent PYTHON: connects, does that with the socket s, and waits for the other side to close it.
silent() {
    : >"$T/held"
    "$PYTHON" -c "
import socket, ssl
s = socket.create_connection(('127.0.0.1', $TLS))
def tls():
    context = ssl.create_default_context(cafile='$SITE/tls/cert.pem')
    return context.wrap_socket(s, server_hostname='localhost')
$1
print('held', flush=True)
try:
    while s.recv(4096):
        pass
except (ConnectionResetError, ssl.SSLError):
    pass
print('cut', flush=True)" >"$T/held" 2>&1 3>&- &
    PIDS+=("$!")
    wait_until 10 held 1 held || fail "$(cat "$T/held")"
    wait_until 30 held 1 cut || fail "$(cat "$T/held")"
}

@test "production: a silent client is disconnected: before the handshake, in the header, in the body" {
    tls_start 's,^server.max-read-idle .*,server.max-read-idle = 1,' \
        's,^server.max-keep-alive-idle .*,server.max-keep-alive-idle = 1,'
    silent ''
    silent 's = tls()'
    silent 's = tls(); s.sendall(b"POST /data HTTP/1.1\r\nHost: x\r\n")'
    silent 's = tls(); s.sendall(b"POST /data HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc")'
    silent 's = tls(); s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")'
    assert_nothing_stored
}

@test "production: connections above the limit wait, and are served later" {
    tls_start 's,^server.max-connections .*,server.max-connections = 4,' 's,^server.max-fds .*,server.max-fds = 64,' \
        's,^server.max-read-idle .*,server.max-read-idle = 3,'
    "$PYTHON" -c "
import socket, time
held = [socket.create_connection(('127.0.0.1', $TLS)) for _ in range(8)]
print('held', flush=True)
time.sleep(60)" >"$T/held" 3>&- &
    PIDS=("$!" "${PIDS[@]}")
    wait_until 10 held 1 held
    post "$T/record.json"
    assert_status 200
}

@test "production: a token never reaches a log" {
    tls_start
    post "$T/record.json"
    http --cacert "$SITE/tls/cert.pem" "$URL/data" -H 'Authorization: Bearer not-a-token-of-ours'
    http --cacert "$SITE/tls/cert.pem" "$URL/last-one"
    logged 'GET /last-one'
    run ! grep -rF -e "$TOKEN" -e not-a-token-of-ours "$SITE/log" "$SITE/handlers.log"
}

@test "production: only root can read the key, and the web server's processes are not root" {
    [ "$(id -u)" = 0 ] || skip "only root can become somebody else"
    AS=()
    hand_over() {
        [ -S "$SITE/run/handler.sock" ] || chown -R nobody:nogroup "$T"
        chown root:root "$SITE/tls/key.pem"
        chown www-data "$SITE/log" "$SITE/upload"
    }
    export ROLLCALL_USER=nobody ROLLCALL_GROUP=www-data
    tls_start
    [ "$(stat -c '%U %a' "$SITE/tls/key.pem")" = "root 600" ]
    post "$T/record.json"
    assert_status 200
    [ "$(ps -o user= -p "$SERVER")" = www-data ]
    [ "$(stat -c %U "$(json_file)")" = nobody ]
}

@test "production: the page, with its policy" {
    [ -e /usr/lib/lighttpd/mod_deflate.so ] || skip "lighttpd-mod-deflate is not installed"
    tls_start
    page_served --cacert "$SITE/tls/cert.pem"
}
