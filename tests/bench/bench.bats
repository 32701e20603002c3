#!/usr/bin/env bats
# Whether the bench works: that it measures all it should, and counts what it sent. No figure is
# looked at: those mean nothing on a machine that does other things.

# shellcheck disable=SC2016

load ../lib/helper

setup_file() {
    load ../lib/helper
    export OUT=$BATS_FILE_TMPDIR/out
    missing=''
    for program in wrk gunicorn nginx valgrind strace unshare lighttpd go php-fpm8.2; do
        PATH=$PATH:/usr/sbin:/sbin command -v $program >/dev/null || missing="$missing $program"
    done
    for module in flask psutil requests; do
        "$PYTHON" -c "import $module" 2>/dev/null || missing="$missing python3-$module"
    done
    [ -e /usr/include/libproc2/pids.h ] || missing="$missing libproc2-dev"
    [ -e /usr/lib/lighttpd/mod_openssl.so ] || missing="$missing lighttpd-mod-openssl"
    export missing
    [ -n "$missing" ] || "$REPO/tests/bench/run" --smoke --dir "$BATS_FILE_TMPDIR" --out "$OUT" \
        >"$BATS_FILE_TMPDIR/printed" 2>"$BATS_FILE_TMPDIR/progress" || touch "$BATS_FILE_TMPDIR/failed"
}

setup() {
    [ -z "$missing" ] || skip "not installed:$missing"
    if [ -e "$BATS_FILE_TMPDIR/failed" ]; then
        tail -n 20 "$BATS_FILE_TMPDIR/progress"
        return 1
    fi
}

# report JQ-EXPRESSION: what it says of the report.
report() { jq -e "$1" "$OUT/bench.json" || { echo "not so: $1" && return 1; }; }

@test "every body meets every server, and all that they acknowledged is counted" {
    report '[.parts.handler[] | "\(.size) \(.server)"] | sort == ([("S", "M", "L") as $b
        | ("null", "rollcall", "rollcall, sync", "flask") as $s | "\($b) \($s)"] | sort)'
    report '.parts.handler | all(.counted > 0 and .cpu_us > 0 and .rate > 0 and .memory_kib > 0)'
}

@test "each way to send meets rollcall, its limit and its peers, and all is counted" {
    report '[.parts.ways[] | "\(.way): \(.server)"] | sort == ([("null", "rollcall", "go", "php-fpm", "fastify", "flask"
        | "kept connections: \(.)"), ("null", "rollcall", "go" | "gzip, new connections, TLS (EC): \(.)"),
        ("rollcall", "go" | "kept connections, sync: \(.)")] | sort)'
    report '.parts.ways | all(.counted > 0 and .cpu_us > 0 and .rate > 0 and .memory_kib > 0)'
}

@test "a worker is measured alone, too" {
    report '[.parts.alone[] | select(.cpu_us > 0) | .server] == ["null", "rollcall"]'
}

@test "instructions and system calls of a request are counted" {
    report '.parts.instructions.instructions[0] | .own > 1000 and .libcrypto > 100'
    report '[.parts.instructions.syscalls[] | select(.server == "rollcall, sync") | .calls.worker.fdatasync] == [2]'
}

@test "the rate with sync is shown beside that of the file system" {
    report '.parts.sync | .rate > 0 and .limit > 0 and (.pairs_per_s | length) == 2'
}

@test "growth is measured by addresses, file size, writers and ids" {
    report '[.parts.growth[].what] | unique == ["S: an id of its own", "addresses", "file size", "writers",
        "writers, null handler"]'
}

@test "the agent is compared with its peers, at two numbers of processes" {
    report '[.parts.agent.one_shot[].processes] | unique == [20, 200]'
    report '[.parts.agent.one_shot[] | select(.processes == 20) | .what] | contains(["agent: collect",
        "agent: one beat, HTTP", "agent: one beat, HTTPS", "ps", "libproc2: collect", "psutil: collect",
        "psutil + requests: one beat, HTTP"])'
    report '.parts.agent.every | length == 2 and all(.beats >= 2 and .bytes_sent > 100)'
}

@test "each target is reported as met or missed" {
    report '.targets | length >= 17 and all(.met == true or .met == false)'
    run -0 grep -cE '\| (met|MISSED) +\|$' "$BATS_FILE_TMPDIR/printed"
    [ "$output" = "$(jq '.targets | length' "$OUT/bench.json")" ]
}

@test "a plot is drawn" {
    command -v gnuplot >/dev/null || skip "gnuplot is not installed"
    run -0 grep -c '<svg' "$OUT/bench.svg"
}

@test "no process and no file is left" {
    run ls -d "$BATS_FILE_TMPDIR"/rollcall-bench.*
    [ "$status" != 0 ]
    run pgrep -f "$BATS_FILE_TMPDIR/rollcall-bench"
    [ "$status" != 0 ]
}

@test "--help shows the usage; an unknown part is named" {
    run -0 "$REPO/tests/bench/run" --help
    [[ $output == *--quick* ]]
    run -2 "$REPO/tests/bench/run" --smoke --only nothing
    [[ $output == *"no part 'nothing'"* ]]
}

@test "a record that is lost ends the bench with an error" {
    cd "$REPO/tests/bench"
    run "$PYTHON" -c '
import load, machine
class Server:
    name, acked, unsure = "s", 3, 0
    def stored(self): return 2, 2
try:
    load.count(Server(), 1)
except machine.Wrong as e:
    print(e)'
    [[ $output == *"3 records acknowledged"*"2 stored"* ]]
}
