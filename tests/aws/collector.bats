#!/usr/bin/env bats
# The user data of aws/cloudformation/collector.yaml, as it comes out of the template, run on a fresh system: real
# packages, real lighttpd and handler, a signed answer to the stack. systemctl is a stand-in: nothing boots here.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../servers/servers
load ../lib/chroot
load cloud

TEMPLATE=$REPO/aws/cloudformation/collector.yaml

setup() { servers_setup; }
teardown() {
    chroot_drop "$T/collector"
    cloud_teardown
}

# user_data NAME=VALUE...: $T/user-data, the template's, with these parameters.
user_data() {
    "$PYTHON" "$AWS_TESTS/cfn_template.py" "$TEMPLATE" Collector AWS::StackName=rollcall AWS::Region=eu-central-1 \
        Bucket=archive-bucket Key=key-id TokenParameter=/rollcall/new ApiPort=7100 \
        PackageUrl= PackageSha256= AwsPackageUrl= AwsPackageSha256= TlsCertParameter= TlsKeyParameter= "$@" >"$T/user-data"
}

@test "the user data is what bash and shellcheck take, and fits" {
    user_data
    [ "$(head -n 1 "$T/user-data")" = '#!/bin/bash' ]
    bash -n "$T/user-data"
    shellcheck "$T/user-data"
    [ "$(stat -c %s "$T/user-data")" -le 16384 ]
}

# machine: a fresh one with a second disk that is there already, and a systemctl that starts what it is told to.
machine() {
    cloud
    release deb
    node collector "${NEEDED[@]}" awscli jq lighttpd lighttpd-mod-openssl libcsv3 libfcgi0ldbl libexpat1 util-linux
    printf '#!/bin/sh\nexit 0\n' >"$NODE/usr/local/bin/mountpoint"
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
    ;;
"restart lighttpd") setsid lighttpd -D -f /etc/lighttpd/lighttpd.conf >/root/lighttpd.log 2>&1 & ;;
esac
END
    chmod 755 "$NODE"/usr/local/bin/*
    DEB=https://packages.example.com:8443/r/rollcall-handler_${VERSION}_$(dpkg --print-architecture).deb
    SUM=$(awk '/rollcall-handler_/ {print $1}' "$T/www/r/SHA256SUMS")
}

# starts: runs the user data in there. Sets status and output.
starts() {
    cp "$T/user-data" "$NODE/root/user-data"
    run "${IN[@]}" chroot "$NODE" env -i PATH="$CHROOT_PATH" HOME=/root AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
        bash /root/user-data
}

told() { grep -qx "SignalResource rollcall Collector $ID $1" "$T/ssm.log" || fail "the stack was not told $1: $(cat "$T/ssm.log") $output"; }

@test "a collector starts: package, token in Parameter Store, web server; and the stack is told" {
    machine
    user_data PackageUrl="$DEB" PackageSha256="$SUM"
    starts
    [ "$status" = 0 ] || fail "$output"
    told SUCCESS
    local token
    token=$(jq -r '.parameters["/rollcall/new"]' "$T/cloud.json")
    [ "${#token}" -ge 32 ]
    [[ $output != *"$token"* ]]
    # The token that the agents will read is one that the handler takes.
    curl -s -H "Authorization: Bearer $token" -H 'Content-Type: application/json' --data-binary "@$T/record.json" \
        http://127.0.0.1:7100/data | jq -e '.status == "success" and .data.durable'
    [ "$(find "$NODE/var/lib/rollcall/data" -name '*.json' | wc -l)" = 1 ]
    [ "$(stat -c '%a %U' "$NODE/etc/rollcall/tokens")" = "640 root" ]
    # Another instance of the stack finds the token there and lets it in.
    rm "$NODE/etc/rollcall/tokens"
    : >"$T/ssm.log"
    : >"$NODE/etc/rollcall/tokens"
    printf '#!/bin/sh\nexit 0\n' >"$NODE/usr/local/bin/systemctl"
    starts
    [ "$status" = 0 ] || fail "$output"
    grep -q "^$(sha256 "$token") ingest # /rollcall/new\$" "$NODE/etc/rollcall/tokens"
    [ "$(jq -r '.parameters["/rollcall/new"]' "$T/cloud.json")" = "$token" ]
}

@test "a collector that cannot start says so to the stack" {
    machine
    user_data PackageUrl="$DEB" PackageSha256="$(printf 'a%.0s' {1..64})"
    starts
    [ "$status" != 0 ]
    [[ $output = *"does not have the hash"* ]] || fail "$output"
    told FAILURE
    [ ! -e "$NODE/usr/sbin/rollcall-handler" ]
}
