/* columns: columns.def is consistent, and the header of a file decides its columns. */
#include "tests/unit/unit.h"

#include "handler/record/pstable.h"
#include "handler/record/rows.h"

#define T(s)                                                                                       \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static struct buf out;

static int start(void **state)
{
    (void)state;
    buf_init(&out, 1 << 16);
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_release(&out);
    return 0;
}

static void names_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < COLUMNS_COUNT; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(columns_names[i], columns_names[k]);
}

/* Every member name leads to its column with its rank, plain and escaped. */
static void each_member_name_has_its_column(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned column, rank;
    } rows[] = {
#define PROCESS(ID, name, fits) {#name, COL_##ID, 0},
#define JSON(ID, name, rank)    {name, COL_##ID, rank},
#include "handler/record/columns.def"
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char quoted[64];
        int len = snprintf(quoted, sizeof quoted, "\"%s\"", rows[i].name);
        unsigned key = process_key((struct text){quoted, (size_t)len});
        assert_int_equal(key & 255, rows[i].column + 1);
        assert_int_equal(key >> 8, rows[i].rank);
        len = snprintf(quoted, sizeof quoted, "\"\\u00%02x%s\"", (unsigned)rows[i].name[0],
                       rows[i].name + 1);
        assert_int_equal(process_key((struct text){quoted, (size_t)len}), key);
        for (size_t k = 0; k < i; k++)
            assert_true(strcmp(rows[k].name, rows[i].name) != 0);
        for (size_t k = 0; k < i; k++)
            assert_false(rows[k].column == rows[i].column && rows[k].rank == rows[i].rank);
    }
}

/* Every heading of ps puts the value below it into its column. */
static void each_heading_has_its_column(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned column;
    } rows[] = {
#define PS(ID, name) {name, COL_##ID},
#include "handler/record/columns.def"
    };
    static const char *const values[COL_COUNT] = {[COL_STATE] = "S"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[64], rss[BUF_DIGITS];
        struct table table;
        struct process p;
        const char *value = values[rows[i].column] ? values[rows[i].column] : "7";
        int len = snprintf(text, sizeof text, "%s\n%s\n", rows[i].name, value);
        table_begin(&table, (struct text){text, (size_t)len});
        assert_true(table_next(&table, &p, rss));
        const char *want = rows[i].column == COL_RSS ? "7168" : value;
        assert_true(text_is(p.column[rows[i].column], want));
    }
}

/* The columns are those of a new file. */
static bool are_current(const struct columns *c)
{
    bool same = c->count == COLUMNS_COUNT;
    for (size_t i = 0; same && i < COLUMNS_COUNT; i++)
        same = c->list[i] == i;
    return same;
}

static void the_header_of_a_new_file_is_read_again(void **state)
{
    (void)state;
    struct columns c;
    columns_put_header(&out);
    assert_true(out.len <= COLUMNS_HEADER_MAX && COLUMNS_COUNT <= COLUMNS_MAX);
    assert_true(columns_read((struct text){out.data, out.len}, &c));
    assert_true(are_current(&c));
    buf_puts(&out, "\"a\",\"row\"\r\n");
    assert_true(columns_read((struct text){out.data, out.len}, &c));
    assert_true(are_current(&c));
    for (size_t cut = 0; cut < 100; cut++)
        assert_false(columns_read((struct text){out.data, cut}, &c));
}

static void invalid_headers_are_refused(void **state)
{
    (void)state;
    static const struct {
        int line;
        struct text text;
    } rows[] = {
        {__LINE__, T("")},
        {__LINE__, T("\r\n")},
        {__LINE__, T("pid,cmd\r\n")},
        {__LINE__, T("\"pid\",cmd\r\n")},
        {__LINE__, T("\"pid\",\"pid\"\r\n")},
        {__LINE__, T("\"pid\",\"\"\r\n")},
        {__LINE__, T("\"pid\",\r\n")},
        {__LINE__, T("\"pid\";\"cmd\"\r\n")},
        {__LINE__, T("\"pid\n\"\r\n")},
        {__LINE__, T("\"pid\"\n")},
        {__LINE__, T("\"pid\"\r")},
        {__LINE__, T("\"pid\" \r\n")},
        {__LINE__, T("\"nothing\",\"known\"\r\n")},
        {__LINE__, T("{\"pid\":1}\r\n")},
    };
    struct columns c;
    for (size_t i = 0; i < COUNT(rows); i++)
        ROW_TRUE(&rows[i], !columns_read(rows[i].text, &c));
}

/* An older file has fewer columns, a newer one more, in any order. */
static void rows_get_the_columns_of_the_file(void **state)
{
    (void)state;
    static const struct text header = T("\"received_at\",\"cmd\",\"threads\",\"pid\"\r\n");
    struct buf rows;
    struct columns c;
    buf_init(&rows, 1 << 16);
    for (int row = 0; row < 2; row++) {
        for (size_t i = 0; i < COLUMNS_COUNT; i++) {
            const char *name = columns_names[i];
            buf_printf(&rows, "%s\"%s%d%s\"", i ? "," : "", name, row,
                       strcmp(name, "cmd") == 0 ? ",\"\"x\"\"," : "");
        }
        buf_puts(&rows, "\r\n");
    }
    assert_true(columns_read(header, &c));
    assert_false(are_current(&c));
    columns_select(&c, rows.data, rows.len, &out);
    static const char want[] = "\"received_at0\",\"cmd0,\"\"x\"\",\",\"\",\"pid0\"\r\n"
                               "\"received_at1\",\"cmd1,\"\"x\"\",\",\"\",\"pid1\"\r\n";
    BYTES(out.data, out.len, want, sizeof want - 1);
    buf_reset(&out);
    struct columns all;
    columns_put_header(&out);
    assert_true(columns_read((struct text){out.data, out.len}, &all));
    buf_reset(&out);
    columns_select(&all, rows.data, rows.len, &out);
    BYTES(out.data, out.len, rows.data, rows.len);
    buf_release(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_unique),
        cmocka_unit_test(each_member_name_has_its_column),
        cmocka_unit_test(each_heading_has_its_column),
        cmocka_unit_test_setup_teardown(the_header_of_a_new_file_is_read_again, start, end),
        cmocka_unit_test(invalid_headers_are_refused),
        cmocka_unit_test_setup_teardown(rows_get_the_columns_of_the_file, start, end),
    };
    return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}
