# days: records of three days, and the answers of the questions in aws/athena about them. `load days` after
# ../lib/helper, and define
#   answers NAME LINE...  fails unless the question has exactly these rows, each a JSON array of strings, after `normal`
# shellcheck shell=bash disable=SC2154

# normal: rows without what the clock of the test decides: the seconds of times, and of the pause of about 300 s.
normal() { sed -E 's/(T[0-9:]{5}):[0-9.]{6}Z/\1/g; s/"(2[4-9][0-9]|3[0-5][0-9])"(,"[0-9]+"\])$/"300"\2/'; }

# said ADDRESS JQ-FILTER: a record of that address, now.
said() { post_with "$2" "REMOTE_ADDR=$1" && assert_status 200; }

# Three days of four hosts: alpha is there always; beta falls silent on the last day; gamma comes on the
# second, is upgraded and restarted on the third; delta is gamma's clone.
three_days() {
    local ssh='{"pid":9,"user":"root","rss":2097152,"cmd":"/usr/sbin/sshd -D"}'
    at "2026-11-18 10:00:00"
    said 10.0.0.1 ".hostname=\"alpha\"|.users=[\"ana\"]|.processes=[$ssh]"
    said 10.0.0.2 '.hostname="beta"|.users="bo\nroot"|.processes="PID USER CMD\n1 root init\n2 bo -bash"'
    at "2026-11-19 10:00:00"
    said 10.0.0.1 ".hostname=\"alpha\"|.processes=[$ssh,{\"pid\":10,\"user\":\"ana\",\"cmd\":\"vi a,b \\\"c\\\"\"}]"
    said 10.0.0.2 '.hostname="beta"|.users=[]|.processes=[]'
    said 10.0.0.3 ".hostname=\"gamma\"|.machine_id=\"m3\"|.boot_id=\"b1\"|.os_ver=\"6.1.1\"|.processes=[$ssh]"
    at "2026-11-20 10:00:00"
    said 10.0.0.1 ".hostname=\"alpha\"|.users=[{\"name\":\"root\",\"tty\":\"pts/0\"}]
        |.processes=[$ssh,{\"pid\":11,\"user\":\"eve\",\"rss\":52428800,\"cmd\":\"/tmp/miner\\n-x\"},{\"pid\":2,\"user\":\"root\",\"cmd\":\"[kthreadd]\"}]"
    said 10.0.0.4 '.hostname="delta"|.machine_id="m3"|.boot_id="b9"|.processes=[]'
    at "2026-11-20 10:05:00"
    said 10.0.0.1 ".hostname=\"alpha\"|.processes=[$ssh|.rss-=1]"
    said 10.0.0.3 '.hostname="gamma"|.machine_id="m3"|.boot_id="b2"|.boot_time="2026-11-20T09:59:00.000Z"|.os_ver="6.1.2"
        |.processes=[{"pid":7,"user":"root","cmd":"sshd: ana"}]'
    at now
}

all_answers() {
    answers changed-systems '["gamma","Linux, 6.1.1, p","Linux, 6.1.2, p"]'
    answers clones '["m3","2","2","2","delta gamma"]'
    answers kernels '["6.1","2","alpha"]' '["6.1.2","1","gamma"]'
    answers memory '["alpha","miner\\n-x","50","2026-11-20T10:00"]' '["alpha","sshd","2","2026-11-20T10:00"]'
    answers new-programs '["alpha","/tmp/miner\\n-x","eve"]' '["gamma","sshd:","root"]'
    answers restarts '["gamma","1","2026-11-20T09:59","2026-11-20T10:05"]'
    answers root-logins '["alpha","10.0.0.1","2026-11-20T10:00","2026-11-20T10:00","1"]'
    answers silent '["beta","10.0.0.2","2026-11-19T10:00"]'
    answers who-ran '["alpha","10.0.0.1","root","2026-11-20T10:00","2026-11-20T10:05","1","/usr/sbin/sshd -D"]' \
        '["gamma","10.0.0.3","root","2026-11-20T10:05","2026-11-20T10:05","1","sshd: ana"]'
    answers roll-call '["alpha","2","2026-11-20T10:00","2026-11-20T10:05","300","1"]' \
        '["delta","1","2026-11-20T10:00","2026-11-20T10:00",null,"1"]' '["gamma","1","2026-11-20T10:05","2026-11-20T10:05",null,"1"]'
}

# Records that the handler accepts and that readers with types, or without case, stumble over.
poison() {
    at "$1 11:00:00"
    said 10.0.0.1 '.hostname="alpha"|.cores="many"|.memory_bytes={"a":1}|.boot_id=7|.machine_id=[]|.Hostname="other"|.CORES=2|.users=[]|.processes=[]'
    jq '.hostname="alpha"|.users=[]|.processes=[]' "$T/record.json" | sed '$s/}$/,"nested":{"a":1,"a":2,"A":3}}/' >"$T/nested.json"
    post "$T/nested.json" REMOTE_ADDR=10.0.0.1
    assert_status 200
    at now
}

# catalogued: the catalogue of the days, as rollcall-archive writes it (archive.bats), below $T/archive.
catalogued() {
    local file day
    for file in "$RECORDS"/data/*/*; do
        day=$(basename "$(dirname "$file")")
        mkdir -p "$T/archive/catalogue/date=$day"
        jq -nc --arg f "${file##*/}" --arg d "$day" --argjson size "$(stat -c %s "$file")" '($f | split(".") | last) as $kind
            | {url: "s3://b/\($kind)/date=\($d)/\($f).gz", kind: $kind, client_ip: ($f | split("_")[0]), size: $size,
               gzip_size: 1, sha256: "", seq: 1, chain: ""}' >>"$T/archive/catalogue/date=$day/files.jsonl"
    done
}

# After three_days and catalogued: newest first.
where_answers() {
    local day kind file rows=()
    for day in 2026-11-{20,19,18}; do
        for kind in csv json; do
            file=10.0.0.1_$day.$kind
            rows+=("[\"$day\",\"$kind\",\"s3://b/$kind/date=$day/$file.gz\",\"$(stat -c %s "$RECORDS/data/$day/$file")\",\"1\",\"1\"]")
        done
    done
    answers where-is "${rows[@]}"
}

# nights: two days of alpha, beta, gamma and delta, for the questions about what becomes of a fleet.
nights() {
    local sshd='{"pid":9,"user":"root","rss":1048576,"cmd":"/usr/sbin/sshd -D"}'
    # beat TIME ADDRESS HOST USERS KERNEL PROCESSES
    beat() {
        at "$1"
        said "$2" ".hostname=\"$3\"|.users=$4|.os_pretty_name=\"Debian 12\"|.os_ver=\"$5\"|.processes=[$sshd$6]"
    }
    beat '2026-11-19 13:00:00' 10.0.0.1 alpha '["ana"]' 6.1.9 ''
    beat '2026-11-19 22:00:00' 10.0.0.1 alpha '["ana","eve"]' 6.1.9 ''
    beat '2026-11-19 22:00:00' 10.0.0.2 beta '[]' 6.1.10 ',{"pid":3,"user":"bo","cmd":"/usr/bin/vi"}'
    beat '2026-11-20 03:00:00' 10.0.0.1 alpha '["eve"]' 6.1.9 ',{"pid":5,"user":"eve","rss":10000,"cmd":"/opt/leak -x"},{"pid":6,"user":"eve","rss":9000,"cmd":"breathes"}'
    beat '2026-11-20 10:00:00' 10.0.0.1 alpha '[]' 6.1.9 ',{"pid":5,"user":"eve","rss":20000,"cmd":"/opt/leak -x"},{"pid":6,"user":"eve","rss":5000,"cmd":"breathes"}'
    beat '2026-11-20 11:00:00' 10.0.0.5 alpha '[]' 6.1.11 ',{"pid":5,"user":"eve","rss":35000,"cmd":"/opt/leak -x"},{"pid":6,"user":"eve","rss":9500,"cmd":"breathes"}'
    beat '2026-11-20 11:01:00' 10.0.0.2 beta '[]' 6.1.10 ',{"pid":3,"user":"bo","cmd":"/usr/bin/vi"},{"pid":4,"user":"bo","cmd":"/opt/leak -x"}'
    beat '2026-11-20 11:02:00' 10.0.0.3 gamma '["kim"]' 6.1.9 ''
    at "2026-11-20 11:03:00"
    said 10.0.0.4 '.hostname="delta"|.users=[]|.os_pretty_name="CentOS 7"|.os_ver="3.10.0-1160"|.processes=[]'
    at now
}

# day_before: what alpha said before all that.
day_before() {
    at "2026-11-18 11:00:00"
    said 10.0.0.1 '.hostname="alpha"|.users=["ana"]|.os_pretty_name="Debian 12"|.os_ver="6.1.9"|.processes=[{"pid":1,"user":"root","cmd":"/sbin/init"}]'
    at now
}

# After nights and day_before, for the host alpha from noon of the 19th to noon of the 20th.
change_answers() {
    answers changed-between '["address","10.0.0.1","10.0.0.5"]' '["kernel","6.1.9","6.1.11"]' '["program","","/opt/leak"]' \
        '["program","","/usr/sbin/sshd"]' '["program","","breathes"]' '["program","/sbin/init",""]' '["users","ana",""]'
    answers night-logins '["alpha","ana","2026-11-19T22:00","2026-11-19T22:00","no"]' '["alpha","eve","2026-11-19T22:00","2026-11-20T03:00","yes"]'
    answers growing '["alpha","leak","5","3","10000","35000","25000"]'
    answers kernels-behind '["Debian 12","beta","6.1.10","6.1.11","1"]' '["Debian 12","gamma","6.1.9","6.1.11","2"]'
    answers first-seen '["/opt/leak","2026-11-20T03:00","2","alpha"]' '["breathes","2026-11-20T03:00","1","alpha"]'
    # Of two moments with as much memory, the first.
    answers memory '["alpha","sshd","1","2026-11-20T03:00"]' '["beta","sshd","1","2026-11-20T11:01"]' \
        '["gamma","sshd","1","2026-11-20T11:02"]' '["alpha","leak","0","2026-11-20T11:00"]' '["alpha","breathes","0","2026-11-20T11:00"]'
}
