/* archived: a day is archived only if all of it is in the mark, as it is now. */
#include "tests/unit/handler/made.h"

#include "handler/cleanup/archived.h"
#include "handler/store/manifest.h"

#define DATE "2026-11-20"
#define SUM  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char json_name[] = "10.0.0.7_" DATE ".json", csv_name[] = "10.0.0.7_" DATE ".csv";

struct bed {
    char dir[64], data[128];
    struct made made;
    struct manifest m;
    char why[ARCHIVED_WHY_MAX];
};

static void in_day(struct bed *b, const char *name, char out[256])
{
    snprintf(out, 256, "%s/%s", b->data, name);
}

static void add(struct bed *b, const char *name, uint64_t size)
{
    struct manifest_entry e = {.size = size, .sha256 = SUM, .gzip_sha256 = SUM};
    strcpy(e.name, name);
    e.seq = b->made.last.seq;
    memcpy(e.chain, b->made.last.chain, sizeof e.chain);
    assert_true(manifest_add(&b->m, &e));
}

/* Two lines of an address, both files in the day and in the manifest. */
static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof *b);
    char path[256];
    unit_directory(b->dir);
    for (const char *const *part = (const char *const[]){"data", "data/" DATE, "archived", NULL};
         *part; part++) {
        snprintf(path, sizeof path, "%s/%s", b->dir, *part);
        assert_int_equal(mkdir(path, 0750), 0);
    }
    snprintf(b->data, sizeof b->data, "%s/data/" DATE, b->dir);
    made_begin(&b->made);
    made_line(&b->made, 10, 0);
    made_line(&b->made, 10, 0);
    in_day(b, json_name, path);
    unit_write(path, b->made.file.data, b->made.file.len);
    in_day(b, csv_name, path);
    unit_write_at(path, "x", 1, (off_t)b->made.last.csv_end - 1);
    manifest_init(&b->m, "data", DATE);
    b->m.whole = true;
    add(b, json_name, b->made.file.len);
    add(b, csv_name, b->made.last.csv_end);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;
    unit_remove(b->dir);
    made_end(&b->made);
    manifest_release(&b->m);
    free(b);
    return 0;
}

static void mark_path(struct bed *b, char out[256])
{
    snprintf(out, 256, "%s/archived/" DATE ".json", b->dir);
}

static enum archived_result may_go(struct bed *b)
{
    char path[256];
    struct buf text;
    buf_init(&text, 1 << 20);
    manifest_sort(&b->m);
    manifest_write(&b->m, &text);
    mark_path(b, path);
    unit_write(path, text.data, text.len);
    buf_release(&text);
    int day = open(b->data, O_RDONLY | O_DIRECTORY);
    struct archived_day d = {.records_dir = b->dir, .branch = "data", .date = DATE, .fd = day};
    enum archived_result result = archived_check(&d, b->why);
    close(day);
    return result;
}

static void test_all_of_it(void **state)
{
    struct bed *b = *state;
    char path[256];
    assert_int_equal(may_go(b), ARCHIVED_WHOLE);
    in_day(b, ".new-1-1", path); /* left by a killed process */
    unit_write(path, "x", 1);
    assert_int_equal(may_go(b), ARCHIVED_WHOLE);
    add(b, "10.0.0.9_" DATE ".json", 7); /* was here once */
    assert_int_equal(may_go(b), ARCHIVED_WHOLE);
}

static void test_without_a_mark(void **state)
{
    struct bed *b = *state;
    int day = open(b->data, O_RDONLY | O_DIRECTORY);
    struct archived_day d = {.records_dir = b->dir, .branch = "data", .date = DATE, .fd = day};
    assert_int_equal(archived_check(&d, b->why), ARCHIVED_NOT);
    assert_string_equal(b->why, "not archived");
    close(day);
}

static void test_a_mark_of_half_a_day(void **state)
{
    struct bed *b = *state;
    b->m.whole = false;
    assert_int_equal(may_go(b), ARCHIVED_NOT);
    assert_string_equal(b->why, "only a part of it was archived");
}

static void test_a_file_that_is_not_in_it(void **state)
{
    struct bed *b = *state;
    char path[256];
    in_day(b, "10.0.0.8_" DATE ".json", path);
    unit_write(path, b->made.file.data, b->made.file.len);
    assert_int_equal(may_go(b), ARCHIVED_NOT);
    assert_non_null(strstr(b->why, "10.0.0.8"));
    unlink(path);
    in_day(b, "10.0.0.8_" DATE ".csv", path);
    unit_write(path, "x", 1);
    assert_int_equal(may_go(b), ARCHIVED_NOT);
}

