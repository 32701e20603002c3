/* append: all of a request or nothing of it, and what each line says of itself. */
#include "tests/unit/handler/bed.h"

#include "handler/store/jsonl.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct bed bed;

/* Three records, of which the second is `pad` bytes larger. */
static const char *batch_of(size_t pad)
{
    static char body[8 << 20];
    snprintf(body, sizeof body,
             BED_RECORD("") "\n" BED_RECORD("\"pad\":\"%0*d\",") "\n" BED_RECORD("") "\n", (int)pad,
             0);
    return body;
}

/* Sends a body in a child whose files may not grow beyond `limit` bytes. */
static int send_limited(const char *body, off_t limit)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO); /* should stderr be a file, the limit is its, too */
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){(rlim_t)limit, (rlim_t)limit});
        _exit((int)bed_send(&bed, body, -1).v);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The limit hits the CSV rows or any byte of the JSON lines: both files go back. */
static void undone_wherever_it_stops(void **state)
{
    (void)state;
    bed_store(&bed, BED_RECORD(""));
    struct bed_shot before = bed_shoot(&bed);
    const char *body = batch_of(1500);
    off_t larger = (off_t)(before.json_len > before.csv_len ? before.json_len : before.csv_len);
    off_t whole = 0;
    for (off_t limit = larger + 1;; limit += 53) {
        int v = send_limited(body, limit);
        if (v == V_OK) {
            whole = limit;
            break;
        }
        assert_int_equal(v, V_NO_SPACE);
        assert_true(bed_same(&bed, &before));
    }
    assert_true(whole > larger + 2000); /* it stopped at many places before it went through */
    assert_int_equal(bed_lines(&bed), 4);
    bed_forget(&before);
}

/* The lines are written in several goes: what went through is undone as well. */
static void undone_after_several_writes(void **state)
{
    (void)state;
    bed_store(&bed, BED_RECORD(""));
    struct bed_shot before = bed_shoot(&bed);
    static const off_t limits[] = {1 << 20, (1 << 20) + 2000, 2 << 20, 3 << 20};
    for (size_t i = 0; i < COUNT(limits); i++) {
        assert_int_equal(send_limited(batch_of(3 << 20), limits[i]), V_NO_SPACE);
        assert_true(bed_same(&bed, &before));
    }
    assert_int_equal(send_limited(batch_of(3 << 20), 8 << 20), V_OK);
    assert_int_equal(bed_lines(&bed), 4);
    bed_forget(&before);
}

static void nothing_is_left_of_a_first_record(void **state)
{
    (void)state;
    for (off_t limit = 1; limit < 1000; limit += 99) {
        assert_int_equal(send_limited(batch_of(2000), limit), V_NO_SPACE);
        assert_int_equal(unit_size(bed_json(&bed)), -1);
        assert_int_equal(unit_size(bed_csv(&bed)), -1);
    }
    bed_store(&bed, BED_RECORD(""));
    assert_int_equal(bed_lines(&bed), 1);
}

/* Reads the file's lines and compares each member with the file. */
static void check_lines(const uint64_t *lefts, size_t count)
{
    struct jsonl lines;
    struct trailer line;
    struct digest *d = digest_new();
    char chain[DIGEST_HEX_LEN + 1] = TRAILER_CHAIN_FIRST;
    size_t tail, chain_at, csv_len, n = 0;
    char *csv = unit_read(bed_csv(&bed), &csv_len);
    int fd = open(bed_json(&bed), O_RDONLY);
    jsonl_begin(&lines, fd, 0, unit_size(bed_json(&bed)));
    for (; jsonl_next(&lines) == JSONL_LINE; n++) {
        assert_true(n < count);
        assert_true(trailer_parse(lines.bytes, lines.len, &line, &tail, &chain_at));
        assert_int_equal(line.seq, n + 1);
        assert_int_equal(line.left, lefts[n]);
        assert_int_equal(line.line_start, lines.start);
        assert_true(line.csv_end <= csv_len && csv[line.csv_end - 1] == '\n');
        assert_true(trailer_chain(d, chain, lines.bytes, chain_at, chain));
        assert_string_equal(line.chain, chain);
    }
    assert_int_equal(n, count);
    assert_int_equal(line.csv_end, csv_len);
    jsonl_release(&lines);
    close(fd);
    free(csv);
    digest_free(d);
}

static void what_each_line_says(void **state)
{
    (void)state;
    static const uint64_t lefts[] = {0, 2, 1, 0, 0, 2, 1, 0};
    bed_store(&bed, BED_RECORD(""));
    bed_store(&bed, batch_of(10));
    bed_store(&bed, BED_RECORD(""));
    bed_store(&bed, batch_of(2 << 20)); /* written in several goes */
    check_lines(lefts, COUNT(lefts));
    assert_int_equal(bed_lines(&bed), COUNT(lefts));
}

/* Records with twins are left out of `left`, of the rows, of everything. */
static void twins_are_left_out(void **state)
{
    (void)state;
    static const uint64_t lefts[] = {0, 1, 0};
    bed_store(&bed, BED_RECORD("\"id\":\"b\","));
    struct receipt r = bed_store(
        &bed, BED_RECORD("\"id\":\"a\",") "\n" BED_RECORD("\"id\":\"b\",") "\n" BED_RECORD(
                  "\"id\":\"c\",") "\n" BED_RECORD("\"id\":\"a\",") "\n");
    assert_int_equal(r.records, 2);
    assert_int_equal(r.duplicates, 2);
    check_lines(lefts, COUNT(lefts));
    assert_int_equal(bed_lines(&bed), COUNT(lefts));
}

static int set_up(void **state)
{
    (void)state;
    bed_make(&bed);
    bed.config.max_body_bytes = 8 << 20;
    bed.w.text.max = bed.w.csv.max = 16 << 20;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bed_remove(&bed);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(undone_wherever_it_stops),
        TEST(undone_after_several_writes),
        TEST(nothing_is_left_of_a_first_record),
        TEST(what_each_line_says),
        TEST(twins_are_left_out),
    };
    return cmocka_run_group_tests_name("append", tests, NULL, NULL);
}
