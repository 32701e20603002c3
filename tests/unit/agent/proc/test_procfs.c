/* procfs: symbolic links lead below the root, with openat2(2) and without. */
#include "tests/unit/unit.h"

#include "agent/proc/procfs.h"
#include "handler/shared/buf.h"

#include <errno.h>

struct tree {
    char path[64];
    int root;
};

static void tree_link(const struct tree *t, const char *target, const char *name)
{
    assert_int_equal(symlinkat(target, t->root, name), 0);
}

static void tree_put(const struct tree *t, const char *name, const char *text)
{
    int fd = openat(t->root, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void tree_make(struct tree *t)
{
    static const char *const dirs[] = {"etc", "usr", "usr/lib", "a", "a/b"};
    unit_directory(t->path);
    t->root = tree_root(t->path);
    assert_true(t->root >= 0);
    for (size_t i = 0; i < COUNT(dirs); i++)
        assert_int_equal(mkdirat(t->root, dirs[i], 0755), 0);
    tree_put(t, "usr/lib/os-release", "inside\n");
    tree_put(t, "a/b/file", "file\n");
    tree_link(t, "/usr/lib/os-release", "etc/absolute");
    tree_link(t, "../usr/lib/os-release", "etc/relative");
    tree_link(t, "../../../../usr/lib/os-release", "etc/above");
    tree_link(t, "/etc/absolute", "etc/chain");
    tree_link(t, "/a/b", "etc/directory");
    tree_link(t, "/etc/hostname", "etc/hostname"); /* itself */
    tree_link(t, "/../../..", "up");
    tree_link(t, "missing", "etc/broken");
}

/* By both ways of resolving: 0 for tree_line(), 1 for tree_walk(). */
static void tree_expect(const struct tree *t, int way, int line, const char *path, const char *want)
{
    char text[64] = "";
    bool ok;
    if (way == 0) {
        ok = tree_line(t->root, path, text, sizeof text);
    } else {
        int fd = tree_walk(t->root, path, O_RDONLY);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        ok = n > 0;
        if (ok)
            text[n - 1] = '\0'; /* the newline */
        if (fd >= 0)
            close(fd);
    }
    if (ok != (want != NULL) || (ok && strcmp(text, want) != 0))
        fail_msg("row %d, way %d: %s gives \"%s\" (%s)", line, way, path, text, strerror(errno));
}

static void test_links_stay_below(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *path, *want;
    } rows[] = {
        {__LINE__, "usr/lib/os-release", "inside"},
        {__LINE__, "/usr/lib/os-release", "inside"},
        {__LINE__, "etc/absolute", "inside"},
        {__LINE__, "etc/relative", "inside"},
        {__LINE__, "etc/above", "inside"},
        {__LINE__, "etc/chain", "inside"},
        {__LINE__, "etc/directory/file", "file"},
        {__LINE__, "etc/directory/../b/./file", "file"},
        {__LINE__, "up/a/b/file", "file"},
        {__LINE__, "up/etc/directory/../../usr/lib/os-release", "inside"},
        {__LINE__, "../../usr//lib/os-release", "inside"},
        {__LINE__, "etc/hostname", NULL}, /* not the one of this machine */
        {__LINE__, "etc/broken", NULL},
        {__LINE__, "etc/missing", NULL},
        {__LINE__, "usr/lib/os-release/x", NULL},
    };
    struct tree t;
    tree_make(&t);
    for (size_t i = 0; i < COUNT(rows); i++)
        for (int way = 0; way < 2; way++)
            tree_expect(&t, way, rows[i].line, rows[i].path, rows[i].want);
    assert_int_equal(tree_walk(t.root, "etc/hostname", O_RDONLY), -1);
    assert_int_equal(errno, ELOOP);
    close(t.root);
    unit_remove(t.path);
}

static void test_stat_and_directories(void **state)
{
    (void)state;
    struct tree t;
    struct stat st;
    tree_make(&t);
    assert_true(tree_stat(t.root, "etc/chain", &st));
    assert_int_equal(st.st_size, 7);
    assert_true(tree_stat(t.root, "/", &st));
    assert_true(S_ISDIR(st.st_mode));
    assert_false(tree_stat(t.root, "etc/broken", &st));
    assert_int_equal(errno, ENOENT);
    int fd = tree_directory(t.root, "etc/directory");
    assert_true(fd >= 0);
    assert_int_equal(faccessat(fd, "file", F_OK, 0), 0);
    close(fd);
    assert_int_equal(tree_directory(t.root, "etc/chain"), -1);
    close(t.root);
    unit_remove(t.path);
}

static void test_fields(void **state)
{
    (void)state;
    struct text text = text_of("Name:\tx\nUid:\t1 2\t3\nempty:\n big: 99999999999999999999 \n");
    struct text value;
    uint64_t n[3];
    assert_true(proc_field(text, "Name", ':', &value) && text_is(value, "x"));
    assert_true(proc_field(text, "empty", ':', &value) && value.len == 0);
    assert_false(proc_field(text, "none", ':', &value));
    assert_true(proc_number_field(text, "Uid", n, 3));
    assert_int_equal(n[0] + n[1] * 10 + n[2] * 100, 321);
    assert_false(proc_number_field(text, "big", n, 1));
    assert_false(proc_number_field(text, "Name", n, 1));
    assert_int_equal(proc_entry_number("17"), 17);
    assert_int_equal(proc_entry_number("1x"), -1);
    assert_int_equal(proc_entry_number(""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_stay_below),
        cmocka_unit_test(test_stat_and_directories),
        cmocka_unit_test(test_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
