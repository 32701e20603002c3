#!/usr/bin/env bats
# Objects that are too long for one PUT, against radosgw. The DEV build puts parts of 5 MiB above 5 MiB; the constants of
# a release are 64 MiB above 5 GiB.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153,SC2154

export ROLLCALL_BUILD=${ROLLCALL_DEV_BUILD:-build/dev}
load ../lib/helper
load s3

setup_file() { s3_start; }
teardown_file() { s3_stop; }
setup() {
    [ -x "$S3TOOL" ] || skip "make DEV=1 all units has not run"
    rollcall_setup
    s3_setup
}
teardown() { rollcall_teardown; }

MIB=1048576
# file BYTES: $T/file with so many random bytes, and its sum in SUM.
file() {
    head -c "$1" /dev/urandom >"$T/file"
    SUM=$(sha256sum <"$T/file")
}
stored() { rm -f "$T/got" && "$S3TOOL" get key "$T/got" && [ "$(sha256sum <"$T/got")" = "$SUM" ]; }

# uploads: how many unfinished uploads the bucket has.
uploads() {
    signed s3 -H "x-amz-content-sha256: $NOTHING_SHA256" "http://127.0.0.1:$S3_PORT/$BUCKET?uploads=" | grep -o '<UploadId>' | wc -l
}

@test "multipart: up to the limit in one PUT, above it in parts, and read back whole" {
    proxy
    file $((5 * MIB))
    "$S3TOOL" put key "$T/file" note
    stored
    [ "$(grep -c '^PUT .*/key ' "$T/proxy.log")" = 1 ]
    [ "$(grep -c uploads "$T/proxy.log")" = 0 ]
    for size in $((5 * MIB + 1)) $((10 * MIB)) $((12 * MIB + 17)); do
        : >"$T/proxy.log"
        file "$size"
        "$S3TOOL" put key "$T/file" note
        stored
        [ "$(grep -c 'partNumber=' "$T/proxy.log")" = $(((size + 5 * MIB - 1) / (5 * MIB))) ]
        run "$S3TOOL" head key
        [[ $output = "$size "*" note" ]] || fail "$output"
    done
    [ "$(uploads)" = 0 ]
}

@test "multipart: a part that is damaged on its way is refused by the store and sent again" {
    file $((12 * MIB))
    proxy pass flip
    "$S3TOOL" put key "$T/file"
    stored
    [ "$(grep -c 'partNumber=1' "$T/proxy.log")" = 2 ]
}

@test "multipart: a part is retried if its connection is cut or the store is busy" {
    file $((12 * MIB))
    proxy 'status 503 SlowDown' pass 'cut-request 1000000' pass 'status 500 InternalError' pass 'cut-answer 10'
    "$S3TOOL" put key "$T/file"
    stored
    [ "$(uploads)" = 0 ]
}

@test "multipart: a lost response to the last call is not an error if the object is there" {
    file $((7 * MIB))
    proxy pass pass pass lost
    "$S3TOOL" put key "$T/file" note
    stored
}

@test "multipart: an error in the body of a 200 is an error, and the parts are removed" {
    file $((7 * MIB))
    # shellcheck disable=SC2028
    printf 'HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: 66\r\nConnection: close\r\n\r\n<Error><Code>InternalError</Code><Message>try again</Message></Error>' |
        sed 's/Content-Length: 66/Content-Length: 69/' >"$T/error"
    proxy pass pass pass "answer $T/error"
    run "$S3TOOL" put key "$T/file"
    [ "$status" = "$BAD_ANSWER" ]
    [[ $output = *InternalError* ]] || fail "$output"
    run "$S3TOOL" get key "$T/got"
    [ "$status" = "$NOT_FOUND" ]
    [ "$(uploads)" = 0 ]
}

@test "multipart: if a part cannot be stored, the old object stays and no part is left" {
    put key old
    file $((7 * MIB))
    proxy pass pass 'status 403 AccessDenied'
    run "$S3TOOL" put key "$T/file"
    [ "$status" = "$DENIED" ]
    "$S3TOOL" get key "$T/got"
    [ "$(cat "$T/got")" = old ]
    [ "$(uploads)" = 0 ]
}

