/* spool: complete files only, oldest first, limits, one sender, foreign files untouched. */
#include "tests/unit/unit.h"

#include "agent/send/spool.h"
#include "handler/shared/buf.h"

#include <signal.h>
#include <sys/wait.h>

enum { DAY = 86400000 };
#define NOW ((int64_t)1795229278000)

struct bed {
    char dir[64], path[80];
    struct spool spool;
    char why[SPOOL_WHY_MAX];
};

static void bed_open(struct bed *b, uint64_t bytes)
{
    unit_directory(b->dir);
    snprintf(b->path, sizeof b->path, "%s/spool", b->dir);
    spool_init(&b->spool, b->path, bytes, 7 * (int64_t)DAY);
    assert_int_equal(spool_open(&b->spool, 0, b->why), SPOOL_OPEN);
    spool_scan(&b->spool);
}

static void bed_close(struct bed *b)
{
    spool_close(&b->spool);
    unit_remove(b->dir);
}

static bool add(struct bed *b, int64_t created, const char *text)
{
    struct spool_record record = {.created = created, .line = text, .len = strlen(text)};
    return spool_add(&b->spool, &record, b->why);
}

/* A path below the spool. */
static const char *below(const struct bed *b, const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", b->path, name);
    return path;
}

static void assert_holds(struct bed *b, size_t at, const char *want)
{
    struct buf packed, text;
    buf_init(&packed, 1 << 20);
    buf_init(&text, 1 << 20);
    assert_int_equal(spool_read(&b->spool, &b->spool.list[at], &packed, &text), SPOOL_READ);
    BYTES(text.data, text.len - 1, want, strlen(want));
    buf_release(&packed);
    buf_release(&text);
}

static void test_oldest_first(void **state)
{
    (void)state;
    struct bed b;
    bed_open(&b, 1 << 20);
    assert_true(add(&b, NOW - 1, "{2}") && add(&b, NOW, "{3}") && add(&b, NOW, "{4}") &&
                add(&b, NOW - 9, "{1}"));
    spool_scan(&b.spool);
    assert_int_equal(b.spool.count, 4);
    assert_int_equal(b.spool.waiting, 4);
    assert_holds(&b, 0, "{1}");
    assert_holds(&b, 1, "{2}");
    assert_holds(&b, 2, "{3}");
    assert_holds(&b, 3, "{4}");
    bed_close(&b);
}

