#!/usr/bin/env bats
# make deb: what the packages hold, and what installing, running, upgrading, removing and purging them
# does to a fresh Debian.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034

load ../lib/helper
load ../lib/chroot

NEXT=99.1 # the version to upgrade to
BASE=(lighttpd curl jq systemd)

setup_file() {
    make -s -C "$REPO" BUILD="$ROLLCALL_BUILD" deb
    "$REPO/scripts/deb/build" $NEXT "$BATS_FILE_TMPDIR/next"
}

setup() {
    T=$BATS_TEST_TMPDIR PIDS=()
    DEB=$ROLLCALL_BUILD/deb
    VERSION=$(make -s -C "$REPO" print-VERSION)
}

teardown() {
    rollcall_teardown
    [ -z "${ROOT-}" ] || chroot_drop "$ROOT"
}

# ---- the packages

@test "deb: two packages, and a second make deb leaves them alone" {
    local arch before
    arch=$(dpkg --print-architecture)
    before=$(stat -c '%n %y' "$DEB/rollcall-handler_${VERSION}_$arch.deb" "$DEB/rollcall-agent_${VERSION}_$arch.deb")
    make -s -C "$REPO" BUILD="$ROLLCALL_BUILD" deb
    [ "$before" = "$(stat -c '%n %y' "$DEB"/rollcall-handler_*.deb "$DEB"/rollcall-agent_*.deb)" ]
}

@test "deb: the same sources give the same packages" {
    "$REPO/scripts/deb/build" "$VERSION" "$T/again"
    local deb
    for deb in "$T"/again/*.deb; do
        cmp "$deb" "$DEB/${deb##*/}"
    done
}

@test "deb: a version that Debian does not take is refused" {
    run -1 "$REPO/scripts/deb/build" 1.0_a "$T/none"
    [[ $output == *"must begin with a digit and hold letters, digits and . + ~ only, not '1.0_a'"* ]]
    [ ! -e "$T/none" ]
}

@test "deb: lintian finds no error and no warning" {
    run lintian --allow-root --fail-on error,warning "$DEB"/*.changes
    [ "$status" = 0 ] || fail "$output"
}

# ---- on a machine

# machine NAME: ROOT, with the packages of a directory below /packages.
machine() {
    chroot_needs
    chroot_new "$1" "${BASE[@]}"
    mkdir "$ROOT/packages" "$ROOT/packages/next"
    cp "$DEB"/rollcall-*_"$VERSION"_*.deb "$ROOT/packages"
    cp "$BATS_FILE_TMPDIR"/next/rollcall-*_"$NEXT"_*.deb "$ROOT/packages/next"
    rm "$ROOT"/packages/*-dbgsym_* "$ROOT"/packages/next/*-dbgsym_*
}

in_root() { chroot_run "$ROOT" "$@"; }

# install_debs [FOLDER]: as people do it.
install_debs() {
    in_root sh -c "apt-get install -y -q --no-install-recommends /packages/$1/*.deb" >"$T/apt" 2>&1 ||
        fail "$(cat "$T/apt")"
}

# modes PATH...: "owner group mode" of each.
modes() { in_root stat -c '%n %U %G %a' "$@"; }

@test "deb: installed: programs with their manuals, users, directories, configuration" {
    machine fresh
    install_debs .
    local program found=0
    for program in $(in_root dpkg -L rollcall-handler rollcall-agent | grep -E '^/usr/s?bin/.'); do
        in_root "$program" --version | grep -qxF "${program##*/} $VERSION" || fail "$program says no version"
        in_root sh -c "ls /usr/share/man/man[18]/${program##*/}.[18].gz" || fail "$program has no manual"
        found=$((found + 1))
    done
    [ "$found" -ge 6 ]
    [ "$(in_root getent passwd rollcall | cut -d: -f6,7)" = /var/lib/rollcall:/usr/sbin/nologin ]
    [ "$(in_root getent passwd rollcall-agent | cut -d: -f6,7)" = /:/usr/sbin/nologin ]
    run modes /var/lib/rollcall /var/spool/rollcall /etc/rollcall /etc/rollcall/{handler.json,tokens,agent.json,token}
    diff - <(echo "$output") <<'END'
/var/lib/rollcall rollcall rollcall 750
/var/spool/rollcall rollcall-agent rollcall-agent 700
/etc/rollcall root root 755
/etc/rollcall/handler.json root root 644
/etc/rollcall/tokens root rollcall 640
/etc/rollcall/agent.json root root 644
/etc/rollcall/token root rollcall-agent 640
END
    in_root runuser -u rollcall -- rollcall-handler --check
}
