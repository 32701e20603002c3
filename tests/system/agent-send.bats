#!/usr/bin/env bats
# How rollcall-agent delivers, and its exit codes (against a stub server).
# shellcheck disable=SC2030,SC2031,SC2153

load agent

setup() { agent_setup; }
teardown() { agent_teardown; }

# make_token: a token file that is accepted.
make_token() {
  (umask 077 && echo s3cr3t-token >"$T/token")
}

header() {
  jq -r --arg name "$1" '.headers[] | select((.[0] | ascii_downcase) == $name) | .[1]' "$T/stub/request"
}

# send PATH [OPTION...]: the fixture's record.
send() {
  local path=$1
  shift
  agent --root "$T/root" --url "$URL$path" "$@"
}

@test "delivered: exit 0, one line with status, bytes, ms and the receipt" {
  fixture
  stub
  send /data
  same "0 " "$STATUS $ERR"
  one_line "$T/out"
  bytes=$(stat -c %s "$T/stub/body")
  [[ $OUT =~ ^delivered\ time=20[0-9-]{8}T[0-9:.]{12}Z\ status=200\ bytes=$bytes\ ms=[0-9]+\ client_ip=10\.0\.0\.7\ date=2026-11-20\ seq=17\ chain=(00ff){16}\ durable=true$ ]]
}

@test "a receipt without details counts" {
  fixture
  stub
  send /bare
  same 0 "$STATUS"
  [[ $OUT =~ ^delivered\ time=[0-9TZ:.-]+\ status=200\ bytes=[0-9]+\ ms=[0-9]+$ ]]
}

@test "what is sent: a POST of gzip, with the headers of the contract" {
  fixture
  stub
  make_token
  send /data --token-file "$T/token"
  same "POST /data" "$(jq -r '.method + " " + .path' "$T/stub/request")"
  same application/json "$(header content-type)"
  same gzip "$(header content-encoding)"
  same "Bearer s3cr3t-token" "$(header authorization)"
  same "" "$(header expect)"
  [[ $(header user-agent) =~ ^rollcall-agent/[0-9.]+$ ]]
  gzip -dc <"$T/stub/body" | jq -e '.hostname == "fixture.example" and (.processes | length > 10)'
}

@test "without gzip and without a token neither header is sent" {
  fixture
  stub
  send /data --gzip=false
  same "0  " "$STATUS $(header content-encoding) $(header authorization)"
  jq -e .hostname "$T/stub/body"
}

@test "what is printed is what is sent" {
  fixture
  stub
  send /data --no-gzip --uuid u
  printed --uuid u
  without='del(.id, .collected_at, .agent)'
  same "$(jq -S "$without" "$T/stub/body")" "$(jq -S "$without" "$T/record.json")"
}

# status CODE N...: the exit code, one line on stderr with the server's reason, nothing on stdout.
# PATHS is /status (JSend) or /proxy (HTML).
status() {
  local want=$1 n
  shift
  fixture
  stub
  for n in "$@"; do
    send "${PATHS:-/status}/$n"
    same "$want $n " "$STATUS $n $OUT"
    one_line "$T/err"
    [[ $ERR == *"status=$n"* ]]
    [[ $ERR == *"exit=$want"* ]]
  done
}

@test "75, not delivered now and not kept: 408, 429, 5xx" {
  status 75 408 429 500 502 503 507
  [[ $ERR == *'reason="reason of 507"'* ]]
  [[ $ERR == *"not kept"* ]]
}

@test "75: any 4xx that rollcall did not answer, whatever its status" {
  PATHS=/proxy status 75 400 402 406 407 409 410 411 413 415 417 421 422 423 425 426 428 429 431 451 460 499
  [[ $ERR == *"not from rollcall"* ]]
}

@test "75: a 4xx of rollcall that is not a permanent refusal" {
  status 75 402 406 407 410 411 417 421 423 425 426 428 431 451 460 499
}

@test "76, refused permanently: a JSend fail with 400, 409, 413, 415, 422" {
  status 76 400 409 413 415 422
  [[ $ERR == *'reason="reason of 422"'* ]]
}

@test "77: 401 and 403, whether rollcall or a proxy answers" {
  PATHS=/proxy status 77 401 403
}

@test "78: 404, 405 and redirects, whether rollcall or a proxy answers" {
  PATHS=/proxy status 78 404 405 301 302 307 308
}

