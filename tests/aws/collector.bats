#!/usr/bin/env bats
# The user data of aws/cloudformation/collector.yaml, as the template gives it, runs on fresh systems: real disks, real
# packages, real lighttpd and handler, signed AWS calls. systemctl is a stand-in: nothing boots here.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153,SC2154

load ../servers/servers
load ../lib/chroot
load cloud

TEMPLATE=$REPO/aws/cloudformation/collector.yaml
BY_ID=/dev/disk/by-id

setup() {
    servers_setup
    DISKS=()
}
teardown() {
    [ -z "${NODE-}" ] || umount -l "$NODE/var/lib/rollcall" 2>/dev/null || true
    chroot_drop "$T/collector"
    local disk
    for disk in "${DISKS[@]}"; do losetup -d "$disk" || true; done
    [ -z "${VOLUME-}" ] || rm -f "$BY_ID/nvme-Amazon_Elastic_Block_Store_${VOLUME/-/}"
    cloud_teardown
}

# user_data NAME=VALUE...: $T/user-data, the template's, with these parameters.
user_data() {
    "$PYTHON" "$AWS_TESTS/cfn_template.py" "$TEMPLATE" LaunchTemplate AWS::StackName=rollcall AWS::Region=eu-central-1 \
        AWS::URLSuffix=amazonaws.com NewBucket=1 NewKey=1 NewVolume=1 Bucket=archive-bucket Key.Arn=arn:aws:kms:x:1:key/k \
        Records="${VOLUME-vol-1}" AvailabilityZone=eu-central-1a Address.AllocationId=eipalloc-1 KeepDays=90 KeepListingDays=7 \
        TokenParameter=/rollcall/new ApiPort=7100 SsmAgentKeyParameter= TlsCertParameter= TlsKeyParameter= Policy=baseline WatchParameter= \
        PackageUrl="${DEB-}" PackageSha256="${SUM-}" AwsPackageUrl="${AWS_DEB-}" AwsPackageSha256="${AWS_SUM-}" "$@" >"$T/user-data"
}

@test "the user data is accepted by bash and shellcheck, and fits" {
    user_data
    [ "$(head -n 1 "$T/user-data")" = '#!/bin/bash' ]
    bash -n "$T/user-data"
    shellcheck "$T/user-data"
    [ "$(stat -c %s "$T/user-data")" -le 16384 ]
}

# disk: a real disk with the id of a volume of its own. Sets DISK and VOLUME.
disk() {
    VOLUME=vol-$(printf '%017x' "$((RANDOM * 32768 + RANDOM))$BASHPID")
    truncate -s 256M "$T/disk"
    DISK=$(losetup -fP --show "$T/disk") || skip "no loop device here"
    DISKS+=("$DISK")
    mkdir -p "$BY_ID"
    ln -s "$DISK" "$BY_ID/nvme-Amazon_Elastic_Block_Store_${VOLUME/-/}"
}

package() { echo "https://packages.example.com:8443/r/rollcall-$1_${VERSION}_$(dpkg --print-architecture).deb"; }
package_sum() { awk -v name="rollcall-$1_" 'index($2, name) == 1 {print $1}' "$T/www/r/SHA256SUMS"; }

# machine: a fresh one with a second disk, and a systemctl that starts what it is told to.
machine() {
    cloud
    release deb
    disk
    node collector "${NEEDED[@]}" jq e2fsprogs lighttpd lighttpd-mod-openssl python3-botocore libcsv3 libfcgi0ldbl libexpat1 \
        util-linux gnupg
    cat >"$NODE/usr/local/bin/systemctl" <<'END'
#!/bin/sh
echo "$*" >>/root/systemctl
case $* in
*rollcall-handler.socket*)
    mkdir -p /run/rollcall
    setsid runuser -u rollcall -- systemd-socket-activate -l /tmp/handler.sock rollcall-handler >/root/handler.log 2>&1 &
    while ! [ -S /tmp/handler.sock ]; do sleep 0.1; done
    chmod 666 /tmp/handler.sock
    ln -sf /tmp/handler.sock /run/rollcall/handler.sock
    setsid runuser -u rollcall-query -- systemd-socket-activate -l /tmp/query.sock rollcall-query >/root/query.log 2>&1 &
    while ! [ -S /tmp/query.sock ]; do sleep 0.1; done
    chmod 666 /tmp/query.sock
    ln -sf /tmp/query.sock /run/rollcall/query.sock
    ;;
