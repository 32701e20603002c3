/*
 * bed: a store in a directory of its own, with a clock that the test sets.
 */
#ifndef ROLLCALL_BED_H
#define ROLLCALL_BED_H

#include "tests/unit/unit.h"

#include "handler/verify/filecheck.h"
#include "handler/worker.h"

#define BED_NOW INT64_C(1795178096789) /* 2026-11-20T12:34:56.789Z */

/* A small record; "%s" for more members, each followed by a comma. */
#define BED_RECORD(more)                                                                           \
    "{" more "\"processor\":\"x\",\"os_name\":\"Linux\",\"os_ver\":\"6.1\",\"users\":\"root\","    \
    "\"processes\":[{\"pid\":1,\"cmd\":\"init\"},{\"pid\":2}]}"

struct bed {
    char dir[64], records[96], tokens[96];
    struct config config;
    struct worker w;
    struct ip ip;
};

static int64_t bed_time;

static inline int64_t bed_clock(void)
{
    return bed_time;
}

static inline void bed_make(struct bed *b)
{
    memset(b, 0, sizeof *b);
    bed_time = BED_NOW;
    unit_directory(b->dir);
    snprintf(b->records, sizeof b->records, "%s/records", b->dir);
    snprintf(b->tokens, sizeof b->tokens, "%s/tokens", b->dir);
    b->config = (struct config){.records_dir = b->records,
                                .tokens_file = b->tokens,
                                .sync = false,
                                .max_body_bytes = 4 << 20,
                                .max_file_bytes = INT64_C(1) << 33,
                                .lock_timeout_ms = 5000};
    assert_true(worker_init(&b->w, &b->config, bed_clock));
    assert_true(ip_parse("10.0.0.7", &b->ip));
}

static inline void bed_remove(struct bed *b)
{
    worker_release(&b->w);
    unit_remove(b->dir);
}

/* "<records>/data/<day of ms>/10.0.0.7_<day><suffix>" */
static inline const char *bed_path_of(const struct bed *b, int64_t ms, const char *suffix)
{
    static char path[4][256];
    static unsigned turn;
    char date[CLOCK_DATE_LEN + 1];
    char *out = path[turn++ % 4];
    clock_date(ms, date);
    snprintf(out, 256, "%s/data/%s/%s_%s%s", b->records, date, b->ip.file, date, suffix);
    return out;
}

static inline const char *bed_json(const struct bed *b)
{
    return bed_path_of(b, bed_time, ".json");
}

static inline const char *bed_csv(const struct bed *b)
{
    return bed_path_of(b, bed_time, ".csv");
}

struct bed_answer {
    enum verdict v;
    struct receipt receipt;
    struct fault f;
};

/* Stores a body (NDJSON when it has newlines) as the handler would. */
static inline struct bed_answer bed_send(struct bed *b, const char *body, int64_t retry_ms)
{
    struct bed_answer a;
    struct batch batch = {.ip = &b->ip,
                          .builder = &b->w.rows,
                          .arena = &b->w.arena,
                          .rows = &b->w.csv,
                          .retry_ms = retry_ms};
    memset(&a, 0, sizeof a);
    fault_clear(&a.f);
    buf_reset(&b->w.text);
    buf_puts(&b->w.text, body);
    size_t len = b->w.text.len;
    a.v = batch_parse(&batch, buf_str(&b->w.text), len, strchr(body, '\n') != NULL, &a.f);
    if (a.v == V_OK)
        a.v = store_append(&b->w.store, &batch, &b->w.arena, &a.receipt, &a.f);
    worker_reset(&b->w);
    return a;
}

/* Stores one record, which must succeed. */
static inline struct receipt bed_store(struct bed *b, const char *body)
{
    struct bed_answer a = bed_send(b, body, -1);
    if (a.v != V_OK)
        print_error("%s\n", a.f.reason);
    assert_int_equal(a.v, V_OK);
    return a.receipt;
}

/* Does rollcall-verify's check hold for the file? Counts lines, where asked. */
static inline bool bed_check_path(const char *path, uint64_t *lines)
{
    struct filecheck check = {.receipts = NULL};
    struct capture out;
    capture_begin(&out, STDOUT_FILENO);
    bool ok = filecheck(&check, path);
    capture_end(&out);
    if (!ok)
        print_message("%s", out.text);
    if (lines)
        *lines = check.lines;
    return ok;
}

static inline uint64_t bed_lines(const struct bed *b)
{
    uint64_t lines = 0;
    assert_true(bed_check_path(bed_json(b), &lines));
    return lines;
}

/* Files as they are, to be compared with what they become. */
struct bed_shot {
    char *json, *csv;
    size_t json_len, csv_len;
};

static inline struct bed_shot bed_shoot(const struct bed *b)
{
    struct bed_shot s;
    s.json = unit_read(bed_json(b), &s.json_len);
    s.csv = unit_read(bed_csv(b), &s.csv_len);
    return s;
}

static inline void bed_forget(struct bed_shot *s)
{
    free(s->json);
    free(s->csv);
}

/* True when both files are as they were then. */
static inline bool bed_same(const struct bed *b, const struct bed_shot *then)
{
    struct bed_shot now = bed_shoot(b);
    bool same = now.json_len == then->json_len && now.csv_len == then->csv_len &&
                memcmp(now.json, then->json, now.json_len) == 0 &&
                memcmp(now.csv, then->csv, now.csv_len) == 0;
    bed_forget(&now);
    return same;
}

#endif
