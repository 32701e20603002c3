/* pair: what is certain under the lock, and what happens on the way to it. */
#include "tests/unit/handler/bed.h"

#include "handler/store/txn.h"

#include <poll.h>
#include <sys/file.h>
#include <sys/wait.h>

static struct bed bed;
static struct batch batch;
static struct txn txn;
static struct fault f;

static struct pair *const today = &txn.today;

/* Opens today's pair as a request does. */
static enum verdict open_pair(int64_t timeout_ms)
{
    fault_clear(&f);
    bed.config.lock_timeout_ms = timeout_ms;
    batch.ip = &bed.ip;
    txn = (struct txn){.store = &bed.w.store,
                       .batch = &batch,
                       .fault = &f,
                       .today = PAIR_NONE,
                       .tomorrow = PAIR_NONE};
    return txn_open(&txn);
}

static enum verdict find_pair(const struct ip *ip, const char *date)
{
    struct pair_of of = {&bed.w.store.dirs, ip, 0};
    fault_clear(&f);
    return pair_find(today, &of, date, &f);
}

/* The same, with the log's lines in `log`. */
static struct capture log_lines;

static enum verdict open_quietly(int64_t timeout_ms)
{
    capture_begin(&log_lines, STDERR_FILENO);
    enum verdict v = open_pair(timeout_ms);
    capture_end(&log_lines);
    return v;
}

