#!/usr/bin/env bats
# rollcall-query behind the shipped lighttpd.conf, while files change under it, and with large fleets.
# shellcheck disable=SC2030,SC2031,SC2154

load servers

setup() {
    servers_setup
    python_packages
    export ROLLCALL_BUILD
}
teardown() { rollcall_teardown; }

# program ARGUMENT...: one of the programs beside this file; what it prints is shown if it fails.
program() {
    run "$VENV_PYTHON" "$BATS_TEST_DIRNAME/$1" "${@:2}"
    [ "$status" = 0 ] || fail "$output"
    echo "# ${lines[-1]}" >&3
}

@test "readers: 64 writers, and files torn, cut, removed, replaced: no 5xx, no wrong row, no worker that hangs (more nightly)" {
    local each=60
    [ -z "${ROLLCALL_NIGHTLY-}" ] || each=2000
    program readers.py "$each"
}

@test "readers: hostile values in every parameter and path: no 5xx" {
    program fleet.py hostile
}

@test "readers: 10,000 hosts (100,000 nightly): complete lists, a fleet half dead, an outage" {
    local hosts=10000
    [ -z "${ROLLCALL_NIGHTLY-}" ] || hosts=100000
    program fleet.py hosts $hosts
}

# query_cgi PATH [QUERY]: the answer of rollcall-query as plain CGI, its body in $T/body.
query_cgi() {
    env REQUEST_METHOD=GET PATH_INFO="$1" QUERY_STRING="${2-}" REMOTE_ADDR=127.0.0.1 HTTP_AUTHORIZATION="Bearer $READ_TOKEN" \
        ROLLCALL_CONFIG="$T/handler.json" "${TRACE[@]}" "$ROLLCALL_BUILD/rollcall-query" >"$T/answer"
    grep -q '^Status: 200' "$T/answer" || fail "$1: $(cat "$T/answer")"
    sed '1,/^\r*$/d' "$T/answer" >"$T/body"
}

