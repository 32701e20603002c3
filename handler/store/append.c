#include "handler/shared/io.h"
#include "handler/shared/log.h"
#include "handler/store/txn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Lines are collected up to FLUSH_AT bytes before they are written. */
enum { FLUSH_AT = 1 << 20 };

/* A worker measures the free space at most once in ROOM_MS, as long as it has used no more than
 * this share of what was free: so many workers may do the same at once. */
enum { ROOM_MS = 1000, ROOM_SHARE = 64 };

static bool append_is_new(const struct txn *t, size_t i)
{
    return !t->resend.twins || t->resend.twins[i].place == TWIN_NONE;
}

/* The most that the append will take: lines and rows of all records that have no copy. */
struct demand {
    size_t count;
    off_t json, csv;
};

static struct demand append_demand(const struct txn *t)
{
    const struct batch *b = t->batch;
    struct demand d = {.csv = t->today.csv_size == 0 ? (off_t)b->header_len : 0};
    for (size_t i = 0; i < b->count; i++) {
        if (!append_is_new(t, i))
            continue;
        d.count++;
        d.json += (off_t)b->entries[i].text.len + TRAILER_MAX;
        d.csv += (off_t)b->entries[i].rows_len;
    }
    return d;
}

static enum verdict append_check_disk(struct txn *t, uint64_t need)
{
    struct store_room *room = &t->store->room;
    uint64_t least = (uint64_t)t->store->config->min_free_bytes;
    int64_t now = clock_monotonic();
    if (now < room->until && need <= room->bytes) {
        room->bytes -= need;
        return V_OK;
    }
    struct statvfs fs;
    if (fstatvfs(t->today.json, &fs) != 0)
        return pair_failed("fstatvfs", t->today.json_name, t->fault);
    uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (free_bytes < least + need) {
        room->bytes = 0;
        log_event(LOG_ERROR, "disk_full", "free=%llu min_free_bytes=%llu",
                  (unsigned long long)free_bytes, (unsigned long long)least);
        return fault_set(t->fault, V_NO_SPACE,
                         "less than min_free_bytes is left on the store's disk");
    }
    *room = (struct store_room){now + ROOM_MS, (free_bytes - least - need) / ROOM_SHARE};
    return V_OK;
}

static enum verdict append_check_room(struct txn *t, const struct demand *d)
{
    const struct pair *p = &t->today;
    int64_t most = t->store->config->max_file_bytes;
    if (p->json_size + d->json > most || p->csv_size + d->csv > most) {
        t->fault->retry_after =
            (long)((clock_day_start(t->now) + CLOCK_DAY_MS - t->now) / 1000 + 1);
        return fault_set(t->fault, V_DAY_FULL,
                         "today's file for this address is full (max_file_bytes); try again "
                         "tomorrow");
    }
    return append_check_disk(t, (uint64_t)(d->json + d->csv));
}

/* The header of a file decides its columns: an older or newer version may have created it. Sets
 * t->rows, and where the rows of each entry are in it. */
static bool append_choose_columns(struct txn *t)
{
    const struct batch *b = t->batch;
    struct buf *rows = &t->store->rows;
    struct columns columns = {.other = false};
    t->rows = b->rows;
    if (t->today.csv_size == 0 || !columns_of_file(t->today.csv, &columns) || !columns.other)
        return t->today.csv_size == 0 || !columns.other;
    buf_reset(rows);
    buf_add(rows, b->rows->data, b->header_len); /* not written, the file has one */
    for (size_t i = 0; i < b->count; i++) {
        struct entry *e = &b->entries[i];
        size_t at = rows->len;
        columns_select(&columns, b->rows->data + e->rows_at, e->rows_len, rows);
        e->rows_at = at;
        e->rows_len = rows->len - at;
    }
    t->rows = rows;
    errno = ENOMEM;
    return !rows->failed;
}

/* Rows of entries that follow each other are written at once. Sets t->csv_end. */
static bool append_rows(struct txn *t)
{
    const struct batch *b = t->batch;
    off_t at = t->today.csv_size;
    size_t from = at == 0 ? 0 : b->header_len, to = b->header_len;
    for (size_t i = 0; i <= b->count; i++) {
        if (i < b->count && append_is_new(t, i)) {
            to = b->entries[i].rows_at + b->entries[i].rows_len;
            continue;
        }
        if (to > from && !io_pwrite(t->today.csv, t->rows->data + from, to - from, at))
            return false;
        if (to > from)
            at += (off_t)(to - from);
        from = to = i < b->count ? b->entries[i].rows_at + b->entries[i].rows_len : to;
    }
    t->csv_end = at;
    return true;
}

static void append_put_record(const struct entry *e, struct buf *out)
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

