#!/usr/bin/env bats
# rollcall-token: makes, lists and revokes tokens, and the handler takes what it makes.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() {
    rollcall_setup
    TOKENS=$T/tokens
}
teardown() { rollcall_teardown; }

token() { "$REPO/scripts/rollcall-token" --file "$TOKENS" "$@"; }

# refuses STATUS TEXT ARGUMENT...: that exit status and one line that holds the text; nothing written.
refuses() {
    local expected=$1 text=$2 before
    before=$(cat "$TOKENS")
    shift 2
    run token "$@"
    [ "$status" = "$expected" ]
    [ "${#lines[@]}" = 1 ]
    [[ $output == *"$text"* ]]
    [ "$(cat "$TOKENS")" = "$before" ]
}

# post_as TOKEN [VARIABLE=VALUE...]: a record from somebody who has this token.
post_as() {
    local bearer=$1
    shift
    post "$T/record.json" HTTP_AUTHORIZATION="Bearer $bearer" "$@"
}

@test "a new token is printed once, alone, and stored as its hash" {
    secret=$(token --label one 2>/dev/null)
    [[ $secret =~ ^[A-Za-z0-9_-]{43}$ ]]
    [ "$(tail -n 1 "$TOKENS")" = "$(sha256 "$secret") ingest # one" ]
    run ! grep -F -- "$secret" "$TOKENS"
}

@test "two tokens differ, and so do their default labels" {
    [ "$(token)" != "$(token)" ]
    [ "$(token --list | wc -l)" = 4 ]
    [ "$(token --list | sort -u | wc -l)" = 4 ]
}

@test "the handler takes the token, within its scope and addresses" {
    ingest=$(token --label a)
    reader=$(token --label b --scope read)
    near=$(token --label c --scope ingest,read --address 10.0.0.0/8,2001:db8::/32)
    post_as "$ingest"
    assert_status 200
    post_as "$reader"
    assert_status 403
    post_as "$near"
    assert_status 403
    post_as "$near" REMOTE_ADDR=10.1.2.3
    assert_status 200
    post_as "$near" REMOTE_ADDR=2001:db8::5
    assert_status 200
}

@test "--no-token lets its addresses in, and prints nothing on stdout" {
    output=$(token --no-token --address 10.20.0.0/16 --label rack)
    [ -z "$output" ]
    post "$T/record.json" -HTTP_AUTHORIZATION REMOTE_ADDR=10.20.1.1
    assert_status 200
    post "$T/record.json" -HTTP_AUTHORIZATION REMOTE_ADDR=10.21.1.1
    assert_status 401
}

@test "--revoke removes that token only" {
    gone=$(token --label 'gone # away')
    kept=$(token --label 'gone')
    token --revoke 'gone # away'
    post_as "$gone"
    assert_status 401
    post_as "$kept"
    assert_status 200
}

@test "--list shows kind, scope, addresses and label, never a hash" {
    token --label one --address 10.0.0.0/8 >"$T/secret"
    token --no-token --address ::1 --label two
    run token --list
    [ "$status" = 0 ]
    [[ ${lines[2]} =~ ^token\ +ingest\ +10\.0\.0\.0/8\ +one$ ]]
    [[ ${lines[3]} =~ ^open\ +ingest\ +::1\ +two$ ]]
    run ! grep -E '[0-9a-f]{16}' <<<"$output"
}

@test "comments, blank lines and lines of others stay byte for byte" {
    printf '# a comment # old\n\n   \t\n%s read # old\r\nno newline at the end # x' "$(sha256 x)" >"$TOKENS"
    cp "$TOKENS" "$T/before"
    token --label new
    [ "$(head -c "$(stat -c %s "$T/before")" "$TOKENS")" = "$(cat "$T/before")" ]
    [ "$(tail -n 2 "$TOKENS" | head -n 1)" = "no newline at the end # x" ]
    token --revoke new
    printf '\n' >>"$T/before"
    cmp "$T/before" "$TOKENS"
    token --revoke old
    [ "$(head -n 1 "$TOKENS")" = "# a comment # old" ]
    run ! grep -F "$(sha256 x)" "$TOKENS"
}

@test "owner and mode of the file stay; a new file is 0640" {
    chmod 604 "$TOKENS"
    [ "$(id -u)" != 0 ] || chown nobody:nogroup "$TOKENS"
    before=$(stat -c '%a %U %G' "$TOKENS")
    token --label x
    [ "$(stat -c '%a %U %G' "$TOKENS")" = "$before" ]
    rm "$TOKENS"
    token --label y
    [ "$(stat -c %a "$TOKENS")" = 640 ]
}

@test "a symbolic link stays one" {
    mv "$TOKENS" "$T/real"
    ln -s real "$TOKENS"
    token --label x
    [ -L "$TOKENS" ]
    grep -q '# x' "$T/real"
}

