#!/usr/bin/env bats
# The page in Chromium, over lighttpd, rollcall-handler, rollcall-query and rollcall-agent. Each test is a
# function of page.mjs; pictures of all views are left in build/pictures.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

CONF=$REPO/lighttpd/lighttpd.conf

setup_file() {
    node_packages
}

setup() {
    rollcall_setup
    command -v chromium >/dev/null || skip "chromium is not installed"
    export URL READ_TOKEN T MARK LISTENS HOSTS
}
teardown() { rollcall_teardown; }

# stack_start [KEY=JSON...]: on a port that stays the same if it is started again.
stack_start() {
    make_config "$@"
    mkdir -p "$T/web/htdocs" "$T/web/upload"
    PORT=${PORT:-$(free_port)}
    URL=http://127.0.0.1:$PORT
    env ROLLCALL_RUN="$T/web" ROLLCALL_PORT="$PORT" ROLLCALL_HANDLER="$HANDLER" ROLLCALL_WORKERS=2 \
        ROLLCALL_QUERY="$ROLLCALL_BUILD/rollcall-query" ROLLCALL_CONFIG="$T/handler.json" ROLLCALL_PROXIES=127.0.0.1 \
        ROLLCALL_HTDOCS="$REPO/lighttpd/htdocs" /usr/sbin/lighttpd -D -f "$CONF" >"$T/server.log" 2>&1 3>&- &
    SERVER=$!
    PIDS+=("$SERVER")
    wait_until 20 server_answers
}

# fleet HOSTS [OPTION...]: files of an invented fleet.
fleet() { "$PYTHON" "$REPO/tests/browser/fleet.py" "$RECORDS" "$@" >"$T/states.json"; }

agent_ready() {
    (umask 077 && printf '%s\n' "$TOKEN" >"$T/agent.token")
    AGENT=("$ROLLCALL_BUILD/rollcall-agent" --url "$URL/data" --token-file "$T/agent.token" --spool "$T/spool")
}

# page TEST: in the browser.
page() {
    node "$REPO/tests/browser/page.mjs" "$1" 3>&- || fail "page.mjs $1"
}

# page_begin TEST: the same in the background; page_end waits for it.
page_begin() {
    node "$REPO/tests/browser/page.mjs" "$1" >"$T/page.log" 2>&1 3>&- &
    BROWSER=$!
    PIDS+=("$BROWSER")
    wait_until 120 ready_or_gone
    [ -e "$T/ready" ] || fail "$(cat "$T/page.log")"
}
ready_or_gone() { [ -e "$T/ready" ] || gone "$BROWSER"; }
page_end() { wait "$BROWSER" || fail "$(cat "$T/page.log")"; }

@test "page: a token signs in, once; the address is kept; a wrong one is told" {
    stack_start
    page sign-in
}

@test "page: a token in the fragment signs in and leaves the address" {
    stack_start
    page fragment
}

@test "page: a token revoked in mid-session leads to the sign-in form" {
    stack_start
    page_begin revoked
    grep -v "$(sha256 "$READ_TOKEN")" "$T/tokens" >"$T/tokens.new" || true
    mv "$T/tokens.new" "$T/tokens"
    page_end
}

@test "page: a token that loses its scope, and a collector that cannot read its tokens, have words of their own" {
    fleet 20
    stack_start
    page_begin refused
    sed -i "s/^\($(sha256 "$READ_TOKEN")\) read/\1 ingest/" "$T/tokens"
    wait_until 120 said_or_gone forbidden
    mv "$T/tokens" "$T/tokens.away"
    page_end
}
said_or_gone() { [ -e "$T/$1" ] || gone "$BROWSER"; }

@test "page: an incomplete answer, paper, no JavaScript and less motion" {
    fleet 20
    stack_start
    page ways
}

@test "page: its numbers are those of the files" {
    fleet 400 --records 3 --wrong
    stack_start
    page numbers
}

@test "page: everything can be done by keyboard" {
    fleet 60 --records 3
    stack_start
    page keyboard
}

@test "page: an address shows the same again; what is not there has words" {
    fleet 400 --records 3 --wrong
    stack_start
    page address
}