@test "multipart: rollcall-archive killed at random points and run again ends with every file, whole" {
    make_config "s3={\"bucket\":\"$BUCKET\",\"endpoint\":\"$ENDPOINT\",\"prefix\":\"a/\"}"
    export ROLLCALL_CONFIG=$T/handler.json
    local i day
    day=$(date -u -d '2 days ago' +%F)
    at "$day 12:00:00"
    # Two records of 8 MiB that gzip cannot make much smaller.
    for i in 1 2; do
        head -c $((6 * MIB)) /dev/urandom | base64 -w 0 >"$T/noise"
        jq --rawfile noise "$T/noise" '.noise = $noise' "$T/record.json" >"$T/large.json"
        post "$T/large.json" REMOTE_ADDR=10.0.0.7
        assert_status 200
    done
    at now
    for i in 1 2 3 4 5 6 7 8; do
        "$ARCHIVE" --jobs 2 --quiet >"$T/run.log" 2>&1 3>&- &
        sleep "0.$((RANDOM % 9 + 1))"
        kill -KILL $! || true
        wait $! || true
        # A reader never sees a part of an object.
        "$S3TOOL" ls a/json/ | while read -r size _; do [ "$size" -gt $((8 * MIB)) ]; done
    done
    run "$ARCHIVE"
    gives 0 ''
    run "$ARCHIVE" --verify
    gives 0 '2 files checked'
    [ "$("$S3TOOL" ls a/json/ | wc -l)" = 1 ]
}

@test "multipart: the roles of both templates allow rollcall-archive's requests, and nothing else" {
    proxy
    make_config "s3={\"bucket\":\"$BUCKET\",\"endpoint\":\"$S3_ENDPOINT\",\"prefix\":\"a/\"}"
    export ROLLCALL_CONFIG=$T/handler.json
    at "$(date -u -d '2 days ago' +%F) 12:00:00"
    head -c $((6 * MIB)) /dev/urandom | base64 -w 0 >"$T/noise"
    jq --rawfile noise "$T/noise" '.noise = $noise' "$T/record.json" >"$T/large.json"
    post "$T/large.json" REMOTE_ADDR=10.0.0.7
    assert_status 200
    at now
    "$ARCHIVE"
    "$ARCHIVE" --verify
    # A part that is refused: the upload is aborted.
    file $((7 * MIB))
    printf '%s\n' pass 'status 403 AccessDenied' >"$T/proxy.script"
    run "$S3TOOL" put key "$T/file"
    [ "$status" = "$DENIED" ]
    grep -q '^DELETE .*uploadId=' "$T/proxy.log"
    local names=(AWS::Partition=aws AWS::Region=x AWS::AccountId=1 AWS::StackName=s NewBucket=1 NewKey=1 NewVolume=1 HasTls= HasSsmKey=
        "Bucket.Arn=arn:aws:s3:::$BUCKET" Key.Arn=KEY KEY=KEY)
    "$PYTHON" "$AWS_TESTS/iam_simulate.py" "$REPO/aws/cloudformation/highly-available.yaml" NightlyRole "$T/proxy.log" '' "${names[@]}"
    "$PYTHON" "$AWS_TESTS/iam_simulate.py" "$REPO/aws/cloudformation/collector.yaml" Role "$T/proxy.log" \
        ssm:GetParameter,ssm:PutParameter,kms:Encrypt,ec2:DescribeVolumes,ec2:AttachVolume,ec2:AssociateAddress,cloudwatch:PutMetricData,cloudformation:SignalResource "${names[@]}"
    # The check can fail: without one permission, and with one too many.
    sed 's/s3:AbortMultipartUpload/s3:DeleteObject/' "$REPO/aws/cloudformation/highly-available.yaml" >"$T/bad.yaml"
    run "$PYTHON" "$AWS_TESTS/iam_simulate.py" "$T/bad.yaml" NightlyRole "$T/proxy.log" '' "${names[@]}"
    [ "$status" = 1 ]
    [[ $output = *"denied: s3:AbortMultipartUpload"* && $output = *"unused: s3:DeleteObject"* ]] || fail "$output"
}
