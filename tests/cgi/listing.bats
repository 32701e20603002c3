#!/usr/bin/env bats
# POST /api/v1/record stores one listing per file; the test API counts and shows them.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() {
    rollcall_setup
    echo "$(sha256 "$TOKEN") ingest,read # test" >"$T/tokens"
    make_config test_api=true
}
teardown() { rollcall_teardown; }

UUID=a9201032-1e1f-40a2-8995-8472a76dd7d2
TIME=1593338576.5624585

# listing [JQ FILTER]: a small valid listing, changed by the filter.
listing() {
    jq -cn --arg u "$UUID" --arg t "$TIME" \
        '{uuid: $u, timestamp: $t, data: [{pid: 1, name: "init", cpu_percent: 0.10, environ: null}]}' |
        jq -c "${1:-.}"
}

put() {
    cat >"$T/listing"
    cgi POST /api/v1/record "$T/listing" "$@"
}

get() { cgi GET "$1" /dev/null -CONTENT_TYPE -CONTENT_LENGTH "${@:2}"; }

files() { find "$RECORDS/record" -type f 2>/dev/null | sort; }

nothing_kept() { [ -z "$(files)" ] || fail "kept all the same: $(files)"; }

refused_listing() {
    assert_status "$1"
    assert_json "$2"
    nothing_kept
    [ ! -e "$RECORDS/../x" ]
}

@test "a listing is kept under its uuid and timestamp, the data array equal as JSON" {
    listing | put
    assert_status 200
    assert_json '.data == {uuid: "'$UUID'", timestamp: "'$TIME'"}'
    [ "$(files)" = "$RECORDS/record/$(today)/${UUID}_$TIME.json" ]
    jq -se '.[0].data == .[1]' "$T/listing" "$(files)"
    grep -q '"cpu_percent":0.1' "$(files)"
}

@test "what an existing client sends is kept: its media type, its accept header, its token" {
    token="p@ss/w0rd=+~!#\$%&*(),;:?[]{}|"
    echo "$(sha256 "$token") ingest # old client" >"$T/tokens"
    put "HTTP_AUTHORIZATION=Bearer $token" HTTP_ACCEPT=text/plain <<E2
{"uuid": "$UUID", "timestamp": "$TIME", "data": [{"cmdline": ["/usr/lib/systemd/systemd", "--system"], "connections": null, "cpu_times": [0.26, 1.23], "create_time": 1593293380.06, "pid": 1, "username": "root"}]}
E2
    assert_status 200
    jq -se '.[0].data == .[1]' "$T/listing" "$(files)"
}

@test "a timestamp given as a number is kept digit for digit" {
    printf '{"uuid":"x","timestamp":1593338576.56245850,"data":[]}' | put
    assert_status 200
    [ -f "$RECORDS/record/$(today)/x_1593338576.56245850.json" ]
}

@test "directories are 0750, files 0640, whatever the umask" {
    umask 0
    listing | put
    assert_status 200
    [ "$(stat -c %a "$(files)" "$RECORDS/record" "$RECORDS/record/$(today)" | xargs)" = "640 750 750" ]
}

@test "the same listing again is 200 and writes nothing" {
    listing | put
    before=$(stat -c '%i %Y %Z' "$(files)")
    listing | put
    assert_status 200
    [ "$(stat -c '%i %Y %Z' "$(files)")" = "$before" ]
}

@test "the same listing again after midnight writes nothing either" {
    at "2026-11-20 23:59:50"
    listing | put
    at "2026-11-21 00:00:05"
    listing | put
    assert_status 200
    [ "$(files)" = "$RECORDS/record/2026-11-20/${UUID}_$TIME.json" ]
}

@test "other data under the same uuid and timestamp is 409 and changes nothing" {
    listing | put
    cp "$(files)" "$T/kept"
    listing '.data[0].pid = 2' | put
    assert_status 409
    cmp "$T/kept" "$(files)"
}

@test "data that only starts like the one that is kept is 409" {
    listing '.data = []' | put
    listing '.data = [{}]' | put
    assert_status 409
}

@test "a uuid that would leave the directory is 422" {
    for uuid in ../x /x x/y . .. "" "x y" 'x\u0000y' -rf - --1 "$(printf 'a%.0s' {1..65})"; do
        printf '{"uuid":"%s","timestamp":"1","data":[]}' "$uuid" | put
        refused_listing 422 '.data.field == "uuid"'
    done
}

@test "a timestamp that is not decimal seconds is 422" {
    for time in '"1/../../x"' '"-1"' '"1."' '".5"' '"1e9"' '"0x1"' '""' '" 1"' null -1 1e9 [] \
        "\"$(printf '1%.0s' {1..33})\""; do
        printf '{"uuid":"x","timestamp":%s,"data":[]}' "$time" | put
        refused_listing 422 '.data.field == "timestamp"'
    done
}

@test "data that is no array of objects is 422 and names the element" {
    listing '.data = {}' | put
    refused_listing 422 '.data.field == "data"'
    listing 'del(.data)' | put
    refused_listing 422 '.data.field == "data"'
    listing '.data += [7]' | put
    refused_listing 422 '.data.field == "data[1]"'
}

@test "what is not JSON is 400 with its offset" {
    printf '{"uuid":"x","timestamp":"1","data":[1,]}' | put
    refused_listing 400 '.data.offset == 38'
}

