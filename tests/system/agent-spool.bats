#!/usr/bin/env bats
# What rollcall-agent does with records that it could not deliver (against a stub server).
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

@test "what is not delivered is kept, and the line says so" {
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

@test "who never got a connection does not speak of a retry; who got no answer does" {
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

@test "the first try is kept over all later ones" {
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

@test "503 may have been stored, 401 and 429 were not" {
  stub
  for pair in "status 503:[1-9]" "status 401:0" "status 429:0"; do
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

@test "a bad record in a batch: the line that is named is set aside, the others arrive" {
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

@test "a bad record in a batch, not named: found by halving, the others arrive" {
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

@test "a new record that is refused for good is not kept" {
  stub
  mode bad fixture
  beat
  same 76 "$STATUS"
  [[ $ERR == *"refused for good, not kept"* ]]
  same 0 "$(spooled)"
}

@test "damaged spool files are set aside and named; the rest goes" {
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

@test "77: the token is refused, the records stay; with a new one they go" {
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

@test "Retry-After is obeyed by later runs, too" {
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

@test "a beat sends only so much; the new record waits behind the rest" {
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
  [[ $ERR == *"older records go first"* ]]
  same "big-0 big-1 big-2 big-3" "$(seen '[.[].ids[]] | join(" ")')"
  same 4 "$(spooled)"
  beat
  same "0 0" "$STATUS $(spooled)"
}

@test "bounds: bytes and age; the oldest go and are counted" {
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
  sleep 1.1
  agent --root "$T/root" --url http://127.0.0.1:1/ --spool-age 1s
  [[ $ERR == *'count=3 reason="older than spool_age"'* ]]
  same 1 "$(spooled)"
}

@test "no spool where there can be none: said, and the record is sent all the same" {
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

@test "two agents on one spool: the second waits for the first, or ends with 75" {
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
  flock "$SPOOL/lock" -c "sleep 30" 3>&- &
  PIDS+=($!)
  wait_for locked
  beat
  same 75 "$STATUS"
  one_line "$T/err"
  [[ $ERR == *"another agent uses the spool"* ]]
  pkill -P "${PIDS[-1]}"
}

@test "a full disk: said, the record is sent all the same" {
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

@test "kill -9 in the middle of spooling: whole records only, and all of them arrive" {
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

@test "a certificate that has expired, is for another name, or of an unknown authority: kept, and sent once it is right" {
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
  beat # whoever is not the authority that this host trusts
  same "75 1" "$STATUS $(spooled)"
}
