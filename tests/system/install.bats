#!/usr/bin/env bats
# make install and make uninstall.
# shellcheck disable=SC2030,SC2031

load ../lib/helper

setup() {
    T=$BATS_TEST_TMPDIR
    ROOT=$T/root
}

# The build that is tried, not a new one.
in_tree() { make -s -C "$REPO" BUILD="$ROLLCALL_BUILD" DESTDIR="$ROOT" "$@"; }
installed() { (cd "$ROOT" && find . -type f -printf '%m %P\n' | sort -k 2); }

@test "make install puts programs, tools, man pages and the configuration in their places" {
    in_tree install
    [ "$(installed)" = "$(sort -k 2 <<'END'
755 usr/local/bin/rollcall-agent
755 usr/local/sbin/rollcall-handler
755 usr/local/sbin/rollcall-token
755 usr/local/sbin/rollcall-verify
644 usr/local/share/man/man1/rollcall-agent.1
644 usr/local/share/man/man5/rollcall-agent.json.5
644 usr/local/share/man/man5/rollcall-handler.json.5
644 usr/local/share/man/man8/rollcall-handler.8
644 usr/local/share/man/man8/rollcall-token.8
644 usr/local/share/man/man8/rollcall-verify.8
644 usr/local/share/rollcall/lighttpd.conf
END
)" ]
}

@test "PREFIX moves all of it, and the configuration knows" {
    in_tree install PREFIX=/opt/rollcall
    [ "$(find "$ROOT" -type f -not -path "$ROOT/opt/rollcall/*" | wc -l)" = 0 ]
    ROLLCALL_RUN=$T run /usr/sbin/lighttpd -p -f "$ROOT/opt/rollcall/share/rollcall/lighttpd.conf"
    [[ $output == *'"/opt/rollcall/sbin/rollcall-handler"'* ]]
}

@test "what is installed runs from there" {
    in_tree install
    local program
    for program in bin/rollcall-agent sbin/rollcall-handler sbin/rollcall-verify sbin/rollcall-token; do
        run "$ROOT/usr/local/$program" --version
        [ "$status" = 0 ]
        [[ $output == "${program#*/} "[0-9]* ]]
        run "$ROOT/usr/local/$program" --help
        [ "$status" = 0 ]
    done
}

@test "every program has its man page, and each page is clean" {
    in_tree install
    run find "$ROOT/usr/local/share/man" -type f
    [ "${#lines[@]}" = 6 ]
    mandoc -Tlint -W warning "${lines[@]}"
}

@test "a strict umask does not lock others out" {
    (umask 077 && in_tree install)
    [ -z "$(find "$ROOT/usr/local" -type f -not -perm -444)" ]
    [ -z "$(find "$ROOT/usr/local/" -mindepth 2 -type d -not -perm -555)" ]
}

@test "make uninstall leaves no file, and what is not ours alone" {
    in_tree install
    touch "$ROOT/usr/local/bin/other"
    in_tree uninstall
    [ "$(installed)" = '644 usr/local/bin/other' ]
    [ ! -e "$ROOT/usr/local/share/rollcall" ]
}

@test "installing over an installation works, and so does uninstalling twice" {
    in_tree install
    in_tree install
    in_tree uninstall
    in_tree uninstall
    [ -z "$(installed)" ]
}
