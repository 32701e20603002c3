#!/usr/bin/env bats
# rollcall-agent --format record: processes in psutil's shape, value by value as psutil has them.
# shellcheck disable=SC2030,SC2031,SC2153

load agent

MEMBERS="cmdline connections cpu_affinity cpu_num cpu_percent cpu_times create_time cwd environ exe gids io_counters ionice memory_full_info memory_info memory_maps memory_percent name nice num_ctx_switches num_fds num_threads open_files pid ppid status terminal threads uids username"

setup() { agent_setup; }
teardown() { agent_teardown; }

need_psutil() { "$PYTHON" -c 'import psutil' 2>/dev/null || skip "needs python3-psutil"; }

# animal COMMAND...: a process that stays; its pid is appended to ZOO.
animal() {
  "$@" >/dev/null 2>&1 </dev/null 3>&- &
  PIDS+=($!)
  ZOO+=($!)
}

# zoo: processes that are hard to describe.
zoo() {
  ZOO=()
  mkdir "$T/gone" "$T/kept"
  cp "$(command -v sleep)" "$T/a program with a very long name"
  cp "$(command -v sleep)" "$T/deleted"
  cp "$(command -v sleep)" "$T/kept/marked (deleted)"
  animal "$T/a program with a very long name" 600
  animal "$T/deleted" 600
  animal "$T/kept/marked (deleted)" 600
  animal bash -c 'exec -a "one string with spaces" sleep 600'
  animal bash -c 'exec -a "" sleep 600'
  animal bash -c 'exec -a "name)(of S 1 2" sleep 600'
  # shellcheck disable=SC2016
  animal sh -c 'cd "$0" && exec sleep 600' "$T/gone"
  animal nice -n 7 sleep 600
  animal ionice -c 2 -n 3 sleep 600
  animal taskset -c 0 sleep 600
  animal script -qc 'sleep 600' /dev/null
  animal "$PYTHON" -c 'import os, signal; os.fork() or os._exit(0); signal.pause()' # leaves a zombie
  animal "$PYTHON" -c '
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(15, b"one two\xff)")  # its name
signal.pause()' '' 'with space' $'tab\tand\nnewline' $'not utf-8: \xff\xfe' 'ünï' ''
  animal "$PYTHON" -c '
import os, signal, socket, sys, threading
files = [open(f"{sys.argv[1]}/{mode.strip()}", mode) for mode in ("w", "a", "w+", "a+")]
files[0].write("x" * 12345); files[0].flush()
tcp = socket.create_server(("127.0.0.1", 0)); peer = socket.create_connection(tcp.getsockname()); tcp.accept()
six = socket.create_server(("::1", 0), family=socket.AF_INET6)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.bind(("127.0.0.1", 0))
both = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
unix = socket.socketpair()
for _ in range(3): threading.Thread(target=signal.pause, daemon=True).start()
open(f"{sys.argv[1]}/ready", "w").close()
signal.pause()' "$T/kept"
  wait_for [ -e "$T/kept/ready" ]
  rm "$T/deleted"
  rmdir "$T/gone"
  kill -STOP "${ZOO[7]}"
}

@test "every value is as psutil has it, for every process here and a zoo" {
  need_psutil
  zoo
  for try in 1 2 3; do # a process may start or end its doings between two looks
    "$PYTHON" "$REPO/tests/system/psutil-compare" "$AGENT" "${ZOO[@]}" >"$T/compare" && break
    cut -c1-500 "$T/compare"
    [ $try -lt 3 ]
  done
  tail -n 1 "$T/compare"
}

@test "without privileges: null where psutil has None" {
  need_psutil
  [ "$(id -u)" = 0 ] || skip "needs root to become nobody"
  setpriv --reuid 65534 --regid 65534 --clear-groups "$AGENT" --version || skip "nobody cannot run $AGENT"
  zoo
  for try in 1 2 3; do
    setpriv --reuid 65534 --regid 65534 --clear-groups \
      "$PYTHON" "$REPO/tests/system/psutil-compare" "$AGENT" >"$T/compare" && break
    cut -c1-500 "$T/compare"
    [ $try -lt 3 ]
  done
  tail -n 1 "$T/compare"
}

@test "a listing has uuid, timestamp (ten digits, a dot, seven decimals) and all members of psutil" {
  printed_here --format record
  same "data timestamp uuid" "$(record 'keys | join(" ")')"
  [[ $(record .timestamp) =~ ^[0-9]{10}\.[0-9]{7}$ ]]
  same "$MEMBERS" "$(record '[.data[] | keys] | unique | .[] | join(" ")')"
  same null "$(record '[.data[] | .connections, .environ, .io_counters, .memory_full_info, .memory_maps, .num_fds, .open_files] | unique | .[] | tostring')"
  printed_here --format record --full --uuid my-host
  same my-host "$(record .uuid)"
  same null "$(record '[.data[].environ] | unique | .[] | tostring')"
  same "number array array array array array" \
    "$(record ".data[] | select(.pid == $$) | [.num_fds, .open_files, .memory_maps, .io_counters, .connections, .memory_full_info] | map(type) | join(\" \")")"
}

