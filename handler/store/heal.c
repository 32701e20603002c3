#include "handler/store/heal.h"

#include "handler/shared/io.h"
#include "handler/shared/log.h"
#include "handler/store/rebuild.h"

#include <csv.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { QUICK_BYTES = 64 << 20, CSV_LOOK = 1 << 20 };

static enum verdict not_ours(const char *name, off_t offset, struct fault *f)
{
    log_event(LOG_ERROR, "file_not_ours", "file=%s offset=%lld hint=%s", name, (long long)offset,
              "see rollcall-verify(8)");
    return fault_set(f, V_STORE_FAILED, "the file of the day is not one of rollcall's");
}

static enum verdict cut(int fd, const char *name, off_t *size, off_t end, struct fault *f)
{
    log_event(LOG_WARN, "healed", "file=%s offset=%lld bytes=%lld", name, (long long)end,
              (long long)(*size - end));
    if (ftruncate(fd, end) != 0)
        return pair_failed("ftruncate", name, f);
    *size = end;
    return V_OK;
}

static enum verdict find_commit(const struct pair *p, struct digest *digest, struct hop *h,
                                struct commit *last, struct fault *f)
{
    switch (commit_find(p->json, p->json_size, digest, h, last)) {
    case COMMIT_FOUND:
    case COMMIT_NONE:
        break;
    case COMMIT_NOT_OURS:
        return not_ours(p->json_name, last->foreign, f);
    case COMMIT_FAILED:
        return pair_failed("read", p->json_name, f);
    }
    return V_OK;
}

static bool count_bytes(void *to, const char *bytes, size_t len)
{
    (void)bytes;
    *(off_t *)to += (off_t)len;
    return true;
}

/* Two passes: nothing is written unless all of it comes out as long as it should. */
static enum verdict rebuild(struct pair *p, off_t csv_end, struct fault *f)
{
    off_t bad = 0;
    off_t length = 0;
    struct rebuild_file w = {.fd = p->csv};
    bool quick = p->json_size <= QUICK_BYTES;
    if (!quick || !rebuild_csv(p->json, p->json_size, count_bytes, &length, &bad) ||
        length != csv_end) {
        log_event(LOG_ERROR, "csv_too_short", "file=%s bytes=%lld wanted=%lld hint=%s", p->csv_name,
                  (long long)p->csv_size, (long long)csv_end,
                  "rollcall-verify --rebuild-csv makes it anew");
        return fault_set(f, V_STORE_FAILED, "the CSV file of the day must be rebuilt first");
    }
    log_event(LOG_WARN, "csv_rebuilt", "file=%s bytes=%lld", p->csv_name, (long long)csv_end);
    if (!rebuild_csv(p->json, p->json_size, rebuild_write, &w, &bad))
        return pair_failed("rebuild", p->csv_name, f);
    p->csv_size = csv_end;
    return V_OK;
}

/* The first field of the row in `row`, as far as it is a time; "" when it is none. */
static void row_time(const char *row, size_t len, char out[CLOCK_TIME_LEN + 1])
{
    out[0] = '\0';
    if (len < CLOCK_TIME_LEN + 2 || row[0] != CSV_QUOTE || clock_parse(row + 1) < 0)
        return;
    memcpy(out, row + 1, CLOCK_TIME_LEN);
    out[CLOCK_TIME_LEN] = '\0';
}

/*
 * The rows that one dead writer left bear one time. Rows of several times beyond csv_end mean that
 * the JSON file was cut or taken away, and that these may be all that is left of its records.
 */
static int one_request(const struct pair *p, off_t from)
{
    char head[4096], tail[64 * 1024];
    char first[CLOCK_TIME_LEN + 1], last[CLOCK_TIME_LEN + 1];
    ssize_t n = io_pread(p->csv, head, sizeof head, from);
    if (n < 0)
        return -1;
    const char *row = head, *end = head + n;
    if (from == 0) /* behind the header */
        row = memchr(head, '\n', (size_t)n) ? (char *)memchr(head, '\n', (size_t)n) + 1 : end;
    row_time(row, (size_t)(end - row), first);
    off_t start = p->csv_size - from > (off_t)sizeof tail ? p->csv_size - (off_t)sizeof tail : from;
    n = io_pread(p->csv, tail, (size_t)(p->csv_size - start), start);
    if (n < 0)
        return -1;
    last[0] = '\0';
    for (const char *q = tail + n; q > tail && !*last;) {
        const char *newline = memrchr(tail, '\n', (size_t)(q - tail));
        if (!newline)
            break;
        row_time(newline + 1, (size_t)(tail + n - newline - 1), last);
        q = newline;
    }
    return !*first || !*last || strcmp(first, last) == 0;
}

/* With no line at all, rows of several requests may be all that is left of their records. */
static enum verdict check_orphans(const struct pair *p, struct fault *f)
{
    int one = one_request(p, 0);
    if (one < 0)
        return pair_failed("read", p->csv_name, f);
    return one ? V_OK : not_ours(p->csv_name, 0, f);
}

static enum verdict heal_csv(struct pair *p, bool look_inside, off_t csv_end, struct fault *f)
{
    if (p->csv_size > csv_end) {
        enum verdict v = cut(p->csv, p->csv_name, &p->csv_size, csv_end, f);
        if (v != V_OK)
            return v;
    }
    if (p->csv_size < csv_end)
        return rebuild(p, csv_end, f);
    if (!look_inside)
        return V_OK;
    int nul = commit_has_nul(p->csv, csv_end > CSV_LOOK ? csv_end - CSV_LOOK : 0, csv_end);
    if (nul < 0)
        return pair_failed("read", p->csv_name, f);
    return nul ? rebuild(p, csv_end, f) : V_OK;
}

enum verdict heal(struct pair *p, struct digest *digest, struct hop *h, struct commit *last,
                  struct fault *f)
{
    enum verdict v = find_commit(p, digest, h, last, f);
    if (v == V_OK && last->end == 0 && p->csv_size > 0 && !digest)
        v = check_orphans(p, f);
    if (v == V_OK && p->json_size > last->end)
        v = cut(p->json, p->json_name, &p->json_size, last->end, f);
    if (v != V_OK)
        return v;
    return heal_csv(p, digest != NULL, last->end > 0 ? (off_t)last->line.csv_end : 0, f);
}
