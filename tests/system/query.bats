#!/usr/bin/env bats
# rollcall-query and rollcall-silent over files that the real handler wrote, behind the shipped lighttpd.conf.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

CONF=$BATS_TEST_DIRNAME/../../lighttpd/lighttpd.conf

setup() {
    rollcall_setup
    SILENT=$ROLLCALL_BUILD/rollcall-silent
}
teardown() { rollcall_teardown; }

# stack_start [KEY=JSON...]: lighttpd, handlers and queries; addresses come from X-Forwarded-For.
stack_start() {
    make_config "hosts_file=\"$T/hosts\"" "$@"
    [ -e "$T/hosts" ] || touch "$T/hosts"
    mkdir -p "$T/web/htdocs" "$T/web/upload"
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    env ROLLCALL_RUN="$T/web" ROLLCALL_PORT="$PORT" ROLLCALL_HANDLER="$HANDLER" ROLLCALL_WORKERS=2 \
        ROLLCALL_QUERY="$ROLLCALL_BUILD/rollcall-query" ROLLCALL_CONFIG="$T/handler.json" \
        ROLLCALL_PROXIES=127.0.0.1 /usr/sbin/lighttpd -D -f "$CONF" >"$T/server.log" 2>&1 3>&- &
    SERVER=$!
    PIDS+=("$SERVER")
    wait_until 10 server_answers
}

