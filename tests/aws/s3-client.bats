#!/usr/bin/env bats
# The S3 client (aws/s3*.c) against ceph radosgw, which checks signatures, hashes and session tokens.
# shellcheck disable=SC2030,SC2031,SC2154

load ../lib/helper
load s3

setup_file() { s3_start; }
teardown_file() { s3_stop; }
setup() {
    T=$BATS_TEST_TMPDIR PIDS=()
    s3_setup
}
teardown() { rollcall_teardown; }

# Keys that S3 allows and that a careless encoding breaks.
NAMES=('plain' 'a b' 'a  b' 'date=2026-11-20/x' 'a+b' '100%' '%41' '%2F' 'a:b' 'a,b@c' 'grüße/日本' '..x/y..' '.x/...'
    'x//y' 'q?a=b&c' 'hash#tag' "it's (1)!*" 'semi;colon' 'tilde~' 'back\slash' '"quoted"' '<xml>&amp;' $'tab\there' 'end ')

@test "s3: keys of all forms are stored, read and listed" {
    local name
    for name in "${NAMES[@]}"; do
        put "n/$name" "$name"
        "$S3TOOL" get "n/$name" "$T/back"
        [ "$(cat "$T/back")" = "$name" ] || fail "$name"
        [[ "$("$S3TOOL" head "n/$name")" == "${#name} "* ]] || [[ $name == *[!\ -~]* ]]
    done
    "$S3TOOL" ls n/ | sed 's,^[0-9]* n/,,' | sort >"$T/listed"
    printf '%s\n' "${NAMES[@]}" | sort >"$T/wanted"
    diff "$T/wanted" "$T/listed"
}

@test "s3: a key that libcurl would change is refused" {
    put x/y x
    local key
    for key in . .. x/../x/y ./x/y x/./y x/y/.. x/y/. /x/y ''; do
        run "$S3TOOL" get "$key" "$T/back"
        gives "$REFUSED" 'no part . or ..'
    done
}

@test "s3: keys of all forms work as prefixes of listings" {
    put 'a b+c%/d=e:f/g' x
    put 'a b+c%/d=e:f/h/i' x
    [ "$("$S3TOOL" level 'a b+c%/d=e:f/' | sort)" = $'1 a b+c%/d=e:f/g\nlevel a b+c%/d=e:f/h/' ]
    [ "$("$S3TOOL" level '')" = 'level a b+c%/' ]
    [ "$("$S3TOOL" ls 'a b+c%/d=e:f/' | wc -l)" = 2 ]
    [ -z "$("$S3TOOL" ls 'a b-c')" ]
}

@test "s3: a listing of 2,500 keys has three pages and each key once, objects and levels" {
    put_numbered 2500 'p=q/r s:'
    "$S3TOOL" ls 'p=q/' | cut -d' ' -f2- >"$T/listed"
    diff "$T/numbers" "$T/listed"
    "$S3TOOL" level 'p=q/' | cut -d' ' -f2- | diff "$T/numbers" -
    sed 's,$,/deep,' "$T/numbers" | head -n 1200 >"$T/deep"
    "$S3TOOL" put-all "$T/object" <"$T/deep"
    "$S3TOOL" level 'p=q/' >"$T/level"
    [ "$(grep -c '^level p=q/' "$T/level")" = 1200 ]
    [ "$(grep -c '^1 p=q/' "$T/level")" = 2500 ]
}

@test "s3: wrong keys, no keys, half keys" {
    keys "$KEY" wrong
    run "$S3TOOL" ls ''
    gives "$DENIED" "403"
    [[ $output != *wrong* ]]
    keys nobody "$SECRET"
    run "$S3TOOL" ls ''
    gives "$DENIED" "403"
    unset AWS_SECRET_ACCESS_KEY
    run "$S3TOOL" ls ''
    gives "$CONFIG" "the secret access key is missing"
    no_keys
    run "$S3TOOL" ls ''
    gives "$CONFIG" "no credentials"
    keys $'bad\nX-Evil: 1' "$SECRET"
    run "$S3TOOL" ls ''
    gives "$CONFIG" "control character"
}