@test "77, the token is refused: 401, 403" {
  status 77 401 403
}

@test "78, no such service: 404, 405; the line names url" {
  status 78 404 405
  [[ $ERR == *url* ]]
}

@test "78: a redirect is not followed, so the token is sent to no other server" {
  fixture
  stub
  make_token
  send /redirect --token-file "$T/token"
  same 78 "$STATUS"
  [[ $ERR == *url* ]]
  same /redirect "$(<"$T/stub/requests")"
}

@test "78: 200 without a receipt is not delivered" {
  fixture
  stub
  for path in /html /empty /fail; do
    send "$path"
    same "78 " "$STATUS $OUT"
    [[ $ERR == *url* ]]
  done
}

@test "75: an endless answer, a closed connection, no answer, no server" {
  fixture
  stub
  send /long
  same "75 " "$STATUS $OUT"
  send /close
  same "75 " "$STATUS $OUT"
  send /hang --max-time 300ms
  same "75 " "$STATUS $OUT"
  agent --root "$T/root" --url http://127.0.0.1:1/data
  same "75 " "$STATUS $OUT"
  one_line "$T/err"
  [[ $ERR == *"curl: (7)"* ]]
  agent --root "$T/root" --url http://host.invalid/data
  same "75 " "$STATUS $OUT"
}

@test "a reason cannot forge a line, and is bounded" {
  fixture
  stub
  send /evil
  same 76 "$STATUS"
  one_line "$T/err"
  [ "$(stat -c %s "$T/err")" -lt 4096 ]
  run ! grep -q $'\x1b' "$T/err"
  [[ $ERR == *'bad\nlevel=info'* ]]
}

@test "64: a usage error is one line" {
  for words in --nonsense stray "--cmd-max x" "--url" "--args some" "--token x"; do
    # shellcheck disable=SC2086
    agent $words
    same "64 " "$STATUS $OUT"
    one_line "$T/err"
  done
}

@test "a token on the command line is an error that names --token-file" {
  agent --token hunter2 --url http://127.0.0.1:1/
  same 64 "$STATUS"
  [[ $ERR == *--token-file* ]]
  [[ $ERR != *hunter2* ]]
}

@test "78: a configuration error names file and key" {
  check() {
    echo "$1" >"$T/agent.json"
    agent --print
    same 78 "$STATUS"
    one_line "$T/err"
    [[ $ERR == *"$2"* ]]
  }
  check '{"unknown":1}' unknown
  check '{"cmd_max":"x"}' cmd_max
  check '{"format":"xml"}' format
  check '{"every":"1ms"}' every
  check '{"spool_bytes":1}' spool_bytes
  check '{"spool_age":"x"}' spool_age
  check '{"gzip":1}' "$T/agent.json"
  check 'not json' "$T/agent.json"
  rm "$T/agent.json"
  run -78 "$AGENT" --config "$T/nothing.json" --print
}

@test "78: without a url" {
  agent
  same 78 "$STATUS"
  [[ $ERR == *url* ]]
}

@test "the keys of the configuration file are used, and an option overrides them" {
  fixture
  stub
  make_token
  printf '{"url":"%s/status/503","token_file":"%s","gzip":false,"uuid":"from-file"}' "$URL" "$T/token" >"$T/agent.json"
  agent --root "$T/root"
  same 75 "$STATUS"
  same from-file "$(jq -r .uuid "$T/stub/body")"
  agent --root "$T/root" --url "$URL/data" --uuid from-option
  same 0 "$STATUS"
  same from-option "$(jq -r .uuid "$T/stub/body")"
  same "Bearer s3cr3t-token" "$(header authorization)"
}

@test "a token in the configuration is used if others cannot read the file" {
  fixture
  stub
  (umask 077 && printf '{"url":"%s/data","token":"in-file"}' "$URL" >"$T/agent.json")
  agent --root "$T/root"
  same "0 Bearer in-file" "$STATUS $(header authorization)"
  chmod 644 "$T/agent.json"
  agent --root "$T/root"
  same 78 "$STATUS"
  [[ $ERR == *"token: "* ]]
  [[ $ERR != *in-file* ]]
}

