/* kept: which files stay open, and for how long. */
#include "tests/unit/unit.h"

#include "handler/store/kept.h"

#include <sys/resource.h>

static struct kept kept;

enum { TODAY = 1, NEXT_DAY };

static struct kept_files two_files(void)
{
    struct kept_files files = {.json = {.fd = open("/dev/null", O_RDWR | O_CLOEXEC), .ino = 1},
                               .csv = {.fd = open("/dev/null", O_RDWR | O_CLOEXEC), .ino = 2}};
    assert_true(files.json.fd >= 0 && files.csv.fd >= 0);
    return files;
}

static bool is_open(const struct kept_files *files)
{
    bool json = fcntl(files->json.fd, F_GETFD) >= 0;
    assert_int_equal(json, fcntl(files->csv.fd, F_GETFD) >= 0);
    return json;
}

static void close_both(const struct kept_files *files)
{
    close(files->json.fd);
    close(files->csv.fd);
}

static bool same(const struct kept_files *a, const struct kept_files *b)
{
    return a->json.fd == b->json.fd && a->json.ino == b->json.ino && a->csv.fd == b->csv.fd &&
           a->csv.ino == b->csv.ino;
}

static bool take(const char *ip, struct kept_files *out)
{
    return kept_take(&kept, ip, TODAY, out);
}

static void given_back_as_they_came(void **state)
{
    (void)state;
    struct kept_files files, a = two_files(), b = two_files();
    assert_false(take("10.0.0.1", &files));
    kept_put(&kept, "10.0.0.1", &a);
    kept_put(&kept, "10.0.0.2", &b);
    assert_false(take("10.0.0.3", &files));
    assert_true(take("10.0.0.1", &files));
    assert_true(same(&files, &a));
    assert_false(take("10.0.0.1", &files)); /* the caller's now */
    assert_true(take("10.0.0.2", &files));
    assert_true(same(&files, &b));
    assert_true(is_open(&a) && is_open(&b));
    close_both(&a);
    close_both(&b);
}

static void another_day_closes_all(void **state)
{
    (void)state;
    struct kept_files files, a = two_files(), b = two_files();
    assert_false(take("10.0.0.1", &files));
    kept_put(&kept, "10.0.0.1", &a);
    kept_put(&kept, "10.0.0.2", &b);
    assert_false(kept_take(&kept, "10.0.0.1", NEXT_DAY, &files));
    assert_false(is_open(&a) || is_open(&b));
    assert_false(take("10.0.0.2", &files));
}

static void the_longest_unused_go_first(void **state)
{
    (void)state;
    static struct kept_files all[KEPT_MOST + 1];
    struct kept_files files;
    char ip[IP_TEXT_LEN];
    assert_false(take("10.0.0.0", &files));
    for (unsigned i = 0; i < KEPT_MOST; i++) {
        all[i] = two_files();
        snprintf(ip, sizeof ip, "10.0.0.%u", i);
        kept_put(&kept, ip, &all[i]);
    }
    assert_true(take("10.0.0.0", &files)); /* used again: 10.0.0.1 is the oldest now */
    kept_put(&kept, "10.0.0.0", &files);
    all[KEPT_MOST] = two_files();
    kept_put(&kept, "10.0.0.999", &all[KEPT_MOST]);
    assert_false(is_open(&all[1]));
    assert_false(take("10.0.0.1", &files));
    for (unsigned i = 0; i <= KEPT_MOST; i++)
        assert_int_equal(is_open(&all[i]), i != 1);
    kept_close(&kept);
    for (unsigned i = 0; i <= KEPT_MOST; i++)
        assert_false(is_open(&all[i]));
}

static size_t kept_under(rlim_t descriptors)
{
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = descriptors;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    kept_release(&kept);
    kept_start(&kept);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    return kept.room;
}

static void half_of_the_descriptors(void **state)
{
    (void)state;
    assert_int_equal(kept_under(63), 0);
    assert_int_equal(kept_under(64), 16);
    assert_int_equal(kept_under(256), 64);
    assert_int_equal(kept_under(1024), KEPT_MOST);
}

static void without_room_they_are_closed(void **state)
{
    (void)state;
    struct kept_files files, a = two_files();
    kept_release(&kept);
    assert_false(take("10.0.0.1", &files));
    kept_put(&kept, "10.0.0.1", &a);
    assert_false(is_open(&a));
    assert_false(take("10.0.0.1", &files));
}

static int set_up(void **state)
{
    (void)state;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    kept_init(&kept);
    kept_start(&kept);
    assert_int_equal(kept.room, KEPT_MOST);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kept_release(&kept);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(given_back_as_they_came),      TEST(another_day_closes_all),
        TEST(the_longest_unused_go_first),  TEST(half_of_the_descriptors),
        TEST(without_room_they_are_closed),
    };
    return cmocka_run_group_tests_name("kept", tests, NULL, NULL);
}
