#include "handler/worker.h"

enum { KEEP = 1 << 20, REPLY_EXTRA = 64 * 1024, ARENA_FACTOR = 16, CSV_FACTOR = 8 };

bool worker_init(struct worker *w, const struct config *config, clock_fn clock)
{
    size_t body_max = (size_t)config->max_body_bytes;
    *w = (struct worker){.config = config, .digest = digest_new()};
    if (!w->digest)
        return false;
    tokens_init(&w->tokens, config->tokens_file);
    arena_init(&w->arena, body_max * ARENA_FACTOR + KEEP);
    buf_init(&w->text, body_max + 2); /* the NUL after the text, and a byte to detect "over" */
    buf_init(&w->packed, body_max + 2);
    buf_init(&w->csv, body_max * CSV_FACTOR);
    buf_init(&w->reply, body_max + REPLY_EXTRA); /* the latest listing fits */
    w->body.text = &w->text;
    w->body.packed = &w->packed;
    rows_init(&w->rows);
    store_init(&w->store, config, clock, w->digest);
    snapshots_init(&w->snapshots, config, clock);
    return true;
}

void worker_release(struct worker *w)
{
    snapshots_release(&w->snapshots);
    store_release(&w->store);
    rows_release(&w->rows);
    body_release(&w->body);
    buf_release(&w->reply);
    buf_release(&w->csv);
    buf_release(&w->packed);
    buf_release(&w->text);
    arena_release(&w->arena);
    digest_free(w->digest);
    tokens_release(&w->tokens);
}

void worker_reset(struct worker *w)
{
    arena_reset(&w->arena);
    buf_trim(&w->text, KEEP);
    buf_trim(&w->packed, KEEP);
    buf_trim(&w->csv, KEEP);
    buf_trim(&w->reply, KEEP);
    rows_trim(&w->rows, KEEP);
    store_trim(&w->store, KEEP);
    dirs_release(&w->snapshots.days);
}
