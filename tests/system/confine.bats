#!/usr/bin/env bats
# What a program may still do once it is confined (handler/confine.h, agent/calls.h), workers under a
# real lighttpd. What works confined is shown by all the other tests: they run with the default,
# "confine": true.
# shellcheck disable=SC2030,SC2031,SC2153,SC2154

load ../lib/helper

setup() {
    [ -n "$(landlock)" ] || skip "n/a: this kernel has no Landlock"
    rollcall_setup
    MOUNTED=''
    cc -shared -fPIC -O1 -o "$T/told.so" "$BATS_TEST_DIRNAME/confine-told.c"
    mkdir "$T/outside"
    PROGRAM=$HANDLER
    printf '#!/bin/sh\nTOLD=%s TOLD_RECORDS=%s TOLD_OUTSIDE=%s LD_PRELOAD=%s exec %s\n' "$T/said" \
        "$RECORDS" "$T/outside" "$T/told.so" "$PROGRAM" >"$T/handler"
    chmod 755 "$T/handler"
    HANDLER=$T/handler
}

teardown() {
    rollcall_teardown
    [ -z "$MOUNTED" ] || umount -l "$MOUNTED"
}

send() { http_post "$T/record.json"; }

landlock() {
    "$PYTHON" -c 'import ctypes; version = ctypes.CDLL(None).syscall(444, None, 0, 1); print(version if version > 0 else "")'
}

# told PID: what the program said after it was told to misbehave.
told() {
    kill -USR2 "$1"
    wait_until 20 grep -q '^exec: ' "$T/said"
    cat "$T/said"
}

# stub MODE [CERT KEY]: a stand-in for S3; its port in S3_PORT.
stub() {
    mkdir "$T/s3"
    "$PYTHON" "$BATS_TEST_DIRNAME/s3-stub" "$T/s3" "$@" >"$T/s3/log" 2>&1 3>&- &
    PIDS+=($!)
    wait_until 60 test -s "$T/s3/port" || fail "no stub: $(cat "$T/s3/log")"
    S3_PORT=$(<"$T/s3/port")
}

# own_etc: a copy of /etc for one program, with the name s3.test in it.
own_etc() {
    mkdir "$T/etc"
    cp -a /etc/. "$T/etc/"
    rm -f "$T/etc/hosts" "$T/etc/nsswitch.conf"
    echo '127.0.0.1 s3.test' >"$T/etc/hosts"
    echo 'hosts: files' >"$T/etc/nsswitch.conf"
}

# bucket_start [LINE]: lighttpd with a rollcall-bucket that reaches the stub over TLS, by name.
bucket_start() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=s3.test -addext subjectAltName=DNS:s3.test \
        -keyout "$T/s3.key" -out "$T/s3.pem" 2>/dev/null
    stub list "$T/s3.pem" "$T/s3.key"
    mkdir "$T/authorities"
    mv "$T/s3.pem" "$T/authorities/"
    own_etc
    make_config "s3={\"bucket\":\"b\",\"endpoint\":\"https://s3.test:$S3_PORT\",\"prefix\":\"p\"}" "$@"
    cat >"$T/bucket" <<END
#!/bin/sh
echo \$\$ >>$T/bucket.pids
export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_EC2_METADATA_DISABLED=true AWS_MAX_ATTEMPTS=1
export AWS_CA_BUNDLE=$T/authorities/s3.pem TOLD=$T/said TOLD_RECORDS=$RECORDS TOLD_OUTSIDE=$T/outside
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
exec unshare -m sh -c 'mount --bind $T/etc /etc && LD_PRELOAD=$T/told.so exec $ROLLCALL_BUILD/rollcall-bucket'
END
    chmod 755 "$T/bucket"
    HANDLER=$PROGRAM ROLLCALL_BUCKET=$T/bucket server_start 1
}