# printed_here OPTION...: the listing of this machine in $T/record.json.
printed_here() {
  agent --print --uuid here "$@"
  same 0 "$STATUS"
  cp "$T/out" "$T/record.json"
}

@test "a process of a fixture has every member; the running system is not asked about it" {
  fixture
  printed --format record --full
  same "$MEMBERS" "$(record '[.data[] | keys] | unique | .[] | join(" ")')"
  same "null null" "$(record '.data[0] | [.cpu_affinity, .ionice] | map(tostring) | join(" ")')"
  [ "$(record '.data | length')" -gt 10 ]
}

@test "args: secrets in the list of arguments are masked, or arguments left out" {
  ZOO=()
  animal bash -c 'exec -a mysql sleep 600' # the name it is known by
  animal "$PYTHON" -c 'import signal; signal.pause()' --password=hunter2 --token 'hunter2 b' 'x=1'
  wait_for grep -q hunter2 "/proc/${ZOO[1]}/cmdline"
  printed_here --format record
  run ! grep -q hunter2 "$T/record.json"
  same '["--password=***","--token","***","x=1"]' "$(record ".data[] | select(.pid == ${ZOO[1]}) | .cmdline[3:] | tostring")"
  printed_here --format record --args none
  same 1 "$(record ".data[] | select(.pid == ${ZOO[1]}) | .cmdline | length")"
  printed_here --format record --args full
  same '"hunter2 b"' "$(record ".data[] | select(.pid == ${ZOO[1]}) | .cmdline[5]" | jq -R .)"
}

@test "name is the program's name, without what a first argument adds to it" {
  ZOO=()
  cp "$(command -v sleep)" "$T/a-program-with-a-long-name"
  animal bash -c "exec -a 'a-program-with-a-long-name --password=hunter2' '$T/a-program-with-a-long-name' 600"
  animal bash -c "exec -a 'a-program-with-a-long-name:hunter2' '$T/a-program-with-a-long-name' 600"
  wait_for grep -q hunter2 "/proc/${ZOO[0]}/cmdline"
  wait_for grep -q hunter2 "/proc/${ZOO[1]}/cmdline"
  for args in masked none full; do
    printed_here --format record --args "$args"
    for pid in "${ZOO[@]}"; do
      same a-program-with-a-long-name "$(record ".data[] | select(.pid == $pid) | .name")"
    done
  done
}

@test "a process that does not answer has null for what was not read, and that is logged" {
  fixture --fifo
  printed --format record --deadline 2s
  same null "$(record '.data[] | select(.pid == 200) | .cmdline | tostring')"
  same "$MEMBERS" "$(record '.data[] | select(.pid == 200) | keys | join(" ")')"
  same array "$(record '.data[] | select(.pid == 111) | .cmdline | type')"
  [[ $ERR == *"event=processes_not_read count=1"* ]]
}

@test "a process with 5,201 threads has all its members" {
  fixture
  "$PYTHON" - "$T/root/proc/101" <<'PY'
import pathlib, sys
process = pathlib.Path(sys.argv[1])
stat = (process / "stat").read_bytes()
for thread in range(1000001, 1005202):
    (process / f"task/{thread}").mkdir(parents=True)
    (process / f"task/{thread}/stat").write_bytes(stat.replace(b"101 (", b"%d (" % thread, 1))
PY
  printed --format record
  same "5201 /opt/a b" "$(record '.data[] | select(.pid == 101) | "\(.threads | length) \(.cmdline[0])"')"
}

@test "with 256 MiB of address space all processes are read" {
  if grep -q __asan_init "$AGENT"; then skip "n/a: the address sanitizer needs more memory than that"; fi
  echo '{}' >"$T/agent.json"
  (ulimit -v 262144 && "$AGENT" --config "$T/agent.json" --print --format record --full --uuid me >"$T/record.json" 2>"$T/err" 3>&-)
  same "" "$(<"$T/err")"
  same array "$(record ".data[] | select(.pid == $$) | .cmdline | type")"
}

@test "78: a listing requires a uuid" {
  fixture
  rm "$T/root/etc/machine-id"
  rm -rf "$T/root/var"
  agent --root "$T/root" --print --format record
  same 78 "$STATUS"
  [[ $ERR == *uuid* ]]
  printf '{"url":"http://127.0.0.1:1/api/v1/record","format":"record"}' >"$T/agent.json"
  agent
  same 78 "$STATUS"
  one_line "$T/err"
  [[ $ERR == *uuid* ]]
}
