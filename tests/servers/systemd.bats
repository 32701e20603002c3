#!/usr/bin/env bats
# scripts/systemd/ as it is shipped: how much the units expose, and (as root, where systemd-nspawn can
# start one) what a real systemd makes of them.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153

load servers
load ../lib/boot

UNITS=$REPO/scripts/systemd
SERVICES=(rollcall-handler@.service rollcall-agent.service rollcall-agent-once.service rollcall-cleanup.service rollcall-archive.service
    rollcall-bucket@.service rollcall-objects@.service rollcall-heal.service rollcall-query@.service rollcall-files@.service)

setup() { servers_setup; }
teardown() {
    rollcall_teardown
    [ -z "${CONTAINER-}" ] || umount -l "$CONTAINER"
}

exposure() {
    systemd-analyze security --offline=true --no-pager "$UNITS/$1" |
        sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p'
}

@test "systemd: each service's exposure is the documented one, and at most 2.0" {
    needs systemd-analyze
    local unit stated
    for unit in "${SERVICES[@]}"; do
        stated=$(sed -n 's/^# .*systemd-analyze security .* rates it \([0-9.]*\)\.$/\1/p' "$UNITS/$unit")
        echo "$unit: states $stated, has $(exposure "$unit")"
        [ "$(exposure "$unit")" = "$stated" ]
        awk -v n="$stated" 'BEGIN { exit n > 2.0 }'
    done
}

@test "systemd: what the services share is the same in each" {
    local unit
    for unit in "${SERVICES[@]}"; do
        # The agent reports the host name, so it must see a new one. Workers limit themselves further.
        sed -n '/^ProtectHostname/d; /^# The program limits itself/d; /^SystemCallFilter=seccomp/d; /^NoNewPrivileges/,/^SystemCallErrorNumber/p' "$UNITS/$unit" >"$T/$unit.hardening"
        [ -s "$T/$unit.hardening" ]
        cmp "$T/$unit.hardening" "$T/${SERVICES[0]}.hardening"
    done
}

