# The user data of collector.yaml's instance. CloudFormation sets these variables before it:
# stack region suffix bucket key volume zone address package package_sha256 aws_package aws_package_sha256
# keep_days keep_listing_days port token_parameter cert_parameter key_parameter ssm_key_parameter policy watch_parameter.
# It can run again: it changes only what is missing.
# shellcheck shell=bash disable=SC2154
set -euEo pipefail
shopt -s inherit_errexit
export DEBIAN_FRONTEND=noninteractive AWS_DEFAULT_REGION=$region LC_ALL=C.UTF-8
records=/var/lib/rollcall

die() {
    echo "rollcall: $*" >&2
    exit 1
}

# apt-get update fails while the image's own first upgrade runs.
install_packages() {
    local try
    for try in {1..30}; do
        ! apt-get -q update || break
        [ "$try" != 30 ] || die "apt-get update failed 30 times"
        sleep 10
    done
    apt_install ca-certificates curl e2fsprogs jq lighttpd lighttpd-mod-openssl python3-botocore
}
apt_install() { apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"; }

# rollcall-aws-call SERVICE OPERATION: Ubuntu 24.04 has no awscli package; both systems have botocore.
# Arguments come on standard input, so no secret is on a command line.
install_call() {
    cat >/usr/local/sbin/rollcall-aws-call <<'END'
#!/usr/bin/python3
"""rollcall-aws-call SERVICE OPERATION: one AWS call, JSON in and out. Exits 4 if the parameter does not exist."""
import json
import sys

import botocore.exceptions
import botocore.session

try:
    client = botocore.session.get_session().create_client(sys.argv[1])
    answer = getattr(client, sys.argv[2])(**json.load(sys.stdin))
except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
    print(f"rollcall: {sys.argv[1]} {sys.argv[2]}: {error}", file=sys.stderr)
    sys.exit(4 if "ParameterNotFound" in str(error) else 1)
json.dump(answer, sys.stdout, default=str)
END
    chmod 755 /usr/local/sbin/rollcall-aws-call
}
call() { rollcall-aws-call "$@"; }

metadata() {
    local session
    session=$(curl -fsS -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
    curl -fsS -H "X-aws-ec2-metadata-token: $session" "http://169.254.169.254/latest/meta-data/$1"
}

# The stack waits for SUCCESS or FAILURE.
signal() {
    jq -n --arg stack "$stack" --arg id "$(metadata instance-id)" --arg status "$1" \
        '{StackName: $stack, LogicalResourceId: "Collector", UniqueId: $id, Status: $status}' |
        call cloudformation signal_resource >/dev/null
}
finish() {
    [ "$1" = 0 ] || signal FAILURE
}

# parameter NAME: the value in Parameter Store. Exits 4 if there is none.
parameter() {
    local answer
    answer=$(jq -n --arg name "$1" '{Name: $name, WithDecryption: true}' | call ssm get_parameter) || return
    jq -r .Parameter.Value <<<"$answer"
}

# fetch URL SHA256: prints the path of the checked file.
fetch() {
    local file=/var/cache/rollcall/${1##*/}
    mkdir -p /var/cache/rollcall
    curl -fsS --proto =https --retry 5 --retry-connrefused --connect-timeout 10 --max-time 300 -o "$file" "$1"
    echo "$2  $file" | sha256sum -c --quiet - >&2 || die "expected $1 to have the SHA-256 $2, got another"
    echo "$file"
}

# Session Manager's agent: Ubuntu's image has it. For Debian it comes from AWS's bucket of the region.
install_ssm_agent() {
    local work url
    if [ -d /snap/amazon-ssm-agent ] || command -v amazon-ssm-agent >/dev/null; then return 0; fi
    if [ -z "$ssm_key_parameter" ]; then
        echo "rollcall: no SSM agent in this image and no SsmAgentKeyParameter: Session Manager cannot reach it" >&2
        return 0
    fi
    apt_install gnupg
    work=$(mktemp -d)
    url=https://s3.$region.$suffix/amazon-ssm-$region/latest/debian_$(dpkg --print-architecture)/amazon-ssm-agent.deb
    parameter "$ssm_key_parameter" | gpg --homedir "$work" --dearmor >"$work/key.gpg"
    curl -fsS --retry 5 --connect-timeout 10 --max-time 300 -o "$work/amazon-ssm-agent.deb" "$url" \
        -o "$work/signature" "$url.sig"
    gpgv --keyring "$work/key.gpg" "$work/signature" "$work/amazon-ssm-agent.deb" ||
        die "expected $url to be signed with the key in $ssm_key_parameter"
    apt_install "$work/amazon-ssm-agent.deb"
    rm -r "$work"
}

# Attaches the volume with the records once the instance before this one has let it go.
attach_volume() {
    local me found try
    me=$(metadata instance-id)
    for try in {1..60}; do
        found=$(jq -n --arg id "$volume" '{VolumeIds: [$id]}' | call ec2 describe_volumes)
        found=$(jq -r '.Volumes[0] | "\(.AvailabilityZone) \(.State) \([.Attachments[]?.InstanceId] | join(","))"' <<<"$found")
        case $found in
        "$zone in-use $me") return ;;
        "$zone available "*)
            jq -n --arg id "$volume" --arg me "$me" '{VolumeId: $id, InstanceId: $me, Device: "/dev/sdf"}' |
                call ec2 attach_volume >/dev/null
            return
            ;;
        "$zone "*) sleep 10 ;;
        *) die "expected $volume in $zone, found: $found; AvailabilityZone must be the subnet's" ;;
        esac
    done
    die "$volume is still not free after $try tries: $found"
}

