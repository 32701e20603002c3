# helper: what the bats files share. `load ../lib/helper`, then `rollcall_setup` in setup().
#
# Each test has a directory of its own, $T, with handler.json, tokens and (once written) records/.
# cgi/post run the handler as plain CGI and leave the answer in $STATUS, $T/head and $T/body;
# assert_* look at it. server_start starts a real lighttpd on a free port; whatever was started is
# ended by its pid in rollcall_teardown.
# shellcheck shell=bash disable=SC2016,SC2034,SC2119,SC2120

bats_require_minimum_version 1.5.0
shopt -s lastpipe # so that `… | post -` sets STATUS here

LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$LIB/../.." && pwd)
ROLLCALL_BUILD=$(realpath -m "${ROLLCALL_BUILD:-$REPO/build}")
HANDLER=$ROLLCALL_BUILD/rollcall-handler
VERIFY=$ROLLCALL_BUILD/rollcall-verify
TOKEN=test-token-ingest
READ_TOKEN=test-token-read
PYTHON=/usr/bin/python3
VENV_PYTHON=$REPO/build/venv/bin/python3
# Debian's programs first, then what tests/tools installed, then the rest.
PATH=$REPO/build/node/bin:$REPO/build/node/node_modules/.bin:/usr/sbin:/usr/bin:/sbin:/bin:$REPO/build/venv/bin:$PATH
SMALL='{"hostname":"h","processor":"p","processes":[{"pid":1,"cmd":"init"}],"users":["ana"],"os_name":"Linux","os_ver":"6.1"}'
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:verify_asan_link_order=0}
export PATH ROLLCALL_BUILD PYTHONPATH=$LIB PYTHONDONTWRITEBYTECODE=1

# Node with the packages of tests/node, and the Python packages of tests/requirements.txt ($VENV_PYTHON).
node_packages() { "$REPO/tests/tools" node >&2; }
python_packages() { "$REPO/tests/tools" python >&2; }

rollcall_setup() {
    T=$BATS_TEST_TMPDIR
    RECORDS=$T/records
    PIDS=()
    [ -x "$HANDLER" ] || {
        echo "no $HANDLER: run make" >&2
        return 1
    }
    make_tokens
    make_config
    record >"$T/record.json"
}

rollcall_teardown() {
    local pid children
    for pid in "${PIDS[@]}"; do
        children=$(descendants "$pid")
        kill -TERM "$pid" 2>/dev/null || continue
        wait_until 10 gone "$pid" || true
        # shellcheck disable=SC2086
        kill -KILL "$pid" $children 2>/dev/null || true
    done
}

descendants() {
    local child
    for child in $(pgrep -P "$1"); do
        echo "$child"
        descendants "$child"
    done
}

# gone PID: ended (a zombie is).
gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status"; }

sha256() { printf %s "$1" | sha256sum | cut -d' ' -f1; }

make_tokens() {
    {
        echo "$(sha256 "$TOKEN") ingest # test"
        echo "$(sha256 "$READ_TOKEN") read # reader"
    } >"$T/tokens"
}