static void test_a_file_that_grew(void **state)
{
    struct bed *b = *state;
    char path[256];
    made_line(&b->made, 10, 0);
    in_day(b, json_name, path);
    unit_write(path, b->made.file.data, b->made.file.len);
    assert_int_equal(may_go(b), ARCHIVED_NOT);
    assert_non_null(strstr(b->why, json_name));
}

static void test_another_chain(void **state)
{
    struct bed *b = *state;
    b->m.entries[0].chain[3] = b->m.entries[0].chain[3] == '0' ? '1' : '0';
    assert_int_equal(may_go(b), ARCHIVED_NOT);
}

static void test_what_was_never_acknowledged_does_not_count(void **state)
{
    struct bed *b = *state;
    char path[256];
    buf_puts(&b->made.file, "{\"torn\":");
    in_day(b, json_name, path);
    unit_write(path, b->made.file.data, b->made.file.len);
    assert_int_equal(may_go(b), ARCHIVED_WHOLE);
    in_day(b, "10.0.0.8_" DATE ".json", path);
    unit_write(path, "{\"torn", 6);
    assert_int_equal(may_go(b), ARCHIVED_WHOLE);
}

static void test_a_file_that_is_not_ours_to_judge(void **state)
{
    struct bed *b = *state;
    char path[256];
    in_day(b, "10.0.0.8_" DATE ".json", path);
    unit_write(path, "{\"not\":\"rollcall's\"}\n", 21);
    assert_int_equal(may_go(b), ARCHIVED_NOT);
    unlink(path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(may_go(b), ARCHIVED_NOT);
}

/* Names that rollcall gives elsewhere, but not here: they are not removed either. */
static void test_a_file_of_another_day_does_not_count(void **state)
{
    struct bed *b = *state;
    static const char *const names[] = {"10.0.0.8_2026-11-19.json", "10.0.0.8_2026-11-19.csv",
                                        "u_1.json", "notes.txt"};
    char path[256];
    for (size_t i = 0; i < COUNT(names); i++) {
        in_day(b, names[i], path);
        unit_write(path, "x", 1);
        assert_int_equal(may_go(b), ARCHIVED_WHOLE);
    }
}

static enum archived_result check_mark(struct bed *b, const char *text)
{
    char path[256];
    int day = open(b->data, O_RDONLY | O_DIRECTORY);
    struct archived_day d = {.records_dir = b->dir, .branch = "data", .date = DATE, .fd = day};
    mark_path(b, path);
    unit_write(path, text, strlen(text));
    enum archived_result result = archived_check(&d, b->why);
    close(day);
    return result;
}

static void test_a_mark_that_cannot_be_read(void **state)
{
    struct bed *b = *state;
    char path[256];
    assert_int_equal(check_mark(b, "{}\n"), ARCHIVED_UNKNOWN);
    assert_string_equal(b->why, "its mark is not a manifest of this day");
    assert_int_equal(check_mark(b, ""), ARCHIVED_UNKNOWN);
    mark_path(b, path);
    unlink(path);
    assert_int_equal(mkdir(path, 0750), 0);
    int day = open(b->data, O_RDONLY | O_DIRECTORY);
    struct archived_day d = {.records_dir = b->dir, .branch = "data", .date = DATE, .fd = day};
    assert_int_equal(archived_check(&d, b->why), ARCHIVED_UNKNOWN);
    close(day);
}

static void test_the_mark_is_removed_with_its_day(void **state)
{
    struct bed *b = *state;
    char path[256];
    assert_int_equal(may_go(b), ARCHIVED_WHOLE);
    struct archived_day d = {.records_dir = b->dir, .branch = "data", .date = DATE};
    archived_forget(&d);
    mark_path(b, path);
    assert_int_equal(unit_size(path), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_of_it),
        TEST(test_without_a_mark),
        TEST(test_a_mark_of_half_a_day),
        TEST(test_a_file_that_is_not_in_it),
        TEST(test_a_file_that_grew),
        TEST(test_another_chain),
        TEST(test_what_was_never_acknowledged_does_not_count),
        TEST(test_a_file_that_is_not_ours_to_judge),
        TEST(test_a_file_of_another_day_does_not_count),
        TEST(test_a_mark_that_cannot_be_read),
        TEST(test_the_mark_is_removed_with_its_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
