#!/usr/bin/env bats
# The handler behind a real lighttpd: the clients that exist today, and rude ones.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2153

load ../lib/helper

setup() { rollcall_setup; }
teardown() { rollcall_teardown; }

text_example() {
    cat <<'END'
{
  "hostname": "my-server",
  "processor": "Intel Core i7",
  "processes": "PID PPID USER %CPU %MEM CMD\n123 1 user 0.0 0.1 process1\n456 1 user 0.1 0.2 process2",
  "users": "user1\nuser2",
  "os_name": "Linux",
  "os_ver": "4.19.0-14-amd64"
}
END
}

objects_example() {
    cat <<'END'
{"processor": "", "processes": [{"pid": 1, "name": "systemd", "status": "sleeping"}, {"pid": 2, "name": "kthreadd", "status": "sleeping"}], "users": [{"name": "ana", "terminal": "pts/0", "host": "10.0.0.9", "started": 1685577600.0, "pid": 4650}], "os_name": "Linux", "os_version": "5.10.0-23-amd64"}
END
}

@test "both kinds of body by curl, plain and through gzip" {
    server_start 2
    text_example >"$T/text"
    objects_example >"$T/objects"
    gzip -k "$T/text" "$T/objects"
    local body
    for body in text objects; do
        http_post "$T/$body"
        assert_status 200
        http_post "$T/$body.gz" -H 'Content-Encoding: gzip'
        assert_status 200
    done
    assert_json '.data.seq == 4'
    check_store
    verify
}

@test "both kinds of body by Python requests with json=, and through gzip" {
    "$PYTHON" -c 'import requests' 2>/dev/null || skip "python3-requests is not installed"
    server_start 2
    text_example >"$T/text"
    objects_example >"$T/objects"
    "$PYTHON" - "$URL" "$TOKEN" "$T/text" "$T/objects" <<'END'
import gzip, json, sys, requests
url, token, *files = sys.argv[1:]
head = {"Authorization": "Bearer " + token}
session = requests.Session()
session.trust_env = False
for name in files:
    value = json.load(open(name))
    answers = [
        session.post(url + "/data", json=value, headers=head),
        session.post(url + "/data", data=gzip.compress(json.dumps(value).encode()),
                     headers={**head, "Content-Type": "application/json", "Content-Encoding": "gzip"}),
        session.post(url + "/data", data=json.dumps(value, ensure_ascii=False).encode(),
                     headers={**head, "Content-Type": "application/json; charset=utf-8"}),
    ]
    for a in answers:
        assert a.status_code == 200 and a.json()["status"] == "success", a.text
END
    [ "$(lines_stored)" = 6 ]
    check_store
    verify
}

@test "what psutil could not decode (a lone surrogate by json=) is accepted" {
    "$PYTHON" -c 'import requests' 2>/dev/null || skip "python3-requests is not installed"
    server_start 1
    "$PYTHON" - "$URL" "$TOKEN" <<'END'
import sys, requests
url, token = sys.argv[1:]
value = {"processor": "", "os_name": "Linux", "os_version": "6", "users": [],
         "processes": [{"pid": 1, "name": b"caf\xe9".decode("utf-8", "surrogateescape")}]}
session = requests.Session()
session.trust_env = False
a = session.post(url + "/data", json=value, headers={"Authorization": "Bearer " + token})
assert a.status_code == 200, a.text
END
    check_store
    [ "$(csv_cell cmd)" = $'caf\xef\xbf\xbd' ]
}

