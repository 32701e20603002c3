#!/usr/bin/env bats
# make deb: what the packages hold, and what installing, running, upgrading, removing and purging them
# does to a fresh Debian.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034

load ../lib/helper
load ../lib/chroot
load ../lib/boot

NEXT=99.1 # the version to upgrade to
BASE=(lighttpd lighttpd-mod-openssl curl jq openssl systemd)

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

@test "deb: the packages, and a second make deb leaves them alone" {
    local arch before
    arch=$(dpkg --print-architecture)
    before=$(stat -c '%n %y' "$DEB/rollcall-handler_${VERSION}_$arch.deb" "$DEB/rollcall-agent_${VERSION}_$arch.deb")
    make -s -C "$REPO" BUILD="$ROLLCALL_BUILD" deb
    [ "$before" = "$(stat -c '%n %y' "$DEB"/rollcall-handler_*.deb "$DEB"/rollcall-agent_*.deb)" ]
}

@test "deb: the same sources give the same packages" {
    # (The ones that are there may be older than the last commit, whose date they otherwise bear.)
    local deb date
    date=$(sed -n 's/^ SOURCE_DATE_EPOCH="\([0-9]*\)"$/\1/p' "$DEB"/*.buildinfo)
    SOURCE_DATE_EPOCH=$date "$REPO/scripts/deb/build" "$VERSION" "$T/again"
    for deb in "$T"/again/*.deb; do
        cmp "$deb" "$DEB/${deb##*/}"
    done
}