@test "systemd: systemd-analyze finds nothing to say about the units" {
    needs systemd-analyze
    local unit
    mkdir "$T/units"
    for unit in "$UNITS"/*.service "$UNITS"/*.socket "$UNITS"/*.timer; do
        sed "s,=/usr/local/s*bin/[a-z-]*,=/bin/true," "$unit" >"$T/units/${unit##*/}"
    done
    run systemd-analyze verify --man=no "$T"/units/*
    [ "$output" = "" ]
}

@test "systemd: users and directories" {
    needs systemd-sysusers systemd-tmpfiles
    [ "$(id -u)" = 0 ] || skip "only root can make users"
    mkdir -p "$T/root/etc"
    systemd-sysusers --root="$T/root" "$UNITS/rollcall.sysusers"
    grep -q '^rollcall:.*:/var/lib/rollcall:/usr/sbin/nologin$' "$T/root/etc/passwd"
    grep -q '^rollcall-agent:.*:/:/usr/sbin/nologin$' "$T/root/etc/passwd"
    systemd-tmpfiles --root="$T/root" --create "$UNITS/rollcall.tmpfiles"
    [ "$(stat -c %a "$T/root/var/lib/rollcall" "$T/root/var/spool/rollcall" | tr '\n' ' ')" = "750 700 " ]
}

@test "systemd: several handlers share a socket that systemd listens on (LISTEN_FDS)" {
    needs systemd-socket-activate nginx
    # LISTEN_PID is each one's own, as systemd sets it for each service.
    cat >"$SITE/three" <<'END'
for n in 1 2 3; do
    sh -c 'LISTEN_PID=$$ exec "$0"' "$1" &
done
wait
END
    start handlers env ROLLCALL_CONFIG="$T/handler.json" systemd-socket-activate -l "$SITE/run/handler.sock" \
        -E ROLLCALL_CONFIG sh "$SITE/three" "$SITE/rollcall-handler"
    HANDLERS=$STARTED
    wait_until 10 test -S "$SITE/run/handler.sock"
    nginx_start
    http_post "$T/record.json"
    assert_status 200
    wait_until 10 three_handlers
    all_at_once 99
    local pids pid
    pids=$(pgrep -P "$HANDLERS")
    # One that ends takes neither the socket nor the others with it.
    kill -TERM "$(head -n 1 <<<"$pids")"
    wait_until 10 gone "$(head -n 1 <<<"$pids")"
    http_post "$T/record.json"
    assert_status 200
    for pid in $pids; do
        kill -TERM "$pid" 2>/dev/null || true
    done
    check_store
}
three_handlers() { [ "$(pgrep -c -P "$HANDLERS")" = 3 ]; }

all_at_once() {
    local i options=()
    for i in $(seq "$1"); do
        options+=(--next -s -o /dev/null -w '%{http_code}\n' "$URL/healthz")
    done
    curl --no-progress-meter -Z --parallel-max 20 "${options[@]:1}" | sort | uniq -c | grep -qx " *$1 200"
}

# ---- a real systemd

# container: a throw-away copy of this machine's files with the units installed.
container() {
    [ "$(id -u)" = 0 ] || skip "only root can start a container"
    needs systemd-nspawn nginx
    mkdir -p "$T/upper" "$T/work" "$T/container"
    mount -t tmpfs tmpfs "$T/work" && mkdir "$T/work/upper" "$T/work/work"
    mount -t overlay -o "lowerdir=/,upperdir=$T/work/upper,workdir=$T/work/work" overlay "$T/container" ||
        skip "no overlay here"
    umount -l "$T/work"
    CONTAINER=$T/container
    rm -rf "$CONTAINER"/etc/systemd/system/*.wants "$CONTAINER"/etc/nginx/sites-enabled "$CONTAINER"/etc/nginx/modules-enabled
    make -s -C "$REPO" BUILD="$ROLLCALL_BUILD" DESTDIR="$CONTAINER" install
    local data=$CONTAINER/usr/local/share/rollcall
    cp "$data"/systemd/rollcall-* "$CONTAINER/etc/systemd/system/"
    install -D "$data/systemd/rollcall.sysusers" "$CONTAINER/etc/sysusers.d/rollcall.conf"
    install -D "$data/systemd/rollcall.tmpfiles" "$CONTAINER/etc/tmpfiles.d/rollcall.conf"
    sed 's,listen 80;,listen 127.0.0.1:7009;,' "$data/other-servers/nginx.conf" >"$CONTAINER/etc/nginx/conf.d/rollcall.conf"
    mkdir -p "$CONTAINER/etc/rollcall"
    cp "$T/tokens" "$CONTAINER/etc/rollcall/tokens"
    echo '{"records_dir":"/var/lib/rollcall","tokens_file":"/etc/rollcall/tokens"}' >"$CONTAINER/etc/rollcall/handler.json"
    echo '{"url":"http://127.0.0.1:7009/data","token_file":"/etc/rollcall/token"}' >"$CONTAINER/etc/rollcall/agent.json"
    printf '%s\n' "$TOKEN" >"$CONTAINER/etc/rollcall/token"
}

PROBE_START='
until_true() { local n; for n in {1..500}; do "$@" >/dev/null 2>&1 && return; sleep 0.02; done; echo "gave up: $*"; }
chown root:rollcall /etc/rollcall/tokens && chmod 640 /etc/rollcall/tokens
chown rollcall-agent /etc/rollcall/token && chmod 400 /etc/rollcall/token
nginx
post() { curl -s -o /dev/null -w "%{http_code}" -H "Authorization: Bearer test-token-ingest" -H "Content-Type: application/json" \
    --data "{\"hostname\":\"h\",\"processor\":\"p\",\"processes\":[],\"users\":[],\"os_name\":\"Linux\",\"os_ver\":\"6.1\"}" \
    http://127.0.0.1:7009/data; }
state() { systemctl is-active "$@" | tr "\n" " "; }
all_active() { [ -z "$(systemctl is-active "$@" | grep -vx active)" ]; }
last() { tail -n 1 /var/lib/rollcall/data/*/*.json | jq -r "$1"; }
'