# beat ADDRESS [MEMBER...]: a record from there; members are JSON, such as '"hostname":"db-1"'.
beat() {
    local address=$1 members=''
    shift
    [ $# = 0 ] || members=$(printf ',%s' "$@")
    printf '{"processor":"cpu","processes":[{"pid":1,"cmd":"init"}],"users":["ana"],"os_name":"Linux","os_ver":"6.1.0-28"%s}' \
        "$members" >"$T/beat.json"
    http_post "$T/beat.json" -H "X-Forwarded-For: $address"
    assert_status 200
}

ask() { http -H "Authorization: Bearer $READ_TOKEN" "$URL$1" "${@:2}"; }
rows() { jq -c ".data.hosts[] | [$1]" "$T/body"; }

# age DAYS-OR-TIME ADDRESS...: makes the records of these hosts that much older.
age() {
    local seconds=$1 address file
    shift
    for address; do
        file=$(json_file "$address")
        "$PYTHON" - "$file" "$seconds" <<'PY'
import datetime, re, sys
path, seconds = sys.argv[1], int(sys.argv[2])
def older(m):
    t = datetime.datetime.strptime(m.group(2), "%Y-%m-%dT%H:%M:%S.%fZ") - datetime.timedelta(seconds=seconds)
    return m.group(1) + t.strftime("%Y-%m-%dT%H:%M:%S.") + m.group(2)[20:]
text = open(path).read()
open(path, "w").write(re.sub(r'("received_at":")([^"]*)', older, text))
PY
    done
}

@test "query: a host is its newest record" {
    stack_start
    beat 10.0.0.7 '"hostname":"db-1"' '"cores":8' '"os_pretty_name":"Debian 12"'
    beat 10.0.0.7 '"hostname":"db-2"' '"cores":16'
    beat 2001:db8::7 '"hostname":"six"'
    ask /api/v1/hosts
    assert_status 200
    assert_header Cache-Control 'private, no-cache'
    assert_json '.status == "success" and .data.complete and .data.total == 2 and .data.counts.state.present == 2'
    [ "$(rows '.ip, .hostname, .state, .cores, .os_pretty_name, .records, .process_count, .user_count')" = \
        '["10.0.0.7","db-2","present",16,null,2,1,1]
["2001:db8::7","six","present",null,null,1,1,1]' ] || fail "$(cat "$T/body")"
    assert_json '.data.hosts[0].bytes > 500 and (.data.hosts[0].last_seen | length) == 24'
}

@test "query: text in a record cannot pass for a member" {
    stack_start
    beat 10.0.0.7 '"hostname":"x\",\"rollcall\":{\"received_at\":\"2026-01-01T00:00:00.000Z\"}}"' '"note":"\",\"hostname\":\"fake\\"'
    ask /api/v1/hosts
    [ "$(jq -r '.data.hosts[0].hostname' "$T/body")" = 'x","rollcall":{"received_at":"2026-01-01T00:00:00.000Z"}}' ]
}

@test "query: states, counts and filters" {
    printf '%s\n' '10.0.0.3 ephemeral' '10.0.0.4 retired' '10.0.0.9 label=db' '10.0.0.0/24 label="net 0"' >"$T/hosts"
    stack_start 'expect_every="10m"'
    for i in 1 2 3 4 5; do beat "10.0.0.$i" "\"hostname\":\"host-$i\""; done
    age 1800 10.0.0.2
    age 7200 10.0.0.3 10.0.0.5
    ask /api/v1/hosts
    [ "$(rows '.ip, .state' | tr '\n' ' ')" = \
        '["10.0.0.1","present"] ["10.0.0.2","late"] ["10.0.0.5","absent"] ["10.0.0.9","never"] ' ] || fail "$(cat "$T/body")"
    assert_json '.data.counts.state == {"present":1,"late":1,"absent":1,"never":1,"moved":0,"gone":1,"retired":1}'
    ask '/api/v1/hosts?state=gone,retired&fields=ip,labels'
    [ "$(rows '.ip, .labels' | tr '\n' ' ')" = '["10.0.0.3",["net 0"]] ["10.0.0.4",["net 0"]] ' ]
    ask '/api/v1/hosts?q=label:db&fields=ip'
    [ "$(rows .ip)" = '["10.0.0.9"]' ]
    ask '/api/v1/hosts?q=host+-host-2+ip:10.0.0.0/30&sort=-hostname&fields=hostname'
    [ "$(rows .hostname | tr '\n' ' ')" = '["host-1"] ' ]
    ask '/api/v1/hosts?label=net%200&limit=1'
    assert_json '.data.total == 4 and (.data.hosts | length) == 1'
}

@test "query: a machine that moved, a clone, a shared address" {
    stack_start 'expect_every="1m"'
    beat 10.0.0.1 '"machine_id":"m1"' '"boot_id":"b1"'
    beat 10.0.0.2 '"machine_id":"m1"' '"boot_id":"b1"'
    beat 10.0.0.3 '"machine_id":"m3"' '"boot_id":"b3"'
    beat 10.0.0.4 '"machine_id":"m3"' '"boot_id":"b4"'
    beat 10.0.0.5 '"machine_id":"m5"' '"hostname":"five"'
    beat 10.0.0.5 '"machine_id":"m6"' '"hostname":"six"'
    beat 10.0.0.5 '"machine_id":"m6"' '"hostname":"six"'
    age 900 10.0.0.1
    ask '/api/v1/hosts?state=present,absent,moved'
    [ "$(rows '.ip, .state, .moved_to, .flags, .hostname' | tr '\n' ' ')" = '["10.0.0.1","moved","10.0.0.2",[],null] ["10.0.0.2","present",null,[],null] ["10.0.0.3","present",null,["clone"],null] ["10.0.0.4","present",null,["clone"],null] ["10.0.0.5","present",null,["shared"],"five"] ["10.0.0.5","present",null,["shared"],"six"] ' ] ||
        fail "$(cat "$T/body")"
}

@test "query: pages by cursor are the whole list, in every order" {
    stack_start
    local i sort pages cursor
    for i in $(seq 1 7); do beat "10.0.0.$i" "\"hostname\":\"h-$((i % 3)), \\r\\n&=%\\u00fc\""; done
    for sort in ip -ip hostname -records; do
        ask "/api/v1/hosts?sort=$sort&fields=ip"
        rows .ip >"$T/whole"
        : >"$T/pages" cursor=''
        for pages in 1 2 3 4 5; do
            ask "/api/v1/hosts?sort=$sort&fields=ip&limit=2${cursor:+&cursor=$(jq -rn --arg c "$cursor" '$c | @uri')}"
            rows .ip >>"$T/pages"
            cursor=$(jq -r '.data.cursor // ""' "$T/body")
            [ -n "$cursor" ] || break
        done
        diff "$T/whole" "$T/pages"
    done
}

@test "query: the tag changes with the list, and is answered with 304" {
    stack_start
    beat 10.0.0.1
    ask /api/v1/hosts
    local tag
    tag=$(sed -n 's/^[Ee][Tt]ag: *//p' "$T/head" | tr -d '\r')
    [[ $tag == W/* ]]
    ask /api/v1/hosts -H "If-None-Match: $tag"
    [ "$STATUS" = 304 ]
    beat 10.0.0.1
    ask /api/v1/hosts -H "If-None-Match: $tag"
    assert_status 200
    ask /api/v1/hosts --compressed -H 'Accept-Encoding: gzip'
    assert_json '.data.total == 1'
}

@test "query: changed_since gives what reported or changed its state since" {
    stack_start 'expect_every="1m"'
    beat 10.0.0.1
    beat 10.0.0.2
    age 400 10.0.0.1 # late now, and two minutes ago
    age 660 10.0.0.2 # absent now, late two minutes ago
    ask '/api/v1/hosts?changed_since=-2m&fields=ip'
    [ "$(rows .ip)" = '["10.0.0.2"]' ] || fail "$(cat "$T/body")"
    beat 10.0.0.3
    ask '/api/v1/hosts?changed_since=-2m&fields=ip'
    [ "$(rows .ip | tr '\n' ' ')" = '["10.0.0.2"] ["10.0.0.3"] ' ]
}

@test "query: CSV of what the filter shows, without formulas" {
    stack_start
    beat 10.0.0.1 '"hostname":"=cmd()"'
    ask '/api/v1/hosts?format=csv&fields=ip,hostname'
    assert_header Content-Type 'text/csv; charset=utf-8'
    [ "$(cat "$T/body")" = $'"ip","hostname"\r\n"10.0.0.1","\'=cmd()"\r' ]
}

@test "query: a CSV of a part names the cursor of the next rows, whatever the hosts are called" {
    stack_start
    local cursor='' pages
    beat 10.0.0.1 '"hostname":"one"'
    beat 10.0.0.2 '"hostname":"\r\nX-Evil: 1\u00fc%"' "\"machine_id\":\"m,$(printf '%.0sx' {1..900})\""
    beat 10.0.0.3 '"hostname":"three"'
    : >"$T/pages"
    for pages in 1 2 3; do
        ask "/api/v1/hosts?format=csv&fields=ip&limit=1${cursor:+&cursor=$cursor}"
        [ "$STATUS" = 200 ] || fail "$STATUS"
        run ! grep -qi '^X-Evil' "$T/head"
        sed 1d "$T/body" >>"$T/pages"
        cursor=$(sed -n 's/^[Rr]ollcall-[Cc]ursor: *//p' "$T/head" | tr -d '\r')
        [[ $cursor =~ ^[A-Za-z0-9.,=_~-]*$ ]]
        [ -n "$cursor" ] || break
    done
    [ "$pages" = 3 ]
    [ "$(tr -d '"\r' <"$T/pages" | xargs)" = '10.0.0.1 10.0.0.2 10.0.0.3' ]
}

@test "files: streamed up to the last commit, with ranges and tags" {
    stack_start
    beat 10.0.0.7
    beat 10.0.0.7
    local json csv day tag
    json=$(json_file 10.0.0.7) csv=$(csv_file 10.0.0.7) day=$(today)
    cp "$json" "$T/committed"
    printf '{"torn' >>"$json"
    ask "/files/$day/10.0.0.7_$day.json"
    [ "$STATUS" = 200 ]
    cmp "$T/body" "$T/committed"
    assert_header Content-Disposition 'attachment; filename="10.0.0.7_.*\.json"'
    assert_header X-Content-Type-Options nosniff
    tag=$(sed -n 's/^[Ee][Tt]ag: *//p' "$T/head" | tr -d '\r')
    ask "/files/$day/10.0.0.7_$day.json" -H "If-None-Match: $tag"
    [ "$STATUS" = 304 ]
    ask "/files/$day/10.0.0.7_$day.json" -H 'Range: bytes=5-9'
    [ "$STATUS" = 206 ]
    [ "$(cat "$T/body")" = "$(head -c 10 "$T/committed" | tail -c 5)" ]
    ask "/files/$day/10.0.0.7_$day.json" -H 'Range: bytes=999999-'
    assert_status 416
    ask "/files/$day/10.0.0.7_$day.json" -H 'Range: bytes=5-9' -H 'If-Range: "other"'
    [ "$STATUS" = 200 ]
    ask "/files/$day/10.0.0.7_$day.csv"
    cmp "$T/body" "$csv"
    http -I -H "Authorization: Bearer $READ_TOKEN" "$URL/files/$day/10.0.0.7_$day.csv"
    assert_header Content-Length "$(stat -c %s "$csv")"
    truncate -s -1 "$csv"
    ask "/files/$day/10.0.0.7_$day.csv"
    assert_status 404
    grep -q 'the file is shorter than its last commit says' "$T/body"
}

@test "files: nothing else can be read" {
    stack_start
    beat 10.0.0.7
    local day path
    day=$(today)
    echo secret >"$RECORDS/data/$day/10.0.0.8_$day.json.txt"
    ln -s /etc/passwd "$RECORDS/data/$day/10.0.0.9_$day.json"
    mkfifo "$RECORDS/data/$day/10.0.0.10_$day.json"
    for path in "$day/10.0.0.9_$day.json" "$day/10.0.0.10_$day.json" "$day/10.0.0.8_$day.json.txt" "$day/../../../etc/passwd" \
        "2026-01-01/10.0.0.7_$day.json" "$day/x_$day.json" "$day/10.0.0.7_$day.txt" "$day/" "%2e%2e/x" "$day/10.0.0.007_$day.json"; do
        http --path-as-is -H "Authorization: Bearer $READ_TOKEN" "$URL/files/$path"
        assert_status 404
    done
    ask /api/v1/hosts
    assert_json '.data.total == 1'
}

@test "query: the answers are the same with and without the memo, after every change of the files" {
    stack_start
    make_config "hosts_file=\"$T/hosts\"" query_memo=false
    cp "$T/handler.json" "$T/plain.json"
    make_config "hosts_file=\"$T/hosts\""
    local i step
    for i in 1 2 3; do beat "10.0.0.$i" "\"hostname\":\"h$i\""; done
    both() {
        ask '/api/v1/hosts?fields=ip,hostname,records,bytes,last_seen'
        jq -c '.data | del(.as_of)' "$T/body" >"$T/with"
        REQUEST_METHOD=GET PATH_INFO=/api/v1/hosts QUERY_STRING='fields=ip,hostname,records,bytes,last_seen' REMOTE_ADDR=127.0.0.1 \
            HTTP_AUTHORIZATION="Bearer $READ_TOKEN" ROLLCALL_CONFIG=$T/plain.json "$ROLLCALL_BUILD/rollcall-query" |
            sed '1,/^\r*$/d' | jq -c '.data | del(.as_of)' >"$T/without"
        diff "$T/with" "$T/without"
    }
    for step in 'sleep 2.2' 'beat 10.0.0.1' "rm $(json_file 10.0.0.2)" "truncate -s -1 $(json_file 10.0.0.3)" \
        "truncate -s 0 $(json_file 10.0.0.1)" 'beat 10.0.0.4' "touch -d 2020-01-01 $(json_file 10.0.0.3)"; do
        for i in 1 2 3 4 5; do both; done # each of the four workers
        $step
        for i in 1 2 3 4 5; do both; done
    done
}

# traced PROGRAM [ARGUMENT...]: runs it, and adds its calls that open, make or change a file to $T/calls.
traced() {
    local calls='open openat openat2 creat unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat mkdir mkdirat
        rmdir truncate ftruncate fallocate chmod fchmod fchmodat chown fchown lchown fchownat utimensat utime utimes mknod mknodat
        setxattr fsetxattr write pwrite64 writev'
    # shellcheck disable=SC2086
    strace -f -o "$T/calls.new" -e "trace=$(printf '?%s,' $calls | sed 's/,$//')" "$@" >"$T/out" 2>"$T/err" || [ $? = 1 ]
    cat "$T/calls.new" >>"$T/calls"
}

# Calls that change something, or write to anything but the three standard descriptors.
changes_of_files() {
    grep -E '^[0-9]+ +[a-z]' "$T/calls" |
        grep -vE '^[0-9]+ +(open|openat|openat2)\(.*O_RDONLY|"/dev/null"|^[0-9]+ +(write|writev)\([012],'
}

@test "query, silent, policy: each opens files for reading only" {
    ! sanitized || skip "n/a: sanitizers open files of their own"
    printf '10.0.0.9 name=ghost\n' >"$T/hosts"
    stack_start "policy_file=\"$BATS_TEST_DIRNAME/../../scripts/policy/baseline.json\""
    beat 10.0.0.7 '"machine_id":"m1"'
    beat 10.0.0.7 '"machine_id":"m1"' '"kernel":"x"'
    local path day
    day=$(today)
    : >"$T/calls"
    printf '%s read,metrics # all\n' "$(printf %s both | sha256sum | cut -c1-64)" >>"$T/tokens"
    for path in /api/v1/hosts '/api/v1/hosts?fields=ip,first_seen,missed,day&limit=10' '/api/v1/hosts?format=csv' \
        /api/v1/hosts/10.0.0.7 '/api/v1/hosts/10.0.0.7?raw=1' '/api/v1/hosts/10.0.0.7/timeline?points=3' /api/v1/hosts/10.0.0.7/days \
        /api/v1/hosts/10.0.0.7/changes '/api/v1/search?cmd=init' "/api/v1/search?cmd=init&host=10&date=$day" /api/v1/changes \
        '/api/v1/compliance?rule=no-telnet-rsh' /metrics "/files/$day/10.0.0.7_$day.json" "/files/$day/10.0.0.7_$day.csv"; do
        REQUEST_METHOD=GET PATH_INFO=${path%%\?*} QUERY_STRING=${path#"${path%%\?*}"} REMOTE_ADDR=127.0.0.1 \
            HTTP_AUTHORIZATION="Bearer both" ROLLCALL_CONFIG=$T/handler.json
        export REQUEST_METHOD PATH_INFO QUERY_STRING=${QUERY_STRING#\?} REMOTE_ADDR HTTP_AUTHORIZATION ROLLCALL_CONFIG
        traced "$ROLLCALL_BUILD/rollcall-query"
        grep -q 'Status: 200' "$T/out" || fail "$path: $(cat "$T/out" "$T/err")"
    done
    unset REQUEST_METHOD
    traced "$SILENT"
    grep -q ghost "$T/out"
    traced "$SILENT" --json "$RECORDS"
    traced "$ROLLCALL_BUILD/rollcall-policy" "$BATS_TEST_DIRNAME/../../scripts/policy/baseline.json" "$RECORDS"
    grep -q 'rules fail' "$T/out"
    [ "$(grep -c "_$day.json" "$T/calls")" -gt 15 ]
    run changes_of_files
    [ -z "$output" ] || fail "$output"
}

@test "a confined query ends when the records directory is replaced, and its successor answers from the new one" {
    stack_start
    beat 10.0.0.7
    ask /api/v1/hosts
    assert_json '.data.total == 1'
    mv "$RECORDS" "$T/old"
    mkdir -m 750 "$RECORDS"
    new_answer() {
        ask /api/v1/hosts
        [ "$STATUS" = 200 ] || return 1 # 503, or what lighttpd says while a worker starts
        jq -r .data.total "$T/body" >>"$T/totals"
    }
    if [ -n "$(landlock)" ]; then run ! new_answer; fi
    wait_until 60 new_answer
    [ "$(sort -u "$T/totals")" = 0 ] # never from the old one
    [ -z "$(landlock)" ] || grep -q 'event=records_dir_replaced' "$T/web"/*.log "$T/server.log"
}

landlock() {
    "$PYTHON" -c 'import ctypes; version = ctypes.CDLL(None).syscall(444, None, 0, 1); print(version if version > 0 else "")'
}

@test "query: --check names every bad line of the hosts file, and every bad rule of the policy" {
    printf '%s\n' 'ok.example.net' '10.0.0.0/99' 'x every=banana' >"$T/hosts"
    cat >"$T/policy.json" <<'END'
{"rules":[{"name":"a","why":"w","severity":"low","forbid":{"process":{"comand":"x"}}},
          {"name":"b","why":"w","severity":"low","forbid":{"process":{"cmd":"x"}}},
          {"name":"c","severity":"low","forbid":{"process":{"cmd":"x"}}}]}
END
    make_config "hosts_file=\"$T/hosts\"" "policy_file=\"$T/policy.json\""
    ROLLCALL_CONFIG=$T/handler.json run -78 "$ROLLCALL_BUILD/rollcall-query" --check
    [[ $output == *"line 2"*"line 3: every="*"rule 1 (a): forbid.process.comand: unknown member"*"rule 3 (c): why is missing"* ]]
    [ "${#lines[@]}" = 4 ]
    run -78 "$ROLLCALL_BUILD/rollcall-policy" --check "$T/policy.json"
    [ "${#lines[@]}" = 2 ]
    [[ $output == *"rule 1 (a): "*"rule 3 (c): "* ]]
    echo '{"rules":[' >"$T/policy.json"
    run -78 "$ROLLCALL_BUILD/rollcall-policy" --check "$T/policy.json"
    [[ ${#lines[@]} = 1 && $output == *"not JSON"* ]]
    echo '{"rules":[]}' >"$T/policy.json"
    echo ok >"$T/hosts"
    ROLLCALL_CONFIG=$T/handler.json run -0 "$ROLLCALL_BUILD/rollcall-query" --check
}

@test "silent: the roll call as one command" {
    printf '%s\n' '10.0.0.9 name=ghost' >"$T/hosts"
    stack_start
    beat 10.0.0.1 '"hostname":"one"'
    beat 10.0.0.2 '"hostname":"two"'
    ROLLCALL_CONFIG=$T/handler.json run -1 "$SILENT"
    [[ $output == *"never"*"10.0.0.9"*"ghost"*"1 of 3 host is silent"* ]]
    age 7200 10.0.0.2
    ROLLCALL_CONFIG=$T/handler.json run -1 "$SILENT" --json
    [ "$(jq -c '.[] | [.ip, .hostname, .state]' <<<"$output" | tr '\n' ' ')" = '["10.0.0.2","two","absent"] ["10.0.0.9","ghost","never"] ' ]
    ROLLCALL_CONFIG=/nonexistent run -0 "$SILENT" --older 3h "$RECORDS"
    ROLLCALL_CONFIG=/nonexistent run -1 "$SILENT" --older 30m "$RECORDS"
    [[ $output == *"10.0.0.2"*"1 of 2 host is silent"* ]]
    ROLLCALL_CONFIG=/nonexistent run -74 "$SILENT" "$T/nowhere"
    ROLLCALL_CONFIG=/nonexistent run -78 "$SILENT"
    ROLLCALL_CONFIG=/nonexistent run -64 "$SILENT" --older banana "$RECORDS"
    ROLLCALL_CONFIG=/nonexistent run -64 "$SILENT" --date 2026-02-30 "$RECORDS"
}

# ---- one host

@test "host: the newest record, with its processes as objects, whatever form they came in" {
    stack_start
    record '.processes = "PID PPID USER %CPU %MEM RSS STAT START CMD\n7 1 ana 0.5 1.0 12 Ss+ 19:04 vim \"a b\"" | .hostname = "text"' >"$T/r"
    http_post "$T/r" -H 'X-Forwarded-For: 2001:db8::7'
    record '.processes = [{"pid": 7, "name": "vim", "status": "sleeping", "create_time": 1593293380.06, "cmdline": ["vim", "a b"],
        "memory_info": [4096, 1], "start_ticks": 99, "x": "}]"}] | .note = "kept"' >"$T/r"
    http_post "$T/r" -H 'X-Forwarded-For: 10.0.0.7'
    ask /api/v1/hosts/2001:db8::7
    assert_json '.data.ip == "2001:db8::7" and .data.record.hostname == "text" and .data.record.rollcall.seq == 1
        and .data.processes == [{pid: 7, ppid: 1, cpu: 0.5, mem: 1.0, rss: 12288, start_ticks: null, user: "ana", state: "S",
            start: null, cmd: "vim \"a b\""}] and .data.previous == null and .data.next == null and (.data.record | has("processes") | not)'
    ask /api/v1/hosts/2001-db8--7
    assert_json '.data.ip == "2001:db8::7"'
    ask /api/v1/hosts/10.0.0.7
    assert_json '.data.record.note == "kept" and .data.processes == [{pid: 7, ppid: null, cpu: null, mem: null, rss: 4096, start_ticks: 99,
        user: null, state: "S", start: "2020-06-27T21:29:40.060Z", cmd: "vim a b"}]'
}

@test "host: the record at a time, the one before and the one after" {
    stack_start
    local i times
    for i in 1 2 3; do beat 10.0.0.7 "\"n\":$i"; done
    mapfile -t times < <(jq -r .rollcall.received_at "$(json_file 10.0.0.7)")
    ask "/api/v1/hosts/10.0.0.7?at=${times[1]}"
    assert_json ".data.record.n == 2 and .data.received_at == \"${times[1]}\" and .data.previous == \"${times[0]}\" and .data.next == \"${times[2]}\""
    ask "/api/v1/hosts/10.0.0.7?at=-1h"
    assert_status 404
    ask '/api/v1/hosts/10.0.0.7?raw=1'
    [ "$(cat "$T/body")" = "$(tail -n 1 "$(json_file 10.0.0.7)")" ]
    ask /api/v1/hosts/10.0.0.7/timeline?points=2
    assert_json ".data.total == 3 and (.data.points | map(.received_at)) == [\"${times[1]}\", \"${times[2]}\"]"
    ask /api/v1/hosts/10.0.0.7/days
    assert_json ".data.days | length == 1 and .[0].records == 3 and .[0].csv_bytes == $(stat -c %s "$(csv_file 10.0.0.7)")"
}