# make_config [KEY=JSON...]: handler.json with more keys.
make_config() {
    if [ $# = 0 ]; then
        printf '{"records_dir":"%s","tokens_file":"%s"}\n' "$RECORDS" "$T/tokens" >"$T/handler.json"
        return
    fi
    local pair args=(--arg r "$RECORDS" --arg t "$T/tokens") filter='{records_dir: $r, tokens_file: $t}'
    for pair in "$@"; do
        filter+=" + {\"${pair%%=*}\": ${pair#*=}}"
    done
    jq -n "${args[@]}" "$filter" >"$T/handler.json"
}

# small_disk SIZE: the records are on a file system of that size; teardown unmounts $MOUNTED.
small_disk() {
    [ "$(id -u)" = 0 ] || skip "mounting a small tmpfs needs root"
    mkdir "$RECORDS"
    mount -t tmpfs -o "size=$1,mode=750" tmpfs "$RECORDS" 2>/dev/null || skip "no tmpfs can be mounted here"
    MOUNTED=$RECORDS
}

# record [JQ FILTER]: a small valid record, changed by the filter.
record() {
    if [ $# = 0 ] || [ "$1" = . ]; then
        printf '%s\n' "$SMALL"
    else
        jq -c "$1" <<<"$SMALL"
    fi
}

# cgi METHOD PATH BODYFILE [VAR=VALUE | -VAR]...: one CGI request. -VAR leaves a variable out.
cgi() {
    local method=$1 path=$2 body=$3 size pair
    shift 3
    size=$(stat -L -c %s "$body")
    local -A vars=(
        [PATH]=$PATH [ROLLCALL_CONFIG]=$T/handler.json [ASAN_OPTIONS]=$ASAN_OPTIONS
        [GATEWAY_INTERFACE]=CGI/1.1 [SERVER_PROTOCOL]=HTTP/1.1 [SCRIPT_NAME]="" [QUERY_STRING]=""
        [REQUEST_METHOD]=$method [PATH_INFO]=$path [REQUEST_URI]=$path [REMOTE_ADDR]=127.0.0.1
        [CONTENT_TYPE]=application/json [CONTENT_LENGTH]=$size
        [HTTP_AUTHORIZATION]="Bearer $TOKEN")
    for pair in "$@"; do
        case $pair in
            -*) unset "vars[${pair#-}]" ;;
            *) vars[${pair%%=*}]=${pair#*=} ;;
        esac
    done
    local env=()
    for pair in "${!vars[@]}"; do
        env+=("$pair=${vars[$pair]}")
    done
    CGI_EXIT=0
    env -i "${env[@]}" "${RUNNER[@]}" "$HANDLER" <"$body" >"$T/reply" 2>"$T/err" || CGI_EXIT=$?
    cat "$T/err" >>"$T/log"
    split_reply
}

split_reply() {
    tr -d '\r' <"$T/reply" | sed '/^$/q' >"$T/head"
    sed '1,/^\r*$/d' "$T/reply" >"$T/body"
    STATUS=$(sed -n 's/^Status: *\([0-9]*\).*/\1/p' "$T/head")
}

# at "YYYY-MM-DD hh:mm:ss" (UTC): the clock of handlers that are started later starts there and runs on
# `at now` ends it.
at() {
    RUNNER=()
    if [ "$1" != now ]; then
        clock_env "$1"
        RUNNER=("${CLOCK[@]}")
    fi
}

# clock_env TIME: CLOCK is the command prefix that moves the clock there.
clock_env() {
    local so=${BATS_FILE_TMPDIR:-$T}/clock.so
    [ -e "$so" ] || { cc -shared -fPIC -O1 -o "$so.$$" "$LIB/clock.c" && mv "$so.$$" "$so"; }
    CLOCK=(env "LD_PRELOAD=$so" "TEST_CLOCK_OFFSET=$(($(date -u -d "$1 UTC" +%s) - $(date +%s)))")
}

# post FILE|- [VAR=VALUE]...: POST /data of a file, or of stdin.
post() {
    local body=$1
    shift
    if [ "$body" = - ]; then
        cat >"$T/stdin"
        body=$T/stdin
    fi
    cgi POST /data "$body" "$@"
}

# post_with JQ_FILTER [VAR=VALUE]...: the small record, changed.
post_with() {
    record "$1" >"$T/json"
    shift
    cgi POST /data "$T/json" "$@"
}

show() {
    echo "--- answer (exit $CGI_EXIT)"
    cat "$T/reply"
    echo
    echo "--- log"
    cat "$T/log" 2>/dev/null || true
}

fail() {
    echo "$1"
    show 2>/dev/null
    return 1
}

# assert_status N: and that the answer is whole: exit 0, JSON, JSend's word for the status.
assert_status() {
    [ "$CGI_EXIT" = 0 ] || fail "the handler ended with $CGI_EXIT"
    [ "$STATUS" = "$1" ] || fail "status is '$STATUS', should be $1"
    grep -qix 'Content-Type: application/json' "$T/head" || fail "Content-Type is not application/json"
    local word=success
    case $1 in 4*) word=fail ;; 5*) word=error ;; esac
    jq -e --arg w "$word" '.status == $w and
        (if $w == "success" then .data | type == "object"
         else (if $w == "fail" then .data.reason else .message end) | type == "string" and length > 3 end)
        ' "$T/body" >/dev/null || fail "not a JSend $word"
}

assert_json() { jq -e "$1" "$T/body" >/dev/null || fail "the answer does not satisfy: $1"; }

assert_header() { grep -qiE "^$1: *$2\$" "$T/head" || fail "no header $1: $2"; }

# refused STATUS [JQ CONDITION]: answered so, and nothing is stored.
refused() {
    assert_status "$1"
    [ -z "${2:-}" ] || assert_json "$2"
    assert_nothing_stored
}

stored_files() { find "$RECORDS/data" -type f -size +0 2>/dev/null || true; }