@test "bodies from 1 B to 5 MiB" {
    server_start 2
    printf x >"$T/one"
    http_post "$T/one"
    assert_status 400
    local size head
    for size in 200 1000 4096 65535 65536 65537 1048576 5242880; do
        head=${SMALL%\}},\"pad\":\"
        { printf %s "$head"; head -c $((size - ${#head} - 2)) /dev/zero | tr '\0' x; printf '"}'; } >"$T/sized"
        [ "$(stat -c %s "$T/sized")" = "$size" ]
        http_post "$T/sized"
        assert_status 200
    done
    check_store
    verify
}

@test "chunked bodies arrive whole" {
    server_start 1
    record '.pad = ("x" * 200000)' >"$T/big"
    http_post "$T/big" -H 'Transfer-Encoding: chunked'
    assert_status 200
    http_post "$T/record.json" -H 'Transfer-Encoding: chunked'
    assert_status 200
    check_store
}

@test "a body over max_body_bytes is 413" {
    make_config max_body_bytes=100000
    server_start 1
    record '.pad = ("x" * 200000)' >"$T/big"
    http_post "$T/big"
    assert_status 413
    http_post "$T/record.json"
    assert_status 200
}

@test "401 has its header, 405 its Allow, 404 its body" {
    server_start 1
    http --data-binary "@$T/record.json" "$URL/data"
    assert_status 401
    assert_header WWW-Authenticate 'Bearer.*'
    http "$URL/data"
    assert_status 405
    assert_header Allow POST
    http "$URL/none"
    assert_status 404
    http "$URL/healthz"
    assert_status 200
    http -I "$URL/healthz"
    [ "$STATUS" = 200 ]
}

@test "addresses have files of their own" {
    server_start 2
    http_post "$T/record.json" --interface 127.0.0.2
    assert_status 200
    assert_json '.data.client_ip == "127.0.0.2"'
    http_post "$T/record.json" --interface 127.9.8.7
    assert_json '.data.client_ip == "127.9.8.7" and .data.seq == 1'
    check_store
}

@test "a slow client does not stop another, and is served when it is done" {
    server_start 1
    "$PYTHON" - "$PORT" "$TOKEN" "$T/record.json" <<'END'
import http.client, socket, sys
port, token, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
body = open(path, "rb").read()
head = (f"POST /data HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
slow = socket.create_connection(("127.0.0.1", port), timeout=30)
for k in range(0, len(head + body) - 1):
    slow.sendall((head + body)[k:k + 1])
    if k % 60 == 0:
        quick = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        quick.request("POST", "/data", body, {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
        assert quick.getresponse().status == 200
        quick.close()
slow.sendall(body[-1:])
answer = slow.recv(65536)
assert answer.startswith(b"HTTP/1.1 200"), answer
END
    check_store
}

@test "a client that hangs up amid its body leaves nothing" {
    server_start 1
    "$PYTHON" - "$PORT" "$TOKEN" <<'END'
import socket, struct, sys
for reset in (False, True) * 10:
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=30)
    s.sendall((f"POST /data HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sys.argv[2]}\r\n"
               "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n").encode() + b'{"a":')
    if reset:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
END
    assert_nothing_stored
    http_post "$T/record.json"
    assert_status 200
    assert_json '.data.seq == 1'
    check_store
}

@test "clients that hang up before the answer: their resends make each record exactly one" {
    server_start 2
    "$PYTHON" - "$PORT" "$TOKEN" "$T/acks" <<'END'
import http.client, json, socket, struct, sys
port, token = int(sys.argv[1]), sys.argv[2]
def body(k):
    return json.dumps({"id": f"hung-{k}", "processor": "p", "processes": [], "users": [],
                       "os_name": "L", "os_ver": "6"}).encode()
for k in range(40):
    s = socket.create_connection(("127.0.0.1", port), timeout=30)
    b = body(k)
    s.sendall((f"POST /data HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
               f"Content-Type: application/json\r\nContent-Length: {len(b)}\r\n\r\n").encode() + b)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, k % 2))
    s.close()
with open(sys.argv[3], "w") as acks:
    for k in range(40):
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        c.request("POST", "/data", body(k), {"Authorization": "Bearer " + token, "Rollcall-Retry": "60",
                                             "Content-Type": "application/json"})
        data = json.load(c.getresponse())["data"]
        assert data["records"] + data["duplicates"] == 1
        acks.write(json.dumps({"ip": "127.0.0.1", "date": data["date"], "id": f"hung-{k}"}) + "\n")
        c.close()
END
    wait_until 10 workers_idle
    check_store --acks "$T/acks"
}

# workers_idle: no worker has a connection beside the socket that it listens on.
workers_idle() {
    local pid
    for pid in $(server_workers); do
        [ "$(readlink "/proc/$pid/fd/"* | grep -c '^socket:')" = 1 ] || return 1
    done
}

@test "hostile paths store nothing and open nothing" {
    server_start 1
    local path
    for path in /../../etc/passwd /data/../../../etc/passwd /..%2f..%2fetc/passwd /%2e%2e/%2e%2e/etc/passwd \
        '/data%00.json' '/data%0a%0dx' '/data\..\..' '//etc/passwd' '/./data/.' '/data;x=1' "/$(printf 'a/%.0s' {1..500})"; do
        http_post "$T/record.json" --path-as-is --request-target "$path"
        case $STATUS in 400 | 404 | 405 | 414) ;; *) fail "$path is $STATUS" ;; esac
        run ! grep -q root: "$T/body"
    done
    assert_nothing_stored
    run ! grep -avP '^time=\S+ level=\w+ event=[ -~]*$' "$T/run/handler.log"
}

@test "hostile headers neither name a file nor forge a line of the log" {
    server_start 1
    http_post "$T/record.json" -H 'X-Forwarded-For: ../../../tmp/x' -H 'Forwarded: for=10.0.0.1' -H 'X-Real-IP: 10.0.0.1' \
        -H 'Host: ../../x' -H "Rollcall-Retry: 1 level=info event=forged" -H 'User-Agent: ${jndi:x}" event=forged'
    case $STATUS in 200 | 400) ;; *) fail "status $STATUS" ;; esac
    http_post "$T/record.json" -H "Authorization: Bearer x event=forged"
    http_post "$T/record.json" -H "Content-Type: x\" event=forged"
    run ! grep -P '^(time=\S+ level=\S+ )?event=forged' "$T/run/handler.log"
    run ! grep -avP '^time=\S+ level=\w+ event=[ -~]*$' "$T/run/handler.log"
    [ -z "$(find "$RECORDS" -type f ! -name '127.0.0.1_*' 2>/dev/null)" ]
}

@test "a worker that is killed idle is replaced" {
    server_start 1
    http_post "$T/record.json"
    local old
    old=$(server_workers)
    kill -KILL "$old"
    wait_until 30 answered_200
    [ "$(server_workers)" != "$old" ]
    check_store
}

answered_200() {
    http_post "$T/record.json"
    [ "$STATUS" = 200 ]
}

@test "a web server that is stopped stops its workers" {
    server_start 3
    http_post "$T/record.json"
    local workers pid
    workers=$(server_workers)
    [ "$(wc -w <<<"$workers")" = 3 ]
    server_stop
    for pid in $workers; do
        wait_until 30 gone "$pid"
    done
}
