#!/usr/bin/env bats
# What only a static agent can get wrong: what it still needs of the machine, whom it asks for names,
# which authorities it trusts. What it does is tried by tests/static/run.
# shellcheck disable=SC2030,SC2031,SC2153

load ../system/agent

HERE=$(uname -m)
STATIC=$REPO/build/static

setup() {
  AGENT=$STATIC/rollcall-agent-$HERE
  agent_setup
}
teardown() { agent_teardown; }

need_root() { [ "$(id -u)" = 0 ] || skip "needs root"; }

# certificate NAME: $T/NAME.pem, its key, for localhost and 127.0.0.1.
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
    -addext "subjectAltName=DNS:localhost,DNS:collector.test,IP:127.0.0.1" \
    -keyout "$T/$1.key" -out "$T/$1.pem" 2>/dev/null
}

# empty: a root with the agent, its configuration and /proc, and nothing else.
empty() {
  mkdir -p "$T/empty/proc"
  cp "$AGENT" "$T/empty/agent"
  echo '{}' >"$T/empty/agent.json"
}

# inside OPTION...: the agent in there; sets STATUS, OUT and ERR.
inside() {
  STATUS=0
  # shellcheck disable=SC2016
  unshare -m sh -c 'mount --rbind /proc "$0/proc" && exec chroot "$0" /agent --config /agent.json --spool off "$@"' \
    "$T/empty" "$@" >"$T/out" 2>"$T/err" 3>&- || STATUS=$?
  OUT=$(<"$T/out")
  ERR=$(<"$T/err")
  echo "exit $STATUS" "out: ${OUT:0:300}" "err: ${ERR:0:2000}"
}

@test "both are static, for Linux older than 3.10, and say their version" {
  for arch in "$HERE" aarch64; do
    agent=$STATIC/rollcall-agent-$arch
    run -0 readelf -lW "$agent"
    [[ $output != *INTERP* && $output != *DYNAMIC* ]]
    run -0 readelf -nW "$agent"
    [[ $output =~ "OS: Linux, ABI: 3."[0-9]"." ]]
  done
  run -0 "$AGENT" --version
  [ "$output" = "rollcall-agent $(make -s -C "$REPO" --no-print-directory print-VERSION)" ]
}

@test "an empty root without libraries, passwd and resolv.conf: the record is sent" {
  need_root
  empty
  stub
  inside --print
  same 0 "$STATUS"
  jq -e '(.processes | length > 3) and all(.processes[]; .user | test("^[0-9]+$"))' "$T/out"
  inside --url "$URL/data"
  same "0 " "$STATUS $ERR"
  inside --url "http://localhost:$PORT/data"
  same "0 " "$STATUS $ERR"
}

@test "users and hosts come from files and the DNS, whatever nsswitch.conf names: no module is loaded" {
  need_root
  setpriv --reuid 54321 --regid 54321 --clear-groups sleep 600 3>&- &
  PIDS+=($!)
  stub
  strace -f -qq -e trace=openat -o "$T/trace" "$AGENT" --config /dev/stdin --print <<<'{}' >"$T/record.json"
  same 54321 "$(record ".processes[] | select(.pid == ${PIDS[0]}) | .user")"
  same root "$(record '[.processes[] | select(.uid == 0)][0].user')"
  run -75 strace -f -qq -e trace=openat -o "$T/trace-host" \
    "$AGENT" --config /dev/stdin --spool off --connect-timeout 3s --url http://nobody.invalid/data <<<'{}'
  [[ $output == *"curl: (6)"* || $output == *"curl: (28)"* ]]
  grep -q /etc/passwd "$T/trace"
  grep -q /etc/hosts "$T/trace-host"
  run ! grep -hE '\.so|openssl\.cnf' "$T/trace" "$T/trace-host"
}

@test "a name that is only in the DNS, and one that is only in /etc/hosts" {
  need_root
  export T PYTHON REPO
  empty
  mkdir "$T/empty/etc"
  echo 'nameserver 127.0.0.1' >"$T/empty/etc/resolv.conf"
  echo '127.0.0.1 by-file.test' >"$T/empty/etc/hosts"
  # A network of its own, so that port 53 is free.
  # shellcheck disable=SC2016
  run -0 unshare -n -m bash -c '
    ip link set lo up
    "$PYTHON" "$REPO/tests/static/dns-stub" collector.test 3>&- & dns=$!
    mkdir "$T/stub"
    "$PYTHON" "$REPO/tests/system/agent-stub" "$T/stub" 3>&- & stub=$!
    trap "kill $dns $stub" EXIT
    for ((i = 0; i < 600; i++)); do [ ! -s "$T/stub/port" ] || break; sleep 0.1; done
    mount --rbind /proc "$T/empty/proc"
    for name in collector.test by-file.test; do
      chroot "$T/empty" /agent --config /agent.json --spool off --url "http://$name:$(<"$T/stub/port")/data" || exit 1
    done'
  same 2 "$(grep -c ^delivered <<<"$output")"
}

@test "https: by name and by address, with cacert; an unknown certificate is refused" {
  certificate good
  certificate bad
  stub "$T/good.pem" "$T/good.key"
  for host in localhost 127.0.0.1; do
    agent --root / --url "https://$host:$PORT/data" --cacert "$T/good.pem"
    same "0 " "$STATUS $ERR"
    agent --root / --url "https://$host:$PORT/data" --cacert "$T/bad.pem"
    same 75 "$STATUS"
    [[ $ERR == *"curl: (60)"*cacert* ]]
  done
}

@test "https without cacert: the first file of authorities that a distribution has" {
  need_root
  certificate good
  stub "$T/good.pem" "$T/good.key"
  for file in etc/ssl/certs/ca-certificates.crt etc/pki/tls/certs/ca-bundle.crt etc/ssl/ca-bundle.pem etc/ssl/cert.pem; do
    empty
    mkdir -p "$T/empty/dev" "$T/empty/${file%/*}"
    mknod -m 666 "$T/empty/dev/urandom" c 1 9
    inside --url "https://127.0.0.1:$PORT/data"
    same 75 "$STATUS"
    [[ $ERR == *"curl: (60)"*cacert* ]]
    cp "$T/good.pem" "$T/empty/$file"
    inside --url "https://127.0.0.1:$PORT/data"
    same "0 " "$STATUS $ERR"
    rm -rf "$T/empty"
  done
}

@test "a second build compiles and fetches nothing" {
  run -0 make -s -C "$REPO" agent-static
  [[ $output != *fetching* && $output != *libcurl* ]]
  run -2 make -s -C "$REPO" agent-static ARCH=sparc
  [[ $output == *"no such architecture 'sparc': x86_64 (amd64) or aarch64 (arm64)"* ]]
}
