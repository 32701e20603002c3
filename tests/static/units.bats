#!/usr/bin/env bats
# The agent's units in the archive, as old systemd reads them: CentOS 7, RHEL 7 and Amazon Linux 2 have version 219.
# shellcheck disable=SC2030,SC2031,SC2153

load ../system/agent

UNITS_PY=$REPO/tests/static/units.py

setup() {
  AGENT=$REPO/build/static/rollcall-agent-$(uname -m)
  [ -x "$AGENT" ] || AGENT=${ROLLCALL_BUILD:-$REPO/build}/rollcall-agent
  agent_setup
  "$REPO/scripts/tarball/pack" "$AGENT" "$(uname -m)" "$T/packed" >"$T/pack.log"
  tar -xzf "$T"/packed/*.tar.gz -C "$T/packed"
  UNITS=$(echo "$T"/packed/rollcall-agent-*/systemd)
}
teardown() { agent_teardown; }

# as_219: the units that ./install installs for systemd 219: no drop-ins.
as_219() {
  mkdir "$T/219"
  cp "$UNITS"/*.service "$UNITS"/*.timer "$T/219/"
}

@test "units: systemd 219 and later know every directive of the units; the drop-ins wait for 239" {
  as_219
  for version in 219 232 237; do run -0 "$PYTHON" "$UNITS_PY" check "$T/219" $version; done
  for version in 239 245 247 252; do run -0 "$PYTHON" "$UNITS_PY" check "$UNITS" $version; done
  # The table tells: with the drop-ins, 238 would misread the filter; with the unit of before, 219 would.
  run -1 "$PYTHON" "$UNITS_PY" check "$UNITS" 238
  [[ $output == *"sandbox.conf: systemd 238 does not know SystemCallFilter=@system-service"* ]]
  mkdir "$T/before"
  cp "$REPO"/scripts/systemd/rollcall-agent* "$T/before/"
  run -1 "$PYTHON" "$UNITS_PY" check "$T/before" 219
  [[ $output == *"does not know RandomizedDelaySec"* && $output == *"does not know SystemCallFilter=@system-service"* ]]
}

@test "units: the agent runs under the filter that systemd 219 leaves, and not under the one it left before" {
  as_219
  stub
  cc -Wall -O1 -o "$T/allow-only" "$REPO/tests/static/allow-only.c"
  echo '{}' >"$T/agent.json"
  agent=("$AGENT" --config "$T/agent.json" --spool off --url "$URL/data")
  before=$("$PYTHON" "$UNITS_PY" filter "$REPO/scripts/systemd" rollcall-agent-once.service)
  [ "$before" = execve,exit,exit_group,rt_sigreturn,sigreturn ]
  run ! "$T/allow-only" "$before" "${agent[@]}"
  for unit in rollcall-agent-once rollcall-agent; do
    now=$("$PYTHON" "$UNITS_PY" filter "$T/219" $unit.service)
    [ "$now" = "" ] # no filter at all
  done
  run -0 "${agent[@]}" --splay 0s
}

@test "units: systemd-analyze accepts them with and without the drop-ins" {
  command -v systemd-analyze >/dev/null || skip "systemd-analyze is not installed"
  as_219
  for folder in "$UNITS" "$T/219"; do
    sed -i 's,=/usr/local/bin/rollcall-agent,=/bin/true,' "$folder"/*.service "$folder"/*.d/*.conf 2>/dev/null || true
    run systemd-analyze verify --man=no "$folder"/*.service "$folder"/*.timer
    [ "$output" = "" ]
  done
}

@test "units: install puts the drop-ins where systemd is 239 or later, and removes them elsewhere" {
  [ "$(id -u)" = 0 ] || skip "needs root"
  root=$T/root
  mkdir -p "$root"/{bin,etc/systemd/system}
  cp -r "$(dirname "$UNITS")" "$root/unpacked"
  for version in 252 219; do
    # shellcheck disable=SC2016
    unshare -m sh -c '
      mount -t tmpfs tmpfs /etc/systemd/system && mount -t tmpfs tmpfs /usr/local && mount -t tmpfs tmpfs /var/spool
      mount --bind "$1/bin" /opt
      printf "#!/bin/sh\necho systemd %s\n" "$2" >/opt/systemctl && chmod 755 /opt/systemctl
      cp /etc/passwd /etc/group "$1/etc/"
      echo rollcall-agent:x:54321:54321::/:/bin/false >>"$1/etc/passwd"
      echo rollcall-agent:x:54321: >>"$1/etc/group"
      for file in passwd group; do mount --bind "$1/etc/$file" /etc/$file; done
      mkdir -p /etc/systemd/system/rollcall-agent.timer.d && touch /etc/systemd/system/rollcall-agent.timer.d/spread.conf
      PATH=/opt:$PATH sh "$1/unpacked/install" >/dev/null && find /etc/systemd/system -type f -printf "%P\n" | sort' \
      x "$root" $version >"$T/installed-$version" 3>&-
  done
  same "rollcall-agent-once.service rollcall-agent-once.service.d/sandbox.conf rollcall-agent.service rollcall-agent.service.d/sandbox.conf rollcall-agent.timer rollcall-agent.timer.d/spread.conf " \
    "$(tr '\n' ' ' <"$T/installed-252")"
  same "rollcall-agent-once.service rollcall-agent.service rollcall-agent.timer " "$(tr '\n' ' ' <"$T/installed-219")"
}
