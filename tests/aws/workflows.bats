#!/usr/bin/env bats
# .github/workflows: actionlint and our rules accept them, and refuse broken copies.

# shellcheck disable=SC2016

load ../lib/helper
load aws

WORKFLOWS=$REPO/.github/workflows

setup() {
    T=$BATS_TEST_TMPDIR
    node_packages
}

# check FILE...: both checkers; their findings are in $T/said.
check() {
    local rc=0
    node "$AWS_TESTS/workflow-check.js" "$@" >"$T/said" 2>&1 || rc=1
    "$PYTHON" "$AWS_TESTS/workflow_check.py" "$@" >>"$T/said" 2>&1 || rc=1
    return $rc
}

@test "workflows: actionlint and our rules have no finding" {
    check "$WORKFLOWS"/*.yml || fail "$(cat "$T/said")"
}

# broken FILE SED SAYS
broken() {
    sed -E "$2" "$WORKFLOWS/$1" >"$T/broken.yml"
    ! cmp -s "$WORKFLOWS/$1" "$T/broken.yml" || fail "changes nothing: $2"
    ! check "$T/broken.yml" || fail "accepted: $2"
    grep -qE -e "$3" "$T/said" || fail "not refused for '$3': $(cat "$T/said")"
}

@test "workflows: broken copies are refused" {
    broken ci.yml 's/runs-on/run-on/' 'run-on'
    broken ci.yml 's/matrix.arch \}\}/matrix.arhc }}/' 'arhc'
    broken ci.yml 's/checkout@[0-9a-f]+/checkout@v4/' 'not pinned'
    broken ci.yml 's/contents: read/contents: write/' 'contents: read'
    broken ci.yml '/persist-credentials/d' 'persist-credentials'
    broken ci.yml 's/^  pull_request:/  pull_request_target:/' 'secrets of the repository'
    broken ci.yml 's/ARCH="\$ARCH"/ARCH=${{ matrix.arch }}/' 'expression inside a script'
    broken release.yml '/environment: release/d' 'environment'
    broken release.yml 's/needs: build/needs: biuld/' 'biuld'
    broken release.yml '/timeout-minutes: 15/d' 'timeout-minutes'
}