@test "78: a token file that others can read, or without a token" {
  make_token
  chmod 644 "$T/token"
  agent --url http://127.0.0.1:1/ --token-file "$T/token"
  same 78 "$STATUS"
  [[ $ERR == *token_file* ]]
  chmod 600 "$T/token"
  printf 'a\nX-Header: b\n' >"$T/token"
  agent --url http://127.0.0.1:1/ --token-file "$T/token"
  same 78 "$STATUS"
  agent --url http://127.0.0.1:1/ --token-file "$T/none"
  same 78 "$STATUS"
}

@test "the token is neither printed nor logged" {
  fixture
  stub
  make_token
  for path in /data /status/401 /status/500; do
    send "$path" --token-file "$T/token"
    run ! grep -q s3cr3t "$T/out" "$T/err"
  done
  printed --token-file "$T/token"
  run ! grep -q s3cr3t "$T/record.json"
}

@test "--log gets the log lines; a receipt is in it and on stdout" {
  fixture
  stub
  send /data --log "$T/log"
  same 0 "$STATUS"
  [[ $OUT == delivered* ]]
  send /status/503 --log "$T/log"
  same "75  " "$STATUS $OUT $ERR"
  same 2 "$(wc -l <"$T/log")"
  grep -q 'event=delivered .*client_ip=10.0.0.7 date=2026-11-20 seq=17 chain=00ff' "$T/log"
  grep -q 'event=not_delivered' "$T/log"
  agent --log "$T/none/log" --url "$URL/data"
  same 78 "$STATUS"
}

@test "https: a certificate that is not trusted is 75, with cacert 0, insecure warns" {
  command -v openssl >/dev/null || skip "needs openssl to make a certificate"
  fixture
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout "$T/key.pem" -out "$T/cert.pem" 2>/dev/null
  stub "$T/cert.pem" "$T/key.pem"
  URL=https://127.0.0.1:$PORT
  send /data
  same 75 "$STATUS"
  [[ $ERR == *cacert* ]]
  send /data --cacert "$T/cert.pem"
  same "0 " "$STATUS $ERR"
  send /data --insecure
  same 0 "$STATUS"
  [[ $ERR == *event=insecure* ]]
  one_line "$T/err"
  send /data --cacert "$T/none.pem"
  same 78 "$STATUS"
  [[ $ERR == *cacert* ]]
  send /data --cacert "$T/cert.pem" --cert "$T/none.pem"
  same 78 "$STATUS"
  [[ $ERR == *key=cert* ]]
}

@test "a receipt that stdout does not take: delivered, not spooled, exit 75" {
  [ -c /dev/full ] || skip "needs /dev/full"
  fixture
  stub
  SPOOL=$T/spool
  echo '{}' >"$T/agent.json"
  STATUS=0
  "$AGENT" --config "$T/agent.json" --spool "$SPOOL" --root "$T/root" --url "$URL/data" >/dev/full 2>"$T/err" || STATUS=$?
  same 75 "$STATUS"
  one_line "$T/err"
  grep -q 'event=receipt_not_written exit=75 outcome="delivered' "$T/err"
  same 0 "$(find "$SPOOL" -name '*.gz' | wc -l)"
}

@test "78: a key that is wrong is named, not its certificate" {
  command -v openssl >/dev/null || skip "needs openssl to make a certificate"
  fixture
  for name in server client other; do
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
      -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$T/$name.key" -out "$T/$name.pem" 2>/dev/null
  done
  stub "$T/server.pem" "$T/server.key"
  URL=https://127.0.0.1:$PORT
  send /data --cacert "$T/server.pem" --cert "$T/client.pem" --key "$T/client.key"
  same 0 "$STATUS"
  for key in none.key client.pem other.key; do
    send /data --cacert "$T/server.pem" --cert "$T/client.pem" --key "$T/$key"
    same 78 "$STATUS"
    [[ $ERR == *" key=key "* ]]
  done
  send /data --cacert "$T/server.pem" --cert "$T/client.key" --key "$T/client.key"
  same 78 "$STATUS"
  [[ $ERR == *" key=cert "* ]]
}