@test "s3: session tokens: right, altered, missing, beyond the role's policy, expired" {
    session
    keys "$ACCESS" "$SECRET_KEY" "$TOKEN_KEY"
    put 'with token' x
    [ "$("$S3TOOL" ls '')" = '1 with token' ]
    keys "$ACCESS" "$SECRET_KEY" "${TOKEN_KEY:0:20}AAAA${TOKEN_KEY:24}"
    run "$S3TOOL" ls ''
    [ "$status" = "$DENIED" ] || [ "$status" = "$REFUSED" ]
    keys "$ACCESS" "$SECRET_KEY"
    run "$S3TOOL" ls ''
    gives "$DENIED" "403"
    keys "$ACCESS" "$SECRET_KEY" "$TOKEN_KEY"
    S3_BUCKET=other-$BUCKET run "$S3TOOL" ls ''
    [ "$status" != 0 ]
    proxy "status 400 ExpiredToken"
    run "$S3TOOL" ls ''
    gives "$DENIED" "the session token has expired"
}

@test "s3: keys from the shared files, by profile; the environment overrides them" {
    no_keys
    mkdir "$HOME/.aws"
    printf '[default]\naws_access_key_id = nobody\naws_secret_access_key = x\n[work]\naws_access_key_id=%s\naws_secret_access_key=%s\n' \
        "$KEY" "$SECRET" >"$HOME/.aws/credentials"
    run "$S3TOOL" ls ''
    gives "$DENIED" 403
    AWS_PROFILE=work "$S3TOOL" ls ''
    AWS_PROFILE=absent run "$S3TOOL" ls ''
    gives "$CONFIG" "AWS profile absent: neither the credentials nor the config file has keys for it"
    mv "$HOME/.aws/credentials" "$T/elsewhere"
    AWS_SHARED_CREDENTIALS_FILE=$T/elsewhere AWS_PROFILE=work "$S3TOOL" ls ''
    AWS_SHARED_CREDENTIALS_FILE=$T/nothing run "$S3TOOL" ls ''
    gives "$CONFIG" "$T/nothing: No such file"
    sed 's/^\[work\]/[profile work]/' "$T/elsewhere" >"$HOME/.aws/config"
    AWS_PROFILE=work "$S3TOOL" ls ''
    keys "$KEY" "$SECRET"
    AWS_SHARED_CREDENTIALS_FILE=$T/nothing "$S3TOOL" ls ''
}

@test "s3: keys of an EC2 instance, by IMDSv2 only" {
    session
    no_keys
    metadata_serves 3600 "$ACCESS" "$SECRET_KEY" "$TOKEN_KEY"
    metadata_start
    unset AWS_EC2_METADATA_DISABLED
    export AWS_EC2_METADATA_SERVICE_ENDPOINT=$METADATA/
    put 'by role' x
    "$S3TOOL" ls '' >"$T/listed"
    [ "$(cat "$T/listed")" = '1 by role' ]
    [ "$(head -n 1 "$T/metadata.log")" = 'PUT /latest/api/token' ]
    AWS_EC2_METADATA_DISABLED=TRUE run "$S3TOOL" ls ''
    gives "$CONFIG" "AWS_EC2_METADATA_DISABLED"
    # A machine that is no instance says so, and soon.
    AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1 run "$S3TOOL" ls ''
    gives "$CONFIG" "no EC2 instance metadata"
}

@test "s3: keys of an instance are refreshed before they expire, and when the store says that they have expired" {
    session
    no_keys
    metadata_start
    unset AWS_EC2_METADATA_DISABLED
    export AWS_EC2_METADATA_SERVICE_ENDPOINT=$METADATA
    # Ended already: not used.
    metadata_serves -60 "$ACCESS" "$SECRET_KEY" "$TOKEN_KEY"
    AWS_MAX_ATTEMPTS=1 run "$S3TOOL" ls ''
    gives "$LATER" "have expired already"
    # The store refuses the first key; the second, which came meanwhile, is right.
    metadata_serves 3600 "$ACCESS" "$SECRET_KEY" "$TOKEN_KEY"
    : >"$T/metadata.log"
    proxy "status 400 ExpiredToken"
    "$S3TOOL" ls ''
    [ "$(proxied)" = 2 ]
    [ "$(grep -c 'security-credentials/collector' "$T/metadata.log")" = 2 ]
    # The store goes on to say so: no endless asking.
    printf 'status 400 ExpiredToken\n%.0s' {1..9} >"$T/proxy.script"
    run "$S3TOOL" ls ''
    gives "$DENIED" "has expired"
    # Soon to end: asked for again at the next request, and used as long as nothing better comes.
    : >"$T/proxy.script"
    metadata_serves 200 "$ACCESS" "$SECRET_KEY" "$TOKEN_KEY"
    put soon x
    [ "$("$S3TOOL" ls '')" = '1 soon' ]
}