"restart lighttpd") setsid lighttpd -D -f /etc/lighttpd/lighttpd.conf >/root/lighttpd.log 2>&1 & ;;
esac
END
    chmod 755 "$NODE"/usr/local/bin/*
    DEB=$(package handler) SUM=$(package_sum handler) AWS_DEB=$(package aws) AWS_SUM=$(package_sum aws)
    configure --arg id "$VOLUME" '.volumes[$id] = {zone: "eu-central-1a", instance: null}'
}

# webhook: one that takes what rollcall-watch tells. Its port in HOOK, its requests in $T/hook/requests.
webhook() {
    mkdir "$T/hook"
    "${IN[@]}" "$PYTHON" "$REPO/tests/system/webhook" "$T/hook" >"$T/hook/log" 2>&1 3>&- &
    PIDS+=($!)
    wait_until 60 test -s "$T/hook/port" || fail "$(cat "$T/hook/log")"
    HOOK=$(<"$T/hook/port")
}

# configure JQ...: changes what the stand-in for AWS knows.
configure() { jq "$@" "$T/cloud.json" >"$T/cloud.json.new" && cat "$T/cloud.json.new" >"$T/cloud.json"; }

# starts: runs the user data on the machine. Sets status and output.
starts() {
    cp "$T/user-data" "$NODE/root/user-data"
    run "${IN[@]}" chroot "$NODE" env -i PATH="$CHROOT_PATH" HOME=/root AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
        bash /root/user-data
}

# ext4 grows online only for CAP_SYS_RESOURCE (bit 24), which some sandboxes withhold from root.
may_resize() { [ $((0x$(awk '/^CapEff/ {print $2}' /proc/self/status) >> 24 & 1)) = 1 ]; }

signalled() { grep -qx "SignalResource rollcall Collector $ID $1" "$T/ssm.log" || fail "no signal $1: $(cat "$T/ssm.log") $output"; }
count_calls() { grep -c "^call $1 " "$T/ssm.log"; }

@test "a collector starts: volume, packages, token, web server, address, alarms, signal to the stack; a second run changes nothing" {
    machine
    webhook
    configure --arg hook "http://127.0.0.1:$HOOK/hook" \
        '.parameters["/rollcall/watch"] = ({targets: [{type: "webhook", url: $hook}], page_url: "https://rollcall.example.com/"} | tojson)'
    user_data WatchParameter=/rollcall/watch
    starts
    [ "$status" = 0 ] || fail "$output"
    signalled SUCCESS
    # The volume is attached, formatted and mounted; the root disk has no records.
    [ "$(jq -r --arg id "$VOLUME" '.volumes[$id].instance' "$T/cloud.json")" = "$ID" ]
    [ "$(findmnt -no SOURCE "$NODE/var/lib/rollcall")" = "$DISK" ]
    grep -q "^call ec2 AssociateAddress eipalloc-1 $ID" "$T/ssm.log"
    local token
    token=$(jq -r '.parameters["/rollcall/new"]' "$T/cloud.json")
    [ "${#token}" -ge 32 ]
    [[ $output != *"$token"* ]]
    # The handler accepts the token that the agents will read.
    curl -s -H "Authorization: Bearer $token" -H 'Content-Type: application/json' --data-binary "@$T/record.json" \
        http://127.0.0.1:7100/data | jq -e '.status == "success" and .data.durable'
    [ "$(find "$NODE/var/lib/rollcall/data" -name '*.json' | wc -l)" = 1 ]
    [ "$(stat -c '%a %U' "$NODE/etc/rollcall/tokens")" = "640 root" ]
    # Who reads asks for the hosts.
    curl -s -H "Authorization: Bearer $(chroot_run "$NODE" rollcall-token --scope read --label reader)" \
        http://127.0.0.1:7100/api/v1/hosts | jq -e '.data.total == 1 and .data.hosts[0].records == 1'
    grep -q 'enable --now .*rollcall-query.socket rollcall-files.socket' "$NODE/root/systemctl"
    # The policy of the package is asked, and rollcall-watch tells what it finds.
    curl -s -H "Authorization: Bearer $(chroot_run "$NODE" rollcall-token --scope read --label asks)" \
        http://127.0.0.1:7100/api/v1/compliance | jq -e '.data.policy and (.data.rules | length > 5)'
    grep -qx 'enable --now rollcall-watch.timer' "$NODE/root/systemctl"
    grep -q AssertPathIsMountPoint "$NODE/etc/systemd/system/rollcall-watch.service.d/volume.conf"
    [ "$(chroot_run "$NODE" stat -c '%a %U' /etc/rollcall/watch.json)" = "600 rollcall-watch" ]
    chroot_run "$NODE" install -d -o rollcall-watch -m 700 /var/lib/rollcall-watch
    "${IN[@]}" chroot "$NODE" setpriv --reuid=rollcall-watch --regid=rollcall-watch --init-groups rollcall-watch --from-scratch
    jq -e '.body | fromjson.events | any(.event == "rule.broken" and (.url | startswith("https://rollcall.example.com/policies?rule=")))' \
        "$T/hook/requests"
    # The page is there.
    curl -s http://127.0.0.1:7100/hosts | cmp - "$REPO/lighttpd/htdocs/index.html"
    jq -e '.keep_days == 90 and .keep_listing_days == 7 and .s3 == {bucket: "archive-bucket", region: "eu-central-1"}' \
        "$NODE/etc/rollcall/handler.json"
    grep -q 'enable --now .*rollcall-archive.timer rollcall-cleanup.timer' "$NODE/root/systemctl"
    # The disk's timer: the file system grows with its volume, and its level is reported.
    truncate -s 512M "$T/disk" && losetup -c "$DISK"
    "${IN[@]}" chroot "$NODE" env -i PATH="$CHROOT_PATH" AWS_DEFAULT_REGION=eu-central-1 \
        AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt rollcall-disk
    if may_resize; then [ "$(df --output=size -m "$NODE/var/lib/rollcall" | tail -n 1)" -gt 400 ]; fi
    grep -q '^metric rollcall DiskUsedPercent [0-9]' "$T/ssm.log"
    # Every call is allowed by the role's policies, and they allow no other action. (The archive's are in multipart.bats.)
    "$PYTHON" "$AWS_TESTS/iam_simulate.py" "$TEMPLATE" Role "$T/ssm.log" \
        s3:ListBucket,s3:GetObject,s3:PutObject,s3:AbortMultipartUpload,kms:GenerateDataKey AWS::Partition=aws AWS::Region=eu-central-1 \
        AWS::AccountId=123456789012 AWS::StackName=rollcall NewBucket=1 NewKey=1 NewVolume=1 HasTls= HasSsmKey= Records="$VOLUME" \
        HasPolicy= HasWatch=1 WatchParameter=/rollcall/watch \
        TokenParameter=/rollcall/new Address.AllocationId=eipalloc-1 Key.Arn=arn:aws:kms:x:1:key/k KEY=arn:aws:kms:x:1:key/k
    # A second run keeps volume and token; without a policy the key is removed.
    printf '#!/bin/sh\nexit 0\n' >"$NODE/usr/local/bin/systemctl"
    user_data WatchParameter=/rollcall/watch Policy=
    starts
    [ "$status" = 0 ] || fail "$output"
    jq -e 'has("policy_file") | not' "$NODE/etc/rollcall/handler.json"
    [ "$(count_calls 'ec2 AttachVolume')" = 1 ] && [ "$(count_calls 'ssm PutParameter')" = 1 ]
    [ "$(grep -c " $NODE/var/lib/rollcall " /proc/self/mounts)" = 1 ]
    [ "$(grep -c '^UUID' "$NODE/etc/fstab")" = 1 ]
}

@test "a collector starts on Ubuntu 24.04, with a policy of one's own; one that is not valid stops the start" {
    chroot_ubuntu
    machine
    configure '.parameters["/rollcall/policy"] = ({rules: [{name: "no-telnet", why: "w", severity: "low", forbid: {process: {cmd: "telnetd"}}}]} | tojson)
        | .parameters["/rollcall/bad"] = "{}"'
    user_data Policy=/rollcall/policy
    starts
    [ "$status" = 0 ] || fail "$output"
    signalled SUCCESS
    curl -s -H "Authorization: Bearer $(jq -r '.parameters["/rollcall/new"]' "$T/cloud.json")" -H 'Content-Type: application/json' \
        --data-binary "@$T/record.json" http://127.0.0.1:7100/data | jq -e '.status == "success" and .data.durable'
    [ "$(findmnt -no SOURCE "$NODE/var/lib/rollcall")" = "$DISK" ]
    curl -s -H "Authorization: Bearer $(chroot_run "$NODE" rollcall-token --scope read --label reader)" \
        http://127.0.0.1:7100/api/v1/compliance | jq -e '.data.rules | map(.name) == ["no-telnet"]'
    user_data Policy=/rollcall/bad
    starts
    [ "$status" != 0 ]
    [[ $output = *'policy.json: expected {"rules": [...]}'* ]] || fail "$output"
}

@test "a replacement instance uses the volume with its records, and the token" {
    machine
    mkfs.ext4 -q "$DISK"
    mkdir "$T/mnt"
    mount "$DISK" "$T/mnt"
    mkdir -p "$T/mnt/data/2026-11-20"
    echo x >"$T/mnt/data/2026-11-20/10.0.0.1_2026-11-20.json"
    chown -R 12345:12345 "$T/mnt/data"
    umount "$T/mnt"
    configure --arg token "$TOKEN" '.parameters["/rollcall/new"] = $token'
    user_data
    starts
    [ "$status" = 0 ] || fail "$output"
    [ "$(cat "$NODE/var/lib/rollcall/data/2026-11-20/10.0.0.1_2026-11-20.json")" = x ]
    chroot_run "$NODE" stat -c %U /var/lib/rollcall/data/2026-11-20/10.0.0.1_2026-11-20.json | grep -qx rollcall
    grep -q "^$(sha256 "$TOKEN") ingest # /rollcall/new\$" "$NODE/etc/rollcall/tokens"
    [ "$(grep -c '^call ssm PutParameter' "$T/ssm.log")" = 0 ]
}

# refused WHY: the start fails for this reason, the stack is told, and the disk is as it was.
refused() {
    local before
    before=$(sha256sum <"$T/disk")
    user_data
    starts
    [ "$status" != 0 ] || fail "it started"
    [[ $output = *"$1"* ]] || fail "not refused with '$1': $output"
    signalled FAILURE
    [ "$(sha256sum <"$T/disk")" = "$before" ]
    [ "$(grep -c /var/lib/rollcall "$NODE/etc/fstab")" = 0 ]
    [ ! -e "$NODE/usr/sbin/rollcall-handler" ]
}

@test "a volume with partitions, or with another file system, is refused and kept as it is" {
    machine
    parted -s "$DISK" mklabel gpt mkpart primary 1MiB 100%
    refused "expected $VOLUME to be empty or ext4, found: PMBR gpt"
    configure --arg id "$VOLUME" '.volumes[$id].instance = null'
    wipefs -qa "$DISK"
    mkswap "$DISK" >/dev/null 2>&1
    refused "expected $VOLUME to be empty or ext4, found: swap"
    # A partition table on the disk and a file system in its partition.
    wipefs -qa "$DISK"
    parted -s "$DISK" mklabel msdos mkpart primary ext4 1MiB 100%
    mkfs.ext4 -q -F -E offset=1048576 "$DISK" 100M # where the partition is: without udev it has no node
    refused "expected $VOLUME to be empty or ext4, found: dos"
}

@test "a volume of another zone is refused; a type without Nitro disks has no such disk" {
    machine
    configure --arg id "$VOLUME" '.volumes[$id].zone = "eu-central-1b"'
    refused "expected $VOLUME in eu-central-1a"
    grep -q 'for try in {1..60}' "$T/user-data"
}

@test "a token that cannot be decrypted is not replaced, and AWS's reason is printed" {
    machine
    configure '.refused = ["/rollcall/new"]'
    user_data
    starts
    [ "$status" != 0 ]
    [[ $output = *AccessDeniedException* && $output = *"pass that stack's key as KeyArn"* ]] || fail "$output"
    [ "$(grep -c '^call ssm PutParameter' "$T/ssm.log")" = 0 ]
    signalled FAILURE
}

@test "a package with another hash is not installed" {
    machine
    user_data PackageSha256="$(printf 'a%.0s' {1..64})"
    starts
    [ "$status" != 0 ]
    [[ $output = *"to have the SHA-256"* ]] || fail "$output"
    signalled FAILURE
    [ ! -e "$NODE/usr/sbin/rollcall-handler" ]
}

# A stand-in for AWS's bucket with the SSM agent, signed by a key of the test's own.
ssm_agent() {
    local gpg folder
    gpg=(gpg --homedir "$T/gpg" --batch --quiet)
    folder=$T/s3/amazon-ssm-eu-central-1/latest/debian_$(dpkg --print-architecture)
    mkdir -m 700 "$T/gpg"
    mkdir -p "$folder" "$T/agent/DEBIAN" "$T/agent/usr/bin"
    printf '#!/bin/sh\n' >"$T/agent/usr/bin/amazon-ssm-agent"
    chmod 755 "$T/agent" "$T/agent/DEBIAN" "$T/agent/usr" "$T/agent/usr/bin" "$T/agent/usr/bin/amazon-ssm-agent"
    printf 'Package: amazon-ssm-agent\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.com>\nDescription: x\n' >"$T/agent/DEBIAN/control"
    dpkg-deb -b --root-owner-group "$T/agent" "$folder/amazon-ssm-agent.deb" >/dev/null
    "${gpg[@]}" --passphrase '' --quick-generate-key signer rsa2048 sign never
    "${gpg[@]}" --detach-sign -o "$folder/amazon-ssm-agent.deb.sig" "$folder/amazon-ssm-agent.deb"
    configure --arg files "$T/s3" --arg key "$("${gpg[@]}" --armor --export signer)" '.files = $files | .parameters["/ssm/key"] = $key'
    AGENT_DEB=$folder/amazon-ssm-agent.deb
}

@test "an image without the SSM agent gets one whose signature was checked" {
    machine
    ssm_agent
    user_data SsmAgentKeyParameter=/ssm/key
    starts
    [ "$status" = 0 ] || fail "$output"
    [ -x "$NODE/usr/bin/amazon-ssm-agent" ]
}

@test "an SSM agent with another signature is refused" {
    machine
    ssm_agent
    printf x >>"$AGENT_DEB"
    user_data SsmAgentKeyParameter=/ssm/key
    starts
    [ "$status" != 0 ]
    [[ $output = *"to be signed with the key in /ssm/key"* ]] || fail "$output"
    [ ! -e "$NODE/usr/bin/amazon-ssm-agent" ]
    signalled FAILURE
}

@test "rollcall-upgrade installs both packages and checks /healthz; a wrong hash changes nothing" {
    machine
    user_data
    starts
    [ "$status" = 0 ] || fail "$output"
    upgrade() {
        run "$PYTHON" "$AWS_TESTS/ssm_document.py" run "$REPO/aws/ssm/rollcall-upgrade.yaml" "$NODE" PackageUrl="$DEB" \
            PackageSha256="$1" AwsPackageUrl="$AWS_DEB" AwsPackageSha256="$AWS_SUM" -- "${IN[@]}"
    }
    upgrade "$SUM"
    [ "$status" = 0 ] || fail "$output"
    [[ $output = *rollcall-handler*"$VERSION"* && $output = *'"status":"success"'* ]] || fail "$output"
    upgrade "$(printf 'a%.0s' {1..64})"
    [ "$status" = 1 ]
    [[ $output = *"to have the SHA-256"* ]] || fail "$output"
}
