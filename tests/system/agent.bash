# agent.bash: what the agent's bats files share. `load agent`, then agent_setup in setup() and
# agent_teardown in teardown(). Each test has a directory of its own, $T.
# shellcheck shell=bash disable=SC2034,SC2154

bats_require_minimum_version 1.5.0

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
AGENT=$(realpath -m "${ROLLCALL_BUILD:-$REPO/build}")/rollcall-agent
PYTHON=/usr/bin/python3
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}

agent_setup() {
  T=$BATS_TEST_TMPDIR
  PIDS=()
  unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
  [ -x "$AGENT" ] || { echo "no $AGENT: run make" >&2; return 1; }
}

agent_teardown() {
  local pid
  for pid in "${PIDS[@]}"; do
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}

# fixture [OPTION...]: creates $T/root.
fixture() { "$PYTHON" "$REPO/tests/system/procfs-fixture" "$T/root" "$@"; }

# stub [CERT KEY]: starts the server; sets PORT and URL.
stub() {
  mkdir -p "$T/stub"
  "$PYTHON" "$REPO/tests/system/agent-stub" "$T/stub" "$@" >"$T/stub/log" 2>&1 3>&- &
  PIDS+=($!)
  until [ -s "$T/stub/port" ]; do
    kill -0 "${PIDS[-1]}" || { cat "$T/stub/log" >&2; return 1; }
    sleep 0.05
  done
  PORT=$(<"$T/stub/port")
  URL=http://127.0.0.1:$PORT
}

# agent OPTION...: with an empty configuration, without a spool. Sets STATUS, OUT and ERR.
agent() {
  [ -e "$T/agent.json" ] || echo '{}' >"$T/agent.json"
  STATUS=0
  "$AGENT" --config "$T/agent.json" --spool "${SPOOL:-off}" "$@" >"$T/out" 2>"$T/err" </dev/null 3>&- || STATUS=$?
  OUT=$(<"$T/out")
  ERR=$(<"$T/err")
  echo "exit $STATUS" "out: ${OUT:0:600}" "err: ${ERR:0:2000}" # bats shows it when a test fails
}

# stay OPTION...: an agent that stays, every 200 ms by default; its pid in STAYING, its
# output in $T/out and $T/err.
stay() {
  [ -e "$T/agent.json" ] || echo '{}' >"$T/agent.json"
  "$AGENT" --config "$T/agent.json" --spool "${SPOOL:-off}" --every 200ms "$@" >>"$T/out" 2>>"$T/err" </dev/null 3>&- &
  STAYING=$!
  PIDS+=("$STAYING")
}

# ended: waits for the one that stays; its exit status in STATUS.
ended() {
  STATUS=0
  wait "$STAYING" || STATUS=$?
  cut -c1-300 "$T/err" # bats shows it when a test fails
}

# printed OPTION...: the record of $T/root in $T/record.json.
printed() {
  agent --root "$T/root" --print "$@"
  [ "$STATUS" = 0 ]
  "$PYTHON" -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' "$T/out"
  cp "$T/out" "$T/record.json"
}

# record FILTER: jq's raw answer; process PID FILTER: the same for one process.
record() { jq -r "$1" "$T/record.json"; }
process() { jq -r ".processes[] | select(.pid == $1) | $2" "$T/record.json"; }

# same WANT GOT
same() {
  [ "$1" = "$2" ] || { printf 'want %s\ngot  %s\n' "$1" "$2" >&2; return 1; }
}

# wait_for COMMAND...: polls until it succeeds; a minute at most.
wait_for() {
  local end=$((SECONDS + 60))
  until "$@" 2>/dev/null; do
    [ "$SECONDS" -lt "$end" ] || { echo "never: $*" >&2; return 1; }
    sleep 0.02
  done
}

one_line() { [ "$(wc -l <"$1")" = 1 ]; }
