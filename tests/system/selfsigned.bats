#!/usr/bin/env bats
# scripts/selfsigned (rollcall-selfsigned): a key and certificate that TLS clients accept.
# shellcheck disable=SC2016,SC2030,SC2031

load ../lib/helper

setup() {
    T=$BATS_TEST_TMPDIR
    PIDS=()
}
teardown() { rollcall_teardown; }

selfsigned() { "$REPO/scripts/selfsigned" --dir "$T/tls" "$@"; }
print() { openssl x509 -in "$T/tls/cert.pem" -noout "$@"; }
names() { print -ext subjectAltName | sed 1d | tr -d ' \n'; }
pair() { cat "$T/tls/key.pem" "$T/tls/cert.pem"; }

@test "names and addresses are in the certificate, the key is readable by its owner only" {
    (umask 022 && selfsigned collector.example.com '*.example.com' 10.0.0.7 2001:db8::7)
    [ "$(names)" = "DNS:collector.example.com,DNS:*.example.com,IPAddress:10.0.0.7,IPAddress:2001:DB8:0:0:0:0:0:7" ]
    [ "$(print -subject)" = "subject=O = rollcall-selfsigned, CN = collector.example.com" ]
    [ "$(stat -c '%n %a' "$T"/tls/* | sed 's,.*/,,' | tr '\n' ' ')" = "cert.pem 644 key.pem 600 " ]
    [ "$(openssl pkey -in "$T/tls/key.pem" -pubout)" = "$(print -pubkey)" ]
    [ -z "$(find "$T/tls" -name '.new*')" ]
}

@test "without names it is for this host" {
    selfsigned
    [[ "$(names)," == *"DNS:$(hostname),"*"DNS:localhost,IPAddress:127.0.0.1,IPAddress:0:0:0:0:0:0:0:1,"* ]]
}

@test "a valid pair is kept, also for fewer names, and replaced for more" {
    selfsigned a.example.com 10.0.0.7
    pair >"$T/before"
    selfsigned a.example.com 10.0.0.7
    selfsigned A.example.com
    pair | cmp - "$T/before"
    selfsigned a.example.com b.example.com
    run ! cmp -s "$T/before" <(pair)
    [ "$(names)" = "DNS:a.example.com,DNS:b.example.com" ]
}

@test "an expiring pair, a certificate without its key, and --force: a new pair" {
    selfsigned --days 3 a
    pair >"$T/before"
    selfsigned a
    run ! cmp -s "$T/before" <(pair)
    openssl genpkey -algorithm ed25519 -out "$T/tls/key.pem"
    selfsigned a
    [ "$(openssl pkey -in "$T/tls/key.pem" -pubout)" = "$(print -pubkey)" ]
    pair >"$T/before"
    selfsigned --force a
    run ! cmp -s "$T/before" <(pair)
}

@test "a key that others may read gets mode 0600 again" {
    selfsigned a
    chmod 644 "$T/tls/key.pem"
    selfsigned a
    [ "$(stat -c %a "$T/tls/key.pem")" = 600 ]
}

@test "neither a name nor an address: refused, nothing is created" {
    local name
    for name in 'a,DNS:b' 'a b' 'a;b' a/b 'a
b' 1.2.3.999 1:2 10.0.0 '' '$(id)'; do
        run selfsigned "$name"
        [ "$status" = 64 ] || { echo "'$name': $status" && return 1; }
        [ ! -e "$T/tls/key.pem" ]
    done
}

@test "usage errors: unknown options, bad days, an impossible directory" {
    local arguments
    for arguments in --nonsense --days=0 --days=x --days --dir --force=yes; do
        run selfsigned $arguments
        [ "$status" = 64 ]
    done
    run "$REPO/scripts/selfsigned" --dir /proc/nowhere a
    [ "$status" = 73 ]
    for arguments in --help -h --version -V; do
        run "$REPO/scripts/selfsigned" $arguments
        [ "$status" = 0 ]
    done
}

