#include "agent/send/backoff.h"

void backoff_clear(struct backoff *b)
{
    *b = (struct backoff){0};
}

int64_t backoff_fail(struct backoff *b, int64_t now, int64_t asked, uint64_t random)
{
    int64_t span = BACKOFF_SPAN_MAX;
    if (b->failures < 6) /* 5 s * 2^6 is over the limit */
        span = (int64_t)BACKOFF_SPAN_FIRST << b->failures;
    b->failures++;
    if (asked > BACKOFF_ASKED_MAX)
        asked = BACKOFF_ASKED_MAX;
    b->until = now + asked + (int64_t)(random % (uint64_t)(span + 1));
    return asked > 0 ? now + asked : 0;
}

bool backoff_waits(const struct backoff *b, int64_t now)
{
    return b->until > now && b->until - now <= BACKOFF_ASKED_MAX + BACKOFF_SPAN_MAX;
}
