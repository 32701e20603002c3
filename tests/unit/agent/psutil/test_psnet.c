/* psnet: addresses as /proc/net has them, and tables that are read once for each namespace. */
#include "tests/unit/unit.h"

#include "agent/psutil/psnet.h"
#include "handler/shared/buf.h"

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
        bool v6;
        const char *want; /* NULL: none */
    } rows[] = {
        {__LINE__, "0100007F:0016", false, "[\"127.0.0.1\",22]"},
        {__LINE__, "0500000A:FFFF", false, "[\"10.0.0.5\",65535]"},
        {__LINE__, "00000000:0000", false, "[]"},
        {__LINE__, "0000000000000000FFFF00000100007F:9E49", true, "[\"::ffff:127.0.0.1\",40521]"},
        {__LINE__, "00000000000000000000000001000000:1F90", true, "[\"::1\",8080]"},
        {__LINE__, "B80D0120000000000000000001000000:0001", true, "[\"2001:db8::1\",1]"},
        {__LINE__, "", false, NULL},
        {__LINE__, "0100007F", false, NULL},
        {__LINE__, "0100007G:0016", false, NULL},
        {__LINE__, "0100007F:10000", false, NULL},
        {__LINE__, "0100007F:0016", true, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out;
        buf_init(&out, 256);
        bool ok = psnet_address(rows[i].text, rows[i].v6, &out);
        ROW_INT(&rows[i], ok, rows[i].want != NULL);
        if (ok)
            ROW_STR(&rows[i], buf_str(&out), rows[i].want);
        buf_release(&out);
    }
}

/* A directory as /proc/PID, with one socket; `table` is its net/tcp, or NULL for none. */
static int make_process(const char *top, const char *name, const char *inode, const char *table)
{
    char path[128], target[64];
    snprintf(path, sizeof path, "%s/%s", top, name);
    assert_int_equal(mkdir(path, 0700), 0);
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(
        mkdirat(dir, "fd", 0700) | mkdirat(dir, "ns", 0700) | mkdirat(dir, "net", 0700), 0);
    snprintf(target, sizeof target, "socket:[%s]", inode);
    assert_int_equal(symlinkat(target, dir, "fd/3"), 0);
    assert_int_equal(symlinkat("/dev/null", dir, "fd/0"), 0);
    if (table) {
        snprintf(path, sizeof path, "%s/%s/net/tcp", top, name);
        unit_write(path, table, strlen(table));
    }
    return dir;
}

static void expect_connections(struct psnet *n, int dir, const char *want)
{
    struct buf out;
    buf_init(&out, 4096);
    psnet_connections(n, dir, &out);
    assert_string_equal(buf_str(&out), want);
    buf_release(&out);
    close(dir);
}

static void test_one_table_for_each_namespace(void **state)
{
    (void)state;
    static const char table[] = "  sl  local_address rem_address   st tx_queue rx_queue tr "
                                "tm->when retrnsmt   uid  timeout "
                                "inode\n"
                                "   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 "
                                "00:00000000 00000000     0        0 "
                                "77 1 0000000000000000 100 0 0 10 0\n"
                                "   1: 0100007F:0050 0100007F:9C40 01 00000000:00000000 "
                                "00:00000000 00000000     0        0 "
                                "78 1 0000000000000000 100 0 0 10 0\n"
                                "   2: broken\n";
    char top[64], first[128], other[128];
    struct psnet n = {0};
    unit_directory(top);
    int one = make_process(top, "1", "77", table), two = make_process(top, "2", "78", NULL);
    int three = make_process(top, "3", "78", NULL);
    snprintf(first, sizeof first, "%s/1/ns/net", top);
    unit_write(first, "", 0);
    snprintf(other, sizeof other, "%s/2/ns/net", top);
    assert_int_equal(link(first, other), 0); /* the same namespace, whose tables are known */
    snprintf(other, sizeof other, "%s/3/ns/net", top);
    unit_write(other, "", 0);
    expect_connections(&n, one, "[[3,2,1,[\"127.0.0.1\",22],[],\"LISTEN\"]]");
    expect_connections(&n, two,
                       "[[3,2,1,[\"127.0.0.1\",80],[\"127.0.0.1\",40000],\"ESTABLISHED\"]]");
    expect_connections(&n, three, "[]"); /* another namespace */
    assert_int_equal(n.count, 2);
    psnet_release(&n);
    unit_remove(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_addresses),
                                       cmocka_unit_test(test_one_table_for_each_namespace)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
