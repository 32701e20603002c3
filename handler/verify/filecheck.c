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

enum { CHECK_KEEP = 1 << 20 };

#define CHECK_MAX ((size_t)16 << 30) /* more than the rows of any line */

/* One pair of files under check. */
struct filecheck_pair {
    struct filecheck *total;
    struct layout_name name;
    char json_path[PATH_MAX], csv_path[PATH_MAX];
    int json, csv;
    off_t json_size, csv_size;
    struct commit commit;
    uint64_t seq, left, csv_end; /* after the line before */
    char chain[DIGEST_HEX_LEN + 1];
    struct digest *digest;
    struct rows rows;
    struct arena arena;
    struct columns columns;         /* of the CSV file */
    struct buf should, is, scratch; /* the CSV rows of the line */
};

/* Reports a problem; always false. */
__attribute__((format(printf, 4, 5))) static bool
check_problem(struct filecheck_pair *c, const char *path, uint64_t offset, const char *fmt, ...)
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

static bool check_unreadable(struct filecheck_pair *c, const char *path)
{
    return check_problem(c, path, 0, "cannot be read: %s", strerror(errno));
}

/* The server's member must follow from the file and the line before. */
static bool check_member(struct filecheck_pair *c, const struct jsonl *lines,
                         const struct trailer *line)
{
    uint64_t at = (uint64_t)lines->start;
    if (line->seq != c->seq + 1)
        return check_problem(c, c->json_path, at, "seq is %" PRIu64 ", expected %" PRIu64,
                             line->seq, c->seq + 1);
    if (line->line_start != at)
        return check_problem(c, c->json_path, at,
                             "line_start is %" PRIu64 ", the line starts at %" PRIu64,
                             line->line_start, at);
    if (strcmp(line->client_ip, c->name.ip.text) != 0)
        return check_problem(c, c->json_path, at, "client_ip is %s, the file's name says %s",
                             line->client_ip, c->name.ip.text);
    if (memcmp(line->received_at, c->name.date, CLOCK_DATE_LEN) != 0)
        return check_problem(c, c->json_path, at, "received_at is %s, the file's name says %s",
                             line->received_at, c->name.date);
    if (c->left > 0 && line->left != c->left - 1)
        return check_problem(c, c->json_path, at, "left is %" PRIu64 ", expected %" PRIu64,
                             line->left, c->left - 1);
    return true;
}

static bool check_chain(struct filecheck_pair *c, const struct jsonl *lines,
                        const struct trailer *line, size_t chain_at)
{
    char chain[DIGEST_HEX_LEN + 1];
    if (!trailer_chain(c->digest, c->chain, lines->bytes, chain_at, chain)) {
        errno = ENOMEM;
        return check_unreadable(c, c->json_path);
    }
    if (strcmp(chain, line->chain) != 0)
        return check_problem(c, c->json_path, (uint64_t)lines->start,
                             "the chain does not match: this line (seq %" PRIu64
                             ") or the one before it was changed",
                             line->seq);
    memcpy(c->chain, chain, sizeof c->chain);
    return true;
}

static bool check_rows(struct filecheck_pair *c, const struct jsonl *lines,
                       const struct trailer *line)
{
    uint64_t from = c->csv_end;
    if (line->csv_end != from + c->should.len)
        return check_problem(c, c->json_path, (uint64_t)lines->start,
                             "csv_end is %" PRIu64 ", the rows end at %" PRIu64, line->csv_end,
                             from + c->should.len);
    buf_reset(&c->is);
    if (!buf_reserve(&c->is, c->should.len)) {
        errno = ENOMEM;
        return check_unreadable(c, c->csv_path);
    }
    ssize_t n = io_pread(c->csv, c->is.data, c->should.len, (off_t)from);
    if (n < 0)
        return check_unreadable(c, c->csv_path);
    struct csvdiff diff;
    struct text is = {c->is.data, (size_t)n}, should = {c->should.data, c->should.len};
    if (!csvdiff(is, should, &diff))
        return true;
    if (diff.offset == (size_t)n)
        return check_problem(c, c->csv_path, from + diff.offset,
                             "ends here, in the rows of seq %" PRIu64
                             "; run rollcall-verify --rebuild-csv",
                             line->seq);
    size_t last = COLUMNS_COUNT - 1;
    if (c->columns.other && diff.column < c->columns.count)
        diff.column = c->columns.list[diff.column];
    return check_problem(c, c->csv_path, from + diff.offset,
                         "row %zu of seq %" PRIu64 ", column %s, differs from the JSON line",
                         diff.row + 1, line->seq,
                         columns_names[diff.column < last ? diff.column : last]);
}

