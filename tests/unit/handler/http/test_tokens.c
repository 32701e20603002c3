/* tokens: a file that is read again when it changes, its bad lines skipped and logged. */
#include "tests/unit/unit.h"

#include "handler/http/tokens.h"
#include "handler/shared/buf.h"

static char directory[64], path[96];

#define HASH  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* of "abc" */
#define UPPER "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"

static struct capture out;

static bool refresh(struct tokens *t)
{
    capture_begin(&out, STDERR_FILENO);
    bool ok = tokens_refresh(t);
    capture_end(&out);
    return ok;
}

static void read_text(struct tokens *t, const char *text)
{
    unit_write(path, text, strlen(text));
    tokens_init(t, path);
    assert_true(refresh(t));
}

static const struct {
    int line;
    const char *text;
    unsigned scopes; /* 0: no token */
    bool open;
    size_t prefixes;
} lines[] = {
    {__LINE__, "", 0, false, 0},
    {__LINE__, "\n \t\r\n# " HASH " ingest\n", 0, false, 0},
    {__LINE__, HASH " ingest", SCOPE_INGEST, false, 0},
    {__LINE__, UPPER " ingest\n", SCOPE_INGEST, false, 0},
    {__LINE__, " \t" HASH "\tread\t# a label, ingest\r\n", SCOPE_READ, false, 0},
    {__LINE__, HASH " ingest,read # x # y\n", SCOPE_INGEST | SCOPE_READ, false, 0},
    {__LINE__, HASH " read,read\r\n", SCOPE_READ, false, 0},
    {__LINE__, HASH " metrics\n", SCOPE_METRICS, false, 0},
    {__LINE__, HASH " read,metrics\n", SCOPE_READ | SCOPE_METRICS, false, 0},
    {__LINE__, HASH " ingest 10.0.0.0/8,2001:db8::/32,::1\n", SCOPE_INGEST, false, 3},
    {__LINE__, "- read 127.0.0.1#x\n", SCOPE_READ, true, 1},
    {__LINE__, "- read\n", 0, false, 0},
    {__LINE__, "-\n", 0, false, 0},
    {__LINE__, "-- read 127.0.0.1\n", 0, false, 0},
    {__LINE__, HASH "\n", 0, false, 0},
    {__LINE__, HASH "0 ingest\n", 0, false, 0},
    {__LINE__, "0" HASH " ingest\n", 0, false, 0},
    {__LINE__, "a7816bf ingest\n", 0, false, 0},
    {__LINE__, "g" HASH " ingest\n", 0, false, 0},
    {__LINE__, HASH " write\n", 0, false, 0},
    {__LINE__, HASH " Ingest\n", 0, false, 0},
    {__LINE__, HASH " ingest,write\n", 0, false, 0},
    {__LINE__, HASH " ,\n", 0, false, 0},
    {__LINE__, HASH " ingest 10.0.0.1/8\n", 0, false, 0},
    {__LINE__, HASH " ingest 10.0.0.1,bad\n", 0, false, 0},
    {__LINE__, HASH " ingest ,\n", 0, false, 0},
    {__LINE__, HASH " ingest 10.0.0.1 label\n", 0, false, 0},
    {__LINE__, HASH " ingest, read\n", 0, false, 0},
};

static void each_line(void **state)
{
    (void)state;
    unsigned char sum[DIGEST_LEN];
    digest_from_hex(HASH, sum);
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct tokens t;
        read_text(&t, lines[i].text);
        ROW_INT(&lines[i], t.count, lines[i].scopes != 0);
        if (lines[i].scopes) {
            ROW_INT(&lines[i], t.list[0].scopes, lines[i].scopes);
            ROW_INT(&lines[i], t.list[0].open, lines[i].open);
            ROW_INT(&lines[i], t.list[0].prefix_count, lines[i].prefixes);
            ROW_TRUE(&lines[i], lines[i].open || digest_equal(t.list[0].hash, sum));
            ROW_TRUE(&lines[i], !strstr(out.text, "skipped"));
        } else {
            bool blank = lines[i].text[0] == '\0' || lines[i].text[0] == '\n';
            ROW_TRUE(&lines[i],
                     blank != (strstr(out.text, "event=tokens_line_skipped line=1 ") != 0));
        }
        ROW_TRUE(&lines[i], !strstr(out.text, "ba7816bf")); /* never a hash in the log */
        tokens_release(&t);
    }
}

