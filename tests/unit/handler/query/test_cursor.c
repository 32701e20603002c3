/* cursor: what was given out leads to the rows after it, whatever hosts are called. */
#include "handler/query/cursor.h"
#include "tests/unit/unit.h"

static struct host host;
static _Alignas(struct report) char memory[sizeof(struct report)];
static char name[1200], machine[1200];

static void make_host(const char *address)
{
    struct report *r = (struct report *)(void *)memory;
    memset(&host, 0, sizeof host);
    memset(memory, 0, sizeof memory);
    host.report = r;
    r->fact[FACT_HOSTNAME] = text_of(name);
    r->fact[FACT_MACHINE_ID] = text_of(machine);
    if (*address)
        assert_true(ip_parse(address, &host.ip));
}

static void random_text(uint64_t *seed, char *text, size_t most)
{
    size_t len = unit_below(seed, most);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(1 + unit_below(seed, 255));
    text[len] = '\0';
}

static void a_row_is_found_again(void **state)
{
    (void)state;
    static const char *const addresses[] = {"10.0.0.7", "2001:db8::7", ""};
    const struct hosts hosts = {.complete = true};
    uint64_t seed = 4;
    for (int i = 0; i < 3000; i++) {
        struct cursor none = {.partial = false}, c;
        struct fault f;
        struct buf text;
        random_text(&seed, name, i % 7 ? 254 : 1000);
        random_text(&seed, machine, i % 11 ? 70 : 1000);
        make_host(addresses[i % 3]);
        const struct cursor_end end = {
            .last = &host, .next = 1, .rows_left = true, .by_address = true};
        buf_init(&text, 1 << 16);
        assert_true(cursor_add(&none, &end, &hosts, &text));
        assert_non_null(buf_str(&text));
        /* Neither a URL nor a header has to escape it. */
        assert_int_equal(strspn(text.data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                           "0123456789.,:=_-"),
                         text.len);
        assert_int_equal(cursor_read(&c, text.data, true, &f), V_OK);
        assert_int_equal(row_after(&host, &c.ip, c.name, c.machine), 0);
        const struct host *rows[] = {&host};
        assert_int_equal(cursor_start(&c, rows, 1), 1);
        buf_release(&text);
    }
}

static void others_are_refused(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
        bool by_address, good;
    } rows[] = {
        {__LINE__, "10.0.0.7,web-1,m", true, true},
        {__LINE__, "10.0.0.7,,", true, true},
        {__LINE__, ",web-1,", true, true},
        {__LINE__, "~10.0.0.7", true, true},
        {__LINE__, "~10.0.0.7,a,b", true, true},
        {__LINE__, "10.0.0.7,a=3db,c", true, true},
        {__LINE__, "", true, false},
        {__LINE__, "10.0.0.7", true, false},
        {__LINE__, "10.0.0.7,a", true, false},
        {__LINE__, "10.0.0.7,a=3,b", true, false},
        {__LINE__, "10.0.0.7,a=zz,b", true, false},
        {__LINE__, "10.0.0.7,a,b=", true, false},
        {__LINE__, "010.0.0.7,a,b", true, false},
        {__LINE__, "@5", true, false},
        {__LINE__, "~x", true, false},
        {__LINE__, "@5", false, true},
        {__LINE__, "~10.0.0.7@5", false, true},
        {__LINE__, "10.0.0.7@5", false, false},
        {__LINE__, "@", false, false},
        {__LINE__, "@-1", false, false},
        {__LINE__, "@99999999999999999999999", false, false},
        {__LINE__, "10.0.0.7,a,b", false, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cursor c;
        struct fault f;
        fault_clear(&f);
        ROW_INT(&rows[i], cursor_read(&c, rows[i].text, rows[i].by_address, &f),
                rows[i].good ? V_OK : V_BAD_REQUEST);
        ROW_STR(&rows[i], f.field, rows[i].good ? "" : "cursor");
    }
}

static void there_is_none_after_the_last_row(void **state)
{
    (void)state;
    const struct hosts hosts = {.complete = true};
    const struct cursor c = {.partial = false};
    const struct cursor_end end = {.rows_left = false, .by_address = true};
    struct buf text;
    buf_init(&text, 100);
    assert_false(cursor_add(&c, &end, &hosts, &text));
    assert_int_equal(text.len, 0);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_found_again),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(there_is_none_after_the_last_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
