/* diff: two records, and what changed. */
#include "handler/read/diff.h"
#include "handler/store/trailer.h"
#include "tests/unit/unit.h"

enum { FILE_MAX = 64 << 20 };

static struct snapshot before, after;
static struct diff diff;
static struct buf out;

static int set_up(void **state)
{
    (void)state;
    snapshot_init(&before);
    snapshot_init(&after);
    diff_init(&diff);
    buf_init(&out, FILE_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_release(&out);
    diff_release(&diff);
    snapshot_release(&after);
    snapshot_release(&before);
    return 0;
}

/* Reads `members`, followed by what every record has, as a stored line. */
static void read_record(const char *members, struct snapshot *to)
{
    struct trailer t = {
        .received_at = "2026-11-20T12:34:56.789Z", .client_ip = "10.0.0.7", .seq = 1};
    struct tail tail;
    struct buf line;
    memset(t.chain, 'a', DIGEST_HEX_LEN);
    buf_init(&line, FILE_MAX);
    buf_putc(&line, '{');
    buf_puts(&line, members);
    buf_puts(&line, strstr(members, "\"users\"") ? "" : ",\"users\":[]");
    buf_puts(&line, strstr(members, "\"processes\"") ? "" : ",\"processes\":[]");
    buf_puts(&line, strstr(members, "\"os_name\"") ? "" : ",\"os_name\":\"Linux\"");
    buf_puts(&line, strstr(members, "\"os_ver\"") ? "" : ",\"os_ver\":\"6.1\"");
    buf_puts(&line, ",\"processor\":\"p\"");
    trailer_open(&t, &line);
    trailer_close(&t, &line);
    int fd = unit_file(line.data, line.len);
    tail_init(&tail);
    assert_int_equal(tail_open(&tail, fd, (off_t)line.len), TAIL_OK);
    assert_true(snapshot_read(to, &tail));
    tail_release(&tail);
    buf_release(&line);
    close(fd);
}

static void put_processes(void)
{
    for (size_t i = 0; i < diff.process_count; i++) {
        const struct diff_process *p = &diff.processes[i];
        const struct proc *one = p->after ? p->after : p->before;
        buf_puts(&out, !p->before ? "+" : !p->after ? "-" : "*");
        if (p->before && p->after) {
            buf_add(&out, p->before->column[COL_PID].ptr, p->before->column[COL_PID].len);
            buf_puts(&out, ">");
        }
        buf_add(&out, one->column[COL_PID].ptr, one->column[COL_PID].len);
        buf_puts(&out, ":");
        buf_add(&out, one->column[COL_CMD].ptr, one->column[COL_CMD].len);
        buf_puts(&out, " ");
    }
}

/* What changed, in one line. */
static const char *summary(void)
{
    buf_reset(&out);
    buf_puts(&out, diff.rebooted ? "rebooted " : "");
    for (size_t i = 0; i < diff.fact_count; i++) {
        buf_puts(&out, diff_fact_name(diff.facts[i].fact));
        buf_puts(&out, " ");
    }
    put_processes();
    for (size_t i = 0; i < diff.user_count; i++) {
        buf_puts(&out, diff.users[i].in ? "in:" : "out:");
        buf_add(&out, diff.users[i].user->name.ptr, diff.users[i].user->name.len);
        buf_puts(&out, " ");
    }
    for (size_t i = 0; i < diff.socket_count; i++) {
        buf_puts(&out, diff.sockets[i].opened ? "opened:" : "closed:");
        buf_add(&out, diff.sockets[i].socket->port.ptr, diff.sockets[i].socket->port.len);
        buf_puts(&out, " ");
    }
    if (diff.kernel_started + diff.kernel_stopped > 0)
        buf_printf(&out, "kernel:%zu,%zu ", diff.kernel_started, diff.kernel_stopped);
    return buf_str(&out);
}

#define P(list)  "\"processes\":[" list "]"
#define BOOT(id) "\"boot_id\":\"" id "\","
#define T(pid, ticks, cmd)                                                                         \
    "{\"pid\":" pid ",\"user\":\"u\",\"start_ticks\":" ticks ",\"cmd\":\"" cmd "\"}"
#define S(pid, start, cmd)                                                                         \
    "{\"pid\":" pid ",\"user\":\"u\",\"start\":\"" start "\",\"cmd\":\"" cmd "\"}"
#define PS(lines) "\"processes\":\"PID PPID USER RSS START CMD\\n" lines "\""

static const struct {
    int line;
    const char *before, *after, *changes;
} rows[] = {
    /* by boot, pid and ticks */
    {__LINE__, BOOT("b") P(T("1", "5", "a")), BOOT("b") P(T("1", "5", "a")), ""},
    {__LINE__, BOOT("b") P(T("1", "5", "a")), BOOT("b") P(T("1", "5", "renamed")), ""},
    {__LINE__, BOOT("b") P(T("1", "5", "a")), BOOT("b") P(T("1", "6", "a")), "*1>1:a "},
    {__LINE__, BOOT("b") P(T("1", "5", "a")), BOOT("b") P(T("2", "6", "a")), "*1>2:a "},
    {__LINE__, BOOT("b") P(T("1", "5", "a")), BOOT("b") P(T("2", "6", "b")), "+2:b -1:a "},
    {__LINE__, BOOT("b") P(T("1", "5", "a") "," T("2", "5", "a")), BOOT("b") P(T("3", "6", "a")),
     "*1>3:a -2:a "},
    {__LINE__, BOOT("b") P(T("1", "5", "a")), BOOT("b") P(T("9", "7", "a") "," T("8", "6", "a")),
     "*1>9:a +8:a "},
    /* the same program of another user was not restarted */
    {__LINE__, P("{\"pid\":1,\"user\":\"u\",\"cmd\":\"a\"}"),
     P("{\"pid\":2,\"user\":\"v\",\"cmd\":\"a\"}"), "+2:a -1:a "},
    /* a boot is one entry */
    {__LINE__, BOOT("b") P(T("1", "5", "a")), BOOT("c") P(T("2", "6", "b")), "rebooted "},
    /* without boot_id: by pid, start and cmd */
    {__LINE__, P(T("1", "5", "a")), P(T("1", "6", "a")), ""},
    {__LINE__, P(S("1", "2026-11-20T00:00:00.000Z", "a")),
     P(S("1", "2026-11-20T00:00:02.000Z", "a")), ""},
    {__LINE__, P(S("1", "2026-11-20T00:00:00.000Z", "a")),
     P(S("1", "2026-11-20T00:00:02.001Z", "a")), "*1>1:a "},
    {__LINE__, P("{\"pid\":1,\"create_time\":1700000000.25,\"name\":\"a\"}"),
     P("{\"pid\":1,\"create_time\":1700000001.5,\"name\":\"a\"}"), ""},
    {__LINE__, P(S("1", "10:15", "a")), P(S("1", "Nov26", "a")), ""},
    {__LINE__, P(S("1", "10:15", "a")), P(S("1", "10:16", "a")), "*1>1:a "},
    {__LINE__, P(S("1", "Nov26", "a")), P(S("1", "Nov27", "a")), "*1>1:a "},
    {__LINE__, P(S("1", "10:15", "a")), P(S("1", "10:15", "b")), "+1:b -1:a "},
    /* tables */
    {__LINE__, PS("1 0 root 4 10:15 init\\n9 1 u 5 10:16 sh -c x"),
     PS("1 0 root 4 10:15 init\\n10 1 u 5 10:17 sh -c x"), "*9>10:sh -c x "},
    {__LINE__, "\"processes\":\"a\\nb\\nc\"", "\"processes\":\"b\\nc\\na\\na\"", "+:a "},
    /* kernel threads */
    {__LINE__, PS("2 0 root 0 10:15 [kthreadd]\\n7 2 root 0 10:15 [kworker/0:1]"),
     PS("2 0 root 0 10:15 [kthreadd]\\n8 2 root 0 10:15 [kworker/0:1]\\n9 2 root 0 10:15 [x]"),
     "kernel:2,1 "},
    {__LINE__, "\"processes\":\"PID CMD\\n2 [kthreadd]\\n7 [a]\"",
     "\"processes\":\"PID CMD\\n2 [kthreadd]\\n8 [b]\\n9 c\"", "+9:c kernel:1,1 "},
    {__LINE__, PS("1 0 root 4 10:15 sh\\n2 1 root 4 10:15 nginx\\n7 2 root 4 10:15 worker"),
     PS("1 0 root 4 10:15 sh\\n2 1 root 4 10:15 nginx\\n8 2 root 4 10:15 worker"), "*7>8:worker "},
    /* users */
    {__LINE__, "\"users\":[\"b\",\"a\"]", "\"users\":[\"a\",\"c\"]", "out:b in:c "},
    {__LINE__, "\"users\":\"ana\\n ben \\n\"", "\"users\":[\"ben\"]", "out:ana "},
    {__LINE__, "\"users\":[\"a\"]", "\"users\":[\"a\",\"a\"]", "in:a "},
    {__LINE__, "\"users\":[{\"name\":\"a\",\"terminal\":\"t\",\"pid\":1}]",
     "\"users\":[{\"name\":\"a\",\"tty\":\"t\",\"pid\":2}]", ""},
    {__LINE__, "\"users\":[{\"name\":\"a\",\"host\":\"x\"}]",
     "\"users\":[{\"name\":\"a\",\"host\":\"y\"}]", "out:a in:a "},
    /* sockets */
    {__LINE__,
     "\"listening\":[{\"proto\":\"tcp\",\"addr\":\"0.0.0.0\",\"port\":22,\"uid\":0,\"pid\":1}]",
     "\"listening\":[{\"proto\":\"tcp\",\"addr\":\"0.0.0.0\",\"port\":22,\"uid\":0,\"pid\":2},"
     "{\"proto\":\"tcp\",\"addr\":\"0.0.0.0\",\"port\":22,\"uid\":0}]",
     ""},
    {__LINE__, "\"listening\":[{\"proto\":\"tcp\",\"addr\":\"::\",\"port\":443,\"uid\":0}]",
     "\"listening\":[{\"proto\":\"tcp\",\"addr\":\"::\",\"port\":80,\"uid\":0},"
     "{\"proto\":\"udp\",\"addr\":\"::\",\"port\":443,\"uid\":0}]",
     "opened:80 closed:443 opened:443 "},
    {__LINE__, "\"listening\":[{\"proto\":\"tcp\",\"addr\":\"::\",\"port\":443,\"uid\":0}]",
     "\"x\":1", ""},
    {__LINE__, "\"listening\":null", "\"listening\":[{\"proto\":\"tcp\",\"port\":443}]", ""},
    /* facts */
    {__LINE__, "\"hostname\":\"a\",\"os_ver\":\"6.1\"", "\"hostname\":\"b\",\"os_ver\":\"6.2\"",
     "hostname os_ver "},
    {__LINE__, "\"memory_bytes\":1024,\"os_pretty_name\":\"x\"", "\"memory_bytes\":2048",
     "memory_bytes "},
};

static void each_change_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        read_record(rows[i].before, &before);
        read_record(rows[i].after, &after);
        ROW_TRUE(&rows[i], diff_make(&diff, &before, &after));
        const char *changes = summary();
        ROW_STR(&rows[i], changes, rows[i].changes);
        ROW_INT(&rows[i], diff_empty(&diff),
                changes[0] == '\0' || strncmp(changes, "kernel", 6) == 0);
    }
}