listed() {
    http -H "Authorization: Bearer $READ_TOKEN" "$URL/list-bucket-content"
    [ "$STATUS" = 200 ] && jq -e '. == {"content": ["file1"]}' "$T/body"
}

# A worker of rollcall-bucket: which of the two is not important.
bucket_worker() { head -n 1 "$T/bucket.pids"; }

# calls_only [done]: what is left to a program whose calls are limited, and not its files; whether it
# may fork.
calls_only() {
    diff - "$T/said" <<END
read passwd: done
write outside: done
mkdir outside: done
read proc: done
write records: done
set times: done
socket: done
connect: Connection refused
listen: Function not implemented
fork: ${1:-Function not implemented}
trace: Function not implemented
exec: Function not implemented
END
}

# background COMMAND...: the program, ready to be told; its pid in TOLD_PID.
background() {
    env TOLD="$T/said" TOLD_RECORDS="$T/outside" TOLD_OUTSIDE="$T/outside" LD_PRELOAD="$T/told.so" \
        ROLLCALL_CONFIG="$T/handler.json" "$@" >"$T/out" 2>"$T/err" 3>&- &
    TOLD_PID=$!
    PIDS+=("$TOLD_PID")
}

@test "a confined worker can write its records, and nothing else" {
    server_start 1
    send
    assert_status 200
    run -0 told "$(server_workers)"
    diff - <(echo "$output") <<'END'
read passwd: Permission denied
write outside: Permission denied
mkdir outside: Permission denied
read proc: Permission denied
write records: done
set times: done
socket: Function not implemented
connect: Function not implemented
listen: Function not implemented
fork: Function not implemented
trace: Function not implemented
exec: Function not implemented
END
    send
    assert_status 200
    check_store
    grep -q 'level=info event=confined files=landlock calls=seccomp' "$T/run/handler.log"
    run ! grep -q not_confined "$T/run/handler.log"
}

@test "\"confine\": false leaves the worker as it is" {
    make_config confine=false
    server_start 1
    grep -qx 'Seccomp:	0' "/proc/$(server_workers)/status"
    kill -USR2 "$(server_workers)"
    wait_until 20 grep -q '^fork: ' "$T/said"
    for what in 'read passwd' 'write outside' 'mkdir outside' socket fork; do
        grep -qx "$what: done" "$T/said" || fail "$what: $(cat "$T/said")"
    done
}

@test "a records directory that is replaced costs one 503 a worker, and the next record is stored there" {
    server_start 1
    send
    assert_status 200
    before=$(server_workers)
    mv "$RECORDS" "$T/old"
    mkdir -m 750 "$RECORDS"
    send
    assert_status 503
    assert_header Retry-After 1
    wait_until 30 stored_again
    [ "$(server_workers)" != "$before" ]
    [ "$(lines_stored)" = 1 ]
    grep -q 'event=records_dir_replaced' "$T/run/handler.log"
}

stored_again() {
    send
    [ "$STATUS" = 200 ]
}

@test "a file system mounted over the records directory is used after one 503" {
    server_start 1
    send
    assert_status 200
    mount -t tmpfs -o size=64m,mode=750 tmpfs "$RECORDS"
    MOUNTED=$RECORDS
    # The handler keeps 64 MiB free by default.
    make_config min_free_bytes=0
    send
    assert_status 503
    wait_until 30 stored_again
    [ "$(lines_stored)" = 1 ]
}

@test "a kernel without both says so in the log, and serves" {
    printf '#!/bin/sh\nexec %s %s %s\n' "$PYTHON" "$BATS_TEST_DIRNAME/confine-old.py" "$PROGRAM" >"$T/handler"
    server_start 1
    send
    assert_status 200
    grep 'event=not_confined' "$T/run/handler.log" | grep -q 'files="Function not implemented"'
}