# some_records: of three addresses, by the real handler.
some_records() {
    local i
    for i in 1 2 3; do
        post_with ".hostname = \"h$i\" | .cores = $i | .machine_id = \"m$i\"" REMOTE_ADDR=10.0.0.$i
        post_with ".hostname = \"h$i\" | .cores = $i | .machine_id = \"m$i\" | .os_ver = \"6.$i\"
            | .processes += [range($i) | {pid: (. + 100), cmd: \"p\(.)\", cpu: 0.5}]" REMOTE_ADDR=10.0.0.$i
        assert_status 200
    done
}

@test "readers: each answer is what jq finds in the files" {
    TRACE=()
    some_records
    local i day files
    day=$(today)
    files=("$RECORDS/data/$day"/*.json)
    query_cgi /api/v1/hosts 'fields=ip,hostname,cores,os_ver,process_count,user_count,records,bytes,last_seen'
    for i in "${files[@]}"; do
        tail -n 1 "$i" | jq -c --argjson json "$(stat -c %s "$i")" --argjson csv "$(stat -c %s "${i%.json}.csv")" '{ip: .rollcall.client_ip, hostname,
            os_ver, cores, process_count: (.processes | length), user_count: (.users | length), records: .rollcall.seq,
            bytes: ($json + $csv), last_seen: .rollcall.received_at}'
    done | jq -S . >"$T/want"
    jq -S '.data.hosts[]' "$T/body" | diff "$T/want" -
    [ "$(jq .data.total "$T/body")" = 3 ]
    for i in 1 2 3; do
        query_cgi /api/v1/hosts/10.0.0.$i
        tail -n 1 "$RECORDS/data/$day/10.0.0.${i}_$day.json" | jq -S 'del(.processes)' >"$T/want"
        jq -S .data.record "$T/body" | diff "$T/want" -
        tail -n 1 "$RECORDS/data/$day/10.0.0.${i}_$day.json" | jq -S '[.processes[] | {pid, cmd, cpu}]' >"$T/want"
        jq -S '[.data.processes[] | {pid, cmd, cpu}]' "$T/body" | diff "$T/want" -
        query_cgi /api/v1/hosts/10.0.0.$i/timeline
        jq -cS '{received_at: .rollcall.received_at, process_count: (.processes | length), user_count: (.users | length)}' \
            "$RECORDS/data/$day/10.0.0.${i}_$day.json" >"$T/want"
        jq -cS '.data.points[] | {received_at, process_count, user_count}' "$T/body" | diff "$T/want" -
        query_cgi /api/v1/hosts/10.0.0.$i/days
        [ "$(jq -c '.data.days[] | [.records, .chain]' "$T/body")" = \
            "$(tail -n 1 "$RECORDS/data/$day/10.0.0.${i}_$day.json" | jq -c '.rollcall | [.seq, .chain]')" ]
        query_cgi "/files/$day/10.0.0.${i}_$day.csv"
        cmp "$T/body" "$RECORDS/data/$day/10.0.0.${i}_$day.csv"
    done
}

@test "readers: no answer opens a file for writing" {
    ! sanitized || skip "n/a: sanitizers open files of their own"
    TRACE=()
    some_records
    local path day
    day=$(today)
    for path in /api/v1/hosts /api/v1/hosts/10.0.0.2 /api/v1/hosts/10.0.0.2/timeline /api/v1/hosts/10.0.0.2/days \
        /api/v1/hosts/10.0.0.2/changes "/files/$day/10.0.0.2_$day.json" "/files/$day/10.0.0.2_$day.csv"; do
        TRACE=(strace -f -o "$T/calls" -e "trace=open,openat,openat2,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,truncate,ftruncate,link,linkat,symlink,symlinkat,chmod,fchmod,fchmodat,utimensat")
        query_cgi "$path"
        grep -q openat "$T/calls"
        run ! grep -vE 'O_RDONLY|"/dev/null"|^[0-9]+ +(\+|---)' "$T/calls"
        [ "$status" = 1 ] || fail "$path: $output"
    done
}

@test "readers: midnight changes no state, and the record before it is found" {
    TRACE=()
    local state='[.data.hosts[] | [.ip, .state]]'
    at "2026-11-20 23:40:00"
    post_with '.hostname = "late"' REMOTE_ADDR=10.0.0.1
    at "2026-11-20 23:58:30"
    post_with '.hostname = "on-time"' REMOTE_ADDR=10.0.0.2
    assert_status 200
    at "2026-11-20 23:59:30"
    TRACE=("${RUNNER[@]}")
    query_cgi /api/v1/hosts
    [ "$(jq -c "$state" "$T/body")" = '[["10.0.0.1","late"],["10.0.0.2","present"]]' ] || fail "$(cat "$T/body")"
    at "2026-11-21 00:00:30"
    TRACE=("${RUNNER[@]}")
    query_cgi /api/v1/hosts
    [ "$(jq -c "$state" "$T/body")" = '[["10.0.0.1","late"],["10.0.0.2","present"]]' ] || fail "$(cat "$T/body")"
    query_cgi /api/v1/hosts/10.0.0.2
    jq -e '.data.record.hostname == "on-time" and (.data.received_at | startswith("2026-11-20T23:58:3"))' "$T/body"
    post_with '.hostname = "new"' REMOTE_ADDR=10.0.0.2
    assert_status 200
    query_cgi /api/v1/hosts/10.0.0.2
    jq -e '.data.record.hostname == "new" and (.data.previous | startswith("2026-11-20T23:58:3"))' "$T/body"
    query_cgi /api/v1/hosts/10.0.0.2/changes 'from=-5m'
    jq -e '.data.machines[0].changed == [{fact: "hostname", before: "on-time", after: "new"}]' "$T/body"
    # A day that is over is judged as of its end, whatever came after.
    query_cgi /api/v1/hosts date=2026-11-20
    [ "$(jq -c "$state" "$T/body")" = '[["10.0.0.1","late"],["10.0.0.2","present"]]' ] || fail "$(cat "$T/body")"
}
