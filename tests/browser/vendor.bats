#!/usr/bin/env bats
# scripts/vendor: the libraries of the page come from their pinned packages, and are in git as they come.

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

@test "vendor: run again, it finds no difference" {
    "$REPO/scripts/vendor" "$T/vendor"
    diff -r "$T/vendor" "$REPO/lighttpd/htdocs/vendor"
}

@test "vendor: a package with another checksum is refused" {
    mkdir "$T/scripts"
    cp "$REPO/scripts/lib.sh" "$REPO/Makefile" "$T/scripts/"
    sed 's,^\(preact .*\)==$,\1AA,' "$REPO/scripts/vendor" >"$T/scripts/vendor"
    run ! bash "$T/scripts/vendor" "$T/vendor"
    [[ $output == *"expected sha512-"* ]]
    [ ! -e "$T/vendor/preact.js" ]
}

@test "vendor: what the page loads is what make installs" {
    local listed
    listed=$(make -s -C "$REPO" print-HTDOCS | tr ' ' '\n' | grep . | sort)
    [ "$listed" = "$(cd "$REPO/lighttpd/htdocs" && find . -type f -printf '%P\n' | sort)" ]
}
