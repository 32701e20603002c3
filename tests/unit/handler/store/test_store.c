/* store: what a 200 means, with one writer and with many. */
#include "tests/unit/handler/bed.h"

#include <sys/wait.h>

static struct bed bed;

static void first_records(void **state)
{
    (void)state;
    struct receipt r = bed_store(&bed, BED_RECORD(""));
    assert_int_equal(r.seq, 1);
    assert_int_equal(r.records, 1);
    assert_int_equal(r.duplicates, 0);
    assert_string_equal(r.date, "2026-11-20");
    assert_false(r.durable);
    char first[DIGEST_HEX_LEN + 1];
    memcpy(first, r.chain, sizeof first);
    r = bed_store(&bed, BED_RECORD("\"hostname\":\"h\","));
    assert_int_equal(r.seq, 2);
    assert_string_not_equal(r.chain, first);
    assert_int_equal(bed_lines(&bed), 2);
}

static void with_sync(void **state)
{
    (void)state;
    bed.config.sync = true;
    assert_true(bed_store(&bed, BED_RECORD("\"id\":\"a\",")).durable);
    assert_int_equal(bed_store(&bed, BED_RECORD("\"id\":\"a\",")).duplicates, 1);
    assert_int_equal(bed_lines(&bed), 1);
}

/* The line is the body's own bytes, large members first, our member last. */
static void lines_byte_for_byte(void **state)
{
    (void)state;
    char body[4096], want[4096];
    snprintf(body, sizeof body, " { \"n\" : 1.50E+3 , \"big\":\"%01100d\", %s", 0,
             &BED_RECORD("")[1]);
    struct receipt r = bed_store(&bed, body);
    int len = snprintf(want, sizeof want,
                       "{\"big\":\"%01100d\",\"n\":1.50E+3,%.*s,\"rollcall\":{\"received_at\":"
                       "\"2026-11-20T12:34:56.789Z\",\"client_ip\":\"10.0.0.7\","
                       "\"process_count\":2,\"user_count\":1,\"seq\":1,\"left\":0,"
                       "\"line_start\":0,\"csv_end\":%lld,\"chain\":\"%s\"}}\n",
                       0, (int)strlen(BED_RECORD("")) - 2, &BED_RECORD("")[1],
                       (long long)unit_size(bed_csv(&bed)), r.chain);
    struct bed_shot shot = bed_shoot(&bed);
    BYTES(shot.json, shot.json_len, want, (size_t)len);
    bed_forget(&shot);
}

static void batches(void **state)
{
    (void)state;
    struct receipt r = bed_store(&bed, BED_RECORD("\"id\":\"a\",") "\n" BED_RECORD(
                                           "\"id\":\"b\",") "\n\n" BED_RECORD("") "\n");
    assert_int_equal(r.records, 3);
    assert_int_equal(r.seq, 3);
    struct bed_shot shot = bed_shoot(&bed);
    assert_non_null(strstr(shot.json, "\"seq\":1,\"left\":2,"));
    assert_non_null(strstr(shot.json, "\"seq\":2,\"left\":1,"));
    assert_non_null(strstr(shot.json, "\"seq\":3,\"left\":0,"));
    bed_forget(&shot);
    assert_int_equal(bed_lines(&bed), 3);
}

/* One object that is not a record: nothing of the batch, and no file, is there. */
static void all_or_none(void **state)
{
    (void)state;
    struct bed_answer a = bed_send(&bed, BED_RECORD("") "\n{\"x\":1}\n", -1);
    assert_int_equal(a.v, V_NOT_A_RECORD);
    assert_int_equal(a.f.line, 2);
    assert_int_equal(unit_size(bed_json(&bed)), -1);
    a = bed_send(&bed, BED_RECORD("") "\n" BED_RECORD("") "x\n", -1);
    assert_int_equal(a.v, V_BAD_REQUEST);
    assert_int_equal(a.f.line, 2);
    assert_int_equal(a.f.offset, 2 * strlen(BED_RECORD("")) + 1);
}

