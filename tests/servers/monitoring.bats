#!/usr/bin/env bats
# Monitoring: GET /metrics and scripts/monitoring as Prometheus reads them, rollcall-watch at a real Alertmanager.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load servers
load ../system/watch

MONITORING=$REPO/scripts/monitoring

setup() { watch_setup; }
teardown() { rollcall_teardown; }

# metrics: the answer to a scraper in $T/body.
metrics() {
    echo "$(sha256 scraper) metrics # scraper" >>"$T/tokens"
    HANDLER=$ROLLCALL_BUILD/rollcall-query cgi GET /metrics /dev/null "HTTP_AUTHORIZATION=Bearer scraper"
    [ "$STATUS" = 200 ] || fail "status $STATUS"
}

# alertmanager_start: sets PORT.
alertmanager_start() {
    needs prometheus-alertmanager
    PORT=$(free_port)
    printf 'route: {receiver: nobody}\nreceivers: [{name: nobody}]\n' >"$T/alertmanager.yml"
    prometheus-alertmanager --config.file="$T/alertmanager.yml" --storage.path="$T/alerts" \
        --web.listen-address="127.0.0.1:$PORT" --cluster.listen-address= >"$T/alertmanager.log" 2>&1 3>&- &
    PIDS+=($!)
    wait_until 60 curl -sf -m 5 -o /dev/null "http://127.0.0.1:$PORT/-/ready" || fail "$(cat "$T/alertmanager.log")"
}

# alerts FILTER: of those that fire.
alerts() { curl -sf -m 20 "http://127.0.0.1:$PORT/api/v2/alerts?active=true" | jq -r "$1"; }

@test "the metrics pass promtool check metrics" {
    needs promtool
    beats 3 10.0.0 -7200
    beats 2 10.0.1 0
    echo '10.0.9.9' >"$T/hosts"
    make_config "hosts_file=\"$T/hosts\"" "policy_file=\"$REPO/scripts/policy/baseline.json\""
    metrics
    grep -q '^rollcall_policy_failing_hosts{rule="[a-z-]*",severity="[a-z]*"} 0' "$T/body"
    promtool check metrics <"$T/body" >"$T/promtool" 2>&1 || fail "$(cat "$T/promtool")"
    [ ! -s "$T/promtool" ] || fail "$(cat "$T/promtool")"
}

@test "the alert rules are right, and pass promtool test rules" {
    needs promtool
    cp "$MONITORING/rollcall.rules.yml" "$BATS_TEST_DIRNAME/rules-test.yml" "$T"
    promtool check rules "$T/rollcall.rules.yml" >"$T/promtool" 2>&1 || fail "$(cat "$T/promtool")"
    promtool test rules "$T/rules-test.yml" >"$T/promtool" 2>&1 || fail "$(cat "$T/promtool")"
}

@test "every alert rule fires in a test" {
    sed -n 's/^ *- alert: //p' "$MONITORING/rollcall.rules.yml" >"$T/alerts.txt"
    [ -s "$T/alerts.txt" ]
    while read -r alert; do
        grep -q "$alert" "$BATS_TEST_DIRNAME/rules-test.yml" || fail "$alert is not tested"
    done <"$T/alerts.txt"
}

@test "the examples for Prometheus, Alertmanager and rollcall-watch are valid" {
    needs promtool amtool
    sed "s,/etc/prometheus/rollcall.rules.yml,$MONITORING/rollcall.rules.yml,; s,/etc/prometheus/rollcall.token,$T/token," \
        "$MONITORING/prometheus.yml" >"$T/prometheus.yml"
    echo secret >"$T/token"
    promtool check config "$T/prometheus.yml" >"$T/promtool" 2>&1 || fail "$(cat "$T/promtool")"
    amtool check-config "$MONITORING/alertmanager.yml" >"$T/amtool" 2>&1 || fail "$(cat "$T/amtool")"
    echo secret >"$T/secret"
    chmod 600 "$T/secret"
    sed "s,/etc/rollcall/watch.secret,$T/secret," "$MONITORING/watch.json" >"$T/watch.json"
    watched --check
}

@test "rules, dashboard and inhibitions name only metrics, labels and alerts that exist" {
    make_config "policy_file=\"$REPO/scripts/policy/baseline.json\""
    metrics
    "$PYTHON" - "$T/body" "$MONITORING" "$REPO/handler/watch/message.c" <<'PY'
import json, re, sys
body, monitoring, message = open(sys.argv[1]).read(), sys.argv[2], open(sys.argv[3]).read()
known = set(re.findall(r"^# TYPE (\S+)", body, re.M)) | {"rollcall_newest_record_timestamp_seconds"}
values = {}
for name, value in re.findall(r'(state|flag|format)="([a-z]+)"', body):
    values.setdefault(name, set()).add(value)
rules = open(f"{monitoring}/rollcall.rules.yml").read()
dashboard = json.load(open(f"{monitoring}/grafana-dashboard.json"))
queries = [t["expr"] for p in dashboard["panels"] for t in p["targets"]]
queries += [v["definition"] for v in dashboard["templating"]["list"] if v["type"] == "query"]
assert len(queries) > 10 and all(p["title"] and p["gridPos"] for p in dashboard["panels"])
assert len({p["id"] for p in dashboard["panels"]}) == len(dashboard["panels"])
named = set(re.findall(r"\brollcall_\w+", rules + " ".join(queries)))
assert named <= known, named - known
assert known == named, known - named
for label, found in re.findall(r'(state|flag|format)=~?"([a-z|]+)"', rules + " ".join(queries)):
    assert set(found.split("|")) <= values[label], found
alerts = set(re.findall(r"- alert: (\w+)", rules)) | set(re.findall(r'"(Rollcall\w+)"', message))
inhibited = set(re.findall(r"Rollcall\w+", open(f"{monitoring}/alertmanager.yml").read()))
assert inhibited <= alerts, inhibited - alerts
PY
}

