/* xml: what S3 answers, and what a hostile server does. */
#include "tests/unit/unit.h"

#include "aws/s3/xml.h"
#include "handler/shared/buf.h"

/* Notes "path=text;" of each element. */
static bool note(void *context, const char *path, const char *text, size_t len)
{
    assert_int_equal(strlen(text), len);
    buf_printf(context, "%s=%s;", path, text);
    return true;
}

static bool refuse(void *context, const char *path, const char *text, size_t len)
{
    (void)text;
    (void)len;
    return strcmp(path, context) != 0;
}

static bool reads(const char *text, size_t len, struct buf *seen, char error[XML_ERROR_MAX])
{
    buf_reset(seen);
    error[0] = '\0';
    return xml_read(text, len, note, seen, error);
}

static void test_elements(void **state)
{
    (void)state;
    char error[XML_ERROR_MAX];
    struct buf seen;
    static const char text[] =
        "<?xml version=\"1.0\"?><A xmlns=\"x\"> <B c=\"d\">1&amp;2<!-- no -->3</B>"
        "<C><D/></C> </A>";
    buf_init(&seen, 1000);
    assert_true(reads(text, sizeof text - 1, &seen, error));
    assert_string_equal(buf_str(&seen), "A/B=1&23;A/C/D=;A/C=;A= ;");
    buf_release(&seen);
}

static void test_an_incomplete_text_is_refused(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
    } rows[] = {
        {__LINE__, ""},
        {__LINE__, "<A>"},
        {__LINE__, "<A></B>"},
        {__LINE__, "{\"json\":1}"},
        {__LINE__, "<A>\xff</A>"},
        {__LINE__, "<A></A><B/>"},
        {__LINE__, "<!DOCTYPE A [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;\">]><A>&b;</A>"},
        {__LINE__, "<!DOCTYPE A SYSTEM \"file:///etc/passwd\"><A/>"},
        {__LINE__, "<A>&unknown;</A>"},
        {__LINE__, "<a><b><c><d><e><f><g><h><i/></h></g></f></e></d></c></b></a>"},
        {__LINE__, "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                   "aaaaaaaaaaaaa/>"},
    };
    char error[XML_ERROR_MAX];
    struct buf seen;
    buf_init(&seen, 10000);
    for (size_t i = 0; i < COUNT(rows); i++) {
        ROW_TRUE(&rows[i], !reads(rows[i].text, strlen(rows[i].text), &seen, error));
        ROW_TRUE(&rows[i], error[0] != '\0');
    }
    buf_release(&seen);
}

static void test_text_is_bounded(void **state)
{
    (void)state;
    char error[XML_ERROR_MAX];
    struct buf text, seen;
    buf_init(&text, 100000);
    buf_init(&seen, 100000);
    buf_puts(&text, "<A>");
    for (int i = 0; i < XML_TEXT_MAX + 1; i++)
        buf_putc(&text, 'x');
    buf_puts(&text, "</A>");
    assert_false(reads(text.data, text.len, &seen, error));
    assert_non_null(strstr(error, "too much text"));
    buf_release(&text);
    buf_release(&seen);
}

static void test_the_taker_may_end_it(void **state)
{
    (void)state;
    char error[XML_ERROR_MAX], path[] = "A/B";
    static const char text[] = "<A><B/><C/></A>";
    assert_false(xml_read(text, sizeof text - 1, refuse, path, error));
    assert_non_null(strstr(error, "an unexpected value"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_an_incomplete_text_is_refused),
        cmocka_unit_test(test_text_is_bounded),
        cmocka_unit_test(test_the_taker_may_end_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
