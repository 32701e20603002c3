#!/usr/bin/env bats
# aws/ssm/: the documents keep the rules of Command documents, and run, step by step, on fresh systems against a real
# collector behind TLS. Parameter Store and instance metadata are stand-ins that check each request. Each test has a
# network namespace of its own.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153

load ../servers/servers
load ../lib/chroot

load cloud

setup() { servers_setup; }
teardown() {
    chroot_drop "$T/node"
    cloud_teardown
}

# ---- the documents as files

@test "documents: they follow the rules of Command documents, and ours" {
    "$PYTHON" "$AWS_TESTS/ssm_document.py" check "$REPO"/aws/ssm/*.yaml
}

@test "documents: broken copies are refused" {
    local edit
    for edit in 's/schemaVersion: "2.2"/schemaVersion: "2.3"/' 's/aws:runShellScript/aws:runShelScript/' \
        's/{{ Version }}/{{ Versoin }}/' 's/onFailure: exit/onFailure: stop/' 's/name: start/name: package/' \
        '/allowedPattern: .^\[0-9a-f\]/d' 's/^\(    allowedPattern: "\)^/\1/' 's/timeoutSeconds: "600"/timeoutSeconds: ten/' \
        's/TokenParameter/Token/g' 's/runCommand:/runComand:/' 's/default: Install/default: Reinstall/'; do
        sed "$edit" "$INSTALL" >"$T/bad.yaml"
        ! cmp -s "$INSTALL" "$T/bad.yaml" || fail "changes nothing: $edit"
        ! "$PYTHON" "$AWS_TESTS/ssm_document.py" check "$T/bad.yaml" >"$T/said" || fail "accepted after $edit"
    done
}

@test "documents: each step passes shellcheck, and dash and bash parse it" {
    local document
    for document in "$REPO"/aws/ssm/*.yaml; do
        mkdir -p "$T/steps"
        "$PYTHON" "$AWS_TESTS/ssm_document.py" scripts "$document" "$T/steps"
        shellcheck "$T"/steps/*.sh
        for script in "$T"/steps/*.sh; do dash -n "$script" && bash --posix -n "$script"; done
        rm -r "$T/steps"
    done
}

GOOD=(BaseUrl=https://example.com/r Version=0.1.0 "SumsSha256=$(printf '0%.0s' {1..64})"
    CollectorUrl=https://localhost/data TokenParameter=/rollcall/token)

@test "documents: values that would leave their quotes are refused before anything runs" {
    local bad
    mkdir "$T/empty"
    for bad in "BaseUrl=https://a/'; id; '" 'BaseUrl=https://a/$(id)' 'BaseUrl=ftp://a' 'BaseUrl=file:///etc' 'Version=1;id' \
        "Version=1'" 'Version=' 'Version=../1' $'Version=1\n2' 'SumsSha256=abc' 'CollectorUrl=https://x/"' 'CollectorUrl=https://x/`id`' \
        'TokenParameter=/a b' 'TokenParameter=/a//b' 'TokenParameter=$(id)' "CaParameter='" 'CaParameter=/a;b' 'Action=Remove' \
        'Action=' $'Action=Install\n' 'Nothing=1'; do
        run "$PYTHON" "$AWS_TESTS/ssm_document.py" run "$INSTALL" "$T/empty" "${GOOD[@]}" "$bad"
        [[ $status = 2 && $output = InvalidParameters:* ]] || fail "not refused: $bad"
    done
    [ -z "$(ls -A "$T/empty")" ]
}

# ---- on fresh systems

# document FILE NAME=VALUE...: as SSM runs it there. Sets status and output.
document() { run "$PYTHON" "$AWS_TESTS/ssm_document.py" run "$1" "$NODE" "${@:2}" -- "${IN[@]}"; }

install_document() {
    document "$INSTALL" BaseUrl=https://packages.example.com:8443/r Version="$VERSION" SumsSha256="$SUMS" \
        CollectorUrl="https://localhost:$TLS/data" TokenParameter=/rollcall/token CaParameter=/rollcall/ca "$@"
}

said() { [[ $output = *"$1"* ]] || fail "it does not say '$1': $output"; }
ended() { [ "$status" = "$1" ] || fail "ended with $status, should be $1: $output"; }

# The installed files by name, time and mode: a second run changes none.
state() { find "$NODE/etc/rollcall" "$NODE/usr/local" "$NODE/usr/bin" -printf '%p %m %u %s %T@\n' | grep -v '/rollcall.$' | sort; }

# secret_kept: only the agent and root can read the token, and no output has it.
secret_kept() {
    [ "$(stat -c '%a' "$NODE/etc/rollcall/token")" = 400 ]
    ! grep -rqF "$TOKEN" --include='*' "$NODE/var" "$NODE/tmp" "$NODE/etc/rollcall/agent.json" || fail "a file has the token"
    [[ $output != *"$TOKEN"* && $output != *sec/ret* ]] || fail "the token was shown"
}

installs_twice() {
    install_document
    ended 0
    [ "$(lines_stored)" = 1 ]
    [ "$(stored_record | jq -r .instance_id)" = "$ID" ]
    secret_kept
    state >"$T/first"
    install_document
    ended 0
    said "rollcall-agent $VERSION is installed"
    said "/etc/rollcall/token is unchanged"
    said "/etc/rollcall/agent.json is unchanged"
    [ "$(lines_stored)" = 2 ]
    document "$RUN"
    ended 0
    [ "$(lines_stored)" = 3 ]
    check_store
    # The instance's calls are allowed by AgentPolicy, and it allows no other action.
    "$PYTHON" "$AWS_TESTS/iam_simulate.py" "$REPO/aws/cloudformation/fleet.yaml" AgentPolicy "$T/ssm.log" '' AWS::Partition=aws \
        AWS::Region=eu-central-1 AWS::AccountId=123456789012 TokenParameter=/rollcall/token CaParameter=/rollcall/ca HasCa=1 HasKey= IsS3= \
        KEY=arn:aws:kms:eu-central-1:123456789012:key/k PLAIN=/rollcall/ca
}

@test "install: the Debian package, twice, then a record on demand, then the removal" {
    cloud
    release deb
    node node "${NEEDED[@]}"
    installs_twice
    chroot_run "$NODE" dpkg -s rollcall-agent >"$T/dpkg"
    install_document Action=Uninstall
    ended 0
    [ ! -e "$NODE/usr/bin/rollcall-agent" ] && [ ! -e "$NODE/etc/rollcall/token" ]
    install_document Action=Uninstall
    ended 0
    document "$RUN"
    ended 78
    said "run rollcall-install first"
}

@test "install: the tarball without dpkg, twice, then a record on demand, then the removal" {
    cloud
    release tarball
    # No package manager that it knows; the agent of the tests is not static and needs its libraries.
    node node "${NEEDED[@]}"
    rm "$NODE"/usr/bin/dpkg "$NODE"/usr/bin/dpkg-query "$NODE"/usr/bin/apt-get
    installs_twice
    install_document Action=Uninstall
    ended 0
    [ -z "$(find "$NODE/usr/local" "$NODE/etc/systemd/system" "$NODE/etc/rollcall" -name '*rollcall*' 2>/dev/null)" ]
}

@test "install: a file with another hash, or a version that is not listed, is not installed" {
    cloud
    release deb
    node node "${NEEDED[@]}"
    install_document SumsSha256="$(printf 'a%.0s' {1..64})"
    ended 1
    said "SHA256SUMS to have the SHA-256"
    printf x >>"$T/www/r/rollcall-agent_${VERSION}_$(dpkg --print-architecture).deb"
    install_document
    ended 1
    said "to have the SHA-256 that SHA256SUMS lists"
    install_document Version=9.9
    ended 1
    said "SHA256SUMS lists no package for version 9.9"
    [ ! -e "$NODE/usr/bin/rollcall-agent" ]
}

@test "install: a failure names its reason, and the exit code is the agent's" {
    cloud
    release deb
    node node "${NEEDED[@]}"
    install_document TokenParameter=/rollcall/nothing
    ended 1
    said "Parameter Store refuses /rollcall/nothing"
    said ParameterNotFound
    install_document TokenParameter=/rollcall/wrong
    ended 77
    install_document CollectorUrl=https://localhost:1/data
    ended 75
    install_document CaParameter=
    ended 75
    said certificate
    # The role's credentials are refused: the reason is the service's own.
    sed -i 's,"secret_key": "sec/ret+KEY","secret_key": "other",' "$T/cloud.json"
    install_document
    ended 1
    said InvalidSignature
    secret_kept
}

@test "install: glibc older than 2.34 gets the tarball even with dpkg; /tmp may be noexec" {
    cloud
    release tarball
    cp "$T/www/r/rollcall-agent-$VERSION-linux-$(uname -m).tar.gz" "$T/archive.tar.gz"
    release_deb_too
    node node "${NEEDED[@]}"
    printf '#!/bin/sh\necho glibc 2.31\n' >"$NODE/usr/local/bin/getconf"
    chmod 755 "$NODE/usr/local/bin/getconf"
    mount -t tmpfs -o noexec tmpfs "$NODE/tmp"
    install_document
    umount -l "$NODE/tmp"
    ended 0
    said "installed from rollcall-agent-$VERSION-linux-$(uname -m).tar.gz"
    [ -x "$NODE/usr/local/bin/rollcall-agent" ] && [ ! -e "$NODE/usr/bin/rollcall-agent" ]
    [ "$(lines_stored)" = 1 ]
}

# release_deb_too: adds the Debian package to the folder that is served, with its sum.
release_deb_too() {
    make -s -C "$REPO" deb >"$T/deb.log" 2>&1 || fail "$(tail -n 20 "$T/deb.log")"
    cp "$REPO"/build/deb/rollcall-agent_*.deb "$T/www/r/"
    (cd "$T/www/r" && sha256sum rollcall-* >SHA256SUMS)
    SUMS=$(sha256sum <"$T/www/r/SHA256SUMS" | cut -d' ' -f1)
}

@test "install: without awscli and with a curl that cannot sign, it names what to install" {
    cloud
    release deb
    node node "${NEEDED[@]}"
    printf '#!/bin/sh\n[ "$1" = --help ] || exec /usr/bin/curl "$@"\n' >"$NODE/usr/local/bin/curl"
    chmod 755 "$NODE/usr/local/bin/curl"
    install_document
    ended 1
    said "install awscli, or curl 7.75 or later, to read /rollcall/token"
    install_document BaseUrl=s3://bucket/r Version=9.9
    ended 1
    said "install awscli: it reads s3://bucket/r/SHA256SUMS"
}

@test "install: with systemd the timer's unit sends a record at once, and its failure fails the command" {
    cloud
    release deb
    node node "${NEEDED[@]}"
    mkdir -p "$NODE/run/systemd/system"
    # It runs the unit's ExecStart as the unit's user; nothing boots here.
    cat >"$NODE/usr/local/bin/systemctl" <<'END'
#!/bin/sh
echo "$*" >>/root/systemctl
case $* in
"start rollcall-agent-once.service")
    cat /run/systemd/system/rollcall-agent-once.service.d/now.conf >>/root/systemctl
    cd / && runuser -u rollcall-agent -- $(sed -n 's/^ExecStart=//p' /lib/systemd/system/rollcall-agent-once.service)
    echo $? >/root/status
    [ "$(cat /root/status)" = 0 ]
    ;;
"show -p ExecMainStatus"*) echo "ExecMainStatus=$(cat /root/status)" ;;
esac
END
    chmod 755 "$NODE/usr/local/bin/systemctl"
    install_document
    ended 0
    said "rollcall-agent-once.service delivered a record"
    [ "$(lines_stored)" = 1 ]
    grep -qx Environment=SPLAY=0s "$NODE/root/systemctl"
    [ ! -e "$NODE/run/systemd/system/rollcall-agent-once.service.d/now.conf" ]
    grep -qx 'enable rollcall-agent.timer' "$NODE/root/systemctl"
    grep -qx 'start rollcall-agent.timer' "$NODE/root/systemctl"
    install_document TokenParameter=/rollcall/wrong
    ended 77
    said "rollcall-agent-once.service failed with exit code 77"
}

# old_systemctl: systemd 219 with a timer-run unit that the tarball brought: what rollcall-install asks of it.
old_systemctl() {
    cat <<'END'
#!/bin/sh
echo "$*" >>/root/systemctl
etc=/etc/systemd/system
case $* in
--version) echo 'systemd 219' ;;
"start rollcall-agent-once.service")
    [ -e $etc/rollcall-agent-once.service ] && [ ! -e $etc/rollcall-agent-once.service.d ] || exit 5
    SPLAY=$(sed -n 's/^Environment=SPLAY=//p' $etc/rollcall-agent-once.service /run/systemd/system/rollcall-agent-once.service.d/now.conf | tail -n 1)
    eval "set -- $(sed -n 's/^ExecStart=//p' $etc/rollcall-agent-once.service)"
    cd / && runuser -u rollcall-agent -- "$@"
    echo $? >/root/status
    [ "$(cat /root/status)" = 0 ]
    ;;
"show -p ExecMainStatus"*) echo "ExecMainStatus=$(cat /root/status)" ;;
esac
END
}

# old_node: the tools of CentOS 7, as far as old-tool knows them; awscli reads the parameters.
old_node() {
    local tool
    node node "${NEEDED[@]}"
    rm "$NODE"/usr/bin/dpkg "$NODE"/usr/bin/dpkg-query "$NODE"/usr/bin/apt-get
    ln -sf bash "$NODE/usr/bin/sh"
    mkdir -p "$NODE/usr/local/lib/old" "$NODE/run/systemd/system"
    old_systemctl >"$NODE/usr/local/lib/old/systemctl"
    printf '#!/bin/sh\necho glibc 2.17\n' >"$NODE/usr/local/bin/getconf"
    {
        printf '#!/bin/sh\ncase $4 in\n'
        jq -r '.parameters | to_entries[] | "\(.key)) echo \(.value | @sh) ;;"' "$T/cloud.json"
        echo '*) exit 254 ;; esac'
    } >"$NODE/usr/local/bin/aws"
    for tool in $("$AWS_TESTS/old-tool" --names); do cp "$AWS_TESTS/old-tool" "$NODE/usr/local/bin/$tool"; done
    chmod 755 "$NODE"/usr/local/bin/* "$NODE"/usr/local/lib/old/*
}

@test "install: the tools of CentOS 7 know every option of its steps; copies with later options are refused" {
    cloud
    release tarball
    old_node
    install_document
    ended 0
    said "rollcall-agent-once.service delivered a record"
    grep -qx 'enable rollcall-agent.timer' "$NODE/root/systemctl"
    document "$RUN"
    ended 0
    [ "$(lines_stored)" = 2 ]
    install_document Action=Uninstall
    ended 0
    grep -qx 'stop rollcall-agent.timer rollcall-agent.service' "$NODE/root/systemctl"
    [ ! -e "$NODE/usr/local/bin/rollcall-agent" ] && [ ! -e "$NODE/root/refused" ] || fail "$(cat "$NODE/root/refused")"
    # The check can fail.
    local edit good=$INSTALL
    for edit in 's/ \$refused_too / --retry-connrefused /;curl --retry-connrefused (7.52.0)' \
        's/systemctl enable rollcall/systemctl enable --now rollcall/;systemctl --now (220)' \
        's/sha256sum -c -/sha256sum --ignore-missing -c -/;sha256sum --ignore-missing (8.25)'; do
        INSTALL=$T/bad.yaml
        sed "${edit%;*}" "$good" >"$INSTALL"
        install_document
        ended_badly
        grep -qxF "${edit##*;}" "$NODE/root/refused" || fail "not refused: $edit"
        INSTALL=$good
        install_document Action=Uninstall
        ended 0
    done
}
ended_badly() { [ "$status" != 0 ] || fail "it ended well: $output"; }
