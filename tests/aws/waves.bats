#!/usr/bin/env bats
# aws/waves/: the state machines are valid, and whole nights run in an interpreter, against a table that behaves as
# DynamoDB and an organisation that does not behave.
# shellcheck disable=SC2030,SC2031

load ../lib/helper
load aws

setup() {
    T=$BATS_TEST_TMPDIR
    node_packages
    PATH=$REPO/build/node/bin:$PATH
}

# passes FILE: all its tests do; what fails is shown.
passes() {
    node "$AWS_TESTS/waves/$1" >"$T/said" 2>&1 || fail "$(grep -a -A 30 '^not ok' "$T/said" || tail -n 40 "$T/said")"
    grep -aq '^# fail 0' "$T/said"
}

@test "the machines pass the validator, and broken copies do not" {
    node "$AWS_TESTS/waves/validate.js"
}

# may WHOSE TEMPLATE: the role of the central account, or of a member, may do what the machines do, and nothing else.
may() {
    local role=Role region=eu-central-1 account=100000000001
    [ "$1" = member ] || account=100000000000
    "$PYTHON" "$AWS_TESTS/iam_simulate.py" "$2" "$role" "$T/$1" '' AWS::Partition=aws AWS::Region=$region AWS::AccountId=$account \
        CentralAccount=100000000000 OrganizationId=o-ours Table.Arn=arn:aws:dynamodb:$region:$account:table/waves \
        Key.Arn=arn:aws:kms:$region:$account:key/k Alarms=arn:aws:sns:$region:$account:waves Owners=arn:aws:sns:$region:$account:owners
}

# may_not WHOSE SED SAYS: a copy of the role's template with this change is refused, for this reason.
may_not() {
    local template=$REPO/aws/cloudformation/waves.yaml
    [ "$1" = central ] || template=$REPO/aws/cloudformation/waves-member.yaml
    sed -E "$2" "$template" >"$T/bad.yaml"
    ! cmp -s "$template" "$T/bad.yaml" || fail "changes nothing: $2"
    run may "$1" "$T/bad.yaml"
    [ "$status" = 1 ] || fail "accepted: $2"
    grep -qE -e "$3" <<<"$output" || fail "$2: $output"
}

@test "both roles may do what the machines do, and nothing else; broken copies are refused" {
    node "$AWS_TESTS/waves/calls.js" "$T/central" "$T/member"
    may central "$REPO/aws/cloudformation/waves.yaml"
    may member "$REPO/aws/cloudformation/waves-member.yaml"
    grep -q 'MemberRole: rollcall-waves-member,' "$REPO/aws/cloudformation/waves.yaml"

    may_not central 's/role\/rollcall-waves-member/role\/*/' 'not refused: sts:AssumeRole .*/Admin'
    may_not central 's/role\/rollcall-waves-member/role\/rollcall-waves/' 'denied: sts:AssumeRole .*/rollcall-waves-member'
    may_not central 's/\[dynamodb:GetItem, dynamodb:UpdateItem\]/[dynamodb:GetItem]/' 'denied: dynamodb:UpdateItem'
    may_not central 's/\[dynamodb:GetItem, dynamodb:UpdateItem\]/"dynamodb:*"/' 'not refused: dynamodb:DeleteItem'
    may_not central 's,/index/by-state$,/index/by-time,' 'denied: dynamodb:Query .*/by-state'
    may_not central 's/Resource: \[!Ref Alarms, !Ref Owners\]/Resource: !Ref Alarms/' 'denied: sns:Publish .*owners'
    may_not central 's/cloudwatch:namespace: rollcall/cloudwatch:namespace: other/' 'denied: cloudwatch:PutMetricData'
    may_not central '/Action: config:/s/config:.*/config:DescribeConfigRules/' 'denied: config:SelectAggregateResourceConfig'
    may_not central '/^  Role:/,/^  Plan:/s/\[kms:Decrypt, kms:GenerateDataKey\]/kms:Decrypt/' 'denied: kms:GenerateDataKey'

    may_not member 's/"Null": .*/"Null": {aws:ResourceTag\/other: "false"}/' 'denied: ecs:UpdateService'
    may_not member 's/"Null": (.*)"false"/"Null": \1"true"/' 'not refused: ecs:UpdateService'
    may_not member 's/ecs:enable-execute-command: "true"/ecs:enable-execute-command: "false"/' 'not refused: ecs:UpdateService .*execute-command'
    may_not member 's/aws:TagKeys: \[/&owner, /' 'not refused: ecs:TagResource .*owner'
    may_not member 's/aws:TagKeys: \[.*\]/aws:TagKeys: [owner]/' 'denied: ecs:TagResource'
    may_not member 's,document/rollcall-run,document/*,' 'not refused: ssm:SendCommand .*AWS-RunShellScript'
    may_not member 's,ssm:resourceTag/rollcall: "on",ssm:resourceTag/rollcall: "off",' 'denied: ssm:SendCommand .*instance'
    may_not member '/Action: ssm:ListCommands/s/List/Describe/' 'denied: ssm:ListCommands'
    may_not member 's,role/rollcall-waves-\*,role/*,' 'not refused: trust:AssumeRole .*/Admin'
    may_not member '/aws:PrincipalOrgID/d' 'not refused: trust:AssumeRole .*o-other'
    may_not member 's/"arn:.*:root"/"*"/' 'not refused: trust:AssumeRole arn:aws:iam::999999999999'
}

@test "the interpreter does what AWS's pages say" { passes interpreter.test.js; }

@test "nights with accidents, one for each seed, and one for each case that has a name" {
    [ -z "${ROLLCALL_NIGHTLY-}" ] || export SEEDS=200
    passes nights.test.js
}