/* The record itself, and its rows. Comes last: it changes the line's bytes. */
static bool check_record(struct filecheck_pair *c, struct jsonl *lines, const struct trailer *line,
                         size_t tail)
{
    uint64_t at = (uint64_t)lines->start;
    struct jsonl_record stored;
    const struct rows_count *count = &c->rows.count;
    const struct rows_origin from = {line->client_ip, line->received_at};
    arena_reset(&c->arena);
    if (!jsonl_record(lines->bytes, tail, &c->rows.notes, &c->arena, &stored))
        return check_problem(c, c->json_path, at + stored.offset, "not a record: %s",
                             stored.fault.reason);
    if (strcmp(stored.record.id ? stored.record.id : "", line->id) != 0)
        return check_problem(c, c->json_path, at,
                             "the id in the server's member differs from the record's");
    buf_reset(&c->should);
    if (at == 0)
        columns_put_header(&c->should);
    if (rows_build(&c->rows, &stored.record, &from, &c->should, &stored.fault) != V_OK)
        return check_problem(c, c->json_path, at, "not a record: %s", stored.fault.reason);
    columns_convert(&c->columns, &c->should, 0, at == 0, &c->scratch);
    if (count->processes != line->process_count || count->users != line->user_count)
        return check_problem(c, c->json_path, at,
                             "process_count or user_count differs from the record");
    c->total->rows += count->processes > 0 ? count->processes : 1;
    return check_rows(c, lines, line);
}

/* The receipts of this line must name its chain. */
static bool check_receipts(struct filecheck_pair *c, const struct trailer *line)
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
            ok = check_problem(c, c->json_path, line->line_start,
                               "a receipt for seq %" PRIu64
                               " names another chain: the file was written again",
                               line->seq);
    }
    return ok;
}

/* A receipt after the last line shows that the file was truncated. */
static bool check_truncated(struct filecheck_pair *c, off_t end)
{
    struct receipts *all = c->total->receipts;
    struct receipt_line *r =
        all ? receipts_find(all, c->name.date, c->name.ip.text, c->seq + 1) : NULL;
    if (!r)
        return true;
    r->seen = true;
    return check_problem(c, c->json_path, (uint64_t)end,
                         "the file ends at seq %" PRIu64 ", but a receipt names seq %" PRIu64
                         ": the end of the file is missing",
                         c->seq, r->seq);
}

static bool check_line(struct filecheck_pair *c, struct jsonl *lines)
{
    struct trailer line;
    size_t tail, chain_at;
    if (!trailer_parse(lines->bytes, lines->len, &line, &tail, &chain_at))
        return check_problem(c, c->json_path, (uint64_t)lines->start,
                             "not a line that rollcall wrote");
    if (!check_member(c, lines, &line) || !check_chain(c, lines, &line, chain_at) ||
        !check_receipts(c, &line) || !check_record(c, lines, &line, tail))
        return false;
    c->seq = line.seq;
    c->left = line.left;
    c->csv_end = line.csv_end;
    c->total->lines++;
    return true;
}

static bool check_lines(struct filecheck_pair *c, off_t end)
{
    struct jsonl lines;
    enum jsonl_result got = JSONL_END;
    bool ok = true;
    jsonl_begin(&lines, c->json, 0, end);
    while (ok && (got = jsonl_next(&lines)) == JSONL_LINE) {
        ok = check_line(c, &lines);
        rows_trim(&c->rows, CHECK_KEEP);
        buf_trim(&c->should, CHECK_KEEP);
        buf_trim(&c->is, CHECK_KEEP);
    }
    if (ok && got == JSONL_FAILED)
        ok = check_unreadable(c, c->json_path);
    if (ok && got == JSONL_TORN)
        ok = check_problem(c, c->json_path, (uint64_t)lines.start, "a line without a newline");
    jsonl_release(&lines);
    return ok && check_truncated(c, end);
}

enum check_use { CHECK_IN_USE, CHECK_UNUSED, CHECK_USE_UNKNOWN };

