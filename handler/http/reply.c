#include "handler/http/reply.h"

#include "handler/shared/json/write.h"

void reply_head(struct buf *out, enum verdict v, const struct fault *f)
{
    buf_reset(out);
    buf_puts(out, "Status: ");
    buf_u64(out, (uint64_t)fault_status(v));
    buf_putc(out, ' ');
    buf_puts(out, fault_phrase(v));
    buf_puts(out, "\r\nContent-Type: application/json\r\n");
    if (f && f->retry_after > 0)
        buf_printf(out, "Retry-After: %ld\r\n", f->retry_after);
    if (f && f->headers)
        buf_puts(out, f->headers);
    buf_puts(out, "\r\n");
}

void reply_success(struct buf *out)
{
    reply_head(out, V_OK, NULL);
    buf_puts(out, "{\"status\":\"success\",\"data\":");
}

void reply_end(struct buf *out)
{
    buf_puts(out, "}\n");
}

static void put_fail(struct buf *out, enum verdict v, const struct fault *f)
{
    buf_puts(out, "{\"status\":\"fail\",\"data\":{\"reason\":");
    jsonw_str(out, fault_reason(v, f));
    if (*f->field) {
        buf_puts(out, ",\"field\":");
        jsonw_str(out, f->field);
    }
    if (f->line > 0)
        buf_printf(out, ",\"line\":%ld", f->line);
    if (f->offset >= 0)
        buf_printf(out, ",\"offset\":%lld", f->offset);
    buf_putc(out, '}');
}

void reply_fault(struct buf *out, enum verdict v, const struct fault *f)
{
    reply_head(out, v, f);
    if (fault_status(v) < 500) {
        put_fail(out, v, f);
    } else {
        buf_puts(out, "{\"status\":\"error\",\"message\":");
        jsonw_str(out, fault_reason(v, f));
    }
    reply_end(out);
}

size_t reply_body(const struct buf *out)
{
    const char *blank = memmem(out->data, out->len, "\r\n\r\n", 4);
    return blank ? (size_t)(blank - out->data) + 4 : out->len;
}