@test "systemd: handlers behind the socket unit, started, killed, stopped" {
    container
    cat >"$CONTAINER/probe" <<END
$PROBE_START
systemctl start rollcall-handler.socket
echo "socket: \$(stat -c '%U %G %a' /run/rollcall/handler.sock)"
echo "asleep: \$(state rollcall-handler@1)"
echo "woken: \$(post) \$(state rollcall-handler@1)"
systemctl start rollcall-handler@{2..4}
echo "four: \$(post) \$(state rollcall-handler@{1..4})"
echo "user: \$(ps -o user= -p \$(systemctl show -P MainPID rollcall-handler@2))"
echo "files: \$(stat -c '%U %a' /var/lib/rollcall /var/lib/rollcall/data/*/*.json | tr '\n' ' ')"
old=\$(systemctl show -P MainPID rollcall-handler@2)
kill -KILL \$old
new() { [ "\$(systemctl show -P MainPID rollcall-handler@2)" != \$old ] && all_active rollcall-handler@2; }
until_true new
echo "killed: \$(post) \$(state rollcall-handler@2)"
systemctl restart rollcall-handler.socket
until_true all_active rollcall-handler@{1..4}
echo "restarted: \$(post) \$(state rollcall-handler@{1..4})"
systemctl stop rollcall-handler.socket
echo "stopped: \$(state rollcall-handler@{1..4} rollcall-handler.socket)"
END
    boot "$CONTAINER"
    said "socket: rollcall www-data 660"
    said "asleep: inactive "
    said "woken: 200 active "
    said "four: 200 active active active active "
    said "user: rollcall"
    said "files: rollcall 750 rollcall 640 "
    said "killed: 200 active "
    said "restarted: 200 active active active active "
    said "stopped: inactive inactive inactive inactive inactive "
}

@test "systemd: questions and downloads are answered by a user who can read only" {
    container
    cat >"$CONTAINER/probe" <<END
$PROBE_START
echo "\$(printf read | sha256sum | cut -d' ' -f1) read # reader" >>/etc/rollcall/tokens
get() { curl -s -o /tmp/body -w "%{http_code}" -H "Authorization: Bearer read" "http://127.0.0.1:7009\$1"; }
systemctl start rollcall-handler.socket rollcall-query.socket rollcall-files.socket
echo "sockets: \$(stat -c '%U %G %a' /run/rollcall/query.sock /run/rollcall/files.sock | tr '\n' ' ')"
echo "post: \$(post) \$(post)"
echo "hosts: \$(get /api/v1/hosts) \$(jq -c '.data.hosts | map([.ip, .state, .records])' /tmp/body)"
day=\$(ls /var/lib/rollcall/data)
echo "file: \$(get /files/\$day/127.0.0.1_\$day.json) \$(cmp /tmp/body /var/lib/rollcall/data/\$day/*.json && echo same)"
systemctl start rollcall-query@{2..4} rollcall-files@{2..4}
echo "eight: \$(state rollcall-query@{1..4} rollcall-files@{1..4})"
echo "user: \$(ps -o user:20= -p \$(systemctl show -P MainPID rollcall-query@1))"
systemctl stop rollcall-query.socket rollcall-files.socket
echo "stopped: \$(state rollcall-query@1 rollcall-files@4) \$(get /api/v1/hosts)"
END
    boot "$CONTAINER"
    said "sockets: rollcall-query www-data 660 rollcall-query www-data 660 "
    said "post: 200 200"
    said 'hosts: 200 [["127.0.0.1","present",2]]'
    said "file: 200 same"
    said "eight: active active active active active active active active "
    said "user: rollcall-query"
    said "stopped: inactive inactive  502"
}