/* A writer is at work if it holds the lock, or has written since the file was measured. */
static enum check_use check_use(const struct filecheck_pair *c)
{
    struct stat st;
    if (flock(c->json, LOCK_SH | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? CHECK_IN_USE : CHECK_USE_UNKNOWN;
    bool moved = fstat(c->json, &st) != 0 || st.st_size != c->json_size;
    flock(c->json, LOCK_UN);
    return moved ? CHECK_IN_USE : CHECK_UNUSED;
}

/* Bytes after the commit belong to a writer at work, or to one that died. */
static bool check_beyond(struct filecheck_pair *c)
{
    off_t json = c->json_size - c->commit.end, csv = c->csv_size - (off_t)c->csv_end;
    if (json == 0 && csv <= 0)
        return true;
    const char *path = json ? c->json_path : c->csv_path;
    uint64_t at = json ? (uint64_t)c->commit.end : c->csv_end;
    long long bytes = json ? json : csv;
    switch (check_use(c)) {
    case CHECK_IN_USE:
        printf("%s: byte %" PRIu64 ": in use; %lld bytes after the last commit were not checked\n",
               path, at, bytes);
        return true;
    case CHECK_USE_UNKNOWN:
        return check_problem(c, path, at,
                             "%lld bytes after the last commit; cannot lock the file: %s", bytes,
                             strerror(errno));
    case CHECK_UNUSED:
        break;
    }
    return check_problem(c, path, at,
                         "torn end: %lld bytes after the last commit, never acknowledged; the next "
                         "writer truncates them",
                         bytes);
}

static bool check_pair(struct filecheck_pair *c)
{
    struct jsonl_back h;
    switch (commit_find(c->json, c->json_size, NULL, &h, &c->commit)) {
    case COMMIT_FAILED:
        return check_unreadable(c, c->json_path);
    case COMMIT_NOT_OURS: /* its line may not be the first that is wrong */
        return check_lines(c, c->json_size) &&
               check_problem(c, c->json_path, (uint64_t)c->commit.foreign,
                             "not a line that rollcall wrote");
    case COMMIT_FOUND:
    case COMMIT_NONE:
        break;
    }
    return check_lines(c, c->commit.end) && check_beyond(c);
}

/* The CSV file is opened and measured first: what it has by then is in the lines of the JSON file,
 * or after its commit. */
static bool check_open(struct filecheck_pair *c)
{
    struct stat st = {0};
    int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    c->csv = open(c->csv_path, flags);
    int csv_error = c->csv < 0 || fstat(c->csv, &st) != 0 ? errno : 0;
    if (csv_error == 0)
        c->csv_size = st.st_size;
    c->json = open(c->json_path, flags);
    if (c->json < 0 || fstat(c->json, &st) != 0)
        return check_unreadable(c, c->json_path);
    c->json_size = st.st_size;
    if (csv_error == 0 && !columns_of_file(c->csv, &c->columns))
        return check_unreadable(c, c->csv_path);
    errno = csv_error;
    return csv_error == 0 || (csv_error == ENOENT && c->json_size == 0) ||
           check_unreadable(c, c->csv_path);
}

static bool check_begin(struct filecheck_pair *c, struct filecheck *total, const char *path)
{
    *c = (struct filecheck_pair){
        .total = total, .json = -1, .csv = -1, .chain = TRAILER_CHAIN_FIRST};
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    snprintf(c->json_path, sizeof c->json_path, "%s", path);
    if (strlen(path) >= sizeof c->json_path || !layout_parse(base, LAYOUT_JSON, &c->name))
        return check_problem(c, path, 0, "the name is not <address>_<YYYY-MM-DD>.json");
    layout_other(c->json_path, c->csv_path, sizeof c->csv_path);
    c->digest = digest_new();
    rows_init(&c->rows);
    arena_init(&c->arena, CHECK_MAX);
    buf_init(&c->should, CHECK_MAX);
    buf_init(&c->is, CHECK_MAX);
    buf_init(&c->scratch, CHECK_MAX);
    return true;
}

static void check_end(struct filecheck_pair *c)
{
    buf_release(&c->scratch);
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
    struct filecheck_pair c;
    total->files++;
    if (!check_begin(&c, total, path))
        return false;
    errno = ENOMEM;
    bool ok = c.digest ? check_open(&c) && check_pair(&c) : check_unreadable(&c, path);
    check_end(&c);
    return ok;
}
