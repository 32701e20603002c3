#include "handler/watch/rules.h"

#include <stdlib.h>

void rules_init(struct rules *r, const struct policy *policy, int data)
{
    r->policy = policy;
    r->data = data;
    judge_init(&r->judge);
}

void rules_release(struct rules *r)
{
    judge_release(&r->judge);
}

bool rules_visit(struct rules *r, const struct hosts *hosts, rules_fn *visit, void *context)
{
    size_t count = r->policy ? r->policy->count : 0;
    unsigned char *states = malloc(count + 1);
    bool ok = states != NULL;
    for (size_t i = 0; ok && count && i < hosts->count; i++) {
        if (states_hidden(hosts->list[i].state))
            continue;
        judge_host(&r->judge, r->policy, r->data, &hosts->list[i], states);
        for (size_t k = 0; ok && k < count; k++)
            if (states[k] == JUDGE_FAIL || states[k] == JUDGE_UNKNOWN)
                ok = visit(context, i, &r->policy->rules[k], states[k] == JUDGE_FAIL);
    }
    free(states);
    return ok;
}

const struct policy_rule *rules_find(const struct rules *r, const char *name)
{
    return r->policy ? policy_find(r->policy, name) : NULL;
}

const struct judge_evidence *rules_evidence(struct rules *r, const char *rule,
                                            const struct host *host)
{
    const struct policy_rule *found = rules_find(r, rule);
    if (!found || !judge_read(&r->judge, r->data, host) ||
        judge_rule(&r->judge, found, host, &r->evidence) != JUDGE_FAIL)
        return NULL;
    return &r->evidence;
}
