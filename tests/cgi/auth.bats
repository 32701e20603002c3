#!/usr/bin/env bats
# Tokens: who gets in, from where, for what.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

hash_of() { sha256 "$TOKEN"; }

# tokens LINE...: the tokens file.
tokens() { printf '%s\n' "$@" >"$T/tokens"; }

unauthorized() {
    refused 401 '.data.reason == "Unauthorized Access"'
    assert_header WWW-Authenticate 'Bearer.*'
}

in_from() {
    post "$T/record.json" REMOTE_ADDR="$1" "${@:2}"
    assert_status 200
}

out_from() {
    post "$T/record.json" REMOTE_ADDR="$1" "${@:3}"
    refused "$2"
}

@test "a known token with the scope gets in" {
    post "$T/record.json"
    assert_status 200
}

@test "no token is 401 with WWW-Authenticate" {
    post "$T/record.json" -HTTP_AUTHORIZATION
    unauthorized
}

@test "an unknown token is 401" {
    post "$T/record.json" HTTP_AUTHORIZATION='Bearer wrong'
    unauthorized
}

@test "an empty token is 401" {
    post "$T/record.json" HTTP_AUTHORIZATION='Bearer '
    unauthorized
}

@test "another authentication scheme is 401" {
    post "$T/record.json" HTTP_AUTHORIZATION="Basic $(printf 'x:%s' "$TOKEN" | base64)"
    unauthorized
}

@test "the hash itself is no token" {
    post "$T/record.json" HTTP_AUTHORIZATION="Bearer $(hash_of)"
    unauthorized
}

@test "the scheme's name is case insensitive" {
    post "$T/record.json" HTTP_AUTHORIZATION="bearer $TOKEN"
    assert_status 200
}

@test "a token of 100 KB is 401 and no trouble" {
    post "$T/record.json" HTTP_AUTHORIZATION="Bearer $(head -c 100000 /dev/zero | tr '\0' x)"
    unauthorized
}

@test "a token is compared to its last byte" {
    post "$T/record.json" HTTP_AUTHORIZATION="Bearer ${TOKEN}x"
    unauthorized
    post "$T/record.json" HTTP_AUTHORIZATION="Bearer ${TOKEN%?}"
    unauthorized
}

@test "401 is decided before the body is read" {
    mkfifo "$T/never"
    exec 7<>"$T/never"
    env -i PATH="$PATH" ROLLCALL_CONFIG="$T/handler.json" REQUEST_METHOD=POST PATH_INFO=/data \
        SCRIPT_NAME="" REMOTE_ADDR=127.0.0.1 CONTENT_TYPE=application/json CONTENT_LENGTH=100 \
        HTTP_AUTHORIZATION="Bearer wrong" timeout -s KILL 20 "$HANDLER" <&7 >"$T/reply"
    exec 7>&-
    CGI_EXIT=0
    split_reply
    assert_status 401
}

@test "a known token without the scope is 403" {
    post "$T/record.json" HTTP_AUTHORIZATION="Bearer $READ_TOKEN"
    refused 403
}

@test "a token may have several scopes" {
    tokens "$(hash_of) read,ingest # both"
    in_from 127.0.0.1
}

@test "a scope that only begins like ours is not ours" {
    tokens "$(hash_of) ingester # no"
    post "$T/record.json"
    [ "$STATUS" = 401 ] || [ "$STATUS" = 403 ] || fail "status $STATUS"
    assert_nothing_stored
}

@test "a token is only for its addresses: 403 from another" {
    tokens "$(hash_of) ingest 10.0.0.0/8 # net"
    out_from 11.0.0.1 403
    in_from 10.255.255.255
}

@test "several addresses are separated by commas" {
    tokens "$(hash_of) ingest 10.0.0.0/8,192.168.1.0/24,2001:db8::/32 # nets"
    in_from 192.168.1.200
    in_from 2001:db8:ffff::1
    post "$T/record.json" REMOTE_ADDR=192.168.2.1
    assert_status 403
}

@test "a prefix is compared bit by bit" {
    tokens "$(hash_of) ingest 10.0.0.0/9 # half"
    in_from 10.127.0.1
    post "$T/record.json" REMOTE_ADDR=10.128.0.1
    assert_status 403
}

@test "an address without a prefix is that address" {
    tokens "$(hash_of) ingest 10.0.0.7 # one"
    in_from 10.0.0.7
    post "$T/record.json" REMOTE_ADDR=10.0.0.8
    assert_status 403
}

@test "0.0.0.0/0 is every IPv4 address" {
    tokens "$(hash_of) ingest 0.0.0.0/0 # all"
    in_from 203.0.113.9
}

@test "an IPv4 prefix also fits an IPv4-mapped address" {
    tokens "$(hash_of) ingest 10.0.0.0/8 # net"
    in_from ::ffff:10.0.0.7
}

@test "an IPv6 prefix of a length that is no multiple of 8 is compared bit by bit" {
    tokens "$(hash_of) ingest 2001:db8:8000::/33 # v6"
    in_from 2001:db8:8000::1
    post "$T/record.json" REMOTE_ADDR=2001:db8:7fff::1
    assert_status 403
}

