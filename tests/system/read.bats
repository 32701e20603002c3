#!/usr/bin/env bats
# rollcall-query against a second implementation, and its memo against none. See read.py.

load ../lib/helper

@test "query: the changes of 1,000 random pairs of records are those of a second implementation" {
    "$PYTHON" "$BATS_TEST_DIRNAME/read.py" diff 1000
}

@test "query: answers with and without the memo are the same bytes, whatever happens to the files" {
    "$PYTHON" "$BATS_TEST_DIRNAME/read.py" memo
}

@test "query: what query_seconds cuts off goes on with the cursor, and a table is not cut" {
    cc -shared -fPIC -O1 -o "$BATS_TEST_TMPDIR/clock.so" "$BATS_TEST_DIRNAME/../lib/clock.c"
    "$PYTHON" "$BATS_TEST_DIRNAME/read.py" cursor "$BATS_TEST_TMPDIR/clock.so"
}

@test "query: the memory of a worker does not grow over 3,000 mixed requests" {
    "$PYTHON" "$BATS_TEST_DIRNAME/read.py" soak 3000
}
