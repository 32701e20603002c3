# aws: what the bats files of this folder share. `load aws` after ../lib/helper.
# shellcheck shell=bash disable=SC2034

AWS_TESTS=$REPO/tests/aws
ATHENA=$REPO/aws/athena