static void midnight(void **state)
{
    (void)state;
    int64_t start = clock_day_start(BED_NOW) + CLOCK_DAY_MS;
    bed_time = start - 1;
    assert_string_equal(bed_store(&bed, BED_RECORD("")).date, "2026-11-20");
    bed_time = start;
    struct receipt r = bed_store(&bed, BED_RECORD(""));
    assert_string_equal(r.date, "2026-11-21");
    assert_int_equal(r.seq, 1);
    assert_int_equal(bed_lines(&bed), 1);
    bed_time = start - 1;
    assert_int_equal(bed_lines(&bed), 1);
}

static void a_full_day(void **state)
{
    (void)state;
    bed_store(&bed, BED_RECORD(""));
    struct bed_shot before = bed_shoot(&bed);
    bed.config.max_file_bytes = unit_size(bed_json(&bed)) + 600;
    struct bed_answer a = bed_send(&bed, BED_RECORD(""), -1);
    assert_int_equal(a.v, V_DAY_FULL);
    assert_int_equal(a.f.retry_after, 41104); /* 12:34:56.789 to midnight, rounded up */
    assert_true(bed_same(&bed, &before));
    bed_forget(&before);
}

static void a_full_day_from_the_start(void **state)
{
    (void)state;
    bed.config.max_file_bytes = 100;
    assert_int_equal(bed_send(&bed, BED_RECORD(""), -1).v, V_DAY_FULL);
    assert_int_equal(unit_size(bed_json(&bed)), -1); /* what was made for it is gone */
    assert_int_equal(unit_size(bed_csv(&bed)), -1);
}

static void a_full_disk(void **state)
{
    (void)state;
    bed_store(&bed, BED_RECORD(""));
    struct bed_shot before = bed_shoot(&bed);
    bed.config.min_free_bytes = INT64_MAX / 4;
    bed.w.store.room.until = 0; /* what was measured a moment ago is not used */
    struct capture out;
    capture_begin(&out, STDERR_FILENO);
    enum verdict v = bed_send(&bed, BED_RECORD(""), -1).v;
    capture_end(&out);
    assert_int_equal(v, V_NO_SPACE);
    assert_non_null(strstr(out.text, "event=disk_full"));
    assert_true(bed_same(&bed, &before));
    bed_forget(&before);
}

enum { WRITERS = 8, APPENDS = 40 };

/* In a child: its own worker, as another process would have. */
static int write_many(int writer)
{
    worker_release(&bed.w);
    if (!worker_init(&bed.w, &bed.config, bed_clock))
        return 1;
    for (int i = 0; i < APPENDS; i++) {
        char body[8192];
        int pad = (writer * 37 + i * 101) % 3000;
        snprintf(body, sizeof body, BED_RECORD("\"id\":\"%d.%d\",\"pad\":\"%0*d\",") "\n%s%s",
                 writer, i, pad, 0, i % 5 ? "" : BED_RECORD(""), i % 5 ? "" : "\n");
        struct bed_answer a = bed_send(&bed, body, -1);
        if (a.v != V_OK || a.receipt.records != (i % 5 ? 1 : 2))
            return 2;
    }
    worker_release(&bed.w);
    return 0;
}

static void many_writers(void **state)
{
    (void)state;
    pid_t pids[WRITERS];
    bed.config.lock_timeout_ms = 60000;
    fflush(NULL);
    for (int i = 0; i < WRITERS; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0)
            _exit(write_many(i));
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_int_equal(bed_lines(&bed), WRITERS * (APPENDS + APPENDS / 5));
    struct bed_shot shot = bed_shoot(&bed);
    for (int w = 0; w < WRITERS; w++)
        for (int i = 0; i < APPENDS; i++) {
            char id[64];
            snprintf(id, sizeof id, "10.0.0.7\",\"id\":\"%d.%d\"", w, i);
            assert_non_null(strstr(shot.json, id));
        }
    bed_forget(&shot);
}

