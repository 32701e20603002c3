/* rebuild, replace: the CSV file from the JSON file alone, the same bytes again. */
#include "tests/unit/handler/bed.h"

#include "handler/store/rebuild.h"
#include "handler/verify/replace.h"

#include <errno.h>

static struct bed bed;

static bool collect(void *to, const char *bytes, size_t len)
{
    buf_add(to, bytes, len);
    return true;
}

/* Rebuilds up to `end` into `b`. */
static bool rebuild_to(struct buf *b, off_t end, off_t *bad)
{
    int fd = open(bed_json(&bed), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    buf_reset(b);
    bool ok = rebuild_csv(&(struct rebuild_source){fd, -1, end}, collect, b, bad);
    int saved = errno;
    close(fd);
    errno = saved;
    return ok;
}

static void store_some(void)
{
    bed_store(&bed, BED_RECORD("\"hostname\":\"=\\n\\u0085\\\"\","));
    bed_store(&bed, "{\"processor\":\"\",\"os_name\":\"\",\"os_version\":\"\\ud800\",\"users\":"
                    "[{\"name\":\"a\"},\"b\"],\"processes\":\"PID RSS CMD\\n1 5 x\\nnone\\n\"}");
    bed_time += 5000;
    bed_store(&bed, BED_RECORD("") "\n" BED_RECORD("\"id\":\"x\",") "\n");
}

static void the_same_bytes(void **state)
{
    (void)state;
    struct buf b;
    off_t bad;
    buf_init(&b, 1 << 20);
    store_some();
    struct bed_shot shot = bed_shoot(&bed);
    assert_true(rebuild_to(&b, (off_t)shot.json_len, &bad));
    BYTES(b.data, b.len, shot.csv, shot.csv_len);
    assert_true(rebuild_to(&b, 0, &bad));
    assert_int_equal(b.len, 0);
    bed_forget(&shot);
    buf_release(&b);
}

static void lines_that_are_not_ours(void **state)
{
    (void)state;
    struct buf b;
    off_t bad = 0;
    buf_init(&b, 1 << 20);
    store_some();
    off_t end = unit_size(bed_json(&bed));
    unit_write_at(bed_json(&bed), "{}\n", 3, end);
    assert_false(rebuild_to(&b, end + 3, &bad));
    assert_int_equal(errno, EBADMSG);
    assert_int_equal(bad, end);
    assert_false(rebuild_to(&b, end - 1, &bad)); /* no commit: the last line is torn */
    assert_int_equal(errno, EBADMSG);
    buf_release(&b);
}

static bool refuse(void *to, const char *bytes, size_t len)
{
    (void)to;
    (void)bytes;
    (void)len;
    errno = ENOSPC;
    return false;
}

static void the_sink_says_no(void **state)
{
    (void)state;
    off_t bad;
    store_some();
    int fd = open(bed_json(&bed), O_RDONLY | O_CLOEXEC);
    assert_false(rebuild_csv(&(struct rebuild_source){fd, -1, unit_size(bed_json(&bed))}, refuse,
                             NULL, &bad));
    assert_int_equal(errno, ENOSPC);
    close(fd);
}

/* The new file takes the old one's place, whatever that held; its mode is the JSON file's. */
static void in_the_place_of_the_old(void **state)
{
    (void)state;
    static const char *const olds[] = {NULL, "", "nonsense\n"};
    store_some();
    struct bed_shot shot = bed_shoot(&bed);
    for (size_t i = 0; i < COUNT(olds); i++) {
        struct stat st;
        long long written = 0;
        unlink(bed_csv(&bed));
        if (olds[i])
            unit_write(bed_csv(&bed), olds[i], strlen(olds[i]));
        assert_int_equal(chmod(bed_json(&bed), 0600), 0);
        assert_true(replace_csv(bed_json(&bed), &written));
        assert_int_equal(written, shot.csv_len);
        assert_true(bed_same(&bed, &shot));
        assert_int_equal(stat(bed_csv(&bed), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(bed_lines(&bed), 4);
    }
    bed_forget(&shot);
}

static void refused_and_left_alone(void **state)
{
    (void)state;
    struct capture out;
    long long written = 0;
    store_some();
    off_t end = unit_size(bed_json(&bed));
    unit_write_at(bed_json(&bed), "foreign\n", 8, end);
    struct bed_shot shot = bed_shoot(&bed);
    capture_begin(&out, STDOUT_FILENO);
    bool ok = replace_csv(bed_json(&bed), &written);
    capture_end(&out);
    assert_false(ok);
    char want[64];
    snprintf(want, sizeof want, ": byte %lld: not a line", (long long)end);
    assert_non_null(strstr(out.text, want));
    assert_true(bed_same(&bed, &shot));
    bed_forget(&shot);
    capture_begin(&out, STDOUT_FILENO);
    ok = replace_csv("/nonexistent/10.0.0.7_2026-11-20.json", &written);
    capture_end(&out);
    assert_false(ok);
    assert_non_null(strstr(out.text, "/nonexistent/"));
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_bytes),          TEST(lines_that_are_not_ours), TEST(the_sink_says_no),
        TEST(in_the_place_of_the_old), TEST(refused_and_left_alone),
    };
    return cmocka_run_group_tests_name("rebuild", tests, NULL, NULL);
}