assert_nothing_stored() {
    local found
    found=$(stored_files)
    [ -z "$found" ] || fail "stored all the same: $found"
}

today() { date -u +%F; }

# json_file [NAME OF ADDRESS]: the path of today's (or the newest) file.
json_file() { find "$RECORDS/data" -name "${1:-127.0.0.1}_*.json" | sort | tail -n 1; }
csv_file() { find "$RECORDS/data" -name "${1:-127.0.0.1}_*.csv" | sort | tail -n 1; }
last_line() { tail -n 1 "$(json_file "$@")"; }

# The last stored record without the server's member.
stored_record() { last_line "$@" | sed 's/,"rollcall":{"received_at":.*}}$/}/'; }

# csv_cell COLUMN [ROW]: a cell of today's CSV file, by name and row (1 is the first process).
csv_cell() {
    "$PYTHON" -c '
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8")))
sys.stdout.write(rows[int(sys.argv[3]) - 1][sys.argv[2]])' "$(csv_file)" "$1" "${2:-1}"
}

# Line and CSV agree with the contract, by independent code and by ours.
check_store() {
    "$PYTHON" "$LIB/check_store.py" "$@" "$RECORDS" || fail "check_store.py refuses the store"
}
verify() { "$VERIFY" "$@" "$RECORDS" >"$T/verify" 2>&1 || fail "rollcall-verify refuses: $(cat "$T/verify")"; }

lines_stored() { cat /dev/null "$(json_file "$@")" 2>/dev/null | wc -l; }

# python_free_port: a port of 127.0.0.1 that nobody has now.
free_port() {
    "$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_until SECONDS COMMAND...: polls until it succeeds.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@" 2>/dev/null; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.02
    done
}

# server_start WORKERS: lighttpd with the repository's configuration and that many handlers, on a free
# port. Sets PORT, URL, SERVER (its pid). SERVER_RUNNER=(…) is put in front of it.
server_start() {
    local try
    [ -x "$(command -v lighttpd || echo /usr/sbin/lighttpd)" ] || skip "lighttpd is not installed"
    (umask 077 && mkdir -p "$T/run/htdocs" "$T/run/upload")
    ln -sf "$T/run/handler.log" "$T/log"
    for try in 1 2 3; do
        PORT=$(free_port)
        URL=http://127.0.0.1:$PORT
        env ROLLCALL_RUN="$T/run" ROLLCALL_PORT="$PORT" ROLLCALL_HANDLER="$HANDLER" ROLLCALL_WORKERS="$1" \
            ROLLCALL_CONFIG="$T/handler.json" "${SERVER_RUNNER[@]}" \
            "$(command -v lighttpd || echo /usr/sbin/lighttpd)" -D -f "$REPO/lighttpd/lighttpd.conf" \
            >"$T/server.log" 2>&1 3>&- &
        SERVER=$!
        PIDS+=("$SERVER")
        if wait_until 15 server_answers; then
            # One worker answers while others are still being started. A stand-in has another name.
            wait_until 5 workers_run "$1" || true
            return 0
        fi
        kill "$SERVER" 2>/dev/null || true
    done
    cat "$T/server.log" "$T/run/error.log"
    return 1
}

server_answers() { curl -s -o /dev/null -m 5 "$URL/nothing-here"; }

workers_run() { [ "$(server_workers | wc -l)" -ge "$1" ]; }

# server_workers: the pids of the handlers that this lighttpd started.
server_workers() { pgrep -P "$SERVER" -f rollcall-handler || true; }

server_stop() {
    kill -TERM "$SERVER"
    wait_until 30 gone "$SERVER"
}

# load_run [load.py options...]: many writers; what was acknowledged is noted in $T/acks.
load_run() {
    "$PYTHON" "$LIB/load.py" --port "$PORT" --token "$TOKEN" --acks "$T/acks" "$@" >"$T/load" 2>&1 ||
        fail "load: $(cat "$T/load")"
}

sanitized() { grep -qa __asan_init "$HANDLER"; }

# http [curl options...]: POST of $T/record.json unless told otherwise; sets STATUS, $T/head, $T/body.
http() {
    CGI_EXIT=0
    STATUS=$(curl -s -m 60 -o "$T/body" -D "$T/head.crlf" -w '%{http_code}' "$@") || CGI_EXIT=$?
    tr -d '\r' <"$T/head.crlf" >"$T/head"
    cat "$T/head" "$T/body" >"$T/reply"
}

http_post() {
    local body=$1
    shift
    http -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
        --data-binary "@$body" "$@" "$URL/data"
}