@test "curl and Python accept it for its names, and for no other" {
    selfsigned localhost 127.0.0.1
    PORT=$(free_port)
    openssl s_server -accept "127.0.0.1:$PORT" -cert "$T/tls/cert.pem" -key "$T/tls/key.pem" -www -quiet \
        >"$T/server.log" 2>&1 3>&- &
    PIDS+=("$!")
    wait_until 10 curl -sk -o /dev/null "https://127.0.0.1:$PORT/"
    curl -s -o /dev/null --cacert "$T/tls/cert.pem" "https://127.0.0.1:$PORT/"
    "$PYTHON" -c "
import socket, ssl
context = ssl.create_default_context(cafile='$T/tls/cert.pem')
context.wrap_socket(socket.create_connection(('127.0.0.1', $PORT)), server_hostname='localhost').close()"
    run curl -s --cacert "$T/tls/cert.pem" --resolve "other:$PORT:127.0.0.1" "https://other:$PORT/"
    [ "$status" = 60 ]
}

# ca_pair DAYS: a pair that a certification authority issued, for the name `a`.
ca_pair() {
    mkdir -p "$T/tls" "$T/ca"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=ca \
        -keyout "$T/ca/key.pem" -out "$T/ca/cert.pem" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "${2:-/CN=a}" \
        -keyout "$T/tls/key.pem" -out "$T/ca/request" 2>/dev/null
    openssl x509 -req -in "$T/ca/request" -CA "$T/ca/cert.pem" -CAkey "$T/ca/key.pem" -CAcreateserial \
        -days "$1" -extfile <(echo "subjectAltName=DNS:a") -out "$T/tls/cert.pem" 2>/dev/null
}

@test "a pair that an authority issued is not replaced, however soon it expires" {
    local days
    for days in 3 90; do
        ca_pair "$days"
        pair >"$T/before"
        run selfsigned a b
        [ "$status" = 73 ]
        [[ "$output" == *"was not created by rollcall-selfsigned"*--force* ]]
        pair | cmp - "$T/before"
    done
    selfsigned a # valid for it as it is
    pair | cmp - "$T/before"
    ca_pair 3 /O=rollcall-selfsigned/CN=a # the mark alone is not enough
    run selfsigned a b
    [ "$status" = 73 ]
}

@test "a self-signed pair of the operator's own, and a key alone, are not replaced" {
    mkdir "$T/tls"
    openssl req -x509 -newkey rsa:2048 -nodes -days 3 -subj /CN=a -keyout "$T/tls/key.pem" \
        -out "$T/tls/cert.pem" 2>/dev/null
    pair >"$T/before"
    run selfsigned a
    [ "$status" = 73 ]
    pair | cmp - "$T/before"
    rm "$T/tls/cert.pem"
    run selfsigned a
    [ "$status" = 73 ]
}

@test "a copy of what was replaced is kept" {
    ca_pair 3
    pair >"$T/before"
    selfsigned --force a
    run ! cmp -s "$T/before" <(pair)
    cat "$T"/tls/key.pem.* "$T"/tls/cert.pem.* | cmp - "$T/before"
    [ "$(stat -c %a "$T"/tls/key.pem.*)" = 600 ]
}

@test "a pair of version 0.1.0, which has no mark, is renewed" {
    local config=$T/request
    mkdir "$T/tls"
    printf '%s\n' '[req]' 'distinguished_name = s' 'x509_extensions = e' 'prompt = no' '[s]' 'CN = a' '[e]' \
        'subjectAltName = DNS:a' 'basicConstraints = critical,CA:FALSE' 'keyUsage = critical,digitalSignature' \
        'extendedKeyUsage = serverAuth' >"$config"
    openssl req -x509 -config "$config" -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3 \
        -keyout "$T/tls/key.pem" -out "$T/tls/cert.pem" 2>/dev/null
    selfsigned a
    [ "$(print -subject)" = "subject=O = rollcall-selfsigned, CN = a" ]
}
