#include "handler/store/append.h"

#include "handler/shared/io.h"
#include "handler/shared/log.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FLUSH_AT = 1 << 20 };

static bool is_twin(const struct resend *r, size_t i)
{
    return r->twins && r->twins[i].place != TWIN_NONE;
}

/* What the append will take at most: lines and rows of all that has no twin. */
static void sum_up(const struct pair *p, const struct batch *b, const struct resend *r,
                   size_t *count, off_t *json, off_t *csv)
{
    *count = 0;
    *json = 0;
    *csv = p->csv_size == 0 ? (off_t)b->header_len : 0;
    for (size_t i = 0; i < b->count; i++) {
        if (is_twin(r, i))
            continue;
        (*count)++;
        *json += (off_t)b->entries[i].text.len + TRAILER_MAX;
        *csv += (off_t)b->entries[i].rows_len;
    }
}

static enum verdict check_room(const struct append *a, const struct pair *p, off_t json, off_t csv,
                               struct fault *f)
{
    if (p->json_size + json > a->max_file_bytes || p->csv_size + csv > a->max_file_bytes) {
        f->retry_after = (long)((clock_day_start(p->now) + CLOCK_DAY_MS - p->now) / 1000 + 1);
        return fault_set(f, V_DAY_FULL, "the day's file of this address is full (max_file_bytes)");
    }
    struct statvfs fs;
    if (fstatvfs(p->json, &fs) != 0)
        return pair_failed("fstatvfs", p->json_name, f);
    uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (free_bytes < (uint64_t)a->min_free_bytes + (uint64_t)(json + csv)) {
        log_event(LOG_ERROR, "disk_full", "free=%llu min_free_bytes=%lld",
                  (unsigned long long)free_bytes, (long long)a->min_free_bytes);
        return fault_set(f, V_NO_SPACE, "less than min_free_bytes is left on the store's disk");
    }
    return V_OK;
}

/* Rows of entries that stand side by side go in one write. */
static bool write_rows(struct pair *p, const struct batch *b, const struct resend *r, off_t *end)
{
    off_t at = p->csv_size;
    size_t from = at == 0 ? 0 : b->header_len, to = b->header_len;
    for (size_t i = 0; i <= b->count; i++) {
        if (i < b->count && !is_twin(r, i)) {
            to = b->entries[i].rows_at + b->entries[i].rows_len;
            continue;
        }
        if (to > from && !io_pwrite(p->csv, b->rows->data + from, to - from, at))
            return false;
        if (to > from)
            at += (off_t)(to - from);
        from = to = i < b->count ? b->entries[i].rows_at + b->entries[i].rows_len : to;
    }
    *end = at;
    return true;
}

static void put_record(const struct entry *e, struct buf *out)
{
    if (!e->members) {
        buf_add(out, e->text.ptr, e->text.len - 1); /* without its closing bracket */
        return;
    }
    for (size_t i = 0; i < e->member_count; i++) {
        buf_putc(out, i == 0 ? '{' : ',');
        buf_add(out, e->members[i].ptr, e->members[i].len);
    }
}

/* Appends one line to `out`; line->chain is the previous line's before and this one's after. */
static bool put_line(const struct entry *e, struct trailer *line, struct digest *d, struct buf *out)
{
    size_t start = out->len;
    put_record(e, out);
    trailer_open(line, out);
    if (out->failed) {
        errno = ENOMEM;
        return false;
    }
    if (!trailer_chain(d, line->chain, out->data + start, out->len - start, line->chain)) {
        errno = ENOMEM;
        return false;
    }
    trailer_close(line, out);
    return true;
}

static void fill_line(struct trailer *line, const struct entry *e)
{
    line->id[0] = '\0';
    if (e->id)
        memcpy(line->id, e->id, strlen(e->id) + 1);
    line->process_count = e->count.processes;
    line->user_count = e->count.users;
    line->seq++;
    line->left--;
    line->csv_end += e->rows_len;
}

/* `line` comes with the seq and chain of the last line there is, and `left` as the count. */
static bool write_lines(const struct append *a, struct pair *p, const struct batch *b,
                        const struct resend *r, struct trailer *line, off_t *end)
{
    off_t at = p->json_size;
    buf_reset(a->lines);
    for (size_t i = 0; i < b->count; i++) {
        if (is_twin(r, i))
            continue;
        fill_line(line, &b->entries[i]);
        line->line_start = (uint64_t)at + a->lines->len;
        if (!put_line(&b->entries[i], line, a->digest, a->lines))
            return false;
        if (a->lines->len < FLUSH_AT && line->left > 0)
            continue;
        if (!io_pwrite(p->json, a->lines->data, a->lines->len, at))
            return false;
        at += (off_t)a->lines->len;
        buf_reset(a->lines);
    }
    *end = at;
    return true;
}

/* The first line of all. */
static const struct trailer beginning = {.chain = TRAILER_CHAIN_FIRST};

static enum verdict write_both(const struct append *a, struct pair *p, const struct batch *b,
                               const struct resend *r, size_t count, struct commit *last,
                               struct fault *f)
{
    struct trailer line = last->end > 0 ? last->line : beginning;
    off_t csv_end = 0, json_end = 0;
    clock_rfc3339(p->now, line.received_at);
    memcpy(line.client_ip, b->ip->text, sizeof line.client_ip);
    rows_stamp(b->rows->data + b->header_len, b->rows->len - b->header_len, line.received_at);
    line.left = count;
    line.csv_end = (uint64_t)(p->csv_size == 0 ? (off_t)b->header_len : p->csv_size);

    if (!write_rows(p, b, r, &csv_end))
        return pair_failed("write", p->csv_name, f);
    if (a->sync && fdatasync(p->csv) != 0)
        return pair_failed("fdatasync", p->csv_name, f);
    /* Whoever finds the JSON file empty answers for its name: its maker may have died. */
    if (a->sync && p->json_size == 0 && !dirs_sync(a->days))
        return pair_failed("fsync the day's directory", p->date, f);
    if (!write_lines(a, p, b, r, &line, &json_end))
        return pair_failed("write", p->json_name, f);
    if (a->sync && fdatasync(p->json) != 0)
        return pair_failed("fdatasync", p->json_name, f);
    last->line = line;
    last->end = json_end;
    p->csv_size = csv_end;
    p->json_size = json_end;
    return V_OK;
}

static void undo(struct pair *p)
{
    if (ftruncate(p->json, p->json_size) != 0)
        log_event(LOG_ERROR, "undo_failed", "file=%s error=%s", p->json_name, strerror(errno));
    if (ftruncate(p->csv, p->csv_size) != 0)
        log_event(LOG_ERROR, "undo_failed", "file=%s error=%s", p->csv_name, strerror(errno));
}

enum verdict append(const struct append *a, struct pair *p, const struct batch *b,
                    const struct resend *r, struct commit *last, struct fault *f)
{
    size_t count;
    off_t json, csv;
    sum_up(p, b, r, &count, &json, &csv);
    enum verdict v = check_room(a, p, json, csv, f);
    if (v != V_OK)
        return v;
    v = write_both(a, p, b, r, count, last, f);
    if (v != V_OK)
        undo(p);
    return v;
}
