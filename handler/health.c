#include "handler/health.h"

#include "handler/http/reply.h"

static enum verdict health_probe(struct worker *w, struct fault *f)
{
    if (!tokens_refresh(&w->tokens))
        return fault_set(f, V_UNAVAILABLE,
                         "the tokens file cannot be read; all requests are refused");
    return store_probe(&w->store, f);
}

enum verdict health_get(struct worker *w, struct request *r, const struct ip *ip, struct fault *f)
{
    (void)r;
    (void)ip;
    int64_t now = clock_monotonic();
    if (w->probed == 0 || now - w->probed >= HEALTH_EVERY_MS) {
        fault_clear(&w->health_fault);
        w->health = health_probe(w, &w->health_fault);
        w->probed = now;
    }
    *f = w->health_fault;
    if (w->health != V_OK)
        return w->health;
    reply_success(&w->reply);
    buf_puts(&w->reply, "{\"store\":\"writable\"}");
    reply_end(&w->reply);
    return V_OK;
}
