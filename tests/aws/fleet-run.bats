#!/usr/bin/env bats
# rollcall-fleet-run against a stand-in for Run Command that really runs the documents, in root file systems of their
# own, each sending to a real collector.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../servers/servers
load ../lib/chroot
load cloud

FLEET=$REPO/scripts/fleet-run

setup() { servers_setup; }
teardown() {
    chroot_drop "$T/web1" "$T/web2" "$T/db"
    cloud_teardown
}

# instance NAME ID PING TAG: known to Run Command. Its root file system is there, or it is never asked.
instance() {
    jq --arg name "$1" --arg id "$2" --arg root "$T/$1" --arg ping "$3" --arg tag "$4" \
        '.instances[$id] = {root: $root, name: $name, ping: $ping, tags: {rollcall: $tag}}' "$T/cloud.json" >"$T/cloud.new"
    mv "$T/cloud.new" "$T/cloud.json"
}

# fleet: web1, web2 and db answer to the tag; gone is offline; other has another tag.
fleet() {
    needs aws
    cloud
    jq --arg run "$RUN" '.documents["rollcall-run"] = $run | .page = 2' "$T/cloud.json" >"$T/cloud.new"
    mv "$T/cloud.new" "$T/cloud.json"
    local name n=1
    for name in web1 web2 db; do
        ID=i-00000000000000$((n++))a
        node "$name" "${NEEDED[@]}"
        agent
        instance "$name" "$ID" Online on
    done
    instance gone i-000000000000009a ConnectionLost on
    instance other i-000000000000008a Online off
    mkdir "$T/other"
    AWS=(env AWS_ACCESS_KEY_ID=ASIAEXAMPLE AWS_SECRET_ACCESS_KEY=sec/ret+KEY AWS_SESSION_TOKEN='session/token+=='
        AWS_DEFAULT_REGION=eu-central-1 "AWS_CA_BUNDLE=$T/aws-tls/cert.pem" AWS_CONFIG_FILE=/dev/null)
    ENDPOINT=(--endpoint-url https://ssm.eu-central-1.amazonaws.com)
    # The name leads to the stand-in, for this test's processes only.
    own_hosts
    echo "127.0.0.1 ssm.eu-central-1.amazonaws.com" >>"$T/hosts"
}

# own_hosts: $T/hosts, the machine's names and localhost.
own_hosts() {
    echo "127.0.0.1 localhost" >"$T/hosts"
    [ ! -e /etc/hosts ] || cat /etc/hosts >>"$T/hosts"
}

# agent: installed in $NODE and configured.
agent() {
    mkdir "$T/pack-$ID"
    tar -xzf "$("$REPO/scripts/tarball/pack" "$ROLLCALL_BUILD/rollcall-agent" x86_64 "$T/pack-$ID")" -C "$NODE/root"
    chroot_run "$NODE" sh -c /root/rollcall-agent-*/install
    printf '%s\n' "$TOKEN" >"$NODE/etc/rollcall/token"
    cp "$SITE/tls/cert.pem" "$NODE/etc/rollcall/ca.pem"
    chroot_run "$NODE" sh -c 'chown rollcall-agent /etc/rollcall/token; chmod 400 /etc/rollcall/token'
    echo "{\"url\":\"https://localhost:$TLS/data\",\"token_file\":\"/etc/rollcall/token\",\"cacert\":\"/etc/rollcall/ca.pem\"}" \
        >"$NODE/etc/rollcall/agent.json"
}

# run_fleet OPTION...: sets status, output (standard output) and $T/err.
run_fleet() {
    status=0
    output=$("${IN[@]}" "$LIB/with-hosts" "$T/hosts" \
        "${AWS[@]}" "$FLEET" "${ENDPOINT[@]}" --timeout 2m "$@" 2>"$T/err") || status=$?
}

ended() { [ "$status" = "$1" ] || fail "ended with $status, should be $1: $output $(cat "$T/err")"; }
list() { jq -r ".$1 | map(.name) | sort | join(\" \")" <<<"$output"; }

@test "answered and silent instances are listed; without a terminal progress is lines" {
    fleet
    run_fleet --json --records "$RECORDS"
    ended 1
    [ "$(list answered)" = "db web1 web2" ]
    [ "$(list silent)" = gone ]
    [ "$(list failed)" = "" ]
    [ "$(lines_stored)" = 3 ]
    grep -q "3 of 3 ended, 0 failed" "$T/err"
    # Those that are all there: exit 0.
    run_fleet --instance i-000000000000001a,i-000000000000002a --records "$RECORDS"
    ended 0
    [ "$(head -n 1 <<<"$output")" = "answered: 2" ]
    [ "$(lines_stored)" = 5 ]
}

@test "failed instances have a reason and the agent's exit status; success without a record is silent" {
    fleet
    echo wrong | tee "$T/web1/etc/rollcall/token" >"$T/null"
    rm "$T/db/usr/local/bin/rollcall-agent"
    printf '#!/bin/sh\nexit 0\n' >"$T/web2/usr/local/bin/rollcall-agent"
    chmod 755 "$T/web2/usr/local/bin/rollcall-agent"
    run_fleet --json --records "$RECORDS"
    ended 1
    [ "$(list failed)" = "db web1" ]
    [ "$(list silent)" = "gone web2" ]
    [ "$(jq -r '.failed[] | select(.name == "web1") | .code' <<<"$output")" = 77 ]
    [[ $(jq -r '.failed[] | select(.name == "db") | "\(.code) \(.why)"' <<<"$output") = 78*"run rollcall-install first"* ]]
    run_fleet --records "$RECORDS"
    ended 1
    [[ $output = *"web1  exit 77  the token was refused"* ]] || fail "$output"
    # Without the records, what SSM says is all there is to know.
    run_fleet --json
    [ "$(list answered)" = web2 ]
}

@test "a record from before the start does not count" {
    fleet
    "${IN[@]}" chroot "$T/web1" runuser -u rollcall-agent -- /usr/local/bin/rollcall-agent --spool off
    sleep 3
    printf '#!/bin/sh\nexit 0\n' >"$T/web1/usr/local/bin/rollcall-agent"
    run_fleet --json --instance i-000000000000001a --records "$RECORDS"
    ended 1
    [ "$(list silent)" = web1 ]
}

@test "--no-wait prints the id, and --follow takes it" {
    fleet
    run_fleet --no-wait
    ended 0
    [[ $output =~ ^[0-9a-f-]{36}$ ]]
    run_fleet --follow "$output" --json --records "$RECORDS"
    ended 1
    [ "$(list answered) / $(list silent)" = "db web1 web2 / gone" ]
}

# may [SED]: the policy of rollcall-fleet-run(8), after that edit, against the calls so far. Sets status and output.
may() {
    sed "${1-}" "$REPO/scripts/rollcall-fleet-run.8" >"$T/page.8"
    run "$PYTHON" "$AWS_TESTS/iam_simulate.py" "$T/page.8" - "$T/ssm.log" '' AWS::Region=eu-central-1 AWS::AccountId=123456789012 \
        AWS::StackName=none
}

@test "the policy in rollcall-fleet-run(8) allows its calls, and nothing else" {
    fleet
    run_fleet --no-wait
    ended 0
    run_fleet --follow "$output" --json
    run_fleet --instance i-000000000000001a
    ended 0
    [ "$(grep -c '^call ssm SendCommand rollcall-run i-000000000000001a,rollcall=on' "$T/ssm.log")" = 2 ] || fail "$(cat "$T/ssm.log")"
    may
    [ "$status" = 0 ] || fail "$output"
    local edit
    for edit in 's,document/rollcall-run,document/rollcall-install,' 's,resourceTag/rollcall": "on",resourceTag/rollcall": "off",' \
        's/"ssm:ListCommands",//' 's/, "ssm:DescribeInstanceInformation"//' 's,:instance/\*,:instance/i-9,'; do
        may "$edit"
        [[ $status = 1 && $output = *"denied: ssm:"* ]] || fail "not denied after $edit: $output"
    done
    may 's/"ssm:ListCommands",/& "ssm:CancelCommand",/'
    [[ $status = 1 && $output = "unused: ssm:CancelCommand" ]] || fail "$output"
    # An instance without the tag may be named, and is refused.
    run_fleet --instance i-000000000000008a
    may
    [[ $status = 1 && $output = *"denied: ssm:SendCommand"*i-000000000000008a* ]] || fail "$output"
}

@test "on a terminal there is a bar" {
    fleet
    needs script
    local command
    printf -v command '%q ' "${AWS[@]}" "$FLEET" "${ENDPOINT[@]}" --instance i-000000000000001a
    "${IN[@]}" "$LIB/with-hosts" "$T/hosts" \
        script -qec "$command" "$T/typed" >"$T/seen" </dev/null
    grep -qF '[##############################] 1 of 1 ended, 0 failed' "$T/seen" || fail "$(cat "$T/seen")"
}

@test "wrong usage is 64, a refusal by AWS is 75, each in one line" {
    cloud
    AWS=(env AWS_ACCESS_KEY_ID=ASIAEXAMPLE AWS_SECRET_ACCESS_KEY=wrong AWS_DEFAULT_REGION=eu-central-1 AWS_CONFIG_FILE=/dev/null
        "AWS_CA_BUNDLE=$T/aws-tls/cert.pem")
    ENDPOINT=()
    own_hosts
    local bad
    for bad in "--tag x" "--instance x" "--instance i-12345678;id" "--max-errors 200%" "--max-concurrency 0" "--timeout soon" \
        "--follow x" "--nothing 1" "--tag" "--parameter x" "--tag a=b --instance i-12345678"; do
        # shellcheck disable=SC2086
        run_fleet $bad
        ended 64
        [ "$(wc -l <"$T/err")" = 1 ]
    done
    needs aws
    ENDPOINT=(--endpoint-url https://ssm.eu-central-1.amazonaws.com)
    echo "127.0.0.1 ssm.eu-central-1.amazonaws.com" >>"$T/hosts"
    run_fleet
    ended 75
    [ "$(wc -l <"$T/err")" = 1 ]
    grep -q "rollcall-fleet-run: aws ssm describe-instance-information: .*InvalidSignature\|UnrecognizedClient" "$T/err"
    [ "$("$FLEET" --version)" = "rollcall-fleet-run $(make -s --no-print-directory -C "$REPO" print-VERSION)" ]
    "$FLEET" --help | grep -q '^Exit status: '
}
