# chroot: throw-away Debian root file systems for tests. `load ../lib/chroot` beside ../lib/helper.
#
#   chroot_needs                          skips the test where none can be created
#   chroot_new NAME [PACKAGE...]          sets ROOT: a fresh minimal Debian with these packages
#   chroot_run ROOT COMMAND...            runs it in there, with a clean environment
#   chroot_drop ROOT...                   ends what still runs there, unmounts and removes it
#
# The base for a set of packages is built once and kept in ${XDG_CACHE_HOME:-~/.cache}/rollcall-tests;
# each test writes to a tmpfs over it. Call chroot_drop in teardown(), for each that was created.
# shellcheck shell=bash disable=SC2034

CHROOT_SUITE=${CHROOT_SUITE:-bookworm}
CHROOT_MIRROR=${CHROOT_MIRROR:-http://deb.debian.org/debian}
CHROOT_OPTIONS=() CHROOT_SCRIPT='' # for debootstrap
CHROOT_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/rollcall-tests
CHROOT_PROXY=()
for CHROOT_NAME in http_proxy https_proxy no_proxy; do
    [ -z "${!CHROOT_NAME-}" ] || CHROOT_PROXY+=("$CHROOT_NAME=${!CHROOT_NAME}")
done
CHROOT_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

chroot_needs() {
    [ "$(id -u)" = 0 ] || skip "only root can make a root file system"
    PATH=$PATH:/usr/sbin command -v debootstrap >/dev/null || skip "debootstrap is not installed"
}

# chroot_base [PACKAGE...]: prints the directory of a finished base; builds it if there is none.
chroot_base() {
    local key base
    key=$CHROOT_SUITE-$(printf '%s\n' "$@" | sort -u | sha256sum | cut -c1-12)
    base=$CHROOT_CACHE/$key
    mkdir -p "$CHROOT_CACHE"
    (
        flock 9
        [ -e "$base/.done" ] || chroot_make_base "$base" "$@"
    ) 9>"$base.lock" >"$base.log" 2>&1 3>&- || {
        tail -n 20 "$base.log" >&2
        return 1
    }
    echo "$base"
}

# An interrupted one is rebuilt. Extra packages are installed into a copy of the minimal one. A base that
# is not finished is not used, so dpkg need not sync.
chroot_make_base() {
    local base=$1 minimal
    shift
    rm -rf "$base"
    if [ $# = 0 ]; then
        PATH=$PATH:/usr/sbin debootstrap --variant=minbase "${CHROOT_OPTIONS[@]}" "$CHROOT_SUITE" "$base" "$CHROOT_MIRROR" \
            ${CHROOT_SCRIPT:+"$CHROOT_SCRIPT"} || return 1
        printf '#!/bin/sh\nexit 101\n' >"$base/usr/sbin/policy-rc.d"
        chmod 755 "$base/usr/sbin/policy-rc.d"
        echo force-unsafe-io >"$base/etc/dpkg/dpkg.cfg.d/unsafe-io"
        apt-config dump | grep -E '^Acquire::https?::' >"$base/etc/apt/apt.conf.d/90host" || true
    else
        minimal=$(chroot_base) || return 1
        cp -a "$minimal" "$base" && rm "$base/.done" || return 1
        cp /etc/resolv.conf "$base/etc/resolv.conf"
        chroot_in "$base" apt-get update -q &&
            chroot_in "$base" apt-get install -y -q --no-install-recommends "$@" || return 1
    fi
    touch "$base/.done"
}

# In namespaces of its own: /proc is mounted for this command only, and its processes end with it.
chroot_in() {
    local root=$1
    shift
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child sh -c '
        mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"' "$root" \
        env -i PATH="$CHROOT_PATH" HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "${CHROOT_PROXY[@]}" \
        "$@" </dev/null
}

chroot_new() {
    local name=$1 base
    shift
    base=$(chroot_base "$@") || return 1
    ROOT=$T/$name
    mkdir -p "$ROOT" "$ROOT.tmpfs"
    mount -t tmpfs tmpfs "$ROOT.tmpfs" || skip "nothing can be mounted here"
    mkdir "$ROOT.tmpfs/upper" "$ROOT.tmpfs/work"
    mount -t overlay -o "lowerdir=$base,upperdir=$ROOT.tmpfs/upper,workdir=$ROOT.tmpfs/work" overlay "$ROOT" ||
        skip "no overlay here"
    rm -f "$ROOT/.done"
    cp /etc/resolv.conf "$ROOT/etc/resolv.conf"
    mount -t proc proc "$ROOT/proc"
    mount --bind /dev "$ROOT/dev"
}

# What it starts in the background lives on until chroot_drop.
chroot_run() {
    local root=$1
    shift
    chroot "$root" env -i PATH="$CHROOT_PATH" HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@" \
        </dev/null 3>&-
}

# chroot_pids ROOT: the processes that run there.
chroot_pids() {
    local link
    for link in /proc/[0-9]*/root; do
        [ "$(readlink "$link" 2>/dev/null)" != "$1" ] || basename "${link%/root}"
    done
}

chroot_drop() {
    local root pids
    for root in "$@"; do
        pids=$(chroot_pids "$root")
        # shellcheck disable=SC2086
        [ -z "$pids" ] || kill -KILL $pids 2>/dev/null || true
        umount -l "$root/dev" "$root/proc" "$root" "$root.tmpfs" 2>/dev/null || true
        rmdir "$root" "$root.tmpfs" 2>/dev/null || true
    done
}

# chroot_ubuntu: the next bases are Ubuntu 24.04. Debian has no key for its archive, so nothing checks the packages.
chroot_ubuntu() {
    CHROOT_SUITE=noble CHROOT_MIRROR=${UBUNTU_MIRROR:-http://archive.ubuntu.com/ubuntu}
    CHROOT_OPTIONS=(--no-check-gpg "--components=main,universe") CHROOT_SCRIPT=/usr/share/debootstrap/scripts/gutsy
}
