#!/usr/bin/env bats
# rollcall-archive: days that the real handler wrote, into radosgw and back.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153,SC2154

load ../lib/helper
load s3

setup_file() { s3_start; }
teardown_file() { s3_stop; }
setup() {
    rollcall_setup
    s3_setup
    configure
}
teardown() { rollcall_teardown; }

day() { date -u -d "$1 days ago" +%F; }

# configure [KEY=JSON...]: the handler's configuration, with the archive at $ENDPOINT.
configure() {
    make_config "s3={\"bucket\":\"$BUCKET\",\"endpoint\":\"$ENDPOINT\",\"prefix\":\"/fleet a=1/\"}" "$@"
    export ROLLCALL_CONFIG=$T/handler.json
}
P='fleet a=1/'

# store DAYS_AGO [ADDRESS...]: two records of each address, and a listing.
store() {
    local days=$1 address
    shift
    at "$(day "$days") 12:00:00"
    for address in "${@:-10.0.0.7}"; do
        post "$T/record.json" "REMOTE_ADDR=$address"
        post_with '.hostname = "zweiter Rechner ü"' "REMOTE_ADDR=$address"
        assert_status 200
    done
    echo '{"uuid":"u","timestamp":"'"$days.5"'","data":[{"pid":1}]}' >"$T/listing"
    cgi POST /api/v1/record "$T/listing"
    at now
}

archive() { run "$ARCHIVE" "$@"; }
objects() { "$S3TOOL" ls "$P" | cut -d' ' -f2- | sed "s,^$P,,"; }
manifest() { "$S3TOOL" get "${P}manifest/date=$1/manifest.json" "$T/manifest" && jq -e "$2" "$T/manifest" >/dev/null; }
mark() { echo "$RECORDS/archived/$1.json"; }

