#!/usr/bin/env bats
# scripts/rpm and scripts/spdx: what the packages hold, that they install, and that they are the same at another time.

load ../lib/helper

MACHINE=$(uname -m)

setup_file() { "$REPO/scripts/static/build" --handler >"$BATS_FILE_TMPDIR/log" 2>&1 || fail "$(tail -n 20 "$BATS_FILE_TMPDIR/log")"; }

setup() {
    T=$BATS_TEST_TMPDIR
    VERSION=$(make -s --no-print-directory -C "$REPO" print-VERSION)
    AGENT=rollcall-agent-$VERSION-1.$MACHINE.rpm HANDLER=rollcall-handler-$VERSION-1.$MACHINE.rpm
    export SOURCE_DATE_EPOCH=1700000000
}

# packages DIR COMMAND...: both packages and the SPDX list, built by scripts that COMMAND runs.
packages() {
    local dir=$1
    shift
    "$@" "$REPO/scripts/rpm/build" agent "$MACHINE" "$dir"
    "$@" "$REPO/scripts/rpm/build" handler "$MACHINE" "$dir"
    "$@" "$REPO/scripts/spdx" "$VERSION" "$dir"
}

@test "rpm: built twice, in other folders, at other times and with another umask, they are the same; so is the SPDX list" {
    packages "$T/one" env
    (umask 077 && packages "$T/two/deeper" env TMPDIR="$T" TZ=Asia/Tokyo faketime -f +400d)
    for file in "$AGENT" "$HANDLER" "rollcall-$VERSION.spdx.json"; do cmp "$T/one/$file" "$T/two/deeper/$file"; done
    # The comparison can fail: at another SOURCE_DATE_EPOCH they differ.
    SOURCE_DATE_EPOCH=1700000001 "$REPO/scripts/rpm/build" agent "$MACHINE" "$T/three"
    run ! cmp "$T/one/$AGENT" "$T/three/$AGENT"
    # Each file is listed with its sum and with what is linked in.
    local sum
    sum=$(sha256sum <"$T/one/$HANDLER" | cut -d' ' -f1)
    jq -e --arg name "$HANDLER" --arg sum "$sum" '.spdxVersion == "SPDX-2.3" and .creationInfo.created == "2023-11-14T22:13:20Z"
        and ([.packages[] | select(.name == $name and .checksums[0].checksumValue == $sum)] | length == 1)
        and ([.relationships[] | select(.relationshipType == "STATIC_LINK" and (.spdxElementId | test("handler")))] | length == 9)
        and (.packages | map(.name) | index("libssl-dev") and index("curl") and index("libfcgi-dev"))
        and ([.relationships[].relatedSpdxElement] - [.packages[].SPDXID] == [])' "$T/one/rollcall-$VERSION.spdx.json"
}

@test "rpm: the lists of files, the owners, and scripts that sh accepts" {
    packages "$T/one" env
    rpm -qp --qf '[%{FILENAMES} %{FILEMODES:perms} %{FILEUSERNAME}\n]' "$T/one/$AGENT" >"$T/agent"
    rpm -qp --qf '[%{FILENAMES} %{FILEMODES:perms} %{FILEUSERNAME}\n]' "$T/one/$HANDLER" >"$T/handler"
    grep -qx '/usr/bin/rollcall-agent -rwxr-xr-x root' "$T/agent"
    grep -qx '/var/spool/rollcall drwx------ rollcall-agent' "$T/agent"
    grep -qx '/var/lib/rollcall drwxr-x--- rollcall' "$T/handler"
    for name in handler verify cleanup query silent watch policy token selfsigned; do grep -qx "/usr/sbin/rollcall-$name -rwxr-xr-x root" "$T/handler"; done
    run ! grep -q 'lighttpd/conf-available\|/usr/local' "$T/handler"
    for script in PREIN POSTIN PREUN POSTUN; do
        for package in "$AGENT" "$HANDLER"; do
            rpm -qp --qf "%{$script}\n" "$T/one/$package" >"$T/script"
            [ "$(cat "$T/script")" != '(none)' ]
            sh -n "$T/script"
        done
    done
    # What rpm 4.11 of CentOS 7 can read.
    [ "$(rpm -qp --qf '%{PAYLOADCOMPRESSOR} %{FILEDIGESTALGO}' "$T/one/$AGENT")" = "gzip 8" ]
}

@test "rpm: the packages unpack to programs that run without a library, and to units without a path of /usr/local" {
    packages "$T/one" env
    mkdir "$T/root"
    for package in "$AGENT" "$HANDLER"; do (cd "$T/root" && rpm2cpio "$T/one/$package" | cpio -idm --quiet --no-preserve-owner); done
    [ "$("$T/root/usr/bin/rollcall-agent" --version)" = "rollcall-agent $VERSION" ]
    [ "$("$T/root/usr/sbin/rollcall-handler" --version)" = "rollcall-handler $VERSION" ]
    run -0 readelf -lW "$T/root/usr/sbin/rollcall-query"
    [[ $output != *INTERP* ]]
    run ! grep -rq '/usr/local\|www-data' "$T/root/usr/lib/systemd"
    [ "$(find "$T/root/usr/lib/systemd/system/rollcall-handler.socket.wants" -type l | wc -l)" = 32 ]
}
