/* snapshots: one listing per name, stored once, never replaced. */
#include "tests/unit/handler/bed.h"

static struct bed bed;

static struct snapshot small(const char *uuid, const char *data)
{
    return (struct snapshot){.uuid = uuid, .timestamp = "1.5", .data = data, .len = strlen(data)};
}

static enum verdict put(const char *uuid, const char *data)
{
    struct snapshot new = small(uuid, data);
    struct fault f;
    fault_clear(&f);
    enum verdict v = snapshots_put(&bed.w.snapshots, &new, &f);
    assert_true((v == V_OK) == (f.reason[0] == '\0'));
    return v;
}

/* "<records>/record/<day of ms>/<name>" */
static const char *path_of(int64_t ms, const char *name)
{
    static char path[2][256];
    static unsigned turn;
    char date[CLOCK_DATE_LEN + 1], *out = path[turn++ % 2];
    clock_date(ms, date);
    snprintf(out, 256, "%s/record/%s/%s", bed.records, date, name);
    return out;
}

static uint64_t count(void)
{
    struct fault f;
    uint64_t n = 0;
    fault_clear(&f);
    assert_int_equal(snapshots_count(&bed.w.snapshots, &n, &f), V_OK);
    return n;
}

static void assert_latest(const char *name, const char *data)
{
    struct fault f;
    char path[LAYOUT_LISTING_MAX];
    fault_clear(&f);
    assert_int_equal(snapshots_latest(&bed.w.snapshots, path, &bed.w.text, &f), V_OK);
    assert_string_equal(strrchr(path, '/') + 1, name);
    assert_string_equal(bed.w.text.data, data);
}