@test "archive: finished days are shipped under their keys, the current day is not" {
    store 2 10.0.0.7 2001:db8::1
    store 1
    store 0
    archive
    gives 0 '6 files shipped'
    local b a
    b=$(day 2) a=$(day 1)
    [ "$(objects)" = "catalogue/date=$b/files.jsonl
catalogue/date=$a/files.jsonl
csv/date=$b/10.0.0.7_$b.csv.gz
csv/date=$b/2001-db8--1_$b.csv.gz
csv/date=$a/10.0.0.7_$a.csv.gz
json/date=$b/10.0.0.7_$b.json.gz
json/date=$b/2001-db8--1_$b.json.gz
json/date=$a/10.0.0.7_$a.json.gz
manifest/date=$b/manifest.json
manifest/date=$a/manifest.json" ]
    "$S3TOOL" get "${P}json/date=$a/10.0.0.7_$a.json.gz" "$T/back.gz"
    gunzip -c "$T/back.gz" | cmp - "$RECORDS/data/$a/10.0.0.7_$a.json"
    "$S3TOOL" get "${P}csv/date=$a/10.0.0.7_$a.csv.gz" "$T/back.gz"
    gunzip -c "$T/back.gz" | cmp - "$RECORDS/data/$a/10.0.0.7_$a.csv"
}

@test "archive: the manifest has sizes, hashes and the last chain, and the local mark is its copy" {
    store 1
    archive --quiet
    gives 0 ''
    local d f
    d=$(day 1) f=$RECORDS/data/$(day 1)/10.0.0.7_$(day 1).json
    manifest "$d" ".whole and .date == \"$d\" and (.files | length) == 2 and .files[1].name == \"${f##*/}\"
        and .files[1].size == $(stat -c %s "$f") and .files[1].sha256 == \"$(sha256sum <"$f" | cut -d' ' -f1)\"
        and .files[1].seq == 2 and .files[1].chain == $(tail -n 1 "$f" | jq .rollcall.chain)
        and .files[0].chain == .files[1].chain"
    "$S3TOOL" get "${P}json/date=$d/${f##*/}.gz" "$T/back.gz"
    jq -e ".files[1].gzip_sha256 == \"$(sha256sum <"$T/back.gz" | cut -d' ' -f1)\"" "$T/manifest"
    cmp "$T/manifest" "$(mark "$d")"
}

@test "archive: the catalogue says where each file is, and --catalogue writes it again" {
    store 1 10.0.0.7 2001:db8::1
    archive --listings
    local d f got
    d=$(day 1)
    catalogued() { "$S3TOOL" get "${P}catalogue/date=$d/$1.jsonl" "$T/$1" && jq -cs . "$T/$1" >"$T/$1.json"; }
    catalogued files
    catalogued listings
    "$S3TOOL" get "${P}manifest/date=$d/manifest.json" "$T/manifest"
    # What the manifest says, and for each file the URL of an object of the archive.
    jq -c '[.files[] | {size, gzip_size, sha256, seq, chain}]' "$T/manifest" >"$T/want"
    jq -c '[.[] | {size, gzip_size, sha256, seq, chain}]' "$T/files.json" | diff "$T/want" -
    { jq -r '.[].url' "$T/files.json" && jq -r '.[].url' "$T/listings.json"; } | sed "s,^s3://$BUCKET/$P,," | sort >"$T/urls"
    objects | grep -Ev '^(catalogue|manifest)/' | sort | diff "$T/urls" -
    got=$(jq -r '.[] | "\(.kind) \(.client_ip)"' "$T/files.json" | sort)
    [ "$got" = "csv 10.0.0.7
csv 2001:db8::1
json 10.0.0.7
json 2001:db8::1" ] || fail "$got"
    jq -e '.[0] | keys == ["gzip_size", "kind", "sha256", "size", "url"] and .kind == "record"' "$T/listings.json"
    # An archive of a version without a catalogue.
    cp "$T/files" "$T/before"
    f=catalogue/date=$d/files.jsonl
    put "$P$f" ''
    archive --catalogue "$d"
    gives 0 '4 files catalogued'
    catalogued files
    cmp "$T/files" "$T/before"
    archive --catalogue --today
    gives 64 '--catalogue excludes'
}

@test "archive: a run that died before the manifest writes the catalogue and the manifest in the next" {
    store 1
    proxy pass pass pass pass pass pass 'status 403 AccessDenied'
    configure
    archive
    [ "$status" -ne 0 ]
    grep -q 'PUT.*manifest/' "$T/proxy.log" || fail "$(cat "$T/proxy.log")"
    run ! manifest "$(day 1)" .whole
    archive
    gives 0 '0 files shipped'
    manifest "$(day 1)" .whole
    [ "$(grep -c 'PUT.*catalogue/' "$T/proxy.log")" = 2 ]
}

@test "archive: a second run ships nothing, with few requests" {
    store 2
    store 1
    archive
    proxy
    configure
    archive
    gives 0 '0 files shipped'
    run ! grep PUT "$T/proxy.log"
    # A manifest and two listings a day.
    [ "$(proxied)" = 6 ]
}

@test "archive: --today ships the current day up to its last committed line, and later what grew" {
    store 0
    local f
    f=$(json_file 10.0.0.7)
    printf '{"half a' >>"$f"
    archive --today
    gives 0 '2 files shipped'
    manifest "$(today)" '.whole == false and .files[1].seq == 2'
    [ ! -e "$(mark "$(today)")" ]
    post "$T/record.json" REMOTE_ADDR=10.0.0.7
    archive --today
    gives 0 '2 files shipped'
    manifest "$(today)" '.files[1].seq == 3'
    archive --today
    gives 0 '0 files shipped'
    "$S3TOOL" get "${P}json/date=$(today)/${f##*/}.gz" "$T/back.gz"
    gunzip -c "$T/back.gz" | cmp - "$f"
}

@test "archive: --listings ships full listings, with a manifest of their own" {
    store 1
    archive --listings
    gives 0 '3 files shipped'
    "$S3TOOL" get "${P}record/date=$(day 1)/u_1.5.json.gz" "$T/back.gz"
    gunzip -c "$T/back.gz" | cmp - "$RECORDS/record/$(day 1)/u_1.5.json"
    [ "$("$S3TOOL" ls "${P}manifest/" | wc -l)" = 2 ]
    archive --listings
    gives 0 '0 files shipped'
}

@test "archive: days can be named; --dry-run ships nothing and leaves nothing" {
    store 3
    store 2
    store 1
    archive --dry-run "$(day 2)"
    gives 0 '2 files to ship'
    [ -z "$(objects)" ] && [ ! -e "$RECORDS/archived" ]
    archive "$(day 2)"
    gives 0 '2 files shipped'
    [ "$(objects | wc -l)" = 4 ]
    archive
    gives 0 '4 files shipped'
}

@test "archive: --verify reads all objects, and names one that was changed, removed or foreign" {
    store 2
    store 1
    archive --listings
    archive --verify --listings
    gives 0 '6 files checked'
    local key
    key="${P}json/date=$(day 1)/10.0.0.7_$(day 1).json.gz"
    sed 's/zweiter/dritter/' "$(json_file 10.0.0.7)" | gzip -n >"$T/forged"
    "$S3TOOL" put "$key" "$T/forged"
    archive --verify
    gives 1 "$key: the archive and the local file differ from byte "
    # Without the local files, the manifest tells.
    mv "$RECORDS" "$T/gone"
    archive --verify
    gives 1 "$key: "
    head -c 100 "$T/forged" >"$T/cut"
    "$S3TOOL" put "$key" "$T/cut"
    archive --verify "$(day 1)"
    gives 1 "$key: the gzip data is truncated"
    echo text >"$T/text"
    "$S3TOOL" put "$key" "$T/text"
    archive --verify "$(day 1)"
    gives 1 "$key: it is not valid gzip data"
    # A hundred megabytes of nothing: no more is unpacked than there should be.
    head -c 100000000 /dev/zero | gzip -n >"$T/bomb"
    "$S3TOOL" put "$key" "$T/bomb"
    archive --verify "$(day 1)"
    gives 1 "$key: it is longer than the manifest says"
    signed s3 -X DELETE -H "x-amz-content-sha256: $NOTHING_SHA256" \
        "$ENDPOINT/$BUCKET/$(jq -rn --arg k "$key" '$k | split("/") | map(@uri) | join("/")')"
    archive --verify
    gives 1 "$key: it is in the manifest, but not in the archive"
}

@test "archive: --verify names files that are not archived, files that grew, and an invalid manifest" {
    store 1
    archive --verify
    gives 1 'it is not in the archive'
    archive
    at "$(day 1) 23:59:00"
    post "$T/record.json" REMOTE_ADDR=10.0.0.7
    at now
    archive --verify
    gives 1 'it grew after it was shipped'
    archive
    gives 0 '2 files shipped'
    archive --verify
    gives 0 ''
    put "${P}manifest/date=$(day 1)/manifest.json" '{"files":[]}' # of somebody else
    archive --verify
    gives 76 'is not S3'
}

@test "archive: --restore restores a day that rollcall-verify accepts, and overwrites nothing" {
    store 1 10.0.0.7 10.0.0.8
    archive --listings
    archive --restore "$(day 1)" --listings "$T/back"
    gives 0 '4 of 4 files restored'
    diff -r "$RECORDS/data" "$T/back/data"
    diff -r "$RECORDS/record/$(day 1)" "$T/back/record/$(day 1)"
    "$VERIFY" "$T/back"
    # Again: the same is fine. Another: left, and named.
    archive --restore "$(day 1)" "$T/back"
    gives 0 ''
    echo mine >"$T/back/data/$(day 1)/10.0.0.8_$(day 1).csv"
    rm "$T/back/data/$(day 1)/10.0.0.7_$(day 1).csv"
    archive --restore "$(day 1)" "$T/back"
    gives 1 'another file of that name exists'
    [ "$(cat "$T/back/data/$(day 1)/10.0.0.8_$(day 1).csv")" = mine ]
    [ -s "$T/back/data/$(day 1)/10.0.0.7_$(day 1).csv" ]
    [ -z "$(find "$T/back" -name '.new-*')" ]
    archive --restore 2001-01-01 "$T/back"
    gives 66 'the archive has no manifest of 2001-01-01'
    [ ! -e "$T/back/data/2001-01-01" ]
}

@test "archive: --restore of a changed object creates no file" {
    store 1
    archive
    gzip -n <"$T/record.json" >"$T/forged"
    "$S3TOOL" put "${P}csv/date=$(day 1)/10.0.0.7_$(day 1).csv.gz" "$T/forged"
    archive --restore "$(day 1)" "$T/back"
    gives 1 "10.0.0.7_$(day 1).csv: "
    [ "$(find "$T/back" -type f | wc -l)" = 1 ]
}

@test "archive: an object is never replaced by a file that does not continue it" {
    store 1
    archive
    local f before
    f=$(json_file 10.0.0.7)
    before=$("$S3TOOL" ls "$P")
    # One record less, one record else, nothing in common.
    cp "$f" "$T/whole"
    head -n 1 "$T/whole" >"$f"
    archive
    gives 1 'does not continue'
    rm -r "$RECORDS/data" "$RECORDS/archived"
    at "$(day 1) 12:00:00"
    for _ in 1 2 3; do post_with '.hostname = "another"' REMOTE_ADDR=10.0.0.7; done
    at now
    archive
    gives 1 'does not continue'
    [ "$("$S3TOOL" ls "$P")" = "$before" ]
    [ ! -e "$(mark "$(day 1)")" ]
}

@test "archive: a damaged file is named, and its day is not whole" {
    store 1 10.0.0.7 10.0.0.8
    echo 'not ours' >>"$RECORDS/data/$(day 1)/10.0.0.7_$(day 1).json"
    truncate -s -5 "$RECORDS/data/$(day 1)/10.0.0.8_$(day 1).csv"
    archive
    gives 1 "10.0.0.7_$(day 1).json: its last line was not written by rollcall"
    [[ $output == *"10.0.0.8_$(day 1).csv: it is shorter than the JSON file says"* ]]
    [ ! -e "$(mark "$(day 1)")" ]
    [ "$(objects | grep -c '^json')" = 1 ]
}

@test "archive: killed at any point and repeated, it ships each file once" {
    local address=() i tries=0
    for i in $(seq 12); do address+=("10.0.0.$i"); done
    store 2 "${address[@]}"
    store 1 "${address[@]}"
    proxy
    configure
    for i in 0.01 0.03 0.05 0.08 0.1 0.15 0.2 0.25 0.3 0.4 0.5 0.6; do
        timeout -s KILL "$i" "$ARCHIVE" --jobs 2 --quiet || tries=$((tries + 1))
    done
    [ "$tries" -ge 3 ]
    archive --jobs 2
    gives 0 ''
    archive --verify
    gives 0 '48 files checked'
    # No object was sent again after it was there: at most one more a kill and lane.
    [ "$(grep -c '^PUT .*/json/\|^PUT .*/csv/' "$T/proxy.log")" -le $((48 + 2 * tries)) ]
    for i in 1 2; do
        "$S3TOOL" get "${P}manifest/date=$(day $i)/manifest.json" "$T/manifest"
        cmp "$T/manifest" "$(mark "$(day $i)")"
    done
    [ -z "$(find "$T" -maxdepth 1 -name 'rollcall-archive-*')" ]
}

@test "archive: an interrupt ends the run soon, with a message" {
    store 1 10.0.0.7 10.0.0.8
    proxy hang hang hang hang
    configure
    "$ARCHIVE" >"$T/out" 2>&1 3>&- &
    local pid=$! status=0
    PIDS+=("$pid")
    wait_until 10 test -s "$T/proxy.log"
    kill -INT "$pid"
    wait "$pid" || status=$?
    [ "$status" = 75 ]
    grep -q 'interrupted; run it again' "$T/out"
    archive
    gives 0 '4 files shipped'
}

@test "archive: a run survives cut connections and a busy store" {
    store 2 10.0.0.7 10.0.0.8
    store 1
    proxy "status 503" "status 503" pass "cut-answer 30" pass "cut-request 20" lost flip "status 500 InternalError"
    configure
    AWS_MAX_ATTEMPTS=8 archive
    gives 0 '6 files shipped'
    archive --verify
    gives 0 '6 files checked'
}

@test "archive: exit statuses: 64, 75, 77, 78" {
    store 1
    local args
    for args in --nothing '--jobs 0' '--jobs x' yesterday 2026-13-01 '--verify --today' '--restore x /tmp' "--restore $(day 1)"; do
        # shellcheck disable=SC2086
        archive $args
        [ "$status" = 64 ] || fail "$args: $status"
    done
    keys "$KEY" wrong
    archive
    gives 77 403
    [ "$(grep -c 'rollcall-archive:' <<<"$output")" = 1 ]
    no_keys
    archive
    gives 78 'no credentials'
    keys "$KEY" "$SECRET"
    make_config "s3={\"bucket\":\"$BUCKET\",\"endpoint\":\"http://127.0.0.1:1\"}"
    AWS_MAX_ATTEMPTS=1 archive
    gives 75 'curl: (7)'
    make_config "s3={\"bucket\":\"no-such\",\"endpoint\":\"$ENDPOINT\"}"
    archive
    gives 78 'there is no bucket'
    make_config "s3={\"bucket\":\"$BUCKET\",\"addressing_style\":\"both\"}"
    archive
    gives 78 'addressing_style'
    make_config
    archive
    gives 78 's3: needed'
    archive --help
    gives 0 'usage:'
    archive --version
    gives 0 'rollcall-archive '
}

@test "archive: a second run at the same time is 75; without records there is nothing to do" {
    store 1
    mkdir -p "$RECORDS/archived"
    exec 7>"$RECORDS/archived/.lock"
    flock -x 7
    archive
    gives 75 'another rollcall-archive is at work'
    exec 7>&-
    rm -r "$RECORDS"
    archive --today --listings
    gives 0 '0 files shipped'
    [ ! -e "$RECORDS" ]
}

@test "archive: clean-up removes only shipped days, without calling the store" {
    configure keep_days=1 keep_listing_days=1
    store 4
    store 3
    store 2
    cleanup() { run "$CLEANUP"; }
    cleanup
    gives 0 'kept 6 days that are not archived'
    archive "$(day 4)" "$(day 3)"
    # What came after the shipping is not in the archive.
    at "$(day 3) 13:00:00"
    post "$T/record.json" REMOTE_ADDR=10.0.0.7
    at now
    no_keys
    cleanup
    gives 0 "data/$(day 4): removed 2 files"
    [[ $output == *"data/$(day 3): kept: 10.0.0.7_$(day 3)."*" differs from what is archived"* ]]
    [[ $output == *"data/$(day 2): kept: not archived"* ]]
    [ ! -e "$RECORDS/data/$(day 4)" ] && [ ! -e "$(mark "$(day 4)")" ]
    [ -d "$RECORDS/data/$(day 3)" ] && [ -d "$RECORDS/record/$(day 4)" ]
    keys "$KEY" "$SECRET"
    archive --listings
    gives 0 '7 files shipped'
    cleanup
    gives 0 'removed 5 days'
    [ -z "$(find "$RECORDS/data" "$RECORDS/record" -mindepth 1)" ]
    archive --verify --listings
    gives 0 '9 files checked'
}

@test "archive: a day that was partly removed locally keeps its whole manifest" {
    store 1 10.0.0.7 10.0.0.8
    archive
    rm "$RECORDS/data/$(day 1)"/10.0.0.8_*
    archive
    gives 0 '0 files shipped'
    manifest "$(day 1)" '.files | length == 4'
    archive --verify
    gives 0 '4 files checked'
}

@test "archive: keys of an instance's role suffice, and nothing is ever deleted" {
    store 1
    session
    no_keys
    metadata_serves 3600 "$ACCESS" "$SECRET_KEY" "$TOKEN_KEY"
    metadata_start
    unset AWS_EC2_METADATA_DISABLED
    export AWS_EC2_METADATA_SERVICE_ENDPOINT=$METADATA
    archive --listings
    gives 0 '3 files shipped'
    archive --verify --listings
    gives 0 '3 files checked'
}

@test "archive: equal files give equal objects" {
    store 1
    archive
    "$S3TOOL" get "${P}json/date=$(day 1)/10.0.0.7_$(day 1).json.gz" "$T/one"
    sleep 1.1 # gzip's time has seconds
    BUCKET=second-$BUCKET
    S3_BUCKET=$BUCKET
    "$S3TOOL" make
    configure
    rm -r "$RECORDS/archived"
    archive
    "$S3TOOL" get "${P}json/date=$(day 1)/10.0.0.7_$(day 1).json.gz" "$T/two"
    cmp "$T/one" "$T/two"
}

@test "archive: on a terminal there is a bar, elsewhere a line for each file" {
    store 2
    store 1
    script -qec "$ARCHIVE $(day 2)" /dev/null >"$T/terminal" </dev/null
    grep -q '\[#*\.*\] [0-9]/2 files' "$T/terminal"
    run ! grep '\.gz shipped' "$T/terminal"
    archive
    gives 0 "json/date=$(day 1)/10.0.0.7_$(day 1).json.gz shipped"
    [[ $output != *'[#'* ]]
}

@test "archive: memory does not depend on the size of a file" {
    at "$(day 1) 12:00:00"
    head -c 6000000 /dev/urandom | base64 -w0 >"$T/blob"
    jq -c --rawfile blob "$T/blob" '.blob = $blob' "$T/record.json" >"$T/big.json"
    for _ in 1 2 3 4 5 6; do
        post "$T/big.json" REMOTE_ADDR=10.0.0.7
        assert_status 200
    done
    at now
    "$PYTHON" - "$ARCHIVE" <<'END' >"$T/peak"
import resource, subprocess, sys
subprocess.run([sys.argv[1], "--quiet"], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
END
    echo "peak: $(cat "$T/peak") KiB, of a file of $(stat -c %s "$(json_file 10.0.0.7)") bytes"
    [ "$(cat "$T/peak")" -lt 40000 ]
    archive --verify
    gives 0 ''
}
