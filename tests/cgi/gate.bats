#!/usr/bin/env bats
# The strict gate: what is JSON (RFC 8259) and what is not, and where the first fault is.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

# bad_json OFFSET|- BYTES (printf's %b): 400, with the offset where there is only one answer.
bad_json() {
    printf %b "$2" >"$T/bad"
    post "$T/bad"
    refused 400
    [ "$1" = - ] || assert_json ".data.offset == $1"
    assert_json '.data.offset | type == "number" and . >= 0 and . <= '"$(stat -c %s "$T/bad")"
}

# extra VALUE(%b): the small record with a member "x" of these bytes, 200.
extra() {
    printf '%b' "$(record | sed 's/\\/\\/g; s/}$//'),\"x\":$1}" >"$T/good"
    post "$T/good"
    assert_status 200
    check_store
}

@test "an empty body is 400" {
    bad_json 0 ''
}

@test "a body of white space only is 400" {
    bad_json - ' \n\t\r '
}

@test "a byte-order mark is 400 at offset 0" {
    bad_json 0 '\xef\xbb\xbf{"a":1}'
}

@test "NaN is 400 at its N" {
    bad_json 5 '{"a":NaN}'
}

@test "Infinity is 400 at its I" {
    bad_json 5 '{"a":Infinity}'
}

@test "-Infinity is 400" {
    bad_json - '{"a":-Infinity}'
}

@test "a number with a leading zero is 400 at the digit behind it" {
    bad_json 6 '{"a":01}'
}

@test "a negative number with a leading zero is 400" {
    bad_json 7 '{"a":-01}'
}

@test "1. is 400 at the byte where a digit should be" {
    bad_json 7 '{"a":1.}'
}

@test ".5 is 400" {
    bad_json 5 '{"a":.5}'
}

@test "1e is 400" {
    bad_json 7 '{"a":1e}'
}

@test "+1 is 400" {
    bad_json 5 '{"a":+1}'
}

@test "0x10 is 400" {
    bad_json 6 '{"a":0x10}'
}

@test "text behind the value is 400 at its first byte" {
    bad_json 8 '{"a":1} x'
}

@test "a second value behind the first is 400" {
    bad_json 7 '{"a":1}{"b":2}'
}

@test "a NUL byte behind the value is 400" {
    bad_json 7 '{"a":1}\0'
}

@test "a raw newline in a string is 400 at its byte" {
    bad_json 7 '{"a":"b\nc"}'
}

@test "a raw tab in a string is 400 at its byte" {
    bad_json 7 '{"a":"b\tc"}'
}

@test "a raw NUL in a string is 400 at its byte" {
    bad_json 7 '{"a":"b\0c"}'
}

@test "a raw control character in a name is 400" {
    bad_json 3 '{"a\x01":1}'
}

@test "DEL in a string is allowed" {
    extra '"a\x7fb"'
}

@test "a lone UTF-8 continuation byte is 400 at its byte" {
    bad_json 6 '{"a":"\x80"}'
}

@test "a byte that never stands in UTF-8 is 400 at its byte" {
    bad_json 7 '{"a":"b\xff"}'
}

@test "an overlong slash is 400" {
    bad_json - '{"a":"\xc0\xaf"}'
}

@test "an overlong three-byte sequence is 400" {
    bad_json - '{"a":"\xe0\x80\x80"}'
}

@test "a UTF-8 encoded surrogate is 400" {
    bad_json - '{"a":"\xed\xa0\x80"}'
}

@test "a code point above U+10FFFF is 400" {
    bad_json - '{"a":"\xf4\x90\x80\x80"}'
}

@test "a UTF-8 sequence that the quote cuts is 400" {
    bad_json - '{"a":"\xe2\x82"}'
}

@test "Latin-1 is 400" {
    bad_json - '{"a":"caf\xe9"}'
}

@test "UTF-16 is 400" {
    bad_json - '{\0"\0a\0"\0:\0001\0}\0'
}

@test "an unknown escape is 400" {
    bad_json - '{"a":"\\x41"}'
}

@test "a unicode escape of three digits is 400" {
    bad_json - '{"a":"\\u123"}'
}

@test "a backslash at the end of the body is 400" {
    # shellcheck disable=SC1003
    bad_json - '{"a":"\\'
}

@test "a string that is not closed is 400" {
    bad_json - '{"a":"b'
}

@test "an object that is not closed is 400 at the end" {
    bad_json 6 '{"a":1'
}

@test "a trailing comma in an object is 400" {
    bad_json 7 '{"a":1,}'
}

@test "a trailing comma in an array is 400" {
    bad_json 8 '{"a":[1,]}'
}

@test "a missing colon is 400" {
    bad_json 4 '{"a"1}'
}

@test "a missing value is 400" {
    bad_json 5 '{"a":}'
}

@test "a missing comma is 400" {
    bad_json 7 '{"a":1 "b":2}'
}

@test "single quotes are 400" {
    bad_json 1 "{'a':1}"
}

@test "an unquoted name is 400" {
    bad_json 1 '{a:1}'
}

@test "a comment is 400" {
    bad_json 1 '{/* c */"a":1}'
}

@test "True is 400" {
    bad_json 5 '{"a":True}'
}

@test "white space that JSON does not know is 400" {
    bad_json 1 '{\v"a":1}'
}

@test "a no-break space between tokens is 400" {
    bad_json - '{\xc2\xa0"a":1}'
}

@test "a bracket that does not fit is 400" {
    bad_json 7 '{"a":[1}'
}

@test "a top-level name twice is 400" {
    bad_json - '{"a":1,"a":2}'
}