@test "systemd: the agent, hardened, sees every process, its user, and who is logged in" {
    container
    cat >"$CONTAINER/probe" <<END
$PROBE_START
systemctl start rollcall-handler.socket rollcall-handler@{1..2}
mkdir -p /run/systemd/sessions
sleep 100 &
printf 'UID=0\nUSER=ana\nACTIVE=1\nSTATE=active\nTYPE=tty\nCLASS=user\nTTY=pts/7\nLEADER=%s\n' \$! >/run/systemd/sessions/7
systemctl start rollcall-agent-once.service
echo "once: \$(systemctl show -P Result rollcall-agent-once.service)"
echo "pid 1: \$(last '.processes[0] | .pid, .user, .uid' | tr '\n' ' ')"
echo "users: \$(last '[.processes[].user] | unique | map(select(. == "root" or . == "rollcall" or . == "rollcall-agent" or . == "www-data")) | join(" ")')"
echo "logged in: \$(last '[.users[].name] | join(" ")')"
echo "itself: \$(last '.processes[] | select(.user == "rollcall-agent") | .cmd')"
systemctl start rollcall-agent.timer
echo "timer: \$(systemctl show -P Unit rollcall-agent.timer) \$(state rollcall-agent.timer)"
D=/etc/systemd/system/rollcall-agent-once.service.d
install -D -m 644 /usr/local/share/rollcall/systemd/see-everything.conf \$D/see-everything.conf
printf '[Service]\nExecStart=\nExecStart=/bin/sh -c "grep CapEff /proc/self/status >/var/spool/rollcall/caps; exec /usr/local/bin/rollcall-agent"\n' >\$D/z.conf
systemctl daemon-reload
systemctl start rollcall-agent-once.service
echo "drop-in: \$(systemctl show -P Result rollcall-agent-once.service) \$(cat /var/spool/rollcall/caps)"
END
    boot "$CONTAINER"
    said "once: success"
    said "pid 1: 1 root 0 "
    said "users: rollcall rollcall-agent root www-data"
    said "logged in: ana"
    said "itself: /usr/local/bin/rollcall-agent"
    said "timer: rollcall-agent-once.service active "
    # CAP_DAC_READ_SEARCH (2) and CAP_SYS_PTRACE (19), no other.
    said "drop-in: success CapEff:	0000000000080004"
}

@test "systemd: the resident agent keeps time, and conflicts with the timer" {
    container
    cat >"$CONTAINER/probe" <<END
$PROBE_START
systemctl start rollcall-handler.socket rollcall-handler@{1..2}
mkdir -p /etc/systemd/system/rollcall-agent.service.d
printf '[Service]\nEnvironment=EVERY=1s\n' >/etc/systemd/system/rollcall-agent.service.d/pace.conf
systemctl daemon-reload
systemctl start rollcall-agent.service
three() { [ "\$(cat /var/lib/rollcall/data/*/*.json | wc -l)" -ge 3 ]; }
until_true three
until_true three
echo "stays: \$(state rollcall-agent.service)"
# "start" returns when the timer runs, not when the service that it conflicts with has ended.
stopped() { [ "\$(systemctl is-active "\$1")" = inactive ]; }
systemctl start rollcall-agent.timer
until_true stopped rollcall-agent.service
echo "timer: \$(state rollcall-agent.service rollcall-agent.timer) \$(systemctl show -P Result rollcall-agent.service)"
systemctl start rollcall-agent.service
until_true stopped rollcall-agent.timer
echo "stays again: \$(state rollcall-agent.service rollcall-agent.timer)"
END
    boot "$CONTAINER"
    said "stays: active "
    said "timer: inactive active  success"
    said "stays again: active inactive "
}

