/* The server's answer, and the exit code for its status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/send/attempt.h"
#include "agent/send/reply.h"

#include <stdio.h>
#include <string.h>

static struct reply parse(const char *body)
{
    struct reply r;
    reply_parse(body, strlen(body), &r);
    return r;
}

static void receipt(void **state)
{
    (void)state;
    struct reply r = parse("{\"status\":\"success\",\"data\":{\"client_ip\":\"10.0.0.7\",\"date\":"
                           "\"2026-11-20\",\"records\":1,\"duplicates\":2,\"seq\":17,\"chain\":"
                           "\"00ff\",\"durable\":true}}");
    assert_int_equal(r.status, REPLY_SUCCESS);
    assert_string_equal(r.client_ip, "10.0.0.7");
    assert_string_equal(r.date, "2026-11-20");
    assert_string_equal(r.chain, "00ff");
    assert_int_equal(r.seq, 17);
    assert_int_equal(r.duplicates, 2);
    assert_int_equal(r.durable, 1);
}

static void reasons(void **state)
{
    (void)state;
    struct reply r = parse("{\"status\":\"fail\",\"data\":{\"reason\":\"no users\"}}");
    assert_int_equal(r.status, REPLY_FAIL);
    assert_string_equal(r.reason, "no users");
    r = parse("{\"status\":\"error\",\"message\":\"disk full\"}");
    assert_int_equal(r.status, REPLY_ERROR);
    assert_string_equal(r.reason, "disk full");
    assert_int_equal(r.seq, -1);
    assert_int_equal(r.durable, -1);
}

/* An answer cannot add a field or a line to the log. */
static void hostile_answers(void **state)
{
    (void)state;
    char body[2000], filler[1200];
    struct reply r = parse("{\"status\":\"success\",\"data\":{\"client_ip\":\"a b=c\",\"date\":"
                           "\"x\\ny\",\"chain\":7,\"seq\":-3,\"durable\":\"yes\"}}");
    assert_int_equal(r.status, REPLY_SUCCESS);
    assert_string_equal(r.client_ip, "");
    assert_string_equal(r.date, "");
    assert_string_equal(r.chain, "");
    assert_int_equal(r.seq, -1);
    assert_int_equal(r.durable, -1);
    memset(filler, 'f', sizeof filler - 1);
    filler[sizeof filler - 1] = '\0';
    snprintf(body, sizeof body, "{\"status\":\"fail\",\"data\":{\"reason\":\"%s\"}}", filler);
    r = parse(body);
    assert_int_equal(strlen(r.reason), REPLY_REASON_MAX - 1);
}

/* What other services and proxies answer. */
static void other_answers(void **state)
{
    (void)state;
    static const char *const rows[] = {"",
                                       "<html>",
                                       "[]",
                                       "{}",
                                       "{\"status\":1}",
                                       "null",
                                       "{\"status\"",
                                       "{\"status\":\"fail\"}",
                                       "{\"status\":\"fail\",\"data\":{}}",
                                       "{\"status\":\"fail\",\"data\":{\"reason\":7}}",
                                       "{\"status\":\"fail\",\"reason\":\"x\"}",
                                       "{\"status\":\"success\"}",
                                       "{\"status\":\"error\"}",
                                       "{\"status\":\"denied\",\"message\":\"x\"}"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(parse(rows[i]).status, REPLY_OTHER);
}

static void exit_codes(void **state)
{
    (void)state;
    static const struct {
        long status;
        int code, refused; /* what a proxy answered, and a JSend "fail" */
    } rows[] = {{200, 0, 0},   {201, 0, 0},   {301, 78, 78}, {302, 78, 78}, {307, 78, 78},
                {400, 75, 76}, {401, 77, 77}, {402, 75, 75}, {403, 77, 77}, {404, 78, 78},
                {405, 78, 78}, {406, 75, 75}, {407, 75, 75}, {408, 75, 75}, {409, 75, 76},
                {410, 75, 75}, {411, 75, 75}, {413, 75, 76}, {415, 75, 76}, {417, 75, 75},
                {421, 75, 75}, {422, 75, 76}, {423, 75, 75}, {425, 75, 75}, {426, 75, 75},
                {428, 75, 75}, {429, 75, 75}, {431, 75, 75}, {451, 75, 75}, {460, 75, 75},
                {499, 75, 75}, {500, 75, 75}, {502, 75, 75}, {503, 75, 75}, {507, 75, 75}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(attempt_code(rows[i].status, false), rows[i].code);
        assert_int_equal(attempt_code(rows[i].status, true), rows[i].refused);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receipt),         cmocka_unit_test(reasons),
        cmocka_unit_test(hostile_answers), cmocka_unit_test(other_answers),
        cmocka_unit_test(exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
