# watch.bash: what the tests of rollcall-watch share. `load watch` after ../lib/helper; watch_setup in setup().
# shellcheck shell=bash disable=SC2034,SC2153,SC2154

WATCH=$ROLLCALL_BUILD/rollcall-watch
WRAP=()

# Each test starts at NOON; `clock +60` moves the clock of the programs by a minute.
watch_setup() {
    rollcall_setup
    unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
    : >"$T/hosts"
    make_config "hosts_file=\"$T/hosts\""
    mkdir -p "$RECORDS/data"
    NOON=$(date -u -d '2026-03-10 12:00:00 UTC' +%s)
    clock 0
}

# clock SECONDS: after noon.
clock() {
    SECONDS_AFTER=$1
    at "$(date -u -d "@$((NOON + $1))" '+%F %T')"
}

# webhook NAME [CERT KEY]: starts one; its port in PORT, its requests in $T/NAME/requests.
webhook() {
    local dir=$T/$1
    mkdir -p "$dir"
    "$PYTHON" "$BATS_TEST_DIRNAME/../system/webhook" "$dir" "${@:2}" >"$dir/log" 2>&1 3>&- &
    PIDS+=($!)
    wait_until 60 test -s "$dir/port" || fail "no webhook: $(cat "$dir/log")"
    PORT=$(<"$dir/port")
}

# targets JSON...: watch.json with these targets, and page_url. MORE are further members.
targets() {
    local IFS=,
    printf '{"page_url":"https://page.example/","targets":[%s]%s}\n' "$*" "${MORE-}" >"$T/watch.json"
}

# target NAME PORT [MEMBERS]: a webhook as JSON.
target() { printf '{"type":"webhook","name":"%s","url":"http://127.0.0.1:%s/hook"%s}' "$1" "$2" "${3-}"; }

# watch [OPTION...]: one run, below the command WRAP if that is set; its exit status in STATUS, its log in $T/err and $T/out.
watch() {
    STATUS=0
    clock "$SECONDS_AFTER" # whatever passed since
    env ROLLCALL_CONFIG="$T/handler.json" "${WRAP[@]}" "${RUNNER[@]}" "$WATCH" --config "$T/watch.json" --state "$T/state" "$@" \
        >"$T/out" 2>"$T/err" 3>&- || STATUS=$?
    cat "$T/err" >>"$T/log"
}

# watched [OPTION...]: a run that must bring every target up to date.
watched() {
    watch "$@"
    [ "$STATUS" = 0 ] || fail "rollcall-watch: exit $STATUS: $(cat "$T/err")"
}

# told NAME FILTER: what jq makes of all events that the webhook got since the last call, a line each.
told() {
    if [ -e "$T/$1/requests" ]; then
        jq -r '.body | fromjson | .events[] | '"$2" "$T/$1/requests"
        cat "$T/$1/requests" >>"$T/$1/before"
        rm "$T/$1/requests"
    fi
}

# same WANT GOT
same() { [ "$1" = "$2" ] || fail "$(printf 'want %s\ngot  %s' "$1" "$2")"; }

# beats COUNT NETWORK SECONDS [HOSTNAME]: a record of NETWORK.1 to NETWORK.COUNT each, that many seconds after noon.
beats() { "$PYTHON" "$BATS_TEST_DIRNAME/../system/watch-records" "$RECORDS" "$((NOON + $3))" "$1" "$2" "${@:4}"; }
