/* text: lines, digits and blanks of a pointer and a length. */
#include "tests/unit/unit.h"

#include "handler/shared/text.h"

static void compares_bytes(void **state)
{
    (void)state;
    assert_true(text_is(text_of("abc"), "abc"));
    assert_false(text_is(text_of("abc"), "ab"));
    assert_true(text_is((struct text){NULL, 0}, ""));
    assert_true(text_equal((struct text){"a\0b", 3}, (struct text){"a\0b", 3}));
    assert_false(text_equal((struct text){"a\0b", 3}, (struct text){"a\0c", 3}));
}

static void control_characters_become_question_marks(void **state)
{
    (void)state;
    char s[] = "a\nb\x1b[1m\x7f \xc3\xa9\t";
    text_make_plain(s);
    assert_string_equal(s, "a?b?[1m? \xc3\xa9?");
}

static void gives_each_line_once(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text, *lines; /* joined by | and with one after each */
    } rows[] = {
        {__LINE__, "", ""},
        {__LINE__, "a", "a|"},
        {__LINE__, "a\n", "a|"},
        {__LINE__, "a\nb", "a|b|"},
        {__LINE__, "\n\na\n", "||a|"},
        {__LINE__, "\n", "|"},
        {__LINE__, "a\r\nb", "a\r|b|"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char got[64] = "";
        size_t len = 0;
        struct text rest = text_of(rows[i].text);
        for (struct text line; text_line(&rest, &line);)
            len += (size_t)snprintf(got + len, sizeof got - len, "%.*s|", (int)line.len, line.ptr);
        ROW_STR(&rows[i], got, rows[i].lines);
    }
}

static void reads_digits_that_fit(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
        size_t digits;
        uint64_t value;
        bool number;
    } rows[] = {
        {__LINE__, "0", 1, 0, true},
        {__LINE__, "007", 3, 7, true},
        {__LINE__, "12x", 2, 12, false},
        {__LINE__, "", 0, 0, false},
        {__LINE__, "-1", 0, 0, false},
        {__LINE__, "+1", 0, 0, false},
        {__LINE__, "18446744073709551615", 20, UINT64_MAX, true},
        {__LINE__, "18446744073709551609", 20, UINT64_MAX - 6, true},
        {__LINE__, "18446744073709551616", 0, 0, false},
        {__LINE__, "18446744073709551620", 0, 0, false},
        {__LINE__, "99999999999999999999999", 0, 0, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t n;
        size_t digits = text_digits(text_of(rows[i].text), &n);
        ROW_INT(&rows[i], digits, rows[i].digits);
        if (digits)
            ROW_INT(&rows[i], n, rows[i].value);
        ROW_INT(&rows[i], text_number(text_of(rows[i].text), &n), rows[i].number);
    }
}

static void trims_both_ends(void **state)
{
    (void)state;
    assert_true(text_is(text_trim(text_of(" \ta b\t "), " \t"), "a b"));
    assert_true(text_is(text_trim(text_of("  "), " "), ""));
    assert_true(text_is(text_trim(text_of(""), " "), ""));
    struct text nul = text_trim((struct text){"\0 ", 2}, " ");
    assert_int_equal(nul.len, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_bytes),
        cmocka_unit_test(control_characters_become_question_marks),
        cmocka_unit_test(gives_each_line_once),
        cmocka_unit_test(reads_digits_that_fit),
        cmocka_unit_test(trims_both_ends),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
