#!/usr/bin/env bats
# rollcall-watch and real webhooks: what is told, once, and what is repeated. Time is moved, not waited for.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper
load watch

setup() { watch_setup; }
teardown() { rollcall_teardown; }

# one: a webhook "a" that is the only target, and has been told what was there.
one() {
    webhook a
    targets "$(target a "$PORT")"
    watched
    same "" "$(told a .event)"
}

@test "a host that falls silent is told once, and its return too" {
    post "$T/record.json" REMOTE_ADDR=10.0.0.7
    one
    clock 3060
    watched
    same 'host.silent warning 1 10.0.0.7 absent 2026-03-10T12:00 https://page.example/hosts/10.0.0.7' \
        "$(told a '"\(.event) \(.severity) \(.count) \(.hosts[0].ip) \(.hosts[0].state) \(.since[0:16]) \(.url)"' | grep -v collector)"
    clock 3120
    watched
    same "" "$(told a .event)"
    post "$T/record.json" REMOTE_ADDR=10.0.0.7
    watched
    same 'collector.back host.back present' "$(told a '"\(.event) \(.hosts[0].state // "")"' | sort | xargs)"
    same 1 "$(jq -r '.body | fromjson | .events[] | select(.event == "host.silent").id' "$T/a/before" | sort -u | wc -l)"
    watched
    same "" "$(told a .event)"
}

@test "the return names the event that it ends" {
    beats 2 10.0.0 -100000
    beats 1 10.0.0 0
    beats 1 10.9.9 0
    one
    clock 3060
    beats 1 10.9.9 3060
    watched
    id=$(told a 'select(.event == "host.silent").id')
    [[ $id =~ ^[0-9a-f]{32}$ ]]
    beats 1 10.0.0 3060
    watched
    same "$id" "$(told a 'select(.event == "host.back").ends')"
}

@test "the first run notes what is wrong, --from-scratch tells it" {
    beats 1 10.0.0 -7200
    one
    watched --from-scratch
    same "collector.deaf host.silent" "$(told a .event | sort | xargs)"
    watched
    same "" "$(told a .event)"
}

@test "a host that reports for the first time is new, once" {
    beats 3 10.0.0 -200000
    beats 3 10.0.0 0
    one
    beats 4 10.0.0 60
    clock 90
    watched
    same 'host.new info 10.0.0.4 2026-03-10T12:01:00.000Z' \
        "$(told a '"\(.event) \(.severity) \(.hosts[0].host) \(.since)"')"
    clock 40000
    beats 4 10.0.0 40000
    watched
    same "" "$(told a .event)"
}

@test "two machines with one machine_id are a clone" {
    beats 2 10.0.0 -200000
    one
    beats 1 10.0.0 10 '{"machine_id":"0123456789abcdef0123456789abcdef","boot_id":"a"}'
    beats 1 10.0.9 10 '{"machine_id":"0123456789abcdef0123456789abcdef","boot_id":"b"}'
    clock 60
    watched
    same 'host.clone 10.0.0.1,host.clone 10.0.9.1' \
        "$(told a 'select(.event == "host.clone") | "\(.event) \(.hosts[0].host)"' | sort | paste -sd,)"
}

@test "hosts that fall silent together in a network are one event" {
    beats 60 10.0.0 0
    beats 5 10.0.1 0
    beats 1 10.0.2 0
    one
    clock 3300
    beats 60 10.0.0 3300
    watched
    same 'host.silent 1 10.0.2.1 -,host.silent 5 10.0.1.1 10.0.1.0/24' \
        "$(told a 'select(.event == "host.silent") | "\(.event) \(.count) \(.hosts[0].host) \(.network // "-")"' | sort | paste -sd,)"
    beats 2 10.0.1 3360
    clock 3360
    watched
    same 'host.back 2 10.0.1.0/24' "$(told a 'select(.event == "host.back") | "\(.event) \(.count) \(.network)"')"
    beats 5 10.0.1 3400
    clock 3420
    watched
    same 'host.back 3' "$(told a 'select(.event == "host.back") | "\(.event) \(.count)"')"
}

@test "hosts that fall silent together with a label are one event" {
    printf '10.%d.1.1 label=rack7\n' 1 2 3 >"$T/hosts"
    for i in 1 2 3; do beats 1 10.$i.1 0; done
    beats 60 10.9.9 0
    one
    clock 3300
    beats 60 10.9.9 3300
    watched
    same 'host.silent 3 rack7' "$(told a 'select(.event == "host.silent") | "\(.event) \(.count) \(.label)"')"
}

@test "30 of 100 hosts that stop at once are one fleet.silent, also when their beats were minutes apart" {
    beats 70 10.0.0 0
    beats 20 10.0.1 0
    beats 10 10.0.2 240
    one
    for time in 3061 3120 3180; do
        clock $time
        beats 70 10.0.0 $time
        watched
        same "" "$(told a 'select(.event != "host.new").event')"
    done
    clock 3300
    beats 70 10.0.0 3300
    watched
    same 'fleet.silent critical 30 100 20 10.0.1.0/24:20 10.0.2.0/24:10' \
        "$(told a '"\(.event) \(.severity) \(.count) \(.fleet) \(.hosts | length) \(.networks | map("\(.network):\(.count)") | join(" "))"')"
    clock 6700
    beats 69 10.0.0 6700
    watched
    same 'host.silent 10.0.0.70' "$(told a '"\(.event) \(.hosts[0].host)"')"
    beats 20 10.0.1 6760
    clock 6760
    watched
    same 'host.back 20' "$(told a '"\(.event) \(.count)"')"
}

@test "a network that falls silent in three waves is three events, none of the fleet" {
    beats 90 10.0.0 0
    beats 30 10.0.1 0
    one
    left=30
    for time in 3400 6800 10200; do
        left=$((left - 10))
        clock $time
        beats 90 10.0.0 $time
        beats $left 10.0.1 $time
        watched
        same "host.silent 10 10.0.1.0/24" "$(told a 'select(.event != "host.new") | "\(.event) \(.count) \(.network)"')"
    done
}

@test "a hosts file that is edited fires, and a host that it retires is back" {
    beats 30 10.0.0 0
    one
    printf '10.0.5.5\nweb-9 label=web\n' >"$T/hosts"
    watched
    same '10.0.5.5 never,web-9 never' "$(told a '.hosts[] | "\(.host) \(.state)"' | sort | paste -sd,)"
    printf '10.0.5.5 retired\nweb-9 label=web\n' >"$T/hosts"
    watched
    same 'host.back 10.0.5.5 retired' "$(told a '"\(.event) \(.hosts[0].host) \(.hosts[0].state)"')"
    : >"$T/hosts"
    watched
    same 'host.back web-9 forgotten' "$(told a '"\(.event) \(.hosts[0].host) \(.hosts[0].state)"')"
}

@test "quiet_until mutes, its end fires, and what was told before stays open" {
    beats 1 10.0.0 0
    beats 30 10.0.9 0
    echo '10.0.0.1 quiet_until=2026-03-10T15:00:00Z' >"$T/hosts"
    one
    for time in 3400 7200 10700; do
        clock $time
        beats 30 10.0.9 $time
        watched
        same "" "$(told a .event)"
    done
    clock 10860
    watched
    same 'host.silent 10.0.0.1' "$(told a 'select(.event != "host.new") | "\(.event) \(.hosts[0].host)"')"
    echo '10.0.0.1 quiet_until=2026-03-10T20:00:00Z' >"$T/hosts"
    beats 1 10.0.0 10900
    clock 10920
    watched
    same "" "$(told a .event)"
    : >"$T/hosts"
    watched
    same 'host.back 10.0.0.1' "$(told a '"\(.event) \(.hosts[0].host)"')"
}

@test "a target that is down gets what it missed, the other nothing twice" {
    beats 40 10.0.0 0
    beats 1 10.0.1 0
    webhook a
    a=$PORT
    webhook b
    targets "$(target a "$a")" "$(target b "$PORT")"
    watched
    echo 503 >"$T/b/status"
    for time in 3400 5000 7000; do
        clock $time
        beats 40 10.0.0 $time
        watch
        same 75 "$STATUS"
        grep -q 'event=not_delivered target=b reason="the target answered 503, expected 2xx"' "$T/err"
    done
    same 1 "$(told a .event | wc -l)"
    same 1 "$(told b .id | sort -u | wc -l)"
    rm "$T/b/status"
    watched
    same "" "$(told a .event)"
    same 'host.silent 10.0.1.1' "$(told b '"\(.event) \(.hosts[0].host)"')"
    watched
    same "" "$(told b .event)"
}

@test "killed between sending and writing its file: told again with the same id" {
    beats 40 10.0.0 0
    beats 1 10.0.1 0
    one
    clock 3400
    beats 40 10.0.0 3400
    cp -r "$T/state" "$T/state.before"
    watched
    first=$(told a '"\(.event) \(.id)"')
    # What a process leaves that dies before the rename: the old file, and a part of the new one.
    rm -r "$T/state"
    mv "$T/state.before" "$T/state"
    echo '{"version":1,"ser' >"$T/state/.new-a.json"
    clock 3460
    watched
    same "$first" "$(told a '"\(.event) \(.id)"')"
    watched
    same "" "$(told a .event)"
}

@test "killed after sending, at each call that replaces its file: told at least once, always with the same id" {
    ! sanitized || skip "n/a: strace and the leak checker exclude each other"
    local call first='' last
    beats 40 10.0.0 0
    beats 1 10.0.1 0
    one
    clock 3400
    beats 40 10.0.0 3400
    for call in pwrite64 fsync rename,renameat,renameat2; do
        WRAP=(strace -f -o "$T/trace" -e "trace=$call" -e "inject=$call:signal=KILL:when=1")
        watch
        [ "$STATUS" = 137 ] || fail "$call: exit $STATUS: $(cat "$T/err" "$T/trace")"
        last=$(told a '"\(.event) \(.id)"')
        [ "${first:=$last}" = "$last" ]
        [[ $first == host.silent\ * ]]
        clock $((SECONDS_AFTER + 60))
    done
    WRAP=()
    watched
    same "$first" "$(told a '"\(.event) \(.id)"')"
    watched
    same "" "$(told a .event)"
}

@test "hostile host names are escaped and cut" {
    long=$(printf 'x%.0s' $(seq 300))
    one
    beats 1 10.0.0 10 "{\"hostname\":\"<script>\\\"\\n{{evil}} \$(id) http://x/\"}"
    beats 1 10.0.1 10 "{\"hostname\":\"${long:0:250}\"}"
    clock 60
    watched
    raw=$(jq -r .body "$T/a/requests")
    for word in '<script' '{{' "\$(" 'http://x'; do
        [[ $raw != *"$word"* ]] || fail "$word in $raw"
    done
    same '%3cscript%3e%22%0a%7b%7bevil%7d%7d%20%24%28id%29%20http:%2f%2fx%2f' \
        "$(jq -r '.body | fromjson | .events[] | select(.event == "host.new" and .hosts[0].ip == "10.0.0.1").hosts[0].hostname' "$T/a/requests")"
    same 128 "$(told a 'select(.event == "host.new" and .hosts[0].ip == "10.0.1.1").hosts[0].hostname | length')"
}

@test "the signature is HMAC-SHA256 over time and body, with the secret of a 0600 file" {
    beats 1 10.0.0 -7200
    webhook a
    printf 'correct horse\n' >"$T/secret"
    chmod 600 "$T/secret"
    for secret in 'correct horse' "$(printf 'k%.0s' $(seq 64))" "$(printf 'k%.0s' $(seq 65))"; do
        printf '%s\n' "$secret" >"$T/secret"
        targets "$(target a "$PORT" ",\"secret_file\":\"$T/secret\"")"
        watched --from-scratch
        "$PYTHON" - "$T/a/requests" "$secret" <<'PY'
import hashlib, hmac, json, re, sys
request = json.loads(open(sys.argv[1]).read().splitlines()[0])
t, v1 = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", request["headers"]["rollcall-signature"]).groups()
assert v1 == hmac.new(sys.argv[2].encode(), f"{t}.{request['body']}".encode(), hashlib.sha256).hexdigest()
PY
        rm "$T/a/requests"
    done
    chmod 640 "$T/secret"
    watch
    same 78 "$STATUS"
    grep -q 'secret_file: only its owner may have access' "$T/err"
}

@test "proxies of the environment are not used, and redirects not followed" {
    beats 1 10.0.0 -7200
    one
    echo 307 >"$T/a/status"
    http_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 watch --from-scratch
    same 75 "$STATUS"
    same 1 "$(wc -l <"$T/a/requests")"
    same /hook "$(jq -r .path "$T/a/requests")"
    grep -q 'answered 307' "$T/err"
}

@test "more than 1000 events go in batches, and a batch that was taken is not sent again" {
    one
    for net in 1 2 3 4 5; do beats 250 10.0.$net 10; done
    clock 60
    watched
    same '1000,250' "$(jq -r '.body | fromjson | .events | length' "$T/a/requests" | paste -sd,)"
    same 1250 "$(told a .id | sort -u | wc -l)"
}

@test "--dry-run prints, sends nothing and keeps nothing" {
    beats 1 10.0.0 -7200
    one
    rm -r "$T/state"
    watched --dry-run
    same "" "$(cat "$T/out")"
    watched --dry-run --from-scratch
    same 'a collector.deaf host.silent' "$(jq -r '"\(.target) \(.body.events | map(.event) | sort | join(" "))"' "$T/out")"
    same "" "$(told a .event)"
    [ ! -e "$T/state/a.json" ]
}

@test "a damaged state file is said, not guessed" {
    beats 1 10.0.0 0
    one
    echo '{"version":1' >"$T/state/a.json"
    watch
    same 78 "$STATUS"
    grep -q 'event=bad_state target=a reason="a.json: is damaged; move it away and run rollcall-watch --from-scratch"' "$T/err"
    watched --from-scratch
    watched
}

@test "a second one at the same time ends with 75" {
    beats 1 10.0.0 0
    one
    exec 8<"$T/state"
    flock 8
    watch
    exec 8<&-
    same 75 "$STATUS"
    grep -q 'another rollcall-watch is running' "$T/err"
}

@test "it opens for writing only what is in its state directory" {
    ! sanitized || skip "n/a: sanitizers open files of their own"
    local calls='openat open creat unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat mkdir mkdirat rmdir
        truncate ftruncate fallocate chmod fchmod fchmodat'
    policy "$NO_TELNET"
    beats 30 10.0.0 0 '{"processes":[{"pid":1,"cmd":"telnetd"}]}'
    beats 1 10.0.1 -7200
    one
    # shellcheck disable=SC2086
    WRAP=(strace -f -y -o "$T/trace" -e "trace=$(printf '?%s,' $calls | sed 's/,$//')")
    watched --from-scratch
    WRAP=()
    grep -q 'rule.broken' "$T/a/requests"
    grep -q "_2026-03-10.json" "$T/trace"
    grep -E '^[0-9]+ +[a-z]' "$T/trace" | grep -v O_RDONLY | grep -v '"/dev/null"' >"$T/changes"
    grep -q '\.new-a\.json' "$T/changes"
    run ! grep -vF "$T/state" "$T/changes"
    [ "$(find "$T/state" -type f)" = "$T/state/a.json" ]
}

@test "records that cannot be read are 74, and nothing is told" {
    beats 1 10.0.0 0
    one
    mv "$RECORDS" "$RECORDS.away"
    watch
    same 74 "$STATUS"
    same "" "$(told a .event)"
    mv "$RECORDS.away" "$RECORDS"
    make_config "hosts_file=\"$T/no-such-file\""
    watch
    same 74 "$STATUS"
}

@test "78: each wrong configuration is named in one line" {
    while IFS='|' read -r json right; do
        printf '%s\n' "$json" >"$T/watch.json"
        watch
        [ "$STATUS" = 78 ] || fail "exit $STATUS for $json"
        [ "$(wc -l <"$T/err")" = 1 ]
        grep -qF -- "$right" "$T/err" || fail "$json: $(cat "$T/err")"
    done <<'ROWS'
{}|targets: is required
{"targets":[]}|targets: must name at least one target
{"targets":{}}|targets: must be an array of objects
{"targets":[1]}|targets[0]: must be an object
{"targets":[{"type":"webhook"}]}|targets[0]: url: is required
{"targets":[{"type":"mail","url":"https://x/"}]}|targets[0]: type: must be one of "webhook" "alertmanager"
{"targets":[{"type":"webhook","url":"http://example.com/"}]}|targets[0]: url: must be https://
{"targets":[{"type":"webhook","url":"http://127.0.0.1.example.com/"}]}|targets[0]: url: must be https://
{"targets":[{"type":"webhook","url":"http://127.0.0.1@example.com/"}]}|targets[0]: url: must be https://
{"targets":[{"type":"webhook","url":"file:///etc/passwd"}]}|targets[0]: url: must be https://
{"targets":[{"type":"webhook","url":"https://a b/"}]}|targets[0]: url: must be https://
{"targets":[{"type":"webhook","url":"https://x/","name":"../x"}]}|targets[0]: name: must be at most 64
{"targets":[{"type":"webhook","url":"https://x/"},{"type":"webhook","url":"https://y/"}]}|targets[1]: name: another target has it
{"targets":[{"type":"webhook","url":"https://x/","retries":3}]}|targets[0]: retries: unknown key; known are type url name
{"targets":[{"type":"webhook","url":"https://x/","secret_file":"/no/such"}]}|targets[0]: secret_file: cannot be read
{"targets":[{"type":"alertmanager","url":"https://x/","secret_file":"/no/such"}]}|targets[0]: secret_file: is for type "webhook"
{"targets":[{"type":"webhook","url":"https://x/"}],"storm":0}|storm: must be from 1 to 100
{"targets":[{"type":"webhook","url":"https://x/"}],"page_url":"page"}|page_url: must be the address of the page
{"target":[]}|target: unknown key; known are targets page_url storm evidence
[]|must be a JSON object
ROWS
}

@test "--check checks, and says that all is well" {
    targets "$(target a 1)"
    run env ROLLCALL_CONFIG="$T/handler.json" "$WATCH" --config "$T/watch.json" --check
    same "0 $T/watch.json: ok" "$status $output"
}

# policy [RULE...]: the policy has these rules.
policy() {
    local IFS=,
    printf '{"rules":[%s]}\n' "$*" >"$T/policy.json"
    make_config "hosts_file=\"$T/hosts\"" "policy_file=\"$T/policy.json\""
}
NO_TELNET='{"name":"no-telnet","why":"it is in clear text","fix":"use ssh","severity":"high","forbid":{"process":{"cmd":"telnetd"}}}'
KERNEL='{"name":"kernel","why":"old","severity":"low","at_least":{"kernel":"6.2"}}'
BROKEN='"\(.event) \(.severity) \(.rule) \(.count) \([.hosts[].host] | sort | join(" "))"'

@test "a rule that is added fires, one event for all its hosts, and what is mended is told" {
    beats 30 10.0.0 0
    beats 3 10.0.1 0 '{"processes":[{"pid":1,"cmd":"/usr/sbin/telnetd -h"}]}'
    policy
    one
    policy "$NO_TELNET"
    watched
    same 'rule.broken high no-telnet 3 10.0.1.1 10.0.1.2 10.0.1.3 it is in clear text use ssh https://page.example/policies?rule=no-telnet' \
        "$(told a "$BROKEN + \" \(.why) \(.fix) \(.url)\"")"
    watched
    same "" "$(told a .event)"
    beats 2 10.0.1 30 '{"processes":[{"pid":1,"cmd":"init"}]}'
    clock 60
    watched
    same 'rule.mended info no-telnet 2 10.0.1.1 10.0.1.2' "$(told a "$BROKEN")"
    policy "$NO_TELNET" "$KERNEL"
    watched
    same 'rule.broken low kernel 33' "$(told a '"\(.event) \(.severity) \(.rule) \(.count)"')"
    policy "$KERNEL"
    watched
    same 'rule.mended info no-telnet 1 10.0.1.3' "$(told a "$BROKEN")"
}