static void the_answer_is_json(void **state)
{
    (void)state;
    read_record("\"hostname\":\"a\",\"memory_bytes\":1,\"users\":[\"x\"],"
                "\"listening\":[{\"proto\":\"tcp\",\"addr\":\"::\",\"port\":1,\"uid\":0}]," P(
                    T("1", "5", "a")),
                &before);
    read_record("\"hostname\":\"b\",\"memory_bytes\":2,\"users\":[],\"listening\":[]", &after);
    assert_true(diff_make(&diff, &before, &after));
    buf_reset(&out);
    diff_put(&diff, &out);
    assert_string_equal(
        buf_str(&out),
        "\"rebooted\":false,\"changed\":["
        "{\"fact\":\"hostname\",\"before\":\"a\",\"after\":\"b\"},"
        "{\"fact\":\"memory_bytes\",\"before\":1,\"after\":2}],"
        "\"processes\":{\"started\":[],\"stopped\":[\n"
        "{\"pid\":1,\"ppid\":null,\"cpu\":null,\"mem\":null,\"rss\":null,\"start_ticks\":5,"
        "\"user\":\"u\",\"state\":null,\"start\":null,\"cmd\":\"a\"}],\"restarted\":[]},"
        "\"kernel_threads\":{\"started\":0,\"stopped\":0},"
        "\"users\":{\"in\":[],\"out\":[{\"name\":\"x\",\"tty\":null,\"host\":null,"
        "\"started\":null}]},"
        "\"listening\":{\"opened\":[],\"closed\":[{\"proto\":\"tcp\",\"addr\":\"::\",\"port\":1,"
        "\"uid\":0}]}");
}

/* Every process is new, and in the worst order. */
static void many_processes_are_compared(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    for (int side = 0; side < 2; side++) {
        buf_reset(&out);
        buf_puts(&out, BOOT("b") "\"processes\":[");
        for (unsigned i = 0; i < MANY; i++)
            buf_printf(&out, "%s{\"pid\":%u,\"start_ticks\":%u,\"user\":\"u\",\"cmd\":\"c%u\"}",
                       i ? "," : "", (i * 7919) % MANY + 1 + (unsigned)side * MANY, i,
                       side ? MANY - i : i);
        buf_puts(&out, "]");
        read_record(buf_str(&out), side ? &after : &before);
    }
    assert_true(diff_make(&diff, &before, &after));
    /* c1 to c4999 are in both */
    assert_int_equal(diff.process_count, MANY + 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_change_is_found),
        TEST(the_answer_is_json),
        TEST(many_processes_are_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
