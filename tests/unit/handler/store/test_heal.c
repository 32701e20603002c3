/* heal: what a dead writer left is undone; nothing else is touched. */
#include "tests/unit/handler/bed.h"

#include "handler/store/heal.h"

static struct bed bed;
static struct capture out;

/* Stores one more record; the log's lines are in out.text. */
static enum verdict store_one(void)
{
    capture_begin(&out, STDERR_FILENO);
    enum verdict v = bed_send(&bed, BED_RECORD("\"x\":1,"), -1).v;
    capture_end(&out);
    return v;
}

static void append_to(const char *path, const void *bytes, size_t len)
{
    unit_write_at(path, bytes, len, unit_size(path));
}

/* Both files hold what they held, and one record more. */
static void went_on(const struct bed_shot *before, uint64_t lines)
{
    struct bed_shot now = bed_shoot(&bed);
    assert_true(now.json_len > before->json_len && now.csv_len > before->csv_len);
    assert_memory_equal(now.json, before->json, before->json_len);
    assert_memory_equal(now.csv, before->csv, before->csv_len);
    bed_forget(&now);
    assert_int_equal(bed_lines(&bed), lines + 1);
}

static const char nuls[70000];

static const struct {
    int line;
    const char *json, *csv; /* appended to the files; NULL: nothing */
    size_t json_nuls, csv_nuls;
} leavings[] = {
    {__LINE__, "{\"torn", NULL, 0, 0},
    {__LINE__, "{", NULL, 0, 0},
    {__LINE__, NULL, NULL, 1, 0},
    {__LINE__, NULL, NULL, sizeof nuls, 0},
    {__LINE__, NULL, NULL, 0, sizeof nuls},
    {__LINE__, "{\"torn", NULL, 3000, 3000},
    {__LINE__, NULL, "\"2026-11-20T12:34:56.000Z\",\"10.0.0.7\",\"torn", 0, 0},
    {__LINE__, "{\"torn",
     "\"2026-11-20T12:34:56.000Z\",\"whole\"\r\n\"2026-11-20T12:34:56.000Z\",\"torn", 0, 0},
    {__LINE__, NULL, "x", 0, 0},
    {__LINE__, NULL, "not a row at all\r\n", 0, 0},
};

static void bytes_of_a_dead_writer(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(leavings); i++)
        for (int stored = 0; stored < 3; stored++) {
            for (int n = 0; n < stored; n++)
                bed_store(&bed, BED_RECORD(""));
            if (stored == 0) {
                bed_store(&bed, BED_RECORD("")); /* makes the directory */
                unit_write(bed_json(&bed), "", 0);
                unit_write(bed_csv(&bed), "", 0);
            }
            struct bed_shot before = bed_shoot(&bed);
            append_to(bed_json(&bed), nuls, leavings[i].json_nuls);
            append_to(bed_csv(&bed), nuls, leavings[i].csv_nuls);
            if (leavings[i].json)
                append_to(bed_json(&bed), leavings[i].json, strlen(leavings[i].json));
            if (leavings[i].csv)
                append_to(bed_csv(&bed), leavings[i].csv, strlen(leavings[i].csv));
            ROW_INT(&leavings[i], store_one(), V_OK);
            ROW_TRUE(&leavings[i], strstr(out.text, "level=warn event=healed file=10.0.0.7_"));
            went_on(&before, (uint64_t)stored);
            bed_forget(&before);
            unlink(bed_json(&bed));
            unlink(bed_csv(&bed));
        }
}

/* A batch without its last line, with and without all of its rows. */
static void half_batches(void **state)
{
    (void)state;
    for (int rows = 0; rows < 2; rows++) {
        bed_store(&bed, BED_RECORD(""));
        struct bed_shot before = bed_shoot(&bed);
        bed_store(&bed, BED_RECORD("") "\n" BED_RECORD("") "\n" BED_RECORD("") "\n");
        struct bed_shot whole = bed_shoot(&bed);
        char *last = memrchr(whole.json, '\n', whole.json_len - 1);
        assert_int_equal(truncate(bed_json(&bed), last + 1 - whole.json), 0);
        if (rows)
            assert_int_equal(truncate(bed_csv(&bed), (off_t)whole.csv_len - 7), 0);
        assert_int_equal(store_one(), V_OK);
        went_on(&before, 1);
        bed_forget(&before);
        bed_forget(&whole);
        unlink(bed_json(&bed));
        unlink(bed_csv(&bed));
    }
}

