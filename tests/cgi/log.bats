#!/usr/bin/env bats
# The log: one logfmt line an event, whatever a client sends.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

# logfmt: every line of the log is one event in printable ASCII, and there is at least one.
logfmt() {
    [ -s "$T/log" ] || fail "nothing is logged"
    run ! grep -navP '^time=\S+ level=(debug|info|warn|error) event=[a-z_-]+( [a-z_]+=("([^"\\[:cntrl:]]|\\[ -~])*"|[!#-\x3c\x3e-~]*))*$' "$T/log"
    run ! grep -nP '^(time=\S+ level=\S+ )?event=forged' "$T/log"
}

FORGED=$'\ntime=2026-01-01T00:00:00.000Z level=info event=forged x=1'

@test "every kind of refusal is logged in logfmt" {
    post_json '{'
    post_json '{}'
    post "$T/record.json" -HTTP_AUTHORIZATION
    post "$T/record.json" CONTENT_TYPE=x
    cgi GET /nothing /dev/null
    cgi GET /data /dev/null
    logfmt
}

@test "a path cannot forge a line" {
    cgi GET "/x$FORGED" /dev/null
    logfmt
}

@test "a path with quotes, backslashes and equal signs cannot forge a key" {
    cgi GET '/x" event=forged \" level="info' /dev/null
    logfmt
}

@test "a method cannot forge a line" {
    cgi "GET$FORGED" /data "$T/record.json"
    logfmt
}

@test "a token cannot forge a line" {
    post "$T/record.json" HTTP_AUTHORIZATION="Bearer x$FORGED"
    logfmt
}

@test "REMOTE_ADDR cannot forge a line" {
    post "$T/record.json" REMOTE_ADDR="10.0.0.1$FORGED"
    logfmt
}

@test "Content-Type and Content-Encoding cannot forge a line" {
    post "$T/record.json" CONTENT_TYPE="x$FORGED"
    post "$T/record.json" HTTP_CONTENT_ENCODING="x$FORGED"
    logfmt
}

@test "Rollcall-Retry and Content-Length cannot forge a line" {
    post "$T/record.json" HTTP_ROLLCALL_RETRY="5$FORGED"
    post "$T/record.json" CONTENT_LENGTH="5$FORGED"
    logfmt
}

@test "a body cannot forge a line" {
    post_with '.id = "x\ntime=1 level=info event=forged"'
    post_with '.hostname = "h\ntime=1 level=info event=forged"'
    post_with '. + {("a\ntime=1 level=info event=forged"): 1, processes: [{}]}'
    post_json $'{"a\ntime=1 level=info event=forged":'
    logfmt
}

@test "terminal escapes and bytes that are not UTF-8 do not reach the log raw" {
    cgi GET $'/\e[2J\x9b\xff' /dev/null
    logfmt
}

@test "a tokens file cannot forge a line" {
    printf 'nonsense \033[2J %s event=forged\n%s ingest # x\n' "$FORGED" "$(sha256 "$TOKEN")" >"$T/tokens"
    post "$T/record.json"
    assert_status 200
    logfmt
}

@test "a path of 100 KB makes one line that is cut" {
    cgi GET "/$(head -c 100000 /dev/zero | tr '\0' x)" /dev/null
    logfmt
    [ "$(wc -c <"$T/log")" -lt 20000 ]
}

@test "a reason that quotes the client is well-formed JSON" {
    post_json "$(record | sed 's/}$/,"a\\"\\u0001b":1,"a\\"\\u0001b":2}/')"
    refused 400
    post "$T/record.json" CONTENT_TYPE='a"\b'
    refused 415
    post "$T/record.json" HTTP_CONTENT_ENCODING=$'x"\xff\n'
    refused 415
    logfmt
}
