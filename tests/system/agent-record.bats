#!/usr/bin/env bats
# What rollcall-agent reports of a tree in which every process is a case (procfs-fixture).
# shellcheck disable=SC2030,SC2031,SC2153

load agent

setup() { agent_setup; }
teardown() { agent_teardown; }

@test "the record is one line of JSON with all members of the contract" {
  fixture
  printed
  one_line "$T/record.json"
  same "agent arch boot_id boot_time collected_at cores hostname id instance_id listening machine_id memory_bytes os_id os_name os_pretty_name os_ver os_version_id processes processor truncated unreadable users uuid vanished" \
    "$(record 'keys | join(" ")')"
  same "cpu_ms rss_bytes scan_ms version" "$(record '.agent | keys | join(" ")')"
  same "cmd cpu mem pid ppid rss start start_ticks state threads tty uid user" \
    "$(record '[.processes[] | keys] | unique | .[] | join(" ")')"
}

@test "the members of the host come from the tree" {
  fixture
  printed
  same fixture.example "$(record .hostname)"
  same 0123456789abcdef0123456789abcdef "$(record .machine_id)"
  same 01234567-89ab-cdef-0123-456789abcdef "$(record .uuid)"
  same 11111111-2222-3333-4444-555555555555 "$(record .boot_id)"
  same i-0123456789abcdef0 "$(record .instance_id)"
  same "Fixture CPU @ 1.00GHz" "$(record .processor)"
  same 2 "$(record .cores)"
  same 1073741824 "$(record .memory_bytes)"
  same 2023-11-14T22:13:20.000Z "$(record .boot_time)"
  same "Linux 6.1.0-fixture" "$(record '.os_name + " " + .os_ver')"
  same 'fixture 1.2 Fixture "OS" 1.2' "$(record '.os_id + " " + .os_version_id + " " + .os_pretty_name')"
  same "$(uname -m)" "$(record .arch)"
}

@test "the id is the uuid and milliseconds, in the contract's characters" {
  fixture
  printed --uuid my-host
  [[ $(record .id) =~ ^my-host-[0-9]{13}$ ]]
  same my-host "$(record .uuid)"
  printed --uuid 0123456789012345678901234567890123456789012345678901234567890123
  [[ $(record .id) =~ ^[A-Za-z0-9._:-]{1,64}$ ]]
}

@test "a machine without ids, os-release or processor names still gives a record" {
  fixture
  rm -r "$T/root/etc" "$T/root/sys" "$T/root/proc/cpuinfo" "$T/root/proc/meminfo" "$T/root/proc/sys" "$T/root/run"
  printed
  same null "$(record .machine_id)"
  same null "$(record .instance_id)"
  same "$(uname -m)" "$(record .processor)"
  same "[]" "$(record '.users | tostring')"
  [ "$(record '.processes | length')" -gt 10 ]
}

@test "an asset tag that is not an instance id is left out" {
  fixture
  echo "Not Specified" >"$T/root/sys/class/dmi/id/board_asset_tag"
  printed
  same null "$(record .instance_id)"
}

@test "a user is listed while the leader of the session is alive" {
  fixture
  printed
  same '[{"name":"ana","tty":"pts/3","host":"10.0.0.9","started":"2023-11-14T22:13:20.000Z","pid":113,"source":"logind"}]' \
    "$(jq -c .users "$T/record.json")"
}

@test "numbers of a process: cpu as ps has it, rss in bytes, start from btime and ticks" {
  fixture
  printed
  # 60025 ticks of CPU in 4900.25 s; 12800 pages; 10000 ticks after boot.
  hertz=$(getconf CLK_TCK) page=$(getconf PAGESIZE)
  same "$((12800 * page))" "$(process 101 .rss)"
  same 1 "$(process 101 .ppid)"
  same S "$(process 101 .state)"
  same 10000 "$(process 101 .start_ticks)"
  same 7 "$(process 113 .threads)"
  same "pts/3 null" "$(process 113 .tty) $(process 101 .tty)"
  [ "$hertz $page" = "100 4096" ] || skip "n/a: the other numbers are for 100 ticks a second, pages of 4 KiB"
  same "12.2 4.8" "$(process 101 .cpu) $(process 101 .mem)"
  same 2023-11-14T22:15:00.000Z "$(process 101 .start)"
  same 0 "$(process 115 .cpu)" # started in this very tick
}

