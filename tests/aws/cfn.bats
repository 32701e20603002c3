#!/usr/bin/env bats
# aws/cloudformation/: each template is what CloudFormation takes and what our rules want; and broken copies of them are
# not, so that the checks are known to look.

load ../lib/helper
load aws

CFN=$REPO/aws/cloudformation

setup() {
    T=$BATS_TEST_TMPDIR SAYS=()
    node_packages
}

# checked FILE...: both checkers; what they say in $T/said.
checked() {
    local rc=0
    node "$AWS_TESTS/cfn-validate.js" "$@" >"$T/said" 2>&1 || rc=1
    "$PYTHON" "$AWS_TESTS/cfn_check.py" "$@" >>"$T/said" 2>&1 || rc=1
    return $rc
}

# broken FILE SED SAYS: a copy that is broken so, and what the checks should say of it; for all_refused.
broken() {
    local copy
    copy=$T/$((${#SAYS[@]} + 1)).yaml
    sed -E "$2" "$CFN/$1" >"$copy"
    ! cmp -s "$CFN/$1" "$copy" || fail "changes nothing: $2"
    SAYS+=("$3")
}

# all_refused: each, and for its reason. In one run: the validator takes its time to start.
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
    # As one file, so that it can be given to deploy without a bucket.
    for file in "$CFN"/*.yaml; do [ "$(stat -c %s "$file")" -le 51200 ]; done
}

@test "the templates have the SSM documents and the script as they are" {
    "$CFN/embed" --check
    mkdir -p "$T/aws" && cp -r "$CFN" "$REPO/aws/ssm" "$T/aws/"
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
    all_refused
}

@test "collector.yaml: broken copies are refused" {
    broken collector.yaml 's/VolumeType: gp3/VolumeType: gp9/' 'gp9|VolumeType'
    broken collector.yaml 's/DeviceName: .dev.sdf/DeviceNam: x/' DeviceNam
    broken collector.yaml 's/!Ref InstanceProfile/!Ref InstanceProfil/' InstanceProfil
    broken collector.yaml 's/Bucket.Arn$/Bucket.Arm/' 'Bucket|Arm'
    broken collector.yaml 's/HttpTokens: required/HttpTokens: optional/' 'version 2'
    broken collector.yaml '0,/Encrypted: true/s//Encrypted: false/' 'not encrypted'
    broken collector.yaml 's/BlockPublicPolicy: true/BlockPublicPolicy: false/' 'not closed'
    broken collector.yaml '/VersioningConfiguration:/,/Status:/d' 'keep versions'
    broken collector.yaml 's/CidrIp: !Ref SshCidr/CidrIp: 0.0.0.0\/0/' 'open to everybody'
    broken collector.yaml 's/s3:AbortMultipartUpload/s3:AbortMultiUpload/' 'no IAM action s3:AbortMultiUpload'
    broken collector.yaml 's/Principal: \{Service: ec2.*/Principal: "*"/' 'allows everybody'
    broken collector.yaml 's/ComparisonOperator: GreaterThanThreshold/ComparisonOperator: GreaterThan/' 'GreaterThan|ComparisonOperator'
    all_refused
}

@test "highly-available.yaml: broken copies are refused" {
    broken highly-available.yaml 's/SourceVolume: records/SourceVolume: recrods/' 'no volume recrods'
    broken highly-available.yaml 's/ReadonlyRootFilesystem: true/ReadonlyRootFilesystem: false/' 'may write to its root'
    broken highly-available.yaml 's/Cpu: "512"/Cpu: "513"/' '513|Cpu|CPU'
    broken highly-available.yaml 's/Encrypted: true/Encrypted: false/' 'file system is not encrypted'
    broken highly-available.yaml '/^  Records:/,/^  [A-Z].*Point/{/KmsKeyId/d}' 'no KmsKeyId'
    broken highly-available.yaml 's/LaunchType: FARGATE/LaunchType: FARGETA/' 'FARGETA'
    broken highly-available.yaml 's/!Ref TaskGroup/!Ref TasksGroup/' TasksGroup
    broken highly-available.yaml 's/Balancer.LoadBalancerFullName$/Balancer.FullName/;s/!GetAtt Balancer.DNSName/!GetAtt Balancer.DnsName/' 'DnsName|FullName'
    broken highly-available.yaml 's/elasticfilesystem:ClientWrite/elasticfilesystem:ClientWrites/' 'no IAM action elasticfilesystem:ClientWrites'
    broken highly-available.yaml 's/AWS::WAFv2::WebACL$/AWS::WAFv2::WebAcl/' WebAcl
    broken highly-available.yaml 's/TransitEncryption: ENABLED/TransitEncryption: ALWAYS/' ALWAYS
    broken highly-available.yaml 's/Principal: .AWS: !GetAtt TaskRole.Arn./Principal: {AWS: "*"}/' 'allows everybody'
    all_refused
}

@test "the stacks are made in an emulator, and wired as they should be" {
    python_packages
    "$VENV_PYTHON" "$AWS_TESTS/emulate.py" "$CFN"
}

@test "cfn-lint has nothing to say" {
    python_packages
    cfn-lint -r us-east-1 -- "$CFN"/*.yaml
}
