/* filecheck: good files pass, and each way to spoil them is found and named. */
#include "tests/unit/handler/bed.h"

#include <sys/file.h>

static struct bed bed;
static struct capture out;
static struct bed_shot good;

/* Checks the file; what is said is in out.text. */
static bool check(struct receipts *receipts)
{
    struct filecheck c = {.receipts = receipts};
    capture_begin(&out, STDOUT_FILENO);
    bool ok = filecheck(&c, bed_json(&bed));
    capture_end(&out);
    assert_int_equal(c.problems, ok ? 0 : 1);
    assert_int_equal(c.files, 1);
    return ok;
}

/* Three lines, the last two of one request. */
static void store_three(void)
{
    bed_store(&bed, BED_RECORD("\"id\":\"one\","));
    bed_store(&bed, BED_RECORD("\"id\":\"two\",") "\n" BED_RECORD("\"id\":\"three\",") "\n");
    good = bed_shoot(&bed);
}

static void put_back(void)
{
    unit_write(bed_json(&bed), good.json, good.json_len);
    unit_write(bed_csv(&bed), good.csv, good.csv_len);
}

static void good_files(void **state)
{
    (void)state;
    assert_true(check(NULL));
    assert_string_equal(out.text, "");
    struct filecheck c = {.receipts = NULL};
    assert_true(filecheck(&c, bed_json(&bed)));
    assert_int_equal(c.lines, 3);
    assert_int_equal(c.rows, 6);
}

/* Any byte of either file, made another one. */
static void every_changed_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < good.json_len + good.csv_len; i++) {
        bool json = i < good.json_len;
        off_t at = (off_t)(json ? i : i - good.json_len);
        const char *path = json ? bed_json(&bed) : bed_csv(&bed);
        char was = json ? good.json[at] : good.csv[at], is = was == 'x' ? 'y' : 'x';
        unit_write_at(path, &is, 1, at);
        bool ok = check(NULL);
        if (ok)
            print_error("byte %lld of %s, %c for %c\n", (long long)at, path, is, was);
        assert_false(ok);
        assert_non_null(strstr(out.text, ": byte "));
        unit_write_at(path, &was, 1, at);
    }
    assert_true(check(NULL));
}

/* Either file, cut at any byte. Cut on a commit the JSON file alone cannot tell; the CSV file can.
 */
static void every_cut(void **state)
{
    (void)state;
    for (size_t len = 0; len < good.json_len; len += 7) {
        assert_int_equal(truncate(bed_json(&bed), (off_t)len), 0);
        assert_false(check(NULL));
        put_back();
    }
    for (size_t len = 0; len < good.csv_len; len += 7) {
        assert_int_equal(truncate(bed_csv(&bed), (off_t)len), 0);
        assert_false(check(NULL));
        put_back();
    }
}

static const struct {
    int line;
    const char *from, *to; /* the first `from` of the JSON file becomes `to`, of the same length */
    const char *said;
} changes[] = {
    {__LINE__, "\"seq\":2", "\"seq\":3", "seq is 3, expected 2"},
    {__LINE__, "\"line_start\":0", "\"line_start\":9", "line_start is 9, the line starts at 0"},
    {__LINE__, "\"client_ip\":\"10.0.0.7\"", "\"client_ip\":\"10.0.0.8\"", "client_ip is 10.0.0.8"},
    {__LINE__, "2026-11-20T", "2026-11-21T", "received_at is 2026-11-21T12:34:56.789Z"},
    {__LINE__, "\"left\":1", "\"left\":2", "the chain does not match"},
    {__LINE__, "\"process_count\":2", "\"process_count\":3", "the chain does not match"},
    {__LINE__, "Linux", "linux", "the chain does not match"},
    {__LINE__, "{\"id\":\"two\"", "{\"id\":\"owt\"", "the chain does not match"},
    {__LINE__, "\"rollcall\"", "\"rolacall\"", "not a line that rollcall wrote"},
};

static void what_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        char *at = strstr(good.json, changes[i].from);
        ROW_TRUE(&changes[i], at);
        unit_write_at(bed_json(&bed), changes[i].to, strlen(changes[i].to), at - good.json);
        ROW_TRUE(&changes[i], !check(NULL));
        if (!strstr(out.text, changes[i].said))
            print_error("%s", out.text);
        ROW_TRUE(&changes[i], strstr(out.text, changes[i].said));
        put_back();
    }
}

static void csv_cells_are_named(void **state)
{
    (void)state;
    char *cell = strstr(good.csv, "\"init\"");
    unit_write_at(bed_csv(&bed), "\"inix\"", 6, cell - good.csv);
    assert_false(check(NULL));
    assert_non_null(strstr(out.text, "row 2 of seq 1, column cmd")); /* the header is row 1 */
}

