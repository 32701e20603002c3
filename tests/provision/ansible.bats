#!/usr/bin/env bats
# scripts/ansible: both plays against fresh Debians. Two are chroots, where what the plays leave behind is
# started by hand; a third has a systemd of its own. The inventory is the example, with a real vault.
# The tests of this file build on each other: a play takes its time.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load ../lib/helper
load ../lib/chroot

export PLAYS=$REPO/scripts/ansible
FIRST=the-first-token-of-the-fleet
SECOND=the-second-token-of-the-fleet
BASE=(python3 python3-apt systemd spawn-fcgi multiwatch ufw procps)
SETTINGS='{"test_api": true, "max_body_bytes": 4194304}'

setup_file() {
    chroot_needs
    command -v ansible-playbook >/dev/null || skip "ansible is not installed"
    export T=$BATS_FILE_TMPDIR ANSIBLE_NOCOLOR=1 ANSIBLE_PIPELINING=1 ANSIBLE_HOME=$BATS_FILE_TMPDIR/ansible
    export ANSIBLE_VAULT_PASSWORD_FILE=$T/vault-password ANSIBLE_LOCAL_TEMP=$T/ansible/tmp HTTP HTTPS COLLECTOR AGENT
    HTTP=$(free_port) HTTPS=$(free_port)
    make -s -C "$REPO" BUILD="$ROLLCALL_BUILD" deb >"$T/deb"
    chroot_new agent python3 && AGENT=$ROOT
    chroot_new collector "${BASE[@]}" && COLLECTOR=$ROOT
    make_inventory
}

teardown_file() {
    local chroots=()
    [ ! -d "$T/agent" ] || chroots+=("$T/agent")
    [ ! -d "$T/collector" ] || chroots+=("$T/collector")
    chroot_drop "${chroots[@]}"
}

setup() {
    PIDS=()
    NODE=''
}
teardown() {
    rollcall_teardown
    [ -z "$NODE" ] || node_drop
}

# ---- the rig

# The example, with the hosts' addresses, the ports of this test, and a vault.
make_inventory() {
    cp -r "$PLAYS/inventory.example" "$T/inventory"
    echo "a password" >"$T/vault-password"
    vault_token $FIRST
    cat >"$T/inventory/rig" <<END
[collectors]
collector.example.com ansible_host=$COLLECTOR
[agents]
web-1.example.com ansible_host=$AGENT
[rig:children]
collectors
agents
[rig:vars]
ansible_connection=community.general.chroot
ansible_user=root
ansible_python_interpreter=/usr/bin/python3
END
    jq -n --arg deb "$ROLLCALL_BUILD/deb" --arg url "https://localhost:$HTTPS/data" --arg ca "$T/collector.pem" \
        --argjson http "$HTTP" --argjson https "$HTTPS" '{rollcall_deb_dir: $deb, rollcall_cacert: $ca,
            rollcall_url: $url, rollcall_names: ["localhost", "127.0.0.1"], rollcall_bind: ["127.0.0.1"],
            rollcall_http_port: $http, rollcall_https_port: $https}' \
        >"$T/rig.json"
}

# vault_token TOKEN: what people do with vault.yml.example.
vault_token() {
    local vault=$T/inventory/group_vars/all/vault.yml
    sed "s/^vault_rollcall_token: .*/vault_rollcall_token: $1/" "$vault.example" >"$vault"
    ansible-vault encrypt --encrypt-vault-id default "$vault" 2>/dev/null
}

# play ARGUMENT...: sets status and output.
play() {
    run ansible-playbook -e "@$T/rig.json" "$@" 3>&-
}
both() { play -i "$T/inventory" -l collectors,web-1.example.com "$PLAYS/collector.yml" "$PLAYS/agent.yml" "$@"; }

# succeeded [unchanged]: no host failed, and (then) nothing changed on any.
succeeded() {
    { [ "$status" = 0 ] && grep -q " changed=" <<<"$output"; } || fail "$output"
    [ -z "${1-}" ] || ! grep -E ' changed=[^0]' <<<"$output" || fail "$output"
}

# background LOG COMMAND...
background() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null 3>&- &
    PIDS+=("$!")
}