@test "a - line lets its addresses in without a token" {
    tokens '- ingest 127.0.0.0/8 # local'
    in_from 127.9.9.9 -HTTP_AUTHORIZATION
}

@test "a - line does not let other addresses in" {
    tokens '- ingest 127.0.0.0/8 # local'
    out_from 10.0.0.1 401 -HTTP_AUTHORIZATION
}

@test "a - line without addresses is skipped" {
    tokens '- ingest # everybody' "$(hash_of) ingest # t"
    out_from 127.0.0.1 401 -HTTP_AUTHORIZATION
    in_from 127.0.0.1
}

@test "a - line is only good for its scope" {
    tokens '- read 127.0.0.0/8 # local'
    post "$T/record.json" -HTTP_AUTHORIZATION
    [ "$STATUS" = 401 ] || [ "$STATUS" = 403 ] || fail "status $STATUS"
    assert_nothing_stored
}

@test "a wrong token is 401 even from an address with a - line" {
    tokens '- ingest 127.0.0.0/8 # local'
    out_from 127.0.0.1 401 HTTP_AUTHORIZATION='Bearer wrong'
}

@test "a bad line is skipped and logged, the others count" {
    tokens 'nonsense' 'abc ingest # short hash' "$(hash_of) ingest # good"
    in_from 127.0.0.1
    [ "$(grep -c level=warn "$T/log")" -ge 1 ]
}

@test "a line with a bad address is skipped, not widened" {
    tokens "$(hash_of) ingest 10.0.0.0/33 # bad"
    out_from 127.0.0.1 401
}

@test "a line with one bad address among good ones is skipped" {
    tokens "$(hash_of) ingest 127.0.0.1,10.0.0.256 # bad"
    out_from 127.0.0.1 401
}

@test "a hash with 63 or 65 digits is skipped" {
    tokens "$(hash_of | cut -c1-63) ingest # short" "$(hash_of)0 ingest # long"
    out_from 127.0.0.1 401
}

@test "empty lines and comment lines are no trouble" {
    tokens '' '# a comment' '   ' "$(hash_of) ingest # good"
    in_from 127.0.0.1
}

@test "a line without a label counts" {
    tokens "$(hash_of) ingest"
    in_from 127.0.0.1
}

@test "the last line may lack its newline" {
    printf '%s ingest # t' "$(hash_of)" >"$T/tokens"
    in_from 127.0.0.1
}

@test "without a tokens file everybody is refused with 503" {
    rm "$T/tokens"
    refused_503() {
        post "$T/record.json" "$@"
        refused 503
    }
    refused_503
    refused_503 -HTTP_AUTHORIZATION
}

@test "an empty tokens file lets nobody in" {
    : >"$T/tokens"
    out_from 127.0.0.1 401
}

@test "a worker re-reads the tokens file when it changes" {
    "$PYTHON" - "$TOKEN" <<'END'
import hashlib, os, sys, rig
site = rig.Site()
worker = rig.Worker(site)
tokens = os.path.join(site.dir, "tokens")
body = rig.json.dumps(rig.base_record()).encode()
def replace(text):
    with open(tokens + ".new", "w") as f:
        f.write(text)
    os.rename(tokens + ".new", tokens)
line = lambda t: hashlib.sha256(t.encode()).hexdigest() + " ingest # x\n"
try:
    seen = [worker.request(body).status]
    replace("")
    seen.append(worker.request(body).status)
    replace(line("other"))
    seen.append(worker.request(body, HTTP_AUTHORIZATION="Bearer other").status)
    seen.append(worker.request(body).status)
    with open(tokens, "a") as f:
        f.write(line(rig.TOKEN))
    seen.append(worker.request(body).status)
    os.unlink(tokens)
    seen.append(worker.request(body).status)
    replace(line(rig.TOKEN))
    seen.append(worker.request(body).status)
    assert seen == [200, 401, 200, 401, 200, 503, 200], seen
finally:
    worker.stop()
    site.remove()
END
}

@test "a token never reaches the log" {
    post "$T/record.json"
    post "$T/record.json" HTTP_AUTHORIZATION='Bearer another-secret-one'
    post "$T/record.json" HTTP_AUTHORIZATION="Bearer $READ_TOKEN"
    post "$T/record.json" HTTP_AUTHORIZATION="Basic basic-secret"
    run ! grep -e "$TOKEN" -e another-secret-one -e "$READ_TOKEN" -e basic-secret "$T/log"
}

@test "a token never reaches the answer" {
    post "$T/record.json" HTTP_AUTHORIZATION='Bearer another-secret-one'
    run ! grep another-secret-one "$T/reply"
}

@test "nothing of a request without a token reaches the disk, not even a folder" {
    post "$T/record.json" REMOTE_ADDR=10.1.2.3 -HTTP_AUTHORIZATION
    [ -z "$(find "$RECORDS" -name '10.1.2.3*' 2>/dev/null)" ]
}
