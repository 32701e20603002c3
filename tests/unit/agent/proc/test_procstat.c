#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/proc/procstat.h"

#include <stdio.h>
#include <string.h>

/* What follows the name in a real line; flags, times, threads, start and rss are distinct. */
#define REST                                                                                       \
    " S 1 42 42 34816 42 4194304 100 0 0 0 11 22 0 0 20 0 3 0 12345 9000000 77 "                   \
    "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n"

static bool parse(const char *text, struct procstat *out)
{
    return procstat_parse(text, strlen(text), out);
}

static void all_fields(void **state)
{
    (void)state;
    struct procstat s;
    assert_true(parse("42 (bash)" REST, &s));
    assert_int_equal(s.pid, 42);
    assert_int_equal(s.ppid, 1);
    assert_int_equal(s.state, 'S');
    assert_int_equal(s.tty, 34816);
    assert_int_equal(s.flags, 4194304);
    assert_int_equal(s.cpu_ticks, 33);
    assert_int_equal(s.threads, 3);
    assert_int_equal(s.start_ticks, 12345);
    assert_int_equal(s.rss_pages, 77);
    assert_int_equal(s.comm_len, 4);
    assert_memory_equal(s.comm, "bash", 4);
}

static void hostile_names(void **state)
{
    (void)state;
    static const char *const names[] = {"a b",       ")",        "(",     ") S 1 1",  "x) R 2 (y",
                                        "new\nline", "\xff\xfe", "tab\t", "(sd-pam)", "1 (a) S"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[512];
        struct procstat s;
        snprintf(text, sizeof text, "7 (%s)" REST, names[i]);
        assert_true(parse(text, &s));
        assert_int_equal(s.comm_len, strlen(names[i]));
        assert_memory_equal(s.comm, names[i], s.comm_len);
        assert_int_equal(s.ppid, 1);
    }
}

static void empty_and_long_names(void **state)
{
    (void)state;
    char text[512], name[101];
    struct procstat s;
    assert_true(parse("7 ()" REST, &s));
    assert_int_equal(s.comm_len, 0);
    memset(name, 'n', 100);
    name[100] = '\0';
    snprintf(text, sizeof text, "7 (%s)" REST, name);
    assert_true(parse(text, &s));
    assert_int_equal(s.comm_len, PROCSTAT_COMM_MAX);
}

static void not_a_stat_line(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\n",
        "42",
        "42 (bash",
        "42 bash) S 1",
        "(bash)" REST,
        "0 (bash)" REST,
        "-1 (bash)" REST,
        "x (bash)" REST,
        "99999999999999999999999 (bash)" REST,
        "42 (bash)",
        "42 (bash) ",
        "42 (bash) S",
        "42 (bash) S 1 42 42",
        "42 (bash)  1 42 42 0 42 0 0 0 0 0 1 2 0 0 20 0 1 0 5 0 7",
        "42 (bash) S x 42 42 0 42 0 0 0 0 0 1 2 0 0 20 0 1 0 5 0 7",
        "42 (bash) S 1 42 42 0 42 0 0 0 0 0 1 2 0 0 20 0 1 0 5 0",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct procstat s;
        if (parse(bad[i], &s))
            fail_msg("accepted: %s", bad[i]);
    }
}

static void every_prefix_is_bounded(void **state)
{
    (void)state;
    static const char text[] = "42 (a (b) c)" REST;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        char *exact = test_malloc(len ? len : 1);
        struct procstat s;
        memcpy(exact, text, len);
        procstat_parse(exact, len, &s);
        test_free(exact);
    }
}

static void terminals(void **state)
{
    (void)state;
    static const struct {
        uint32_t tty;
        const char *name; /* NULL: none */
    } rows[] = {
        {0, NULL},           {0x8800, "pts/0"},       {0x8803, "pts/3"},
        {0x88ff, "pts/255"}, {0x00108800, "pts/256"}, /* minor 256 of major 136 */
        {0x8900, "pts/256"},                          /* major 137 */
        {0x0401, "tty1"},    {0x0440, "ttyS0"},       {0x0501, "console"},
        {0xcc40, "ttyAMA0"}, {0xe500, "hvc0"},        {0xbc02, "ttyUSB2"},
        {0xfe07, "254:7"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[PROCSTAT_TTY_MAX];
        assert_int_equal(procstat_tty(rows[i].tty, name), rows[i].name != NULL);
        if (rows[i].name)
            assert_string_equal(name, rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_fields),
        cmocka_unit_test(hostile_names),
        cmocka_unit_test(empty_and_long_names),
        cmocka_unit_test(not_a_stat_line),
        cmocka_unit_test(every_prefix_is_bounded),
        cmocka_unit_test(terminals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
