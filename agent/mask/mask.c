#include "agent/mask/mask.h"

#include "agent/mask/view.h"
#include "handler/shared/text.h"

enum { MASK_MAX = 64 << 20, PLACES_MAX = 1 << 30 };

void mask_init(struct mask *m)
{
    secret_index_init(&m->index);
    buf_init(&m->hide, MASK_MAX);
    buf_init(&m->bytes, PLACES_MAX);
    buf_init(&m->places, PLACES_MAX);
}

void mask_release(struct mask *m)
{
    buf_release(&m->hide);
    buf_release(&m->bytes);
    buf_release(&m->places);
}

/* The text with its secrets as "***", and `separator` for each NUL. */
static void put_masked(const struct parse *p, char separator, struct buf *out)
{
    const char *raw = p->raw;
    for (size_t i = 0; i < p->len;) {
        size_t run = i;
        while (run < p->len && p->hide[run] == p->hide[i] && (raw[run] != '\0' || run == i))
            run++;
        if (raw[i] == '\0') {
            buf_putc(out, separator);
            i++;
            continue;
        }
        if (p->hide[i])
            buf_puts(out, "***");
        else
            buf_add(out, raw + i, run - i);
        i = run;
    }
}

static void put_plain(const struct parse *p, char separator, struct buf *out)
{
    if (!buf_reserve(out, p->len))
        return;
    char *copy = out->data + out->len;
    memcpy(copy, p->raw, p->len);
    out->len += p->len;
    for (char *nul = copy; (nul = memchr(nul, '\0', (size_t)(copy + p->len - nul))); nul++)
        *nul = separator;
}

static bool mask_all(struct mask *m, struct text raw, bool cut, char separator, struct buf *out)
{
    buf_reset(&m->hide);
    if (!buf_reserve(&m->hide, raw.len + 1))
        return false;
    memset(m->hide.data, 0, raw.len + 1);
    struct parse p = {
        .m = m, .ix = &m->index, .raw = raw.ptr, .len = raw.len, .hide = m->hide.data, .cut = cut};
    command_line(&p);
    if (p.failed)
        return false;
    if (p.hidden)
        put_masked(&p, separator, out);
    else if (raw.len)
        put_plain(&p, separator, out);
    return !out->failed;
}

bool mask_arguments(struct mask *m, const char *raw, size_t len, bool cut, struct buf *out)
{
    return mask_all(m, (struct text){raw, len}, cut, ' ', out);
}

bool mask_list(struct mask *m, const char *raw, size_t len, bool cut, struct buf *out)
{
    return mask_all(m, (struct text){raw, len}, cut, '\0', out);
}
