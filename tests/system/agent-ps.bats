#!/usr/bin/env bats
# rollcall-agent beside ps(1) on this very machine.
# shellcheck disable=SC2030,SC2031,SC2153

load agent

setup() { agent_setup; }
teardown() { agent_teardown; }

# Three processes that stay: plain arguments, spaces and UTF-8, a name of its own.
start_some() {
  sleep 86400 3>&- &
  PIDS+=($!)
  (exec -a 'my own (name' sleep 86401) 3>&- &
  PIDS+=($!)
  "$PYTHON" -c 'import time; open("'"$T"'/ready", "w").close(); time.sleep(86402)' 'two words' 'é€' 3>&- &
  PIDS+=($!)
  # All are what they are to be, not on their way there: their numbers no longer change.
  for _ in $(seq 200); do
    if [ -e "$T/ready" ] && grep -qz 86400 "/proc/${PIDS[-3]}/cmdline" && grep -qz 86401 "/proc/${PIDS[-2]}/cmdline"; then
      break
    fi
    sleep 0.05
  done
}

@test "process by process: pid, ppid, user, uid, rss, start and command line as ps has them" {
  command -v ps >/dev/null || skip "needs ps"
  start_some
  agent --print --args full
  same 0 "$STATUS"
  LC_ALL=C.UTF-8 TZ=UTC ps -ww -o pid=,ppid=,uid=,rss=,lstart= -p "$(IFS=,; echo "${PIDS[*]}")" >"$T/numbers"
  LC_ALL=C.UTF-8 ps -ww -o pid=,args= -p "$(IFS=,; echo "${PIDS[*]}")" >"$T/args"
  LC_ALL=C.UTF-8 ps -ww -o pid=,user:64= -p "$(IFS=,; echo "${PIDS[*]}")" >"$T/users"
  same 3 "$(wc -l <"$T/numbers")"
  "$PYTHON" - "$T" <<'PY'
import calendar, json, sys, time
T = sys.argv[1]
ours = {p["pid"]: p for p in json.load(open(f"{T}/out", encoding="utf-8"))["processes"]}
columns = lambda name: [line.split(None, 1) for line in open(f"{T}/{name}", encoding="utf-8").read().splitlines()]
for line in open(f"{T}/numbers"):
    pid, ppid, uid, rss, start = line.split(None, 4)
    p = ours[int(pid)]
    assert p["ppid"] == int(ppid), (p, line)
    assert p["uid"] == int(uid), (p, line)
    assert abs(p["rss"] - int(rss) * 1024) <= max(p["rss"], int(rss) * 1024) // 2, (p, line)
    started = calendar.timegm(time.strptime(start.strip(), "%a %b %d %H:%M:%S %Y"))
    mine = calendar.timegm(time.strptime(p["start"][:19], "%Y-%m-%dT%H:%M:%S"))
    assert abs(started - mine) <= 1, (p, line)
for pid, args in columns("args"):
    assert ours[int(pid)]["cmd"] == args, (ours[int(pid)]["cmd"], args)
for pid, user in columns("users"):
    assert ours[int(pid)]["user"] == user.strip(), (ours[int(pid)], user)
PY
}

@test "every process that ps lists before and after is listed, with its parent and kernel thread name" {
  command -v ps >/dev/null || skip "needs ps"
  start_some
  ps -eo pid=,ppid=,comm= >"$T/before"
  agent --print
  same 0 "$STATUS"
  ps -eo pid=,ppid=,comm= >"$T/after"
  ps -eo pid=,ppid=,args= | awk '$2 == 2 { print $1, $3 }' >"$T/kernel"
  "$PYTHON" - "$T" <<'PY'
import json, sys
T = sys.argv[1]
ours = {p["pid"]: p for p in json.load(open(f"{T}/out", encoding="utf-8"))["processes"]}
read = lambda name: {tuple(line.split(None, 2)[:2]) for line in open(f"{T}/{name}")}
stable = read("before") & read("after")
assert len(stable) >= 4
for pid, ppid in stable:
    assert int(pid) in ours, pid
    assert ours[int(pid)]["ppid"] == int(ppid), (ours[int(pid)], ppid)
for line in open(f"{T}/kernel"):
    pid, name = line.split()
    if int(pid) in ours and not name.startswith("[kworker"):
        assert ours[int(pid)]["cmd"] == name, (ours[int(pid)], name)
PY
}