@test "a top-level name twice is 400 when one spells it with escapes" {
    bad_json - '{"ab":1,"\\u0061b":2}'
}

@test "a top-level name twice is 400 when it is a known one" {
    post_json "$(record | sed 's/}$/,"os_name":"x"}/')"
    refused 400
}

@test "names that differ in case are two names" {
    extra '1,"X":2'
    stored_record | jq -e '.x == 1 and .X == 2'
}

@test "a name twice below the top level is accepted and kept" {
    extra '{"a":1,"a":2}'
    stored_record | grep -qF '"x":{"a":1,"a":2}'
}

# nested N: the record with arrays so that the body is N levels deep.
nested() {
    local open close
    open=$(printf '[%.0s' $(seq $(($1 - 1))))
    close=$(printf ']%.0s' $(seq $(($1 - 1))))
    printf '%s,"x":%s%s}' "$(record | sed 's/}$//')" "$open" "$close" >"$T/deep"
    post "$T/deep"
}

@test "64 levels are accepted" {
    nested 64
    assert_status 200
    check_store
}

@test "65 levels are 400" {
    nested 65
    refused 400
}

@test "100,000 opening brackets are 400" {
    printf '{"a":%s' "$(printf '[%.0s' $(seq 100000))" >"$T/bomb"
    post "$T/bomb"
    refused 400
}

# members N: a record with N top-level members.
members() {
    record | jq -c --argjson n "$1" '. + ([range($n - 6)] | map({("m\(.)"): .}) | add)' >"$T/many"
    [ "$(jq length "$T/many")" = "$1" ]
    post "$T/many"
}

@test "256 top-level members are accepted" {
    members 256
    assert_status 200
    check_store
}

@test "257 top-level members are 422" {
    members 257
    refused 422
}

@test "an unpaired high surrogate escape is stored as \\ufffd" {
    extra '"a\\ud800b"'
    stored_record | grep -qF '"x":"a\ufffdb"'
}

@test "an unpaired low surrogate escape is stored as \\ufffd" {
    extra '"\\udc80"'
    stored_record | grep -qF '"x":"\ufffd"'
}

@test "a high surrogate before another pair is stored as \\ufffd and the pair is kept" {
    extra '"\\ud800\\ud83d\\ude00"'
    stored_record | grep -qF '"x":"\ufffd\ud83d\ude00"'
}

@test "two high surrogates are stored as two \\ufffd" {
    extra '"\\ud800\\ud800"'
    stored_record | grep -qF '"x":"\ufffd\ufffd"'
}

@test "an unpaired surrogate in upper case is stored as \\ufffd" {
    extra '"\\uD83D"'
    stored_record | grep -qF '"x":"\ufffd"'
}

@test "an unpaired surrogate in a member name is stored as \\ufffd" {
    extra '{"a\\udfff":1}'
    stored_record | grep -qF '"x":{"a\ufffd":1}'
}

@test "a surrogate pair is kept as it came" {
    extra '"\\ud83d\\ude00"'
    stored_record | grep -qF '"x":"\ud83d\ude00"'
}

@test "an unpaired surrogate in a processes text arrives in the CSV as U+FFFD" {
    post_json '{"processor":"p","processes":"a\udc80b","users":"","os_name":"Linux","os_ver":"6"}'
    assert_status 200
    check_store
    [ "$(csv_cell cmd)" = $'a\xef\xbf\xbdb' ]
}

@test "\\u0000 is allowed in a string" {
    extra '"a\\u0000b"'
    stored_record | grep -qF '"x":"a\u0000b"'
}

@test "\\u0000 in processes text is escaped in the CSV" {
    post_json '{"processor":"p","processes":"a\u0000b","users":"","os_name":"Linux","os_ver":"6"}'
    assert_status 200
    check_store
    [ "$(csv_cell cmd)" = 'a\x00b' ]
}

@test "\\u0000 in id is 422 and names the field" {
    post_json "$(record | sed 's/}$/,"id":"a\\u0000"}/')"
    refused 422 '.data.field == "id"'
}

@test "\\u0000 in hostname is 422 and names the field" {
    post_json "$(record 'del(.hostname)' | sed 's/}$/,"hostname":"a\\u0000"}/')"
    refused 422 '.data.field == "hostname"'
}

@test "\\u0000 in uuid is 422 and names the field" {
    post_json "$(record | sed 's/}$/,"uuid":"a\\u0000"}/')"
    refused 422 '.data.field == "uuid"'
}

@test "numbers are kept digit for digit" {
    local n='[1.10,1E400,-0,0.1e-7,123456789012345678901234567890,1.0000000000000000000001]'
    extra "$n"
    stored_record | grep -qF "\"x\":$n"
}

@test "a huge exponent does not become null or infinity" {
    extra '1e999999'
    stored_record | grep -qF '"x":1e999999}'
}

@test "noncharacters in UTF-8 are accepted" {
    extra '"\xef\xbf\xbf\xf4\x8f\xbf\xbf"'
}

@test "white space between tokens is accepted" {
    record | jq . >"$T/pretty"
    post "$T/pretty"
    assert_status 200
    check_store
    [ "$(wc -l <"$(json_file)")" = 1 ]
}

@test "every escape of RFC 8259 is accepted and kept as it came" {
    extra '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"'
    stored_record | grep -qF '"x":"\"\\\/\b\f\n\r\t\u00e9"'
}

@test "an array instead of an object is 422" {
    post_json '[1]'
    refused 422
}

@test "a string instead of an object is 422" {
    post_json '"x"'
    refused 422
}

@test "null instead of an object is 422" {
    post_json 'null'
    refused 422
}
