#!/usr/bin/env bats
# The JSON line: the record as it came, the server's member, the chain, the receipt.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

@test "the answer is what the contract shows" {
    post "$T/record.json"
    assert_status 200
    assert_json '.data | keys == ["chain", "client_ip", "date", "duplicates", "durable", "records", "seq"]'
    assert_json '.data.client_ip == "127.0.0.1" and .data.records == 1 and .data.duplicates == 0 and .data.seq == 1'
    assert_json '.data.durable == true and (.data.chain | test("^[0-9a-f]{64}$"))'
    assert_json '.data.date | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")'
}

@test "with sync false durable is false" {
    make_config sync=false
    post "$T/record.json"
    assert_status 200
    assert_json '.data.durable == false'
}

@test "seq and chain of the receipt are those of the line" {
    post "$T/record.json"
    post "$T/record.json"
    [ "$(jq -c '[.data.seq, .data.chain]' "$T/body")" = "$(last_line | jq -c '[.rollcall.seq, .rollcall.chain]')" ]
    assert_json '.data.seq == 2'
}

@test "the chain is checked with sha256sum alone" {
    post "$T/record.json"
    post "$T/record.json"
    local first second zeros
    zeros=$(printf '0%.0s' {1..64})
    first=$(head -n 1 "$(json_file)")
    second=$(tail -n 1 "$(json_file)")
    [ "$(printf %s "$zeros${first%,\"chain\"*}" | sha256sum | cut -c1-64)" = "$(jq -r .rollcall.chain <<<"$first")" ]
    [ "$(printf %s "$(jq -r .rollcall.chain <<<"$first")${second%,\"chain\"*}" | sha256sum | cut -c1-64)" = \
        "$(jq -r .rollcall.chain <<<"$second")" ]
}

@test "the server's member is last, its members in the contract's order" {
    post_with '.id = "a"'
    last_line | grep -qE ',"rollcall":\{"received_at":"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z","client_ip":"127\.0\.0\.1","id":"a","process_count":1,"user_count":1,"seq":1,"left":0,"line_start":0,"csv_end":[0-9]+,"chain":"[0-9a-f]{64}"\}\}$'
}

@test "without an id the member has no id" {
    post "$T/record.json"
    last_line | jq -e '.rollcall | has("id") | not'
}

@test "line_start is the line's offset in the file" {
    post "$T/record.json"
    local end
    end=$(stat -c %s "$(json_file)")
    post "$T/record.json"
    last_line | jq -e ".rollcall.line_start == $end"
}

@test "csv_end is the size of the CSV file" {
    post "$T/record.json"
    last_line | jq -e ".rollcall.csv_end == $(stat -c %s "$(csv_file)")"
}

@test "the day is UTC's and agrees with received_at" {
    at '2026-11-20 23:59:00'
    TZ=Asia/Tokyo post "$T/record.json"
    assert_json '.data.date == "2026-11-20"'
    last_line | jq -e '.rollcall.received_at | startswith("2026-11-20T23:59:")'
    check_store
}

@test "a new day begins a new file with seq 1 and a new chain" {
    at '2026-11-20 23:59:00'
    post "$T/record.json"
    at '2026-11-21 00:00:01'
    post "$T/record.json"
    assert_json '.data.date == "2026-11-21" and .data.seq == 1'
    [ "$(find "$RECORDS/data" -name '*.json' | wc -l)" = 2 ]
    check_store
}

@test "a leap day is a day" {
    at '2028-02-29 12:00:00'
    post "$T/record.json"
    assert_json '.data.date == "2028-02-29"'
    check_store
}

@test "the line is the record as it came: order, spelling, numbers, escapes" {
    local body='{"z":1.50,"processor":"p\u00e9","a":[1,{"b":"\/"}],"processes":[{"pid":1,"cmd":"x"}],"users":[],"os_name":"Linux","os_ver":"6","k":null}'
    post_json "$body"
    assert_status 200
    [ "$(stored_record)" = "$body" ]
}

@test "white space outside strings is all that a pretty record may lose" {
    jq . "$T/record.json" >"$T/pretty"
    post "$T/pretty"
    assert_status 200
    [ "$(stored_record | "$PYTHON" -c 'import check_store, sys; sys.stdout.buffer.write(check_store.minify(sys.stdin.buffer.read().strip()))')" = \
        "$(tr -d '\n' <"$T/record.json")" ]
}

@test "white space inside strings is kept" {
    post_with '.x = "a  b   c"'
    stored_record | jq -e '.x == "a  b   c"'
}

@test "members over 1 KiB are moved to the front, the others keep their order" {
    record '{a: 1} + . + {big1: ("x" * 2000), b: 2, big2: ("y" * 3000), c: 3}' >"$T/mixed"
    post "$T/mixed"
    assert_status 200
    stored_record | jq -e 'keys_unsorted == ["big1", "big2", "a", "hostname", "processor", "processes", "users", "os_name", "os_ver", "b", "c"]'
    check_store
}

@test "a record whose members are all large is kept" {
    record '.processes = ("x" * 3000) | .users = ("y\n" * 1000)' >"$T/large"
    post "$T/large"
    assert_status 200
    check_store
}

@test "every value of a record with large members is still what was sent" {
    record '.big = [range(2000)] | .t = "end" | .users = [range(300) | "user\(.)"]' >"$T/sent"
    post "$T/sent"
    [ "$(stored_record | jq -Sc .)" = "$(jq -Sc . "$T/sent")" ]
}

@test "process_count and user_count count" {
    post_with '.processes = [range(7) | {pid: .}] | .users = ["a", "b", "c"]'
    last_line | jq -e '.rollcall.process_count == 7 and .rollcall.user_count == 3'
}

@test "text counts its rows and its non-blank users" {
    post_with '.processes = "PID CMD\n1 a\n2 b\n" | .users = "ana\n\n  \nben\n"'
    last_line | jq -e '.rollcall.process_count == 2 and .rollcall.user_count == 2'
    check_store
}

@test "a name with quotes and backslashes is kept" {
    post_json "$(record | sed 's/}$/,"a\\"b\\\\":1}/')"
    assert_status 200
    stored_record | jq -e '.["a\"b\\"] == 1'
    check_store
}

@test "an empty name is a name" {
    post_json "$(record | sed 's/}$/,"":1}/')"
    assert_status 200
    stored_record | jq -e '.[""] == 1'
}
