/* listeners and nettable: lines of /proc/net, and the order of what is reported. */
#include "tests/unit/unit.h"

#include "agent/proc/listeners.h"
#include "agent/proc/nettable.h"
#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"

#include <errno.h>

#define REST " 00000000:00000000 00:00000000 00000000 "

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
        bool udp, v6;
        const char *want; /* NULL: not of a listening socket */
    } rows[] = {
        {__LINE__, "   0: 0100007F:0016 00000000:0000 0A" REST "  1000 0 77 1 0 100", false, false,
         "\"proto\":\"tcp\",\"addr\":\"127.0.0.1\",\"port\":22,\"uid\":1000"},
        {__LINE__, "  12: 00000000:FFFF 00000000:0000 07" REST "4294967295 0 77", true, false,
         "\"proto\":\"udp\",\"addr\":\"0.0.0.0\",\"port\":65535,\"uid\":4294967295"},
        {__LINE__,
         "0: B80D0120000000000000000001000000:0001 00000000000000000000000000000000:0000 0A" REST
         "0 0 77",
         false, true, "\"proto\":\"tcp6\",\"addr\":\"2001:db8::1\",\"port\":1,\"uid\":0"},
        {__LINE__,
         "0: 0000000000000000FFFF00000100007F:0001 00000000000000000000000000000000:0000 07" REST
         "0 0 77",
         true, true, "\"proto\":\"udp6\",\"addr\":\"::ffff:127.0.0.1\",\"port\":1,\"uid\":0"},
        {__LINE__, "0: 0100007F:0016 0100007F:0017 01" REST "0 0 77", false, false, NULL},
        {__LINE__, "0: 0100007F:0016 00000000:0000 07" REST "0 0 77", false, false, NULL},
        {__LINE__, "0: 0100007F:0016 00000000:0000 0A" REST "0 0 77", true, false, NULL},
        {__LINE__, "0: 0100007F:10000 00000000:0000 0A" REST "0 0 77", false, false, NULL},
        {__LINE__, "0: 0100007G:0016 00000000:0000 0A" REST "0 0 77", false, false, NULL},
        {__LINE__, "0: 0100007F:0016 00000000:0000 0A" REST "0 0 77", false, true, NULL},
        {__LINE__, "0: 0100007F:0016 00000000:0000 0A" REST "0 0", false, false, NULL},
        {__LINE__,
         "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid"
         "  timeout inode",
         false, false, NULL},
        {__LINE__, "", false, false, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct listener got = {.udp = rows[i].udp, .v6 = rows[i].v6};
        struct buf out;
        buf_init(&out, 256);
        bool ok = nettable_line(rows[i].text, &got);
        ROW_INT(&rows[i], ok, rows[i].want != NULL);
        if (ok) {
            listeners_write(&got, &out);
            ROW_STR(&rows[i], buf_str(&out), rows[i].want);
            ROW_INT(&rows[i], got.inode, 77);
        }
        buf_release(&out);
    }
}

static struct listener make(bool udp, bool v6, unsigned char last, uint16_t port, uint32_t uid)
{
    return (struct listener){
        .udp = udp, .v6 = v6, .addr = {10, 0, 0, last}, .port = port, .uid = uid};
}

static void test_order(void **state)
{
    (void)state;
    const struct listener want[] = {
        make(false, false, 9, 22, 0), make(false, false, 1, 80, 0), make(false, false, 2, 80, 0),
        make(false, false, 2, 80, 1), make(false, true, 0, 22, 0),  make(true, false, 0, 22, 0),
        make(true, true, 0, 22, 0),
    };
    struct listeners l = {0};
    uint64_t seed = 1;
    for (size_t i = 0; i < 200; i++) {
        struct listener new = want[i < COUNT(want) ? i : unit_random(&seed) % COUNT(want)];
        new.inode = i; /* SO_REUSEPORT: another socket, the same to who reads it */
        assert_true(listeners_add(&l, &new));
    }
    listeners_sort(&l);
    assert_int_equal(l.count, COUNT(want));
    for (size_t i = 0; i < COUNT(want); i++) {
        l.list[i].inode = 0;
        assert_memory_equal(&l.list[i], &want[i], sizeof want[i]);
    }
    listeners_release(&l);
}

static void test_too_many(void **state)
{
    (void)state;
    struct listeners l = {0};
    for (uint64_t i = 0; i < LISTENERS_MAX; i++)
        assert_true(listeners_add(&l, &(struct listener){.inode = i}));
    errno = 0;
    assert_false(listeners_add(&l, &(struct listener){.inode = 1}));
    assert_int_equal(errno, E2BIG);
    listeners_order_by_inode(&l);
    assert_int_equal(listeners_find(&l, 31000)->inode, 31000);
    assert_null(listeners_find(&l, LISTENERS_MAX));
    listeners_release(&l);
}

/* A table longer than one read, with a torn last line; and one for which there is no time. */
static void test_table(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 8 << 20);
    buf_puts(&text, "  sl  local_address\n");
    for (unsigned i = 1; i <= 3000; i++)
        buf_printf(&text, "%4u: 0100007F:%04X 00000000:0000 0A" REST "0 0 %u 1 0 100\n", i, i, i);
    buf_puts(&text, "3001: 0100007F:0BB9 00000000:0000 0A 0000");
    char top[64];
    unit_directory(top);
    char path[96];
    snprintf(path, sizeof path, "%s/tcp", top);
    unit_write(path, text.data, text.len);
    int net = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct listeners l = {0};
    assert_true(nettable_read(net, false, false, clock_monotonic() + 60000, &l));
    assert_int_equal(l.count, 3000);
    assert_int_equal(l.list[2999].port, 3000);
    assert_true(nettable_read(net, false, true, clock_monotonic() + 60000, &l)); /* no IPv6 */
    errno = 0;
    assert_false(nettable_read(net, false, false, clock_monotonic(), &l));
    assert_int_equal(errno, ETIMEDOUT);
    assert_false(nettable_read(net, true, false, clock_monotonic() + 60000, &l));
    assert_int_equal(errno, ENOENT);
    close(net);
    listeners_release(&l);
    buf_release(&text);
    unit_remove(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
