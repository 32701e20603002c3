/* daypair: what is certain under the lock, and what happens on the way to it. */
#include "tests/unit/handler/bed.h"

#include "handler/store/pair.h"

#include <poll.h>
#include <sys/file.h>
#include <sys/wait.h>

static struct bed bed;
static struct dirs days;
static struct kept kept;
static struct pair pair;
static struct fault f;

static enum verdict open_pair(int64_t timeout_ms)
{
    fault_clear(&f);
    return pair_open(&pair, &days, &kept, &bed.ip, bed_clock, timeout_ms, &f);
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
    assert_string_equal(pair.json_name, "10.0.0.7_2026-11-20.json");
    assert_string_equal(pair.csv_name, "10.0.0.7_2026-11-20.csv");
    assert_string_equal(pair.date, "2026-11-20");
    assert_int_equal(pair.now, BED_NOW);
    assert_int_equal(pair.json_size, 0);
    assert_int_equal(pair.csv_size, 0);
    assert_int_equal(stat(bed_json(&bed), &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0640);
    assert_int_equal(stat(bed_csv(&bed), &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0640);
    pair_close(&pair);
    assert_int_equal(pair.json, -1);
    assert_int_equal(pair.csv, -1);
}

static void sizes_are_the_files(void **state)
{
    (void)state;
    assert_int_equal(open_pair(0), V_OK);
    pair_close(&pair);
    unit_write(bed_json(&bed), "12345", 5);
    unit_write(bed_csv(&bed), "123", 3);
    assert_int_equal(open_pair(0), V_OK);
    assert_int_equal(pair.json_size, 5);
    assert_int_equal(pair.csv_size, 3);
    pair_close(&pair);
}

static void the_lock_times_out(void **state)
{
    (void)state;
    assert_int_equal(open_pair(0), V_OK);
    struct pair holder = pair;
    assert_int_equal(open_quietly(20), V_UNAVAILABLE);
    assert_int_equal(f.retry_after, 1);
    assert_non_null(strstr(log_lines.text, "event=lock_timeout file=10.0.0.7_2026-11-20.json"));
    assert_null(strstr(f.reason, "/"));
    pair_close(&holder);
    assert_int_equal(open_pair(0), V_OK);
    pair_close(&pair);
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
    struct pair holder = pair;
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
    if (stat(bed_json(&bed), &named) != 0 || fstat(pair.json, &opened) != 0)
        return 2;
    return named.st_ino == opened.st_ino && pair.json_size == named.st_size ? 0 : 3;
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

static void what_moves_while_it_waits(void **state)
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
    fault_clear(&f);
    assert_int_equal(pair_open(&pair, &days, &kept, &bed.ip, clock_at_midnight, 0, &f), V_OK);
    assert_string_equal(pair.date, "2026-11-21");
    assert_string_equal(pair.json_name, "10.0.0.7_2026-11-21.json");
    assert_int_equal(pair.now, bed_time);
    assert_true(readings >= 4);
    pair_close(&pair);
    assert_int_equal(unit_size(bed_json(&bed)), 0);
}

static int64_t never_still(void)
{
    return BED_NOW + CLOCK_DAY_MS * (readings++ % 2);
}

static void a_clock_that_does_not_keep_still(void **state)
{
    (void)state;
    fault_clear(&f);
    readings = 0;
    assert_int_equal(pair_open(&pair, &days, &kept, &bed.ip, never_still, 0, &f), V_STORE_FAILED);
    assert_int_equal(pair.json, -1);
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
            pair_close(&pair);
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
    fault_clear(&f);
    assert_int_equal(pair_open_past(&pair, &days, &bed.ip, "2026-11-19", 0, &f), V_NOT_FOUND);
    assert_int_equal(open_pair(0), V_OK);
    pair_close(&pair);
    assert_int_equal(pair_open_past(&pair, &days, &bed.ip, "2026-11-20", 0, &f), V_OK);
    assert_true(pair.past);
    int dir = pair.dir;
    pair_close(&pair);
    assert_int_equal(fcntl(dir, F_GETFD), -1); /* its own directory is closed, too */
    struct ip other;
    assert_true(ip_parse("10.0.0.8", &other));
    assert_int_equal(pair_open_past(&pair, &days, &other, "2026-11-20", 0, &f), V_NOT_FOUND);
}

static void removed_again(void **state)
{
    (void)state;
    assert_int_equal(open_pair(0), V_OK);
    pair_remove(&pair);
    pair_close(&pair);
    assert_int_equal(unit_size(bed_json(&bed)), -1);
    assert_int_equal(unit_size(bed_csv(&bed)), -1);
}

/* A pair with something in it, kept open; its descriptors. */
static struct pair keep_pair(void)
{
    assert_int_equal(open_pair(0), V_OK);
    struct pair kept_pair = pair;
    assert_int_equal(pwrite(pair.json, "12345", 5, 0), 5);
    assert_int_equal(pwrite(pair.csv, "123", 3, 0), 3);
    pair.json_size = 5;
    pair_keep(&pair, &days, &kept, &bed.ip);
    assert_int_equal(pair.json, -1);
    return kept_pair;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void kept_files_serve_again(void **state)
{
    (void)state;
    struct pair first = keep_pair();
    int other = open(bed_json(&bed), O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0); /* unlocked meanwhile */
    assert_int_equal(open_quietly(20), V_UNAVAILABLE);
    assert_false(is_open(first.json));
    close(other);
    first = keep_pair();
    unit_write(bed_csv(&bed), "1234567", 7);
    assert_int_equal(open_pair(0), V_OK);
    assert_int_equal(pair.json, first.json);
    assert_int_equal(pair.csv, first.csv);
    assert_int_equal(pair.json_size, 5);
    assert_int_equal(pair.csv_size, 7);
    assert_int_equal(pair.now, BED_NOW);
    pair_close(&pair);
    assert_false(is_open(first.json) || is_open(first.csv));
}

static void empty_files_are_not_kept(void **state)
{
    (void)state;
    assert_int_equal(open_pair(0), V_OK);
    int json = pair.json, csv = pair.csv;
    pair_keep(&pair, &days, &kept, &bed.ip);
    assert_false(is_open(json) || is_open(csv));
    keep_pair();
    assert_int_equal(truncate(bed_json(&bed), 0), 0);
    assert_int_equal(open_pair(0), V_OK);
    assert_int_equal(pair.json_size, 0);
    pair_close(&pair);
}

static void rename_the_file(void)
{
    char other[256];
    snprintf(other, sizeof other, "%s/other", bed.dir);
    assert_int_equal(rename(bed_json(&bed), other), 0);
}

static void rename_the_table(void)
{
    char other[256];
    snprintf(other, sizeof other, "%s/other", bed.dir);
    assert_int_equal(rename(bed_csv(&bed), other), 0);
}

static void rename_the_day(void)
{
    char path[256], other[256];
    snprintf(path, sizeof path, "%s/data/2026-11-20", bed.records);
    snprintf(other, sizeof other, "%s/other-day", bed.dir);
    assert_int_equal(rename(path, other), 0);
}

static void rename_the_records(void)
{
    char other[256];
    snprintf(other, sizeof other, "%s/other-records", bed.dir);
    assert_int_equal(rename(bed.records, other), 0);
}

/* All that the last case left behind. */
static void tidy(void)
{
    unit_remove(bed.records);
    assert_int_equal(mkdir(bed.records, 0750), 0);
}

static void kept_files_that_moved(void **state)
{
    (void)state;
    static void (*const moves[])(void) = {replace_by_rename, remove_the_day, unlink_the_file,
                                          rename_the_file,   rename_the_day, rename_the_records,
                                          rename_the_table};
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        keep_pair();
        moves[i]();
        assert_int_equal(opens_what_is_there(), 0);
        struct stat named;
        assert_int_equal(stat(bed_csv(&bed), &named), 0);
        assert_int_equal(named.st_ino, pair.ids.csv.ino);
        pair_close(&pair);
        tidy();
    }
}

static void what_takes_the_place_of_kept_files(void **state)
{
    (void)state;
    for (int csv = 0; csv < 2; csv++)
        for (enum kind kind = SYMLINK; kind <= HARDLINK; kind++) {
            const char *path = csv ? bed_csv(&bed) : bed_json(&bed);
            struct pair first = keep_pair();
            put_there(kind, path);
            assert_int_equal(open_quietly(0), V_STORE_FAILED);
            assert_non_null(strstr(log_lines.text, "event=file_not_ours"));
            assert_false(is_open(first.json) || is_open(first.csv));
            tidy();
        }
    struct pair first = keep_pair();
    char more[256];
    snprintf(more, sizeof more, "%s/more", bed.dir);
    assert_int_equal(link(bed_json(&bed), more), 0);
    assert_int_equal(open_quietly(0), V_STORE_FAILED);
    assert_false(is_open(first.json));
}

static void kept_files_are_of_one_day(void **state)
{
    (void)state;
    keep_pair();
    assert_int_equal(kept.count, 1);
    bed_time += CLOCK_DAY_MS;
    assert_int_equal(open_pair(0), V_OK);
    assert_string_equal(pair.date, "2026-11-21");
    assert_int_equal(kept.count, 0);
    pair_close(&pair);
}

static int set_up(void **state)
{
    (void)state;
    bed_make(&bed);
    kept_init(&kept);
    kept_start(&kept);
    dirs_init(&days, bed.records);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kept_release(&kept);
    dirs_release(&days);
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
        TEST(what_moves_while_it_waits),
        TEST(midnight_passes_under_the_lock),
        TEST(a_clock_that_does_not_keep_still),
        TEST(not_regular_files_with_one_name),
        TEST(the_past),
        TEST(removed_again),
        TEST(kept_files_serve_again),
        TEST(empty_files_are_not_kept),
        TEST(kept_files_that_moved),
        TEST(what_takes_the_place_of_kept_files),
        TEST(kept_files_are_of_one_day),
    };
    return cmocka_run_group_tests_name("daypair", tests, NULL, NULL);
}
