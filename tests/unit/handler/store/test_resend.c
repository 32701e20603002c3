/* resend: a record with an id is stored exactly once, inside its window. */
#include "tests/unit/handler/bed.h"

#include <sys/file.h>
#include <sys/wait.h>

#include "handler/store/resend.h"

static struct bed bed;

#define ID(id) BED_RECORD("\"id\":\"" id "\",")

static void fill(int lines)
{
    for (int i = 0; i < lines; i++)
        bed_store(&bed, BED_RECORD(""));
}

/* Stores ID("x"); true when it was a duplicate, with the receipt of `first`. */
static bool is_duplicate(int64_t retry_ms, const struct receipt *first)
{
    struct bed_answer a = bed_send(&bed, ID("x"), retry_ms);
    assert_int_equal(a.v, V_OK);
    assert_int_equal(a.receipt.records + a.receipt.duplicates, 1);
    if (a.receipt.duplicates == 0)
        return false;
    assert_int_equal(a.receipt.seq, first->seq);
    assert_string_equal(a.receipt.chain, first->chain);
    assert_string_equal(a.receipt.date, first->date);
    return true;
}

static void sixteen_lines(void **state)
{
    (void)state;
    for (int behind = 0; behind < 18; behind++) {
        char address[32]; /* a file of its own */
        snprintf(address, sizeof address, "10.0.1.%d", behind);
        assert_true(ip_parse(address, &bed.ip));
        struct receipt first = bed_store(&bed, ID("x"));
        fill(behind);
        assert_int_equal(is_duplicate(-1, &first), behind < RESEND_LINES);
        assert_int_equal(bed_lines(&bed), 1 + behind + (behind >= RESEND_LINES));
    }
}

static void other_ids_are_others(void **state)
{
    (void)state;
    bed_store(&bed, ID("x"));
    static const char *const others[] = {ID("X"), ID("xx"), ID("x."), BED_RECORD("")};
    for (size_t i = 0; i < COUNT(others); i++)
        assert_int_equal(bed_store(&bed, others[i]).records, 1);
    assert_int_equal(bed_store(&bed, BED_RECORD("\"id\":\"\\u0078\",")).duplicates, 1);
}

/* An id in the record's own text is not one of ours. */
static void hostile_ids(void **state)
{
    (void)state;
    bed_store(&bed, BED_RECORD("\"note\":\",\\\"id\\\":\\\"x\\\"\",\"r\":{\"id\":\"x\"},"));
    assert_int_equal(bed_store(&bed, ID("x")).records, 1);
}

static void twice_in_one_request(void **state)
{
    (void)state;
    struct receipt r = bed_store(&bed, ID("x") "\n" ID("y") "\n" ID("x") "\n" ID("x") "\n");
    assert_int_equal(r.records, 2);
    assert_int_equal(r.duplicates, 2);
    assert_int_equal(r.seq, 2);
    assert_int_equal(bed_lines(&bed), 2);
    struct receipt again = bed_store(&bed, ID("y") "\n" ID("x") "\n" ID("y") "\n");
    assert_int_equal(again.records, 0);
    assert_int_equal(again.duplicates, 3);
    assert_int_equal(again.seq, r.seq); /* of the last record's twin: y, seq 2 */
    assert_string_equal(again.chain, r.chain);
    assert_int_equal(bed_lines(&bed), 2);
}

/* Old and new in one request: the new ones are stored, in every mix of five. */
static void mixed_requests(void **state)
{
    (void)state;
    uint64_t lines = 0;
    for (int mix = 0; mix < 32; mix++) {
        char body[8192] = "";
        for (int i = 0; i < 5; i++) {
            char record[512];
            if (mix >> i & 1) { /* stored before */
                snprintf(record, sizeof record, BED_RECORD("\"id\":\"m%d.%d\","), mix, i);
                bed_store(&bed, record);
                lines++;
            }
            snprintf(record, sizeof record, BED_RECORD("\"id\":\"m%d.%d\",\"i\":%d,") "\n", mix, i,
                     i);
            strcat(body, record);
        }
        struct receipt r = bed_store(&bed, body);
        assert_int_equal(r.duplicates, __builtin_popcount((unsigned)mix));
        assert_int_equal(r.records, 5 - r.duplicates);
        lines += r.records;
        if (r.records > 0)
            assert_int_equal(r.seq, lines);
        assert_int_equal(bed_lines(&bed), lines);
    }
}