@test "the dashboard's queries are PromQL" {
    needs promtool
    jq -r '.panels[].targets[].expr' "$MONITORING/grafana-dashboard.json" | sed 's/[$]instance/.*/g' |
        jq -Rn '{groups: [{name: "x", rules: [inputs | {record: "a:b\(input_line_number)", expr: .}]}]}' >"$T/queries.yml"
    promtool check rules "$T/queries.yml" >"$T/promtool" 2>&1 || fail "$(cat "$T/promtool")"
}

@test "a stopped agent raises the alarm at a webhook with TLS and at Alertmanager, once, and its return ends it" {
    at now
    make_config "hosts_file=\"$T/hosts\"" 'expect_every="1s"'
    watch() {
        STATUS=0
        env ROLLCALL_CONFIG="$T/handler.json" "$WATCH" --config "$T/watch.json" --state "$T/state" "$@" \
            >"$T/out" 2>"$T/err" 3>&- || STATUS=$?
    }
    alertmanager_start
    manager=$PORT
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/key.pem" -out "$T/cert.pem" -days 2 -subj /CN=hook \
        -addext subjectAltName=IP:127.0.0.1 2>/dev/null
    webhook a "$T/cert.pem" "$T/key.pem"
    targets "{\"type\":\"webhook\",\"name\":\"a\",\"url\":\"https://127.0.0.1:$PORT/\",\"cacert\":\"$T/cert.pem\"}" \
        "{\"type\":\"alertmanager\",\"url\":\"http://127.0.0.1:$manager\"}"
    PORT=$manager
    server_start
    manager_port=$manager agent_url=$URL/data
    echo "$TOKEN" >"$T/agent.token"
    chmod 600 "$T/agent.token"
    echo '{}' >"$T/agent.json"
    agent_start() {
        "$ROLLCALL_BUILD/rollcall-agent" --config "$T/agent.json" --url "$agent_url" --token-file "$T/agent.token" \
            --spool off --every 200ms >"$T/agent.log" 2>&1 3>&- &
        AGENT_PID=$!
        PIDS+=("$AGENT_PID")
    }
    agent_start
    wait_until 60 test -n "$(json_file)" || wait_until 60 sh -c "ls '$RECORDS'/data/*/*.json"
    watched
    kill "$AGENT_PID"
    wait "$AGENT_PID" || true
    PORT=$manager_port
    raised() { watched && grep -qs host.silent "$T/a/requests"; }
    wait_until 120 raised || fail "no alarm: $(cat "$T/err" "$T/a/requests")"
    same 'host.silent 127.0.0.1' "$(jq -r '.body | fromjson | .events[] | select(.event == "host.silent") | "\(.event) \(.hosts[0].ip)"' "$T/a/requests")"
    watched
    same 1 "$(grep -c host.silent "$T/a/requests")"
    same 'RollcallHostSilent 127.0.0.1 warning' \
        "$(alerts '.[] | select(.labels.alertname == "RollcallHostSilent") | .labels | "\(.alertname) \(.ip) \(.severity)"')"
    agent_start
    returned() { watched && grep -qs host.back "$T/a/requests"; }
    wait_until 120 returned || fail "no return: $(cat "$T/err" "$T/a/requests")"
    over() { [ "$(alerts '[.[] | select(.labels.alertname == "RollcallHostSilent")] | length')" = 0 ]; }
    wait_until 60 over || fail "still fires: $(alerts .)"
}

@test "Alertmanager: 30 of 100 hosts are one alert, that ends when all are back" {
    alertmanager_start
    targets "{\"type\":\"alertmanager\",\"url\":\"http://127.0.0.1:$PORT/\"}"
    MEMBERS='.[] | .labels | "\(.alertname) \(.severity)"'
    # Alertmanager judges by the real clock, so the records are old, and the clock is not moved.
    at now
    clock() { SECONDS_AFTER=$1; }
    NOON=$(date +%s)
    beats 70 10.0.0 0
    beats 30 10.0.1 0
    watched
    same "" "$(alerts "$MEMBERS")"
    rm -r "$RECORDS/data"
    beats 70 10.0.0 0
    beats 30 10.0.1 -3700
    watched
    same "RollcallFleetSilent critical" "$(alerts "$MEMBERS")"
    watched
    same "RollcallFleetSilent critical" "$(alerts "$MEMBERS")"
    same 30 "$(alerts '.[].annotations.count')"
    beats 20 10.0.1 1
    watched
    same 10 "$(alerts '.[].annotations.count')"
    beats 30 10.0.1 2
    watched
    ended() { [ -z "$(alerts "$MEMBERS")" ]; }
    wait_until 60 ended || fail "$(alerts .)"
}
