/* dir: every entry is visited once, and a failure is not the end of a directory. */
#include "tests/unit/unit.h"

#include "handler/shared/dir.h"

#include <errno.h>

static char root[64];

struct seen {
    unsigned a, b, other, end_after;
};

static bool see(int dir, const char *name, void *to)
{
    struct seen *s = to;
    struct stat st;
    assert_int_equal(fstatat(dir, name, &st, 0), 0);
    if (strcmp(name, "a") == 0)
        s->a++;
    else if (strcmp(name, "b") == 0)
        s->b++;
    else
        s->other++;
    errno = EXDEV;
    return s->a + s->b != s->end_after;
}

static void every_entry_once(void **state)
{
    (void)state;
    struct seen s = {0};
    assert_true(dir_visit(dir_open(AT_FDCWD, root), see, &s));
    assert_int_equal(s.a, 1);
    assert_int_equal(s.b, 1);
    assert_int_equal(s.other, 0);
}

static void an_open_directory_can_be_visited_twice(void **state)
{
    (void)state;
    struct seen s = {0};
    int fd = dir_open(AT_FDCWD, root);
    assert_true(dir_visit(dir_open(fd, "."), see, &s));
    assert_true(dir_visit(dir_open(fd, "."), see, &s));
    assert_int_equal(s.a + s.b, 4);
    close(fd);
}

static void the_visitor_ends_the_visit(void **state)
{
    (void)state;
    struct seen s = {.end_after = 1};
    assert_false(dir_visit(dir_open(AT_FDCWD, root), see, &s));
    assert_int_equal(errno, EXDEV);
    assert_int_equal(s.a + s.b, 1);
}

static void what_is_not_a_directory(void **state)
{
    (void)state;
    struct seen s = {0};
    char path[96];
    snprintf(path, sizeof path, "%s/a", root);
    assert_false(dir_visit(dir_open(AT_FDCWD, path), see, &s));
    assert_int_equal(errno, ENOTDIR);
    snprintf(path, sizeof path, "%s/none", root);
    assert_false(dir_visit(dir_open(AT_FDCWD, path), see, &s));
    assert_int_equal(errno, ENOENT);
    int file = unit_file("x", 1);
    assert_false(dir_visit(file, see, &s));
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(fcntl(file, F_GETFD), -1); /* closed */
    snprintf(path, sizeof path, "%s/link", root);
    assert_int_equal(symlink(root, path), 0);
    assert_int_equal(dir_open(AT_FDCWD, path), -1);
    assert_int_equal(unlink(path), 0);
}

static int set_up(void **state)
{
    (void)state;
    char path[96];
    unit_directory(root);
    snprintf(path, sizeof path, "%s/a", root);
    unit_write(path, "x", 1);
    snprintf(path, sizeof path, "%s/b", root);
    return mkdir(path, 0700);
}

static int tear_down(void **state)
{
    (void)state;
    unit_remove(root);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_once),
        cmocka_unit_test(an_open_directory_can_be_visited_twice),
        cmocka_unit_test(the_visitor_ends_the_visit),
        cmocka_unit_test(what_is_not_a_directory),
    };
    return cmocka_run_group_tests_name("dir", tests, set_up, tear_down);
}