@test "page: a host whose agent stops turns late, then silent" {
    stack_start 'expect_every="2s"'
    agent_ready
    "${AGENT[@]}" --every 1s >"$T/agent.log" 2>&1 3>&- &
    local running=$!
    PIDS+=("$running")
    wait_until 60 stored_files_exist
    page_begin states
    kill "$running"
    page_end
}
stored_files_exist() { [ -n "$(stored_files)" ]; }

@test "page: a started process and a port that listens are new" {
    stack_start
    agent_ready
    "${AGENT[@]}"
    MARK=new-process-$RANDOM LISTENS=$(free_port)
    "$PYTHON" -c "import socket, sys, time
s = socket.socket()
s.bind(('127.0.0.1', $LISTENS))
s.listen()
open('$T/listens', 'w').close()
time.sleep(600)" "$MARK" 3>&- &
    PIDS+=("$!")
    wait_until 20 test -e "$T/listens"
    "${AGENT[@]}"
    page host
}

@test "page: names, command lines and users of HTML, scripts and turned text stay text" {
    stack_start
    "$PYTHON" - "$T/hostile.json" <<'PY'
import json, sys
html = "<img src=x onerror=\"window.pwned=1\">"
text = "\u202egpj.exe\u2066\u0007"
json.dump({"hostname": html + text, "processor": "<b>cpu</b>", "os_name": "</title><script>window.pwned=1</script>", "os_ver": "javascript:alert(1)",
           "os_pretty_name": "\"><svg onload=window.pwned=1>" + text, "users": [{"name": "<a href=\"javascript:window.pwned=1\">ana</a>", "tty": text, "host": html}],
           "labels": [html], "boot_time": html, "collected_at": html, "cores": html, "listening": [{"proto": html, "addr": text, "port": html, "uid": html}],
           "processes": [{"pid": 1, "ppid": 0, "user": html, "cmd": "<script>window.pwned=1</script>"}, {"pid": 2, "ppid": 1, "user": "root", "cmd": "rm " + html + text},
                         {"pid": 7, "ppid": 7, "cmd": "__proto__"}, {"pid": 8, "ppid": 9, "cmd": "{{constructor}}"}, {"pid": 9, "ppid": 8, "cmd": "${alert(1)}"}]}, open(sys.argv[1], "w"))
PY
    http_post "$T/hostile.json" -H 'X-Forwarded-For: 10.66.6.6'
    assert_status 200
    jq -c '.processes += [{"pid":77,"cmd":"<script>window.pwned=2</script>"}] | .users = []' "$T/hostile.json" >"$T/second.json"
    http_post "$T/second.json" -H 'X-Forwarded-For: 10.66.6.6'
    assert_status 200
    page hostile
}

@test "page: a collector that is down is told, and the data stay" {
    fleet 20
    stack_start
    page_begin down
    kill -INT "$SERVER"
    wait_until 30 gone "$SERVER"
    wait_until 120 again_or_gone
    [ -e "$T/again" ] || fail "$(cat "$T/page.log")"
    stack_start
    page_end
}
again_or_gone() { [ -e "$T/again" ] || gone "$BROWSER"; }

# policy: a file of two rules.
policy() {
    cat >"$T/policy.json" <<'END'
{"rules": [
  {"name": "kernel-6.1", "why": "Older kernels get no fixes.", "fix": "Upgrade the kernel and reboot.", "severity": "critical", "at_least": {"kernel": "6.0"}},
  {"name": "time-sync", "why": "Logs need a clock.", "fix": "Install chrony.", "severity": "medium", "require": {"process": {"cmd": "*chronyd*"}}}
]}
END
}

@test "page: changes, search and policies say what is in the files" {
    fleet 80 --records 4
    policy
    stack_start "policy_file=\"$T/policy.json\""
    page answers
}

@test "page: an empty fleet names the command that starts an agent" {
    stack_start
    page empty
}

@test "page: 10,000 hosts are filtered and sorted here" {
    fleet 10000
    stack_start
    HOSTS=10000
    page many
}

@test "page: 25,000 hosts are filtered and sorted by the server" {
    fleet 25000
    stack_start
    HOSTS=25000
    page many
}

@test "page: 20,000 processes" {
    fleet 1 --big 20000
    stack_start
    page processes
}

@test "page: axe-core finds nothing in any view, theme and width; nothing scrolls sideways" {
    fleet 300 --records 30 --wrong
    policy
    stack_start "policy_file=\"$T/policy.json\""
    page axe
}