@test "a listing needs the scope ingest, and one JSON object" {
    listing | put "HTTP_AUTHORIZATION=Bearer wrong"
    refused_listing 401 '.data.reason == "Unauthorized Access"'
    assert_header WWW-Authenticate Bearer
    echo "$(sha256 "$TOKEN") read # test" >"$T/tokens"
    listing | put
    refused_listing 403 '.data.reason | length > 0'
    echo "$(sha256 "$TOKEN") ingest # test" >"$T/tokens"
    listing | put CONTENT_TYPE=application/x-ndjson
    refused_listing 415 '.data.reason | length > 0'
    get /api/v1/record
    assert_status 405
    assert_header Allow POST
}

@test "with too little space it is 507 and says which file could not be written" {
    make_config min_free_bytes=1125899906842624
    listing | put
    assert_status 507
    assert_json '.message == "Could not write to record/'"$(today)/${UUID}_$TIME"'.json"'
    nothing_kept
}

@test "a directory of the day that is a file is 500 and says which file could not be written" {
    mkdir -p "$RECORDS/record"
    : >"$RECORDS/record/$(today)"
    listing | put
    assert_status 500
    assert_json '.message | startswith("Could not write to record/")'
}

@test "count and latest tell of nothing, then of what came last" {
    get /api/test/count
    assert_status 200
    assert_json '.data.count == 0'
    get /api/test/latest
    assert_status 404
    listing '.uuid = "first"' | put
    listing '.uuid = "second" | .data = [{"pid": 2}]' | put
    get /api/test/count
    assert_json '.data.count == 2'
    get /api/test/latest
    assert_status 200
    assert_json '.data.filename == "record/'"$(today)/second_$TIME"'.json" and .data.content == [{"pid": 2}]'
}

@test "latest is the newest listing of the newest day that has one" {
    listing '.uuid = "new"' | put
    listing '.uuid = "old"' | put
    touch -d '1 hour ago' "$(files | grep old_)"
    mkdir "$RECORDS/record/2099-01-01"
    get /api/test/latest
    assert_json '.data.filename | endswith("/new_'"$TIME"'.json")'
}

@test "latest follows no link, and storing creates none" {
    listing | put
    [ "$(ls "$RECORDS/record")" = "$(today)" ]
    echo '["secret"]' >"$T/secret.json"
    ln -sfn "../../secret.json" "$RECORDS/record/latest"
    ln -s "$T/secret.json" "$RECORDS/record/$(today)/x_1.json"
    get /api/test/latest
    assert_json '.data.content != ["secret"]'
}

@test "latest gives a listing of max_body_bytes" {
    listing '.data = [{name: ("x" * 5000)}]' >"$T/large"
    make_config test_api=true max_body_bytes="$(stat -c %s "$T/large")"
    put <"$T/large"
    assert_status 200
    get /api/test/latest
    assert_status 200
    assert_json '.data.content[0].name | length == 5000'
}

@test "environments are stored as sent and logged, or dropped with drop_environ" {
    listing '.data = [{environ: {A: "secret"}, pid: 1}, {pid: 2}]' | put
    assert_status 200
    grep -q 'event=environ_stored file=record/' "$T/err"
    jq -e '.[0].environ.A == "secret"' "$(files)"
    rm "$(files)"
    make_config test_api=true drop_environ=true
    listing '.data = [{environ: {A: "secret"}, pid: 1}, {pid: 2}]' | put
    assert_status 200
    [ ! -s "$T/err" ] || ! grep environ "$T/err"
    [ "$(cat "$(files)")" = '[{"pid":1},{"pid":2}]' ]
    listing '.data = [{pid: 1}, {environ: {A: "other"}, pid: 2, "environ": null}]' | put
    assert_status 200
    printf '{"uuid":"x","timestamp":"1","data":[{"a":[1,{"environ":1}],"\\u0065nviron":{"B":"}"},"z":"\\""},{"environ":1},{}]}' | put
    assert_status 200
    [ "$(cat "$RECORDS/record/$(today)/x_1.json")" = '[{"a":[1,{"environ":1}],"z":"\""},{},{}]' ]
}

@test "environments that are null or empty are not worth a log line" {
    listing '.data = [{environ: null}, {environ: {}}]' | put
    assert_status 200
    run ! grep environ "$T/err"
}

@test "the test API needs the scope read, and is not there while it is off" {
    echo "$(sha256 "$TOKEN") ingest # test" >"$T/tokens"
    get /api/test/count
    assert_status 403
    make_config
    get /api/test/count
    assert_status 404
    get /api/test/latest
    assert_status 404
    listing | put
    assert_status 200
}

@test "temporary files that a killed process left are not listings" {
    listing | put
    echo '[' >"$RECORDS/record/$(today)/.new-1-1"
    get /api/test/count
    assert_json '.data.count == 1'
    get /api/test/latest
    assert_json '.data.content[0].pid == 1'
}

@test "many writers of one listing leave one file, all answered 200" {
    listing >"$T/one"
    for i in $(seq 16); do
        (
            T=$T/$i && mkdir -p "$T" && cp "$BATS_TEST_TMPDIR/handler.json" "$T/"
            cgi POST /api/v1/record "$BATS_TEST_TMPDIR/one" && echo "$STATUS" >"$T/status"
        ) 3>&- &
    done
    wait
    [ "$(cat "$T"/*/status | sort | uniq -c | xargs)" = "16 200" ]
    [ "$(files | wc -l)" = 1 ]
}
