#!/usr/bin/env bats
# Paths and methods: what is there, and clean refusals for the rest.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

get() { cgi GET "$1" /dev/null -CONTENT_TYPE -CONTENT_LENGTH "${@:2}"; }

@test "GET /healthz is 200 without a token when a record could be stored" {
    get /healthz -HTTP_AUTHORIZATION
    assert_status 200
}

@test "GET /healthz leaves nothing behind that is not of the store" {
    get /healthz
    [ -z "$(find "$RECORDS" -type f 2>/dev/null)" ]
    post "$T/record.json"
    get /healthz
    [ "$(find "$RECORDS" -type f | wc -l)" = 2 ]
}

@test "GET /healthz is 503 with the cause and no path when the disk is too full" {
    make_config min_free_bytes=1125899906842624
    get /healthz
    assert_status 503
    run ! grep -F "$T" "$T/body"
}

@test "GET /healthz is 503 when the records directory is a file" {
    : >"$RECORDS"
    get /healthz
    if [ "$CGI_EXIT" != 78 ]; then
        assert_status 503
        run ! grep -F "$T" "$T/body"
    fi
}

@test "HEAD /healthz is answered without a body" {
    cgi HEAD /healthz /dev/null
    [ "$CGI_EXIT" = 0 ]
    [ "$STATUS" = 200 ]
    [ ! -s "$T/body" ]
}

@test "POST /healthz is 405 with Allow: GET, HEAD" {
    cgi POST /healthz "$T/record.json"
    refused 405
    assert_header Allow '.*GET.*'
    assert_header Allow '.*HEAD.*'
}

@test "GET /data is 405 with Allow: POST" {
    get /data
    refused 405
    assert_header Allow POST
}

@test "PUT, DELETE, PATCH and OPTIONS /data are 405 with Allow: POST" {
    local method
    for method in PUT DELETE PATCH OPTIONS post BREW; do
        cgi "$method" /data "$T/record.json"
        refused 405
        assert_header Allow POST
    done
}

@test "HEAD /data is 405 without a body" {
    cgi HEAD /data /dev/null
    [ "$STATUS" = 405 ]
    [ ! -s "$T/body" ]
}

@test "an unknown path is 404" {
    get /nothing
    refused 404
}

@test "POST to an unknown path is 404" {
    cgi POST /nothing "$T/record.json"
    refused 404
}

@test "the root is 404 so far" {
    get /
    refused 404
}

@test "paths are case sensitive" {
    cgi POST /DATA "$T/record.json"
    refused 404
}

@test "/data/ and /datax and /data/x are not /data" {
    local path
    for path in /data/ /datax /data/x //data /data/../data /data%00 /data.json; do
        cgi POST "$path" "$T/record.json"
        refused 404
    done
}

@test "an empty path is 404" {
    cgi POST '' "$T/record.json"
    refused 404
}

@test "the path is SCRIPT_NAME when PATH_INFO is empty" {
    cgi POST '' "$T/record.json" SCRIPT_NAME=/data
    assert_status 200
}

@test "the path is SCRIPT_NAME when there is no PATH_INFO" {
    cgi POST '' "$T/record.json" SCRIPT_NAME=/data -PATH_INFO
    assert_status 200
}

@test "PATH_INFO goes before SCRIPT_NAME" {
    cgi POST /data "$T/record.json" SCRIPT_NAME=/rollcall
    assert_status 200
}

@test "a query string behind /data is no trouble" {
    post "$T/record.json" QUERY_STRING='a=b&c=%zz'
    case $STATUS in 200 | 400) ;; *) fail "status $STATUS" ;; esac
}

@test "the endpoints of test_api are 404 unless test_api is on" {
    get /api/test/count HTTP_AUTHORIZATION="Bearer $READ_TOKEN"
    refused 404
}

@test "a path of 100 KB is 404 and no trouble" {
    get "/$(head -c 100000 /dev/zero | tr '\0' x)"
    refused 404
}

@test "a path with control characters is 404 and the answer is one piece" {
    get $'/a\r\nX-Injected: 1\r\n\r\nb'
    refused 404
    run ! grep -i '^X-Injected' "$T/head"
}

@test "no REQUEST_METHOD does not look like a request: it does not store anything" {
    cgi POST /data "$T/record.json" -REQUEST_METHOD || true
    assert_nothing_stored
}

@test "an answer is one line of JSON with its Content-Length or none" {
    local size
    post "$T/record.json"
    size=$(sed -n 's/^Content-Length: *//Ip' "$T/head")
    [ -z "$size" ] || [ "$size" = "$(stat -c %s "$T/body")" ]
    post_json '{'
    size=$(sed -n 's/^Content-Length: *//Ip' "$T/head")
    [ -z "$size" ] || [ "$size" = "$(stat -c %s "$T/body")" ]
}

@test "--help and --version end with 0 and say what this is" {
    run -0 "$HANDLER" --help
    [[ $output == *ROLLCALL_CONFIG* || $output == *rollcall-handler* ]]
    run -0 "$HANDLER" --version
    [[ $output =~ [0-9]+\.[0-9]+ ]]
}
