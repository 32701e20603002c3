/* cell: RFC 4180 fields without a raw control character or a formula. */
#include "tests/unit/unit.h"

#include "handler/record/csv.h"

#include <csv.h>

#define T(s) s, sizeof(s) - 1

static const struct {
    int line;
    const char *in;
    size_t len;
    const char *want;
} cells[] = {
    {__LINE__, T(""), "\"\""},
    {__LINE__, T("plain"), "\"plain\""},
    {__LINE__, T(" a,b;c "), "\" a,b;c \""},
    {__LINE__, T("say \"x\""), "\"say \"\"x\"\"\""},
    {__LINE__, T("\"\""), "\"\"\"\"\"\""},
    {__LINE__, T("a\nb\rc\td"), "\"a\\nb\\rc\\td\""},
    {__LINE__, T("\0"), "\"\\x00\""},
    {__LINE__, T("\x01\x1f\x7f\x20\x7e"), "\"\\x01\\x1f\\x7f ~\""},
    {__LINE__, T("\xc2\x80\xc2\x9f\xc2\xa0"), "\"\\x80\\x9f\xc2\xa0\""},
    {__LINE__, T("a\xc2\x85"), "\"a\\x85\""},
    {__LINE__, T("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
     "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
    {__LINE__, T("=1+1"), "\"'=1+1\""},
    {__LINE__, T("+1"), "\"'+1\""},
    {__LINE__, T("-1"), "\"'-1\""},
    {__LINE__, T("@x"), "\"'@x\""},
    {__LINE__, T("="), "\"'=\""},
    {__LINE__, T("=\"a\"\n"), "\"'=\"\"a\"\"\\n\""},
    {__LINE__, T(" =1"), "\" =1\""},
    {__LINE__, T("\t=1"), "\"\\t=1\""},
    {__LINE__, T("1=1"), "\"1=1\""},
    {__LINE__, T("'=1"), "\"'=1\""},
    {__LINE__, T("12345678\n"), "\"12345678\\n\""},
    {__LINE__, T("1234567\"12345678\n"), "\"1234567\"\"12345678\\n\""},
    {__LINE__,
     T("1234567\xc2\x85"
       "12345678"),
     "\"1234567\\x8512345678\""},
    {__LINE__,
     T("1234567\xc2\xa9"
       "1234567\""),
     "\"1234567\xc2\xa9"
     "1234567\"\"\""},
};

static void fields(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 256);
    for (size_t i = 0; i < COUNT(cells); i++) {
        buf_reset(&out);
        char *in = malloc(cells[i].len + 1); /* of its own, so that ASan sees a read beyond */
        memcpy(in, cells[i].in, cells[i].len);
        cell_put(&out, (struct text){in, cells[i].len});
        free(in);
        ROW_TRUE(&cells[i], !out.failed);
        ROW_BYTES(&cells[i], out.data, out.len, cells[i].want, strlen(cells[i].want));
    }
    buf_reset(&out);
    cell_put(&out, (struct text){NULL, 0});
    BYTES(out.data, out.len, "\"\"", 2);
    buf_release(&out);
}

/* The rule, byte by byte, as slow as can be; libcsv does the quoting. */
static size_t slow(const unsigned char *in, size_t len, char *out, size_t room)
{
    char safe[256];
    size_t at = 0;
    if (len > 0 && memchr("=+-@", in[0], 4))
        safe[at++] = '\'';
    for (size_t i = 0; i < len; i++) {
        unsigned char c = in[i];
        bool c1 = c == 0xc2 && i + 1 < len && in[i + 1] >= 0x80 && in[i + 1] <= 0x9f;
        if (c1)
            c = in[++i];
        if (c == '\n' || c == '\r' || c == '\t')
            at += (size_t)sprintf(safe + at, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
        else if (c < 0x20 || c == 0x7f || c1)
            at += (size_t)sprintf(safe + at, "\\x%02x", c);
        else
            safe[at++] = (char)c;
    }
    return csv_write(out, room, safe, at);
}

/* Random bytes of `in`, some of an alphabet that may be all plain. */
static size_t make(uint64_t *seed, unsigned char *in, size_t room)
{
    static const char bits[] = "abcdefgh \"\n\x01\x7f\xc2\xc2\x85\xa0=-\xc3\xa4,";
    size_t len = unit_below(seed, room + 1), alphabet = 8 + unit_below(seed, 16);
    for (size_t i = 0; i < len; i++)
        in[i] = (unsigned char)bits[unit_below(seed, alphabet < sizeof bits ? alphabet : 1)];
    return len;
}

static void as_the_slow_rule_and_libcsv_say(void **state)
{
    (void)state;
    uint64_t seed = 3;
    struct buf out;
    buf_init(&out, 1024);
    for (int round = 0; round < 100000; round++) {
        unsigned char in[40];
        char want[sizeof in * 4 + 3];
        size_t len = make(&seed, in, sizeof in);
        size_t want_len = slow(in, len, want, sizeof want);
        buf_reset(&out);
        cell_put(&out, (struct text){(char *)in, len});
        BYTES(out.data, out.len, want, want_len);
    }
    buf_release(&out);
}

/* Rows of fields, plain ones said to be so or not; each text in a block of its own, so that ASan
 * sees a read beyond, and the buffer growing from nothing, so that it sees a write beyond. */
static void rows_as_the_slow_rule_says(void **state)
{
    (void)state;
    enum { FIELDS = 5, ROOM = 100 };
    static const char starts[] = "=+-@";
    uint64_t seed = 4;
    for (int round = 0; round < 30000; round++) {
        struct text row[FIELDS];
        bool plain[FIELDS];
        char want[FIELDS * (ROOM * 4 + 4)];
        size_t at = 0;
        struct buf out;
        buf_init(&out, sizeof want);
        for (size_t i = 0; i < FIELDS; i++) {
            unsigned char in[ROOM];
            size_t len = make(&seed, in, unit_below(&seed, 3) ? 20 : ROOM);
            if (len > 0 && unit_below(&seed, 8) == 0)
                in[0] = (unsigned char)starts[unit_below(&seed, 4)];
            char *copy = malloc(len + !len);
            assert_non_null(copy);
            memcpy(copy, in, len);
            row[i] = (struct text){copy, len};
            plain[i] = unit_is_plain(copy, len) && unit_below(&seed, 4);
            if (i > 0)
                want[at++] = ',';
            at += slow(in, len, want + at, sizeof want - at);
        }
        cells_put(&out, row, plain, FIELDS);
        BYTES(out.data, out.len, want, at);
        for (size_t i = 0; i < FIELDS; i++)
            free((char *)row[i].ptr);
        buf_release(&out);
    }
}

/* Each byte there is, at each place of fields of many lengths. */
static void each_byte_at_each_place(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1024);
    for (size_t len = 1; len <= 35; len++)
        for (size_t place = 0; place < len; place++)
            for (int byte = 0; byte < 256; byte++) {
                unsigned char in[35];
                char want[sizeof in * 4 + 3];
                memset(in, 'a', len);
                in[place] = (unsigned char)byte;
                size_t want_len = slow(in, len, want, sizeof want);
                bool plain = unit_is_plain((char *)in, len);
                buf_reset(&out);
                cells_put(&out, &(struct text){(char *)in, len}, &plain, 1);
                BYTES(out.data, out.len, want, want_len);
            }
    buf_release(&out);
}

static void same_text(void *bytes, size_t len, void *to)
{
    const struct text *t = to;
    BYTES(bytes, len, t->ptr, t->len);
}

/* libcsv reads back what was put in. */
static void reads_back(void **state)
{
    (void)state;
    struct text t = {T("a \"quoted\", comma; \xc3\xa4")};
    struct csv_parser parser;
    struct buf out;
    buf_init(&out, 256);
    cell_put(&out, t);
    buf_puts(&out, "\r\n");
    assert_int_equal(csv_init(&parser, CSV_STRICT), 0);
    assert_int_equal(csv_parse(&parser, out.data, out.len, same_text, NULL, &t), out.len);
    csv_free(&parser);
    buf_release(&out);
}

static void what_does_not_fit_fails(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 24);
    cell_put(&out, (struct text){T("12345678901234567890123")});
    assert_true(out.failed && out.full);
    cell_put(&out, (struct text){T("1")});
    assert_int_equal(out.len, 0); /* sticky */
    buf_reset(&out);
    cell_put(&out, (struct text){T("\"\"\"\"\"\"\"\"\"\"\"\"")});
    assert_true(out.failed && out.full);
    buf_reset(&out);
    cell_put(&out, (struct text){T("123456789\n\n\n\n\n\n\n")}); /* 25 bytes when escaped */
    assert_true(out.failed);
    buf_release(&out);
}

static void fields_in_a_row(void **state)
{
    (void)state;
    static const struct text row[] = {{T("a")}, {NULL, 0}, {T("b\"")}, {T("12345678")}};
    struct buf out;
    buf_init(&out, 256);
    cells_put(&out, row, (bool[COUNT(row)]){false}, COUNT(row));
    static const char want[] = "\"a\",\"\",\"b\"\"\",\"12345678\"";
    BYTES(out.data, out.len, want, sizeof want - 1);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(as_the_slow_rule_and_libcsv_say),
        cmocka_unit_test(rows_as_the_slow_rule_says),
        cmocka_unit_test(each_byte_at_each_place),
        cmocka_unit_test(fields_in_a_row),
        cmocka_unit_test(reads_back),
        cmocka_unit_test(what_does_not_fit_fails),
    };
    return cmocka_run_group_tests_name("cell", tests, NULL, NULL);
}