@test "deb: a version that is not valid in Debian is refused" {
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
    for program in $(in_root dpkg -L rollcall-handler rollcall-agent rollcall-aws | grep -E '^/usr/s?bin/.'); do
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

@test "deb: systemd finds nothing to say about the installed units" {
    machine units
    install_debs .
    run in_root sh -c 'systemd-analyze verify --man=no /lib/systemd/system/rollcall-*.timer \
        /lib/systemd/system/rollcall-*.socket /lib/systemd/system/rollcall-*.service 2>&1 | grep rollcall'
    [ "$output" = "" ] || fail "$output"
    [ "$(in_root systemctl is-enabled rollcall-handler.socket)" = enabled ]
    local unit
    for unit in rollcall-cleanup.timer rollcall-agent.timer rollcall-agent.service; do
        run in_root systemctl is-enabled $unit
        [ "$output" = disabled ] || fail "$unit is $output"
    done
}

# served: a lighttpd of the user rollcall with the embedded configuration, as it was installed.
served() {
    PORT=$(free_port) URL=http://127.0.0.1:$PORT
    in_root runuser -u rollcall -- mkdir -p -m 700 /var/lib/rollcall/web/htdocs /var/lib/rollcall/web/upload
    chroot_run "$ROOT" runuser -u rollcall -- env ROLLCALL_RUN=/var/lib/rollcall/web ROLLCALL_PORT="$PORT" \
        ROLLCALL_HANDLER=/usr/sbin/rollcall-handler ROLLCALL_WORKERS=2 ROLLCALL_CONFIG=/etc/rollcall/handler.json \
        lighttpd -D -f /usr/share/rollcall/lighttpd.conf >"$T/server" 2>&1 &
    PIDS+=($!)
    wait_until 30 server_answers || fail "$(cat "$T/server")"
}

# tell_agent: a token for it, as README has it, and whom to answer.
tell_agent() {
    in_root sh -c 'rollcall-token --label "$1" >/etc/rollcall/token' sh "$(date +%s.%N)"
    in_root sed -i "s,\"url\": \"\",\"url\": \"$URL/data\"," /etc/rollcall/agent.json
}

agent() { in_root runuser -u rollcall-agent -- rollcall-agent "$@"; }

lines_kept() { cat "$ROOT"/var/lib/rollcall/data/*/*.json | wc -l; }

@test "deb: run: the agent's record is in the collector's files" {
    machine run
    install_debs .
    served
    run -78 agent
    [[ $output == *"/etc/rollcall/agent.json: url: must not be empty"* ]] || fail "$output"
    tell_agent
    agent --print | jq -e '.processes | length > 0' >/dev/null
    agent | grep '^delivered .* status=200 '
    [ "$(lines_kept)" = 1 ]
    in_root rollcall-verify /var/lib/rollcall | grep -F ' 1 record, '
    [ "$(cat "$ROOT"/var/lib/rollcall/data/*/*.json | jq '.processes | length > 3')" = true ]
    # Who reads asks for the hosts.
    curl -s -H "Authorization: Bearer $(in_root rollcall-token --scope read --label reader)" "$URL/api/v1/hosts" |
        jq -e '.data.total == 1 and .data.hosts[0].records == 1'
    curl -s "$URL/hosts" | cmp - "$REPO/lighttpd/htdocs/index.html"
    # Hosts are judged without a server, and what is wrong is told by the watch's own user.
    echo '{"rules":[{"name":"no-such","why":"w","severity":"low","require":{"process":{"cmd":"no-such-program"}}}]}' >"$ROOT/etc/rollcall/policy.json"
    run -1 in_root rollcall-policy /etc/rollcall/policy.json /var/lib/rollcall
    [[ $output == *"1 of 1 rule fails"* ]] || fail "$output"
    in_root rollcall-policy --check /usr/share/rollcall/policy/baseline.json
    in_root sed -i 's,"records_dir",  "policy_file": "/etc/rollcall/policy.json"\,\n&,' /etc/rollcall/handler.json
    echo '{"targets":[{"type":"webhook","url":"http://127.0.0.1:9/"}]}' >"$ROOT/etc/rollcall/watch.json"
    in_root install -d -o rollcall-watch -m 700 /var/lib/rollcall-watch
    in_root runuser -u rollcall-watch -- rollcall-watch --dry-run --from-scratch |
        jq -e '.body.events | any(.event == "rule.broken" and .rule == "no-such")'
    # Whom the tokens file does not name is not let in, nor does the agent's file let others read it.
    in_root rollcall-token --list | grep '^token  ingest'
    run modes /etc/rollcall/tokens /etc/rollcall/token
    [ "$output" = "/etc/rollcall/tokens root rollcall 640
/etc/rollcall/token root rollcall-agent 640" ] || fail "$output"
}

@test "deb: upgraded: configuration, tokens and records stay, and the programs are new" {
    machine upgrade
    install_debs .
    served
    tell_agent
    agent
    in_root sed -i 's,"records_dir",  "keep_days": 400\,\n&,' /etc/rollcall/handler.json
    local before after kept=(/etc/rollcall/handler.json /etc/rollcall/agent.json /etc/rollcall/token /etc/rollcall/tokens)
    before=$(in_root sh -c 'sha256sum "$@"' sh "${kept[@]}")
    install_debs next
    after=$(in_root sh -c 'sha256sum "$@"' sh "${kept[@]}")
    [ "$before" = "$after" ]
    agent --version | grep -qxF "rollcall-agent $NEXT"
    in_root rollcall-handler --version | grep -qxF "rollcall-handler $NEXT"
    agent | grep '^delivered .* status=200 '
    [ "$(lines_kept)" = 2 ]
}

# remove_debs remove|purge PACKAGE...
remove_debs() { in_root apt-get "$1" -y -q "${@:2}" >"$T/apt" 2>&1 || fail "$(cat "$T/apt")"; }

@test "deb: removed: configuration and records stay, programs and units go; then purged: only records stay" {
    machine leave
    install_debs .
    in_root lighty-enable-mod rollcall
    in_root lighttpd -tt -f /etc/lighttpd/lighttpd.conf
    in_root systemctl enable rollcall-agent.timer rollcall-cleanup.timer rollcall-handler@33.service
    in_root rollcall-selfsigned collector.test
    served
    tell_agent
    agent
    run -75 agent --url http://127.0.0.1:9/
    [ -n "$(find "$ROOT/var/spool/rollcall" -type f -size +0)" ]
    rollcall_teardown
    remove_debs remove rollcall-handler rollcall-agent rollcall-aws
    [ -z "$(find "$ROOT"/usr/bin "$ROOT"/usr/sbin "$ROOT"/lib/systemd "$ROOT"/usr/share -name '*rollcall*')" ]
    [ ! -e "$ROOT/etc/lighttpd/conf-enabled/50-rollcall.conf" ]
    in_root lighttpd -tt -f /etc/lighttpd/lighttpd.conf
    in_root sha256sum /etc/rollcall/{handler.json,agent.json,tokens,token} /etc/rollcall/tls/{key,cert}.pem
    [ "$(lines_kept)" = 1 ]

    remove_debs purge rollcall-handler rollcall-agent rollcall-aws
    grep -qF 'the records in /var/lib/rollcall are kept' "$T/apt" || fail "$(cat "$T/apt")"
    [ "$(lines_kept)" = 1 ]
    find "$ROOT"/etc "$ROOT"/var/spool "$ROOT"/usr "$ROOT"/lib/systemd "$ROOT"/var/lib/systemd -name '*rollcall*' >"$T/left"
    diff "$T/left" /dev/null
    in_root getent passwd rollcall rollcall-agent

    # Once more from the start, with the records that are there.
    install_debs .
    served
    tell_agent
    agent
    [ "$(lines_kept)" = 2 ]
}

@test "deb: purged without records: nothing is left but the users" {
    machine empty
    find "$ROOT"/etc "$ROOT"/var "$ROOT"/usr "$ROOT"/lib/systemd -name '*rollcall*' >"$T/before"
    install_debs .
    remove_debs purge rollcall-handler rollcall-agent rollcall-aws
    find "$ROOT"/etc "$ROOT"/var "$ROOT"/usr "$ROOT"/lib/systemd -name '*rollcall*' | sort | diff "$T/before" -
}

@test "deb: purged under production.conf: lighttpd still starts" {
    machine purged
    install_debs .
    in_root rollcall-selfsigned collector.test
    in_root install -d /var/www/rollcall /var/cache/rollcall-upload
    in_root cp /usr/share/rollcall/production.conf /etc/lighttpd/lighttpd.conf
    in_root lighttpd -tt -f /etc/lighttpd/lighttpd.conf
    remove_debs purge rollcall-handler rollcall-agent rollcall-aws
    grep -qF '/etc/rollcall/tls is kept' "$T/apt" || fail "$(cat "$T/apt")"
    in_root lighttpd -tt -f /etc/lighttpd/lighttpd.conf
}

@test "deb: the build needs the packages in scripts/packages" {
    # (Every Debian build has a compiler and make.)
    awk '$1 == "build" && $2 !~ /^(make|gcc|libc6-dev)$/ { print " " $2 "," }' "$REPO/scripts/packages" >"$T/needed"
    [ -s "$T/needed" ]
    run ! grep -vxFf "$REPO/scripts/deb/debian/control" "$T/needed"
}

# ---- under a real systemd

@test "deb: under systemd: README's commands, an upgrade under load that loses no request, the removal" {
    PATH=$PATH:/usr/sbin command -v systemd-nspawn >/dev/null || skip "systemd-nspawn is not installed"
    machine booted
    install_debs .
    umount -l "$ROOT/dev" "$ROOT/proc" # systemd-nspawn brings its own
    rm -f "$ROOT/usr/sbin/policy-rc.d"
    cat >"$ROOT/probe" <<'END'
until_true() { local n; for n in {1..500}; do "$@" >/dev/null 2>&1 && return; sleep 0.02; done; echo "gave up: $*"; }
state() { systemctl is-active "$@" | tr '\n' ' '; }
all_active() { [ -z "$(systemctl is-active "$@" | grep -vx active)" ]; }
answers() { curl -s -o /dev/null http://127.0.0.1/; }
post() { curl -s -o /dev/null -w '%{http_code}\n' -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
    --data '{"processor":"p","processes":[],"users":[],"os_name":"Linux","os_ver":"6.1"}' http://127.0.0.1/data; }
kept() { cat /var/lib/rollcall/data/*/* 2>/dev/null | grep -c '"rollcall":{'; }

until_true all_active rollcall-handler.socket rollcall-handler@{1..32}
echo "installed: $(state rollcall-handler.socket rollcall-handler@{1..33})"
until_true all_active rollcall-query.socket rollcall-query@{1..4} rollcall-files.socket rollcall-files@{1..4}
echo "query: $(state rollcall-query.socket rollcall-query@{1..5} rollcall-files.socket rollcall-files@{1..5})"
echo "agent: $(state rollcall-agent.timer rollcall-agent.service)"
READER=$(rollcall-token --scope read --label reader)
hosts() { curl -s -H "Authorization: Bearer $READER" http://127.0.0.1/api/v1/hosts | jq -c '[.status, .data.total]'; }
TOKEN=$(rollcall-token --label agents)
lighty-enable-mod rollcall >&2 && systemctl restart lighttpd
until_true answers
echo "first: $(post)"
echo "hosts: $(hosts)"
echo "page: $(curl -s http://127.0.0.1/hosts | cmp - /usr/share/rollcall/htdocs/index.html && echo the same)"
sed -i 's,"url": "","url": "http://127.0.0.1/data",' /etc/rollcall/agent.json
echo "$TOKEN" | tee /etc/rollcall/token >/dev/null
systemctl enable --now rollcall-agent.timer
systemctl start rollcall-agent-once.service
echo "once: $(systemctl show -P Result rollcall-agent-once.service) $(kept)"

systemctl start rollcall-agent.service && systemctl stop rollcall-agent.timer && systemctl start rollcall-agent.service
before=$(systemctl show -P MainPID rollcall-agent.service rollcall-handler@1 rollcall-query@1 rollcall-files@1 | tr '\n' ' ')
(until [ -e /tmp/enough ]; do post; done >/tmp/posts) &
dpkg -i /packages/next/*.deb >&2
until_true test "$(wc -l </tmp/posts)" -gt 20
touch /tmp/enough && wait
echo "during the upgrade: $(sort -u /tmp/posts | tr '\n' ' ')"
echo "upgraded: $(state rollcall-handler.socket rollcall-handler@1 rollcall-handler@8 rollcall-agent.service lighttpd)"
echo "hosts after it: $(hosts) $(state rollcall-query.socket rollcall-query@1 rollcall-files@1)"
after=$(systemctl show -P MainPID rollcall-agent.service rollcall-handler@1 rollcall-query@1 rollcall-files@1 | tr '\n' ' ')
for pid in $before; do [[ " $after " != *" $pid "* ]] || echo "still the old one: $pid"; done
systemctl reload rollcall-agent.service && echo "reloaded: $(state rollcall-agent.service)"
rollcall-verify /var/lib/rollcall >&2 && echo verified

rollcall-selfsigned collector.test >&2
install -d -o www-data -m 700 /var/cache/rollcall-upload && install -d /var/www/rollcall
cp /etc/lighttpd/lighttpd.conf /tmp/lighttpd.conf
cp /usr/share/rollcall/production.conf /etc/lighttpd/lighttpd.conf && systemctl restart lighttpd
tls() { curl -sf --cacert /etc/rollcall/tls/cert.pem --connect-to collector.test::127.0.0.1: https://collector.test/healthz; }
until_true tls
echo "TLS: $(tls | jq -r .status)"
mv /tmp/lighttpd.conf /etc/lighttpd/lighttpd.conf && systemctl restart lighttpd

apt-get remove -y -q rollcall-handler rollcall-agent >&2
echo "removed: $(state rollcall-handler.socket rollcall-handler@1 rollcall-agent.service rollcall-agent.timer lighttpd)"
echo "without it: $(post)"
apt-get purge -y -q rollcall-handler rollcall-agent >&2
echo "failed: $(systemctl --failed --plain --no-legend | grep rollcall)"
[ "$(kept)" -ge $((2 + $(wc -l </tmp/posts))) ] && echo "all records are kept"
END
    boot "$ROOT" --private-network
    said "installed: $(printf 'active %.0s' {0..32})inactive "
    said "query: active active active active active inactive active active active active active inactive "
    said "agent: inactive inactive "
    said "first: 200"
    said 'hosts: ["success",1]'
    said 'page: the same'
    said "once: success 2"
    said "during the upgrade: 200 "
    said "upgraded: active active active active active "
    said 'hosts after it: ["success",1] active active active '
    run ! grep 'still the old one' "$ROOT/probe.out"
    said "reloaded: active "
    said verified
    said "TLS: success"
    said "removed: inactive inactive inactive inactive active "
    said "without it: 404"
    said "failed: "
    said "all records are kept"
}