/* Rollcall-Retry: all lines as young as the first try, with a slack for clocks. */
static void the_window(void **state)
{
    (void)state;
    static const struct {
        int line;
        int64_t age_ms, retry_ms;
        bool found;
    } rows[] = {
        {__LINE__, 60000, -1, false},     {__LINE__, 60000, 0, false},
        {__LINE__, 60000, 57000, false},  {__LINE__, 60000, 57999, false},
        {__LINE__, 60000, 58000, true},   {__LINE__, 60000, 60000, true},
        {__LINE__, 60000, 3600000, true}, {__LINE__, 1000, 0, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char address[32];
        snprintf(address, sizeof address, "10.0.2.%zu", i);
        ip_parse(address, &bed.ip);
        bed_time = BED_NOW;
        struct receipt first = bed_store(&bed, ID("x"));
        bed_time += rows[i].age_ms;
        fill(40);
        ROW_INT(&rows[i], is_duplicate(rows[i].retry_ms, &first), rows[i].found);
    }
}

static void yesterday(void **state)
{
    (void)state;
    int64_t midnight = clock_day_start(BED_NOW) + CLOCK_DAY_MS;
    for (int sync = 0; sync < 2; sync++) {
        bed.config.sync = sync;
        ip_parse(sync ? "10.0.3.1" : "10.0.3.0", &bed.ip);
        bed_time = midnight - 5000;
        struct receipt first = bed_store(&bed, ID("x"));
        fill(30);
        struct bed_shot before = bed_shoot(&bed);
        bed_time = midnight + 5000;
        assert_true(is_duplicate(10000, &first)); /* today's file is not there yet */
        assert_true(unit_size(bed_json(&bed)) <= 0);
        fill(20);
        assert_true(is_duplicate(10000, &first));
        assert_int_equal(bed_lines(&bed), 20);
        assert_false(is_duplicate(2000, &first)); /* not far enough back */
        assert_int_equal(bed_lines(&bed), 21);
        bed_time = midnight - 5000;
        assert_true(bed_same(&bed, &before)); /* written over, byte for byte */
        assert_int_equal(bed_lines(&bed), 31);
        bed_forget(&before);
    }
}

static void yesterday_without_retry(void **state)
{
    (void)state;
    bed_store(&bed, ID("x"));
    bed_time += CLOCK_DAY_MS;
    assert_int_equal(bed_store(&bed, ID("x")).records, 1);
}

static void part_yesterday_part_today(void **state)
{
    (void)state;
    int64_t midnight = clock_day_start(BED_NOW) + CLOCK_DAY_MS;
    bed_time = midnight - 1000;
    bed_store(&bed, ID("a"));
    bed_time = midnight + 1000;
    bed_store(&bed, ID("b"));
    struct bed_answer a = bed_send(&bed, ID("a") "\n" ID("b") "\n" ID("c") "\n", 5000);
    assert_int_equal(a.v, V_OK);
    assert_int_equal(a.receipt.records, 1);
    assert_int_equal(a.receipt.duplicates, 2);
    assert_int_equal(a.receipt.seq, 2);
    assert_int_equal(bed_lines(&bed), 2);
}

/* Rollcall-Retry finds the copy on any day that the window covers. */
static void days_back(void **state)
{
    (void)state;
    static const struct {
        int line;
        int days; /* ago */
        int64_t keep_days, retry_days;
        bool found;
    } rows[] = {
        {__LINE__, 2, 0, 3, true},    {__LINE__, 7, 0, 8, true},     {__LINE__, 31, 0, 32, true},
        {__LINE__, 32, 0, 33, false}, {__LINE__, 7, 0, 5, false},    {__LINE__, 3, 3, 31, true},
        {__LINE__, 4, 3, 31, false},  {__LINE__, 20, 365, 31, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char address[32];
        snprintf(address, sizeof address, "10.0.4.%zu", i);
        ip_parse(address, &bed.ip);
        bed.config.keep_days = rows[i].keep_days;
        bed.config.sync = i % 2 ? SYNC_BOTH : SYNC_OFF;
        bed_time = BED_NOW;
        struct receipt first = bed_store(&bed, ID("x"));
        fill(20);
        bed_time += rows[i].days * CLOCK_DAY_MS;
        ROW_INT(&rows[i], is_duplicate(rows[i].retry_days * CLOCK_DAY_MS, &first), rows[i].found);
    }
}

/* Stored by a machine whose clock is ahead, resent to one whose clock is behind. */
static void tomorrow(void **state)
{
    (void)state;
    int64_t midnight = clock_day_start(BED_NOW) + CLOCK_DAY_MS;
    bed_time = midnight + 1000;
    struct receipt first = bed_store(&bed, ID("x"));
    bed_time = midnight - 1000;
    assert_true(is_duplicate(5000, &first));
    assert_true(unit_size(bed_json(&bed)) <= 0);
    bed_time = midnight - 2001; /* beyond the slack */
    assert_false(is_duplicate(5000, &first));
    bed_time = midnight - 1000;
    assert_int_equal(bed_store(&bed, ID("y")).seq, 2); /* without Rollcall-Retry nobody looks */
}

/* Two collectors with clocks on both sides of midnight, each with resends of the other's records:
 * none waits for the other for ever, and every record is stored once. */
static int resend_across_midnight(int64_t now)
{
    worker_release(&bed.w);
    bed_time = now;
    if (!worker_init(&bed.w, &bed.config, bed_clock))
        return 1;
    for (int n = 0; n < 200; n++) {
        char body[512];
        snprintf(body, sizeof body, ID("n%d"), n);
        if (bed_send(&bed, body, 10000).v != V_OK)
            return 2;
    }
    worker_release(&bed.w);
    return 0;
}

static void two_clocks_across_midnight(void **state)
{
    (void)state;
    int64_t midnight = clock_day_start(BED_NOW) + CLOCK_DAY_MS;
    bed.config.lock_timeout_ms = 60000;
    bed_time = midnight - 1000;
    bed_store(&bed, ID("before"));
    bed_time = midnight + 1000;
    bed_store(&bed, ID("after")); /* both files are there, so both are locked */
    pid_t pids[4];
    for (int i = 0; i < 4; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(resend_across_midnight(midnight + (i % 2 ? 1000 : -1000)));
    }
    for (int i = 0; i < 4; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    uint64_t lines = bed_lines(&bed);
    bed_time = midnight - 1000;
    assert_int_equal(lines + bed_lines(&bed), 202);
}

/* The search gives up after lock_timeout_ms: here a past day's file is locked. */
static void the_search_has_a_time_limit(void **state)
{
    (void)state;
    bed_store(&bed, ID("x"));
    int fd = open(bed_json(&bed), O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    bed_time += 3 * CLOCK_DAY_MS;
    bed.config.lock_timeout_ms = 30;
    struct capture out;
    capture_begin(&out, STDERR_FILENO);
    struct bed_answer a = bed_send(&bed, ID("x"), 4 * CLOCK_DAY_MS);
    capture_end(&out);
    assert_int_equal(a.v, V_UNAVAILABLE);
    assert_int_equal(a.f.retry_after, 1);
    close(fd);
    bed.config.lock_timeout_ms = 60000;
    assert_int_equal(bed_send(&bed, ID("x"), 4 * CLOCK_DAY_MS).receipt.duplicates, 1);
}

/* With sync, twins are written over themselves: the files stay what they are. */
static void confirmed_in_place(void **state)
{
    (void)state;
    bed.config.sync = true;
    char body[300000];
    snprintf(body, sizeof body, BED_RECORD("\"id\":\"big\",\"pad\":\"%0*d\","), 200000, 0);
    bed_store(&bed, ID("x"));
    bed_store(&bed, body);
    bed_store(&bed, ID("y"));
    struct bed_shot before = bed_shoot(&bed);
    assert_int_equal(bed_store(&bed, body).duplicates, 1);
    assert_int_equal(bed_store(&bed, ID("x") "\n" ID("y") "\n").duplicates, 2);
    assert_true(bed_same(&bed, &before));
    bed_forget(&before);
}

static int set_up(void **state)
{
    (void)state;
    bed_make(&bed);
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
        TEST(sixteen_lines),
        TEST(other_ids_are_others),
        TEST(hostile_ids),
        TEST(twice_in_one_request),
        TEST(mixed_requests),
        TEST(the_window),
        TEST(yesterday),
        TEST(yesterday_without_retry),
        TEST(days_back),
        TEST(tomorrow),
        TEST(two_clocks_across_midnight),
        TEST(the_search_has_a_time_limit),
        TEST(part_yesterday_part_today),
        TEST(confirmed_in_place),
    };
    return cmocka_run_group_tests_name("resend", tests, NULL, NULL);
}
