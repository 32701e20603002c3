#include "aws/archive/catalogue.h"

#include "aws/archive/manifest_io.h"
#include "aws/s3/names.h"
#include "aws/s3/object.h"
#include "handler/shared/json/write.h"
#include "handler/store/layout.h"

#include <string.h>

static void write_text(struct buf *b, const char *name, const char *text)
{
    jsonw_name(b, name);
    jsonw_str(b, text);
    buf_putc(b, ',');
}

static void write_number(struct buf *b, const char *name, uint64_t n)
{
    jsonw_name(b, name);
    buf_u64(b, n);
    buf_putc(b, ',');
}

/* "json", "csv" or "record": the folder of names_file(). */
static const char *file_kind(const struct manifest *m, const char *name, struct layout_name *parts)
{
    if (strcmp(m->branch, LAYOUT_RECORD) == 0)
        return "record";
    return layout_parse(name, LAYOUT_CSV, parts) ? "csv" : "json";
}

static void write_line(const struct manifest *m, const struct manifest_entry *e, const char *base,
                       struct buf *out)
{
    struct layout_name parts;
    char key[NAMES_MAX];
    struct buf url;
    const char *kind = file_kind(m, e->name, &parts);
    names_file("", m->branch, m->date, e->name, key);
    buf_init(&url, 2 * NAMES_MAX);
    buf_printf(&url, "%s%s", base, key);
    buf_putc(out, '{');
    write_text(out, "url", url.failed ? "" : buf_str(&url));
    write_text(out, "kind", kind);
    if (strcmp(kind, "record") != 0 &&
        layout_parse(e->name, *kind == 'c' ? LAYOUT_CSV : LAYOUT_JSON, &parts))
        write_text(out, "client_ip", parts.ip.text);
    write_number(out, "size", e->size);
    write_number(out, "gzip_size", e->gzip_size);
    write_text(out, "sha256", e->sha256);
    if (e->chain[0]) {
        write_number(out, "seq", e->seq);
        write_text(out, "chain", e->chain);
    }
    out->len--; /* the last comma */
    buf_puts(out, "}\n");
    buf_release(&url);
}

void catalogue_write(const struct manifest *m, const char *bucket, const char *prefix,
                     struct buf *out)
{
    struct buf base;
    buf_init(&base, NAMES_MAX);
    buf_printf(&base, "s3://%s/%s", bucket, prefix);
    const char *text = buf_str(&base);
    for (size_t i = 0; text && i < m->count; i++)
        write_line(m, &m->entries[i], text, out);
    if (!text)
        out->failed = true;
    buf_release(&base);
}

enum s3_result catalogue_put(struct pool *r, const struct manifest *m, struct s3_fault *fault)
{
    char key[NAMES_MAX];
    struct buf text;
    enum s3_result result = s3_local(fault, "the catalogue");
    buf_init(&text, MANIFEST_BYTES_MAX);
    catalogue_write(m, r->options.bucket, r->prefix, &text);
    names_catalogue(r->prefix, m->branch, m->date, key);
    if (buf_str(&text)) {
        const struct s3_about about = {"application/x-ndjson", NULL};
        struct s3_source source = {.bytes = text.data, .fd = -1, .len = text.len};
        if (s3_source_hash(&source))
            result = s3_put(r->lanes[0].s3, key, &source, &about, fault);
    }
    buf_release(&text);
    return result;
}

void catalogue_day(struct pool *r, const char *branch, const char *date)
{
    struct manifest m;
    struct s3_fault fault;
    manifest_init(&m, branch, date);
    enum s3_result result = manifest_io_get(r->lanes[0].s3, r->prefix, &m, &fault);
    if (result == S3_OK)
        result = catalogue_put(r, &m, &fault);
    if (result == S3_OK) {
        r->files += m.count;
        progress_say(&r->progress, false, "%s/%s: %zu files in the catalogue", branch, date,
                     m.count);
    } else if (result != S3_NOT_FOUND) {
        pool_fault(r, &fault);
    }
    manifest_release(&m);
}