/* A writer that is killed at any time leaves nothing that the next one cannot mend. */
static void killed_writers(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        int started[2];
        assert_int_equal(pipe(started), 0);
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            static char body[3 << 20];
            worker_release(&bed.w);
            if (!worker_init(&bed.w, &bed.config, bed_clock) || write(started[1], "x", 1) != 1)
                _exit(1);
            snprintf(body, sizeof body, BED_RECORD("\"pad\":\"%0*d\","), (2 << 20) + round, 0);
            for (;;)
                bed_send(&bed, body, -1);
        }
        char c;
        assert_int_equal(read(started[0], &c, 1), 1);
        for (int spin = 0; spin < round * 20; spin++)
            unit_size(bed_json(&bed)); /* let it get somewhere; where does not matter */
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        close(started[0]);
        close(started[1]);
        struct capture out;
        capture_begin(&out, STDERR_FILENO);
        enum verdict v = bed_send(&bed, BED_RECORD(""), -1).v;
        capture_end(&out);
        assert_int_equal(v, V_OK);
        assert_true(bed_lines(&bed) > 0);
    }
}

static size_t memory(void)
{
    const struct worker *w = &bed.w;
    return w->text.cap + w->packed.cap + w->csv.cap + w->reply.cap + w->rows.users.cap +
           w->rows.prefix.cap + w->rows.decoded.cap + w->store.lines.cap +
           w->rows.notes.room * sizeof *w->rows.notes.list;
}

/* What a large record took is given back; a hundred small ones take no more than one. */
static void memory_is_flat(void **state)
{
    (void)state;
    static char body[3 << 20];
    bed_store(&bed, BED_RECORD(""));
    size_t small = memory();
    for (int i = 0; i < 100; i++)
        bed_store(&bed, BED_RECORD(""));
    assert_int_equal(memory(), small);
    assert_int_equal(bed.w.arena.used, 0);
    snprintf(body, sizeof body, BED_RECORD("\"pad\":\"%0*d\","), (int)sizeof body - 400, 0);
    bed_store(&bed, body);
    assert_true(memory() <= small + 9 * (1 << 20));
    assert_int_equal(bed.w.arena.used, 0);
}

static void probe(void **state)
{
    (void)state;
    struct fault f;
    fault_clear(&f);
    assert_int_equal(store_probe(&bed.w.store, &f), V_OK);
    bed.config.min_free_bytes = INT64_MAX / 4;
    assert_int_equal(store_probe(&bed.w.store, &f), V_UNAVAILABLE);
    assert_null(strchr(f.reason, '/'));
    unit_remove(bed.records);
    unit_write(bed.records, "a file", 6);
    assert_int_equal(store_probe(&bed.w.store, &f), V_UNAVAILABLE);
    assert_null(strchr(f.reason, '/'));
}

/* The number of descriptors that lead below the store. */
static int open_files(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++) {
        char link[64], to[256];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, to, sizeof to - 1);
        to[n > 0 ? n : 0] = '\0';
        count += strncmp(to, bed.dir, strlen(bed.dir)) == 0;
    }
    return count;
}

static void no_file_stays_open(void **state)
{
    (void)state;
    bed_store(&bed, BED_RECORD("\"id\":\"a\","));
    assert_int_equal(open_files(), 0);
    assert_int_equal(bed_send(&bed, BED_RECORD("\"id\":\"a\","), 86400000).receipt.duplicates, 1);
    assert_int_equal(open_files(), 0);
    struct fault f;
    fault_clear(&f);
    assert_int_equal(store_probe(&bed.w.store, &f), V_OK);
    worker_reset(&bed.w);
    assert_int_equal(open_files(), 0);
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
        TEST(first_records),
        TEST(with_sync),
        TEST(lines_byte_for_byte),
        TEST(batches),
        TEST(all_or_none),
        TEST(midnight),
        TEST(a_full_day),
        TEST(a_full_day_from_the_start),
        TEST(a_full_disk),
        TEST(many_writers),
        TEST(killed_writers),
        TEST(memory_is_flat),
        TEST(probe),
        TEST(no_file_stays_open),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
