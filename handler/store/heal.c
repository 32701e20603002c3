#include "handler/store/heal.h"

#include "handler/shared/io.h"
#include "handler/shared/log.h"
#include "handler/store/rebuild.h"
#include "handler/store/txn.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void heal_of_store(struct heal *h, const struct store *s)
{
    h->digest = s->digest;
    h->boot = s->boot();
    h->remote = s->dirs.remote;
}

/* May a power loss, of this machine, have taken what was written last? */
static bool heal_is_old(const struct heal *h)
{
    const struct pair *p = h->pair;
    return (p->json_size > 0 && p->json_mtime < h->boot) ||
           (p->csv_size > 0 && p->csv_mtime < h->boot);
}

struct digest *heal_digest(const struct heal *h)
{
    return h->whole || h->remote || heal_is_old(h) ? h->digest : NULL;
}

static enum verdict heal_find_commit(struct heal *h)
{
    const struct pair *p = h->pair;
    switch (commit_find(p->json, p->json_size, heal_digest(h), h->back, h->last)) {
    case COMMIT_FOUND:
    case COMMIT_NONE:
        break;
    case COMMIT_NOT_OURS:
        return pair_not_ours(p->json_name, h->last->foreign,
                             "a line that rollcall did not write; see rollcall-verify(8)",
                             h->fault);
    case COMMIT_FAILED:
        return pair_failed("read", p->json_name, h->fault);
    }
    return V_OK;
}

/* ---- CSV rows beyond the commit */

/* What a scan of CSV rows has found. */
struct row_times {
    char first[CLOCK_TIME_LEN + 1]; /* "": none yet */
    bool several;                   /* more than one received_at */
};

/* Notes the received_at of a row; torn and foreign rows have none. */
static void heal_note_row(struct row_times *times, const char *row, size_t len)
{
    if (len < CLOCK_TIME_LEN + 2 || *row != '"' || clock_parse(row + 1) < 0)
        return;
    if (!*times->first)
        memcpy(times->first, row + 1, CLOCK_TIME_LEN);
    times->several |= memcmp(times->first, row + 1, CLOCK_TIME_LEN) != 0;
}

/* Scans the rows in [from, to) of the CSV file. False with errno. */
static bool heal_scan_rows(int csv, off_t from, off_t to, struct row_times *times)
{
    char block[64 * 1024];
    bool at_start = true; /* a row starts at `from` */
    while (from < to && !times->several) {
        size_t want = to - from < (off_t)sizeof block ? (size_t)(to - from) : sizeof block;
        ssize_t n = io_pread(csv, block, want, from);
        if (n <= 0)
            return n == 0;
        const char *row = block, *end = block + n;
        if (!at_start) {
            row = memchr(block, '\n', (size_t)n);
            row = row ? row + 1 : end;
        }
        for (const char *newline; row < end; row = newline ? newline + 1 : end) {
            newline = memchr(row, '\n', (size_t)(end - row));
            if (!newline && row > block && want == sizeof block)
                break; /* read this row again from its start */
            heal_note_row(times, row, (size_t)(end - row));
        }
        at_start = row < end || end[-1] == '\n';
        from += row - block;
    }
    return true;
}

/* Rows of several requests beyond the commit: the JSON file may have lost their lines. */
static enum verdict heal_check_rows(const struct heal *h, off_t csv_end)
{
    const struct pair *p = h->pair;
    struct row_times times = {.several = false};
    bool power_loss = p->json_mtime < h->boot && p->csv_mtime < h->boot;
    if (p->csv_size <= csv_end || power_loss)
        return V_OK;
    if (!heal_scan_rows(p->csv, csv_end, p->csv_size, &times))
        return pair_failed("read", p->csv_name, h->fault);
    if (!times.several)
        return V_OK;
    pair_not_ours(p->csv_name, csv_end,
                  "rows of several requests whose JSON lines are missing; restore the JSON file "
                  "or move both files away",
                  h->fault);
    return fault_set(h->fault, V_STORE_FAILED,
                     "today's JSON file for this address has lost lines; nothing was stored; the "
                     "operator must restore it");
}

/* ---- CSV rows up to the commit */

