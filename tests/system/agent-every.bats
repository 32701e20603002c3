#!/usr/bin/env bats
# rollcall-agent --every: one agent that stays (against a stub server). No test here measures time:
# each waits for a condition.
# shellcheck disable=SC2030,SC2031,SC2153,SC2154

load agent

setup() {
  agent_setup
  SPOOL=$T/spool
  fixture
  stub
}
teardown() { agent_teardown; }

mode() { echo "$*" >"$T/stub/mode"; }
seen() { jq -sr "$1" "$T/stub/seen"; }
seen_more() { [ "$(seen length)" -gt "$1" ]; }
delivered() { [ "$(grep -c ^delivered "$T/out")" -ge "$1" ]; }
# complaints: the log, without the beats that a busy machine makes late.
complaints() { grep -v event=late "$T/err" || true; }
said() { grep -q "$1" "$T/err"; }
spooled() { [ "$(find "$SPOOL" -name '*.gz' | wc -l)" -ge "$1" ]; }
spool_empty() { ! find "$SPOOL" -name '*.gz' | grep -q .; }
sees() { [ "$(seen '[.[].status] | unique | length')" = "$1" ]; }

@test "a staying agent uses one connection, and SIGTERM ends it with 0" {
  stay --root "$T/root" --url "$URL/mode"
  wait_for delivered 5
  kill -TERM "$STAYING"
  ended
  same "0 " "$STATUS $(complaints)"
  same 1 "$(seen '[.[].port] | unique | length')"
  same "" "$(seen '.[].ids[]' | sort | uniq -d)"
}

@test "SIGINT ends a staying agent, and so does SIGTERM before its first beat" {
  stay --root "$T/root" --url "$URL/mode"
  wait_for delivered 1
  kill -INT "$STAYING"
  ended
  same 0 "$STATUS"
  stay --root "$T/root" --url "$URL/mode" --every 1h --splay 1h
  wait_for locked
  sleep 0.1
  kill -TERM "$STAYING"
  ended
  same 0 "$STATUS"
}

locked() { ! flock -n "$SPOOL/lock" true; }

@test "SIGTERM during a beat: the beat is completed" {
  mode slow 1
  stay --root "$T/root" --url "$URL/mode"
  wait_for [ -e "$T/stub/slow" ]
  kill -TERM "$STAYING"
  ended
  same "0 1 1" "$STATUS $(grep -c ^delivered "$T/out") $(seen length)"
}

@test "the record is sent again with Rollcall-Retry if the kept connection was closed" {
  mode die
  stay --root "$T/root" --url "$URL/mode"
  wait_for seen_more 0
  mode ok
  wait_for seen_more 4
  kill -TERM "$STAYING"
  ended
  same "0 " "$STATUS $(complaints)"
  # Answered; read and hung up on; the same once more over another connection.
  same "200 0 200" "$(seen '[.[range(3)].status] | join(" ")')"
  same "$(seen '.[1].ids[0]')" "$(seen '.[2].ids[0]')"
  same "null null" "$(seen '.[0, 1] | .retry | tostring' | paste -sd' ')"
  [[ $(seen '.[2].retry') =~ ^[1-9][0-9]*$ ]]
  [ "$(seen '.[1].port')" != "$(seen '.[2].port')" ]
  same null "$(seen '.[3].retry | tostring')"
}

seen_after() { [[ $(seen '.[-1].ids[0]') == after-* ]]; }

@test "SIGHUP reads the configuration and opens the log again" {
  printf '{"url":"%s/mode","uuid":"before","log":"%s"}' "$URL" "$T/log" >"$T/agent.json"
  stay --root "$T/root"
  wait_for delivered 2
  mv "$T/log" "$T/log.1"
  printf '{"url":"%s/mode","uuid":"after","log":"%s"}' "$URL" "$T/log" >"$T/agent.json"
  kill -HUP "$STAYING"
  wait_for grep -q event=delivered "$T/log"
  wait_for seen_after
  kill -TERM "$STAYING"
  ended
  same 0 "$STATUS"
  same "before after" "$(seen '.[].ids[0]' | sed 's/-[0-9]*$//' | uniq | paste -sd' ')"
  grep -q event=delivered "$T/log.1"
}

@test "SIGHUP: the log goes back to stderr without the key log, and to the file with it" {
  printf '{"url":"%s/mode","log":"%s"}' "$URL" "$T/log" >"$T/agent.json"
  stay --root "$T/root"
  wait_for grep -q event=delivered "$T/log"
  same "" "$(<"$T/err")"
  printf '{"url":"%s/mode"}' "$URL" >"$T/agent.json"
  kill -HUP "$STAYING"
  wait_for said event=reloaded
  same "" "$(find "/proc/$STAYING/fd" -lname "$T/log")"
  run ! grep -q event=reloaded "$T/log"
  printf '{"url":"%s/mode","log":"%s"}' "$URL" "$T/log" >"$T/agent.json"
  kill -HUP "$STAYING"
  wait_for grep -q event=reloaded "$T/log"
  kill -TERM "$STAYING"
  ended
  same "0 1" "$STATUS $(grep -c event=reloaded "$T/err")"
}

@test "SIGHUP with a wrong configuration: logged, and the old one stays in use" {
  printf '{"url":"%s/mode","uuid":"before"}' "$URL" >"$T/agent.json"
  stay --root "$T/root"
  wait_for delivered 1
  echo '{"nonsense":1}' >"$T/agent.json"
  kill -HUP "$STAYING"
  wait_for said 'event=bad_configuration.*nonsense'
  count=$(seen length)
  wait_for seen_more $((count + 2))
  kill -TERM "$STAYING"
  ended
  same "0 before" "$STATUS $(seen '.[].ids[0]' | sed 's/-[0-9]*$//' | uniq)"
}

