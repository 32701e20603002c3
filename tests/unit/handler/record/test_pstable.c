/* table: what ps prints, as columns. */
#include "tests/unit/unit.h"

#include "handler/record/pstable.h"

/* One row as text: the columns that are there, `column=value`, with | between. */
static const char *show(const struct process *p)
{
    static const char *const names[] = {"pid", "ppid",  "user",  "cpu", "mem",
                                        "rss", "state", "start", "cmd"};
    static char out[1024];
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < COL_COUNT; i++)
        if (p->column[i].len > 0)
            at += (size_t)snprintf(out + at, sizeof out - at, "%s%s=%.*s", at ? "|" : "", names[i],
                                   (int)p->column[i].len, p->column[i].ptr);
    return out;
}

/* All rows as text, a line each. */
static const char *read_all(const char *text, size_t len)
{
    static char out[4096];
    char *copy = malloc(len + 1); /* of its own, so that ASan sees a read beyond */
    struct table t;
    struct process p;
    char rss[32];
    memcpy(copy, text, len);
    out[0] = '\0';
    table_begin(&t, (struct text){copy, len});
    while (table_next(&t, &p, rss)) {
        for (size_t i = 0; i < COL_COUNT; i++)
            assert_true(!p.plain[i] || unit_is_plain(p.column[i].ptr, p.column[i].len));
        strncat(out, show(&p), sizeof out - strlen(out) - 1);
        strncat(out, "\n", sizeof out - strlen(out) - 1);
    }
    free(copy);
    return out;
}

static const struct {
    int line;
    const char *text, *want;
} tables[] = {
    {__LINE__, "", ""},
    {__LINE__, "\n\n  \n", ""},
    {__LINE__, "PID CMD", ""},
    {__LINE__, "PID CMD\n1 init", "pid=1|cmd=init\n"},
    {__LINE__, "PID CMD\n1 init\n\n \t\n2 [kthreadd]\n", "pid=1|cmd=init\npid=2|cmd=[kthreadd]\n"},
    {__LINE__,
     "    PID    PPID USER     %CPU %MEM   RSS S STIME CMD\r\n"
     "      1       0 root      0.0  0.1 12000 S 10:32 /sbin/init  splash \r\n"
     "   4711       1 1000     99.9 12.5     0 R Nov20 a\tb\r\n",
     "pid=1|ppid=0|user=root|cpu=0.0|mem=0.1|rss=12288000|state=S|start=10:32|cmd=/sbin/init  "
     "splash \npid=4711|ppid=1|user=1000|cpu=99.9|mem=12.5|rss=0|state=R|start=Nov20|cmd=a\tb\n"},
    {__LINE__, "UID PID PPID C STIME TTY TIME CMD\nroot 1 0 0 Nov19 ? 00:00:02 /sbin/init splash\n",
     "pid=1|ppid=0|user=root|start=Nov19|cmd=/sbin/init splash\n"},
    {__LINE__,
     "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND\n"
     "root 1 0.0 0.1 168140 11908 ? Ss 2025 0:02 /sbin/init\n",
     "pid=1|user=root|cpu=0.0|mem=0.1|rss=12193792|state=Ss|start=2025|cmd=/sbin/init\n"},
    /* lstart is five words under one heading: nothing fits, nothing is lost */
    {__LINE__, "PID STARTED CMD\n1 Fri Nov 20 10:00:00 2026 init\n",
     "cmd=1 Fri Nov 20 10:00:00 2026 init\n"},
    {__LINE__, "PID STARTED CMD\n1 10:00:00 init\n", "pid=1|start=10:00:00|cmd=init\n"},
    {__LINE__, "PID START CMD\n1 - init\n", "pid=1|start=-|cmd=init\n"},
    {__LINE__, "PID CMD\n1\n", "cmd=1\n"},
    {__LINE__, "PID USER CMD\nx root init\n", "cmd=x root init\n"},
    {__LINE__, "PID USER CMD\n1 anna smith init\n", "pid=1|user=anna|cmd=smith init\n"},
    {__LINE__, "PID S CMD\n1 4 init\n", "cmd=1 4 init\n"},
    {__LINE__, "PID S CMD\n1 SLEEPINGX init\n", "cmd=1 SLEEPINGX init\n"},
    {__LINE__, "PID %CPU CMD\n1 0,5 a\n2 - b\n3 n/a c\n",
     "pid=1|cpu=0,5|cmd=a\npid=2|cpu=-|cmd=b\ncmd=3 n/a c\n"},
    /* top's columns, some of them not known here; RES is not one of ours */
    {__LINE__,
     "PID USER PR NI VIRT RES SHR S %CPU %MEM TIME+ COMMAND\n"
     "9 root 20 0 1.2g 3m 1m S 0.3 0.1 0:00.10 top -b\n",
     "pid=9|user=root|cpu=0.3|mem=0.1|state=S|cmd=top -b\n"},
    {__LINE__, "COMMAND PID\nbash 12\n", "pid=12|cmd=bash\n"},
    /* no header: each line is a command */
    {__LINE__, "init\nsshd: anna\n", "cmd=init\ncmd=sshd: anna\n"},
    {__LINE__, "Pid Cmd\n1 init\n", "cmd=Pid Cmd\ncmd=1 init\n"},
    {__LINE__, "TTY TIME\nx y\n", "cmd=TTY TIME\ncmd=x y\n"},
    {__LINE__, "PID COMMAND (all)\n1 x\n", "cmd=PID COMMAND (all)\ncmd=1 x\n"},
    {__LINE__, "\nPID CMD\n1 init\n", "cmd=PID CMD\ncmd=1 init\n"},
    {__LINE__, "PID RSS CMD\n1 18014398509481983 a\n2 18014398509481984 b\n",
     "pid=1|rss=18446744073709550592|cmd=a\ncmd=2 18014398509481984 b\n"},
    {__LINE__, "PID RSS CMD\n1 00000000000000000000 a\n", "cmd=1 00000000000000000000 a\n"},
    {__LINE__, "PID RSS CMD\n1 1.5 a\n", "cmd=1 1.5 a\n"},
    {__LINE__, "PID CMD\n1 a\rb\n", "pid=1|cmd=a\rb\n"},
    {__LINE__, "PID\n1\n2 3\n", "pid=1\ncmd=2 3\n"},
};

