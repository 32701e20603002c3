# lib.sh: shared by the scripts: messages, installing what is missing, counting test results.
# shellcheck shell=bash

set -euo pipefail
export LC_ALL=C.UTF-8
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '==> %s\n' "$*"; }

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# usage_error TEXT: a command line that is wrong (EX_USAGE of sysexits.h).
usage_error() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 64
}

rollcall_version() { sed -n 's/^VERSION := //p' "$REPO/Makefile"; }

# When the sources are from, in seconds: what is built from the same sources is the same, byte for byte.
source_date() {
    [ -z "${SOURCE_DATE_EPOCH-}" ] || { echo "$SOURCE_DATE_EPOCH" && return; }
    git -C "$REPO" -c safe.directory='*' log -1 --format=%ct 2>/dev/null || stat -c %Y "$REPO/Makefile"
}

is_root() { [ "$(id -u)" = 0 ]; }

as_root() { if is_root; then "$@"; else sudo "$@"; fi; }

# Without a terminal, a sudo that asks for a password is of no use.
may_be_root() { is_root || sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null; }; }

# ---- packages

# probe KIND NAME: succeeds if the machine has it, from a package or otherwise.
probe() {
    case $1 in
    cmd) command -v "$2" ;;
    pc) pkg-config --exists "$2" ;;
    python) "$(PATH=/usr/bin:$PATH command -v python3)" -c "import $2" ;;
    clang) echo "int LLVMFuzzerTestOneInput(void) { return 0; }" | clang -fsanitize="$2" -x c -o /dev/null - ;;
    header) echo "#include <$2>" | cc -E -x c -o /dev/null - ;;
    file) [ -e "$2" ] ;;
    esac >/dev/null 2>&1
}

# missing_packages GROUP...: one line of package names.
missing_packages() {
    local group package kind name missing=()
    while read -r group package kind name; do
        case " $* " in *" $group "*) ;; *) continue ;; esac
        probe "$kind" "$name" || missing+=("$package")
    done <"$REPO/scripts/packages"
    echo "${missing[*]-}"
}

# install_missing GROUP...: installs what is missing; says which packages before it does.
install_missing() {
    local names
    names=$(missing_packages "$@")
    [ -n "$names" ] || return 0
    say "to install: $names"
    command -v apt-get >/dev/null ||
        die "there is no apt-get; install these (Debian's names) by hand, then run this again: $names"
    may_be_root || die "installing packages needs root or sudo; have these installed, then run this again:
    apt-get install $names"
    # shellcheck disable=SC2086
    install_packages $names
    names=$(missing_packages "$@")
    [ -z "$names" ] || die "still missing after the installation: $names"
}

# However the subshell ends, its trap removes what kept the packages' daemons from starting.
install_packages() (
    log=$(mktemp)
    before=$(enabled_services)
    trap 'leave_no_daemon "$before"; rm -f "$log"' EXIT
    hold_daemons
    apt update >"$log" 2>&1 || say "apt-get update failed; continuing with the package lists of this machine"
    apt install --no-install-recommends --no-remove "$@" >>"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        die "apt-get could not install: $*"
    }
    say "installed"
)

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

POLICY=/usr/sbin/policy-rc.d
POLICY_MARK='# by rollcall: no daemons while packages are installed; safe to remove'

# Debian's maintainer scripts run this before they start a daemon. An existing one is kept.
hold_daemons() {
    [ ! -e $POLICY ] || return 0
    printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" | as_root tee $POLICY >/dev/null
    as_root chmod 755 $POLICY
}

# The symbolic links of systemd and init that start something at boot.
enabled_services() {
    find /etc/systemd/system/*.wants /etc/rc[2-5S].d/S* -maxdepth 1 -type l 2>/dev/null | sort || true
}

# leave_no_daemon BEFORE: stops and disables what the installation enabled.
leave_no_daemon() {
    local new link name
    if grep -qsF "$POLICY_MARK" $POLICY; then as_root rm -f $POLICY; fi
    new=$(enabled_services | grep -vxF "$1" || true)
    for link in $new; do
        name=${link##*/}
        [ -L "$link" ] || continue
        case $link in
        /etc/rc*) as_root update-rc.d "${name#S??}" disable ;;
        *) disable_unit "$name" ;;
        esac >/dev/null 2>&1 || say "could not disable $name"
    done
}

disable_unit() {
    if [ -d /run/systemd/system ]; then
        as_root systemctl disable --now "$1"
    else
        # It works for maintainer scripts only.
        as_root env DPKG_MAINTSCRIPT_PACKAGE=rollcall deb-systemd-helper disable "$1"
    fi
}

# ---- the tests' tools

# The tests see Debian's programs first, then what tests/tools installed, then the rest of PATH.
use_test_tools() {
    local node=$REPO/build/node
    export PATH=$node/bin:$node/node_modules/.bin:/usr/sbin:/usr/bin:/sbin:/bin:$REPO/build/venv/bin:$PATH
}

# ---- /proc

# A bare chroot has no /proc. It is mounted for as long as this script runs.
need_proc() {
    [ ! -e /proc/self/stat ] || return 0
    is_root || die "/proc is not mounted here: mount -t proc proc /proc"
    say "mounting /proc for this run"
    mount -t proc proc /proc || die "/proc is not mounted here, and mounting it failed"
    PROC_MOUNTED=yes
}

drop_proc() { [ -z "${PROC_MOUNTED-}" ] || umount -l /proc; }

# ---- test results (TAP)

# tap_step NAME COMMAND...: one test; the output of the command is shown if it fails.
tap_step() {
    local name=$1 output
    shift
    TAP_COUNT=$((${TAP_COUNT:-0} + 1))
    if output=$("$@" 2>&1 </dev/null); then
        echo "ok $TAP_COUNT $name"
    else
        echo "not ok $TAP_COUNT $name"
        printf '%s\n' "$output" | sed 's/^/# /'
        TAP_FAILED=yes
    fi
}

tap_skip() {
    TAP_COUNT=$((${TAP_COUNT:-0} + 1))
    echo "ok $TAP_COUNT $1 # skip $2"
}

tap_end() {
    echo "1..${TAP_COUNT:-0}"
    [ -z "${TAP_FAILED-}" ]
}

# tap_count FILE STATUS [STRICT]: prints "passed failed skipped". Missing tests of a plan are failures,
# and so is a bad exit status without a failed test. With STRICT, a skip is a failure unless its reason
# begins with "n/a".
tap_count() {
    awk -v status="$2" -v strict="${3-}" '
        /^ok .*# [Ss][Kk][Ii][Pp]/ {
            seen++
            if (strict && $0 !~ /# [Ss][Kk][Ii][Pp] *n\/a/) failed++
            else skipped++
            next
        }
        /^ok /      { passed++; seen++ }
        /^not ok /  { failed++; seen++ }
        /^1\.\.[0-9]+/ {
            planned += substr($1, 4)
            if (strict && /# [Ss][Kk][Ii][Pp]/) failed++
        }
        END {
            if (planned > seen) failed += planned - seen
            else if (status != 0 && !failed) failed++
            print passed + 0, failed + 0, skipped + 0
        }' "$1"
}
