#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/host/users.h"
#include "agent/proc/procfs.h"
#include "handler/shared/buf.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utmpx.h>

/* A tree of files in a directory of its own, removed after each test. */
struct fixture {
    char path[64];
    int root;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    const char *tmp = getenv("TMPDIR");
    snprintf(f->path, sizeof f->path, "%.40s/users-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->path));
    f->root = tree_root(f->path);
    static const char *const dirs[] = {"proc", "proc/100",    "proc/200",
                                       "run",  "run/systemd", "run/systemd/sessions"};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        assert_int_equal(mkdirat(f->root, dirs[i], 0755), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {"run/systemd/sessions/1", "run/systemd/sessions/2",
                                        "run/systemd/sessions/1.ref", "run/utmp"};
    static const char *const dirs[] = {
        "run/systemd/sessions", "run/systemd", "run", "proc/200", "proc/100", "proc"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlinkat(f->root, files[i], 0);
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        unlinkat(f->root, dirs[i], AT_REMOVEDIR);
    close(f->root);
    assert_int_equal(rmdir(f->path), 0);
    test_free(f);
    return 0;
}

static void put(const struct fixture *f, const char *path, const void *bytes, size_t len)
{
    int fd = openat(f->root, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static void put_text(const struct fixture *f, const char *path, const char *text)
{
    put(f, path, text, strlen(text));
}

static void expect_users(const struct fixture *f, const char *json)
{
    struct buf out;
    buf_init(&out, 65536);
    users_write(f->root, &out);
    assert_string_equal(buf_str(&out), json);
    buf_release(&out);
}

static struct utmpx login(const char *user, const char *line, const char *host, int pid)
{
    struct utmpx u = {.ut_type = USER_PROCESS, .ut_pid = pid};
    memcpy(u.ut_user, user, strlen(user));
    memcpy(u.ut_line, line, strlen(line));
    memcpy(u.ut_host, host, strlen(host));
    u.ut_tv.tv_sec = 1700000000;
    u.ut_tv.tv_usec = 500000;
    return u;
}

static void nobody(void **state)
{
    expect_users(*state, "[]");
}

static void logind_sessions(void **state)
{
    put_text(*state, "run/systemd/sessions/1",
             "# This is private data. Do not parse.\nUID=1000\nUSER=ana\nACTIVE=1\nSTATE=active\n"
             "REMOTE=1\nTYPE=tty\nCLASS=user\nTTY=pts/0\nREMOTE_HOST=10.0.0.9\nLEADER=100\n"
             "REALTIME=1700000000123456\n");
    put_text(*state, "run/systemd/sessions/1.ref", "");
    expect_users(*state,
                 "[{\"name\":\"ana\",\"tty\":\"pts/0\",\"host\":\"10.0.0.9\","
                 "\"started\":\"2023-11-14T22:13:20.123Z\",\"pid\":100,\"source\":\"logind\"}]");
}

static void two_sessions(void **state)
{
    put_text(*state, "run/systemd/sessions/1", "USER=ana\nCLASS=user\nLEADER=100\n");
    put_text(*state, "run/systemd/sessions/2", "USER=ana\nCLASS=user-early\nLEADER=100\n");
    expect_users(*state, "[{\"name\":\"ana\",\"pid\":100,\"source\":\"logind\"},"
                         "{\"name\":\"ana\",\"pid\":100,\"source\":\"logind\"}]");
}

/* logind writes USER as it is and REMOTE_HOST with C escapes; newer versions quote both. */
static void odd_names(void **state)
{
    static const struct {
        const char *session, *name, *host;
    } rows[] = {
        {"USER=CORP\\ana\nREMOTE_HOST=10.0.0.9\n", "CORP\\\\ana", "10.0.0.9"},
        {"USER=ana maria\nREMOTE_HOST=h\\303\\274lle\n", "ana maria", "h\xc3\xbclle"},
        {"USER=a'b\nREMOTE_HOST=a\\x41\\tb\\\\c\n", "a'b", "aA\\tb\\\\c"},
        {"USER=\"CORP\\\\ana\"\nREMOTE_HOST=\"a b\"\n", "CORP\\\\ana", "a b"},
        {"USER=x\nREMOTE_HOST=end\\\n", "x", "end\\\\"},
        {"USER=x\nREMOTE_HOST=\\xzz\\9\n", "x", "\\\\xzz9"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char session[200], want[300];
        snprintf(session, sizeof session, "CLASS=user\nLEADER=100\n%s", rows[i].session);
        put_text(*state, "run/systemd/sessions/1", session);
        snprintf(want, sizeof want,
                 "[{\"name\":\"%s\",\"host\":\"%s\",\"pid\":100,\"source\":\"logind\"}]",
                 rows[i].name, rows[i].host);
        expect_users(*state, want);
    }
}

static void other_sessions(void **state)
{
    static const char *const rows[] = {"USER=gdm\nCLASS=greeter\nLEADER=100\n",
                                       "USER=ana\nCLASS=manager\nLEADER=100\n",
                                       "USER=ana\nCLASS=background\nLEADER=100\n",
                                       "USER=dead\nCLASS=user\nLEADER=999\n",
                                       "CLASS=user\nLEADER=100\n",
                                       ""};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_text(*state, "run/systemd/sessions/1", rows[i]);
        expect_users(*state, "[]");
    }
}

static void utmp_second(void **state)
{
    struct utmpx all[] = {login("bob", "pts/1", "host.example", 200),
                          login("old", "pts/2", "", 999), login("init", "~", "", 100)};
    all[2].ut_type = BOOT_TIME;
    put(*state, "run/utmp", all, sizeof all);
    expect_users(*state,
                 "[{\"name\":\"bob\",\"tty\":\"pts/1\",\"host\":\"host.example\","
                 "\"started\":\"2023-11-14T22:13:20.500Z\",\"pid\":200,\"source\":\"utmp\"}]");
    put_text(*state, "run/systemd/sessions/1", "USER=ana\nCLASS=user\nLEADER=100\n");
    expect_users(*state, "[{\"name\":\"ana\",\"pid\":100,\"source\":\"logind\"}]");
}

/* Fields of utmp need no NUL, and a file may end inside an entry. */
static void utmp_without_ends(void **state)
{
    struct utmpx entry = login("", "pts/1", "", 200);
    char text[128];
    memset(entry.ut_user, 'u', sizeof entry.ut_user);
    put(*state, "run/utmp", &entry, sizeof entry);
    snprintf(text, sizeof text,
             "[{\"name\":\"%.*s\",\"tty\":\"pts/1\",\"started\":\"2023-11-14T22:13:20.500Z\","
             "\"pid\":200,\"source\":\"utmp\"}]",
             (int)sizeof entry.ut_user, "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu");
    expect_users(*state, text);
    put(*state, "run/utmp", &entry, sizeof entry - 1);
    expect_users(*state, "[]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(logind_sessions, setup, teardown),
        cmocka_unit_test_setup_teardown(two_sessions, setup, teardown),
        cmocka_unit_test_setup_teardown(odd_names, setup, teardown),
        cmocka_unit_test_setup_teardown(other_sessions, setup, teardown),
        cmocka_unit_test_setup_teardown(utmp_second, setup, teardown),
        cmocka_unit_test_setup_teardown(utmp_without_ends, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
