/* procs: processes as objects, whatever form they came in; states, starts, numbers. */
#include "handler/read/procs.h"
#include "handler/store/trailer.h"
#include "tests/unit/unit.h"

static struct procs procs;
static struct tail tail;

/* Reads the processes of a record with this member, and gives them as JSON. */
static void read_member(const char *member, struct buf *out)
{
    struct trailer t = {.seq = 1};
    struct buf line;
    buf_init(&line, 1 << 16);
    strcpy(t.received_at, "2026-11-20T12:00:00.000Z");
    strcpy(t.client_ip, "10.0.0.7");
    memset(t.chain, 'a', DIGEST_HEX_LEN);
    buf_printf(
        &line,
        "{\"processes\":%s,\"processor\":\"p\",\"users\":[],\"os_name\":\"L\",\"os_ver\":\"6\"",
        member);
    trailer_open(&t, &line);
    trailer_close(&t, &line);
    int fd = unit_file(line.data, line.len);
    assert_int_equal(tail_open(&tail, fd, (off_t)line.len), TAIL_OK);
    assert_true(procs_read(&procs, &tail));
    buf_reset(out);
    for (size_t i = 0; i < procs.count; i++)
        procs_put(&procs.list[i], out);
    assert_non_null(buf_str(out));
    close(fd);
    buf_release(&line);
}

static void every_form_becomes_the_same_object(void **state)
{
    (void)state;
    static const char same[] =
        "{\"pid\":7,\"ppid\":1,\"cpu\":0.5,\"mem\":1.0,\"rss\":12288,\"start_ticks\":null,"
        "\"user\":\"ana\",\"state\":\"S\",\"start\":null,\"cmd\":\"vim \\\"a b\\\"\"}";
    static const char *const forms[] = {
        "\"PID PPID USER %CPU %MEM RSS STAT CMD\\n7 1 ana 0.5 1.0 12 Ss+ vim \\\"a b\\\"\"",
        "[{\"pid\":7,\"ppid\":1,\"user\":\"ana\",\"cpu\":0.5,\"mem\":1.0,\"rss\":12288,"
        "\"state\":\"S\",\"cmd\":\"vim \\\"a b\\\"\"}]",
        "[{\"pid\":7,\"ppid\":1,\"username\":\"ana\",\"cpu_percent\":0.5,\"memory_percent\":1.0,"
        "\"memory_info\":[12288,1],\"status\":\"sleeping\",\"cmdline\":[\"vim\",\"\\\"a b\\\"\"]}]",
        "[{\"pid\":7,\"ppid\":1,\"user\":\"\\u0061na\",\"cpu\":0.5,\"mem\":1.0,\"rss\":12288,"
        "\"state\":\"sleeping\",\"cmd\":\"\\u0076im \\u0022a b\\u0022\"}]",
    };
    struct buf out;
    buf_init(&out, 1 << 16);
    procs_init(&procs);
    tail_init(&tail);
    for (size_t i = 0; i < COUNT(forms); i++) {
        read_member(forms[i], &out);
        assert_string_equal(out.data, same);
    }
    read_member("[]", &out);
    assert_int_equal(procs.count, 0);
    read_member("\"\"", &out);
    assert_int_equal(procs.count, 0);
    tail_release(&tail);
    procs_release(&procs);
    buf_release(&out);
}

static void letters_of_states(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
        char letter;
    } rows[] = {
        {__LINE__, "S", 'S'},        {__LINE__, "Ss+", 'S'},     {__LINE__, "R<l", 'R'},
        {__LINE__, "sleeping", 'S'}, {__LINE__, "running", 'R'}, {__LINE__, "zombie", 'Z'},
        {__LINE__, "", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        ROW_INT(&rows[i], procs_state(text_of(rows[i].text)), rows[i].letter);
}

static void starts_that_are_whole_times(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text, *time; /* NULL: it is none */
    } rows[] = {
        {__LINE__, "2026-11-20T12:00:00.250Z", "2026-11-20T12:00:00.250Z"},
        {__LINE__, "1593293380.06", "2020-06-27T21:29:40.060Z"},
        {__LINE__, "1593293380", "2020-06-27T21:29:40.000Z"},
        {__LINE__, "19:04", NULL},
        {__LINE__, "Nov20", NULL},
        {__LINE__, "2026", NULL},
        {__LINE__, "", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char time[CLOCK_TIME_LEN + 1] = "";
        ROW_INT(&rows[i], procs_start(text_of(rows[i].text), time), rows[i].time != NULL);
        if (rows[i].time)
            ROW_STR(&rows[i], time, rows[i].time);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_becomes_the_same_object),
        cmocka_unit_test(letters_of_states),
        cmocka_unit_test(starts_that_are_whole_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
