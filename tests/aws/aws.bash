# aws: what the bats files of this folder share. `load aws` after ../lib/helper.
# shellcheck shell=bash disable=SC2034

AWS_TESTS=$REPO/tests/aws
ATHENA=$REPO/aws/athena

# npm_ready: the pinned packages of package.json are there; skips where npm or its registry is not.
npm_ready() {
    local stamp=$AWS_TESTS/node_modules/.rollcall
    command -v npm >/dev/null || skip "npm is not installed"
    (
        flock 9 # another file of this folder may be at it
        cmp -s "$AWS_TESTS/package.json" "$stamp" && exit
        npm install --prefix "$AWS_TESTS" --no-package-lock --no-audit --no-fund --loglevel=error >&2 &&
            cp "$AWS_TESTS/package.json" "$stamp"
    ) 9>"$AWS_TESTS/.npm.lock"
}