# The deployed collector, started as systemd would.
collector_start() {
    background "$T/handlers.log" chroot_run "$COLLECTOR" env ROLLCALL_WORKERS=2 \
        ROLLCALL_HANDLER=/usr/sbin/rollcall-handler /usr/share/rollcall/other-servers/spawn-fcgi.sh
    wait_until 20 test -S "$COLLECTOR/run/rollcall/handler.sock" || fail "$(cat "$T/handlers.log")"
    background "$T/query.log" chroot_run "$COLLECTOR" env ROLLCALL_WORKERS=2 ROLLCALL_SOCKET=/run/rollcall/query.sock \
        ROLLCALL_USER=rollcall-query ROLLCALL_HANDLER=/usr/sbin/rollcall-query /usr/share/rollcall/other-servers/spawn-fcgi.sh
    wait_until 20 test -S "$COLLECTOR/run/rollcall/query.sock" || fail "$(cat "$T/query.log")"
    background "$T/lighttpd.log" chroot_run "$COLLECTOR" lighttpd -D -f /etc/lighttpd/lighttpd.conf
    wait_until 20 curl -s -o /dev/null "http://127.0.0.1:$HTTP/" || fail "$(cat "$T/lighttpd.log")"
}

# The deployed agent, once, as its user.
agent_run() { run chroot_run "$AGENT" runuser -u rollcall-agent -- rollcall-agent; }

