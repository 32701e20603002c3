#include "handler/store/hop.h"

#include "handler/shared/io.h"

void hop_begin(struct hop *h, int fd, off_t end)
{
    h->fd = fd;
    h->end = end;
    h->base = end;
    h->len = 0;
    h->reach = HOP_FIRST;
}

/* Makes the window hold the last bytes of the line that ends at h->end. */
static bool load(struct hop *h)
{
    off_t need = h->end > TRAILER_MAX ? h->end - TRAILER_MAX : 0;
    if (h->base <= need && h->base + (off_t)h->len >= h->end)
        return true;
    h->base = h->end > (off_t)h->reach ? h->end - (off_t)h->reach : 0;
    size_t want = (size_t)(h->end - h->base);
    ssize_t n = io_pread(h->fd, h->window, want, h->base);
    h->len = n > 0 ? (size_t)n : 0;
    return n >= 0;
}

enum hop_result hop_read(struct hop *h, struct trailer *out)
{
    if (!load(h))
        return HOP_FAILED;
    if (h->base + (off_t)h->len < h->end)
        return HOP_NOT_OURS; /* the file is shorter than it was */
    size_t tail, chain;
    if (!trailer_parse(h->window, (size_t)(h->end - h->base), out, &tail, &chain))
        return HOP_NOT_OURS;
    return out->line_start < (uint64_t)h->end ? HOP_LINE : HOP_NOT_OURS;
}

void hop_back(struct hop *h, const struct trailer *line)
{
    off_t start = (off_t)line->line_start;
    h->reach = h->end - start > HOP_FIRST ? TRAILER_MAX : HOP_WINDOW;
    h->end = start;
}