static void bad_lines_spare_the_good(void **state)
{
    (void)state;
    struct tokens t;
    read_text(&t, HASH " ingest\nbad\n" HASH " read 10.0.0.0/8\n\n" HASH " no\n" HASH " read");
    assert_int_equal(t.count, 3);
    assert_int_equal(t.list[1].prefix_count, 1);
    assert_non_null(strstr(out.text, "line=2 "));
    assert_non_null(strstr(out.text, "line=5 "));
    assert_null(strstr(out.text, "line=3 "));
    tokens_release(&t);
}

static void many_tokens(void **state)
{
    (void)state;
    struct tokens t;
    struct buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "%064x ingest 10.0.%d.%d # host %d\n", (unsigned)i, i / 256, i % 256, i);
    read_text(&t, buf_str(&b));
    assert_int_equal(t.count, 1000);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(t.list[i].hash[31] | t.list[i].hash[30] << 8, i);
    buf_release(&b);
    tokens_release(&t);
}

static void read_again_when_it_changes(void **state)
{
    (void)state;
    struct tokens t;
    read_text(&t, HASH " ingest\n");
    assert_int_equal(t.list[0].scopes, SCOPE_INGEST);
    unit_write_at(path, HASH " read  \n", 72, 0); /* the same inode, the same size */
    assert_true(refresh(&t));
    assert_int_equal(t.list[0].scopes, SCOPE_READ);
    unit_write(path, "", 0);
    assert_true(refresh(&t));
    assert_int_equal(t.count, 0);
    unlink(path);
    assert_false(refresh(&t));
    assert_non_null(strstr(out.text, "event=tokens_unreadable"));
    assert_false(refresh(&t));
    unit_write(path, HASH " read\n", 70);
    assert_true(refresh(&t));
    assert_int_equal(t.count, 1);
    tokens_release(&t);
}

/* A file that has not changed for a while is not read again; one that has, is. */
static void not_read_when_it_has_not(void **state)
{
    (void)state;
    struct tokens t;
    read_text(&t, HASH " ingest\n");
    t.settled = true; /* as it is two seconds later */
    struct token *list = t.list;
    t.list[0].scopes = 77;
    assert_true(refresh(&t));
    assert_ptr_equal(t.list, list);
    assert_int_equal(t.list[0].scopes, 77);
    char other[128];
    snprintf(other, sizeof other, "%s/other", directory);
    unit_write(other, HASH " read#1\n", 72);
    assert_int_equal(rename(other, path), 0);
    assert_true(refresh(&t));
    assert_int_equal(t.list[0].scopes, SCOPE_READ);
    tokens_release(&t);
}

static void not_files(void **state)
{
    (void)state;
    struct tokens t;
    tokens_init(&t, directory);
    assert_false(refresh(&t));
    assert_int_equal(t.count, 0);
    tokens_release(&t);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    tokens_init(&t, path);
    assert_false(refresh(&t)); /* and does not hang */
    tokens_release(&t);
    unlink(path);
}

static int set_up(void **state)
{
    (void)state;
    unit_directory(directory);
    snprintf(path, sizeof path, "%s/tokens", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unit_remove(directory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line),
        cmocka_unit_test(bad_lines_spare_the_good),
        cmocka_unit_test(many_tokens),
        cmocka_unit_test(read_again_when_it_changes),
        cmocka_unit_test(not_read_when_it_has_not),
        cmocka_unit_test(not_files),
    };
    return cmocka_run_group_tests_name("tokens", tests, set_up, tear_down);
}
