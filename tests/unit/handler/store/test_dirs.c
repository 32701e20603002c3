/* dirs: the directory of a day, open as long as its name leads to it. */
#include "tests/unit/unit.h"

#include "handler/store/dirs.h"

#include <errno.h>

static char root[64], records[96];

static mode_t mode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_mode : 0;
}

static void made_with_its_parents(void **state)
{
    (void)state;
    struct dirs d;
    char path[256];
    snprintf(records, sizeof records, "%s/a/b", root);
    mode_t mask = umask(0);
    dirs_init(&d, records);
    int fd = dirs_open(&d, "2026-11-20");
    umask(mask);
    assert_true(fd >= 0);
    snprintf(path, sizeof path, "%s/data/2026-11-20", records);
    assert_int_equal(mode_of(path), S_IFDIR | 0750);
    assert_int_equal(dirs_open(&d, "2026-11-20"), fd); /* the same one */
    assert_true(dirs_sync(&d));
    assert_true(dirs_open(&d, "2026-11-21") >= 0);
    assert_string_equal(d.date, "2026-11-21");
    dirs_release(&d);
    assert_int_equal(d.fd, -1);
    dirs_release(&d);
}

static void made_again_when_it_is_gone(void **state)
{
    (void)state;
    struct dirs d;
    struct stat a, b;
    char path[256], other[256];
    dirs_init(&d, records);
    snprintf(path, sizeof path, "%s/data/2026-11-22", records);
    snprintf(other, sizeof other, "%s/data/moved", records);
    assert_int_equal(fstat(dirs_open(&d, "2026-11-22"), &a), 0);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(fstat(dirs_open(&d, "2026-11-22"), &b), 0);
    assert_true(a.st_ino != b.st_ino);
    assert_int_equal(rmdir(path), 0);
    assert_true(dirs_open(&d, "2026-11-22") >= 0);
    assert_int_equal(mode_of(path) & S_IFMT, S_IFDIR);
    dirs_release(&d);
}

static void links_are_not_followed(void **state)
{
    (void)state;
    struct dirs d;
    char path[256];
    snprintf(path, sizeof path, "%s/data/2026-11-23", records);
    assert_int_equal(symlink("/tmp", path), 0);
    dirs_init(&d, records);
    assert_int_equal(dirs_open(&d, "2026-11-23"), -1);
    assert_true(errno == ELOOP || errno == ENOTDIR);
    assert_int_equal(dirs_open_past(&d, "2026-11-23"), -1);
    dirs_release(&d);
}

static void the_past_is_never_made(void **state)
{
    (void)state;
    struct dirs d;
    char path[256];
    dirs_init(&d, records);
    snprintf(path, sizeof path, "%s/data/2001-01-01", records);
    assert_int_equal(dirs_open_past(&d, "2001-01-01"), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(mode_of(path), 0);
    int fd = dirs_open_past(&d, "2026-11-20");
    assert_true(fd >= 0);
    close(fd);
    dirs_release(&d);
}

static void files_that_cannot_be_created(void **state)
{
    (void)state;
    struct dirs d;
    char file[96], below[128], longest[6000];
    snprintf(file, sizeof file, "%s/file", root);
    unit_write(file, "x", 1);
    assert_false(dirs_make_path(file));
    assert_int_equal(errno, ENOTDIR);
    snprintf(below, sizeof below, "%s/x", file);
    assert_false(dirs_make_path(below));
    assert_int_equal(errno, ENOTDIR);
    assert_false(dirs_make_path(""));
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_false(dirs_make_path(longest));
    assert_int_equal(errno, ENAMETOOLONG);
    dirs_init(&d, longest);
    assert_int_equal(dirs_open(&d, "2026-11-20"), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    dirs_release(&d);
}

static void odd_spellings_of_a_path(void **state)
{
    (void)state;
    char path[256];
    snprintf(path, sizeof path, "%s//odd///path/", root);
    assert_true(dirs_make_path(path));
    assert_true(dirs_make_path(path)); /* there already */
    assert_int_equal(mode_of(path) & S_IFMT, S_IFDIR);
}

static int set_up(void **state)
{
    (void)state;
    unit_directory(root);
    return 0;
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
        cmocka_unit_test(made_with_its_parents),
        cmocka_unit_test(made_again_when_it_is_gone),
        cmocka_unit_test(links_are_not_followed),
        cmocka_unit_test(the_past_is_never_made),
        cmocka_unit_test(files_that_cannot_be_created),
        cmocka_unit_test(odd_spellings_of_a_path),
    };
    return cmocka_run_group_tests_name("dirs", tests, set_up, tear_down);
}
