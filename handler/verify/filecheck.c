#include "handler/verify/filecheck.h"

#include "handler/record/rows.h"
#include "handler/shared/io.h"
#include "handler/store/commit.h"
#include "handler/store/jsonl.h"
#include "handler/verify/csvdiff.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEEP = 1 << 20 };

#define WORK_MAX ((size_t)16 << 30) /* above any rows that a handler writes */

/* One pair of files under check. */
struct check {
    struct filecheck *total;
    struct layout_name name;
    char json_path[PATH_MAX], csv_path[PATH_MAX];
    int json, csv;
    off_t json_size, csv_size;
    struct commit commit;
    uint64_t seq, left, csv_end; /* as the line before left them */
    char chain[DIGEST_HEX_LEN + 1];
    struct digest *digest;
    struct rows rows;
    struct arena arena;
    struct buf should, is; /* CSV rows of the line: as they should be, as they are */
};

/* Tells of a problem; always false. */
__attribute__((format(printf, 4, 5))) static bool problem(struct check *c, const char *path,
                                                          uint64_t offset, const char *fmt, ...)
{
    char what[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    printf("%s: byte %" PRIu64 ": %s\n", path, offset, what);
    c->total->problems++;
    return false;
}

static bool failed(struct check *c, const char *path)
{
    return problem(c, path, 0, "cannot be read: %s", strerror(errno));
}

/* What our member says must be what the file and the line before make of it. */
static bool check_member(struct check *c, const struct jsonl *lines, const struct trailer *line)
{
    uint64_t at = (uint64_t)lines->start;
    if (line->seq != c->seq + 1)
        return problem(c, c->json_path, at, "seq is %" PRIu64 ", not %" PRIu64, line->seq,
                       c->seq + 1);
    if (line->line_start != at)
        return problem(c, c->json_path, at, "line_start is %" PRIu64, line->line_start);
    if (strcmp(line->client_ip, c->name.ip.text) != 0)
        return problem(c, c->json_path, at, "client_ip is %s, the file's name says %s",
                       line->client_ip, c->name.ip.text);
    if (memcmp(line->received_at, c->name.date, CLOCK_DATE_LEN) != 0)
        return problem(c, c->json_path, at, "received_at is %s, the file's name says %s",
                       line->received_at, c->name.date);
    if (c->left > 0 && line->left != c->left - 1)
        return problem(c, c->json_path, at, "left is %" PRIu64 ", not %" PRIu64, line->left,
                       c->left - 1);
    return true;
}

static bool check_chain(struct check *c, const struct jsonl *lines, const struct trailer *line,
                        size_t chain_at)
{
    char chain[DIGEST_HEX_LEN + 1];
    if (!trailer_chain(c->digest, c->chain, lines->bytes, chain_at, chain)) {
        errno = ENOMEM;
        return failed(c, c->json_path);
    }
    if (strcmp(chain, line->chain) != 0)
        return problem(c, c->json_path, (uint64_t)lines->start,
                       "the chain does not follow: this line (seq %" PRIu64
                       ") or the one before it was changed",
                       line->seq);
    memcpy(c->chain, chain, sizeof c->chain);
    return true;
}

static bool check_rows(struct check *c, const struct jsonl *lines, const struct trailer *line)
{
    uint64_t from = c->csv_end;
    if (line->csv_end != from + c->should.len)
        return problem(c, c->json_path, (uint64_t)lines->start,
                       "csv_end is %" PRIu64 ", the rows end at %" PRIu64, line->csv_end,
                       from + c->should.len);
    buf_reset(&c->is);
    if (!buf_reserve(&c->is, c->should.len)) {
        errno = ENOMEM;
        return failed(c, c->csv_path);
    }
    ssize_t n = io_pread(c->csv, c->is.data, c->should.len, (off_t)from);
    if (n < 0)
        return failed(c, c->csv_path);
    struct csvdiff diff;
    struct text is = {c->is.data, (size_t)n}, should = {c->should.data, c->should.len};
    if (!csvdiff(is, should, &diff))
        return true;
    if (diff.offset == (size_t)n)
        return problem(c, c->csv_path, from + diff.offset,
                       "ends here, in the rows of seq %" PRIu64 " (--rebuild-csv makes it anew)",
                       line->seq);
    size_t last = COLUMNS_COUNT - 1;
    return problem(c, c->csv_path, from + diff.offset,
                   "row %zu of seq %" PRIu64 ", column %s, is not what the JSON line says",
                   diff.row + 1, line->seq, columns_names[diff.column < last ? diff.column : last]);
}

/* The record itself, and its rows. The line's bytes are spoilt by this: it comes last. */
static bool check_record(struct check *c, struct jsonl *lines, const struct trailer *line,
                         size_t tail)
{
    uint64_t at = (uint64_t)lines->start;
    struct jsonl_record stored;
    struct rows_count count;
    arena_reset(&c->arena);
    if (!jsonl_record(lines->bytes, tail, &c->rows.notes, &c->arena, &stored))
        return problem(c, c->json_path, at + stored.offset, "not a record: %s",
                       stored.fault.reason);
    if (strcmp(stored.record.id ? stored.record.id : "", line->id) != 0)
        return problem(c, c->json_path, at, "the server's id is not the record's");
    buf_reset(&c->should);
    if (at == 0)
        columns_put_header(&c->should);
    if (rows_build(&c->rows, &stored.record, line->client_ip, line->received_at, &c->should, &count,
                   &stored.fault) != V_OK)
        return problem(c, c->json_path, at, "not a record: %s", stored.fault.reason);
    if (count.processes != line->process_count || count.users != line->user_count)
        return problem(c, c->json_path, at, "process_count or user_count is wrong");
    c->total->rows += count.processes > 0 ? count.processes : 1;
    return check_rows(c, lines, line);
}

/* Receipts of this line must tell of its chain. */
static bool check_receipts(struct check *c, const struct trailer *line)
{
    if (!c->total->receipts)
        return true;
    struct receipts *all = c->total->receipts;
    struct receipt_line *r = receipts_find(all, c->name.date, c->name.ip.text, line->seq);
    bool ok = true;
    for (; r && r < all->list + all->count && r->seq == line->seq &&
           strcmp(r->date, c->name.date) == 0 && strcmp(r->client_ip, c->name.ip.text) == 0;
         r++) {
        r->seen = true;
        if (strcmp(r->chain, line->chain) != 0)
            ok = problem(c, c->json_path, line->line_start,
                         "a receipt for seq %" PRIu64 " has another chain: the file was made anew",
                         line->seq);
    }
    return ok;
}

/* Receipts beyond the last line tell that the file's end was cut off. */
static bool check_end(struct check *c, off_t end)
{
    struct receipts *all = c->total->receipts;
    struct receipt_line *r =
        all ? receipts_find(all, c->name.date, c->name.ip.text, c->seq + 1) : NULL;
    if (!r)
        return true;
    r->seen = true;
    return problem(c, c->json_path, (uint64_t)end,
                   "the file ends with seq %" PRIu64 "; a receipt tells of seq %" PRIu64
                   ": its end is gone",
                   c->seq, r->seq);
}

static bool check_line(struct check *c, struct jsonl *lines)
{
    struct trailer line;
    size_t tail, chain_at;
    if (!trailer_parse(lines->bytes, lines->len, &line, &tail, &chain_at))
        return problem(c, c->json_path, (uint64_t)lines->start, "not a line of rollcall's");
    if (!check_member(c, lines, &line) || !check_chain(c, lines, &line, chain_at) ||
        !check_receipts(c, &line) || !check_record(c, lines, &line, tail))
        return false;
    c->seq = line.seq;
    c->left = line.left;
    c->csv_end = line.csv_end;
    c->total->lines++;
    return true;
}

static bool check_lines(struct check *c, off_t end)
{
    struct jsonl lines;
    enum jsonl_result got = JSONL_END;
    bool ok = true;
    jsonl_begin(&lines, c->json, 0, end);
    while (ok && (got = jsonl_next(&lines)) == JSONL_LINE) {
        ok = check_line(c, &lines);
        rows_trim(&c->rows, KEEP);
        buf_trim(&c->should, KEEP);
        buf_trim(&c->is, KEEP);
    }
    if (ok && got == JSONL_FAILED)
        ok = failed(c, c->json_path);
    if (ok && got == JSONL_TORN)
        ok = problem(c, c->json_path, (uint64_t)lines.start, "a line without an end");
    jsonl_release(&lines);
    return ok && check_end(c, end);
}

/* Is a writer at work just now? It holds the lock, or has gone on since we looked. */
static bool in_use(const struct check *c)
{
    struct stat st;
    if (flock(c->json, LOCK_SH | LOCK_NB) != 0)
        return true;
    bool moved = fstat(c->json, &st) != 0 || st.st_size != c->json_size;
    flock(c->json, LOCK_UN);
    return moved;
}

/* What lies beyond the commit belongs to a writer at work, or to one that died. */
static bool check_beyond(struct check *c)
{
    off_t json = c->json_size - c->commit.end, csv = c->csv_size - (off_t)c->csv_end;
    if (json == 0 && csv <= 0)
        return true;
    const char *path = json ? c->json_path : c->csv_path;
    off_t at = json ? c->commit.end : (off_t)c->csv_end;
    if (in_use(c)) {
        printf("%s: byte %lld: in use; %lld bytes beyond the last commit were not checked\n", path,
               (long long)at, (long long)(json ? json : csv));
        return true;
    }
    return problem(c, path, (uint64_t)at,
                   "torn end: %lld bytes beyond the last commit, never acknowledged; "
                   "the next writer cuts them off",
                   (long long)(json ? json : csv));
}

static bool check_pair(struct check *c)
{
    struct jsonl_back h;
    switch (commit_find(c->json, c->json_size, NULL, &h, &c->commit)) {
    case COMMIT_FAILED:
        return failed(c, c->json_path);
    case COMMIT_NOT_OURS: /* its line may not be the first that is wrong */
        return check_lines(c, c->json_size) &&
               problem(c, c->json_path, (uint64_t)c->commit.foreign, "not a line of rollcall's");
    case COMMIT_FOUND:
    case COMMIT_NONE:
        break;
    }
    return check_lines(c, c->commit.end) && check_beyond(c);
}

/* The CSV file is opened and measured first: what it has grown by then is in the JSON file's lines,
 * or beyond its commit. */
static bool open_pair(struct check *c)
{
    struct stat st = {0};
    int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    c->csv = open(c->csv_path, flags);
    int csv_error = c->csv < 0 || fstat(c->csv, &st) != 0 ? errno : 0;
    if (csv_error == 0)
        c->csv_size = st.st_size;
    c->json = open(c->json_path, flags);
    if (c->json < 0 || fstat(c->json, &st) != 0)
        return failed(c, c->json_path);
    c->json_size = st.st_size;
    errno = csv_error;
    return csv_error == 0 || (csv_error == ENOENT && c->json_size == 0) || failed(c, c->csv_path);
}

static bool set_up(struct check *c, struct filecheck *total, const char *path)
{
    *c = (struct check){.total = total, .json = -1, .csv = -1, .chain = TRAILER_CHAIN_FIRST};
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    snprintf(c->json_path, sizeof c->json_path, "%s", path);
    if (strlen(path) >= sizeof c->json_path || !layout_parse(base, ".json", &c->name))
        return problem(c, path, 0, "the name is not <address>_<YYYY-MM-DD>.json");
    memcpy(c->csv_path, c->json_path, sizeof c->csv_path);
    memcpy(c->csv_path + strlen(path) - 4, "csv", 4);
    c->digest = digest_new();
    rows_init(&c->rows);
    arena_init(&c->arena, WORK_MAX);
    buf_init(&c->should, WORK_MAX);
    buf_init(&c->is, WORK_MAX);
    return true;
}

static void tear_down(struct check *c)
{
    buf_release(&c->is);
    buf_release(&c->should);
    arena_release(&c->arena);
    rows_release(&c->rows);
    digest_free(c->digest);
    if (c->csv >= 0)
        close(c->csv);
    if (c->json >= 0)
        close(c->json);
}

bool filecheck(struct filecheck *total, const char *path)
{
    struct check c;
    total->files++;
    if (!set_up(&c, total, path))
        return false;
    bool ok = c.digest && open_pair(&c) && check_pair(&c);
    tear_down(&c);
    return ok;
}
