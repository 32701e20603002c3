#!/usr/bin/env bats
# The spool: records that rollcall-agent could not deliver (against a stub server).
# shellcheck disable=SC2030,SC2031,SC2153

load agent

setup() {
  agent_setup
  SPOOL=$T/spool
  fixture
}
teardown() {
  agent_teardown
  ! mountpoint -q "$T/small" || umount "$T/small"
}

# beat [OPTION...]: one run against the stub's /mode.
beat() { agent --root "$T/root" --url "$URL/mode" "$@"; }

mode() { echo "$*" >"$T/stub/mode"; }

# seen FILTER: of the requests that the stub noted.
seen() { jq -sr "$1" "$T/stub/seen"; }

locked() { ! flock -n "$SPOOL/lock" true; }

spooled() { find "$SPOOL" -name '*.gz' | wc -l; }

# spool_ids: ids of the spooled records in the order of their names.
spool_ids() { find "$SPOOL" -name '*.gz' | sort | xargs -r zcat | jq -r .id; }

# fill N: that many undelivered records.
fill() {
  local n
  mode status 422 # something that is not backed off from
  for ((n = 0; n < $1; n++)); do
    agent --root "$T/root" --url http://127.0.0.1:1/
    same 75 "$STATUS"
    sleep 0.002
  done
  same "$1" "$(spooled)"
}

@test "an undelivered record is spooled, and the log line says so" {
  agent --root "$T/root" --url http://127.0.0.1:1/
  same "75 " "$STATUS $OUT"
  one_line "$T/err"
  [[ $ERR == *'outcome="not delivered now, spooled"'* ]]
  same 1 "$(spooled)"
  same 700 "$(stat -c %a "$SPOOL")"
  same 600 "$(stat -c %a "$SPOOL"/*.gz)"
  zcat "$SPOOL"/*.data.gz | jq -e '.hostname == "fixture.example"'
}

@test "the next run sends the backlog first, oldest first, as one batch, and then its own" {
  stub
  fill 5
  spool_ids >"$T/want"
  mode ok
  beat
  same "0 " "$STATUS $ERR"
  same 2 "$(seen length)"
  same "application/x-ndjson application/json" "$(seen '[.[].type] | join(" ")')"
  same "$(<"$T/want")" "$(seen '.[0].ids[]')"
  same 0 "$(spooled)"
  same 2 "$(wc -l <"$T/out")"
  [[ $OUT == *"records=5 client_ip"* ]]
}

@test "without gzip the batch is plain lines" {
  stub
  fill 3
  mode ok
  beat --no-gzip
  same 0 "$STATUS"
  same "3 1" "$(seen '[.[].ids | length] | join(" ")')"
}

@test "Rollcall-Retry is sent after a lost response, not after a failed connection" {
  stub
  fill 1
  mode once close
  beat
  same 75 "$STATUS"
  same 2 "$(spooled)"
  mode ok
  beat
  same "null null" "$(seen '[.[0, 2].retry | tostring] | join(" ")' | sed 's/"//g; s/ .*/ null/')"
  [[ $(seen '.[1].retry') =~ ^[0-9]+$ ]]
  same 0 "$(spooled)"
}

@test "the time of the first try is kept after later ones" {
  stub
  mode close
  beat
  same 75 "$STATUS"
  name=$(find "$SPOOL" -name '*.gz')
  [[ $name =~ -0000-[0-9]{10}\.data\.gz$ ]]
  # As if that had been an hour ago.
  first=$(($(date +%s) - 3600))
  mv "$name" "${name%-*}-$first.data.gz"
  mode status 500
  beat
  [ -e "${name%-*}-$first.data.gz" ]
  mode ok
  beat
  retry=$(seen '.[-2].retry')
  [ "$retry" -ge 3600 ] && [ "$retry" -lt 3700 ]
}