static void makes_both_files(void **state)
{
    (void)state;
    mode_t mask = umask(0);
    assert_int_equal(open_pair(0), V_OK);
    umask(mask);
    struct stat st;
    assert_string_equal(today->json_name, "10.0.0.7_2026-11-20.json");
    assert_string_equal(today->csv_name, "10.0.0.7_2026-11-20.csv");
    assert_string_equal(today->date, "2026-11-20");
    assert_int_equal(txn.now, BED_NOW);
    assert_int_equal(today->json_size, 0);
    assert_int_equal(today->csv_size, 0);
    assert_int_equal(stat(bed_json(&bed), &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0640);
    assert_int_equal(stat(bed_csv(&bed), &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0640);
    pair_close(today);
    assert_int_equal(today->json, -1);
    assert_int_equal(today->csv, -1);
}

static void sizes_are_the_files(void **state)
{
    (void)state;
    assert_int_equal(open_pair(0), V_OK);
    pair_close(today);
    unit_write(bed_json(&bed), "12345", 5);
    unit_write(bed_csv(&bed), "123", 3);
    assert_int_equal(open_pair(0), V_OK);
    assert_int_equal(today->json_size, 5);
    assert_int_equal(today->csv_size, 3);
    pair_close(today);
}

static void the_lock_times_out(void **state)
{
    (void)state;
    assert_int_equal(open_pair(0), V_OK);
    struct pair holder = *today;
    assert_int_equal(open_quietly(20), V_UNAVAILABLE);
    assert_int_equal(f.retry_after, 1);
    assert_non_null(strstr(log_lines.text, "event=lock_timeout file=10.0.0.7_2026-11-20.json"));
    assert_null(strstr(f.reason, "/"));
    pair_close(&holder);
    assert_int_equal(open_pair(0), V_OK);
    pair_close(today);
}

/* Has the process the JSON file open? */
static bool has_open(pid_t pid)
{
    for (int fd = 0; fd < 64; fd++) {
        char link[64], to[256];
        snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, fd);
        ssize_t n = readlink(link, to, sizeof to - 1);
        to[n > 0 ? n : 0] = '\0';
        if (strcmp(to, bed_json(&bed)) == 0)
            return true;
    }
    return false;
}

/* Runs `meanwhile` in this process once a child waits for the lock; then gives the lock back. */
static int while_a_child_waits(void (*meanwhile)(void), int (*child)(void))
{
    assert_int_equal(open_pair(0), V_OK);
    struct pair holder = *today;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(holder.json); /* a forked lock is shared until each copy is closed */
        close(holder.csv);
        close(ready[0]);
        ssize_t n = write(ready[1], "x", 1);
        _exit(n == 1 ? child() : 99);
    }
    char c;
    assert_int_equal(read(ready[0], &c, 1), 1);
    close(ready[0]);
    close(ready[1]);
    while (!has_open(pid)) /* opened, it cannot get further: we have the lock */
        assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
    meanwhile();
    pair_close(&holder);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* In the child: the pair that comes must be the one that the name leads to now. */
static int opens_what_is_there(void)
{
    struct stat named, opened;
    if (open_pair(10000) != V_OK)
        return 1;
    if (stat(bed_json(&bed), &named) != 0 || fstat(today->json, &opened) != 0)
        return 2;
    return named.st_ino == opened.st_ino && today->json_size == named.st_size ? 0 : 3;
}

static void replace_by_rename(void)
{
    char other[256];
    snprintf(other, sizeof other, "%s/other", bed.dir);
    unit_write(other, "new", 3);
    assert_int_equal(rename(other, bed_json(&bed)), 0);
}

static void remove_the_day(void)
{
    char path[256];
    snprintf(path, sizeof path, "%s/data/2026-11-20", bed.records);
    unit_remove(path);
}

static void unlink_the_file(void)
{
    assert_int_equal(unlink(bed_json(&bed)), 0);
}

static void files_that_move_while_it_waits(void **state)
{
    (void)state;
    assert_int_equal(while_a_child_waits(replace_by_rename, opens_what_is_there), 0);
    assert_int_equal(while_a_child_waits(unlink_the_file, opens_what_is_there), 0);
    assert_int_equal(while_a_child_waits(remove_the_day, opens_what_is_there), 0);
}

/* A clock that passes midnight between its first and its second reading. */
static int readings;

static int64_t clock_at_midnight(void)
{
    return readings++ == 0 ? bed_time - 1 : bed_time;
}

static void midnight_passes_under_the_lock(void **state)
{
    (void)state;
    bed_time = clock_day_start(BED_NOW) + CLOCK_DAY_MS; /* 2026-11-21T00:00:00.000Z */
    readings = 0;
    bed.w.store.clock = clock_at_midnight;
    assert_int_equal(open_pair(0), V_OK);
    assert_string_equal(today->date, "2026-11-21");
    assert_string_equal(today->json_name, "10.0.0.7_2026-11-21.json");
    assert_int_equal(txn.now, bed_time);
    assert_true(readings >= 4);
    pair_close(today);
    assert_int_equal(unit_size(bed_json(&bed)), 0);
}

static int64_t never_still(void)
{
    return BED_NOW + CLOCK_DAY_MS * (readings++ % 2);
}

static void a_clock_that_does_not_keep_still(void **state)
{
    (void)state;
    readings = 0;
    bed.w.store.clock = never_still;
    assert_int_equal(open_pair(0), V_STORE_FAILED);
    assert_int_equal(today->json, -1);
}

enum kind { SYMLINK, DANGLING, FIFO, DIRECTORY, HARDLINK };

static void put_there(enum kind kind, const char *path)
{
    char target[128];
    snprintf(target, sizeof target, "%s/target", bed.dir);
    unlink(target);
    unlink(path);
    if (kind != DANGLING)
        unit_write(target, "precious", 8);
    switch (kind) {
    case SYMLINK:
    case DANGLING:
        assert_int_equal(symlink(target, path), 0);
        break;
    case FIFO:
        assert_int_equal(mkfifo(path, 0640), 0);
        break;
    case DIRECTORY:
        assert_int_equal(mkdir(path, 0750), 0);
        break;
    case HARDLINK:
        assert_int_equal(link(target, path), 0);
    }
}

static void not_regular_files_with_one_name(void **state)
{
    (void)state;
    char target[128];
    snprintf(target, sizeof target, "%s/target", bed.dir);
    for (int csv = 0; csv < 2; csv++)
        for (enum kind kind = SYMLINK; kind <= HARDLINK; kind++) {
            const char *path = csv ? bed_csv(&bed) : bed_json(&bed);
            assert_int_equal(open_pair(0), V_OK);
            pair_close(today);
            put_there(kind, path);
            assert_int_equal(open_quietly(0), V_STORE_FAILED);
            assert_non_null(strstr(log_lines.text, "event=file_not_ours"));
            assert_non_null(strstr(log_lines.text, csv ? ".csv" : ".json"));
            assert_null(strchr(f.reason, '/'));
            assert_int_equal(unit_size(target), kind == DANGLING ? -1 : 8);
            assert_int_equal(remove(path), 0);
        }
}

static void the_past(void **state)
{
    (void)state;
    assert_int_equal(find_pair(&bed.ip, "2026-11-19"), V_OK);
    assert_int_equal(today->state, PAIR_ABSENT);
    assert_int_equal(open_pair(0), V_OK);
    pair_close(today);
    assert_int_equal(find_pair(&bed.ip, "2026-11-20"), V_OK);
    assert_int_equal(today->state, PAIR_OPEN);
    int dir = today->dir;
    pair_close(today);
    assert_int_equal(fcntl(dir, F_GETFD), -1); /* its own directory is closed, too */
    struct ip other;
    assert_true(ip_parse("10.0.0.8", &other));
    assert_int_equal(find_pair(&other, "2026-11-20"), V_OK);
    assert_int_equal(today->state, PAIR_ABSENT);
    assert_int_equal(today->json, -1);
}

static void removed_again(void **state)
{
    (void)state;
    assert_int_equal(open_pair(0), V_OK);
    pair_remove(today);
    pair_close(today);
    assert_int_equal(unit_size(bed_json(&bed)), -1);
    assert_int_equal(unit_size(bed_csv(&bed)), -1);
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
        TEST(makes_both_files),
        TEST(sizes_are_the_files),
        TEST(the_lock_times_out),
        TEST(files_that_move_while_it_waits),
        TEST(midnight_passes_under_the_lock),
        TEST(a_clock_that_does_not_keep_still),
        TEST(not_regular_files_with_one_name),
        TEST(the_past),
        TEST(removed_again),
    };
    return cmocka_run_group_tests_name("pair", tests, NULL, NULL);
}
