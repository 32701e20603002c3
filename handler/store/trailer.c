#include "handler/store/trailer.h"

#include <string.h>

#define OPENING ",\"rollcall\":{\"received_at\":\""

void trailer_open(const struct trailer *l, struct buf *out)
{
    buf_puts(out, OPENING);
    buf_add(out, l->received_at, CLOCK_TIME_LEN);
    buf_puts(out, "\",\"client_ip\":\"");
    buf_puts(out, l->client_ip);
    if (*l->id) {
        buf_puts(out, "\",\"id\":\"");
        buf_puts(out, l->id);
    }
    buf_puts_u64(out, "\",\"process_count\":", l->process_count);
    buf_puts_u64(out, ",\"user_count\":", l->user_count);
    buf_puts_u64(out, ",\"seq\":", l->seq);
    buf_puts_u64(out, ",\"left\":", l->left);
    buf_puts_u64(out, ",\"line_start\":", l->line_start);
    buf_puts_u64(out, ",\"csv_end\":", l->csv_end);
}

void trailer_close(const struct trailer *l, struct buf *out)
{
    buf_puts(out, ",\"chain\":\"");
    buf_add(out, l->chain, DIGEST_HEX_LEN);
    buf_puts(out, "\"}}\n");
}

/* What is still to be read of the member. Each trailer_take*() moves it on, or sets ok to false. */
struct trailer_cursor {
    const char *at, *end;
    bool ok;
};

static inline bool trailer_take(struct trailer_cursor *c, const char *literal)
{
    size_t len = strlen(literal);
    if (!c->ok || (size_t)(c->end - c->at) < len || memcmp(c->at, literal, len) != 0)
        return false;
    c->at += len;
    return true;
}

/* Text up to the next quote, which must fit `size` with its NUL, and hold none itself. */
static void trailer_take_text(struct trailer_cursor *c, char *out, size_t size)
{
    const char *quote = c->ok ? memchr(c->at, '"', (size_t)(c->end - c->at)) : NULL;
    if (!quote || (size_t)(quote - c->at) >= size || memchr(c->at, '\0', (size_t)(quote - c->at))) {
        c->ok = false;
        return;
    }
    size_t len = (size_t)(quote - c->at);
    memcpy(out, c->at, len);
    out[len] = '\0';
    c->at = quote;
}

static inline void trailer_take_number(struct trailer_cursor *c, const char *name, uint64_t *out)
{
    *out = 0;
    c->ok = trailer_take(c, name);
    size_t digits = 0;
    bool zero = c->ok && c->at < c->end && *c->at == '0';
    for (; c->ok && c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++, digits++)
        *out = *out * 10 + (uint64_t)(*c->at - '0');
    c->ok = c->ok && digits > 0 && digits < 20 && (!zero || digits == 1);
}

/* The last `,"rollcall":{...` in the last TRAILER_MAX bytes; few commas follow it. */
static const char *trailer_find_opening(const char *bytes, size_t len)
{
    const char *start = len > TRAILER_MAX ? bytes + len - TRAILER_MAX : bytes;
    const char *end = bytes + len, *comma = end;
    while ((comma = memrchr(start, ',', (size_t)(comma - start))))
        if ((size_t)(end - comma) >= sizeof OPENING - 1 &&
            memcmp(comma, OPENING, sizeof OPENING - 1) == 0)
            break;
    return comma;
}

bool trailer_parse(const char *bytes, size_t len, struct trailer *out, size_t *tail, size_t *chain)
{
    const char *opening = trailer_find_opening(bytes, len);
    if (!opening)
        return false;
    struct trailer_cursor c = {opening + sizeof OPENING - 1, bytes + len, true};
    trailer_take_text(&c, out->received_at, sizeof out->received_at);
    c.ok = trailer_take(&c, "\",\"client_ip\":\"");
    trailer_take_text(&c, out->client_ip, sizeof out->client_ip);
    out->id[0] = '\0';
    if (trailer_take(&c, "\",\"id\":\"")) {
        trailer_take_text(&c, out->id, sizeof out->id);
        c.ok = c.ok && *out->id; /* none is written as none */
    }
    trailer_take_number(&c, "\",\"process_count\":", &out->process_count);
    trailer_take_number(&c, ",\"user_count\":", &out->user_count);
    trailer_take_number(&c, ",\"seq\":", &out->seq);
    trailer_take_number(&c, ",\"left\":", &out->left);
    trailer_take_number(&c, ",\"line_start\":", &out->line_start);
    trailer_take_number(&c, ",\"csv_end\":", &out->csv_end);
    *tail = (size_t)(opening - bytes);
    *chain = (size_t)(c.at - bytes);
    c.ok = trailer_take(&c, ",\"chain\":\"");
    trailer_take_text(&c, out->chain, sizeof out->chain);
    return trailer_take(&c, "\"}}\n") && c.at == c.end &&
           strspn(out->chain, "0123456789abcdef") == DIGEST_HEX_LEN &&
           clock_parse(out->received_at) >= 0;
}

bool trailer_chain(struct digest *d, const char *previous, const char *bytes, size_t len,
                   char out[DIGEST_HEX_LEN + 1])
{
    unsigned char sum[DIGEST_LEN];
    if (!digest_start(d) || !digest_add(d, previous, DIGEST_HEX_LEN) ||
        !digest_add(d, bytes, len) || !digest_finish(d, sum))
        return false;
    digest_hex(sum, out);
    return true;
}