@test "processes are ordered by pid, each once" {
  fixture --many 50
  printed
  same true "$(record '[.processes[].pid] | . == (sort | unique)')"
}

@test "kernel threads, zombies and empty command lines show their name in brackets" {
  fixture
  printed
  same "[kthreadd]" "$(process 2 .cmd)"
  same "[kworker/0:1H-kblockd-with-a-long-name]" "$(process 3 .cmd)"
  same "[defunct] Z" "$(process 100 '.cmd + " " + .state')"
  same "[empty]" "$(process 105 .cmd)"
}

@test "names with spaces, parentheses, newlines and any bytes" {
  fixture
  printed
  same "/opt/a b arg with spaces  last" "$(process 101 .cmd)"
  same "[) R 1 (x] S" "$(process 102 '.cmd + " " + .state')"
  same $'tab\there new\nline' "$(process 103 .cmd)"
  same "caf� €" "$(process 104 .cmd)"
}

@test "a command line of 100 KiB is cut at a character and counted" {
  fixture
  printed
  same 1 "$(record .truncated)"
  same 4096 "$(process 106 '.cmd | utf8bytelength')"
  printed --cmd-max 100
  same "100 null" "$(process 106 '.cmd | utf8bytelength') $(process 106 '.cmd | test("�") | if . then 1 else null end')"
  printed --cmd-max 101
  same 100 "$(process 106 '.cmd | utf8bytelength')"
  printed --cmd-max 1048576
  same "0 102010" "$(record .truncated) $(process 106 '.cmd | utf8bytelength')"
}

@test "processes that vanish are counted and not listed" {
  fixture
  printed
  same 2 "$(record .vanished)" # 107 without stat, 116 without cmdline
  same "" "$(process 107 .pid)$(process 116 .pid)"
}

@test "what cannot be read is counted: bad stat, and a command line in uninterruptible sleep" {
  fixture
  printed
  same 3 "$(record .unreadable)" # 108, 110, and 112, which is listed
  same "" "$(process 108 .pid)$(process 110 .pid)"
  same "[stuck] D" "$(process 112 '.cmd + " " + .state')"
}

@test "a command line that never answers does not stop the beat" {
  fixture --fifo --many 20
  agent --root "$T/root" --print --deadline 4s
  same 0 "$STATUS"
  cp "$T/out" "$T/record.json"
  same 4 "$(record .unreadable)"
  same "[silent]" "$(process 200 .cmd)"
  same "/usr/bin/plain --number 10020" "$(process 10020 .cmd)" # read after it
  [ "$(record .agent.scan_ms)" -lt 4000 ]
}

@test "many command lines that never answer: the beat still ends" {
  fixture --fifo
  for pid in 201 202 203 204 205 206 207 208 209 210 211 212 213 214 215; do
    mkdir "$T/root/proc/$pid"
    sed "s/^200 /$pid /" "$T/root/proc/200/stat" >"$T/root/proc/$pid/stat"
    mkfifo "$T/root/proc/$pid/cmdline"
  done
  agent --root "$T/root" --print --deadline 2s
  same 0 "$STATUS"
  cp "$T/out" "$T/record.json"
  same 19 "$(record .unreadable)"
  same "[silent]" "$(process 215 .cmd)"
}

@test "no process is left running after a command line that never answered" {
  fixture --fifo
  "$AGENT" --config /dev/stdin --root "$T/root" --print --deadline 1s <<<'{}' >"$T/out" &
  pid=$!
  wait "$pid"
  run ! pgrep -f -- "--root $T/root"
}

