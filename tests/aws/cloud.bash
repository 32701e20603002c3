# cloud: what the tests of aws/ssm/ and of rollcall-fleet-run share: a network namespace with stand-ins for instance
# metadata, Parameter Store and Run Command, a real collector behind TLS, a place with packages, and instances.
#
# `load ../servers/servers`, `load ../lib/chroot`, `load cloud`; servers_setup in setup(), and in teardown()
# chroot_drop for each instance, then cloud_teardown.
# shellcheck shell=bash disable=SC2034,SC2153,SC2154

load aws

INSTALL=$REPO/aws/ssm/rollcall-install.yaml
RUN=$REPO/aws/ssm/rollcall-run.yaml
ID=i-0123456789abcdef0
# What the package needs: the instances cannot reach a mirror.
NEEDED=(libcurl4 libcjson1 libdeflate0 systemd)

cloud_teardown() {
    rollcall_teardown
    [ -z "${NS-}" ] || ip netns del "$NS"
}

# cloud: a namespace with the metadata service, Parameter Store and a collector behind TLS.
cloud() {
    needs ip lighttpd
    NS=rollcall-ssm-$BASHPID
    ip netns add "$NS" || skip "no network namespace can be made here"
    ip -n "$NS" link set lo up
    ip -n "$NS" addr add 169.254.169.254/32 dev lo
    # Not ip netns exec: that makes a mount namespace, which does not see what is mounted later.
    IN=(nsenter "--net=/run/netns/$NS")
    [ "$(id -u)" != 0 ] || AS=("${IN[@]}" setpriv --reuid nobody --regid nogroup --clear-groups)
    tls_setup
    touch "$T/body" "$T/head.crlf"
    tls_start
    "$REPO/scripts/selfsigned" --dir "$T/aws-tls" ssm.eu-central-1.amazonaws.com \
        {cloudformation,ec2,monitoring,s3}.eu-central-1.amazonaws.com packages.example.com >/dev/null
    cat >"$T/cloud.json" <<END
{"region": "eu-central-1", "access_key": "ASIAEXAMPLE", "secret_key": "sec/ret+KEY",
 "session_token": "session/token+==", "credentials": {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "sec/ret+KEY",
 "Token": "session/token+==", "Expiration": "2099-01-01T00:00:00Z"}, "documents": {}, "instances": {},
 "parameters": {"/rollcall/token": "$TOKEN", "/rollcall/wrong": "no-such-token", "/rollcall/ca": $(jq -Rs . "$SITE/tls/cert.pem")}}
END
    jq .credentials "$T/cloud.json" >"$T/credentials.json"
    "${IN[@]}" "$AWS_TESTS/imds" "$T/imds.port" "$T/credentials.json" "$T/imds.log" 169.254.169.254 80 3>&- &
    PIDS+=("$!")
    wait_until 20 test -s "$T/imds.port"
    stand_in ssm ssm_server.py "$T/cloud.json" 443 "$T/aws-tls/cert.pem" "$T/aws-tls/key.pem"
}

# curl looks from inside, too: the servers are started and asked there.
curl() { if [ -n "${NS-}" ]; then "${IN[@]}" curl "$@"; else command curl "$@"; fi; }

# stand_in NAME SCRIPT ARGUMENT...: until it answers.
stand_in() {
    "${IN[@]}" "$PYTHON" "$AWS_TESTS/$2" "${@:3}" >"$T/$1.log" 2>&1 3>&- &
    PIDS+=("$!")
    wait_until 20 grep -q ready "$T/$1.log" || fail "$(cat "$T/$1.log")"
}

# release: what scripts/release lays out, behind https://packages.example.com:8443/r. Sets SUMS.
release() {
    VERSION=$(make -s --no-print-directory -C "$REPO" print-VERSION)
    mkdir -p "$T/www/r"
    case $1 in
    deb)
        make -s -C "$REPO" deb >"$T/deb.log" 2>&1 || fail "$(tail -n 20 "$T/deb.log")"
        cp "$REPO"/build/deb/rollcall-{agent,handler,aws}_*.deb "$T/www/r/"
        ;;
    tarball)
        # The static one where it was made; else this build's, which finds its libraries in $NEEDED.
        local agent
        agent=$REPO/build/static/rollcall-agent-$(uname -m)
        [ -x "$agent" ] || agent=$ROLLCALL_BUILD/rollcall-agent
        "$REPO/scripts/tarball/pack" "$agent" "$(uname -m)" "$T/www/r"
        ;;
    esac
    (cd "$T/www/r" && sha256sum rollcall-* >SHA256SUMS)
    SUMS=$(sha256sum <"$T/www/r/SHA256SUMS" | cut -d' ' -f1)
    files_start
}

# Without the cache of stat(): a file that a test rewrites within a second is served with its new length.
files_start() {
    printf 'server.document-root = "%s"\nserver.port = 8443\nserver.bind = "127.0.0.1"\nserver.modules = ("mod_openssl")\n' "$T/www" >"$T/files.conf"
    printf 'ssl.engine = "enable"\nssl.pemfile = "%s"\nssl.privkey = "%s"\n' "$T/aws-tls/cert.pem" "$T/aws-tls/key.pem" >>"$T/files.conf"
    echo 'server.stat-cache-engine = "disable"' >>"$T/files.conf"
    "${IN[@]}" lighttpd -D -f "$T/files.conf" >"$T/files.log" 2>&1 3>&- &
    PIDS+=("$!")
    wait_until 20 curl -sf --cacert "$T/aws-tls/cert.pem" --resolve packages.example.com:8443:127.0.0.1 \
        -o "$T/got" https://packages.example.com:8443/r/SHA256SUMS || fail "$(cat "$T/files.log")"
}

# node NAME PACKAGE...: an instance: fresh, it trusts AWS and the packages' host, it has the instance id $ID.
node() {
    chroot_needs
    chroot_new "$1" ca-certificates curl "${@:2}"
    NODE=$ROOT
    echo "127.0.0.1 localhost packages.example.com ssm.eu-central-1.amazonaws.com s3.eu-central-1.amazonaws.com" \
        "cloudformation.eu-central-1.amazonaws.com ec2.eu-central-1.amazonaws.com monitoring.eu-central-1.amazonaws.com" \
        >>"$NODE/etc/hosts"
    cat "$T/aws-tls/cert.pem" >>"$NODE/etc/ssl/certs/ca-certificates.crt"
    mkdir -p "$NODE/sys/class/dmi/id"
    echo "$ID" >"$NODE/sys/class/dmi/id/board_asset_tag"
}
