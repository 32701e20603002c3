#!/usr/bin/env bats
# lighttpd/Dockerfile: built on a fresh Debian, and run as ECS runs a task: not root, read-only, no capabilities.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153

load ../lib/helper
load ../lib/chroot

setup_file() {
    export PODMAN_ROOT=$BATS_FILE_TMPDIR/podman
    PATH=$PATH:/usr/sbin
}

setup() {
    chroot_needs
    for tool in podman runc; do command -v $tool >/dev/null || skip "$tool is not installed"; done
    rollcall_setup
    PODMAN=(podman --root "$PODMAN_ROOT/storage" --runroot "$PODMAN_ROOT/run" --storage-driver overlay
        --cgroup-manager cgroupfs --runtime runc)
    [ -e "$PODMAN_ROOT/built" ] || build_image
    mkdir "$RECORDS"
    chown 10001:10001 "$RECORDS"
}

teardown() {
    [ -z "${NAME-}" ] || "${PODMAN[@]}" rm -f -v -t 5 "$NAME" >/dev/null 2>&1 || true
    rollcall_teardown
}

teardown_file() { umount -l "$PODMAN_ROOT"/storage/* 2>/dev/null || true; }

# Builds the image once, on the base that the other tests use.
build_image() {
    mkdir -p "$PODMAN_ROOT"
    tar -C "$(chroot_base)" --exclude=./.done -c . | "${PODMAN[@]}" import -q - rollcall-base:test
    "${PODMAN[@]}" build -q --format docker --isolation=chroot --network=host \
        --build-arg BASE=localhost/rollcall-base:test -f "$REPO/lighttpd/Dockerfile" -t rollcall:test "$REPO" >"$T/build.log" 2>&1 ||
        fail "$(tail -n 30 "$T/build.log")"
    touch "$PODMAN_ROOT/built"
}

# container OPTION...: runs it; sets PORT and URL, waits until it answers.
container() {
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    NAME=rollcall-$BASHPID
    "${PODMAN[@]}" run -d --name "$NAME" --read-only --cap-drop=all \
        --security-opt no-new-privileges --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --network=host \
        -e "ROLLCALL_PORT=$PORT" -v "$RECORDS:/var/lib/rollcall" "$@" rollcall:test >"$T/id" 2>"$T/run.log" 3>&- ||
        fail "$(cat "$T/run.log")"
    wait_until 30 server_answers || fail "$("${PODMAN[@]}" logs "$NAME" 2>&1)"
}

# readme_lines: the commands of the container's section in lighttpd/README.md, with a port of our own.
readme_lines() {
    # shellcheck disable=SC2016
    sed -n '/^## A container/,/^## /{/^```sh/,/^```/p}' "$REPO/lighttpd/README.md" | grep -v '^```' |
        sed "s/ -p 7000:8080 / -e ROLLCALL_PORT=$PORT /; s/127.0.0.1:7000/127.0.0.1:$PORT/"
}

# docker, as podman can do it here: over the base of these tests, without a network of its own.
docker() {
    local verb=$1 more=()
    shift
    case $verb in
    build) more=(-q --format docker --isolation=chroot --network=host --build-arg BASE=localhost/rollcall-base:test) ;;
    run) more=(--network=host --ulimit nofile=1024:1024 --ulimit nproc=1024:1024) ;;
    esac
    "${PODMAN[@]}" "$verb" "${more[@]}" "$@" 3>&-
}

logged() { "${PODMAN[@]}" logs "$NAME" 2>&1 | grep -qF -e "$1"; }
inside() { "${PODMAN[@]}" exec "$NAME" "$@"; }

@test "container: a record is stored by a user who is not root, on a read-only root file system" {
    chmod 644 "$T/tokens"
    container -v "$T/tokens:/etc/rollcall/tokens:ro"
    http_post "$T/record.json"
    assert_status 200
    check_store
    [ "$(stat -c %u "$(json_file)")" = 10001 ]
    [ "$(inside id -u)" = 10001 ]
    run inside touch /etc/rollcall/x /usr/local/sbin/x
    [ "$status" != 0 ]
    inside /usr/local/sbin/health
    inside rollcall-verify /var/lib/rollcall
    # Who reads asks for the hosts.
    http -H "Authorization: Bearer $READ_TOKEN" "$URL/api/v1/hosts"
    assert_status 200
    assert_json '.data.total == 1 and .data.hosts[0].ip == "127.0.0.1" and .data.hosts[0].records == 1'
    run -0 inside rollcall-silent /var/lib/rollcall
    # The page, compressed.
    http --compressed "$URL/hosts/127.0.0.1"
    cmp "$T/body" "$REPO/lighttpd/htdocs/index.html"
    assert_header Content-Encoding gzip
    # What the web server and the handlers say is the container's output.
    wait_until 30 logged '"POST /data HTTP/1.1" 200'
}

@test "container: tokens from a secret's variable, which the handlers do not keep" {
    container -e "ROLLCALL_TOKENS=$(cat "$T/tokens")" \
        -e 'ROLLCALL_HANDLER_JSON={"records_dir":"/var/lib/rollcall","tokens_file":"/run/rollcall/tokens","max_body_bytes":1000}'
    yes '{}' | head -c 2000 >"$T/long"
    http_post "$T/long"
    assert_status 413
    http_post "$T/record.json"
    assert_status 200
    # A process that is run in the container later has it; lighttpd and the handlers do not.
    # shellcheck disable=SC2016
    inside sh -c 'for p in /proc/[0-9]*; do
        case $(cat $p/comm) in lighttpd | rollcall-handle | rollcall-query) echo $(cat $p/comm) $(tr "\0" "\n" <$p/environ | grep -c ^ROLLCALL_TOKENS=) ;; esac
    done' | sort | uniq -c >"$T/environ"
    [ "$(awk '{print $2, $3}' "$T/environ" | tr '\n' ' ')" = "lighttpd 0 rollcall-handle 0 rollcall-query 0 " ] || fail "$(cat "$T/environ")"
}

@test "container: unhealthy while nothing can be stored; a stop signal stops it" {
    chown 0:0 "$RECORDS"
    chmod 755 "$RECORDS"
    container -e "ROLLCALL_TOKENS=$(cat "$T/tokens")"
    run inside /usr/local/sbin/health
    [ "$status" = 1 ]
    "${PODMAN[@]}" stop -t 20 "$NAME" >"$T/stop"
    [ "$("${PODMAN[@]}" inspect -f '{{.State.ExitCode}}' "$NAME")" = 0 ]
}

@test "container: a request in flight is answered when the container stops" {
    container -e "ROLLCALL_TOKENS=$(cat "$T/tokens")"
    # Half of the body, the stop, then the other half.
    exec 4<>"/dev/tcp/127.0.0.1/$PORT"
    local size half
    size=$(stat -c %s "$T/record.json") half=100
    printf 'POST /data HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %s\r\nConnection: close\r\n\r\n' \
        "$TOKEN" "$size" >&4
    head -c $half "$T/record.json" >&4
    # The server has the connection when it has answered another request after it.
    inside /usr/local/sbin/health
    "${PODMAN[@]}" stop -t 30 "$NAME" >"$T/stop" 2>&1 3>&- &
    wait_until 20 stopping
    tail -c +$((half + 1)) "$T/record.json" >&4
    timeout 20 cat <&4 >"$T/answer"
    exec 4>&-
    wait $!
    grep -q '^HTTP/1.1 200' "$T/answer" || fail "$(cat "$T/answer")"
    check_store
}

# lighttpd listens no longer: it has the signal.
stopping() { ! curl -s -o /dev/null --max-time 2 "$URL/healthz"; }

@test "container: another command runs with the same configuration" {
    container -e "ROLLCALL_TOKENS=$(cat "$T/tokens")"
    http_post "$T/record.json"
    "${PODMAN[@]}" run --rm --read-only --cap-drop=all --user 10001:10001 --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
        --network=host -v "$RECORDS:/var/lib/rollcall" \
        -e 'ROLLCALL_HANDLER_JSON={"records_dir":"/var/lib/rollcall","tokens_file":"/run/rollcall/tokens","keep_days":1}' \
        rollcall:test rollcall-verify /var/lib/rollcall >"$T/ran" 2>&1 || fail "$(cat "$T/ran")"
    # Nothing is removed if the archive cannot be reached.
    mkdir -p "$RECORDS/data/2020-01-01"
    echo x >"$RECORDS/data/2020-01-01/10.0.0.9_2020-01-01.json"
    chown -R 10001:10001 "$RECORDS"
    run "${PODMAN[@]}" run --rm --read-only --cap-drop=all --user 10001:10001 --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
        --network=host -v "$RECORDS:/var/lib/rollcall" -e AWS_ACCESS_KEY_ID=x -e AWS_SECRET_ACCESS_KEY=x \
        -e 'ROLLCALL_HANDLER_JSON={"records_dir":"/var/lib/rollcall","tokens_file":"/run/rollcall/tokens","keep_days":1,"s3":{"bucket":"b","region":"us-east-1","endpoint":"http://127.0.0.1:1"}}' \
        rollcall:test nightly
    [ "$status" != 0 ]
    [ -e "$RECORDS/data/2020-01-01/10.0.0.9_2020-01-01.json" ]
}

# task NAME: the container of a task definition of highly-available.yaml as options of podman run and, after "--", its command; each ends
# with a NUL: the environment, secrets from $T/NAME, the mounts in $T/efs.
task() {
    "$PYTHON" - "$REPO" "$1" "$T" "${@:2}" <<'PY'
import json, os, sys
repo, resource, top, *pairs = sys.argv[1:]
sys.path.insert(0, f"{repo}/tests/aws")
import cfn_template, iam_simulate
names = iam_simulate.Names({"Policy": "", "NoPolicy": "", "OwnPolicy": "", "HasTokensKey": "", "IsPublic": "1", "KeepDays": "90",
                            "KeepListingDays": "7", "VpcPrefix": "127.0", **dict(pair.split("=", 1) for pair in pairs)})
task = cfn_template.load(f"{repo}/aws/cloudformation/highly-available.yaml")["Resources"][resource]["Properties"]
container = iam_simulate.resolved(task["ContainerDefinitions"][0], names)
for variable in container.get("Environment", []):
    print("-e", f"{variable['Name']}={variable['Value']}", sep="\0", end="\0")
for secret in container.get("Secrets", []):
    with open(f"{top}/secrets/{os.path.basename(secret['ValueFrom'])}", encoding="utf-8") as f:
        print("-e", f"{secret['Name']}={json.dumps(json.load(f)) if secret['Name'].endswith('_JSON') else f.read()}", sep="\0", end="\0")
for mount in container["MountPoints"]:
    if mount["SourceVolume"] != "run":
        print("-v", f"{top}/efs/{mount['SourceVolume']}:{mount['ContainerPath']}{':ro' if mount.get('ReadOnly') == True else ''}", sep="\0", end="\0")
print("--", *container.get("Command", []), sep="\0", end="\0")
PY
}

# run_task NAME PARAMETER=VALUE...: starts it, detached. Its id in TASK.
run_task() {
    local options command
    task "$@" >"$T/task"
    mapfile -t -d "" options < <(sed -z '/^--$/,$d' "$T/task")
    mapfile -t -d "" command < <(sed -z '1,/^--$/d' "$T/task")
    TASK=rollcall-$1-$BASHPID
    "${PODMAN[@]}" run -d --name "$TASK" --read-only --cap-drop=all --security-opt no-new-privileges --user 10001:10001 \
        --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --network=host -e "ROLLCALL_PORT=$PORT" "${options[@]}" \
        rollcall:test "${command[@]}" >"$T/id" 2>"$T/run.log" 3>&- || fail "$(cat "$T/run.log")"
}

@test "container: the tasks of highly-available.yaml start: hosts and rules are answered, and rollcall-watch tells what is wrong" {
    local watch
    mkdir -p "$T/secrets" "$T/efs/records" "$T/efs/watch" "$T/hook"
    chown 10001:10001 "$T/efs/records" "$T/efs/watch"
    cp "$T/tokens" "$T/secrets/tokens"
    "$PYTHON" "$REPO/tests/system/webhook" "$T/hook" >"$T/hook/log" 2>&1 3>&- &
    PIDS+=($!)
    wait_until 60 test -s "$T/hook/port" || fail "$(cat "$T/hook/log")"
    printf '{"targets":[{"type":"webhook","url":"http://127.0.0.1:%s/hook"}]}' "$(<"$T/hook/port")" >"$T/secrets/watch"
    echo '{"rules":[{"name":"sync","why":"w","severity":"high","require":{"process":{"cmd":"chronyd"}}}]}' >"$T/secrets/policy"
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    run_task Task TokensParameter=/rollcall/tokens OwnPolicy=1 Policy=/rollcall/policy
    NAME=$TASK
    wait_until 30 server_answers || fail "$("${PODMAN[@]}" logs "$NAME" 2>&1)"
    http_post "$T/record.json" -H 'X-Forwarded-For: 10.9.9.9'
    assert_status 200
    http -H "Authorization: Bearer $READ_TOKEN" "$URL/api/v1/hosts"
    assert_json '.data.total == 1 and .data.hosts[0].ip == "10.9.9.9" and .data.hosts[0].fails == ["sync"]'
    http --compressed "$URL/hosts/10.9.9.9"
    cmp "$T/body" "$REPO/lighttpd/htdocs/index.html"
    run_task Watch OwnPolicy=1 Policy=/rollcall/policy WatchParameter=/rollcall/watch
    watch=$TASK
    # The first run notes what is wrong. What is wrong later is told.
    wait_until 60 test -s "$T/efs/watch/webhook.json" || fail "$("${PODMAN[@]}" logs "$watch" 2>&1)"
    "${PODMAN[@]}" stop -t 20 "$watch" >"$T/stop"
    [ "$("${PODMAN[@]}" inspect -f '{{.State.ExitCode}}' "$watch")" = 0 ]
    http_post "$T/record.json" -H 'X-Forwarded-For: 10.9.9.10'
    assert_status 200
    "${PODMAN[@]}" start "$watch" >"$T/start" 3>&-
    wait_until 60 test -s "$T/hook/requests" || fail "$("${PODMAN[@]}" logs "$watch" 2>&1)"
    jq -e '.body | fromjson.events | any(.event == "rule.broken" and .rule == "sync" and .hosts[0].ip == "10.9.9.10")' "$T/hook/requests"
    "${PODMAN[@]}" rm -f -t 5 "$watch" >"$T/stop"
    [ "$(find "$T/efs/records" -newer "$T/start" | wc -l)" = 0 ]
    # The policy of the image is the default.
    [[ $(task Task TokensParameter=/rollcall/tokens Policy=baseline | tr '\0' ' ') = *'"policy_file":"/usr/local/share/rollcall/policy/baseline.json"'* ]]
    [[ $(task Task TokensParameter=/rollcall/tokens NoPolicy=1 | tr '\0' ' ') != *policy_file* ]]
    inside rollcall-policy --check /usr/local/share/rollcall/policy/baseline.json
}

@test "container: the image declares its user, port, volume, health check and stop signal" {
    "${PODMAN[@]}" inspect rollcall:test >"$T/image"
    jq -e '.[0] | .Config.User == "10001:10001" and (.Config.ExposedPorts | has("8080/tcp"))
        and .Config.StopSignal == "SIGINT" and .Healthcheck.Test[-1] == "/usr/local/sbin/health" and (.Config.Volumes | has("/var/lib/rollcall"))' "$T/image"
}

@test "container: README's own lines store a record, and a revoked token is refused without a restart" {
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    NAME=collector
    readme_lines >"$T/lines"
    grep -q 'rollcall-token --label agents' "$T/lines"
    cd "$REPO"
    # shellcheck disable=SC1091
    source "$T/lines" >"$T/out" 2>"$T/err" || fail "$(cat "$T/out" "$T/err")"
    grep -q '"status":"success"' "$T/out" || fail "$(cat "$T/out" "$T/err")"
    docker run --rm -v rollcall-tokens:/etc/rollcall/access rollcall rollcall-token --revoke agents
    revoked() { [ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $TOKEN" \
        -H 'Content-Type: application/json' --data '{}' "$URL/data")" = 401 ]; }
    wait_until 10 revoked
    docker volume rm -f rollcall-tokens rollcall >/dev/null
}

@test "container: an argument that is not a program of rollcall is refused" {
    run docker run --rm rollcall:test sh -c true
    [ "$status" = 64 ]
    [[ $output == *"unknown program 'sh'"* ]]
}
