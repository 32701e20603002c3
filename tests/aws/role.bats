#!/usr/bin/env bats
# Profiles that assume a role: with the STS of radosgw, which really checks keys and policies, and with a stand-in that
# checks the signature and lets keys expire.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153,SC2154

load ../lib/helper
load s3

setup_file() { s3_start; }
teardown_file() { s3_stop; }
setup() {
    rollcall_setup
    s3_setup
    put a 1
    session
    ROLE=arn:aws:iam:::role/$BUCKET
    mkdir -p "$HOME/.aws"
    no_keys
    export AWS_ENDPOINT_URL_STS=http://127.0.0.1:$S3_PORT AWS_REGION=us-east-1
}
teardown() { rollcall_teardown; }

# profiles TEXT: the config file.
profiles() { printf '%s\n' "$@" >"$HOME/.aws/config"; }

lists() {
    run "$S3TOOL" ls ''
    [ "$status" = 0 ] || fail "$output"
    [ "$output" = "1 a" ] || fail "$output"
}

# restricted: what lists is the role, which may not do what the account's own keys may.
restricted() {
    run "$S3TOOL" make
    [ "$status" = "$DENIED" ] || fail "it is not the role: $status $output"
}

@test "role: source_profile, with keys in the credentials file" {
    profiles '[profile work]' "role_arn = $ROLE" 'source_profile = base' 'external_id = x/1'
    printf '[base]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$KEY" "$SECRET" >"$HOME/.aws/credentials"
    export AWS_PROFILE=work
    lists
    restricted
    # As "default", and with the source's keys in the profile itself.
    unset AWS_PROFILE
    profiles '[default]' "role_arn = $ROLE" 'source_profile = default' "aws_access_key_id = $KEY" "aws_secret_access_key = $SECRET"
    lists
    restricted
}

@test "role: credential_source = Ec2InstanceMetadata" {
    metadata_serves 3600 "$KEY" "$SECRET"
    metadata_start
    unset AWS_EC2_METADATA_DISABLED
    export AWS_EC2_METADATA_SERVICE_ENDPOINT=$METADATA AWS_PROFILE=lister
    profiles '[profile lister]' "role_arn = $ROLE" 'credential_source = Ec2InstanceMetadata'
    lists
    restricted
    grep -q '^GET /latest/meta-data/iam/security-credentials/' "$T/metadata.log"
}

@test "role: credential_source = EcsContainer and Environment" {
    metadata_serves 3600 "$KEY" "$SECRET"
    metadata_start
    export AWS_CONTAINER_CREDENTIALS_FULL_URI=$METADATA/ecs AWS_CONTAINER_AUTHORIZATION_TOKEN=task-secret AWS_PROFILE=lister
    profiles '[profile lister]' "role_arn = $ROLE" 'credential_source = EcsContainer'
    lists
    restricted
    unset AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN
    profiles '[profile lister]' "role_arn = $ROLE" 'credential_source = Environment'
    keys "$KEY" "$SECRET"
    lists
    restricted
    # Another source does not stop the environment from being first, as in AWS's tools.
    profiles '[profile lister]' "role_arn = $ROLE" 'credential_source = EcsContainer'
    "$S3TOOL" make
}

@test "role: an unsupported or incomplete setting is named" {
    export AWS_PROFILE=p
    while IFS='|' read -r lines words; do
        # shellcheck disable=SC2086
        profiles '[profile p]' "${lines//;/$'\n'}"
        run "$S3TOOL" ls ''
        gives "$CONFIG" "AWS profile p: $words"
    done <<END
role_arn = r|role_arn needs source_profile or credential_source
role_arn = r;credential_source = Ec2|credential_source must be Environment, Ec2InstanceMetadata or EcsContainer
role_arn = r;credential_source = Environment;source_profile = q|credential_source and source_profile are both set
role_arn = r;source_profile = q;mfa_serial = m|mfa_serial is not supported
role_arn = r;web_identity_token_file = f|web_identity_token_file is not supported
credential_process = /bin/x|credential_process is not supported
sso_session = x|sso_session is not supported
role_arn = r;credential_source = EcsContainer|no keys from EcsContainer
END
    profiles '[profile p]' 'role_arn = r' 'source_profile = q' '[profile q]' 'role_arn = r' 'source_profile = p'
    run "$S3TOOL" ls ''
    gives "$CONFIG" 'source_profile leads through more than 5 profiles'
}