@test "a token that is revoked and replaced: no record lost or duplicated, no restart" {
  (umask 077 && echo first >"$T/token")
  mode token first
  stay --root "$T/root" --url "$URL/mode" --token-file "$T/token"
  wait_for delivered 2
  mode token second
  wait_for said 'exit=77.*spooled'
  (umask 077 && echo second >"$T/token.new" && mv "$T/token.new" "$T/token")
  count=$(grep -c ^delivered "$T/out")
  wait_for delivered $((count + 3))
  wait_for spool_empty
  kill -TERM "$STAYING"
  ended
  same 0 "$STATUS"
  same "" "$(seen '.[] | select(.status == 200) | .ids[]' | sort | uniq -d)"
  same "$(seen '.[].ids[]' | sort -u)" "$(seen '.[] | select(.status == 200) | .ids[]' | sort)"
}

@test "a removed token file: logged, and the known token is used" {
  (umask 077 && echo first >"$T/token")
  mode token first
  stay --root "$T/root" --url "$URL/mode" --token-file "$T/token"
  wait_for delivered 1
  rm "$T/token"
  wait_for said event=old_token
  count=$(grep -c ^delivered "$T/out")
  wait_for delivered $((count + 2))
  kill -TERM "$STAYING"
  ended
  same 0 "$STATUS"
}

@test "while the server is unavailable, tries pause and beats are spooled" {
  mode status 503 3600
  stay --root "$T/root" --url "$URL/mode"
  wait_for spooled 5
  same 1 "$(seen length)"
  mode ok
  kill -TERM "$STAYING"
  ended
  same 0 "$STATUS"
}

@test "beats that are missed are skipped" {
  mode slow 0.7
  stay --root "$T/root" --url "$URL/mode"
  wait_for said 'event=late skipped=[1-9]'
  kill -TERM "$STAYING"
  ended
  same 0 "$STATUS"
}

@test "a second staying agent on the same spool exits 75" {
  stay --root "$T/root" --url "$URL/mode"
  wait_for delivered 1
  agent --root "$T/root" --url "$URL/mode" --every 1s
  same 75 "$STATUS"
  [[ $ERR == *"another agent uses the spool"* ]]
  kill -TERM "$STAYING"
  ended
  same 0 "$STATUS"
}

@test "a staying agent leaves no children and no open files" {
  stay --url "$URL/mode" --no-gzip # of the real /proc: with a child for the command lines
  wait_for delivered 3
  files=$(find "/proc/$STAYING/fd" | wc -l)
  wait_for delivered 12
  same "" "$(pgrep -r Z -P "$STAYING")"
  [ "$(find "/proc/$STAYING/fd" | wc -l)" -le $((files + 4)) ] # one may be in the middle of a beat
  kill -TERM "$STAYING"
  ended
  same 0 "$STATUS"
}

runs_as() { [ "$(stat -c %u "/proc/$1")" = "$2" ]; }

@test "a directory service that hangs is asked once, not in every beat for every user" {
  [ "$(id -u)" = 0 ] || skip "needs root to become other users"
  command -v cc >/dev/null || skip "needs a compiler for the service"
  cat >"$T/hang.c" <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
__attribute__((constructor)) static void loaded(void)
{
    if (strcmp(program_invocation_short_name, "rollcall-agent") == 0)
        close(open(getenv("LOADED"), O_WRONLY | O_CREAT, 0644));
}
struct passwd *getpwuid(uid_t uid)
{
    int fd = open(getenv("ASKED"), O_WRONLY | O_APPEND | O_CREAT, 0644);
    (void)uid;
    if (write(fd, "x\n", 2) == 2)
        for (;;)
            pause();
    return NULL;
}
C
  cc -shared -fPIC -o "$T/hang.so" "$T/hang.c"
  export ASKED=$T/asked LOADED=$T/loaded
  LD_PRELOAD=$T/hang.so ASAN_OPTIONS=verify_asan_link_order=0 "$AGENT" --version
  [ -e "$T/loaded" ] || skip "n/a: a static agent knows no directory service"
  for uid in 54321 54322 54323; do
    setpriv --reuid $uid --clear-groups sleep 600 3>&- &
    PIDS+=($!)
  done
  wait_for runs_as "${PIDS[-1]}" 54323
  ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 LD_PRELOAD=$T/hang.so \
    stay --url "$URL/mode" --no-gzip --deadline 4s
  wait_for delivered 4
  kill -TERM "$STAYING"
  ended
  same "0 1" "$STATUS $(wc -l <"$T/asked")"
  same "54321" "$(jq -r ".processes[] | select(.uid == 54321) | .user" "$T/stub/body")"
}

cpu_of() { jq -r ".processes[] | select(.pid == $1) | .cpu" "$T/stub/body"; }
burns() { [ "$(jq -n "$(cpu_of "$1") > 20")" = true ]; }
rests() { [ "$(jq -n "$(cpu_of "$1") == 0")" = true ]; }

@test "cpu counts from the previous beat" {
  stay --url "$URL/mode" --no-gzip --every 500ms
  wait_for delivered 2
  bash -c 'until [ -e "$0" ]; do :; done; sleep 600' "$T/rest" 3>&- &
  worker=$!
  PIDS+=("$worker")
  wait_for burns "$worker"
  touch "$T/rest"
  wait_for rests "$worker" # the average since its start would not come down to 0.0
  kill -TERM "$STAYING"
  ended
  same 0 "$STATUS"
}
