#!/usr/bin/env bats
# The listening sockets that rollcall-agent reports.
# shellcheck disable=SC2030,SC2031,SC2153

load agent

setup() { agent_setup; }
teardown() { agent_teardown; }

# compared OPTION...: the agent and ss in a network namespace of their own.
compared() {
  unshare --net true 2>/dev/null || skip "no network namespaces here"
  echo '{}' >"$T/agent.json"
  unshare --net "$PYTHON" "$REPO/tests/system/listening-compare" "$AGENT" "$T/agent.json" "$@" 3>&-
}

@test "they are those of ss -ltunp, with pid and cmd only in a full record" {
  compared
}

@test "they are the same beside 8000 sockets" {
  compared --sockets 8000
}

@test "without sock_diag they are the same, from /proc/net" {
  compared --no-netlink --sockets 1000
}

@test "another tree has its own: the agent's kernel is not asked" {
  fixture
  printed
  same '["tcp 0.0.0.0 22 0","tcp 127.0.0.1 631 997","tcp6 ::1 631 997","udp 0.0.0.0 514 103"]' \
    "$(record '[.listening[] | "\(.proto) \(.addr) \(.port) \(.uid)"] | tostring')"
  same "" "$ERR"
}

@test "another tree's sockets are those of its first process where it has a network of its own" {
  fixture
  mkdir -p "$T/root/proc/1/net"
  grep -v :0016 "$T/root/proc/net/tcp" >"$T/root/proc/1/net/tcp"
  cp "$T/root/proc/net/udp" "$T/root/proc/1/net/udp"
  printed
  same "tcp:631 udp:514" "$(record '[.listening[] | "\(.proto):\(.port)"] | join(" ")')"
}

@test "listening false leaves them out" {
  fixture
  printed --no-listening
  same false "$(record 'has("listening")')"
  echo '{"listening": false}' >"$T/agent.json"
  printed
  same false "$(record 'has("listening")')"
}

@test "sockets that cannot all be read are left out, not reported in part" {
  fixture
  rm "$T/root/proc/net/udp"
  printed
  same false "$(record 'has("listening")')"
  [[ $ERR == *event=listening_not_read*"No such file"* ]]
}

@test "the command line of a listening process is masked like any other" {
  unshare --net true 2>/dev/null || skip "no network namespaces here"
  echo '{}' >"$T/agent.json"
  cat >"$T/listen.py" <<'EOF'
import socket, subprocess, sys
one = socket.create_server(("0.0.0.0", 7777))
subprocess.run(sys.argv[3:], stdout=open(sys.argv[2], "w"), check=True)
EOF
  unshare --net "$PYTHON" "$T/listen.py" --password=hunter2 "$T/record.json" \
    "$AGENT" --config "$T/agent.json" --print --full --spool off 3>&-
  same '["*** 7777"]' "$(record '[.listening[] | "\(.cmd | capture("--password=(?<p>\\S+)").p) \(.port)"] | tostring')"
  same 0 "$(grep -c hunter2 "$T/record.json")"
}