@test "a 503 may have been stored, 401 and 429 of rollcall were not; a proxy's 4xx may have been" {
  stub
  for pair in "status 503:[1-9]" "status 401:0" "status 429:0" "proxy 451:[1-9]"; do
    rm -rf "$SPOOL"
    mode "${pair%%:*}"
    beat
    [[ $(find "$SPOOL" -name '*.gz') =~ -0000-${pair##*:}[0-9]*\.data\.gz$ ]]
  done
}

@test "413: batches are halved until they fit" {
  stub
  fill 8
  spool_ids >"$T/want"
  size=$(zcat "$SPOOL"/*.gz | head -n 1 | wc -c)
  mode limit $((size * 2 + size / 2))
  beat
  same 0 "$STATUS"
  same "$(<"$T/want")" "$(seen '.[:-1][] | select(.status == 200) | .ids[]')"
  same 2 "$(seen '[.[] | select(.status == 200) | .ids | length] | max')"
  same 0 "$(spooled)"
}

@test "a bad record in a batch: the named line is set aside, and the others arrive" {
  stub
  fill 4
  bad=$(spool_ids | sed -n 3p)
  mode bad "$bad"
  beat
  same 0 "$STATUS"
  same "4 3 1" "$(seen '[.[].ids | length] | join(" ")')"
  same 0 "$(spooled)"
  same "$bad" "$(zcat <"$(find "$SPOOL" -name '*.bad')" | jq -r .id)"
  [[ $ERR == *event=spool_set_aside* ]]
  [[ $ERR == *"$(basename "$SPOOL"/*.bad .bad)"* ]]
  beat
  same "0 " "$STATUS $ERR"
}

@test "a bad record in a batch that is not named: found by halving, and the others arrive" {
  stub
  fill 6
  bad=$(spool_ids | sed -n 5p)
  spool_ids | grep -v "$bad" >"$T/want"
  mode blind "$bad"
  beat
  same 0 "$STATUS"
  same "$(<"$T/want")" "$(seen '.[:-1][] | select(.status == 200) | .ids[]')"
  same "$bad" "$(zcat <"$(find "$SPOOL" -name '*.bad')" | jq -r .id)"
}

@test "a new record that is refused permanently is not kept" {
  stub
  mode bad fixture
  beat
  same 76 "$STATUS"
  [[ $ERR == *"refused permanently, not kept"* ]]
  same 0 "$(spooled)"
}

@test "damaged spool files are set aside and named; the others are sent" {
  stub
  fill 4
  mapfile -t files < <(find "$SPOOL" -name '*.gz' | sort)
  truncate -s -1 "${files[0]}"
  : >"${files[1]}"
  printf 'no gzip, but long enough for one' >"${files[2]}"
  mode ok
  beat
  same 0 "$STATUS"
  same 2 "$(seen length)"
  for n in 0 1 2; do
    [ -e "${files[n]}.bad" ]
    [[ $ERR == *"$(basename "${files[n]}")"* ]]
  done
  same 0 "$(spooled)"
}

@test "foreign files in the spool are neither sent nor touched" {
  stub
  fill 1
  echo secret >"$T/secret"
  ln -s "$T/secret" "$SPOOL/1795229278000-0000-0.data.gz"
  echo note >"$SPOOL/README"
  mkdir "$SPOOL/1795229278000-0001-0.data.gz"
  mkfifo "$SPOOL/1795229278000-0002-0.data.gz"
  mode ok
  beat
  same "0 " "$STATUS $ERR"
  same "1 1" "$(seen '[.[].ids | length] | join(" ")')"
  [ -L "$SPOOL/1795229278000-0000-0.data.gz" ] && [ -e "$SPOOL/README" ] && [ -p "$SPOOL/1795229278000-0002-0.data.gz" ]
}

@test "records of the other format wait for it" {
  stub
  fill 1
  cp "$SPOOL"/*.data.gz "$SPOOL/1795229278000-0000-0.record.gz"
  mode ok
  beat
  same "0 1" "$STATUS $(spooled)"
  [ -e "$SPOOL/1795229278000-0000-0.record.gz" ]
}

@test "77: the records stay while the token is refused, and are sent with a new one" {
  stub
  (umask 077 && echo old >"$T/token")
  mode token new
  beat --token-file "$T/token"
  same "77 " "$STATUS $OUT"
  [[ $ERR == *'token refused (check token_file), spooled'* ]]
  beat --token-file "$T/token"
  same "77 2" "$STATUS $(spooled)"
  echo new >"$T/token"
  beat --token-file "$T/token"
  same "0 0" "$STATUS $(spooled)"
}

@test "78: no such service; the records stay" {
  stub
  for status in 404 405; do
    mode status $status
    beat
    same 78 "$STATUS"
  done
  same 2 "$(spooled)"
  mode ok
  beat
  same "0 0" "$STATUS $(spooled)"
}

@test "later runs obey Retry-After as well" {
  stub
  mode status 503 3600
  beat
  same "75 1" "$STATUS $(seen length)"
  mode ok
  beat
  same "75 1" "$STATUS $(seen length)"
  [[ $ERR == *"not before"* ]]
  same 2 "$(spooled)"
  echo $(($(date +%s%3N) - 1)) >"$SPOOL/lock" # as if it had passed
  beat
  same "0 0" "$STATUS $(spooled)"
  same "0 " "$(beat >/dev/null; echo "$STATUS $ERR")"
}

@test "one beat sends at most 8 MiB of the backlog; the new record waits" {
  stub
  fill 1
  one=$(find "$SPOOL" -name '*.gz')
  zcat "$one" | "$PYTHON" -c '
import gzip, json, random, string, sys
record = json.load(sys.stdin)
for n in range(6):
    record["id"] = f"big-{n}"
    record["padding"] = "".join(random.choices(string.ascii_letters, k=2500000))
    with gzip.open(f"{sys.argv[1]}/{1795229270000 + n}-0000-0.data.gz", "wt") as f:
        f.write(json.dumps(record) + "\n")' "$SPOOL"
  mode ok
  now=$(date +%s%3N)
  for n in 0 1 2 3 4 5; do
    mv "$SPOOL/$((1795229270000 + n))-0000-0.data.gz" "$SPOOL/$((now - 1000000 + n))-0000-0.data.gz"
  done
  beat
  same 75 "$STATUS"
  [[ $ERR == *"older records are sent first"* ]]
  same "big-0 big-1 big-2 big-3" "$(seen '[.[].ids[]] | join(" ")')"
  same 4 "$(spooled)"
  beat
  same "0 0" "$STATUS $(spooled)"
}

@test "a proxy's 4xx sets nothing aside: the records wait, and are delivered afterwards" {
  stub
  fill 300
  for status in 400 407 402 406 410 417 421 423 425 426 428 431 451 460 499; do
    rm -f "$SPOOL/lock"
    mode proxy $status
    agent --root "$T/root" --url "$URL/mode"
    same 75 "$STATUS"
  done
  same 0 "$(find "$SPOOL" -name '*.bad' | wc -l)"
  same 315 "$(spooled)"
  rm -f "$SPOOL/lock"
  mode ok
  beat
  same "0 0" "$STATUS $(spooled)"
  same 316 "$(seen '[.[] | select(.status == 200) | .ids[]] | unique | length')"
}

@test "a proxy's 413 halves the batch, and keeps a record that is alone too large" {
  stub
  fill 3
  mode proxy 413
  beat
  same 75 "$STATUS"
  same "3 1" "$(seen '[.[].ids | length] | join(" ")')"
  same "4 0" "$(spooled) $(find "$SPOOL" -name '*.bad' | wc -l)"
}

@test "a spool that is full drops the oldest and counts them" {
  mode() { :; }
  mkdir -p "$SPOOL"
  chmod 700 "$SPOOL"
  fill 3
  find "$SPOOL" -name '*.gz' | sort >"$T/before"
  truncate -s 65000 "$(head -n 1 "$T/before")"
  agent --root "$T/root" --url http://127.0.0.1:1/ --spool-bytes 65536
  [[ $ERR == *'event=spool_dropped'*'count=1 reason="the spool is full"'* ]]
  [ ! -e "$(head -n 1 "$T/before")" ]
  same 3 "$(spooled)"
}

# long_ago NAME: a spooled record of the year 2001, of a kind that this url does not take.
long_ago() { cp "$(find "$SPOOL" -name '*.data.gz' | head -n 1)" "$SPOOL/1000000000000-0000-0.record.gz"; }

@test "an old record expires in a run whose server has the same time, and only then" {
  stub
  fill 1
  long_ago
  agent --root "$T/root" --url http://127.0.0.1:1/ --spool-age 1d
  same 3 "$(spooled)" # no server, no time to trust
  mode ok
  beat --spool-age 1d
  same "0 0" "$STATUS $(spooled)"
  [[ $ERR == *'count=1 reason="older than spool_age"'* ]]
}

# at WHEN OPTION...: one run at that time. FIRST=1: as if it were the machine's first.
at() {
  local when=$1
  shift
  [ -e "$T/agent.json" ] || echo '{}' >"$T/agent.json"
  STATUS=0
  ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 FAKETIME_DONT_FAKE_MONOTONIC=1 faketime "$when" \
    "$AGENT" --config "$T/agent.json" --spool "$SPOOL" --root "$T/root" "$@" >"$T/out" 2>"$T/err" </dev/null 3>&- || STATUS=$?
  cat "$T/err"
}

# need_other_times: skips without faketime, and for a static agent, which faketime cannot change.
need_other_times() {
  command -v faketime >/dev/null || skip "needs faketime for another time"
  at "2001-02-03 04:05:06 UTC" --print
  [[ $(jq -r .collected_at "$T/out") == 2001-* ]] || skip "n/a: faketime has no effect on this agent"
}

@test "a clock that was set after the records were spooled: they are delivered, not dropped" {
  need_other_times
  stub
  for n in 1 2 3; do at "1970-01-02 00:00:0$n UTC" --url http://127.0.0.1:1/; done
  same 3 "$(spooled)"
  mode ok
  beat
  same "0 0" "$STATUS $(spooled)"
  same "3 1" "$(seen '[.[].ids | length] | join(" ")')"
  same "" "$ERR"
}

@test "a clock that is wrong drops nothing, though the server answers" {
  need_other_times
  stub
  fill 1
  long_ago
  mode ok
  at "+2 years" --url "$URL/mode"
  same "0 1" "$STATUS $(spooled)"
  [ -e "$SPOOL/1000000000000-0000-0.record.gz" ]
}

@test "a run that finds the spool in use collects and spools" {
  stub
  mode wait
  echo '{}' >"$T/agent.json"
  "$AGENT" --config "$T/agent.json" --spool "$SPOOL" --root "$T/root" --url "$URL/mode" >"$T/first" 2>&1 3>&- &
  first=$!
  PIDS+=("$first")
  wait_for [ -e "$T/stub/waiting" ]
  beat
  same "75 1" "$STATUS $(spooled)"
  one_line "$T/err"
  [[ $ERR == *'not delivered now, spooled'*'another agent sends from the spool'* ]]
  touch "$T/stub/go"
  wait "$first"
  same 1 "$(spooled)"
  beat
  same "0 0" "$STATUS $(spooled)"
  same 3 "$(seen '[.[].ids[]] | unique | length')"
}

@test "a spool that cannot be created or is open to others: logged, and the record is sent" {
  stub
  mode ok
  SPOOL=/dev/null/spool beat
  same 0 "$STATUS"
  [[ $ERR == *event=no_spool* ]]
  mkdir -m 777 "$SPOOL"
  chmod 777 "$SPOOL"
  beat
  same 0 "$STATUS"
  [[ $ERR == *"writable by nobody else"* ]]
  agent --root "$T/root" --url http://127.0.0.1:1/
  same 75 "$STATUS"
  [[ $ERR == *"not kept: there is no spool"* ]]
  SPOOL=relative agent --url "$URL/mode"
  same 78 "$STATUS"
  [[ $ERR == *spool* ]]
}

@test "two agents on one spool: the second waits for the first, and then sends" {
  stub
  mode slow 1
  echo '{}' >"$T/agent.json"
  "$AGENT" --config "$T/agent.json" --spool "$SPOOL" --root "$T/root" --url "$URL/mode" >"$T/first" 3>&- &
  first=$!
  wait_for [ -e "$T/stub/slow" ]
  beat
  same 0 "$STATUS"
  wait "$first"
  same 2 "$(seen length)"
}

@test "a full disk: logged, and the record is sent" {
  [ "$(id -u)" = 0 ] || skip "needs root for a small tmpfs"
  stub
  mkdir "$T/small"
  mount -t tmpfs -o size=64k,mode=700 none "$T/small" || skip "no tmpfs here"
  SPOOL=$T/small/spool
  fill 1
  run ! cp /dev/zero "$T/small/zero"
  agent --root "$T/root" --url http://127.0.0.1:1/
  same "75 1" "$STATUS $(spooled)"
  [[ $ERR == *"No space left"* ]]
  same 0 "$(find "$SPOOL" -name .new | wc -l)"
  mode ok
  beat
  same "0 0" "$STATUS $(spooled)"
}

@test "kill -9 while spooling leaves complete records only, and all of them arrive" {
  stub
  mode ok
  echo '{}' >"$T/agent.json"
  for n in {1..25}; do
    "$AGENT" --config "$T/agent.json" --spool "$SPOOL" --root "$T/root" --url http://127.0.0.1:1/ 2>/dev/null 3>&- &
    sleep "0.0$((RANDOM % 5))$((RANDOM % 10))"
    kill -KILL $! 2>/dev/null || true
    wait $! || true
  done
  spool_ids | sort >"$T/want" # zcat and jq would fail on half a record
  agent --root "$T/root" --url http://127.0.0.1:1/
  same 0 "$(find "$SPOOL" -name .new | wc -l)"
  beat
  same "0 0" "$STATUS $(spooled)"
  same "" "$(comm -23 "$T/want" <(seen '.[].ids[]' | sort))"
  same "" "$(seen '.[].ids[]' | sort | uniq -d)"
}

# certificate FILE [faketime WHEN] NAME: self-signed, for that name, good for two days from then.
certificate() {
  local file=$1 name=${*: -1}
  shift
  set -- "${@:1:$#-1}"
  "$@" openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$name" -addext "subjectAltName=DNS:$name" \
    -keyout "$file.key" -out "$file.pem" 2>/dev/null
}

@test "a certificate that is expired, has another name, or an unknown authority: spooled until it is right" {
  command -v openssl >/dev/null || skip "needs openssl to make a certificate"
  command -v faketime >/dev/null || skip "needs faketime to make an expired one"
  certificate "$T/expired" faketime "30 days ago" localhost
  certificate "$T/other" other.example
  certificate "$T/right" localhost
  for kind in expired other right; do
    rm -f "$T/stub/port"
    stub "$T/$kind.pem" "$T/$kind.key"
    URL=https://localhost:$PORT
    mode ok
    beat --cacert "$T/$kind.pem"
    case $kind in
      right) same "0 0" "$STATUS $(spooled)" ;;
      *) same 75 "$STATUS" && [[ $ERR == *"curl: (60)"*cacert* ]] ;;
    esac
  done
  same "2 1" "$(seen '[.[].ids | length] | join(" ")')"
  same "null null" "$(seen '.[].retry | tostring' | paste -sd' ')" # nothing was sent before
  beat # an authority that this host does not trust
  same "75 1" "$STATUS $(spooled)"
}