/* Appends one line to the buffer. line->chain is the previous line's before and this one's after.
 */
static bool append_put_line(struct store *s, const struct entry *e, struct trailer *line)
{
    struct buf *out = &s->lines;
    size_t start = out->len;
    append_put_record(e, out);
    trailer_open(line, out);
    if (out->failed ||
        !trailer_chain(s->digest, line->chain, out->data + start, out->len - start, line->chain)) {
        errno = ENOMEM;
        return false;
    }
    trailer_close(line, out);
    return true;
}

static void append_fill_line(struct trailer *line, const struct entry *e)
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

/* `line` comes with the seq and chain of the last line there is, and `left` as the number of lines.
 * Sets t->json_end. */
static bool append_lines(struct txn *t, struct trailer *line)
{
    struct buf *out = &t->store->lines;
    off_t at = t->today.json_size;
    buf_reset(out);
    for (size_t i = 0; i < t->batch->count; i++) {
        if (!append_is_new(t, i))
            continue;
        append_fill_line(line, &t->batch->entries[i]);
        line->line_start = (uint64_t)at + out->len;
        if (!append_put_line(t->store, &t->batch->entries[i], line))
            return false;
        if (out->len < FLUSH_AT && line->left > 0)
            continue;
        if (!io_pwrite(t->today.json, out->data, out->len, at))
            return false;
        at += (off_t)out->len;
        buf_reset(out);
    }
    t->json_end = at;
    return true;
}

/* The line before the first one. */
static const struct trailer append_beginning = {.chain = TRAILER_CHAIN_FIRST};

static struct trailer append_begin_line(const struct txn *t, size_t count)
{
    const struct batch *b = t->batch;
    struct trailer line = t->last.end > 0 ? t->last.line : append_beginning;
    clock_rfc3339(t->now, line.received_at);
    memcpy(line.client_ip, b->ip->text, sizeof line.client_ip);
    line.left = count;
    line.csv_end = (uint64_t)(t->today.csv_size == 0 ? (off_t)b->header_len : t->today.csv_size);
    return line;
}

enum verdict txn_write(struct txn *t)
{
    struct pair *p = &t->today;
    const struct batch *b = t->batch;
    enum config_sync sync = (enum config_sync)t->store->config->sync;
    struct demand d = append_demand(t);
    if (d.count == 0)
        return V_OK;
    enum verdict v = append_check_room(t, &d);
    if (v != V_OK)
        return v;
    struct trailer line = append_begin_line(t, d.count);
    rows_stamp(b->rows->data + b->header_len, b->rows->len - b->header_len, line.received_at);
    /* If the JSON file is empty, sync its directory entry: the process that created it may have
     * died before it did. */
    if (sync != SYNC_OFF && p->json_size == 0 && !dirs_sync(&t->store->dirs))
        return pair_failed("fsync the day's directory", p->date, t->fault);
    if (!append_choose_columns(t))
        return pair_failed("read", p->csv_name, t->fault);
    t->writing = true;
    if (!append_rows(t))
        return pair_failed("write", p->csv_name, t->fault);
    if (sync == SYNC_BOTH) /* the disk starts on the rows while the line is made; no promise */
        sync_file_range(p->csv, p->csv_size, t->csv_end - p->csv_size, SYNC_FILE_RANGE_WRITE);
    if (!append_lines(t, &line))
        return pair_failed("write", p->json_name, t->fault);
    t->last.line = line;
    t->last.end = t->json_end;
    return V_OK;
}

enum verdict txn_sync(struct txn *t)
{
    struct pair *p = &t->today;
    enum config_sync sync = (enum config_sync)t->store->config->sync;
    if (!t->writing)
        return V_OK;
    if (sync != SYNC_OFF && fdatasync(p->json) != 0)
        return pair_failed("fdatasync", p->json_name, t->fault);
    if (sync == SYNC_BOTH && fdatasync(p->csv) != 0)
        return pair_failed("fdatasync", p->csv_name, t->fault);
    p->json_size = t->json_end;
    p->csv_size = t->csv_end;
    return V_OK;
}

/* The JSON file first: rows without a line are healed, a line without rows was never acknowledged
 * but would be stored. */
void txn_undo(struct txn *t)
{
    struct pair *p = &t->today;
    if (!t->writing)
        return;
    if (ftruncate(p->json, p->json_size) != 0)
        log_event(LOG_ERROR, "undo_failed", "file=%s error=%s", p->json_name, strerror(errno));
    if (ftruncate(p->csv, p->csv_size) != 0)
        log_event(LOG_ERROR, "undo_failed", "file=%s error=%s", p->csv_name, strerror(errno));
}
