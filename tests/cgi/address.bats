#!/usr/bin/env bats
# The caller's address: one canonical spelling, and nothing that is not an address.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

# filed REMOTE_ADDR CLIENT_IP NAME: stored under that name, answered with that address.
filed() {
    post "$T/record.json" REMOTE_ADDR="$1"
    assert_status 200
    assert_json ".data.client_ip == \"$2\""
    local day
    day=$(jq -r .data.date "$T/body")
    [ -s "$RECORDS/data/$day/$3_$day.json" ] || fail "no $3_$day.json: $(find "$RECORDS" -type f)"
    [ -s "$RECORDS/data/$day/$3_$day.csv" ]
    check_store
}

no_address() {
    post "$T/record.json" "$@"
    refused 500
    [ -z "$(find "$RECORDS" -name '*.json' 2>/dev/null)" ]
}

@test "an IPv4 address is the file's name" {
    filed 10.0.0.7 10.0.0.7 10.0.0.7
}

@test "an IPv4-mapped address is the IPv4 address" {
    filed ::ffff:10.0.0.7 10.0.0.7 10.0.0.7
}

@test "an IPv4-mapped address in hex is the IPv4 address" {
    filed ::ffff:a00:7 10.0.0.7 10.0.0.7
}

@test "the colons of IPv6 become dashes" {
    filed 2001:db8::1 2001:db8::1 2001-db8--1
}

@test "a leading :: is 0--" {
    filed ::1 ::1 0--1
}

@test ":: is 0--" {
    filed :: :: 0--
}

@test "IPv6 in capitals is the same file" {
    filed 2001:DB8::A 2001:db8::a 2001-db8--a
}

@test "IPv6 spelled at length is the same file" {
    filed 2001:0db8:0000:0000:0000:0000:0000:000a 2001:db8::a 2001-db8--a
}

@test "an IPv6 address of full length is filed" {
    filed 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:8 1-2-3-4-5-6-7-8
}

@test "mapped and plain spelling share one file" {
    filed 10.0.0.7 10.0.0.7 10.0.0.7
    filed ::ffff:10.0.0.7 10.0.0.7 10.0.0.7
    [ "$(lines_stored 10.0.0.7)" = 2 ]
}

@test "two addresses have two files" {
    filed 10.0.0.7 10.0.0.7 10.0.0.7
    filed 10.0.0.8 10.0.0.8 10.0.0.8
    [ "$(lines_stored 10.0.0.7)" = 1 ]
}

@test "no REMOTE_ADDR is 500" {
    no_address -REMOTE_ADDR
}

@test "an empty REMOTE_ADDR is 500" {
    no_address REMOTE_ADDR=
}

@test "an address with leading zeros is 500" {
    no_address REMOTE_ADDR=010.0.0.1
}

@test "an address of three parts is 500" {
    no_address REMOTE_ADDR=1.2.3
}

@test "a number over 255 is 500" {
    no_address REMOTE_ADDR=10.0.0.256
}

@test "an address with a port is 500" {
    no_address REMOTE_ADDR=10.0.0.1:80
}

@test "an address with a zone is 500" {
    no_address REMOTE_ADDR=fe80::1%eth0
}

@test "a host name is 500" {
    no_address REMOTE_ADDR=localhost
}

@test "a path in REMOTE_ADDR is 500 and leaves no file" {
    no_address REMOTE_ADDR=../../../../tmp/x
    no_address REMOTE_ADDR=10.0.0.1/../../x
}

@test "a unix socket's path in REMOTE_ADDR is 500" {
    no_address REMOTE_ADDR=unix:/run/x.sock
}

@test "a list of addresses is 500" {
    no_address 'REMOTE_ADDR=10.0.0.1, 10.0.0.2'
}

@test "no forwarding header is believed" {
    post "$T/record.json" HTTP_X_FORWARDED_FOR=10.9.9.9 HTTP_FORWARDED=for=10.9.9.9 HTTP_X_REAL_IP=10.9.9.9
    assert_status 200
    assert_json '.data.client_ip == "127.0.0.1"'
    [ -z "$(find "$RECORDS" -name '10.9.9.9*')" ]
}

@test "directories are made 0750 and files 0640 whatever the umask" {
    (umask 077 && post "$T/record.json" && assert_status 200)
    [ "$(stat -c %a "$RECORDS" "$RECORDS/data" "$RECORDS/data"/*)" = $'750\n750\n750' ]
    [ "$(stat -c %a "$(json_file)" "$(csv_file)")" = $'640\n640' ]
    rm -r "$RECORDS"
    (umask 0 && post "$T/record.json" && assert_status 200)
    [ "$(stat -c %a "$RECORDS" "$RECORDS/data" "$RECORDS/data"/*)" = $'750\n750\n750' ]
    [ "$(stat -c %a "$(json_file)" "$(csv_file)")" = $'640\n640' ]
}

@test "records_dir is made with its parents or refused, never half" {
    make_config
    jq --arg d "$T/a/b/c" '.records_dir = $d' "$T/handler.json" >"$T/h" && mv "$T/h" "$T/handler.json"
    post "$T/record.json" || true
    [ "$CGI_EXIT" = 78 ] || [ "$STATUS" = 500 ] || [ "$STATUS" = 200 ]
    [ "$STATUS" != 200 ] || [ -n "$(find "$T/a/b/c" -name '*.json' -size +0)" ]
}
