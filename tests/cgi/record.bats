#!/usr/bin/env bats
# What makes a JSON object a record: the table of POST /data, member by member.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

# wrong JQ_FILTER FIELD: 422 that names the field.
wrong() {
    post_with "$1"
    refused 422 ".data.field == \"$2\""
}

right() {
    post_with "$1"
    assert_status 200
    check_store
}

@test "the text example is accepted" {
    cat >"$T/body-in" <<'END'
{
  "hostname": "my-server",
  "processor": "Intel Core i7",
  "processes": "PID PPID USER %CPU %MEM CMD\n123 1 user 0.0 0.1 process1\n456 1 user 0.1 0.2 process2",
  "users": "user1\nuser2",
  "os_name": "Linux",
  "os_ver": "4.19.0-14-amd64"
}
END
    post "$T/body-in"
    assert_status 200
    check_store
    last_line | jq -e '.rollcall.process_count == 2 and .rollcall.user_count == 2'
    [ "$(csv_cell users)" = 'user1;user2' ]
    [ "$(csv_cell pid 2)" = 456 ]
    [ "$(csv_cell cmd 2)" = process2 ]
}

@test "the objects example is accepted: os_version, no hostname, psutil's users" {
    cat >"$T/body-in" <<'END'
{"processor": "", "processes": [{"pid": 1, "name": "systemd", "status": "sleeping"}, {"pid": 2, "name": "kthreadd", "status": "sleeping"}, {"pid": 4711, "name": "python3", "status": "running"}], "users": [{"name": "ana", "terminal": "pts/0", "host": "10.0.0.9", "started": 1685577600.0, "pid": 4650}], "os_name": "Linux", "os_version": "5.10.0-23-amd64"}
END
    post "$T/body-in"
    assert_status 200
    check_store
    last_line | jq -e '.rollcall.process_count == 3 and .rollcall.user_count == 1'
    [ "$(csv_cell os_ver)" = 5.10.0-23-amd64 ]
    [ "$(csv_cell hostname)" = '' ]
    [ "$(csv_cell state 3)" = running ]
    [ "$(csv_cell cmd 3)" = python3 ]
}

@test "a record without processor is 422" {
    wrong 'del(.processor)' processor
}

@test "a record without processes is 422" {
    wrong 'del(.processes)' processes
}

@test "a record without users is 422" {
    wrong 'del(.users)' users
}

@test "a record without os_name is 422" {
    wrong 'del(.os_name)' os_name
}

@test "a record without os_ver and os_version is 422" {
    wrong 'del(.os_ver)' os_ver
}

@test "an empty object is 422" {
    post_json '{}'
    refused 422 '.data.field | type == "string"'
}
@test "names are case sensitive: Processor is not processor" {
    wrong 'del(.processor) + {Processor: "p"}' processor
}

@test "processor may be empty" {
    right '.processor = ""'
}

@test "hostname is optional" {
    right 'del(.hostname)'
}

@test "os_version is an alias of os_ver" {
    right 'del(.os_ver) + {os_version: "5.10"}'
}

@test "processes may be an empty text" {
    right '.processes = ""'
}

@test "processes may be an empty array" {
    right '.processes = []'
}

@test "users may be an empty text" {
    right '.users = ""'
}

@test "users may be an empty array" {
    right '.users = []'
}

@test "users may be strings" {
    right '.users = ["ana", "ben"]'
}

@test "users may be objects" {
    right '.users = [{name: "ana", tty: "pts/0", host: "h", started: 1, pid: 2}]'
}

@test "a hostname of 253 bytes is accepted" {
    right '.hostname = ("x" * 253)'
}

@test "a hostname of 254 bytes is 422" {
    wrong '.hostname = ("x" * 254)' hostname
}

@test "a hostname is measured in bytes, not characters" {
    wrong '.hostname = ("é" * 127)' hostname
}

@test "a processor of 1 KiB is accepted" {
    right '.processor = ("x" * 1024)'
}

@test "a processor over 1 KiB is 422" {
    wrong '.processor = ("x" * 1025)' processor
}

@test "an os_name over 1 KiB is 422" {
    wrong '.os_name = ("x" * 1025)' os_name
}

@test "an os_ver over 1 KiB is 422" {
    wrong '.os_ver = ("x" * 1025)' os_ver
}