static void test_modes(void **state)
{
    (void)state;
    struct bed b;
    struct stat st;
    umask(0);
    bed_open(&b, 1 << 20);
    assert_true(add(&b, NOW, "{}"));
    umask(022);
    assert_int_equal(stat(b.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(below(&b, "1795229278000-0000-0.data.gz"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(below(&b, "lock"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    bed_close(&b);
}

static void test_a_mark_is_kept_and_the_first_counts(void **state)
{
    (void)state;
    struct bed b;
    bed_open(&b, 1 << 20);
    assert_true(add(&b, NOW, "{1}"));
    spool_mark(&b.spool, &b.spool.list[0], 77);
    spool_mark(&b.spool, &b.spool.list[0], 99);
    spool_scan(&b.spool);
    assert_int_equal(b.spool.list[0].name.tried, 77);
    assert_holds(&b, 0, "{1}");
    bed_close(&b);
}

static void test_the_oldest_go_when_it_is_full(void **state)
{
    (void)state;
    struct bed b;
    struct capture err;
    char text[64];
    bed_open(&b, 1000); /* a packed line takes some 30 bytes */
    capture_begin(&err, STDERR_FILENO);
    for (int i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "{%d}", i);
        assert_true(add(&b, NOW + i, text));
        assert_true(b.spool.bytes <= 1000);
    }
    capture_end(&err);
    assert_non_null(strstr(err.text, "event=spool_dropped"));
    assert_non_null(strstr(err.text, "count=1"));
    spool_scan(&b.spool);
    assert_true(b.spool.count > 10 && b.spool.count < 60);
    assert_holds(&b, b.spool.count - 1, "{99}");
    snprintf(text, sizeof text, "{%zu}", 100 - b.spool.count);
    assert_holds(&b, 0, text);
    bed_close(&b);
}

static void test_one_that_never_fits_drops_nothing(void **state)
{
    (void)state;
    struct bed b;
    char noise[5000];
    uint64_t seed = 5;
    bed_open(&b, 1000);
    assert_true(add(&b, NOW, "{1}"));
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)('!' + unit_below(&seed, 90));
    noise[sizeof noise - 1] = '\0';
    assert_false(add(&b, NOW, noise));
    assert_non_null(strstr(b.why, "spool_bytes"));
    assert_int_equal(b.spool.waiting, 1);
    bed_close(&b);
}

static void test_old_records_go_when_they_expire(void **state)
{
    (void)state;
    struct bed b;
    struct capture err;
    bed_open(&b, 1 << 20);
    assert_true(add(&b, NOW - 8 * (int64_t)DAY, "{1}") && add(&b, NOW - 6 * (int64_t)DAY, "{2}"));
    spool_scan(&b.spool);
    assert_int_equal(b.spool.waiting, 2); /* looking does not drop anything */
    capture_begin(&err, STDERR_FILENO);
    spool_expire(&b.spool, NOW);
    capture_end(&err);
    assert_non_null(strstr(err.text, "count=1 reason=\"older than spool_age\""));
    assert_int_equal(b.spool.waiting, 1);
    bed_close(&b);
}

static void test_foreign_files_are_left_alone(void **state)
{
    (void)state;
    struct bed b;
    char target[80];
    bed_open(&b, 1 << 20);
    snprintf(target, sizeof target, "%s/target", b.dir);
    unit_write(target, "secret", 6);
    unit_write(below(&b, "notes.txt"), "x", 1);
    assert_int_equal(symlink(target, below(&b, "1795229278000-0000-0.data.gz")), 0);
    assert_int_equal(mkdir(below(&b, "1795229278000-0001-0.data.gz"), 0700), 0);
    assert_int_equal(mkfifo(below(&b, "1795229278000-0002-0.data.gz"), 0600), 0);
    spool_scan(&b.spool);
    spool_expire(&b.spool, NOW + 30 * (int64_t)DAY);
    assert_int_equal(b.spool.count, 0);
    assert_true(add(&b, NOW, "{1}")); /* takes the first name that is free */
    assert_int_equal(b.spool.list[0].name.serial, 3);
    assert_int_equal(unit_size(target), 6);
    assert_int_equal(unit_size(below(&b, "notes.txt")), 1);
    bed_close(&b);
}

static void test_a_link_in_the_place_of_the_temporary(void **state)
{
    (void)state;
    struct bed b;
    char target[80];
    bed_open(&b, 1 << 20);
    snprintf(target, sizeof target, "%s/target", b.dir);
    unit_write(target, "secret", 6);
    assert_int_equal(symlink(target, below(&b, ".new")), 0);
    assert_true(add(&b, NOW, "{1}"));
    assert_int_equal(unit_size(target), 6);
    assert_holds(&b, 0, "{1}");
    bed_close(&b);
}

static void test_damaged_files_are_known_and_set_aside(void **state)
{
    (void)state;
    static const char *const lines[] = {"", "x", "{1}\n{2}"};
    struct bed b;
    struct buf packed, text;
    struct capture err;
    bed_open(&b, 1 << 20);
    for (size_t i = 0; i < COUNT(lines); i++)
        add(&b, NOW, lines[i]);
    unit_write(below(&b, "1795229278000-0003-0.data.gz"), "not gzip, but long enough", 25);
    unit_write(below(&b, "1795229278000-0004-0.data.gz"), "", 0);
    spool_scan(&b.spool);
    assert_int_equal(b.spool.count, 5);
    buf_init(&packed, 1 << 20);
    buf_init(&text, 1 << 20);
    capture_begin(&err, STDERR_FILENO);
    for (size_t i = 0; i < b.spool.count; i++) {
        buf_reset(&packed);
        buf_reset(&text);
        assert_int_equal(spool_read(&b.spool, &b.spool.list[i], &packed, &text), SPOOL_FAILED);
        spool_set_aside(&b.spool, &b.spool.list[i], "test");
    }
    capture_end(&err);
    assert_non_null(strstr(err.text, "event=spool_set_aside"));
    assert_non_null(strstr(err.text, "file=1795229278000-0004-0.data.gz"));
    assert_int_equal(b.spool.waiting, 0);
    assert_int_equal(unit_size(below(&b, "1795229278000-0003-0.data.gz.bad")), 25);
    spool_scan(&b.spool);
    assert_int_equal(b.spool.count, 5);
    assert_int_equal(b.spool.waiting, 0);
    buf_release(&packed);
    buf_release(&text);
    bed_close(&b);
}

static void test_one_sends_and_others_add(void **state)
{
    (void)state;
    struct bed b;
    struct spool other;
    struct spool_record record = {.created = NOW, .line = "{other}", .len = 7};
    struct buf packed, text;
    buf_init(&packed, 1 << 20);
    buf_init(&text, 1 << 20);
    bed_open(&b, 1 << 20);
    spool_init(&other, b.path, 1 << 20, DAY);
    assert_int_equal(spool_open(&other, 50, b.why), SPOOL_BUSY);
    assert_non_null(strstr(b.why, b.path));
    spool_scan(&other);
    spool_set_hold(&other, NOW); /* the sender's alone */
    assert_int_equal(spool_hold(&b.spool), 0);
    assert_true(add(&b, NOW, "{mine}"));
    assert_true(spool_add(&other, &record, b.why));
    spool_scan(&b.spool);
    assert_int_equal(b.spool.waiting, 2);
    assert_holds(&b, 1, "{other}");
    spool_remove(&other, &other.list[0]); /* as it does when the spool is full */
    assert_int_equal(spool_read(&b.spool, &b.spool.list[1], &packed, &text), SPOOL_GONE);
    assert_int_equal(packed.len + text.len, 0);
    spool_close(&b.spool);
    spool_close(&other);
    assert_int_equal(spool_open(&b.spool, 0, b.why), SPOOL_OPEN);
    bed_close(&b);
}

static void test_a_directory_that_is_unusable(void **state)
{
    (void)state;
    struct bed b;
    struct spool s;
    struct spool_record record = {.created = NOW, .line = "{}", .len = 2};
    bed_open(&b, 1 << 20);
    static const struct {
        int line;
        const char *name;
        mode_t mode; /* 0: not created */
    } rows[] = {{__LINE__, "none/below", 0},
                {__LINE__, "lock", 0},
                {__LINE__, "others", 0777},
                {__LINE__, "group", 0770}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *path = below(&b, rows[i].name);
        if (rows[i].mode)
            ROW_TRUE(&rows[i], mkdir(path, 0700) == 0 && chmod(path, rows[i].mode) == 0);
        spool_init(&s, path, 1, 1);
        ROW_INT(&rows[i], spool_open(&s, 0, b.why), SPOOL_UNUSABLE);
        ROW_TRUE(&rows[i], b.why[0] != '\0');
    }
    assert_int_equal(symlink(b.path, below(&b, "link")), 0);
    spool_init(&s, below(&b, "link"), 1, 1);
    assert_int_equal(spool_open(&s, 0, b.why), SPOOL_UNUSABLE);
    assert_false(spool_add(&s, &record, b.why));
    spool_scan(&s);
    assert_int_equal(s.count + s.waiting, 0);
    spool_set_hold(&s, 5);
    assert_int_equal(spool_hold(&s), 0);
    spool_close(&s);
    bed_close(&b);
}

static void test_hold_outlives_the_agent(void **state)
{
    (void)state;
    struct bed b;
    bed_open(&b, 1 << 20);
    assert_int_equal(spool_hold(&b.spool), 0);
    spool_set_hold(&b.spool, NOW);
    spool_close(&b.spool);
    assert_int_equal(spool_open(&b.spool, 0, b.why), SPOOL_OPEN);
    assert_int_equal(spool_hold(&b.spool), NOW);
    spool_set_hold(&b.spool, 7);
    assert_int_equal(spool_hold(&b.spool), 7);
    unit_write_at(below(&b, "lock"), "garbage", 7, 0);
    assert_int_equal(spool_hold(&b.spool), 0);
    bed_close(&b);
}

/* Adds and removes until it is killed. */
_Noreturn static void write_for_ever(const struct bed *b)
{
    struct spool s;
    char why[SPOOL_WHY_MAX], line[4000];
    memset(line, 'x', sizeof line);
    spool_init(&s, b->path, 1 << 20, DAY);
    if (spool_open(&s, 0, why) != SPOOL_OPEN)
        _exit(1);
    spool_scan(&s);
    for (int64_t i = 0;; i++) {
        int len = snprintf(line, sizeof line, "{%lld", (long long)i);
        line[len] = 'x';
        struct spool_record record = {.created = NOW + i, .line = line, .len = sizeof line};
        if (!spool_add(&s, &record, why))
            _exit(2);
        if (i % 3 == 0)
            spool_mark(&s, &s.list[i], 7);
        if (i >= 5)
            spool_remove(&s, &s.list[i - 5]);
    }
}

static void test_killed_at_any_point_leaves_whole_files(void **state)
{
    (void)state;
    struct bed b;
    uint64_t seed = 11;
    bed_open(&b, 1 << 20);
    spool_close(&b.spool);
    for (int round = 0; round < 40; round++) {
        int status;
        pid_t child = fork();
        if (child == 0)
            write_for_ever(&b);
        usleep((useconds_t)(1000 + unit_below(&seed, 15000)));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(spool_open(&b.spool, 0, b.why), SPOOL_OPEN);
        assert_int_equal(unit_size(below(&b, ".new")), -1);
        spool_scan(&b.spool);
        assert_true(b.spool.count <= 7);
        for (size_t i = 0; i < b.spool.count; i++) {
            struct buf packed, text;
            buf_init(&packed, 1 << 20);
            buf_init(&text, 1 << 20);
            assert_int_equal(spool_read(&b.spool, &b.spool.list[i], &packed, &text), SPOOL_READ);
            assert_int_equal(text.len, 4001);
            buf_release(&packed);
            buf_release(&text);
            spool_remove(&b.spool, &b.spool.list[i]);
        }
        spool_close(&b.spool);
    }
    bed_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oldest_first),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_a_mark_is_kept_and_the_first_counts),
        cmocka_unit_test(test_the_oldest_go_when_it_is_full),
        cmocka_unit_test(test_one_that_never_fits_drops_nothing),
        cmocka_unit_test(test_old_records_go_when_they_expire),
        cmocka_unit_test(test_foreign_files_are_left_alone),
        cmocka_unit_test(test_a_link_in_the_place_of_the_temporary),
        cmocka_unit_test(test_damaged_files_are_known_and_set_aside),
        cmocka_unit_test(test_one_sends_and_others_add),
        cmocka_unit_test(test_a_directory_that_is_unusable),
        cmocka_unit_test(test_hold_outlives_the_agent),
        cmocka_unit_test(test_killed_at_any_point_leaves_whole_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