@test "thirty at once: no token is lost, and no temporary file is left" {
    local i pids=()
    for i in {1..30}; do
        token --label "n$i" >/dev/null &
        pids+=($!)
    done
    wait "${pids[@]}"
    [ "$(grep -c '# n' "$TOKENS")" = 30 ]
    [ "$(find "$T" -name 'tokens*' | wc -l)" = 1 ]
}

@test "no process ever has the token among its arguments" {
    command -v strace >/dev/null || skip "no strace here"
    secret=$(strace -f -qq -e trace=execve -s 4096 -v -o "$T/trace" \
        "$REPO/scripts/rollcall-token" --file "$TOKENS" --label traced)
    [ ${#secret} = 43 ]
    run ! grep -F -- "$secret" "$T/trace"
    run ! grep -F "$(sha256 "$secret")" "$T/trace"
}

@test "labels: taken, empty, too long, with control characters" {
    token --label one
    refuses 65 "taken" --label one
    refuses 64 "not empty" --label ''
    refuses 64 "one line" --label $'a\nb'
    refuses 64 "one line" --label $'a\tb'
    refuses 64 "blank" --label ' a'
    refuses 64 "200" --label "$(printf 'x%.0s' {1..201})"
    refuses 65 "no token" --revoke two
}

@test "a label may hold anything else" {
    local label
    for label in 'a # b' '\n' "it's \"x\"" '-n' 'ünï' "\$(id)" '*' 'a  b'; do
        token --label "$label"
        token --list | grep -qF -- "$label"
        token --revoke "$label"
    done
    [ "$(token --list | wc -l)" = 2 ]
}

@test "addresses: what the handler would skip is refused" {
    local bad
    for bad in 10.0.0.1/8 256.1.1.1 1.2.3 01.2.3.4 10.0.0.0/33 10.0.0.0/ '10.0.0.0/8,' ',10.0.0.1' x \
        1::2::3 1:2:3:4:5:6:7:8:: :1:2:3:4:5:6:7 fe80::1/64 ::1/127 12345:: ::g ::: \
        ::ffff:1.2.3.4/96 '10.0.0.1 10.0.0.2' $'10.0.0.1\n'; do
        refuses 64 "--address" --address "$bad"
    done
    refuses 64 "not empty" --address ''
}

@test "addresses: the handler accepts each one that is accepted" {
    local n=0 good
    for good in 10.0.0.7 0.0.0.0/0 10.128.0.0/9 255.255.255.255/32 :: ::/0 ::1 1:2:3:4:5:6:7:8 \
        1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 fe80::/10 FE80::/10 2001:db8:8000::/33 ::1.2.3.4 \
        ::ffff:10.0.0.0/24 ::ffff:a00:0/24; do
        n=$((n + 1))
        token --label "n$n" --address "$good" >/dev/null
    done
    post "$T/record.json"
    assert_status 200
    run ! grep token_line_skipped "$T/err"
}

@test "wrong usage is 64, one line, and says what is right" {
    refuses 64 "ingest, read" --scope write
    refuses 64 "--address" --no-token
    refuses 64 "--help" --frob
    refuses 64 "--help" extra
    refuses 64 "needs a value" --label
    refuses 64 "--list" --list --scope read
    refuses 64 "one at a time" --list --revoke x
}

@test "without --file the handler's configuration names it" {
    ROLLCALL_CONFIG=$T/handler.json "$REPO/scripts/rollcall-token" --label configured
    grep -q '# configured' "$TOKENS"
    ROLLCALL_CONFIG=$T/none run "$REPO/scripts/rollcall-token" --list
    [ "$status" = 78 ]
    echo '{"records_dir": "x"}' >"$T/handler.json"
    ROLLCALL_CONFIG=$T/handler.json run "$REPO/scripts/rollcall-token" --list
    [ "$status" = 78 ]
}

@test "no file, no directory, a directory in its place" {
    TOKENS=$T/none/tokens
    run token --label x
    [ "$status" = 73 ]
    run token --list
    [ "$status" = 66 ]
    TOKENS=$T
    run token --label x
    [ "$status" = 66 ]
}

@test "a file that cannot be written is reported, and stays" {
    [ "$(id -u)" = 0 ] || skip "needs root to become somebody else"
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test"
    chmod 755 "$T"
    chmod 644 "$TOKENS"
    cp "$REPO/scripts/rollcall-token" "$T/tool"
    run setpriv --reuid nobody --regid nogroup --clear-groups "$T/tool" --file "$TOKENS" --label x
    [ "$status" = 73 ]
    [ "$(wc -l <"$TOKENS")" = 2 ]
}

@test "--help and --version" {
    run token --help
    [ "$status" = 0 ]
    [[ $output == *"--revoke LABEL"* ]]
    run token --version
    [[ $output =~ ^rollcall-token\ [0-9.]+$ ]]
}
