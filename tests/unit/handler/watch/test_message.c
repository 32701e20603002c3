/* message: text of hosts is cut and escaped, and whatever it holds, a message is JSON. */
#include "handler/shared/buf.h"
#include "handler/watch/message.h"
#include "tests/unit/handler/watch/fleet.h"

#include <cjson/cJSON.h>

static struct unit_fleet fleet;
static struct watchconf config;
static struct rules rules;
static const struct message message = {&config, &fleet.alarms, &rules};

static void texts(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text, *want;
    } rows[] = {
        {__LINE__, "", "\"\""},
        {__LINE__, "web-1.example:80_x", "\"web-1.example:80_x\""},
        {__LINE__, "a b", "\"a%20b\""},
        {__LINE__, "\"\\", "\"%22%5c\""},
        {__LINE__, "\r\n\t\x01\x7f", "\"%0d%0a%09%01%7f\""},
        {__LINE__, "<script>alert('x')</script>",
         "\"%3cscript%3ealert%28%27x%27%29%3c%2fscript%3e\""},
        {__LINE__, "{{ .Labels }}$(id)`id`", "\"%7b%7b%20.Labels%20%7d%7d%24%28id%29%60id%60\""},
        {__LINE__, "@channel *b* _i_ |", "\"%40channel%20%2ab%2a%20_i_%20%7c\""},
        {__LINE__, "%41", "\"%2541\""},
        {__LINE__, "\xc3\xbc\xff", "\"%c3%bc%ff\""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out;
        buf_init(&out, 4096);
        message_text(&out, text_of(rows[i].text));
        ROW_STR(&rows[i], buf_str(&out), rows[i].want);
        buf_release(&out);
    }
}

static void a_text_is_cut_at_128_bytes(void **state)
{
    (void)state;
    char text[300];
    struct buf out;
    memset(text, 'x', sizeof text);
    buf_init(&out, 4096);
    message_text(&out, (struct text){text, sizeof text});
    assert_int_equal(out.len, 128 + 2);
    buf_reset(&out);
    memset(text, '"', sizeof text);
    message_text(&out, (struct text){text, sizeof text});
    assert_int_equal(out.len, 3 * 128 + 2);
    buf_release(&out);
}

/* Characters that mean something to a shell, a template, HTML, a chat, or a terminal. */
static void check_harmless(const char *json)
{
    for (const char *c = json; *c; c++)
        assert_true(*c >= ' ' && *c <= '~' && !strchr("<>$`|&;'\\", *c));
}

static void check_json(struct buf *out)
{
    assert_non_null(buf_str(out));
    cJSON *root = cJSON_Parse(out->data);
    if (!root)
        fail_msg("not JSON: %s", out->data);
    check_harmless(out->data);
    cJSON_Delete(root);
    buf_reset(out);
}

static void hostile_names_make_no_message_but_json(void **state)
{
    (void)state;
    char name[200];
    uint64_t seed = 9;
    struct buf out;
    buf_init(&out, 1 << 20);
    config.page_url = strdup("https://page.example/");
    for (int round = 0; round < 3000; round++) {
        size_t len = 1 + unit_below(&seed, sizeof name - 1);
        for (size_t i = 0; i + 1 < len; i++)
            name[i] = (char)(1 + unit_below(&seed, 255));
        name[len - 1] = '\0';
        fleet_begin(&fleet);
        struct host *host = fleet_host(&fleet, "10.0.0.1");
        fleet_report(&fleet, 0)->fact[FACT_HOSTNAME] = text_of(name);
        if (round % 3 == 0)
            host->ip.text[0] = '\0';
        struct member member = {.subject = round % 2 ? name : "10.0.0.1", .host = host};
        struct event event = {.id = "0123456789abcdef0123456789abcdef",
                              .kind = ALARM_SILENT,
                              .scope = round % 5 ? SCOPE_HOST : SCOPE_FLEET,
                              .name = "",
                              .rule = "",
                              .severity = "warning",
                              .members = &member,
                              .count = 1};
        message_event(&message, &event, &out);
        check_json(&out);
        message_alert(&message, &event, round % 7 == 0, &out);
        check_json(&out);
    }
    free(config.page_url);
    config.page_url = NULL;
    buf_release(&out);
}

static void addresses_of_targets(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *url;
        bool safe;
    } rows[] = {
        {__LINE__, "https://hooks.example.com/x?y=z", true},
        {__LINE__, "https://[2001:db8::1]:8443/", true},
        {__LINE__, "http://127.0.0.1:9093", true},
        {__LINE__, "http://127.9.9.9/", true},
        {__LINE__, "http://[::1]:9093/", true},
        {__LINE__, "http://localhost/", true},
        {__LINE__, "http://LOCALHOST:1/", true},
        {__LINE__, "http://10.0.0.1/", false},
        {__LINE__, "http://localhost.example.com/", false},
        {__LINE__, "http://127.0.0.1.example.com/", false},
        {__LINE__, "http://127.1/", false},
        {__LINE__, "http://[::ffff:127.0.0.1/", false},
        {__LINE__, "http://user@127.0.0.1/", false},
        {__LINE__, "https://user:secret@example.com/", false},
        {__LINE__, "https://example.com\\@127.0.0.1/", false},
        {__LINE__, "https:///path", false},
        {__LINE__, "https://example.com/\n", false},
        {__LINE__, "https://example.com/a b", false},
        {__LINE__, "ftp://example.com/", false},
        {__LINE__, "HTTPS//example.com/", false},
        {__LINE__, "", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        ROW_INT(&rows[i], watchconf_is_safe(rows[i].url), rows[i].safe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(a_text_is_cut_at_128_bytes),
        cmocka_unit_test(hostile_names_make_no_message_but_json),
        cmocka_unit_test(addresses_of_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