@test "hidden processes are counted as unreadable" {
  # bats's own directories are closed to other users.
  T=$(mktemp -d "${TMPDIR:-/tmp}/rollcall-hidden.XXXXXX")
  fixture --hidden
  echo '{}' >"$T/agent.json"
  cp "$AGENT" "$T/agent"
  chmod 755 "$T" "$T/agent" "$T/root"
  chmod 644 "$T/agent.json"
  other=()
  [ "$(id -u)" != 0 ] || other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
  "${other[@]}" "$T/agent" --config "$T/agent.json" --root "$T/root" --print >"$BATS_TEST_TMPDIR/record.json"
  chmod -R u+rwX "$T/root/proc"
  rm -rf "$T"
  T=$BATS_TEST_TMPDIR
  same 0 "$(record '.processes | length')"
  same 20 "$(record .unreadable)"
}

@test "20,000 processes are all listed" {
  fixture --many 20000
  printed
  same 20000 "$(record '[.processes[] | select(.cmd | startswith("/usr/bin/plain --number "))] | length')"
}

@test "command lines are halved until the record fits 8 MiB" {
  fixture --many 3000
  "$PYTHON" - "$T/root/proc" <<'PY'
import sys
for pid in range(10001, 13001):
    open(f"{sys.argv[1]}/{pid}/cmdline", "w").write("x" * 4000 + "\0")
PY
  printed
  [ "$(stat -c %s "$T/record.json")" -le $((8 * 1024 * 1024 + 1)) ]
  same "2048 3001" "$(process 10001 '.cmd | length') $(record .truncated)"
}

@test "the first name of a uid in passwd counts; a uid without a name is a number" {
  fixture
  printed
  same "first $(id -u)" "$(process 101 '"\(.user) \(.uid)"')"
  : >"$T/root/etc/passwd"
  printed
  same "$(id -u)" "$(process 101 .user)"
}

@test "the user is the owner of the process's directory" {
  [ "$(id -u)" = 0 ] || skip "needs root to give a directory away"
  fixture
  chown 54321 "$T/root/proc/109"
  printed
  same "54321 54321" "$(process 109 '"\(.user) \(.uid)"')"
}

@test "secrets are masked, also in a title that a process gave itself" {
  fixture
  printed
  same "mysql -uroot -p*** --password=*** -e select 1" "$(process 111 .cmd)"
  same "worker: token=*** idle" "$(process 114 .cmd)"
  run ! grep -q hunter2 "$T/record.json"
}

@test "args full shows all arguments, args none the programs only" {
  fixture
  printed --args full
  same "mysql -uroot -phunter2 --password=hunter2 -e select 1" "$(process 111 .cmd)"
  printed --args none
  same "mysql worker [kthreadd]" "$(process 111 .cmd) $(process 114 .cmd) $(process 2 .cmd)"
  run ! grep -q hunter2 "$T/record.json"
}

@test "a mask does not depend on where the command line is cut" {
  fixture
  printf 'app\0%s\0--password=hunter2hunter2\0' "$(printf 'x%.0s' {1..40})" >"$T/root/proc/101/cmdline"
  for max in 44 50 57 58 60 61 64 80; do
    printed --cmd-max "$max"
    run ! grep -q hunter "$T/record.json"
  done
}

@test "containers: the id of the container, null outside" {
  fixture
  printed --containers
  same 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef "$(process 113 .container)"
  same null "$(process 101 .container)"
}

