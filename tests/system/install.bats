#!/usr/bin/env bats
# make install and make uninstall.
# shellcheck disable=SC2030,SC2031,SC2046

load ../lib/helper

setup() {
    T=$BATS_TEST_TMPDIR
    ROOT=$T/root
}

# The build that is tried, not a new one.
in_tree() { make -s -C "$REPO" BUILD="$ROLLCALL_BUILD" DESTDIR="$ROOT" "$@"; }
installed() { (cd "$ROOT" && find . -type f -printf '%m %P\n' | sort -k 2); }

# What the Makefile says is to be installed.
programs() { basename -a $(in_tree print-PROGRAMS) $(in_tree print-TOOLS); }
pages() { basename -a $(in_tree print-MAN1) $(in_tree print-MAN5) $(in_tree print-MAN7) $(in_tree print-MAN8); }
mode() { if [ -x "$REPO/$1" ]; then echo 755; else echo 644; fi; }
place() { case $1 in rollcall-agent) echo bin ;; *) echo sbin ;; esac }

@test "make install puts programs, tools, man pages and the configuration in their places" {
    in_tree install
    expected=$({
        for name in $(programs); do echo "755 usr/local/$(place "$name")/$name"; done
        for name in $(pages); do echo "644 usr/local/share/man/man${name##*.}/$name"; done
        for file in $(in_tree print-DATA); do echo "$(mode "$file") usr/local/share/rollcall/${file#*/}"; done
    } | sort -k 2)
    [ "$(installed)" = "$expected" ]
    [ "$(wc -l <<<"$expected")" -ge 11 ]
}

@test "PREFIX moves all files, and the configuration names the new paths" {
    in_tree install PREFIX=/opt/rollcall
    [ "$(find "$ROOT" -type f -not -path "$ROOT/opt/rollcall/*" | wc -l)" = 0 ]
    ROLLCALL_RUN=$T run /usr/sbin/lighttpd -p -f "$ROOT/opt/rollcall/share/rollcall/lighttpd.conf"
    [[ $output == *'"/opt/rollcall/sbin/rollcall-handler"'* ]]
    # What runs on other machines speaks of their paths.
    run grep -r --exclude-dir=ssm --exclude-dir=cloudformation /usr/local "$ROOT/opt/rollcall/share/rollcall"
    [ "$output" = "" ]
}

@test "the installed programs run from there" {
    in_tree install
    local name
    for name in $(programs); do
        run "$ROOT/usr/local/$(place "$name")/$name" --version
        [ "$status" = 0 ]
        [[ $output == "$name "[0-9]* ]]
        run "$ROOT/usr/local/$(place "$name")/$name" --help
        [ "$status" = 0 ]
    done
}

@test "every program has its man page, and each page is clean" {
    in_tree install
    local name pages
    pages=$(pages)
    for name in $(programs); do
        grep -qx "$name\.[18]" <<<"$pages"
    done
    mandoc -Tlint -W warning $(find "$ROOT/usr/local/share/man" -type f)
}

@test "a strict umask does not lock others out" {
    (umask 077 && in_tree install)
    [ -z "$(find "$ROOT/usr/local" -type f -not -perm -444)" ]
    [ -z "$(find "$ROOT/usr/local/" -mindepth 2 -type d -not -perm -555)" ]
}

@test "make uninstall removes our files and no others" {
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

@test "make names the packages that it lacks, and compiles nothing" {
    local tool
    mkdir "$T/bin"
    for tool in /usr/bin/* /bin/*; do ln -sf "$tool" "$T/bin/${tool##*/}"; done
    rm "$T"/bin/*pkg-config
    PATH=$T/bin run make -C "$REPO" BUILD="$T/build" all
    [ "$status" != 0 ]
    [[ $output == *"make needs these packages"*" pkg-config "*"libfcgi-dev"*"apt-get install "* ]]
    [[ $output != *" -c -o "* ]]
}
