# boot: a real systemd in a root file system of a test's own. `load ../lib/boot` beside ../lib/helper.
#
#   boot ROOT [OPTION...]   runs the script ROOT/probe under it, with these options of systemd-nspawn, and
#                           powers off; skips the test where no systemd can be started
#   said LINE               the probe said exactly that (all it said is in ROOT/probe.out and .err)
# shellcheck shell=bash

boot() {
    BOOTED=$1
    cat >"$BOOTED/etc/systemd/system/probe.target" <<'END'
[Unit]
Requires=basic.target
Wants=probe.service
END
    cat >"$BOOTED/etc/systemd/system/probe.service" <<'END'
[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/bin/bash /probe
ExecStopPost=/bin/systemctl --no-block poweroff
TimeoutStartSec=150
StandardOutput=file:/probe.out
StandardError=file:/probe.err
END
    timeout -k 5 200 systemd-nspawn -q -D "$BOOTED" "${@:2}" --link-journal=no --register=no --keep-unit -M "rollcall-$BASHPID" \
        /lib/systemd/systemd --unit=probe.target >"$T/boot" 2>&1 </dev/null 3>&- || true
    [ -s "$BOOTED/probe.out" ] || {
        cat "$T/boot"
        skip "systemd-nspawn starts no systemd here"
    }
    cat "$BOOTED/probe.out" "$BOOTED/probe.err"
}

said() { grep -qxF -e "$1" "$BOOTED/probe.out" || fail "the probe did not say: $1"; }
