#!/usr/bin/env bats
# The commands in rollcall-files(5) work as typed.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() {
    rollcall_setup
    PAGE=$REPO/handler/rollcall-files.5
    for n in 1 2 3; do post_with ".n = $n"; done
    assert_status 200
    DAY=$(dirname "$(json_file)")
    FILE=$(basename "$(json_file)")
}
teardown() { rollcall_teardown; }

# commands SECTION: what its examples type, for our file; a command goes on in lines that start with ">".
commands() {
    sed -n "/^\.Sh $1\$/,/^\.Sh /p" "$PAGE" | sed -n '/^\.Bd -literal$/,/^\.Ed$/p' |
        sed -n 's/^[$#>] //p' | sed 's/\\(aq/'"'"'/g; s/\\e/\\/g' |
        sed "s|10.0.0.7_2026-11-20|${FILE%.json}|g; s|/var/lib/rollcall/data/2026-11-20|$DAY|g" |
        sed "s|/var/lib/rollcall|$RECORDS|g; s|/backup/|$T/backup-|g; s|/root/aside|$T/aside|g"
}

@test "rollcall-files(5): the newest record is shown" {
    run bash -c "cd '$DAY'; $(commands READING)"
    [ "$(jq .n <<<"$output")" = 3 ]
    jq -e 'has("processes") | not' <<<"$output"
}

@test "rollcall-files(5): the chain of each line is what sha256sum gives" {
    for n in 1 2 3; do
        run bash -c "cd '$DAY'; $(commands CHAIN | sed "s/ N=2/ N=$n/")"
        [ "$output" = "$(sed -n "${n}p" "$(json_file)" | jq -r .rollcall.chain)  -" ]
    done
}

@test "rollcall-files(5): a pair that is moved away under its lock is whole, and the next starts again" {
    mkdir "$T/aside"
    bash -c "$(commands 'MOVING FILES')"
    "$VERIFY" "$T/aside"
    [ "$(find "$DAY" -type f)" = "" ]
    post "$T/record.json"
    assert_json '.data.seq == 1'
}

@test "rollcall-files(5): a copy is sound" {
    PATH=$ROLLCALL_BUILD:$PATH bash -c "$(commands BACKUPS)"
    [ -f "$T/backup-rollcall/data/${DAY##*/}/$FILE" ]
}

@test "rollcall-files(5): a hard-linked backup stops the file until the second name is removed" {
    cp -al "$RECORDS" "$T/backup"
    post "$T/record.json"
    assert_status 500
    grep -q 'more than one name' "$T/err"
    rm -r "$T/backup"
    post "$T/record.json"
    assert_status 200
}