@test "s3: keys of an ECS task, with its authorization; plain http only to this machine" {
    session
    no_keys
    metadata_serves 3600 "$ACCESS" "$SECRET_KEY" "$TOKEN_KEY"
    metadata_start
    export AWS_CONTAINER_CREDENTIALS_FULL_URI=$METADATA/ecs
    AWS_CONTAINER_AUTHORIZATION_TOKEN=task-secret "$S3TOOL" ls ''
    echo task-secret >"$T/task"
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=$T/task "$S3TOOL" ls ''
    run "$S3TOOL" ls ''
    gives "$CONFIG" "container's credentials: status 401"
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=$T/nothing run "$S3TOOL" ls ''
    gives "$CONFIG" "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
    AWS_CONTAINER_CREDENTIALS_FULL_URI=http://example.com/ecs run "$S3TOOL" ls ''
    gives "$CONFIG" "must be https"
    AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1.example.com/ecs run "$S3TOOL" ls ''
    gives "$CONFIG" "must be https"
    echo '{"AccessKeyId":"a"}' >"$T/metadata.json"
    AWS_CONTAINER_AUTHORIZATION_TOKEN=task-secret run "$S3TOOL" ls ''
    gives "$CONFIG" "secret access key is missing"
    echo '[]' >"$T/metadata.json"
    AWS_CONTAINER_AUTHORIZATION_TOKEN=task-secret run "$S3TOOL" ls ''
    [ "$status" = "$CONFIG" ] || [ "$status" = "$LATER" ]
}

@test "s3: a busy store is retried, at most as often as configured" {
    proxy "status 503" "status 503 SlowDown"
    put twice x
    [ "$(proxied)" = 3 ]
    local action
    for action in "status 500 InternalError" "status 429" "status 502" "status 504" "status 400 RequestTimeout"; do
        echo "$action" >"$T/proxy.script"
        "$S3TOOL" ls '' >/dev/null
    done
    printf 'status 503 SlowDown\n%.0s' {1..9} >"$T/proxy.script"
    : >"$T/proxy.log"
    run "$S3TOOL" ls ''
    gives "$LATER" "503 SlowDown"
    [ "$(proxied)" = 4 ]
    # What a second try cannot mend is not tried again.
    echo "status 400 InvalidRequest" >"$T/proxy.script"
    : >"$T/proxy.log"
    run "$S3TOOL" ls ''
    gives "$REFUSED" "said the proxy"
    [ "$(proxied)" = 1 ]
}

@test "s3: a connection cut during the request or the response is retried" {
    head -c 3000000 /dev/urandom >"$T/big"
    proxy "cut-request 1000000" "cut-request 0" lost
    "$S3TOOL" put big "$T/big"
    [ "$(proxied)" = 4 ]
    printf '%s\n' "cut-answer 0" "cut-answer 100" "cut-answer 2000000" >"$T/proxy.script"
    "$S3TOOL" get big "$T/back"
    cmp "$T/big" "$T/back"
    put_numbered 30 k
    printf '%s\n' "cut-answer 900" >"$T/proxy.script"
    [ "$("$S3TOOL" ls k | wc -l)" = 30 ]
}

@test "s3: a body that was altered in transit is refused by the store, and sent again" {
    head -c 100000 /dev/urandom >"$T/file"
    proxy flip
    "$S3TOOL" put file "$T/file"
    [ "$(proxied)" = 2 ]
    "$S3TOOL" get file "$T/back"
    cmp "$T/file" "$T/back"
}

@test "s3: a stalled transfer is ended and retried" {
    proxy hang
    AWS_MAX_ATTEMPTS=2 "$S3TOOL" ls ''
    [ "$(proxied)" = 2 ]
}

@test "s3: a wrong clock is named, with the difference" {
    clock_env "now + 2 hours"
    run "${CLOCK[@]}" "$S3TOOL" ls ''
    gives "$DENIED" "ahead of the store's: set it"
    [[ $output =~ clock\ is\ 7[12][0-9][0-9]\ s ]]
    clock_env "now - 1 day"
    run "${CLOCK[@]}" "$S3TOOL" head x
    gives "$DENIED" "behind the store's"
}