# Mounts the volume, found by its id alone. Only a disk without any signature is formatted.
mount_records() {
    local link disk signatures try
    ! mountpoint -q "$records" || return 0
    link=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume/-/}
    for try in {1..60}; do
        [ ! -b "$link" ] || break
        sleep 2
    done
    [ -b "$link" ] || die "no disk $link after $try tries: the instance type must be a Nitro type"
    disk=$(readlink -f "$link")
    signatures=$(wipefs --noheadings --output TYPE "$disk" | sort -u | xargs)
    case $signatures in
    '') mkfs.ext4 -q -m 1 "$disk" ;;
    ext4) ;;
    *) die "expected $volume to be empty or ext4, found: $signatures; nothing was changed" ;;
    esac
    mkdir -p "$records"
    grep -q " $records " /etc/fstab ||
        echo "UUID=$(blkid -p -o value -s UUID "$disk") $records ext4 defaults,nofail 0 2" >>/etc/fstab
    # By its device: with nofail, mount ignores a UUID that it cannot find.
    mount -t ext4 "$disk" "$records"
    resize2fs "$disk"
}

install_rollcall() {
    local handler extra
    handler=$(fetch "$package" "$package_sha256")
    extra=$(fetch "$aws_package" "$aws_package_sha256")
    apt_install "$handler" "$extra"
    # Another image may have given the user another number.
    if find "$records" -maxdepth 2 ! -user rollcall ! -name lost+found | grep -q .; then
        chown -R rollcall:rollcall "$records"
    fi
}

# The agents' token: the one in Parameter Store, or a new one that is put there.
give_token() {
    local token hash rc=0
    token=$(parameter "$token_parameter") || rc=$?
    if [ $rc = 0 ]; then
        hash=$(printf %s "$token" | sha256sum | cut -d' ' -f1)
        grep -qs "^$hash " /etc/rollcall/tokens || printf '%s ingest # %s\n' "$hash" "$token_parameter" >>/etc/rollcall/tokens
    elif [ $rc = 4 ]; then
        token=$(rollcall-token --label "$token_parameter")
        printf %s "$token" | jq -R --arg name "$token_parameter" --arg key "$key" \
            '{Name: $name, Type: "SecureString", KeyId: $key, Value: .}' | call ssm put_parameter >/dev/null
    else
        die "cannot read $token_parameter: if an earlier stack encrypted it, pass that stack's key as KeyArn"
    fi
    chown root:rollcall /etc/rollcall/tokens
    chmod 640 /etc/rollcall/tokens
}

configure_handler() {
    local rules=
    case $policy in
    '') ;;
    baseline) rules=/usr/share/rollcall/policy/baseline.json ;;
    *)
        rules=/etc/rollcall/policy.json
        parameter "$policy" >$rules
        ;;
    esac
    [ -z "$rules" ] || rollcall-policy --check $rules
    jq --arg bucket "$bucket" --arg region "$region" --argjson days "$keep_days" --argjson listings "$keep_listing_days" --arg rules "$rules" \
        '.s3 = {bucket: $bucket, region: $region} | .keep_days = $days | .keep_listing_days = $listings
            | if $rules == "" then del(.policy_file) else .policy_file = $rules end' \
        /etc/rollcall/handler.json >/etc/rollcall/handler.json.new
    chmod 644 /etc/rollcall/handler.json.new
    mv /etc/rollcall/handler.json.new /etc/rollcall/handler.json
}