@test "78: a key with a passphrase is an error; the agent does not ask on the terminal" {
  command -v openssl >/dev/null || skip "needs openssl to make a certificate"
  fixture
  openssl req -x509 -newkey rsa:2048 -passout pass:secret -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$T/client.key" -out "$T/client.pem" 2>/dev/null
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$T/server.key" -out "$T/server.pem" 2>/dev/null
  stub "$T/server.pem" "$T/server.key"
  echo '{}' >"$T/agent.json"
  # With a terminal, which the test never answers on.
  run -78 timeout 60 "$PYTHON" -c '
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$AGENT" --config "$T/agent.json" --spool off --root "$T/root" \
    --url "https://127.0.0.1:$PORT/data" --cacert "$T/server.pem" --cert "$T/client.pem" --key "$T/client.key" </dev/null
  [[ $output == *" key=key "* ]]
  [[ $output != *"pass phrase"* ]]
}

@test "the password of a proxy is in no log line" {
  fixture
  for proxy in 'http://u:hunter2@[bad' 'u:hunter2@[bad' 'http://u:hunter2@proxy.invalid' 'ftp://u:hunter2@127.0.0.1' \
    'http://u:hunter2/@127.0.0.1:1' 'http://u:hun@hunter2@127.0.0.1:1' "http://u:hunter2$(printf 'x%.0s' {1..300})@[bad"; do
    http_proxy=$proxy agent --root "$T/root" --url http://rollcall.invalid/data
    [ "$STATUS" = 75 ] || [ "$STATUS" = 78 ]
    one_line "$T/err"
    [[ $ERR != *hunter2* ]]
  done
}

# in_silence COMMAND...: as root of namespaces in which the name server of the system never answers.
in_silence() {
  printf 'nameserver 127.0.0.1\noptions timeout:30 attempts:5\n' >"$T/resolv.conf"
  printf 'hosts: files dns\n' >"$T/nsswitch.conf"
  # shellcheck disable=SC2016
  unshare "${USERNS[@]}" -mn bash -c '
    for file in resolv.conf nsswitch.conf; do # without them, 127.0.0.1 is asked as well
      [ ! -e "/etc/$file" ] || mount --bind "$1/$file" "$(realpath "/etc/$file")" || exit 99
    done
    "$2" -c "
import fcntl, os, socket, struct, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(s, 0x8914, struct.pack(\"16sh14x\", b\"lo\", 1 | 64))  # up
s.bind((\"127.0.0.1\", 53))
open(sys.argv[1], \"w\").close()
while True: s.recv(4096); open(sys.argv[1] + \".asked\", \"w\").close()" "$1/ready" &
    server=$!
    trap "kill $server" EXIT
    until [ -e "$1/ready" ]; do kill -0 "$server" || exit 99; sleep 0.05; done
    "${@:3}"' bash "$T" "$PYTHON" "$@"
}

@test "a name server that never answers does not extend max_time" {
  USERNS=()
  [ "$(id -u)" = 0 ] || USERNS=(-r)
  unshare "${USERNS[@]}" -mn true || skip "needs namespaces"
  fixture
  SPOOL=$T/spool
  echo '{}' >"$T/agent.json"
  STATUS=0
  in_silence timeout 60 "$AGENT" --config "$T/agent.json" --spool "$SPOOL" --root "$T/root" \
    --url http://collector.example/data --connect-timeout 1s --max-time 1s >"$T/out" 2>"$T/err" 3>&- || STATUS=$?
  cat "$T/err"
  [ -e "$T/ready.asked" ]
  same 75 "$STATUS" # timeout(1) ends one that waits for the resolver, with 124
  same 1 "$(find "$SPOOL" -name '*.gz' | wc -l)"
}

@test "the proxy of the environment is used" {
  fixture
  stub
  agent_url=http://rollcall.invalid/data
  http_proxy=$URL agent --root "$T/root" --url "$agent_url"
  # The stub knows no absolute paths and hangs up: what matters is that it was asked.
  same http://rollcall.invalid/data "$(jq -r .path "$T/stub/request")"
}

@test "--help and --version" {
  agent --help
  same "0 " "$STATUS $ERR"
  for key in url token-file uuid format args containers cmd-max deadline splay gzip cacert cert key insecure connect-timeout max-time log; do
    [[ $OUT == *"$key"* ]]
  done
  agent --version
  same 0 "$STATUS"
  [[ $OUT =~ ^rollcall-agent\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "a full disk under --print is not success" {
  [ -c /dev/full ] || skip "needs /dev/full"
  fixture
  STATUS=0
  echo '{}' >"$T/agent.json"
  "$AGENT" --config "$T/agent.json" --root "$T/root" --print >/dev/full 2>"$T/err" || STATUS=$?
  same 75 "$STATUS"
  one_line "$T/err"
}
