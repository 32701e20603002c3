# What collector.yaml's instance does at its first start (user data). CloudFormation puts the values in front:
# stack region bucket key package package_sha256 aws_package aws_package_sha256 port token_parameter
# cert_parameter key_parameter. It may be run again: what is there stays.
# shellcheck shell=bash disable=SC2154
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive AWS_DEFAULT_REGION=$region AWS_PAGER='' LC_ALL=C.UTF-8

# The stack waits for one of these two words.
tell() {
    local session id
    session=$(curl -fsS -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
    id=$(curl -fsS -H "X-aws-ec2-metadata-token: $session" http://169.254.169.254/latest/meta-data/instance-id)
    aws cloudformation signal-resource --stack-name "$stack" --logical-resource-id Collector --unique-id "$id" --status "$1"
}
failed() {
    echo "rollcall: the start failed in line $1" >&2
    tell FAILURE
}

install_packages() {
    apt-get -q update
    apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
}

# fetched URL SHA256: the path of the file, which is what it should be.
fetched() {
    local file=/var/cache/rollcall/${1##*/}
    mkdir -p /var/cache/rollcall
    curl -fsS --proto =https --retry 5 --retry-connrefused --connect-timeout 10 --max-time 300 -o "$file" "$1"
    echo "$2  $file" | sha256sum -c --quiet - >&2 || {
        echo "rollcall: $1 does not have the hash $2" >&2
        return 1
    }
    echo "$file"
}

# The second disk: the one that holds nothing of the running system.
records_disk() {
    local root
    root=$(lsblk -nspo NAME,TYPE "$(findmnt -no SOURCE /)" | awk '$2 == "disk" {print $1}' | tr -d '`|- ')
    lsblk -dnpo NAME,TYPE | awk -v root="$root" '$2 == "disk" && $1 != root {print $1; exit}'
}

mount_records() {
    local disk
    ! mountpoint -q /var/lib/rollcall || return 0
    disk=$(records_disk)
    [ -n "$disk" ]
    # A disk with anything on it is left as it is.
    [ -n "$(blkid -o value -s TYPE "$disk" || true)" ] || mkfs.ext4 -q -m 1 "$disk"
    mkdir -p /var/lib/rollcall
    echo "UUID=$(blkid -o value -s UUID "$disk") /var/lib/rollcall ext4 defaults,nofail 0 2" >>/etc/fstab
    mount /var/lib/rollcall
}

# The token that Parameter Store has, or a new one that goes there. It is on no command line.
give_token() {
    local token
    if token=$(aws ssm get-parameter --name "$token_parameter" --with-decryption --query Parameter.Value --output text 2>/dev/null); then
        hash=$(printf %s "$token" | sha256sum | cut -d' ' -f1)
        grep -qs "^$hash " /etc/rollcall/tokens || printf '%s ingest # %s\n' "$hash" "$token_parameter" >>/etc/rollcall/tokens
    else
        token=$(rollcall-token --label "$token_parameter")
        aws ssm put-parameter --name "$token_parameter" --type SecureString --key-id "$key" \
            --value file://<(printf %s "$token") >/dev/null
    fi
    chown root:rollcall /etc/rollcall/tokens
    chmod 640 /etc/rollcall/tokens
}

configure_handler() {
    [ -n "$aws_package" ] || return 0
    jq --arg bucket "$bucket" --arg region "$region" '.s3 = {bucket: $bucket, region: $region}' \
        /etc/rollcall/handler.json >/etc/rollcall/handler.json.new
    chmod 644 /etc/rollcall/handler.json.new
    mv /etc/rollcall/handler.json.new /etc/rollcall/handler.json
}

parameter() { aws ssm get-parameter --name "$1" --with-decryption --query Parameter.Value --output text; }

# With a certificate: lighttpd's configuration with TLS; without: Debian's own, on our port.
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

# How full the disk is, for the alarm.
report_disk() {
    cat >/usr/local/sbin/rollcall-disk-metric <<END
#!/bin/sh
exec aws cloudwatch put-metric-data --region '$region' --namespace rollcall --metric-name DiskUsedPercent \\
    --dimensions 'Stack=$stack' --unit Percent --value "\$(df --output=pcent /var/lib/rollcall | tr -dc 0-9)"
END
    chmod 755 /usr/local/sbin/rollcall-disk-metric
    printf '[Unit]\nDescription=How full the disk with the records is, to CloudWatch\n[Service]\nType=oneshot\nDynamicUser=yes\nExecStart=%s\n' \
        /usr/local/sbin/rollcall-disk-metric >/etc/systemd/system/rollcall-disk-metric.service
    printf '[Unit]\nDescription=Every five minutes\n[Timer]\nOnCalendar=*:0/5\n[Install]\nWantedBy=timers.target\n' \
        >/etc/systemd/system/rollcall-disk-metric.timer
}

start_all() {
    systemctl daemon-reload
    systemctl enable --now rollcall-handler.socket rollcall-disk-metric.timer
    [ -z "$aws_package" ] || systemctl enable --now rollcall-archive.timer
    systemctl restart lighttpd
}

answers() {
    if [ -n "$cert_parameter" ]; then set -- -k https://127.0.0.1/healthz; else set -- "http://127.0.0.1:$port/healthz"; fi
    curl -fsS --retry 10 --retry-connrefused --retry-delay 2 "$@"
}

main() {
    trap 'failed $LINENO' ERR
    set -E
    install_packages ca-certificates curl awscli jq lighttpd lighttpd-mod-openssl
    mount_records
    handler=$(fetched "$package" "$package_sha256")
    apt-get -q -y install --no-install-recommends "$handler"
    if [ -n "$aws_package" ]; then
        extra=$(fetched "$aws_package" "$aws_package_sha256")
        apt-get -q -y install --no-install-recommends "$extra"
    fi
    give_token
    configure_handler
    configure_web_server
    report_disk
    start_all
    answers
    tell SUCCESS
}

main
