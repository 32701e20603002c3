/* select: the words of `q`. */
#include "handler/read/select.h"
#include "tests/unit/unit.h"

static struct host host;
static _Alignas(struct report) char memory[sizeof(struct report)];

static void make_host(void)
{
    struct report *r = (struct report *)(void *)memory;
    memset(&host, 0, sizeof host);
    memset(memory, 0, sizeof memory);
    host.report = r;
    host.state = STATE_LATE;
    host.flags = 1u << FLAG_CLOCK;
    host.says.labels[host.says.label_count++] = "rack 7";
    host.says.labels[host.says.label_count++] = "db";
    r->fact[FACT_HOSTNAME] = text_of("Web-1.example.com");
    r->fact[FACT_OS_NAME] = text_of("Linux");
    r->fact[FACT_OS_PRETTY_NAME] = text_of("Debian GNU/Linux 12");
    r->fact[FACT_OS_VER] = text_of("6.1.0-28-amd64");
    r->fact[FACT_PROCESSOR] = text_of("AMD EPYC");
    assert_true(ip_parse("10.4.7.33", &host.ip));
}

static void words(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *q;
        bool want;
    } rows[] = {
        {__LINE__, "", true},
        {__LINE__, "web", true},
        {__LINE__, "WEB-1.EXAMPLE", true},
        {__LINE__, "web-2", false},
        {__LINE__, "web debian 6.1.0 db 10.4", true}, /* all must match */
        {__LINE__, "web debian 6.2", false},
        {__LINE__, "-web", false},
        {__LINE__, "-web-2", true},
        {__LINE__, "-", true},     /* a minus alone is a text, and the name has it */
        {__LINE__, "epyc", false}, /* the processor only where it is named */
        {__LINE__, "processor:epyc", true},
        {__LINE__, "system:debian", true},
        {__LINE__, "system:linux", true},
        {__LINE__, "kernel:6.1.0-28", true},
        {__LINE__, "kernel:debian", false},
        {__LINE__, "hostname:10.4", false},
        {__LINE__, "label:rack", true},
        {__LINE__, "label:\"rack 7\"", true},
        {__LINE__, "\"rack 7\"", true},
        {__LINE__, "\"rack 8\"", false},
        {__LINE__, "ip:10.4.7.0/24", true},
        {__LINE__, "ip:10.4.8.0/24", false},
        {__LINE__, "-ip:10.4.8.0/24", true},
        {__LINE__, "ip:7.33", true},
        {__LINE__, "ip:2001:db8::/32", false},
        {__LINE__, "state:late", true},
        {__LINE__, "-state:late", false},
        {__LINE__, "flag:clock", true},
        {__LINE__, "flag:clone", false},
        {__LINE__, "   web    db   ", true},
    };
    make_host();
    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct select s;
        const char *reason = NULL;
        ROW_TRUE(&rows[i], select_parse(&s, rows[i].q, &reason));
        ROW_INT(&rows[i], select_matches(&s, &host), rows[i].want);
    }
}

static void mistakes(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *q, *reason;
    } rows[] = {
        {__LINE__, "\"", "a quote has no end"},
        {__LINE__, "rack:7",
         "unknown field; known are ip hostname label system kernel processor "
         "state flag"},
        {__LINE__, "-rack:7",
         "unknown field; known are ip hostname label system kernel processor "
         "state flag"},
        {__LINE__, "ip:10.0.0.0/33", "a prefix must be like 10.4.7.0/24 or 2001:db8::/32"},
        {__LINE__, "ip:web/8", "a prefix must be like 10.4.7.0/24 or 2001:db8::/32"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        static struct select s;
        const char *reason = NULL;
        ROW_TRUE(&rows[i], !select_parse(&s, rows[i].q, &reason));
        ROW_STR(&rows[i], reason, rows[i].reason);
    }
}

static void at_most_64_words_and_4095_bytes(void **state)
{
    (void)state;
    static struct select s;
    static char text[5000];
    const char *reason;
    for (int i = 0; i < 64; i++)
        memcpy(text + 2 * i, "a ", 3);
    assert_true(select_parse(&s, text, &reason));
    assert_int_equal(s.count, 64);
    strcat(text, "a");
    assert_false(select_parse(&s, text, &reason));
    memset(text, 'a', sizeof text - 1);
    text[4095] = '\0';
    assert_true(select_parse(&s, text, &reason));
    text[4095] = 'a';
    text[4096] = '\0';
    assert_false(select_parse(&s, text, &reason));
}

static void a_host_without_a_record_has_only_what_the_hosts_file_says(void **state)
{
    (void)state;
    static struct select s;
    const char *reason;
    make_host();
    host.report = NULL;
    host.says.name = "db-9";
    assert_true(select_parse(&s, "db-9 rack -kernel:6 -system:debian", &reason));
    assert_true(select_matches(&s, &host));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(at_most_64_words_and_4095_bytes),
        cmocka_unit_test(a_host_without_a_record_has_only_what_the_hosts_file_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
