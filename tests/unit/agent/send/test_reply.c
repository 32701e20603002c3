/* The server's answer: what it says, and which exit code its status is. */
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
    assert_true(r.jsend);
    assert_true(r.success);
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
    assert_true(r.jsend);
    assert_false(r.success);
    assert_string_equal(r.reason, "no users");
    r = parse("{\"status\":\"error\",\"message\":\"disk full\"}");
    assert_false(r.success);
    assert_string_equal(r.reason, "disk full");
    assert_int_equal(r.seq, -1);
    assert_int_equal(r.durable, -1);
}

/* Nothing that a server answers becomes a second field, or a second line, of ours. */
static void hostile_answers(void **state)
{
    (void)state;
    char body[2000], filler[1200];
    struct reply r = parse("{\"status\":\"success\",\"data\":{\"client_ip\":\"a b=c\",\"date\":"
                           "\"x\\ny\",\"chain\":7,\"seq\":-3,\"durable\":\"yes\"}}");
    assert_true(r.success);
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

static void no_jsend(void **state)
{
    (void)state;
    static const char *const rows[] = {"",     "<html>",     "[]", "{}", "{\"status\":1}",
                                       "null", "{\"status\""};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_false(parse(rows[i]).jsend);
}

static void exit_codes(void **state)
{
    (void)state;
    static const struct {
        long status;
        int code;
    } rows[] = {{200, 0},  {201, 0},  {301, 78}, {302, 78}, {307, 78}, {400, 76}, {401, 77},
                {403, 77}, {404, 78}, {405, 78}, {408, 75}, {409, 76}, {411, 76}, {413, 76},
                {415, 76}, {422, 76}, {429, 75}, {500, 75}, {502, 75}, {503, 75}, {507, 75}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(deliver_code(rows[i].status), rows[i].code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receipt),  cmocka_unit_test(reasons),    cmocka_unit_test(hostile_answers),
        cmocka_unit_test(no_jsend), cmocka_unit_test(exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