# Whom rollcall-watch tells what is wrong. The address of a webhook is a secret.
configure_watch() {
    [ -n "$watch_parameter" ] || return 0
    (umask 077 && parameter "$watch_parameter" >/etc/rollcall/watch.json)
    chown rollcall-watch /etc/rollcall/watch.json
    rollcall-watch --check
}

# With a certificate: rollcall's TLS configuration of lighttpd. Without: Debian's own, on our port.
configure_web_server() {
    if [ -n "$cert_parameter" ]; then
        mkdir -p /etc/rollcall/tls /var/www/rollcall
        install -d -o www-data -g www-data -m 700 /var/cache/rollcall-upload
        (umask 077 && parameter "$key_parameter" >/etc/rollcall/tls/key.pem)
        parameter "$cert_parameter" >/etc/rollcall/tls/cert.pem
        cp /usr/share/rollcall/production.conf /etc/lighttpd/lighttpd.conf
    else
        sed -i "s/^server.port .*/server.port = $port/" /etc/lighttpd/lighttpd.conf
        lighty-enable-mod rollcall || [ $? = 2 ]
    fi
}

# Every five minutes: the file system grows with its volume, and CloudWatch gets the disk's level.
watch_disk() {
    cat >/usr/local/sbin/rollcall-disk <<END
#!/bin/sh
set -eu
resize2fs "\$(findmnt -no SOURCE $records)" || echo "rollcall: cannot grow the file system of $records" >&2
printf '{"Namespace": "rollcall", "MetricData": [{"MetricName": "DiskUsedPercent", "Unit": "Percent",
    "Dimensions": [{"Name": "Stack", "Value": "$stack"}], "Value": %d}]}' "\$(df --output=pcent $records | tr -dc 0-9)" |
    rollcall-aws-call cloudwatch put_metric_data >/dev/null
END
    chmod 755 /usr/local/sbin/rollcall-disk
    cat >/etc/systemd/system/rollcall-disk.service <<END
[Unit]
Description=Grow the file system of the records and report its level
RequiresMountsFor=$records
[Service]
Type=oneshot
Environment=AWS_DEFAULT_REGION=$region
ExecStart=/usr/local/sbin/rollcall-disk
END
    cat >/etc/systemd/system/rollcall-disk.timer <<END
[Unit]
Description=The disk of the records, every five minutes
[Timer]
OnCalendar=*:0/5
[Install]
WantedBy=timers.target
END
}

# Records must never land on the root disk: without the volume nothing that writes or reads them starts.
require_volume() {
    local unit
    for unit in rollcall-handler@ rollcall-query@ rollcall-files@ rollcall-watch rollcall-archive rollcall-cleanup; do
        mkdir -p "/etc/systemd/system/$unit.service.d"
        printf '[Unit]\nRequiresMountsFor=%s\nAssertPathIsMountPoint=%s\n' "$records" "$records" \
            >"/etc/systemd/system/$unit.service.d/volume.conf"
    done
}

start_all() {
    systemctl daemon-reload
    systemctl enable --now rollcall-handler.socket rollcall-query.socket rollcall-files.socket rollcall-disk.timer rollcall-archive.timer rollcall-cleanup.timer
    [ -z "$watch_parameter" ] || systemctl enable --now rollcall-watch.timer
    systemctl restart lighttpd
}

check_health() {
    local at=http://127.0.0.1:$port
    [ -z "$cert_parameter" ] || at=https://127.0.0.1
    curl -fsSk --retry 10 --retry-connrefused --retry-delay 2 "$at/healthz"
    # rollcall-query answers as well: without a token, 401.
    [ "$(curl -sk -o /dev/null -w '%{http_code}' "$at/api/v1/hosts")" = 401 ]
}

# The fixed address comes to this instance last, when it answers.
take_address() {
    jq -n --arg address "$address" --arg me "$(metadata instance-id)" \
        '{AllocationId: $address, InstanceId: $me, AllowReassociation: true}' | call ec2 associate_address >/dev/null
}

main() {
    trap 'echo "rollcall: the start failed in line $LINENO" >&2' ERR
    trap 'finish $?' EXIT
    install_packages
    install_call
    install_ssm_agent
    attach_volume
    mount_records
    install_rollcall
    give_token
    configure_handler
    configure_watch
    configure_web_server
    watch_disk
    require_volume
    start_all
    check_health
    take_address
    signal SUCCESS
}

main
