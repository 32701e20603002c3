/* manifest: what is written is read back, and anything else is refused. */
#include "tests/unit/unit.h"

#include "handler/store/manifest.h"

#define SUM  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SUM2 "37517e5f3dc66819f61f5a7bb8ace1921282415f10551d2defa5c3eb0985b570"
#define HEAD                                                                                       \
    "{\"rollcall_manifest\":1,\"branch\":\"data\",\"date\":\"2026-11-20\",\"whole\":true,"         \
    "\"files\":[\n"
#define TAIL "]}\n"
#define ENTRY(name)                                                                                \
    "{\"name\":\"" name "\",\"size\":9,\"sha256\":\"" SUM                                          \
    "\",\"gzip_size\":29,\"gzip_sha256\":\"" SUM2 "\",\"seq\":17,\"chain\":\"" SUM "\"}"
#define JSON ENTRY("10.0.0.7_2026-11-20.json")
#define CSV  ENTRY("10.0.0.7_2026-11-20.csv")

static enum manifest_result read_text(struct manifest *m, const char *text)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_puts(&b, text);
    enum manifest_result result = manifest_read(m, &b);
    buf_release(&b);
    return result;
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    static const char text[] = HEAD CSV ",\n" JSON "\n" TAIL;
    struct manifest m;
    struct buf again;
    manifest_init(&m, "data", "2026-11-20");
    assert_int_equal(read_text(&m, text), MANIFEST_OK);
    assert_true(m.whole);
    assert_int_equal(m.count, 2);
    const struct manifest_entry *e = manifest_find(&m, "10.0.0.7_2026-11-20.json");
    assert_non_null(e);
    assert_int_equal(e->size, 9);
    assert_int_equal(e->gzip_size, 29);
    assert_int_equal(e->seq, 17);
    assert_string_equal(e->chain, SUM);
    assert_string_equal(e->gzip_sha256, SUM2);
    assert_null(manifest_find(&m, "10.0.0.8_2026-11-20.json"));
    buf_init(&again, 1 << 20);
    manifest_write(&m, &again);
    assert_string_equal(buf_str(&again), text);
    buf_release(&again);
    manifest_release(&m);
}

static void test_listings_have_no_chain(void **state)
{
    (void)state;
    struct manifest m;
    struct buf b;
    struct manifest_entry e = {
        .name = "u-1_12.5.json", .size = 3, .sha256 = SUM, .gzip_sha256 = SUM};
    manifest_init(&m, "record", "2026-11-20");
    assert_true(manifest_add(&m, &e));
    buf_init(&b, 1 << 20);
    manifest_write(&m, &b);
    assert_null(strstr(buf_str(&b), "chain"));
    manifest_release(&m);
    manifest_init(&m, "record", "2026-11-20");
    assert_int_equal(read_text(&m, buf_str(&b)), MANIFEST_OK);
    assert_non_null(manifest_find(&m, "u-1_12.5.json"));
    assert_false(m.whole);
    buf_release(&b);
    manifest_release(&m);
}

static void test_an_empty_day(void **state)
{
    (void)state;
    struct manifest m;
    manifest_init(&m, "data", "2026-11-20");
    assert_int_equal(read_text(&m, HEAD TAIL), MANIFEST_OK);
    assert_null(manifest_find(&m, "x"));
    manifest_release(&m);
}

static void test_what_is_not_a_manifest(void **state)
{
    (void)state;
    static const struct {
        int line;
        enum manifest_result result;
        const char *text;
    } rows[] = {
        {__LINE__, MANIFEST_NOT_THIS_DAY, ""},
        {__LINE__, MANIFEST_NOT_THIS_DAY, "{}"},
        {__LINE__, MANIFEST_NOT_THIS_DAY, "{}\n"},
        {__LINE__, MANIFEST_TRUNCATED, HEAD},
        {__LINE__, MANIFEST_TRUNCATED, HEAD JSON "\n"},
        {__LINE__, MANIFEST_TRUNCATED, HEAD JSON "\n" TAIL "x"},
        {__LINE__, MANIFEST_TRUNCATED, HEAD JSON "\n" TAIL "\n"},
        {__LINE__, MANIFEST_TWICE, HEAD JSON ",\n" JSON "\n" TAIL},
        {__LINE__, MANIFEST_BAD_LINE, HEAD ENTRY("../../../etc/passwd") "\n" TAIL},
        {__LINE__, MANIFEST_BAD_LINE, HEAD ENTRY("10.0.0.7_2026-11-21.json") "\n" TAIL},
        {__LINE__, MANIFEST_BAD_LINE, HEAD ENTRY("u_1.json") "\n" TAIL},
        {__LINE__, MANIFEST_BAD_LINE, HEAD ENTRY("") "\n" TAIL},
        {__LINE__, MANIFEST_BAD_LINE, HEAD "{\"name\":\"10.0.0.7_2026-11-20.json\"}\n" TAIL},
        {__LINE__, MANIFEST_BAD_LINE, HEAD "[]\n" TAIL},
        {__LINE__, MANIFEST_BAD_LINE, HEAD "\n" TAIL},
        {__LINE__, MANIFEST_NOT_THIS_DAY,
         "{\"rollcall_manifest\":2,\"branch\":\"data\",\"date\":\"2026-11-20\",\"whole\":true,"
         "\"files\":[\n" TAIL},
        {__LINE__, MANIFEST_NOT_THIS_DAY,
         "{\"rollcall_manifest\":1,\"branch\":\"record\",\"date\":\"2026-11-20\",\"whole\":true,"
         "\"files\":[\n" TAIL},
        {__LINE__, MANIFEST_NOT_THIS_DAY,
         "{\"rollcall_manifest\":1,\"branch\":\"data\",\"date\":\"2026-11-21\",\"whole\":true,"
         "\"files\":[\n" TAIL},
        {__LINE__, MANIFEST_NOT_THIS_DAY,
         "{\"rollcall_manifest\":99999999999999999999999,\"branch\":\"data\",\"date\":"
         "\"2026-11-20\",\"whole\":true,\"files\":[\n" TAIL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct manifest m;
        manifest_init(&m, "data", "2026-11-20");
        ROW_INT(&rows[i], read_text(&m, rows[i].text), rows[i].result);
        manifest_release(&m);
    }
}

static void test_marks(void **state)
{
    (void)state;
    char mark[MANIFEST_MARK_MAX];
    manifest_mark("data", "2026-11-20", mark);
    assert_string_equal(mark, "archived/2026-11-20.json");
    manifest_mark("record", "2026-11-20", mark);
    assert_string_equal(mark, "archived/2026-11-20.listings.json");
}

static void test_every_result_has_a_text(void **state)
{
    (void)state;
    for (int i = 0; i < MANIFEST__MAX; i++)
        assert_true(strlen(manifest_explain((enum manifest_result)i)) > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_listings_have_no_chain),
        cmocka_unit_test(test_an_empty_day),
        cmocka_unit_test(test_what_is_not_a_manifest),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_every_result_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