@test "s3: an invalid bucket, region or endpoint is refused" {
    S3_BUCKET=no-such-bucket run "$S3TOOL" ls ''
    gives "$CONFIG" 'there is no bucket "no-such-bucket"'
    S3_BUCKET=a/b run "$S3TOOL" ls ''
    gives "$CONFIG" 's3.bucket'
    S3_REGION='eu central' run "$S3TOOL" ls ''
    gives "$CONFIG" 's3.region'
    S3_ENDPOINT=127.0.0.1 run "$S3TOOL" ls ''
    gives "$CONFIG" 's3.endpoint'
    S3_ENDPOINT='' run env -u S3_ENDPOINT "$S3TOOL" ls ''
    gives "$CONFIG" 'no region'
    AWS_MAX_ATTEMPTS=1 S3_ENDPOINT=http://127.0.0.1:1 run "$S3TOOL" ls ''
    gives "$LATER" 'curl: (7)'
    S3_ENDPOINT=https://127.0.0.1:$S3_PORT AWS_MAX_ATTEMPTS=1 run "$S3TOOL" ls ''
    [ "$status" != 0 ]
}

@test "s3: a bucket in another region is an error that names the region" {
    proxy
    printf 'HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-west-3\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' >"$T/moved"
    echo "answer $T/moved" >"$T/proxy.script"
    run "$S3TOOL" ls ''
    gives "$CONFIG" "the bucket is in region eu-west-3, not us-east-1: set s3.region"
    AWS_REGION=eu-west-1
    export AWS_REGION
    echo "answer $T/moved" >"$T/proxy.script"
    run "$S3TOOL" ls ''
    gives "$CONFIG" "not eu-west-1"
}

@test "s3: virtual addressing puts the bucket before the host name" {
    put here x
    S3_ENDPOINT=http://localhost:$S3_PORT S3_ADDRESSING=virtual "$S3TOOL" ls '' >"$T/listed"
    [ "$(cat "$T/listed")" = "1 here" ]
}

# hostile BODY: a 200 with this body is the answer to the next request.
hostile() {
    printf 'HTTP/1.1 200 OK\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "${#1}" "$1" >"$T/hostile"
    echo "answer $T/hostile" >>"$T/proxy.script"
}

@test "s3: invalid responses are refused, with bounded memory and time" {
    proxy
    local body list='<ListBucketResult><IsTruncated>true</IsTruncated>'
    local bodies=(
        '' 'not xml' '<html><body>login</body></html>' '{"Contents":[]}' '<ListBucketResult>'
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><ListBucketResult><Contents><Key>&b;</Key></Contents></ListBucketResult>'
        "$list</ListBucketResult>"
        "$list<Contents><Key>%zz</Key><Size>1</Size></Contents></ListBucketResult>"
        "$list<Contents><Key>a%00b</Key><Size>1</Size></Contents></ListBucketResult>"
        "$list<Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>"
        "$list<Contents><Size>1</Size></Contents></ListBucketResult>"
        "$list<a><b><c><d><e><f><g><h><i/></h></g></f></e></d></c></b></a></ListBucketResult>")
    for body in "${bodies[@]}"; do
        hostile "$body"
        run "$S3TOOL" ls ''
        gives "$BAD_ANSWER" "not S3's"
    done
    # The same page for ever.
    hostile "$list<NextContinuationToken>t</NextContinuationToken></ListBucketResult>"
    cat "$T/proxy.script" "$T/proxy.script" >"$T/twice"
    mv "$T/twice" "$T/proxy.script"
    run "$S3TOOL" ls ''
    gives "$BAD_ANSWER" "no new NextContinuationToken"
}

@test "s3: an endless response is ended" {
    proxy
    {
        printf 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<ListBucketResult>'
        head -c 30000000 /dev/zero | tr '\0' ' '
    } >"$T/endless"
    echo "answer $T/endless" >"$T/proxy.script"
    run "$S3TOOL" ls ''
    gives "$BAD_ANSWER" "too long"
}

@test "s3: no command line and no error contains a secret" {
    session
    keys "$ACCESS" "$SECRET_KEY" "$TOKEN_KEY"
    proxy hang "status 403 AccessDenied"
    "$S3TOOL" ls '' >"$T/out" 2>&1 3>&- &
    local pid=$!
    PIDS+=("$pid")
    wait_until 10 test -s "$T/proxy.log"
    run tr '\0' '\n' <"/proc/$pid/cmdline"
    [[ $output != *"$SECRET_KEY"* ]]
    wait "$pid" || true
    run grep -F -e "$SECRET_KEY" -e "$TOKEN_KEY" "$T/out"
    [ "$output" = "" ]
}
