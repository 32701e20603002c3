/*
 * download: GET /files/{date}/{ip}_{date}.json and .csv, streamed up to the last commit.
 *
 * The name is taken apart into date and address and made again, so nothing of the client's reaches
 * a path. The entity tag is the chain of the last line, which depends on every byte before it.
 */
#include "handler/http/fcgi.h"
#include "handler/http/range.h"
#include "handler/http/reply.h"
#include "handler/query/answer.h"
#include "handler/query/resources.h"
#include "handler/shared/io.h"
#include "handler/store/layout.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const download_params[] = {NULL};

enum { DOWNLOAD_PIECE = 64 * 1024 };

struct download {
    struct layout_name name;
    const char *suffix;
    char file[LAYOUT_FILE_MAX];
    int fd;
    off_t size; /* up to the last commit */
    struct range range;
    char tag[40];
};

static enum verdict download_none(struct fault *f)
{
    return fault_set(f, V_NOT_FOUND,
                     "no such file; the path is /files/YYYY-MM-DD/ADDRESS_YYYY-MM-DD.json or .csv");
}

static enum verdict download_parse(const char *rest, struct download *d, struct fault *f)
{
    char date[CLOCK_DATE_LEN + 1];
    if (strlen(rest) < CLOCK_DATE_LEN + 2 || rest[CLOCK_DATE_LEN] != '/')
        return download_none(f);
    snprintf(date, sizeof date, "%.*s", CLOCK_DATE_LEN, rest);
    const char *name = rest + CLOCK_DATE_LEN + 1;
    d->suffix = layout_parse(name, LAYOUT_JSON, &d->name) ? LAYOUT_JSON : LAYOUT_CSV;
    if (!layout_parse(name, d->suffix, &d->name) || strcmp(date, d->name.date) != 0)
        return download_none(f);
    layout_file(&d->name.ip, d->name.date, d->suffix, d->file);
    return V_OK;
}

static int download_file(int data, const char *date, const char *name)
{
    char path[CLOCK_DATE_LEN + 1 + LAYOUT_FILE_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", date, name);
    int fd = openat(data, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Opens the file and finds its last commit, which is in the JSON file for both. */
static enum verdict download_open(const struct query *q, struct download *d, struct fault *f)
{
    char json[LAYOUT_FILE_MAX];
    struct tail tail;
    struct stat st, own;
    bool csv = strcmp(d->suffix, LAYOUT_CSV) == 0;
    layout_file(&d->name.ip, d->name.date, LAYOUT_JSON, json);
    int fd = download_file(q->data, d->name.date, json);
    tail_init(&tail);
    bool found = fd >= 0 && fstat(fd, &st) == 0 && tail_open(&tail, fd, st.st_size) == TAIL_OK;
    d->fd = csv ? download_file(q->data, d->name.date, d->file) : fd;
    if (csv && fd >= 0)
        close(fd);
    d->size = csv ? (off_t)tail.line.csv_end : tail.end;
    snprintf(d->tag, sizeof d->tag, "\"%c%.32s\"", csv ? 'c' : 'j', tail.line.chain);
    tail_release(&tail);
    if (!found || d->fd < 0)
        return download_none(f);
    if (fstat(d->fd, &own) == 0 && own.st_size >= d->size)
        return V_OK;
    return fault_set(f, V_NOT_FOUND,
                     "the file is shorter than its last commit says; "
                     "the next record rebuilds it");
}

static void download_head(const struct download *d, const char *status, struct buf *out)
{
    bool csv = strcmp(d->suffix, LAYOUT_CSV) == 0;
    buf_reset(out);
    buf_printf(
        out,
        "Status: %s\r\nETag: %s\r\nAccept-Ranges: bytes\r\nCache-Control: private, no-cache\r\n"
        "X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'; "
        "sandbox\r\n",
        status, d->tag);
    if (*status == '2')
        buf_printf(out, "Content-Type: %s\r\nContent-Disposition: attachment; filename=\"%s\"\r\n",
                   csv ? "text/csv; charset=utf-8" : "application/x-ndjson", d->file);
    if (d->range.part)
        buf_printf(out, "Content-Range: bytes %" PRId64 "-%" PRId64 "/%" PRId64 "\r\n",
                   (int64_t)d->range.first, (int64_t)d->range.last, (int64_t)d->size);
}

static void download_stream(const struct download *d, struct buf *piece)
{
    for (off_t at = d->range.first; at <= d->range.last;) {
        size_t want = d->range.last - at + 1 < DOWNLOAD_PIECE ? (size_t)(d->range.last - at + 1)
                                                              : DOWNLOAD_PIECE;
        buf_reset(piece);
        ssize_t n = buf_reserve(piece, want) ? io_pread(d->fd, piece->data, want, at) : -1;
        /* The length has been sent: a file cut under the reader shows as a short answer. */
        if (n <= 0 || !fcgi_answer(piece->data, (size_t)n))
            return;
        at += n;
    }
}

static void download_send(struct query *q, struct download *d)
{
    const struct request *r = q->request;
    struct buf *out = &q->reply;
    bool same = !*r->if_range || strcmp(r->if_range, d->tag) == 0;
    bool inside = range_parse(same ? r->range : "", d->size, &d->range);
    q->streamed = true;
    if (*r->if_none_match && range_tag_matches(r->if_none_match, d->tag)) {
        d->range.part = false;
        download_head(d, "304 Not Modified", out);
        buf_puts(out, "\r\n");
        fcgi_answer(out->data, out->len);
        return;
    }
    if (!inside) {
        d->range.part = false;
        download_head(d, "416 Range Not Satisfiable", out);
        buf_printf(out,
                   "Content-Range: bytes */%" PRId64 "\r\nContent-Type: application/json\r\n\r\n"
                   "{\"status\":\"fail\",\"data\":{\"reason\":\"no byte of the file is in this "
                   "range; it has %" PRId64 " bytes\"}}\n",
                   (int64_t)d->size, (int64_t)d->size);
        fcgi_answer(out->data, request_is_head(r) ? reply_body(out) : out->len);
        return;
    }
    download_head(d, d->range.part ? "206 Partial Content" : "200 OK", out);
    buf_printf(out, "Content-Length: %" PRId64 "\r\n\r\n",
               (int64_t)(d->range.last - d->range.first + 1));
    if (fcgi_answer(out->data, out->len) && !request_is_head(r))
        download_stream(d, &q->body);
}

enum verdict download_get(struct query *q, struct fault *f)
{
    struct download d = {.suffix = LAYOUT_JSON, .fd = -1};
    enum verdict v = download_parse(q->rest, &d, f);
    if (v == V_OK)
        v = download_open(q, &d, f);
    if (v == V_OK)
        download_send(q, &d);
    if (d.fd >= 0)
        close(d.fd);
    return v;
}