records() { cat "$1"/var/lib/rollcall/data/*/*.json 2>/dev/null | wc -l; }

# answer TOKEN [curl options...]: the status of a record that is sent with it.
answer() {
    curl -s -o /dev/null -w '%{http_code}' --cacert "$T/collector.pem" -H "Authorization: Bearer $1" \
        -H 'Content-Type: application/json' --data "$SMALL" "${@:2}" "https://localhost:$HTTPS/data"
}

# ---- the plays

@test "ansible: the plays are well-formed" {
    play -i "$T/inventory" --syntax-check "$PLAYS/collector.yml" "$PLAYS/agent.yml"
    [ "$status" = 0 ] && [[ $output != *WARNING* ]] || fail "$output"
    command -v ansible-lint >/dev/null || skip "ansible-lint is not installed"
    (cd "$PLAYS" && run -0 ansible-lint --offline -q -p collector.yml agent.yml) || fail "$output"
}

@test "ansible: a dry run on fresh hosts touches nothing" {
    local before
    before=$(find "$COLLECTOR.tmpfs/upper" "$AGENT.tmpfs/upper" -path '*/etc/*' -o -path '*/usr/*' | sort)
    both --check
    # A cache of ansible's own is brought up to date where it can be; nothing else.
    [ "$status" = 0 ] || fail "$output"
    [[ $output == *"rollcall-handler would be installed first"* ]]
    [[ $output == *"rollcall-agent would be installed first"* ]]
    [ "$before" = "$(find "$COLLECTOR.tmpfs/upper" "$AGENT.tmpfs/upper" -path '*/etc/*' -o -path '*/usr/*' | sort)" ]
}

@test "ansible: both plays install everything, and a second run changes nothing" {
    both
    succeeded
    [[ $output == *"The certificate is self-signed"* ]]
    echo "$output" >"$T/first"
    run ! grep ' changed=0 ' "$T/first"
    both
    succeeded unchanged
    echo "$output" >"$T/second"
    play --check --diff -i "$T/inventory" -l web-1.example.com "$PLAYS/agent.yml" -e '{"rollcall_agent": {"args": "none"}}'
    succeeded
    [[ $output == *'+    "args": "none"'* ]]
    jq -e '.args == "masked"' "$AGENT/etc/rollcall/agent.json"
}

@test "ansible: configuration, secrets and their modes are as configured" {
    run chroot_run "$COLLECTOR" stat -c '%n %U %G %a' /etc/rollcall/{tokens,handler.json,tls/cert.pem,tls/key.pem} \
        /var/cache/rollcall-upload /var/lib/rollcall
    diff - <(echo "$output") <<'END'
/etc/rollcall/tokens root rollcall 640
/etc/rollcall/handler.json root root 644
/etc/rollcall/tls/cert.pem root root 644
/etc/rollcall/tls/key.pem root root 600
/var/cache/rollcall-upload www-data www-data 700
/var/lib/rollcall rollcall rollcall 750
END
    run chroot_run "$AGENT" stat -c '%n %U %G %a' /etc/rollcall/{token,agent.json,ca.pem}
    diff - <(echo "$output") <<'END'
/etc/rollcall/token rollcall-agent rollcall-agent 400
/etc/rollcall/agent.json root root 644
/etc/rollcall/ca.pem root root 644
END
    jq -e '. == {records_dir: "/var/lib/rollcall", tokens_file: "/etc/rollcall/tokens", keep_days: 400,
        keep_listing_days: 7}' "$COLLECTOR/etc/rollcall/handler.json"
    jq -e '.cacert == "/etc/rollcall/ca.pem" and .token_file == "/etc/rollcall/token" and .args == "masked"' \
        "$AGENT/etc/rollcall/agent.json"
    [ "$(tail -n 1 "$COLLECTOR/etc/rollcall/tokens")" = "$(sha256 $FIRST) ingest # agents" ]
    # The token is in the one file that is for it, and in no word that ansible said.
    run grep -rlF $FIRST "$COLLECTOR.tmpfs/upper" "$AGENT.tmpfs/upper" "$T/first" "$T/second"
    [ "$output" = "$AGENT.tmpfs/upper/etc/rollcall/token" ]
}

@test "ansible: the agent that was deployed delivers to the collector that was deployed" {
    collector_start
    agent_run
    [ "$status" = 0 ] || fail "$output"
    [ "$(records "$COLLECTOR")" = 1 ]
    local reader
    reader=$(chroot_run "$COLLECTOR" rollcall-token --scope read --label reader)
    curl -s --cacert "$T/collector.pem" -H "Authorization: Bearer $reader" "https://localhost:$HTTPS/api/v1/hosts" |
        jq -e '.data.total == 1 and .data.hosts[0].records == 1'
    curl -s --cacert "$T/collector.pem" "https://localhost:$HTTPS/hosts" | cmp - "$REPO/lighttpd/htdocs/index.html"
    [ "$(curl -s -o /dev/null -w '%{http_code} %{redirect_url}' "http://127.0.0.1:$HTTP/data")" = \
        "308 https://localhost:$HTTPS/data" ]
}

@test "ansible: a new token, an own certificate and required client certificates replace the old ones" {
    local key="openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2" name
    for name in server clients; do
        $key -subj "/CN=$name" -addext subjectAltName=DNS:localhost -keyout "$T/$name.key" -out "$T/$name.pem" 2>/dev/null
    done
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=web-1 -keyout "$T/web-1.key" \
        -out "$T/web-1.csr" 2>/dev/null
    openssl x509 -req -in "$T/web-1.csr" -CA "$T/clients.pem" -CAkey "$T/clients.key" -CAcreateserial \
        -out "$T/web-1.pem" 2>/dev/null
    cp "$T/server.key" "$T/server.vault" && ansible-vault encrypt --encrypt-vault-id default "$T/server.vault" 2>/dev/null
    vault_token $SECOND
    jq -n --arg t "$T" '{rollcall_tls_cert: "\($t)/server.pem", rollcall_tls_key: "\($t)/server.vault",
        rollcall_cacert: "\($t)/server.pem", rollcall_client_ca: "\($t)/clients.pem",
        rollcall_client_cert_required: true, rollcall_client_cert: "\($t)/web-1.pem",
        rollcall_client_key: "\($t)/web-1.key", rollcall_trusted_proxies: ["192.0.2.7"],
        rollcall_handler: $ARGS.positional[0]}' --jsonargs "$SETTINGS" >"$T/second.json"
    both -e "@$T/second.json"
    succeeded
    cp "$T/server.pem" "$T/collector.pem"
    cmp "$T/server.key" "$COLLECTOR/etc/rollcall/tls/key.pem"
    collector_start
    agent_run
    [ "$status" = 0 ] || fail "$output"
    local with=(--cert "$T/web-1.pem" --key "$T/web-1.key")
    [ "$(answer $SECOND "${with[@]}")" = 200 ]
    [ "$(answer $FIRST "${with[@]}")" = 401 ]
    [ "$(answer $SECOND)" != 200 ]
    [ "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$T/server.pem" "${with[@]}" "https://localhost:$HTTPS/api/test/count")" = 401 ]
    grep -q '^extforward.forwarder = ( "192.0.2.7" => "trust" )$' "$COLLECTOR/etc/lighttpd/lighttpd.conf"
    run grep -rlF $SECOND "$COLLECTOR.tmpfs/upper" "$AGENT.tmpfs/upper"
    [ "$output" = "$AGENT.tmpfs/upper/etc/rollcall/token" ]
}

@test "ansible: a firewall only if configured, and the same after a second run" {
    run ! grep -q ENABLED=yes "$COLLECTOR/etc/ufw/ufw.conf"
    cat >"$T/again.yml" <<END
- hosts: collectors
  tasks:
    - include_role: {name: $PLAYS/roles/collector, tasks_from: firewall}
END
    # In a network of its own, not in this machine's.
    # shellcheck disable=SC2016
    run unshare --net sh -c 'ip link set lo up
        ansible-playbook "$@" "$PLAYS/collector.yml" && ansible-playbook "$@" "$T/again.yml" && chroot "$0" ufw status' \
        "$COLLECTOR" -i "$T/inventory" -e "@$T/rig.json" -e "@$T/second.json" -e rollcall_firewall=true 3>&-
    [ "$status" = 0 ] || fail "$output"
    [ "$(grep -c ' changed=0 ' <<<"$output")" = 1 ] || fail "$output"
    for port in 22 "$HTTP" "$HTTPS"; do
        grep -qE "^$port/tcp +ALLOW +Anywhere" <<<"$output" || fail "$output"
    done
}

# ---- what people get wrong

# wrong HOST TEXT: the play ended for this host, with a message that has the text.
wrong() { grep -E "^(fatal|failed): \[$1\]" <<<"$output" | grep -qF -e "$2" || fail "$1 does not say: $2 $output"; }

@test "ansible: mistakes are named in one message, before anything is changed" {
    local before url=rollcall_url=https://localhost/data token=rollcall_token=a-token-not-to-be-shown
    before=$(find "$COLLECTOR/etc" "$AGENT/etc" -type f -exec sha256sum {} + | sort)
    cat >"$T/wrong.ini" <<END
[collectors]
no-tokens
no-label rollcall_tokens='[{"token": "a-token-not-to-be-shown"}]'
two-kinds rollcall_tokens='[{"label": "x", "token": "a-token-not-to-be-shown", "token_file": "/etc/passwd"}]'
half-a-pair rollcall_tokens=[] rollcall_tls_cert=/etc/passwd
no-key rollcall_tokens=[] rollcall_tls_cert=$T/server.pem rollcall_tls_key=/etc/passwd
no-settings rollcall_tokens=[] rollcall_handler=text
no-package rollcall_tokens=[] rollcall_handler_deb=/nowhere.deb
no-sum rollcall_tokens=[] rollcall_handler_deb_url=http://127.0.0.1:9/x.deb
not-its-key rollcall_tokens=[] rollcall_tls_cert=$T/server.pem rollcall_tls_key=$T/clients.key rollcall_handler='${SETTINGS/true/True}'
workers rollcall_tokens=[] rollcall_workers=banana
a-port rollcall_tokens=[] rollcall_https_port=99999
a-list rollcall_tokens=[] rollcall_bind=0.0.0.0
a-proxy rollcall_tokens=[] rollcall_trusted_proxies='["my proxy"]'
a-flag rollcall_tokens=[] rollcall_firewall=perhaps
a-path rollcall_tokens=[] rollcall_tls_cert_path=x rollcall_tls_key_path=y
no-ca rollcall_tokens=[] rollcall_client_ca=/nowhere.pem
no-policy rollcall_tokens=[] rollcall_policy=/nowhere.json
no-such-key rollcall_tokens=[] rollcall_handler='{"colour": "red"}'
[collectors:vars]
ansible_host=$COLLECTOR
[agents]
no-url
no-token $url
no-file $url rollcall_token_file=/nowhere
a-space $url rollcall_token='"a-token-not-to-be-shown and more"'
in-public $url $token rollcall_agent='{"token": "x"}'
no-such-run $url $token rollcall_run=daily
banana $url $token rollcall_every=banana
a-delay $url $token rollcall_delay=soon
a-calendar $url $token rollcall_calendar='whenever;'
a-yes $url $token rollcall_see_everything=perhaps
not-a-url $token rollcall_url=ftp://x rollcall_agent='{"url": "x"}'
no-cert $url $token rollcall_client_cert=/nowhere.pem rollcall_client_key=/nowhere.key
[agents:vars]
ansible_host=$AGENT
[all:vars]
ansible_connection=community.general.chroot
ansible_user=root
ansible_python_interpreter=/usr/bin/python3
END
    run ansible-playbook -f 4 -i "$T/wrong.ini" -e "rollcall_deb_dir=$ROLLCALL_BUILD/deb" "$PLAYS/collector.yml" 3>&-
    [ "$status" = 2 ]
    wrong no-tokens "rollcall_tokens is not set: who may send records?"
    wrong no-label "each needs a label of its own and one of token"
    wrong two-kinds "each needs a label of its own and one of token"
    wrong half-a-pair "rollcall_tls_cert and rollcall_tls_key go together"
    wrong no-key "is not a PEM key"
    wrong no-settings "rollcall_handler is not a dictionary"
    wrong workers "rollcall_workers must be a whole number from 1 to 512, not 'banana'"
    wrong a-port "rollcall_https_port must be a whole number from 1 to 65535, not '99999'"
    wrong a-list "rollcall_bind must be a list of addresses"
    wrong a-proxy "rollcall_trusted_proxies must be a list of addresses or prefixes"
    wrong a-flag "rollcall_firewall must be true or false, not 'perhaps'"
    wrong a-path "must be absolute paths"
    wrong no-policy "rollcall_policy: the file /nowhere.json does not exist"
    wrong no-ca "the file /nowhere.pem does not exist"
    wrong no-package "/nowhere.deb: there is no such package. Build it with make deb, or set rollcall_handler_deb"
    wrong no-sum "rollcall_handler_deb_url needs rollcall_handler_deb_sha256"
    wrong not-its-key "clients.key is not the key of $T/server.pem"
    wrong no-such-key "colour"
    run ! grep -F not-to-be-shown <<<"$output"
    run ansible-playbook -f 4 -i "$T/wrong.ini" "$PLAYS/agent.yml" 3>&-
    [ "$status" = 2 ]
    wrong no-url "rollcall_url is not set: where do records go?"
    wrong no-token "A token is needed: set rollcall_token"
    wrong no-file "there is no /nowhere on the control machine"
    wrong a-space "must be printable characters without spaces"
    wrong in-public "anyone can read agent.json"
    wrong banana "rollcall_every must be a time such as 30s or 5m, not 'banana'"
    wrong a-delay "rollcall_delay must be a time such as 30s or 5min, not 'soon'"
    wrong a-calendar "rollcall_calendar must be a calendar expression"
    wrong a-yes "rollcall_see_everything must be true or false, not 'perhaps'"
    wrong not-a-url "rollcall_url must be a URL"
    wrong no-cert "the file /nowhere.pem does not exist"
    wrong no-such-run "rollcall_run is service, timer or none, not 'daily'"
    run ! grep -F not-to-be-shown <<<"$output"
    play -i "$T/inventory" -l web-1.example.com -e ansible_os_family=RedHat "$PLAYS/agent.yml"
    [ "$status" = 2 ]
    wrong web-1.example.com "these plays install .deb packages, on Debian and its relatives"
    [ "$before" = "$(find "$COLLECTOR/etc" "$AGENT/etc" -type f -exec sha256sum {} + | sort)" ]
}

# ---- with a systemd

# node_start: a Debian with systemd in namespaces of its own; NODE is its first process.
node_start() {
    command -v systemd-nspawn >/dev/null || skip "systemd-container is not installed"
    chroot_new node "${BASE[@]}"
    umount "$ROOT/proc" "$ROOT/dev"
    rm "$ROOT/usr/sbin/policy-rc.d"
    background "$T/node.log" systemd-nspawn -q -D "$ROOT" --link-journal=no --register=no --keep-unit \
        -M "rollcall-$$" /lib/systemd/systemd
    NSPAWN=${PIDS[-1]}
    wait_until 60 node_running || { kill -KILL "$NSPAWN" && NODE=none && skip "systemd-nspawn starts no systemd here"; }
    # How ansible enters: instead of chroot, with the same arguments.
    cat >"$T/enter" <<END
#!/bin/sh
shift
exec nsenter --target $NODE --mount --pid --ipc --uts --root --wd=/ env -i PATH=$CHROOT_PATH HOME=/root LC_ALL=C.UTF-8 "\$@"
END
    chmod 755 "$T/enter"
    wait_until 60 node_up
}
node_running() { NODE=$(pgrep -P "$NSPAWN") && [ "$(cat "/proc/$NODE/comm")" = systemd ]; }
node_up() { [[ $(in_node systemctl is-system-running) =~ ^(running|degraded)$ ]]; }
in_node() { "$T/enter" . "$@" </dev/null 3>&-; }

node_drop() {
    [ "$NODE" = none ] || kill -KILL "$NODE"
    wait_until 10 gone "$NSPAWN" || true
    chroot_drop "$T/node"
}

node_play() {
    play -i "$T/inventory" -i "$T/node.ini" -l node "$PLAYS/collector.yml" "$PLAYS/agent.yml" "$@"
}

states() { in_node systemctl is-active "$@" | tr '\n' ' '; }

@test "ansible: with systemd: services run, keep their settings, and change when the settings do" {
    node_start
    cat >"$T/node.ini" <<END
[collectors]
node
[agents]
node
[rig:vars]
ansible_host=$T/node
ansible_chroot_exe=$T/enter
END
    sed -i '/^web-1/d;/^collector.ex/d' "$T/inventory/rig"
    local fast=(-e rollcall_every=2s -e rollcall_workers=2 -e rollcall_see_everything=true -e rollcall_cacert="$T/node.pem")
    node_play "${fast[@]}"
    succeeded
    [ "$(states rollcall-handler.socket rollcall-handler@{1..3} lighttpd rollcall-agent rollcall-cleanup.timer)" = \
        "active active active inactive active active active " ]
    [ "$(states rollcall-query.socket rollcall-query@{1..5} rollcall-files.socket rollcall-files@{1..5})" = \
        "active active active active active inactive active active active active active inactive " ]
    wait_until 20 some_records || fail "$(in_node journalctl --no-pager -u rollcall-agent)"
    [ "$(in_node systemctl show -P AmbientCapabilities rollcall-agent)" = "cap_dac_read_search cap_sys_ptrace" ]
    node_play "${fast[@]}"
    succeeded unchanged
    [ "$(states rollcall-watch.timer)" = "inactive " ]
    mkdir "$T/hook"
    background "$T/hook/log" "$PYTHON" "$REPO/tests/system/webhook" "$T/hook"
    wait_until 60 test -s "$T/hook/port" || fail "$(cat "$T/hook/log")"
    echo '{"rules":[{"name":"no-such","why":"w","severity":"high","require":{"process":{"cmd":"no-such-program"}}}]}' >"$T/policy.json"
    node_play -e rollcall_run=timer -e rollcall_calendar='*:0/10' -e rollcall_workers=3 -e '{"rollcall_handler": {}}' \
        -e rollcall_cacert="$T/node.pem" -e rollcall_policy="$T/policy.json" -e rollcall_watch_secret=a-secret \
        -e "{\"rollcall_watch\": {\"targets\": [{\"type\": \"webhook\", \"url\": \"http://127.0.0.1:$(<"$T/hook/port")/\", \"secret_file\": \"/etc/rollcall/watch.secret\"}]}}"
    succeeded
    # Alarms: the timer runs, and what is told is what the policy says.
    [ "$(states rollcall-watch.timer)" = "active " ]
    [ "$(in_node stat -c '%a %U' /etc/rollcall/watch.secret)" = "600 rollcall-watch" ]
    in_node systemctl start rollcall-watch.service || fail "$(in_node journalctl --no-pager -u rollcall-watch)"
    [ -s "$T/node/var/lib/rollcall-watch/webhook.json" ]
    in_node runuser -u rollcall-watch -- rollcall-watch --from-scratch
    jq -e '(.headers["rollcall-signature"] | startswith("t=")) and (.body | fromjson.events | any(.event == "rule.broken" and .rule == "no-such"))' \
        "$T/hook/requests"
    [ "$(states rollcall-agent.service rollcall-agent.timer rollcall-handler@{1..4} rollcall-cleanup.timer)" = \
        "inactive active active active active inactive inactive " ]
    in_node systemctl show -P TimersCalendar rollcall-agent.timer | grep -qF '*:00/10:00'
    [ -z "$(in_node systemctl show -P AmbientCapabilities rollcall-agent)" ]
    # Last, because a play takes other tokens away: who reads asks for the hosts.
    local reader
    reader=$(in_node rollcall-token --scope read --label reader)
    curl -sk -H "Authorization: Bearer $reader" "https://127.0.0.1:$HTTPS/api/v1/hosts" | jq -e '.status == "success" and .data.total >= 1'
    curl -sk -H "Authorization: Bearer $reader" "https://127.0.0.1:$HTTPS/api/v1/compliance" | jq -e '.data.rules[0].fail >= 1'
}
some_records() { [ "$(records "$T/node")" -ge 2 ]; }