static void stored_with_a_newline(void **state)
{
    (void)state;
    size_t len;
    struct stat st;
    bed.config.sync = true;
    assert_int_equal(put("a", "[{\"pid\":1}]"), V_OK);
    char *bytes = unit_read(path_of(BED_NOW, "a_1.5.json"), &len);
    BYTES(bytes, len, "[{\"pid\":1}]\n", 12);
    free(bytes);
    assert_int_equal(stat(path_of(BED_NOW, "a_1.5.json"), &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0640);
    assert_int_equal(st.st_nlink, 1);
    assert_int_equal(count(), 1);
}

static void a_name_keeps_its_listing(void **state)
{
    (void)state;
    static const char *const others[] = {"[]", "[{\"pid\":2}]", "[{\"pid\":1}", "[{\"pid\":1}]]"};
    struct stat before, after;
    assert_int_equal(put("a", "[{\"pid\":1}]"), V_OK);
    assert_int_equal(stat(path_of(BED_NOW, "a_1.5.json"), &before), 0);
    assert_int_equal(put("a", "[{\"pid\":1}]"), V_OK);
    for (size_t i = 0; i < COUNT(others); i++)
        assert_int_equal(put("a", others[i]), V_CONFLICT);
    assert_int_equal(stat(path_of(BED_NOW, "a_1.5.json"), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    assert_int_equal(before.st_size, after.st_size);
}

/* A file without its newline, or with more after it, is another listing. */
static void files_are_compared_to_their_end(void **state)
{
    (void)state;
    static const char *const files[] = {"[]", "[]x", "[]\n\n", "", "[\n\n"};
    assert_int_equal(put("x", "[]"), V_OK);
    for (size_t i = 0; i < COUNT(files); i++) {
        unit_write(path_of(BED_NOW, "a_1.5.json"), files[i], strlen(files[i]));
        assert_int_equal(put("a", "[]"), V_CONFLICT);
    }
    unit_write(path_of(BED_NOW, "a_1.5.json"), "[]\n", 3);
    assert_int_equal(put("a", "[]"), V_OK);
}

static void large_listings_are_compared_in_pieces(void **state)
{
    (void)state;
    static const size_t lengths[] = {16383, 16384, 16385, 32768, 100000};
    static char data[100001];
    for (size_t i = 0; i < COUNT(lengths); i++) {
        char uuid[8];
        snprintf(uuid, sizeof uuid, "u%zu", i);
        memset(data, 'x', lengths[i]);
        data[lengths[i]] = '\0';
        assert_int_equal(put(uuid, data), V_OK);
        assert_int_equal(put(uuid, data), V_OK);
        data[lengths[i] - 1] = 'y';
        assert_int_equal(put(uuid, data), V_CONFLICT);
    }
}

static void found_in_the_days_around(void **state)
{
    (void)state;
    int64_t midnight = clock_day_start(BED_NOW);
    bed_time = midnight - 1;
    assert_int_equal(put("a", "[]"), V_OK);
    bed_time = midnight + CLOCK_DAY_MS - 1;
    assert_int_equal(put("a", "[]"), V_OK);
    assert_int_equal(put("a", "[{}]"), V_CONFLICT);
    assert_int_equal(count(), 1);
    bed_time = midnight + CLOCK_DAY_MS; /* two days later it is a new one */
    assert_int_equal(put("a", "[]"), V_OK);
    assert_int_equal(count(), 2);
}

/* Stored by a machine whose clock is ahead, sent again to one that still has yesterday. */
static void found_tomorrow_when_clocks_differ(void **state)
{
    (void)state;
    int64_t midnight = clock_day_start(BED_NOW);
    bed_time = midnight + 1000;
    assert_int_equal(put("a", "[]"), V_OK);
    bed_time = midnight - 1000;
    assert_int_equal(put("a", "[]"), V_OK);
    assert_int_equal(put("a", "[{}]"), V_CONFLICT);
    assert_int_equal(count(), 1);
}

static void a_name_that_is_not_a_regular_file(void **state)
{
    (void)state;
    struct capture log;
    assert_int_equal(put("x", "[]"), V_OK);
    assert_int_equal(mkdir(path_of(BED_NOW, "dir_1.5.json"), 0700), 0);
    assert_int_equal(mkfifo(path_of(BED_NOW, "fifo_1.5.json"), 0600), 0);
    assert_int_equal(symlink("x_1.5.json", path_of(BED_NOW, "link_1.5.json")), 0);
    capture_begin(&log, STDERR_FILENO);
    assert_int_equal(put("dir", "[]"), V_STORE_FAILED);
    assert_int_equal(put("fifo", "[]"), V_STORE_FAILED);
    assert_int_equal(put("link", "[]"), V_STORE_FAILED);
    capture_end(&log);
    assert_non_null(strstr(log.text, "event=store_failed"));
    assert_latest("x_1.5.json", "[]\n");
}

static void a_day_that_is_removed_is_created_again(void **state)
{
    (void)state;
    char aside[256];
    assert_int_equal(put("a", "[]"), V_OK);
    snprintf(aside, sizeof aside, "%s/aside", bed.records);
    assert_int_equal(rename(path_of(BED_NOW, ""), aside), 0);
    assert_int_equal(put("b", "[]"), V_OK);
    assert_int_equal(unit_size(path_of(BED_NOW, "b_1.5.json")), 3);
    assert_int_equal(count(), 1);
}

static void too_little_space(void **state)
{
    (void)state;
    struct capture log;
    bed.config.min_free_bytes = INT64_MAX / 4;
    capture_begin(&log, STDERR_FILENO);
    assert_int_equal(put("a", "[]"), V_NO_SPACE);
    capture_end(&log);
    assert_non_null(strstr(log.text, "what=write"));
    assert_int_equal(count(), 0);
}

static void latest_is_the_one_stored_last(void **state)
{
    (void)state;
    struct fault f;
    char path[LAYOUT_LISTING_MAX], data[32];
    fault_clear(&f);
    assert_int_equal(snapshots_latest(&bed.w.snapshots, path, &bed.w.text, &f), V_NOT_FOUND);
    assert_string_equal(f.reason, "no listing is stored");
    for (int i = 99; i > 0; i--) { /* within one tick of the kernel's clock */
        char uuid[16], name[32];
        snprintf(uuid, sizeof uuid, "u%d", i);
        snprintf(data, sizeof data, "[%d]", i);
        assert_int_equal(put(uuid, data), V_OK);
        snprintf(name, sizeof name, "u%d_1.5.json", i);
        strcat(data, "\n");
        assert_latest(name, data);
    }
}

/* Days without listings, links and temporary files do not count. */
static void latest_skips_other_files(void **state)
{
    (void)state;
    bed_time = BED_NOW - 3 * CLOCK_DAY_MS;
    assert_int_equal(put("old", "[]"), V_OK);
    bed_time = BED_NOW;
    assert_int_equal(put("x", "[]"), V_OK);
    assert_int_equal(unlink(path_of(BED_NOW, "x_1.5.json")), 0);
    unit_write(path_of(BED_NOW, ".new-1"), "[1]", 3);
    unit_write(path_of(BED_NOW, "notes.json"), "[1]", 3);
    assert_int_equal(symlink("/etc/hostname", path_of(BED_NOW, "link_1.json")), 0);
    assert_int_equal(symlink("/etc/hostname", path_of(BED_NOW, "../latest")), 0);
    assert_latest("old_1.5.json", "[]\n");
}

/* A listing of the largest size, and one that an earlier configuration allowed. */
static void latest_within_max_body_bytes(void **state)
{
    (void)state;
    size_t max = bed.w.text.max - 2;
    char *data = calloc(1, max + 2), path[LAYOUT_LISTING_MAX];
    struct fault f;
    memset(data, 'x', max);
    assert_int_equal(put("a", data), V_OK);
    assert_int_equal(snapshots_latest(&bed.w.snapshots, path, &bed.w.text, &f), V_OK);
    assert_int_equal(bed.w.text.len, max + 1);
    data[max] = 'x';
    assert_int_equal(put("b", data), V_OK);
    struct capture log;
    capture_begin(&log, STDERR_FILENO);
    assert_int_equal(snapshots_latest(&bed.w.snapshots, path, &bed.w.text, &f), V_STORE_FAILED);
    capture_end(&log);
    assert_string_equal(f.reason, "the latest listing is over max_body_bytes");
    free(data);
}

static size_t environ_events(const char *uuid)
{
    struct snapshot new = small(uuid, "[]");
    struct capture log;
    struct fault f;
    size_t n = 0;
    new.has_environ = true;
    capture_begin(&log, STDERR_FILENO);
    assert_int_equal(snapshots_put(&bed.w.snapshots, &new, &f), V_OK);
    capture_end(&log);
    for (const char *p = log.text; (p = strstr(p, "event=environ_stored")); p++)
        n++;
    return n;
}

static void environments_are_logged_once_a_day(void **state)
{
    (void)state;
    assert_int_equal(put("before", "[]"), V_OK);
    assert_int_equal(environ_events("a"), 1);
    assert_int_equal(environ_events("b"), 0);
    bed_time += CLOCK_DAY_MS;
    assert_int_equal(environ_events("b"), 0); /* is stored already */
    assert_int_equal(environ_events("c"), 1);
    assert_int_equal(environ_events("d"), 0);
}

static int set_up(void **state)
{
    (void)state;
    bed_make(&bed);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bed_remove(&bed);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stored_with_a_newline),
        TEST(a_name_keeps_its_listing),
        TEST(files_are_compared_to_their_end),
        TEST(large_listings_are_compared_in_pieces),
        TEST(found_in_the_days_around),
        TEST(found_tomorrow_when_clocks_differ),
        TEST(a_name_that_is_not_a_regular_file),
        TEST(a_day_that_is_removed_is_created_again),
        TEST(too_little_space),
        TEST(latest_is_the_one_stored_last),
        TEST(latest_skips_other_files),
        TEST(latest_within_max_body_bytes),
        TEST(environments_are_logged_once_a_day),
    };
    return cmocka_run_group_tests_name("snapshots", tests, NULL, NULL);
}