/* A CSV file cut at any place, or gone, comes out as it was. */
static void short_csv_files_are_rebuilt(void **state)
{
    (void)state;
    bed_store(&bed, BED_RECORD("\"hostname\":\"h\\n\","));
    bed_store(&bed, BED_RECORD("") "\n" BED_RECORD("") "\n");
    struct bed_shot before = bed_shoot(&bed);
    uint64_t lines = 3;
    for (size_t len = 0; len < before.csv_len; len += 41) {
        assert_int_equal(truncate(bed_csv(&bed), (off_t)len), 0);
        assert_int_equal(store_one(), V_OK);
        assert_non_null(strstr(out.text, "event=csv_rebuilt"));
        went_on(&before, lines++);
    }
    assert_int_equal(unlink(bed_csv(&bed)), 0);
    assert_int_equal(store_one(), V_OK);
    went_on(&before, lines);
    bed_forget(&before);
}

/* Refused, and neither file is another one than before. */
static void untouched(const char *event)
{
    struct bed_shot before = bed_shoot(&bed);
    assert_int_equal(store_one(), V_STORE_FAILED);
    assert_non_null(strstr(out.text, event));
    assert_true(bed_same(&bed, &before));
    bed_forget(&before);
}

static void foreign_files(void **state)
{
    (void)state;
    static const char *const lines[] = {"x\n", "{}\n", "\n", "{\"a\":1}\n{\"torn"};
    for (size_t i = 0; i < COUNT(lines); i++) {
        char event[128];
        bed_store(&bed, BED_RECORD(""));
        snprintf(event, sizeof event,
                 "event=file_not_ours file=10.0.0.7_2026-11-20.json offset=%lld",
                 (long long)unit_size(bed_json(&bed)));
        append_to(bed_json(&bed), lines[i], strlen(lines[i]));
        untouched(event);
        unit_write(bed_json(&bed), lines[i], strlen(lines[i]));
        unit_write(bed_csv(&bed), "", 0);
        untouched("event=file_not_ours file=10.0.0.7_2026-11-20.json offset=0");
        unlink(bed_json(&bed));
        unlink(bed_csv(&bed));
    }
}

/* A boot in the future makes every file an old one. */
static int64_t booted_later(void)
{
    return INT64_MAX;
}

static int64_t booted_before(void)
{
    return 0;
}

/* Rows of several requests whose lines are missing may be the last copy of acknowledged records:
 * the JSON file was cut after line `lines`. */
static void cut_at_a_line(uint64_t lines)
{
    for (int n = 0; n < 5; n++, bed_time += 1000)
        bed_store(&bed, BED_RECORD(""));
    struct bed_shot whole = bed_shoot(&bed);
    const char *end = whole.json;
    for (uint64_t n = 0; n < lines; n++)
        end = strchr(end, '\n') + 1;
    unit_write(bed_json(&bed), whole.json, (size_t)(end - whole.json));
    bed.w.store.boot = booted_before;
    untouched("event=file_not_ours file=10.0.0.7_2026-11-20.csv");
    assert_non_null(strstr(out.text, "rows of several requests whose JSON lines are missing"));
    bed.w.store.boot = booted_later; /* as a power loss leaves it with `sync` false */
    assert_int_equal(store_one(), V_OK);
    assert_non_null(strstr(out.text, "event=healed file=10.0.0.7_2026-11-20.csv"));
    assert_int_equal(bed_lines(&bed), lines + 1);
    bed_forget(&whole);
    unlink(bed_json(&bed));
    unlink(bed_csv(&bed));
    bed.w.store.boot = booted_before;
}

static void rows_of_acknowledged_requests_are_not_truncated(void **state)
{
    (void)state;
    for (uint64_t lines = 0; lines < 4; lines++)
        cut_at_a_line(lines);
}

/* One dead writer leaves the rows of one request, however many: they are truncated. */
static void rows_of_one_request_are_truncated(void **state)
{
    (void)state;
    static char body[400000];
    bed_store(&bed, BED_RECORD(""));
    struct bed_shot before = bed_shoot(&bed);
    bed_time += 1000;
    size_t len = (size_t)snprintf(body, sizeof body,
                                  "{\"processor\":\"x\",\"os_name\":\"Linux\",\"os_ver\":\"6.1\","
                                  "\"users\":\"root\",\"processes\":[{\"pid\":1}");
    for (int n = 0; n < 3000; n++)
        len += (size_t)snprintf(body + len, sizeof body - len, ",{\"pid\":%d,\"cmd\":\"%0*d\"}", n,
                                n % 80, 0);
    strcpy(body + len, "]}");
    bed_store(&bed, body);
    assert_int_equal(truncate(bed_json(&bed), (off_t)before.json_len), 0);
    assert_int_equal(store_one(), V_OK);
    went_on(&before, 1);
    bed_forget(&before);
}

/* JSON file gone, rows of several requests left. */
static void a_csv_file_alone(void **state)
{
    (void)state;
    for (int n = 0; n < 3; n++, bed_time += 1000)
        bed_store(&bed, BED_RECORD(""));
    off_t size = unit_size(bed_csv(&bed));
    unlink(bed_json(&bed));
    assert_int_equal(store_one(), V_STORE_FAILED);
    assert_int_equal(unit_size(bed_csv(&bed)), size);
}

