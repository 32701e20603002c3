#include "agent/pace.h"

int64_t pace_next(struct pace *p, int64_t now)
{
    int64_t skipped = now >= p->due ? (now - p->due) / p->period : 0;
    p->due += (skipped + 1) * p->period;
    return skipped;
}
