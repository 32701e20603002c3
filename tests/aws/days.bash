# days: records of three days, and the answers of the questions in aws/athena about them. `load days` after
# ../lib/helper, and define
#   ask FILE              runs a question of the folder $QUESTIONS, and prints each row as a JSON array of strings
#   answers NAME LINE...  fails unless the question has exactly these rows
# shellcheck shell=bash disable=SC2154

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
    ask "$QUESTIONS/roll-call.sql" | jq -c '[.[0, 1], (.[4] == null or (.[4] | tonumber | . > 290 and . < 310)), .[5]]' >"$T/got"
    printf '%s\n' '["alpha","2",true,"1"]' '["delta","1",true,"1"]' '["gamma","1",true,"1"]' | diff - "$T/got"
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