/* A foreign JSON file keeps what follows the commit in the CSV file, too, and the other way. */
static void neither_is_cut_for_the_other(void **state)
{
    (void)state;
    bed_store(&bed, BED_RECORD(""));
    append_to(bed_csv(&bed), "torn", 4);
    append_to(bed_json(&bed), "foreign\n{\"torn", 14);
    untouched("event=file_not_ours");
}

static void csv_that_cannot_be_rebuilt(void **state)
{
    (void)state;
    bed_store(&bed, BED_RECORD("\"hostname\":\"h\","));
    bed_store(&bed, BED_RECORD(""));
    unit_write_at(bed_json(&bed), "\\", 1, 13); /* "h" -> \" and the line is no JSON */
    assert_int_equal(truncate(bed_csv(&bed), 300), 0);
    untouched("event=csv_too_short");
}

/* After a boot the last request's chain is looked at, too. */
static void after_a_boot(void **state)
{
    (void)state;
    bed_store(&bed, BED_RECORD(""));
    struct bed_shot before = bed_shoot(&bed);
    bed_store(&bed, BED_RECORD("\"pad\":\"0123456789\","));
    bed.w.store.boot = booted_later;
    unit_write_at(bed_json(&bed), nuls, 5, (off_t)before.json_len + 12);
    assert_int_equal(store_one(), V_OK);
    assert_non_null(strstr(out.text, "event=healed"));
    went_on(&before, 1);
    unit_write_at(bed_csv(&bed), nuls, 5, 200); /* NUL bytes in the rows: rebuilt */
    assert_int_equal(store_one(), V_OK);
    assert_non_null(strstr(out.text, "event=csv_rebuilt"));
    went_on(&before, 2);
    unit_write_at(bed_json(&bed), "y", 1, unit_size(bed_json(&bed)) - 300);
    untouched("event=file_not_ours");
    bed_forget(&before);
}

/* Damages the CSV file in all ways that a power loss can, and heals it each time. */
static void damaged_after_a_boot(int lines, int64_t step, size_t from)
{
    for (int n = 0; n < lines; n++, bed_time += step)
        bed_store(&bed, BED_RECORD("\"hostname\":\"h\","));
    bed_time -= step;
    struct bed_shot before = bed_shoot(&bed);
    uint64_t count = (uint64_t)lines;
    for (size_t at = from; at < before.csv_len; at += 1 + (before.csv_len - from) / 13) {
        size_t run = before.csv_len - at < 300 ? before.csv_len - at : 300;
        unit_write_at(bed_csv(&bed), at % 2 ? nuls : "\"2026\"", at % 2 ? run : 6, (off_t)at);
        bed.w.store.boot = booted_later;
        assert_int_equal(store_one(), V_OK);
        assert_non_null(strstr(out.text, "event=csv_rebuilt"));
        went_on(&before, count++);
    }
    bed_forget(&before);
    unlink(bed_json(&bed));
    unlink(bed_csv(&bed));
    bed_time = BED_NOW;
}

static void after_a_boot_the_tail_is_compared(void **state)
{
    (void)state;
    damaged_after_a_boot(12, 300000, 0);   /* the whole file */
    damaged_after_a_boot(40, 60000, 5500); /* more than 16 lines, and ten minutes of them */
    damaged_after_a_boot(100, 5000, 9000);
}

/* The number of whole lines in the first `len` bytes of the JSON file, as it was. */
static uint64_t whole_lines(const struct bed_shot *was, size_t len)
{
    uint64_t lines = 0;
    for (size_t at = 0; at < len; at++)
        lines += was->json[at] == '\n';
    return lines;
}

/* Files cut at every offset of their last two records by a power loss: what is whole stays. */
static void files_cut_at_every_offset(void **state)
{
    (void)state;
    for (int n = 0; n < 4; n++, bed_time += 1000)
        bed_store(&bed, BED_RECORD("\"hostname\":\"h\","));
    struct bed_shot was = bed_shoot(&bed);
    size_t json_from = was.json_len / 2, csv_from = was.csv_len / 2;
    bed.w.store.boot = booted_later;
    for (size_t cut = 0; cut < was.json_len - json_from + was.csv_len - csv_from; cut++) {
        bool csv = cut >= was.json_len - json_from;
        size_t json_len = csv ? was.json_len : json_from + cut;
        size_t csv_len = csv ? csv_from + cut - (was.json_len - json_from) : was.csv_len;
        unit_write(bed_json(&bed), was.json, json_len);
        unit_write(bed_csv(&bed), was.csv, csv_len);
        assert_int_equal(store_one(), V_OK);
        assert_int_equal(bed_lines(&bed), whole_lines(&was, json_len) + 1);
    }
    bed_forget(&was);
}

