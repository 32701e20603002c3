#!/usr/bin/env bats
# scripts/selfsigned (rollcall-selfsigned): a pair that TLS clients take, made once.
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

@test "names and addresses are in the certificate, the key is its owner's alone" {
    (umask 022 && selfsigned collector.example.com '*.example.com' 10.0.0.7 2001:db8::7)
    [ "$(names)" = "DNS:collector.example.com,DNS:*.example.com,IPAddress:10.0.0.7,IPAddress:2001:DB8:0:0:0:0:0:7" ]
    [ "$(print -subject)" = "subject=CN = collector.example.com" ]
    [ "$(stat -c '%n %a' "$T"/tls/* | sed 's,.*/,,' | tr '\n' ' ')" = "cert.pem 644 key.pem 600 " ]
    [ "$(openssl pkey -in "$T/tls/key.pem" -pubout)" = "$(print -pubkey)" ]
    [ -z "$(find "$T/tls" -name '.new*')" ]
}

@test "without names it is for this host" {
    selfsigned
    [[ "$(names)," == *"DNS:$(hostname),"*"DNS:localhost,IPAddress:127.0.0.1,IPAddress:0:0:0:0:0:0:0:1,"* ]]
}

@test "run again it changes nothing, for fewer names neither, for more it does" {
    selfsigned a.example.com 10.0.0.7
    pair >"$T/before"
    selfsigned a.example.com 10.0.0.7
    selfsigned A.example.com
    pair | cmp - "$T/before"
    selfsigned a.example.com b.example.com
    run ! cmp -s "$T/before" <(pair)
    [ "$(names)" = "DNS:a.example.com,DNS:b.example.com" ]
}

@test "one that ends soon, one whose key is another's, and --force: made anew" {
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

@test "a key that others may read is closed again" {
    selfsigned a
    chmod 644 "$T/tls/key.pem"
    selfsigned a
    [ "$(stat -c %a "$T/tls/key.pem")" = 600 ]
}

@test "what is neither a name nor an address is refused, and nothing is made" {
    local name
    for name in 'a,DNS:b' 'a b' 'a;b' a/b 'a
b' 1.2.3.999 1:2 10.0.0 '' '$(id)'; do
        run selfsigned "$name"
        [ "$status" = 64 ] || { echo "'$name': $status" && return 1; }
        [ ! -e "$T/tls/key.pem" ]
    done
}

@test "usage: unknown options, days that are none, a directory that cannot be" {
    local arguments
    for arguments in --nonsense --days=0 --days=x --days --dir --force=yes; do
        run selfsigned $arguments
        [ "$status" = 64 ]
    done
    run "$REPO/scripts/selfsigned" --dir /proc/nowhere a
    [ "$status" = 73 ]
    run "$REPO/scripts/selfsigned" --help
    [ "$status" = 0 ]
}

@test "curl and Python take it as the authority for its names, and for no other" {
    selfsigned localhost 127.0.0.1
    PORT=$(free_port)
    openssl s_server -accept "127.0.0.1:$PORT" -cert "$T/tls/cert.pem" -key "$T/tls/key.pem" -www -quiet \
        >"$T/server.log" 2>&1 3>&- &
    PIDS+=("$!")
    wait_until 10 curl -sk -o /dev/null "https://127.0.0.1:$PORT/"
    curl -s -o /dev/null --cacert "$T/tls/cert.pem" "https://127.0.0.1:$PORT/"
    "$PYTHON" -c "
import ssl, urllib.request
urllib.request.urlopen('https://localhost:$PORT/', context=ssl.create_default_context(cafile='$T/tls/cert.pem'))"
    run curl -s --cacert "$T/tls/cert.pem" --resolve "other:$PORT:127.0.0.1" "https://other:$PORT/"
    [ "$status" = 60 ]
}
