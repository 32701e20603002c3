#include "handler/store/resend.h"

#include "handler/shared/io.h"
#include "handler/store/ids.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum verdict resend_begin(struct resend *r, const struct batch *b, struct ids *ids,
                          struct arena *arena, struct fault *f)
{
    *r = (struct resend){.yesterday = {.json = -1, .csv = -1, .dir = -1}};
    size_t with_id = 0;
    for (size_t i = 0; i < b->count; i++)
        with_id += b->entries[i].id != NULL;
    if (with_id == 0)
        return V_OK;
    r->twins = arena_array(arena, b->count, sizeof *r->twins);
    if (!r->twins || !ids_init(ids, with_id, arena))
        return fault_memory(f);
    for (size_t i = 0; i < b->count; i++)
        if (b->entries[i].id)
            ids_add(ids, b->entries[i].id, i);
    ids_sort(ids);
    for (size_t i = 0; i < b->count; i++) {
        size_t first = b->entries[i].id ? ids_find(ids, b->entries[i].id) : i;
        if (first == i)
            continue;
        r->twins[i] = (struct twin){.place = TWIN_REQUEST, .first = first};
        r->duplicates++;
    }
    return V_OK;
}

enum verdict resend_look(struct resend *r, const struct ids *ids, struct hop *h,
                         const struct pair *p, int64_t since_ms, size_t least_lines,
                         struct fault *f)
{
    struct twin *pending = NULL; /* its rows start where the line before it ends */
    struct trailer line;
    for (size_t seen = 0; h->end > 0; seen++) {
        enum hop_result result = hop_read(h, &line);
        if (result == HOP_FAILED)
            return pair_failed("read", p->json_name, f);
        if (result == HOP_NOT_OURS)
            break; /* a line that was changed by hand: what lies before it is not looked at */
        if (pending)
            pending->csv_start = line.csv_end;
        pending = NULL;
        if (seen >= least_lines && clock_parse(line.received_at) < since_ms)
            break;
        size_t index = *line.id ? ids_find(ids, line.id) : IDS_NONE;
        if (index != IDS_NONE && r->twins[index].place == TWIN_NONE) {
            pending = &r->twins[index];
            *pending = (struct twin){.place = p->past ? TWIN_YESTERDAY : TWIN_TODAY,
                                     .start = (off_t)line.line_start,
                                     .end = h->end,
                                     .csv_end = line.csv_end,
                                     .seq = line.seq};
            memcpy(pending->chain, line.chain, sizeof pending->chain);
            r->duplicates++;
        }
        hop_back(h, &line);
    }
    return V_OK;
}

/* Writes [from, to) of a file over itself. */
static bool rewrite(int fd, off_t from, off_t to)
{
    char block[64 * 1024];
    while (from < to) {
        size_t want = to - from < (off_t)sizeof block ? (size_t)(to - from) : sizeof block;
        ssize_t n = io_pread(fd, block, want, from);
        if (n == 0)
            errno = EIO; /* shorter than its own lines say */
        if (n <= 0 || !io_pwrite(fd, block, (size_t)n, from))
            return false;
        from += n;
    }
    return true;
}

enum verdict resend_confirm(const struct resend *r, const struct batch *b, const struct pair *p,
                            enum twin_place place, struct fault *f)
{
    bool any = false;
    for (size_t i = 0; r->twins && i < b->count; i++) {
        const struct twin *t = &r->twins[i];
        if (t->place != place)
            continue;
        any = true;
        if (!rewrite(p->csv, (off_t)t->csv_start, (off_t)t->csv_end))
            return pair_failed("write again", p->csv_name, f);
        if (!rewrite(p->json, t->start, t->end))
            return pair_failed("write again", p->json_name, f);
    }
    if (any && fdatasync(p->csv) != 0)
        return pair_failed("fdatasync", p->csv_name, f);
    if (any && fdatasync(p->json) != 0)
        return pair_failed("fdatasync", p->json_name, f);
    return V_OK;
}
