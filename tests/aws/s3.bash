# s3: what the bats files about S3 share. `load s3` after ../lib/helper.
#
# One radosgw a file (s3_start in setup_file, s3_stop in teardown_file), or Swift (swift_start,
# swift_stop); each test has a bucket of its own, $BUCKET, and nothing but what s3_setup says in its
# environment for AWS.
# shellcheck shell=bash disable=SC2034,SC2153,SC2154

AWS_TESTS=$REPO/tests/aws
S3TOOL=$ROLLCALL_BUILD/tests/aws/s3tool
ARCHIVE=$ROLLCALL_BUILD/rollcall-archive
CLEANUP=$ROLLCALL_BUILD/rollcall-cleanup
KEY=${KEY:-AKIDEXAMPLE} SECRET=wJalrXUtnFEMIK7MDENG
NOTHING_SHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

# What s3tool answers (aws/s3.h, enum s3_result).
OK=0 NOT_FOUND=1 DENIED=2 CONFIG=3 REFUSED=4 LATER=5 BAD_ANSWER=6

s3_start() {
    command -v radosgw >/dev/null || skip "radosgw is not installed"
    [ "$(id -u)" = 0 ] || skip "only root can start ceph here"
    export S3_PORT
    S3_PORT=$(free_port)
    RGW_KEY=$KEY RGW_SECRET=$SECRET "$AWS_TESTS/rgw" start "$BATS_FILE_TMPDIR/rgw" "$S3_PORT" 3>&- >&2
}

swift_start() {
    command -v swift-proxy-server >/dev/null || skip "swift is not installed"
    [ "$(id -u)" = 0 ] || skip "only root can start swift here"
    export S3_PORT KEY=test:tester
    S3_PORT=$(free_port)
    # Swift looks up its own names: where they are unknown, each look-up waits for a name server.
    echo "127.0.0.1 localhost $(uname -n)" >"$BATS_FILE_TMPDIR/hosts"
    SWIFT_SECRET=$SECRET "$LIB/with-hosts" "$BATS_FILE_TMPDIR/hosts" "$AWS_TESTS/swift" start "$BATS_FILE_TMPDIR/swift" "$S3_PORT" 3>&- >&2
}
swift_stop() { "$AWS_TESTS/swift" stop "$BATS_FILE_TMPDIR/swift"; }

s3_stop() { "$AWS_TESTS/rgw" stop "$BATS_FILE_TMPDIR/rgw"; }

# s3_setup: a bucket, and keys to it in the environment.
s3_setup() {
    local name
    for name in $(compgen -e | grep '^AWS_'); do
        unset "$name"
    done
    unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
    export HOME=$T/home AWS_EC2_METADATA_DISABLED=true AWS_MAX_ATTEMPTS=4 TMPDIR=$T
    mkdir -p "$HOME"
    BUCKET=test-$BATS_TEST_NUMBER-$BASHPID
    ENDPOINT=http://127.0.0.1:$S3_PORT
    keys "$KEY" "$SECRET"
    export S3_BUCKET=$BUCKET S3_ENDPOINT=$ENDPOINT
    "$S3TOOL" make
}

# keys ACCESS SECRET [TOKEN]
keys() {
    export AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2
    unset AWS_SESSION_TOKEN
    [ $# -lt 3 ] || export AWS_SESSION_TOKEN=$3
}
no_keys() { unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; }

# signed SERVICE [curl options...]: curl with the account's keys.
signed() {
    local service=$1
    shift
    curl -s -m 60 --user "$KEY:$SECRET" --aws-sigv4 "aws:amz:us-east-1:$service" "$@"
}

# put KEY TEXT: an object.
put() {
    printf %s "$2" >"$T/object"
    "$S3TOOL" put "$1" "$T/object"
}

# put_numbered N PREFIX: so many objects, PREFIX0001 ...
put_numbered() {
    seq -f "$2%04.0f" "$1" >"$T/numbers"
    printf x >"$T/object"
    "$S3TOOL" put-all "$T/object" <"$T/numbers"
}

# gives STATUS WORDS: what `run` ran ended so, and said the words.
gives() {
    if [ "$status" != "$1" ] || [[ $output != *"$2"* ]]; then
        fail "ended with $status, not $1 and '$2': $output"
    fi
}

# proxy [ACTION...]: the client goes through the proxy from now on, which does these first.
proxy() {
    : >"$T/proxy.log"
    printf '%s\n' "$@" >"$T/proxy.script"
    [ $# -gt 0 ] || : >"$T/proxy.script"
    "$AWS_TESTS/s3-proxy" "$T/proxy.port" "$S3_PORT" "$T/proxy.script" "$T/proxy.log" 3>&- &
    PIDS+=($!)
    wait_until 20 test -s "$T/proxy.port"
    S3_ENDPOINT=http://127.0.0.1:$(cat "$T/proxy.port")
    ENDPOINT=$S3_ENDPOINT
}
proxied() { wc -l <"$T/proxy.log"; }

# session [SECONDS]: keys of the role "archiver", which may use this bucket: ACCESS, SECRET_KEY, TOKEN.
session() {
    local policy
    policy=$(jq -nc --arg b "arn:aws:s3:::$BUCKET" '{Version: "2012-10-17", Statement: [
        {Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject"], Resource: ($b + "/*")},
        {Effect: "Allow", Action: ["s3:ListBucket"], Resource: $b}]}')
    signed iam "http://127.0.0.1:$S3_PORT/" -d Action=CreateRole -d "RoleName=$BUCKET" --data-urlencode \
        'AssumeRolePolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam:::user/t"]},"Action":["sts:AssumeRole"]}]}' >"$T/role"
    signed iam "http://127.0.0.1:$S3_PORT/" -d Action=PutRolePolicy -d "RoleName=$BUCKET" -d PolicyName=p \
        --data-urlencode "PolicyDocument=$policy" >>"$T/role"
    signed sts "http://127.0.0.1:$S3_PORT/" -d Action=AssumeRole -d "RoleArn=arn:aws:iam:::role/$BUCKET" \
        -d RoleSessionName=test -d "DurationSeconds=${1:-900}" >"$T/session"
    ACCESS=$(tag AccessKeyId) SECRET_KEY=$(tag SecretAccessKey) TOKEN_KEY=$(tag SessionToken)
    [ -n "$TOKEN_KEY" ] || fail "no session: $(cat "$T/role" "$T/session")"
}
tag() { sed -n "s,.*<$1>\([^<]*\)</$1>.*,\1,p" "$T/session"; }

# metadata_serves SECONDS_TO_LIVE ACCESS SECRET [TOKEN]: what the stub gives from now on.
metadata_serves() {
    jq -n --arg a "$2" --arg s "$3" --arg t "${4-}" --arg e "$(date -u -d "$1 seconds" +%FT%TZ)" \
        '{AccessKeyId: $a, SecretAccessKey: $s, Token: $t, Expiration: $e}' >"$T/metadata.new"
    mv "$T/metadata.new" "$T/metadata.json"
}

# metadata_start: the stub; nothing is asked there until the environment says so.
metadata_start() {
    : >"$T/metadata.log"
    "$AWS_TESTS/imds" "$T/metadata.port" "$T/metadata.json" "$T/metadata.log" 3>&- &
    PIDS+=($!)
    wait_until 20 test -s "$T/metadata.port"
    METADATA=http://127.0.0.1:$(cat "$T/metadata.port")
}