/* Heals today's pair as on NFS, where another machine may have lost its last writes. */
static struct heal heal_remote(void)
{
    static struct jsonl_back back;
    static struct commit last;
    static struct fault f;
    struct pair p;
    struct pair_of of = {&bed.w.store.dirs, &bed.ip, 0};
    assert_int_equal(pair_find(&p, &of, "2026-11-20", &f), V_OK);
    struct heal h = {.pair = &p,
                     .digest = bed.w.digest,
                     .boot = 0,
                     .remote = true,
                     .back = &back,
                     .last = &last,
                     .fault = &f};
    capture_begin(&out, STDERR_FILENO);
    assert_int_equal(heal_pair(&h), V_OK);
    capture_end(&out);
    pair_close(&p);
    return h;
}

/* The last line is compared each time; what is before it only if that line is damaged. */
static void on_nfs_the_last_line_is_compared(void **state)
{
    (void)state;
    for (int n = 0; n < 20; n++)
        bed_store(&bed, BED_RECORD(""));
    struct bed_shot before = bed_shoot(&bed);
    assert_int_equal(heal_remote().rebuilt, 0);
    unit_write_at(bed_csv(&bed), "x", 1, 1000);
    assert_int_equal(heal_remote().rebuilt, 0);
    unit_write_at(bed_csv(&bed), nuls, 5, (off_t)before.csv_len - 20);
    assert_true(heal_remote().rebuilt > 0);
    assert_true(bed_same(&bed, &before));
    bed_forget(&before);
}

/* An intact run of 16 lines and 10 minutes ends the search: what is before it is not read. */
static void an_intact_run_ends_the_search(void **state)
{
    (void)state;
    for (int n = 0; n < 30; n++, bed_time += 60000)
        bed_store(&bed, BED_RECORD(""));
    bed_time -= 60000;
    unit_write_at(bed_csv(&bed), "x", 1, 300);
    bed.w.store.boot = booted_later;
    assert_int_equal(store_one(), V_OK);
    assert_null(strstr(out.text, "csv_rebuilt"));
    assert_false(bed_check_path(bed_json(&bed), NULL));
}

/* Both files of 80 MiB: the CSV file is 1,000 bytes short. */
static void large_files_are_healed(void **state)
{
    (void)state;
    static char body[3 << 20];
    snprintf(body, sizeof body, BED_RECORD("\"pad\":\"%0*d\","), 2900000, 0);
    for (int n = 0; n < 28; n++, bed_time += 1000)
        bed_store(&bed, body);
    bed_time -= 1000;
    struct bed_shot before = bed_shoot(&bed);
    assert_true(before.json_len > 80000000);
    assert_int_equal(truncate(bed_csv(&bed), (off_t)before.csv_len - 1000), 0);
    assert_int_equal(store_one(), V_OK);
    went_on(&before, 28);
    bed_forget(&before);
}

static void tails_of_nul_bytes_of_any_length(void **state)
{
    (void)state;
    bed_store(&bed, BED_RECORD(""));
    struct bed_shot before = bed_shoot(&bed);
    assert_int_equal(truncate(bed_json(&bed), 100 << 20), 0);
    assert_int_equal(truncate(bed_csv(&bed), 90 << 20), 0);
    bed.w.store.boot = booted_later;
    assert_int_equal(store_one(), V_OK);
    went_on(&before, 1);
    bed_forget(&before);
}

/* Without a boot in between a damaged middle is not looked for: that is verify's work. */
static void before_a_boot_the_end_is_enough(void **state)
{
    (void)state;
    bed_store(&bed, BED_RECORD("\"pad\":\"0123456789\","));
    unit_write_at(bed_json(&bed), "y", 1, 10);
    bed.w.store.boot = booted_before;
    assert_int_equal(store_one(), V_OK);
    assert_false(bed_check_path(bed_json(&bed), NULL));
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
        TEST(bytes_of_a_dead_writer),
        TEST(half_batches),
        TEST(short_csv_files_are_rebuilt),
        TEST(foreign_files),
        TEST(rows_of_acknowledged_requests_are_not_truncated),
        TEST(rows_of_one_request_are_truncated),
        TEST(a_csv_file_alone),
        TEST(on_nfs_the_last_line_is_compared),
        TEST(files_cut_at_every_offset),
        TEST(after_a_boot_the_tail_is_compared),
        TEST(an_intact_run_ends_the_search),
        TEST(large_files_are_healed),
        TEST(tails_of_nul_bytes_of_any_length),
        TEST(neither_is_cut_for_the_other),
        TEST(csv_that_cannot_be_rebuilt),
        TEST(after_a_boot),
        TEST(before_a_boot_the_end_is_enough),
    };
    return cmocka_run_group_tests_name("heal", tests, NULL, NULL);
}
