#!/usr/bin/env bats
# rollcall-agent --check, -h and -V, closed descriptors, and urls that do not fit the format.
# shellcheck disable=SC2030,SC2031,SC2153

load agent

setup() {
  agent_setup
  SPOOL=$T/spool
}
teardown() { agent_teardown; }

token() { (umask 077 && echo "$1" >"$T/token"); }

# check OPTION...: against the stub's /probe.
check() { agent --check --url "$URL${PROBE:-/probe/data}" --token-file "$T/token" "$@"; }

@test "--check: configuration, collector and token are tried, and nothing is stored" {
  stub
  token good
  check
  same "0 " "$STATUS $ERR"
  same "ok configuration $URL/probe/data
ok collector $URL/probe/healthz
ok token accepted" "$OUT"
  PROBE=/probe/api/v1/record check --format record --uuid me
  same 0 "$STATUS"
  same "GET /probe/healthz /probe/data GET /probe/healthz /probe/api/v1/record" "$(paste -sd' ' "$T/stub/requests")"
  [ ! -e "$T/stub/stored" ]
  [ ! -e "$SPOOL" ]
}

@test "--check: 77 with a token that the server refuses" {
  stub
  token bad
  check
  same 77 "$STATUS"
  one_line "$T/err"
  [[ $ERR == *'step=token status=401 reason="Unauthorized Access"'* ]]
  [[ $OUT == *"ok collector"* ]]
}

@test "--check: 75 while the collector cannot store, or does not answer" {
  stub
  token good
  echo "503 no space left" >"$T/stub/health"
  check
  same 75 "$STATUS"
  [[ $ERR == *'step=collector status=503 reason="no space left"'* ]]
  agent --check --url http://127.0.0.1:1/data
  same 75 "$STATUS"
  one_line "$T/err"
  [[ $ERR == *"step=collector"* ]]
}

@test "--check: 78 for a wrong configuration, and for a server that is not rollcall" {
  stub
  token good
  agent --check
  same 78 "$STATUS"
  echo "200 html" >"$T/stub/health"
  check
  same 78 "$STATUS"
  rm "$T/stub/health"
  for path in /proxy/404 /redirect /html /data; do
    agent --check --url "$URL$path"
    same 78 "$STATUS"
    [[ $ERR == *"step=token"* ]]
  done
}

@test "--check: a proxy that passes on the records only is no failure" {
  stub
  token good
  echo "404 html" >"$T/stub/health"
  check
  same 0 "$STATUS"
  [[ $OUT == *"ok collector answers, but not at /healthz"* ]]
}

@test "78: a url that is made for the other format names both keys, and nothing is sent" {
  stub
  agent --url "$URL/data" --format record --uuid me
  same 78 "$STATUS"
  [[ $ERR == *url*/data*format* ]]
  agent --url "$URL/api/v1/record"
  same 78 "$STATUS"
  [[ $ERR == *url*/api/v1/record*format* ]]
  [ ! -e "$T/stub/requests" ]
}

@test "78: a uuid that begins with a dash" {
  agent --print --uuid -rf
  same 78 "$STATUS"
  [[ $ERR == *uuid* ]]
}

@test "-h and -V are --help and --version" {
  for pair in "-h --help" "-V --version"; do
    agent "${pair% *}"
    same "0 " "$STATUS $ERR"
    short=$OUT
    agent "${pair#* }"
    same "0 $short" "$STATUS $OUT"
  done
}

@test "closed descriptors: the log is written into no other file" {
  fixture
  echo '{}' >"$T/agent.json"
  for closed in "2>&-" ">&- 2>&-" "<&- >&- 2>&-"; do
    status=0
    eval '"$AGENT" --config "$T/agent.json" --root "$T/root" --spool "$SPOOL" --url http://127.0.0.1:1/ 3>&- '"$closed" || status=$?
    same 75 "$status"
  done
  same "" "$(cat "$SPOOL/lock" "$SPOOL/adding")"
  same 3 "$(find "$SPOOL" -name '*.gz' | wc -l)"
  find "$SPOOL" -name '*.gz' -print0 | xargs -0 -n1 gzip -t
}

@test "every key of the configuration is in --help and in the man page" {
  echo '{"nonsense":1}' >"$T/agent.json"
  agent --print
  read -ra keys <<<"${ERR##*known are }"
  [ "${#keys[@]}" -ge 23 ]
  agent --help
  for key in "${keys[@]//\"/}"; do
    grep -qE "^\.It Cm (.* , )?$key( ,|\$)" "$REPO/agent/rollcall-agent.json.5" || { echo "no $key in the man page" && return 1; }
    [ "$key" = token ] || [[ $OUT == *"--${key//_/-}"* || $OUT == *"--no-$key"* ]] || { echo "no $key in --help" && return 1; }
  done
}