@test "--root: absolute links of the tree lead into the tree, and the host name is the tree's" {
  fixture
  mkdir -p "$T/root/usr/lib" "$T/root/var/lib/dbus"
  mv "$T/root/etc/os-release" "$T/root/usr/lib/os-release"
  ln -s /usr/lib/os-release "$T/root/etc/os-release"
  mv "$T/root/etc/passwd" "$T/root/usr/lib/passwd"
  ln -s /usr/lib/passwd "$T/root/etc/passwd"
  mv "$T/root/etc/machine-id" "$T/root/var/lib/dbus/machine-id"
  ln -s /var/lib/dbus/machine-id "$T/root/etc/machine-id"
  mv "$T/root/run/systemd/sessions/1" "$T/root/usr/lib/session"
  ln -s /usr/lib/session "$T/root/run/systemd/sessions/1"
  printf '# comment\n\n  tree.example  \n' >"$T/root/usr/lib/hostname"
  ln -s ../../../../usr/lib/hostname "$T/root/etc/hostname"
  printed
  same "fixture tree.example 0123456789abcdef0123456789abcdef" "$(record '.os_id + " " + .hostname + " " + .machine_id')"
  same "first ana" "$(process 101 .user) $(record '.users[0].name')"
}

@test "--root: the host name of /proc/sys counts if the tree has no etc/hostname" {
  fixture
  for text in '' '# only a comment'; do
    echo "$text" >"$T/root/etc/hostname"
    printed
    same fixture.example "$(record .hostname)"
  done
}

@test "a machine-id of zeros is ignored" {
  fixture
  echo 00000000000000000000000000000000 >"$T/root/etc/machine-id"
  printed
  same "null null" "$(record .machine_id) $(record .uuid)"
}

@test "unknown is null: start without btime, mem without MemTotal, cpu without an uptime" {
  fixture
  sed -i /btime/d "$T/root/proc/stat"
  printed
  same "null 10000 null" "$(process 101 .start) $(process 101 .start_ticks) $(record .boot_time)"
  echo "MemFree: 1 kB" >"$T/root/proc/meminfo"
  printed
  same null "$(process 101 .mem)"
  rm "$T/root/proc/uptime"
  printed
  same null "$(process 101 .cpu)"
  printed --format record
  same "null null null" "$(record '.data[0] | [.create_time, .memory_percent, .cpu_percent] | map(tostring) | join(" ")')"
}

@test "96 cores without hyper-threading are counted" {
  fixture
  seq -s, 0 2 190 >"$T/root/sys/devices/system/cpu/online"
  printed
  same 96 "$(record .cores)"
}

@test "cpu is at most 100 for each core, whatever the clocks of the tree say" {
  fixture
  sed -i 's/^5000.25/100.01/' "$T/root/proc/uptime"
  printed
  same 200 "$(process 101 .cpu)"
}

# reused PID: the process ends while its command line is read, and another one gets its pid.
reused() {
  local pid=$1
  mkdir "$T/next"
  sed "s/ 10000 / 480000 /" "$T/root/proc/$pid/stat" >"$T/next/stat"
  printf 'next\0' >"$T/next/cmdline"
  mv "$T/root/proc/$pid" "$T/gone"
  mv "$T/next" "$T/root/proc/$pid"
}

# opened FIFO: waits until the agent reads it, and then answers with TEXT.
opened() { timeout 60 "$PYTHON" -c 'import sys; f = open(sys.argv[1], "wb"); sys.stdin.read(); f.write(sys.argv[2].encode())' "$@"; }

@test "a pid that is used again while it is read is left out" {
  fixture --fifo
  echo '{}' >"$T/agent.json"
  "$AGENT" --config "$T/agent.json" --root "$T/root" --print --deadline 120s >"$T/record.json" 3>&- &
  agent=$!
  PIDS+=("$agent")
  mkfifo "$T/answer"
  opened "$T/root/proc/200/cmdline" "/bin/other" <"$T/answer" 3>&- &
  PIDS+=($!)
  exec 5>"$T/answer"
  # The writer opens the FIFO only when the agent has it open, too.
  wait_for sh -c "ls -l /proc/$!/fd 2>/dev/null | grep -q cmdline || ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q $T/root/proc/200/cmdline"
  reused 200
  exec 5>&-
  wait "$agent"
  same "" "$(process 200 .cmd)"
  same 3 "$(record .vanished)"
}

@test "a tree without /proc is not reported as an empty machine" {
  mkdir "$T/root"
  agent --root "$T/root" --print
  same "75 " "$STATUS $OUT"
  one_line "$T/err"
}
