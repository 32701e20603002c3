#!/usr/bin/env bats
# scripts/release: what it hands out, and what it never removes.

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

@test "release: a folder that it did not make is refused and kept as it is" {
    mkdir -p "$T/tree/sub"
    echo precious >"$T/tree/file"
    echo precious >"$T/tree/sub/file"
    for dir in "$T/tree" "$T/tree/." "$T/tree/sub" "$T/tree/file"; do
        run "$REPO/scripts/release" --no-static "$dir"
        [ "$status" = 1 ]
        [[ $output = *"nothing was changed"* ]] || fail "$output"
    done
    # The repository itself, as somebody who is in it would name it.
    (cd "$T/tree" && run "$REPO/scripts/release" --no-static . && [ "$status" = 1 ])
    [ "$(cat "$T/tree/file" "$T/tree/sub/file")" = $'precious\nprecious' ]
    # One of its own with somebody's file in it.
    mkdir "$T/old"
    touch "$T/old/.rollcall-release" "$T/old/notes" "$T/old/rollcall-agent_0.0.9_amd64.deb"
    run "$REPO/scripts/release" --no-static "$T/old"
    [ "$status" = 1 ]
    [ -e "$T/old/notes" ] && [ -e "$T/old/rollcall-agent_0.0.9_amd64.deb" ]
}

@test "release: the packages with their sums; a second one replaces the first" {
    command -v dpkg-buildpackage >/dev/null || skip "dpkg-dev is not installed"
    mkdir "$T/r"
    touch "$T/r/.rollcall-release" "$T/r/rollcall-agent_0.0.9_amd64.deb"
    run "$REPO/scripts/release" --no-static "$T/r"
    [ "$status" = 0 ] || fail "$output"
    (cd "$T/r" && sha256sum --quiet -c SHA256SUMS)
    [ ! -e "$T/r/rollcall-agent_0.0.9_amd64.deb" ]
    [ "$(awk '{print $2}' "$T/r/SHA256SUMS" | sed 's/_.*//' | sort | tr '\n' ' ')" = "rollcall-$(make -s --no-print-directory -C "$REPO" print-VERSION).spdx.json rollcall-agent rollcall-aws rollcall-handler " ]
    [[ $output = *"$(sha256sum <"$T/r/SHA256SUMS" | cut -d' ' -f1)"* ]]
}

@test "release: -h, --help, -V and --version" {
    for program in scripts/release scripts/spdx scripts/rpm/build scripts/tarball/pack aws/cloudformation/embed; do
        for option in -h --help; do
            run "$REPO/$program" $option
            [ "$status" = 0 ]
            [[ $output = usage:* ]]
        done
        for option in -V --version; do
            run "$REPO/$program" $option
            [ "$status" = 0 ]
            [ "$output" = "${program##*/} $(make -s --no-print-directory -C "$REPO" print-VERSION)" ]
        done
    done
}