@test "role: a refusal by STS is reported with its reason" {
    profiles '[default]' 'role_arn = arn:aws:iam:::role/nobody' 'source_profile = base'
    printf '[base]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$KEY" "$SECRET" >"$HOME/.aws/credentials"
    run "$S3TOOL" ls ''
    gives "$CONFIG" 'STS does not assume arn:aws:iam:::role/nobody'
    [[ $output != *"$SECRET"* ]]
}

# sts [JQ...]: the stand-in, which gives radosgw's own session.
sts() {
    [ -n "${STS_PORT-}" ] || {
        : >"$T/sts.log"
        "$PYTHON" "$AWS_TESTS/sts_server.py" "$T/sts.port" "$T/sts.json" "$T/sts.log" 3>&- &
        PIDS+=($!)
        wait_until 20 test -s "$T/sts.port"
        STS_PORT=$(cat "$T/sts.port")
        export AWS_ENDPOINT_URL_STS=http://127.0.0.1:$STS_PORT/
    }
    jq -n --arg k "base" --arg s "base/secret+" --arg a "$ACCESS" --arg sk "$SECRET_KEY" --arg t "$TOKEN_KEY" \
        --arg e "$(date -u -d '3600 seconds' +%FT%TZ)" '{region: "us-east-1", access_key: $k, secret_key: $s, session_token: null,
        role: "arn:aws:iam::1:role/r", answer: {AccessKeyId: $a, SecretAccessKey: $sk, SessionToken: $t, Expiration: $e}}' |
        jq "${@:-.}" >"$T/sts.new"
    mv "$T/sts.new" "$T/sts.json"
}

@test "role: the request to STS is signed and has every setting; refusals and outages differ" {
    sts
    profiles '[default]' 'role_arn = arn:aws:iam::1:role/r' 'source_profile = base' 'role_session_name = web-1' \
        'external_id = a b/c&d' 'duration_seconds = 1800'
    printf '[base]\naws_access_key_id = base\naws_secret_access_key = base/secret+\n' >"$HOME/.aws/credentials"
    lists
    [ "$(cat "$T/sts.log")" = "Action=AssumeRole DurationSeconds=1800 ExternalId=a b/c&d RoleArn=arn:aws:iam::1:role/r RoleSessionName=web-1 Version=2011-06-15" ]
    sts '.secret_key = "other"'
    run "$S3TOOL" ls ''
    gives "$CONFIG" InvalidSignatureException
    sts '.status = 503'
    AWS_MAX_ATTEMPTS=2 run "$S3TOOL" ls ''
    gives "$LATER" 'try again (503 ServiceUnavailable)'
    sts '.answer.Expiration = "soon"'
    run "$S3TOOL" ls ''
    gives "$CONFIG" 'expected an Expiration such as'
}

@test "role: keys that expire are refreshed while it runs" {
    sts ".answer.Expiration = \"$(date -u -d '60 seconds' +%FT%TZ)\""
    profiles '[default]' 'role_arn = arn:aws:iam::1:role/r' 'source_profile = base'
    printf '[base]\naws_access_key_id = base\naws_secret_access_key = base/secret+\n' >"$HOME/.aws/credentials"
    # Within five minutes of their end the keys are asked for again, but not for each request.
    seq -f 'k%04.0f' 20 >"$T/numbers"
    printf x >"$T/object"
    proxy 'status 403 ExpiredToken'
    "$S3TOOL" put-all "$T/object" <"$T/numbers"
    [ "$(wc -l <"$T/sts.log")" = 2 ]
}