@test "an os_version over 1 KiB is 422" {
    post_with 'del(.os_ver) + {os_version: ("x" * 1025)}'
    refused 422 '.data.field | startswith("os_ver")'
}

@test "a hostname that is a number is 422" {
    wrong '.hostname = 1' hostname
}

@test "a processor that is null is 422" {
    wrong '.processor = null' processor
}

@test "an os_name that is an array is 422" {
    wrong '.os_name = []' os_name
}

@test "an os_ver that is a number is 422" {
    wrong '.os_ver = 6.1' os_ver
}

@test "processes that are a number are 422" {
    wrong '.processes = 1' processes
}

@test "processes that are an object are 422" {
    wrong '.processes = {}' processes
}

@test "processes that are null are 422" {
    wrong '.processes = null' processes
}

@test "users that are a number are 422" {
    wrong '.users = 1' users
}

@test "users that are an object are 422" {
    wrong '.users = {}' users
}

@test "a process that is not an object is 422 and names it" {
    wrong '.processes = [{pid: 1}, 2]' 'processes[1]'
}

@test "a process without pid is 422 and names it" {
    wrong '.processes = [{pid: 1}, {pid: 2}, {pid: 3}, {name: "x"}]' 'processes[3].pid'
}
@test "a user that is a number is 422 and names it" {
    wrong '.users = ["ana", 2]' 'users[1]'
}

@test "a user object without a name is 422" {
    post_with '.users = [{tty: "pts/0"}]'
    refused 422 '.data.field | startswith("users[0]")'
}

@test "an id of one character is accepted" {
    right '.id = "a"'
}

@test "an id of 64 characters of the whole alphabet is accepted" {
    right '.id = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01234589._:-"'
    last_line | jq -e '.rollcall.id == .id'
}
@test "an empty id is 422" {
    wrong '.id = ""' id
}

@test "an id of 65 characters is 422" {
    wrong '.id = ("a" * 65)' id
}

@test "an id with a space is 422" {
    wrong '.id = "a b"' id
}

@test "an id with a slash is 422" {
    wrong '.id = "../a"' id
}

@test "an id with a newline is 422" {
    wrong '.id = "a\n"' id
}

@test "an id beyond ASCII is 422" {
    wrong '.id = "é"' id
}

@test "an id that is a number is 422" {
    wrong '.id = 7' id
}

@test "a record that brings a rollcall member is 422" {
    wrong '.rollcall = 1' rollcall
}

@test "a rollcall member spelled with escapes is 422" {
    post_json "$(record | sed 's/}$/,"roll\\u0063all":1}/')"
    refused 422
}
@test "a rollcall member below the top level is kept" {
    right '.x = {rollcall: {seq: 9, chain: "x"}}'
    stored_record | jq -e '.x.rollcall.seq == 9'
}
@test "a string that looks like the server's member stays a string" {
    right '.x = "\",\"rollcall\":{\"seq\":9,\"left\":0,\"chain\":\"0\"}}"'
    post_with .
    assert_status 200
    check_store
}

@test "any other member is kept as it came" {
    right '.load = [0.5, 1] | .nested = {a: {b: null}} | .flag = true'
    stored_record | jq -e '.load == [0.5, 1] and .nested.a.b == null and .flag'
}

@test "rows that would be over 8 times max_body_bytes are 422" {
    make_config max_body_bytes=65536
    # 1,500 rows that each repeat 1 KiB thrice and 4 KiB of users.
    record '.processor = ("x" * 1024) | .os_name = .processor | .os_ver = .processor
            | .users = [range(64) | "u" * 64] | .processes = [range(1500) | {pid: .}]' >"$T/wide"
    [ "$(stat -c %s "$T/wide")" -lt 65536 ]
    post "$T/wide"
    refused 422
}

@test "escapes that make a CSV larger than the body are accepted within the bound" {
    right '.processes = [{pid: 1, cmd: ("\u0001" * 20000)}]'
}

@test "an id written with escapes is the same id" {
    post_json "$(record | sed 's/}$/,"id":"\\u0061bc"}/')"
    assert_status 200
    last_line | jq -e '.rollcall.id == "abc"'
    post_with '.id = "abc"'
    assert_json '.data.duplicates == 1 and .data.records == 0'
    check_store
}