@test "a rule that is broken again is another event" {
    beats 1 10.0.0 0 '{"processes":[{"pid":1,"cmd":"telnetd"}]}'
    policy
    one
    policy "$NO_TELNET"
    watched
    first=$(told a .id)
    beats 1 10.0.0 10 '{"processes":[{"pid":1,"cmd":"init"}]}'
    clock 20
    watched
    same rule.mended "$(told a .event)"
    beats 1 10.0.0 30 '{"processes":[{"pid":1,"cmd":"telnetd"}]}'
    clock 40
    watched
    second=$(told a .id)
    [ -n "$first" ] && [ -n "$second" ] && [ "$first" != "$second" ]
}

@test "a host that falls silent does not mend its rules" {
    beats 1 10.0.0 0 '{"processes":[{"pid":1,"cmd":"telnetd"}]}'
    beats 30 10.0.1 0
    policy
    one
    policy "$NO_TELNET"
    watched
    same rule.broken "$(told a .event)"
    clock 4000
    beats 30 10.0.1 4000
    watched
    same host.silent "$(told a .event)"
}

@test "command lines are told only with evidence, cut and escaped" {
    long=$(printf 'x%.0s' $(seq 300))
    beats 1 10.0.0 0 "{\"processes\":[{\"pid\":1,\"cmd\":\"telnetd <b> $long\"}]}"
    policy
    one
    policy "$NO_TELNET"
    cp -r "$T/state" "$T/state.before"
    watched
    same 0 "$(grep -c telnetd "$T/a/requests")"
    told a .id >"$T/id"
    rm -r "$T/state"
    mv "$T/state.before" "$T/state"
    MORE=',"evidence":true' targets "$(target a "$PORT")"
    watched
    same "$(<"$T/id") telnetd%20%3cb%3e%20${long:0:116}" "$(told a '"\(.id) \(.hosts[0].evidence[0])"')"
}

@test "a policy that is not valid is 78: other alarms are told, and nothing is mended" {
    beats 1 10.0.0 0 '{"processes":[{"pid":1,"cmd":"telnetd"}]}'
    beats 30 10.0.1 0
    policy
    one
    policy "$NO_TELNET"
    watched
    same rule.broken "$(told a .event)"
    echo '{"rules":[{}]}' >"$T/policy.json"
    echo 10.0.2.2 >"$T/hosts"
    watch
    same 78 "$STATUS"
    grep -q event=bad_policy "$T/err"
    same host.silent "$(told a .event)"
    policy "$NO_TELNET"
    watched
    same "" "$(told a .event)"
}