@test "systemd: clean-up removes what is old, and nothing else" {
    container
    echo '{"records_dir":"/var/lib/rollcall","tokens_file":"/etc/rollcall/tokens","keep_days":30}' \
        >"$CONTAINER/etc/rollcall/handler.json"
    cat >"$CONTAINER/probe" <<END
$PROBE_START
systemctl start rollcall-handler.socket
echo "post: \$(post)"
D=/var/lib/rollcall/data
today=\$(ls \$D)
cp -a \$D/\$today \$D/2020-01-02
for f in \$D/2020-01-02/*; do mv \$f \${f%_*}_2020-01-02.\${f##*.}; done
echo "before: \$(ls \$D | wc -l)"
systemctl start rollcall-cleanup.service
echo "cleaned: \$(systemctl show -P Result rollcall-cleanup.service) \$([ "\$(ls \$D)" = "\$today" ] && echo today is left)"
systemctl start rollcall-cleanup.timer
echo "timer: \$(state rollcall-cleanup.timer)"
journalctl --no-pager -o cat -u rollcall-cleanup.service >&2
END
    boot "$CONTAINER"
    said "post: 200"
    said "before: 2"
    said "cleaned: success today is left"
    said "timer: active "
}

@test "systemd: the archive is shipped by a hardened service, with keys that only root can read" {
    command -v python3 >/dev/null || skip "python3 is not installed"
    container
    echo '{"records_dir":"/var/lib/rollcall","tokens_file":"/etc/rollcall/tokens",
        "s3":{"bucket":"records","endpoint":"http://127.0.0.1:7008"}}' >"$CONTAINER/etc/rollcall/handler.json"
    printf 'AWS_ACCESS_KEY_ID=key\nAWS_SECRET_ACCESS_KEY=secret\n' >"$CONTAINER/etc/rollcall/archive.env"
    chmod 600 "$CONTAINER/etc/rollcall/archive.env"
    # A store that takes everything and has nothing; what it was sent is in the tests of tests/aws.
    cat >"$CONTAINER/store" <<'END'
from http.server import BaseHTTPRequestHandler, HTTPServer
class Store(BaseHTTPRequestHandler):
    def do_GET(self):
        listing = "list-type" in self.path
        body = b"<ListBucketResult/>" if listing else b"<Error><Code>NoSuchKey</Code></Error>"
        self.send_response(200 if listing else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        print(self.path.split("/")[2], self.headers["Authorization"].split("/")[0], flush=True)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass
HTTPServer(("127.0.0.1", 7008), Store).serve_forever()
END
    cat >"$CONTAINER/probe" <<END
$PROBE_START
python3 /store >/store.log 2>&1 &
systemctl start rollcall-handler.socket
echo "post: \$(post)"
D=/var/lib/rollcall/data
today=\$(ls \$D)
cp -a \$D/\$today \$D/2020-01-02
for f in \$D/2020-01-02/*; do mv \$f \${f%_*}_2020-01-02.\${f##*.}; done
until_true curl -s -o /dev/null http://127.0.0.1:7008/
systemctl start rollcall-archive.service
echo "shipped: \$(systemctl show -P Result rollcall-archive.service) \$(sort /store.log | uniq -c | tr -s ' \n' ' ')"
echo "mark: \$(stat -c '%U %a' /var/lib/rollcall/archived/2020-01-02.json)"
systemctl start rollcall-archive.timer
echo "timer: \$(state rollcall-archive.timer)"
journalctl --no-pager -o cat -u rollcall-archive.service >&2
END
    boot "$CONTAINER"
    said "post: 200"
    said "shipped: success  1 catalogue AWS4-HMAC-SHA256 Credential=key 1 csv AWS4-HMAC-SHA256 Credential=key 1 json AWS4-HMAC-SHA256 Credential=key 1 manifest AWS4-HMAC-SHA256 Credential=key "
    said "mark: rollcall 640"
    said "timer: active "
}