static void texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(tables); i++)
        ROW_STR(&tables[i], read_all(tables[i].text, strlen(tables[i].text)), tables[i].want);
}

static void known_headings(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *heading, *column;
    } rows[] = {
        {__LINE__, "PID", "pid"},     {__LINE__, "PPID", "ppid"},     {__LINE__, "USER", "user"},
        {__LINE__, "UID", "user"},    {__LINE__, "%CPU", "cpu"},      {__LINE__, "CPU", "cpu"},
        {__LINE__, "%MEM", "mem"},    {__LINE__, "MEM", "mem"},       {__LINE__, "START", "start"},
        {__LINE__, "STIME", "start"}, {__LINE__, "STARTED", "start"}, {__LINE__, "CMD", "cmd"},
        {__LINE__, "COMMAND", "cmd"}, {__LINE__, "ARGS", "cmd"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[64], want[64];
        snprintf(text, sizeof text, "%s X\n7 y", rows[i].heading);
        snprintf(want, sizeof want, "%s=7\n", rows[i].column);
        ROW_STR(&rows[i], read_all(text, strlen(text)), want);
    }
}

static void many_columns(void **state)
{
    (void)state;
    for (int n = TABLE_COLUMNS_MAX - 1; n <= TABLE_COLUMNS_MAX + 1; n++) {
        char text[1024] = "";
        for (int i = 1; i < n; i++)
            strcat(text, "X ");
        strcat(text, "PID\n");
        for (int i = 1; i < n; i++)
            strcat(text, "1 ");
        strcat(text, "42\n");
        bool fits = n <= TABLE_COLUMNS_MAX;
        assert_int_equal(strcmp(read_all(text, strlen(text)), "pid=42\n") == 0, fits);
    }
}

static void nul_bytes(void **state)
{
    (void)state;
    assert_string_equal(read_all("PID CMD\n1 a\0b\n", 14), "pid=1|cmd=a\n"); /* %.*s ends there */
    struct table t;
    struct process p;
    char rss[32];
    table_begin(&t, (struct text){"P\0D CMD\n1\0 a\n", 13});
    assert_true(table_next(&t, &p, rss));
    BYTES(p.column[COL_CMD].ptr, p.column[COL_CMD].len, "P\0D CMD", 7); /* no header */
    assert_true(table_next(&t, &p, rss));
    BYTES(p.column[COL_CMD].ptr, p.column[COL_CMD].len, "1\0 a", 4);
    assert_false(table_next(&t, &p, rss));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(known_headings),
        cmocka_unit_test(many_columns),
        cmocka_unit_test(nul_bytes),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
