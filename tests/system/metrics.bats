#!/usr/bin/env bats
# GET /metrics of rollcall-query, one CGI request each.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() {
    rollcall_setup
    METRICS_TOKEN=metrics-token-0123456789
    echo "$(sha256 "$METRICS_TOKEN") metrics # scraper" >>"$T/tokens"
    : >"$T/hosts"
    mkdir "$RECORDS"
    make_config "hosts_file=\"$T/hosts\""
}
teardown() { rollcall_teardown; }

# ask PATH [VAR=VALUE...]: rollcall-query's answer to whom has the metrics token.
ask() {
    HANDLER=$ROLLCALL_BUILD/rollcall-query cgi GET "$1" /dev/null "HTTP_AUTHORIZATION=Bearer $METRICS_TOKEN" "${@:2}"
}

# answered: 200, with metrics.
answered() { [ "$STATUS" = 200 ] || fail "status is '$STATUS', should be 200"; }

# value NAME: of the sample, with its labels.
value() { awk -v name="$1" '$1 == name { print $2 }' "$T/body"; }

@test "every metric is there, and the samples count what was stored" {
    echo '10.0.0.9' >"$T/hosts"
    post "$T/record.json" REMOTE_ADDR=10.0.0.7
    post "$T/record.json" REMOTE_ADDR=10.0.0.7
    post "$T/record.json" REMOTE_ADDR=2001:db8::1
    ask /metrics
    answered
    assert_header Content-Type 'text/plain; version=0.0.4; charset=utf-8'
    for name in build_info hosts hosts_flagged day_records day_bytes newest_record_timestamp_seconds \
        store_free_bytes unreadable_files scrape_duration_seconds; do
        [ "$(grep -c "^# HELP rollcall_$name " "$T/body")" = 1 ] || fail "HELP of $name"
        [ "$(grep -c "^# TYPE rollcall_$name gauge\$" "$T/body")" = 1 ] || fail "TYPE of $name"
        grep -qE "^rollcall_${name}[{ ]" "$T/body" || fail "no sample of $name"
    done
    [ "$(value 'rollcall_hosts{state="present"}')" = 2 ]
    [ "$(value 'rollcall_hosts{state="never"}')" = 1 ]
    [ "$(value rollcall_day_records)" = 3 ]
    [ "$(value 'rollcall_day_bytes{format="json"}')" = "$(cat "$RECORDS"/data/*/*.json | wc -c)" ]
    [ "$(value 'rollcall_day_bytes{format="csv"}')" = "$(cat "$RECORDS"/data/*/*.csv | wc -c)" ]
    [ "$(value rollcall_unreadable_files)" = 0 ]
    [ "$(value "rollcall_build_info{version=\"$("$ROLLCALL_BUILD/rollcall-query" -V | cut -d' ' -f2)\"}")" = 1 ]
    now=$(date +%s) newest=$(value rollcall_newest_record_timestamp_seconds)
    [ "${newest%.*}" -le "$now" ] && [ "${newest%.*}" -gt $((now - 600)) ]
}

@test "an empty store has metrics, and no time of a newest record" {
    ask /metrics
    answered
    [ "$(value rollcall_day_records)" = 0 ]
    [ "$(value 'rollcall_hosts{state="present"}')" = 0 ]
    [ "$(grep -c newest_record "$T/body")" = 0 ]
}

@test "records of yesterday are not those of today" {
    at "$(date -u -d yesterday +%F) 12:00:00"
    post "$T/record.json" REMOTE_ADDR=10.0.0.7
    at now
    ask /metrics
    [ "$(value 'rollcall_hosts{state="absent"}')" = 1 ]
    [ "$(value rollcall_day_records)" = 0 ]
    [ "$(value 'rollcall_day_bytes{format="json"}')" = 0 ]
}

@test "machines that share an address have one file" {
    for id in 1 2 3; do
        record ".machine_id=\"${id}123456789abcdef0123456789abcdef\"" | post - REMOTE_ADDR=10.0.0.7
    done
    ask /metrics
    [ "$(value 'rollcall_hosts{state="present"}')" = 3 ]
    [ "$(value 'rollcall_hosts_flagged{flag="shared"}')" = 3 ]
    [ "$(value rollcall_day_records)" = 3 ]
    [ "$(value 'rollcall_day_bytes{format="json"}')" = "$(cat "$RECORDS"/data/*/*.json | wc -c)" ]
}

@test "no label holds text of a host" {
    record '.hostname="evil\"} 1\nrollcall_hosts{state=\"x" | .os_name="evil"' | post - REMOTE_ADDR=10.0.0.7
    ask /metrics
    answered
    [ "$(grep -c evil "$T/body")" = 0 ]
}

@test "only the scope metrics may read them, and it may read nothing else" {
    post "$T/record.json"
    ask /metrics "HTTP_AUTHORIZATION=Bearer $READ_TOKEN"
    assert_status 403
    assert_json '.data.reason == "this token lacks the scope \"metrics\""'
    ask /metrics -HTTP_AUTHORIZATION
    assert_status 401
    ask /api/v1/hosts
    assert_status 403
    post "$T/record.json" "HTTP_AUTHORIZATION=Bearer $METRICS_TOKEN"
    assert_status 403
    echo "$(sha256 both) read,metrics # both" >>"$T/tokens"
    ask /metrics "HTTP_AUTHORIZATION=Bearer both"
    answered
    ask /api/v1/hosts "HTTP_AUTHORIZATION=Bearer both"
    assert_status 200
}

@test "a parameter is 400, another method 405, and HEAD has no body" {
    ask /metrics QUERY_STRING=x=1
    assert_status 400
    ask /metrics REQUEST_METHOD=POST
    assert_status 405
    assert_header Allow 'GET, HEAD'
    ask /metrics REQUEST_METHOD=HEAD
    answered
    [ ! -s "$T/body" ]
}

@test "rollcall-token creates a token with the scope metrics" {
    secret=$("$REPO/scripts/rollcall-token" --file "$T/tokens" --scope metrics --label new 2>/dev/null)
    ask /metrics "HTTP_AUTHORIZATION=Bearer $secret"
    answered
    run "$REPO/scripts/rollcall-token" --file "$T/tokens" --scope ingest,metrics --label newer
    [ "$status" = 64 ]
}

@test "hosts are counted for each rule of the policy" {
    rule='{"why":"w","severity":"high","forbid":{"process":{"cmd":"telnetd"}}}'
    jq -n --argjson r "$rule" '{rules: [$r + {name: "no-telnet"}, $r + {name: "web", hosts: "label:web"},
        {name: "ports", why: "w", severity: "low", forbid: {listening: {port: 23}}}]}' >"$T/policy.json"
    make_config "hosts_file=\"$T/hosts\"" "policy_file=\"$T/policy.json\""
    printf '10.0.0.7 label=web\n10.0.0.9\n10.0.0.8 retired\n' >"$T/hosts"
    record '.processes=[{"pid":1,"cmd":"/usr/sbin/telnetd"}]' >"$T/telnet.json"
    for ip in 10.0.0.6 10.0.0.7 10.0.0.8; do post "$T/telnet.json" "REMOTE_ADDR=$ip"; done
    post "$T/record.json" REMOTE_ADDR=10.0.0.5
    ask /metrics
    answered
    [ "$(value 'rollcall_policy_failing_hosts{rule="no-telnet",severity="high"}')" = 2 ]
    [ "$(value 'rollcall_policy_unknown_hosts{rule="no-telnet"}')" = 1 ]
    [ "$(value 'rollcall_policy_failing_hosts{rule="web",severity="high"}')" = 1 ]
    [ "$(value 'rollcall_policy_failing_hosts{rule="ports",severity="low"}')" = 0 ]
    [ "$(value 'rollcall_policy_unknown_hosts{rule="ports"}')" = 4 ]
}