static void lines_in_another_order(void **state)
{
    (void)state;
    char *second = strchr(good.json, '\n') + 1;
    unit_write(bed_json(&bed), second, strlen(second)); /* the first one is gone */
    assert_false(check(NULL));
    assert_non_null(strstr(out.text, "seq is 2, expected 1"));
    put_back();
    unit_write_at(bed_json(&bed), good.json, (size_t)(second - good.json),
                  (off_t)good.json_len); /* the first once more */
    assert_false(check(NULL));
}

static void torn_ends(void **state)
{
    (void)state;
    char want[64];
    unit_write_at(bed_json(&bed), "{\"torn", 6, (off_t)good.json_len);
    assert_false(check(NULL));
    snprintf(want, sizeof want, "byte %zu: torn end: 6 bytes", good.json_len);
    assert_non_null(strstr(out.text, want));
    put_back();
    unit_write_at(bed_csv(&bed), "rows", 4, (off_t)good.csv_len);
    assert_false(check(NULL));
    snprintf(want, sizeof want, "byte %zu: torn end: 4 bytes", good.csv_len);
    assert_non_null(strstr(out.text, want));
    /* The same while a writer holds the lock is no problem, and is said. */
    int fd = open(bed_json(&bed), O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_true(check(NULL));
    assert_non_null(strstr(out.text, "in use; 4 bytes"));
    close(fd);
}

static struct receipts receipts_of(const char *text)
{
    struct receipts r;
    char path[128];
    snprintf(path, sizeof path, "%s/receipts", bed.dir);
    unit_write(path, text, strlen(text));
    assert_true(receipts_read(&r, path));
    return r;
}

static void receipts(void **state)
{
    (void)state;
    char text[1024], *chain = strstr(good.json, "\"chain\":\"") + 9;
    snprintf(text, sizeof text, "client_ip=10.0.0.7 date=2026-11-20 seq=1 chain=%.64s\n", chain);
    struct receipts r = receipts_of(text);
    assert_true(check(&r));
    assert_true(r.list[0].seen);
    receipts_release(&r);
    text[strlen(text) - 2] ^= 1; /* another hex digit, or none: then it is no receipt */
    if (!strchr("0123456789abcdef", text[strlen(text) - 2]))
        text[strlen(text) - 2] = '0';
    r = receipts_of(text);
    assert_int_equal(r.count, 1);
    assert_false(check(&r));
    assert_non_null(strstr(out.text, "a receipt for seq 1 names another chain"));
    receipts_release(&r);
}

static void files_that_do_not_exist(void **state)
{
    (void)state;
    unlink(bed_csv(&bed));
    assert_false(check(NULL));
    assert_non_null(strstr(out.text, ".csv: byte 0: cannot be read"));
    unlink(bed_json(&bed));
    assert_false(check(NULL));
    assert_non_null(strstr(out.text, ".json: byte 0: cannot be read"));
    unit_write(bed_json(&bed), "", 0); /* made, and nothing stored yet */
    assert_true(check(NULL));
}

static void names(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *name, *ip, *date; /* NULL: none */
    } rows[] = {
        {__LINE__, "10.0.0.7_2026-11-20.json", "10.0.0.7", "2026-11-20"},
        {__LINE__, "0--1_2024-02-29.json", "::1", "2024-02-29"},
        {__LINE__, "2001-db8--1_2026-11-20.json", "2001:db8::1", "2026-11-20"},
        {__LINE__, "10.0.0.7_2026-11-20.csv", NULL, NULL},
        {__LINE__, "10.0.0.7_2026-11-20.json.bak", NULL, NULL},
        {__LINE__, "10.0.0.7-2026-11-20.json", NULL, NULL},
        {__LINE__, "10.0.0.7_2026-11-31.json", NULL, NULL},
        {__LINE__, "10.0.0.7_2026-13-01.json", NULL, NULL},
        {__LINE__, "10.0.0.7_20261120.json", NULL, NULL},
        {__LINE__, "10.0.0_2026-11-20.json", NULL, NULL},
        {__LINE__, "_2026-11-20.json", NULL, NULL},
        {__LINE__, "2026-11-20.json", NULL, NULL},
        {__LINE__, ".json", NULL, NULL},
        {__LINE__, "", NULL, NULL},
        {__LINE__, "::1_2026-11-20.json", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct layout_name f;
        ROW_INT(&rows[i], layout_parse(rows[i].name, ".json", &f), rows[i].ip != NULL);
        if (rows[i].ip) {
            ROW_STR(&rows[i], f.ip.text, rows[i].ip);
            ROW_STR(&rows[i], f.date, rows[i].date);
        }
    }
}

static int set_up(void **state)
{
    (void)state;
    bed_make(&bed);
    store_three();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bed_forget(&good);
    bed_remove(&bed);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(good_files),
        TEST(every_changed_byte),
        TEST(every_cut),
        TEST(what_is_said),
        TEST(csv_cells_are_named),
        TEST(lines_in_another_order),
        TEST(torn_ends),
        TEST(receipts),
        TEST(files_that_do_not_exist),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests_name("filecheck", tests, NULL, NULL);
}
