/* note, keys: an object's metadata and its name. */
#include "tests/unit/unit.h"

#include "aws/archive/objmeta.h"
#include "aws/s3/names.h"

#define SUM  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SUM2 "37517e5f3dc66819f61f5a7bb8ace1921282415f10551d2defa5c3eb0985b570"

static void test_a_note_is_read_as_written(void **state)
{
    (void)state;
    struct manifest_entry e = {
        .size = UINT64_MAX, .seq = UINT64_MAX, .sha256 = SUM, .gzip_sha256 = SUM2, .chain = SUM2};
    struct manifest_entry back = {.size = 0};
    char note[OBJMETA_MAX];
    objmeta_write(&e, note);
    assert_true(objmeta_read(note, &back));
    assert_true(back.size == e.size && back.seq == e.seq);
    assert_string_equal(back.sha256, SUM);
    assert_string_equal(back.gzip_sha256, SUM2);
    assert_string_equal(back.chain, SUM2);
    e.chain[0] = '\0'; /* a listing */
    objmeta_write(&e, note);
    assert_true(objmeta_read(note, &back));
    assert_string_equal(back.chain, "");
}

static void test_invalid_notes_are_refused(void **state)
{
    (void)state;
    static const char *const notes[] = {
        "",
        "size=1",
        "size= sha256=" SUM " gzip-sha256=" SUM,
        "size=-1 sha256=" SUM " gzip-sha256=" SUM,
        "size=1 sha256=" SUM,
        "size=1 sha256=" SUM " gzip-sha256=xyz",
        "size=1 sha256=" SUM " gzip-sha256=" SUM " ",
        "size=1 sha256=" SUM " gzip-sha256=" SUM " seq=1",
        "size=1 sha256=" SUM " gzip-sha256=" SUM " seq=1 chain=" SUM "x",
        "sha256=" SUM " size=1 gzip-sha256=" SUM,
    };
    struct manifest_entry e;
    for (size_t i = 0; i < COUNT(notes); i++)
        if (objmeta_read(notes[i], &e))
            fail_msg("taken for a note: %s", notes[i]);
}

static void test_keys(void **state)
{
    (void)state;
    char key[NAMES_MAX];
    names_file("p/", "data", "2026-11-20", "10.0.0.7_2026-11-20.json", key);
    assert_string_equal(key, "p/json/date=2026-11-20/10.0.0.7_2026-11-20.json.gz");
    names_file("", "data", "2026-11-20", "0--1_2026-11-20.csv", key);
    assert_string_equal(key, "csv/date=2026-11-20/0--1_2026-11-20.csv.gz");
    names_file("", "record", "2026-11-20", "u_1.5.json", key);
    assert_string_equal(key, "record/date=2026-11-20/u_1.5.json.gz");
    names_manifest("p/", "data", "2026-11-20", key);
    assert_string_equal(key, "p/manifest/date=2026-11-20/manifest.json");
    names_manifest("p/", "record", "2026-11-20", key);
    assert_string_equal(key, "p/manifest/date=2026-11-20/listings.json");
    names_catalogue("p/", "data", "2026-11-20", key);
    assert_string_equal(key, "p/catalogue/date=2026-11-20/files.jsonl");
    names_catalogue("", "record", "2026-11-20", key);
    assert_string_equal(key, "catalogue/date=2026-11-20/listings.jsonl");
}

static void test_which_keys_are_ours(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *key;
        bool ours;
    } rows[] = {
        {__LINE__, "json/date=2026-11-20/10.0.0.7_2026-11-20.json.gz", true},
        {__LINE__, "csv/date=2026-11-20/0--1_2026-11-20.csv.gz", true},
        {__LINE__, "record/date=2026-11-20/u-1_1593338576.5624585.json.gz", true},
        {__LINE__, "manifest/date=2026-11-20/manifest.json", true},
        {__LINE__, "manifest/date=2026-11-20/listings.json", true},
        {__LINE__, "catalogue/date=2026-11-20/files.jsonl", true},
        {__LINE__, "catalogue/date=2026-11-20/listings.jsonl", true},
        {__LINE__, "", false},
        {__LINE__, "json", false},
        {__LINE__, "json/date=2026-11-20/", false},
        {__LINE__, "json/date=2026-11-20/.gz", false},
        {__LINE__, "json/date=2026-11-20/10.0.0.7_2026-11-20.json", false},
        {__LINE__, "json/date=2026-11-20/10.0.0.7_2026-11-20.csv.gz", false},
        {__LINE__, "json/date=2026-11-20/10.0.0.7_2026-11-21.json.gz", false},
        {__LINE__, "json/date=2026-02-30/10.0.0.7_2026-02-30.json.gz", false},
        {__LINE__, "json/date=2026-11-20/x/10.0.0.7_2026-11-20.json.gz", false},
        {__LINE__, "/json/date=2026-11-20/10.0.0.7_2026-11-20.json.gz", false},
        {__LINE__, "record/date=2026-11-20/../../x_1.json.gz", false},
        {__LINE__, "record/date=2026-11-20/.new-1.json.gz", false},
        {__LINE__, "manifest/date=2026-11-20/x.json", false},
        {__LINE__, "jsonx/date=2026-11-20/10.0.0.7_2026-11-20.json.gz", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        ROW_TRUE(&rows[i], names_is_key(rows[i].key) == rows[i].ours);
}

static void test_prefixes(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *configured, *want;
    } rows[] = {
        {__LINE__, NULL, ""},  {__LINE__, "", ""},      {__LINE__, "/", ""},
        {__LINE__, "a", "a/"}, {__LINE__, "/a/", "a/"}, {__LINE__, "//a b//c//", "a b//c/"},
    };
    char prefix[NAMES_PREFIX_MAX], longest[NAMES_PREFIX_MAX + 1];
    for (size_t i = 0; i < COUNT(rows); i++) {
        ROW_TRUE(&rows[i], names_prefix(rows[i].configured, prefix));
        ROW_STR(&rows[i], prefix, rows[i].want);
    }
    memset(longest, 'a', sizeof longest);
    longest[NAMES_PREFIX_MAX - 2] = '\0';
    assert_true(names_prefix(longest, prefix));
    longest[NAMES_PREFIX_MAX - 2] = 'a';
    longest[NAMES_PREFIX_MAX - 1] = '\0';
    assert_false(names_prefix(longest, prefix));
    assert_false(names_prefix("a/../b", prefix));
    assert_false(names_prefix("./", prefix));
    assert_true(names_prefix("..a/.b", prefix));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_note_is_read_as_written),
        cmocka_unit_test(test_invalid_notes_are_refused),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_which_keys_are_ours),
        cmocka_unit_test(test_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
