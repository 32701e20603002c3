/* reply, fault, request: what is said to whom, and where a request's words come from. */
#include "tests/unit/unit.h"

#include "handler/http/reply.h"
#include "handler/http/request.h"

static const struct {
    int line;
    enum verdict v;
    int status;
} statuses[] = {
    {__LINE__, V_OK, 200},
    {__LINE__, V_BAD_REQUEST, 400},
    {__LINE__, V_UNAUTHORIZED, 401},
    {__LINE__, V_FORBIDDEN, 403},
    {__LINE__, V_NOT_FOUND, 404},
    {__LINE__, V_METHOD, 405},
    {__LINE__, V_LENGTH_REQUIRED, 411},
    {__LINE__, V_TOO_LARGE, 413},
    {__LINE__, V_MEDIA_TYPE, 415},
    {__LINE__, V_NOT_A_RECORD, 422},
    {__LINE__, V_DAY_FULL, 429},
    {__LINE__, V_STORE_FAILED, 500},
    {__LINE__, V_BAD_GATEWAY, 502},
    {__LINE__, V_UNAVAILABLE, 503},
    {__LINE__, V_GATEWAY_LATE, 504},
    {__LINE__, V_NO_SPACE, 507},
};

static void each_status(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT(statuses); i++) {
        struct fault f;
        char head[128];
        fault_clear(&f);
        ROW_INT(&statuses[i], fault_set(&f, statuses[i].v, "a \"%s\"", "reason"), statuses[i].v);
        ROW_INT(&statuses[i], fault_status(statuses[i].v), statuses[i].status);
        if (statuses[i].v == V_OK)
            continue;
        reply_fault(&out, statuses[i].v, &f);
        snprintf(head, sizeof head, "Status: %d %s\r\nContent-Type: application/json\r\n\r\n",
                 statuses[i].status, fault_phrase(statuses[i].v));
        const char *body =
            statuses[i].status < 500
                ? "{\"status\":\"fail\",\"data\":{\"reason\":\"a \\\"reason\\\"\"}}\n"
                : "{\"status\":\"error\",\"message\":\"a \\\"reason\\\"\"}\n";
        ROW_INT(&statuses[i], reply_body(&out), strlen(head));
        ROW_BYTES(&statuses[i], out.data, strlen(head), head, strlen(head));
        ROW_BYTES(&statuses[i], out.data + strlen(head), out.len - strlen(head), body,
                  strlen(body));
    }
    buf_release(&out);
}

static void every_verdict_has_a_phrase(void **state)
{
    (void)state;
    for (int v = 0; v < V__MAX; v++) {
        assert_non_null(fault_phrase((enum verdict)v));
        assert_true(fault_status((enum verdict)v) >= 200);
    }
}

static void all_that_a_fault_can_say(void **state)
{
    (void)state;
    struct buf out;
    struct fault f;
    buf_init(&out, 4096);
    fault_clear(&f);
    assert_int_equal(fault_field(&f, "a\n\"b", "no \xff%d", 7), V_NOT_A_RECORD);
    f.line = 3;
    f.offset = 0;
    f.retry_after = 9;
    f.headers = "Allow: POST\r\n";
    reply_fault(&out, V_NOT_A_RECORD, &f);
    static const char want[] =
        "Status: 422 Unprocessable Content\r\nContent-Type: application/json\r\nRetry-After: 9\r\n"
        "Allow: POST\r\n\r\n{\"status\":\"fail\",\"data\":{\"reason\":\"no \xef\xbf\xbd"
        "7\",\"field\":\"a\\n\\\"b\",\"line\":3,\"offset\":0}}\n";
    BYTES(out.data, out.len, want, sizeof want - 1);
    buf_release(&out);
}

static void long_reasons_are_cut(void **state)
{
    (void)state;
    struct fault f;
    fault_clear(&f);
    fault_set(&f, V_BAD_REQUEST, "%01000d", 0);
    assert_int_equal(strlen(f.reason), sizeof f.reason - 1);
    fault_field(&f, f.reason, "%01000d", 0);
    assert_int_equal(strlen(f.field), sizeof f.field - 1);
}

static void success(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    buf_puts(&out, "left over");
    reply_success(&out);
    buf_puts(&out, "{}");
    reply_end(&out);
    static const char want[] = "Status: 200 OK\r\nContent-Type: application/json\r\n\r\n"
                               "{\"status\":\"success\",\"data\":{}}\n";
    BYTES(out.data, out.len, want, sizeof want - 1);
    buf_release(&out);
}

static const char *param(void *source, const char *name)
{
    for (const char *const *p = source; *p; p += 2)
        if (strcmp(*p, name) == 0)
            return p[1];
    return NULL;
}

static void where_words_come_from(void **state)
{
    (void)state;
    static const char *const all[] = {
        "REQUEST_METHOD",      "POST", "PATH_INFO",          "/data",    "SCRIPT_NAME", "/cgi",
        "HTTP_ROLLCALL_RETRY", "7",    "HTTP_AUTHORIZATION", "Bearer x", NULL};
    static const char *const script[] = {"PATH_INFO", "", "SCRIPT_NAME", "/data", NULL};
    static const char *const none[] = {NULL};
    struct request r;
    request_fill(&r, param, (void *)all);
    assert_string_equal(r.method, "POST");
    assert_string_equal(r.path, "/data");
    assert_string_equal(r.retry, "7");
    assert_string_equal(r.authorization, "Bearer x");
    assert_string_equal(r.remote_addr, "");
    request_fill(&r, param, (void *)script);
    assert_string_equal(r.path, "/data");
    request_fill(&r, param, (void *)none);
    assert_string_equal(r.path, "");
    assert_string_equal(r.content_length, "");
    assert_string_equal(r.content_encoding, "");
}

/* Whatever a step forgot, the client gets a reason. */
static void no_reason_is_empty(void **state)
{
    (void)state;
    for (int v = V_BAD_REQUEST; v < V__MAX; v++) {
        struct fault f;
        struct buf out;
        buf_init(&out, 4096);
        fault_clear(&f);
        reply_fault(&out, (enum verdict)v, &f);
        const char *text = buf_str(&out);
        assert_null(strstr(text, "\"reason\":\"\""));
        assert_null(strstr(text, "\"message\":\"\""));
        assert_non_null(strstr(text, fault_phrase((enum verdict)v)));
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status),
        cmocka_unit_test(every_verdict_has_a_phrase),
        cmocka_unit_test(all_that_a_fault_can_say),
        cmocka_unit_test(long_reasons_are_cut),
        cmocka_unit_test(success),
        cmocka_unit_test(where_words_come_from),
        cmocka_unit_test(no_reason_is_empty),
    };
    return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
