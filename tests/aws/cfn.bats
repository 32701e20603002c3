#!/usr/bin/env bats
# aws/cloudformation/: each template passes the validators and our rules; broken copies do not.

# shellcheck disable=SC2016

load ../lib/helper
load aws

CFN=$REPO/aws/cloudformation

setup() {
    T=$BATS_TEST_TMPDIR SAYS=()
    node_packages
}

# checked FILE...: runs both checkers; their findings are in $T/said.
checked() {
    local rc=0
    node "$AWS_TESTS/cfn-validate.js" "$@" >"$T/said" 2>&1 || rc=1
    "$PYTHON" "$AWS_TESTS/cfn_check.py" "$@" >>"$T/said" 2>&1 || rc=1
    return $rc
}

# broken FILE SED SAYS: makes a broken copy for all_refused, which expects this finding.
broken() {
    local copy
    copy=$T/$((${#SAYS[@]} + 1)).yaml
    sed -E "$2" "$CFN/$1" >"$copy"
    ! cmp -s "$CFN/$1" "$copy" || fail "changes nothing: $2"
    SAYS+=("$3")
}

# all_refused: each copy is refused for its reason. One run, because the validator starts slowly.
all_refused() {
    local n=0 says
    ! checked "$T"/[0-9]*.yaml || fail "accepted all of them"
    for says in "${SAYS[@]}"; do
        n=$((n + 1))
        grep "^$T/$n.yaml: " "$T/said" | grep -qE -e "$says" || fail "$n is not refused for '$says': $(cat "$T/said")"
    done
}

@test "every template passes the validator, our rules and our checks" {
    checked "$CFN"/*.yaml || fail "$(cat "$T/said")"
    # The limit of --template-file without a bucket.
    for file in "$CFN"/*.yaml; do [ "$(stat -c %s "$file")" -le 51200 ]; done
}

@test "lighttpd keeps connections open for longer than the balancer's idle timeout" {
    local seconds
    for file in "$REPO"/lighttpd/{lighttpd,production}.conf; do
        seconds=$(sed -n 's/^server.max-keep-alive-idle *= *//p' "$file")
        [ "$seconds" = "$(sed -n 's/^SERVER_KEEPS_OPEN = \([0-9]*\).*/\1/p' "$AWS_TESTS/cfn_account.py")" ]
    done
}

@test "the templates embed the SSM documents, the start script and the state machines unchanged" {
    "$CFN/embed" --check
    mkdir -p "$T/aws" && cp -r "$CFN" "$REPO/aws/ssm" "$REPO/aws/waves" "$T/aws/"
    sed -i 's/rollcall-install: /rollcall-install:  /' "$T/aws/ssm/rollcall-install.yaml"
    run "$T/aws/cloudformation/embed" --check
    [ "$status" = 1 ]
    "$T/aws/cloudformation/embed"
    "$T/aws/cloudformation/embed" --check
}

@test "fleet.yaml: broken copies are refused" {
    broken fleet.yaml 's/ScheduleExpression:/ScheduleExpresion:/' ScheduleExpresion
    broken fleet.yaml 's/!Ref RunDocument/!Ref RunDocumnet/' RunDocumnet
    broken fleet.yaml 's/AlarmKey.Arn/AlarmKey.Name/' 'AlarmKey|Name'
    broken fleet.yaml 's/AWS::SNS::TopicPolicy/AWS::SNS::TopicPolice/' TopicPolice
    broken fleet.yaml 's/ComplianceSeverity: MEDIUM/ComplianceSeverity: MIDDLE/' 'MIDDLE|ComplianceSeverity'
    broken fleet.yaml 's/Default: rate\(30 minutes\)/Default: rate(30 minute)/' 'no schedule'
    broken fleet.yaml 's/Action: ssm:GetParameter/Action: ssm:GetParamter/' 'no IAM action ssm:GetParamter'
    broken fleet.yaml 's/Action: sns:Publish/Action: "*"/' 'every action'
    broken fleet.yaml 's/Principal: \{Service: events.*/Principal: "*"/' 'allows everybody'
    broken fleet.yaml '/KmsMasterKeyId/d' 'not encrypted'
    broken fleet.yaml 's/action: aws:runShellScript/action: aws:runShelScript/' 'no such action'
    broken fleet.yaml 's/schemaVersion: "2.2"/schemaVersion: "9.9"/' schemaVersion
    broken fleet.yaml 's/^( +)Principal: \{Service: events.amazonaws.com\}/&\n\1Condition: {StringEquals: {aws:SourceAccount: x}}/' 'never met'
    broken fleet.yaml '/^  AlarmsPolicy/,/^  AlarmBy/s/events.amazonaws.com/sns.amazonaws.com/' 'both admit events'
    broken fleet.yaml 's/EC2 Command Status-change/EC2 Command Invocation Status-change/' 'each instance'
    broken fleet.yaml 's/3\[01\]\) days/[0-9]{2}) days/;s/\(\[2-9\]\|\[12\]\[0-9\]\|\[0-9\]\{2\}\) days/[1-9][0-9] days/' 'refuses rate.32 days'
    broken fleet.yaml 's/\[3-9\]\[0-9\]\|\[1-9\]\[0-9\]\{2,3\}/[1-9][0-9]*/' 'refuses rate.29 minutes'
    all_refused
}

@test "collector.yaml: broken copies are refused" {
    broken collector.yaml 's/VolumeType: gp3/VolumeType: gp9/' 'gp9|VolumeType'
    broken collector.yaml 's/DeviceName: !Ref/DeviceNam: !Ref/' DeviceNam
    broken collector.yaml 's/GetAtt InstanceProfile.Arn/GetAtt InstanceProfil.Arn/' InstanceProfil
    # shellcheck disable=SC2016
    broken collector.yaml 's/!GetAtt Bucket.Arn, !Sub "\$\{Bucket/!GetAtt Bucket.Arm, !Sub "${Bucket/' 'Bucket|Arm'
    broken collector.yaml 's/HttpTokens: required/HttpTokens: optional/' 'version 2'
    broken collector.yaml 's/VolumeSize: 12, Encrypted: true/VolumeSize: 12, Encrypted: false/' 'not encrypted'
    broken collector.yaml 's/BlockPublicPolicy: true/BlockPublicPolicy: false/' 'not closed'
    broken collector.yaml '/VersioningConfiguration:/,/Status:/d' 'keep versions'
    broken collector.yaml 's/CidrIp: !Ref SshCidr/CidrIp: 0.0.0.0\/0/' 'open to everybody'
    broken collector.yaml 's/s3:AbortMultipartUpload/s3:AbortMultiUpload/' 'no IAM action s3:AbortMultiUpload'
    broken collector.yaml 's/Principal: \{Service: ec2.*/Principal: "*"/' 'allows everybody'
    broken collector.yaml 's/ComparisonOperator: GreaterThanThreshold/ComparisonOperator: GreaterThan/' 'GreaterThan|ComparisonOperator'
    broken collector.yaml '/^  Bucket:/,/Properties/s/RetainExceptOnCreate/Retain/' 'Bucket: DeletionPolicy must be'
    broken collector.yaml 's/UpdateReplacePolicy: Snapshot/UpdateReplacePolicy: Delete/' 'Records: UpdateReplacePolicy must be Snapshot'
    broken collector.yaml 's/^( +)- DeviceName: .*/&\n\1  Ebs: {VolumeType: gp3, Encrypted: true}\n\1- DeviceName: \/dev\/sdf/' 'lost when it is replaced'
    broken collector.yaml 's/:\[1-9\]\[0-9\]\{0,9\}\$"/(:[0-9]+)?$"/' 'must be pinned'
    broken collector.yaml 's/^    AllowedPattern: "\^\(t3a\?.*/    AllowedPattern: "^[a-z0-9]+[.][a-z0-9]+$"/' 'without Nitro'
    broken collector.yaml 's/^  KeepDays:/  KeepNoDays:/' 'nothing would ever be removed'
    broken collector.yaml '0,/    Properties:/s//    Properties: \&all/' 'YAML aliases'
    all_refused
}

@test "highly-available.yaml: broken copies are refused" {
    broken highly-available.yaml 's/SourceVolume: records/SourceVolume: recrods/' 'no volume recrods'
    broken highly-available.yaml 's/ReadonlyRootFilesystem: true/ReadonlyRootFilesystem: false/' 'may write to its root'
    broken highly-available.yaml 's/Cpu: "512"/Cpu: "513"/' '513|Cpu|CPU'
    broken highly-available.yaml 's/Encrypted: true/Encrypted: false/' 'file system is not encrypted'
    broken highly-available.yaml '/^  Records:/,/^  [A-Z].*Point/{/KmsKeyId/d}' 'no KmsKeyId'
    broken highly-available.yaml 's/LaunchType: FARGATE/LaunchType: FARGETA/' 'FARGETA'
    broken highly-available.yaml 's/Scheme: !Ref Scheme/Scheme: internet-facing/' 'must be a choice'
    broken highly-available.yaml 's/timeout_seconds, Value: "60"/timeout_seconds, Value: "75"/' 'below lighttpd'
    broken highly-available.yaml 's/ResponseCode: 429/ResponseCode: 403/' 'must answer 429'
    broken highly-available.yaml 's/^      PlatformVersion: 1.4.0$/&\n      DesiredCount: 3/' 'undo the scaling'
    broken highly-available.yaml 's/^      PlatformVersion: 1.4.0$/&\n      EnableExecuteCommand: true/' 'does not support a read-only'
    broken highly-available.yaml 's/DependsOn: \[Listener, Network\]/DependsOn: Listener/' 'must wait for'
    broken highly-available.yaml '/^  Records:/,/Properties/s/RetainExceptOnCreate/Delete/' 'Records: DeletionPolicy must be'
    broken highly-available.yaml 's/!Ref TaskGroup/!Ref TasksGroup/' TasksGroup
    broken highly-available.yaml 's/Balancer.LoadBalancerFullName$/Balancer.FullName/;s/!GetAtt Balancer.DNSName/!GetAtt Balancer.DnsName/' 'DnsName|FullName'
    broken highly-available.yaml 's/elasticfilesystem:ClientWrite/elasticfilesystem:ClientWrites/' 'no IAM action elasticfilesystem:ClientWrites'
    broken highly-available.yaml 's/AWS::WAFv2::WebACL$/AWS::WAFv2::WebAcl/' WebAcl
    broken highly-available.yaml 's/TransitEncryption: ENABLED/TransitEncryption: ALWAYS/' ALWAYS
    broken highly-available.yaml '/^  WatchService:/,/^  [A-Z]/{/DependsOn/d}' 'WatchService: .*must wait for'
    broken highly-available.yaml 's/SourceVolume: watch/SourceVolume: wacht/' 'no volume wacht'
    broken highly-available.yaml 's/Principal: .AWS: .!GetAtt TaskRole.*/Principal: {AWS: "*"}/' 'allows everybody'
    all_refused
}

@test "waves.yaml and waves-member.yaml: broken copies are refused" {
    broken waves.yaml 's/BillingMode: PAY_PER_REQUEST/BillingMode: PAY_PER_REQUESTS/' 'PAY_PER_REQUESTS|BillingMode'
    broken waves.yaml 's/dynamodb:UpdateItem/dynamodb:UpdateItems/' 'no IAM action dynamodb:UpdateItems'
    broken waves.yaml 's/states:StartExecution/states:StartExecutions/' 'no IAM action states:StartExecutions'
    broken waves.yaml 's/aws:PrincipalOrgID: .*/aws:PrincipalAccount: x}/' 'allows everybody'
    broken waves.yaml 's/Default: cron\(0 22 /Default: cron(22 /' 'no schedule'
    broken waves.yaml '/KmsMasterKeyId/d' 'not encrypted'
    broken waves.yaml 's/RoleArn: !GetAtt Role.Arn/RoleArn: !GetAtt Rule.Arn/' Rule
    broken waves-member.yaml 's/ecs:UpdateService$/ecs:UpdateServices/' 'no IAM action ecs:UpdateServices'
    broken waves-member.yaml 's/Principal: .*/Principal: {AWS: "*"}/;s/aws:PrincipalOrgID: .*/aws:PrincipalAccount: x}/' 'allows everybody'
    all_refused
}

@test "organisation.yaml: broken copies are refused" {
    broken organisation.yaml 's/VersioningConfiguration: \{Status: Enabled\}/VersioningConfiguration: {Status: Suspended}/' 'versions'
    broken organisation.yaml '/BucketEncryption:/,/SSEAlgorithm/d' 'bucket is not encrypted'
    broken organisation.yaml 's/IgnorePublicAcls: true/IgnorePublicAcls: false/' 'not closed: IgnorePublicAcls'
    broken organisation.yaml 's/^( +)StringEquals: \{aws:PrincipalOrgID: .*/\1StringEquals: {aws:PrincipalType: Role}/' 'allows everybody'
    broken organisation.yaml 's/RecordingFrequency: CONTINUOUS/RecordingFrequency: ALWAYS/' 'RecordingFrequency ALWAYS'
    broken organisation.yaml 's/TwentyFour_Hours/24_Hours/' 'DeliveryFrequency 24_Hours'
    broken organisation.yaml 's/Owner: CUSTOM_POLICY/Owner: CUSTOM_POLICIES/' 'Owner CUSTOM_POLICIES'
    broken organisation.yaml 's/guard-2.x.x/guard-9/' 'PolicyRuntime guard-9'
    broken organisation.yaml 's/ResourceTypes: \["AWS::ECS::Service"/ResourceTypes: ["AWS::ECS::Services"/' 'does not record AWS::ECS::Services'
    broken organisation.yaml 's/RoleARN:/RoleArn:/' RoleARN
    broken organisation.yaml 's/s3:GetBucketAcl/s3:GetBucketAcls/' 'no IAM action s3:GetBucketAcls'
    broken organisation.yaml 's/!GetAtt AggregatorRole.Arn/!GetAtt AggregatorRule.Arn/' AggregatorRule
    broken organisation.yaml '/^  ConfigRecorder:/,/^  Channel:/s/^    Condition: Records$/    Condition: Central/' 'ConfigRecorder .*conditional on .Records'
    broken organisation.yaml '/^  Bucket:/,/Properties/s/RetainExceptOnCreate/Delete/' 'Bucket: DeletionPolicy must be'
    all_refused
}

@test "the stacks are created in an emulator with every parameter's edge values" {
    python_packages
    "$VENV_PYTHON" "$AWS_TESTS/emulate.py" "$CFN"
}

# services_may ROLE TEMPLATE: the role allows the calls that AWS's services make with it, and no others.
services_may() {
    "$PYTHON" "$AWS_TESTS/iam_simulate.py" "$2" "$1" services '' AWS::Partition=aws AWS::Region=x AWS::AccountId=1 AWS::StackName=s \
        TokensParameter=/rollcall/tokens HasTokensKey= KEY=arn:aws:kms:x:1:key/k \
        NoPolicy= OwnPolicy=1 Policy=/rollcall/policy HasWatch=1 WatchParameter=/rollcall/watch
}

@test "highly-available.yaml: ECS and the scheduler may do what they need, and nothing else" {
    local template=$REPO/aws/cloudformation/highly-available.yaml role
    for role in ExecutionRole ScheduleRole; do
        services_may "$role" "$template"
    done
    # The check can fail: without one permission, and for another task.
    sed 's/ssm:GetParameters$/ssm:GetParameter/' "$template" >"$T/bad.yaml"
    run ! services_may ExecutionRole "$T/bad.yaml"
    sed 's/rollcall-nightly:\*/rollcall:*/' "$template" >"$T/bad.yaml"
    run ! services_may ScheduleRole "$T/bad.yaml"
}

@test "cfn-lint has no finding" {
    python_packages
    cfn-lint -r us-east-1 -- "$CFN"/*.yaml
}

@test "analytics.yaml: the Glue tables have the columns of the SQL files" {
    local table resource
    for table in Records Processes Files; do
        resource=${table}Table
        sed -n "/^  $resource:/,/^  [A-Z]/p" "$CFN/analytics.yaml" | sed -n '/ Columns:/,$p' |
            sed -nE 's/^ +- (\{)?Name: ([a-z_0-9]+).*/\2/p' >"$T/glue"
        sed -n '/^CREATE/,/^)/p' "$ATHENA/create-${table,}.sql" | sed -nE 's/^    `?([a-z_0-9]+)`? .*/\1/p' >"$T/sql"
        [ -s "$T/sql" ]
        diff "$T/sql" "$T/glue"
    done
}

@test "analytics.yaml: broken copies are refused" {
    broken analytics.yaml 's/BytesScannedCutoffPerQuery/BytesScanedCutoffPerQuery/' 'BytesScanedCutoffPerQuery'
    broken analytics.yaml 's/!GetAtt JobRole.Arn/!GetAtt JobRoll.Arn/' 'JobRoll'
    broken analytics.yaml 's/VersioningConfiguration: \{Status: Enabled\}/VersioningConfiguration: {Status: Suspended}/' 'versions'
    all_refused
}
