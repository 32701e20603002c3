#!/usr/bin/env bats
# An object of more than 5 GiB, with the limits of a release, against radosgw that keeps it on disk.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153,SC2154

load ../lib/helper
load ../aws/s3

GIB=$((1024 * 1024 * 1024))

setup_file() {
    export RGW_DISK=$((16 * GIB))
    s3_start
}
teardown_file() { s3_stop; }
setup() {
    rollcall_setup
    s3_setup
}
teardown() { rollcall_teardown; }

# A sparse file, different in each part.
large_file() {
    local i
    truncate -s "$1" "$T/file"
    for i in $(seq 0 16 "$(($1 / 1048576 - 1))"); do
        printf '%s' "$i-$RANDOM" | dd of="$T/file" bs=1M seek="$i" conv=notrunc status=none
    done
    SUM=$(sha256sum <"$T/file")
}

# peak COMMAND...: runs it, and prints its peak memory in KiB.
peak() {
    "$PYTHON" -c 'import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)' "$@"
}

@test "large object: 5 GiB in one PUT, more in parts, with flat memory, read back whole" {
    local size parts put get
    for size in $((5 * GIB)) $((5 * GIB + 1)); do
        large_file "$size"
        put=$(peak "$S3TOOL" put key "$T/file" note)
        # The ETag of an upload in parts ends with their number; a part has 64 MiB.
        parts=$((size > 5 * GIB ? (size + 67108863) / 67108864 : 0))
        run "$S3TOOL" head key
        [[ $output =~ ^$size\ \"[0-9a-f]{32}(-([0-9]+))?\"\ note$ ]] || fail "$output"
        [ "${BASH_REMATCH[2]:-0}" = "$parts" ] || fail "$output, expected $parts parts"
        rm "$T/file"
        get=$(peak "$S3TOOL" get key "$T/file")
        [ "$(sha256sum <"$T/file")" = "$SUM" ] || fail "$size bytes came back changed"
        rm "$T/file"
        echo "# $size bytes: peak $put KiB to put, $get KiB to get" >&3
        [ "$put" -lt 30000 ] && [ "$get" -lt 30000 ]
    done
}