@test "a confined rollcall-bucket asks S3 over TLS by name, and reads only what that needs" {
    [ "$(id -u)" = 0 ] || skip "needs root for an /etc of its own"
    bucket_start
    listed
    run -0 told "$(bucket_worker)"
    diff - <(echo "$output") <<'END'
read passwd: Permission denied
write outside: Permission denied
mkdir outside: Permission denied
read proc: Permission denied
write records: Permission denied
set times: No such file or directory
socket: done
connect: Connection refused
listen: Function not implemented
fork: Function not implemented
trace: Function not implemented
exec: Function not implemented
END
    listed
}

@test "a file of the resolver that is replaced costs rollcall-bucket one 503 a worker" {
    [ "$(id -u)" = 0 ] || skip "needs root for an /etc of its own"
    bucket_start
    listed
    echo '127.0.0.1 s3.test other' >"$T/etc/hosts.new"
    mv "$T/etc/hosts.new" "$T/etc/hosts"
    http -H "Authorization: Bearer $READ_TOKEN" "$URL/list-bucket-content"
    assert_status 503
    assert_header Retry-After 1
    grep -q 'event=file_replaced path=/etc/hosts' "$T/run/handler.log"
    wait_until 30 listed
}

@test "\"confine\": false leaves rollcall-bucket as it is" {
    [ "$(id -u)" = 0 ] || skip "needs root for an /etc of its own"
    bucket_start confine=false
    listed
    grep -qx 'Seccomp:	0' "/proc/$(bucket_worker)/status"
    grep -qx 'NoNewPrivs:	0' "/proc/$(bucket_worker)/status"
}

@test "rollcall-archive and its threads execute nothing, and do not listen" {
    stub hang
    make_config "s3={\"bucket\":\"b\",\"endpoint\":\"http://127.0.0.1:$S3_PORT\",\"prefix\":\"p\"}"
    export AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_EC2_METADATA_DISABLED=true
    unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
    background "$ROLLCALL_BUILD/rollcall-archive" --verify
    wait_until 30 test -e "$T/s3/asked"
    told "$TOLD_PID"
    calls_only
}

@test "rollcall-watch executes nothing, and does not listen" {
    stub hang
    unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
    mkdir -p "$RECORDS/data"
    make_config "hosts_file=\"$T/hosts\""
    echo '10.9.8.7 name=db' >"$T/hosts"
    printf '{"page_url":"https://page.example/","targets":[{"type":"webhook","name":"a","url":"http://127.0.0.1:%s/"}]}\n' \
        "$S3_PORT" >"$T/watch.json"
    background "$ROLLCALL_BUILD/rollcall-watch" --config "$T/watch.json" --state "$T/state" --from-scratch
    wait_until 30 test -e "$T/s3/asked"
    told "$TOLD_PID"
    calls_only
}

@test "the agent executes nothing, traces nothing and does not listen; its children inherit that" {
    stub hang
    background "$ROLLCALL_BUILD/rollcall-agent" --url "http://127.0.0.1:$S3_PORT/" --spool off --every 1h
    wait_until 30 test -e "$T/s3/asked"
    told "$TOLD_PID"
    calls_only "done"
    grep -q 'level=info event=confined calls=seccomp' "$T/err"
}

@test "the agent under a kernel without filters, and with \"confine\": false, collects the same" {
    "$ROLLCALL_BUILD/rollcall-agent" --no-confine --print >"$T/free"
    "$PYTHON" "$BATS_TEST_DIRNAME/confine-old.py" "$ROLLCALL_BUILD/rollcall-agent" --print >"$T/old" 2>"$T/err"
    [ ! -s "$T/err" ]
    "$ROLLCALL_BUILD/rollcall-agent" --print >"$T/confined"
    for name in free old confined; do
        jq -S 'del(.processes, .users, .listening) | [paths(scalars) | map(tostring) | join(".")]' "$T/$name" >"$T/$name.paths"
        jq -e '.processes | length > 1' "$T/$name"
    done
    cmp "$T/free.paths" "$T/old.paths"
    cmp "$T/free.paths" "$T/confined.paths"
}