/* A comparison of the CSV file with the rows made from the JSON lines. */
struct compare {
    struct rebuild rebuild;
    struct buf line, rows; /* the line's bytes; the CSV file's rows */
    off_t redo;     /* start of the first line whose rows are to be written again; -1: none */
    off_t reach;    /* the CSV file must be correct up to here */
    size_t intact;  /* lines in a row */
    int64_t newest; /* received_at of the first of them */
};

enum compared { COMPARED_SAME, COMPARED_OTHER, COMPARED_UNKNOWN, COMPARED_FAILED };

/* Reads `len` bytes at `at` into `b`; fewer at the end of the file. */
static bool heal_read(struct buf *b, int fd, off_t at, size_t len)
{
    buf_reset(b);
    if (!buf_reserve(b, len + 1)) {
        errno = ENOMEM;
        return false;
    }
    ssize_t n = io_pread(fd, b->data, len, at);
    b->len = n > 0 ? (size_t)n : 0;
    return n >= 0;
}

/* Compares the rows of the line that `back` is at. COMPARED_UNKNOWN: rows of that length cannot be
 * made from it. */
static enum compared heal_compare_line(const struct heal *h, struct compare *c)
{
    off_t start = (off_t)h->back->line.line_start, csv_end = (off_t)h->back->line.csv_end;
    const struct buf *should = &c->rebuild.out;
    if (!heal_read(&c->line, h->pair->json, start, (size_t)(h->back->end - start)))
        return COMPARED_FAILED;
    if (!rebuild_line(&c->rebuild, c->line.data, c->line.len))
        return errno == EBADMSG ? COMPARED_UNKNOWN : COMPARED_FAILED;
    off_t from = csv_end - (off_t)should->len;
    if (from < 0 || (start == 0 && from > 0))
        return COMPARED_UNKNOWN;
    c->reach = from;
    if (!heal_read(&c->rows, h->pair->csv, from, should->len))
        return COMPARED_FAILED;
    bool same = c->rows.len == should->len && memcmp(c->rows.data, should->data, should->len) == 0;
    return same ? COMPARED_SAME : COMPARED_OTHER;
}

/* Enough lines in a row are intact. */
static bool heal_is_enough(const struct heal *h, const struct compare *c)
{
    if (c->intact == 0 || h->whole)
        return false;
    if (!heal_is_old(h) && !(h->remote && c->redo >= 0))
        return true;
    return c->intact >= HEAL_LINES &&
           c->newest - clock_parse(h->back->line.received_at) >= HEAL_SPAN_MS;
}

static void heal_note_line(const struct heal *h, struct compare *c, bool same)
{
    if (!same) {
        c->redo = (off_t)h->back->line.line_start;
        c->intact = 0;
    } else if (c->intact++ == 0) {
        c->newest = clock_parse(h->back->line.received_at);
    }
}

static enum verdict heal_cannot(const struct heal *h, off_t wanted)
{
    log_event(LOG_ERROR, "csv_too_short", "file=%s bytes=%lld wanted=%lld hint=%s",
              h->pair->csv_name, (long long)h->pair->csv_size, (long long)wanted,
              "its rows cannot be made from the JSON file; run rollcall-verify");
    return fault_set(h->fault, V_STORE_FAILED, "today's CSV file for this address is damaged");
}

/* Steps back from the commit. Fills in c->redo. Reads only. */
static enum verdict heal_compare(struct heal *h, struct compare *c)
{
    enum jsonl_result got = JSONL_LINE;
    for (; got == JSONL_LINE && !heal_is_enough(h, c); got = jsonl_prev(h->back)) {
        if (c->reach >= 0 && (off_t)h->back->line.csv_end != c->reach)
            return c->redo < 0 ? V_OK : heal_cannot(h, c->reach);
        c->reach = (off_t)h->back->line.csv_end;
        enum compared result = heal_compare_line(h, c);
        if (result == COMPARED_FAILED)
            return pair_failed("compare", h->pair->csv_name, h->fault);
        if (result == COMPARED_UNKNOWN)
            break;
        heal_note_line(h, c, result == COMPARED_SAME);
    }
    if (got == JSONL_FAILED)
        return pair_failed("read", h->pair->json_name, h->fault);
    /* A line in between that is not ours, or was edited: what is before it cannot be rebuilt. */
    return c->reach <= h->pair->csv_size ? V_OK : heal_cannot(h, c->reach);
}