@test "states: sleeping, stopped and zombie processes" {
  start_some
  kill -STOP "${PIDS[0]}"
  "$PYTHON" -c '
import os, sys, time
if os.fork() == 0:
    os._exit(0)
open(sys.argv[1], "w").write("ready")
time.sleep(86403)' "$T/ready" 3>&- &
  PIDS+=($!)
  until [ -s "$T/ready" ]; do sleep 0.05; done
  zombie=
  until [ -n "$zombie" ] && grep -q '^State:.*Z' "/proc/$zombie/status"; do
    zombie=$(cat /proc/"${PIDS[-1]}"/task/*/children)
    zombie=${zombie// /}
  done
  until grep -q '^State:.*T' "/proc/${PIDS[0]}/status"; do sleep 0.05; done
  agent --print
  cp "$T/out" "$T/record.json"
  same "T" "$(process "${PIDS[0]}" .state)"
  same "Z" "$(process "$zombie" .state)"
  [[ $(process "$zombie" .cmd) == \[*\] ]]
  [[ $(process "${PIDS[1]}" .state) =~ ^[SR]$ ]]
}

@test "the members of the host are those of this machine" {
  agent --print
  cp "$T/out" "$T/record.json"
  same "$(uname -n) $(uname -s) $(uname -r) $(uname -m)" \
    "$(record '.hostname + " " + .os_name + " " + .os_ver + " " + .arch')"
  same "$(getconf _NPROCESSORS_ONLN)" "$(record .cores)"
  same "$(awk '/^MemTotal/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)" "$(record '.memory_bytes')"
  same "$(awk '/^btime/ { print $2 }' /proc/stat)" "$(record '.boot_time | sub("\\.000Z"; "Z") | fromdate')"
}

@test "a secret on a real command line is masked" {
  (exec -a mysql sleep 86404) 3>&- &
  PIDS+=($!)
  "$PYTHON" -c 'import time; time.sleep(86405)' --password hunter2secret 'Authorization: Bearer hunter2secret' \
    https://me:hunter2secret@example.com/ 3>&- &
  PIDS+=($!)
  agent --print
  cp "$T/out" "$T/record.json"
  [[ $(process "${PIDS[-1]}" .cmd) == *"--password *** Authorization: Bearer *** https://me:***@example.com/" ]]
  run ! grep -q hunter2secret "$T/record.json"
}

# in_lxc COMMAND...: with the /proc/uptime and /proc/stat of a container that started just now, as
# lxcfs has them.
in_lxc() {
  echo "1.23 1.23" >"$T/uptime"
  sed "s/^btime .*/btime $(date +%s)/" /proc/stat >"$T/stat"
  # shellcheck disable=SC2016
  unshare -m sh -c 'mount --bind "$1/uptime" /proc/uptime && mount --bind "$1/stat" /proc/stat && shift && exec "$@"' sh "$T" "$@"
}

@test "below lxcfs, cpu and start are those of the machine's boot" {
  [ "$(id -u)" = 0 ] || skip "needs root to mount"
  unshare -m true || skip "needs namespaces"
  bash -c 'until [ -e "$0" ]; do :; done' "$T/rest" 3>&- &
  PIDS+=($!)
  busy() { [ "$(awk '{ print $14 + $15 }' "/proc/${PIDS[0]}/stat")" -gt 50 ]; }
  wait_for busy
  echo '{}' >"$T/agent.json"
  in_lxc "$AGENT" --config "$T/agent.json" --print >"$T/record.json" 3>&-
  cpu=$(process "${PIDS[0]}" .cpu)
  [ "$(jq -n "$cpu > 1 and $cpu <= 100 * $(record .cores)")" = true ]
  started=$(process "${PIDS[0]}" '.start | sub("\\.[0-9]+Z"; "Z") | fromdate')
  real=$(date -d "$(LC_ALL=C TZ=UTC ps -o lstart= -p "${PIDS[0]}") UTC" +%s)
  [ $((started - real)) -ge -2 ] && [ $((started - real)) -le 2 ]
}

@test "the agent lists itself, and reports its own cost" {
  agent --print
  cp "$T/out" "$T/record.json"
  same 1 "$(record '[.processes[] | select(.cmd | test("rollcall-agent --config '"$T"'/agent.json --spool off --print$"))] | length')"
  [ "$(record .agent.rss_bytes)" -gt 1000000 ]
}