/* Writes the rows of all lines from c->redo to the commit. */
static enum verdict heal_rebuild(struct heal *h, struct compare *c)
{
    struct pair *p = h->pair;
    struct jsonl lines;
    enum jsonl_result got;
    bool ok = true;
    off_t at = 0;
    jsonl_begin(&lines, p->json, c->redo, h->last->end);
    while (ok && (got = jsonl_next(&lines)) == JSONL_LINE) {
        ok = rebuild_line(&c->rebuild, lines.bytes, lines.len);
        at = (off_t)c->rebuild.line.csv_end - (off_t)c->rebuild.out.len;
        ok = ok && io_pwrite(p->csv, c->rebuild.out.data, c->rebuild.out.len, at);
        h->rebuilt += (off_t)c->rebuild.out.len;
    }
    ok = ok && got == JSONL_END;
    jsonl_release(&lines);
    if (!ok)
        return pair_failed("rebuild", p->csv_name, h->fault);
    p->csv_size = (off_t)h->last->line.csv_end;
    log_event(LOG_WARN, "csv_rebuilt", "file=%s bytes=%lld", p->csv_name, (long long)h->rebuilt);
    return V_OK;
}

/* Bytes after the commit, in a file that was never acknowledged. */
static enum verdict heal_truncate(struct heal *h, bool csv, off_t end)
{
    struct pair *p = h->pair;
    off_t *size = csv ? &p->csv_size : &p->json_size;
    const char *name = csv ? p->csv_name : p->json_name;
    if (*size <= end)
        return V_OK;
    log_event(LOG_WARN, "healed", "file=%s offset=%lld bytes=%lld", name, (long long)end,
              (long long)(*size - end));
    if (ftruncate(csv ? p->csv : p->json, end) != 0)
        return pair_failed("ftruncate", name, h->fault);
    h->truncated += *size - end;
    *size = end;
    return V_OK;
}

/* The CSV file first: should this process die in between, the rows are still known to be extra. */
static enum verdict heal_change(struct heal *h, struct compare *c, off_t csv_end)
{
    enum verdict v = heal_truncate(h, true, csv_end);
    if (v == V_OK)
        v = heal_truncate(h, false, h->last->end);
    return v == V_OK && c->redo >= 0 ? heal_rebuild(h, c) : v;
}

static enum verdict heal_csv(struct heal *h, off_t csv_end)
{
    struct compare c = {.redo = -1, .reach = -1};
    enum verdict v = V_OK;
    bool look = heal_digest(h) || h->pair->csv_size < csv_end;
    if (!look && h->pair->csv_size == csv_end && h->pair->json_size == h->last->end)
        return V_OK;
    rebuild_init(&c.rebuild, h->pair->csv);
    buf_init(&c.line, JSONL_LINE_MAX);
    buf_init(&c.rows, SIZE_MAX / 2);
    if (h->last->end > 0 && look) {
        off_t end = h->back->end;
        v = heal_compare(h, &c);
        jsonl_at(h->back, end); /* back to the commit; it was read a moment ago */
    }
    if (v == V_OK)
        v = heal_change(h, &c, csv_end);
    buf_release(&c.rows);
    buf_release(&c.line);
    rebuild_release(&c.rebuild);
    return v;
}

enum verdict heal_pair(struct heal *h)
{
    enum verdict v = heal_find_commit(h);
    off_t csv_end = h->last->end > 0 ? (off_t)h->last->line.csv_end : 0;
    if (v == V_OK)
        v = heal_check_rows(h, csv_end);
    return v == V_OK ? heal_csv(h, csv_end) : v;
}

enum verdict txn_heal(struct txn *t)
{
    struct heal h = {.pair = &t->today, .back = &t->back, .last = &t->last, .fault = t->fault};
    heal_of_store(&h, t->store);
    return heal_pair(&h);
}
