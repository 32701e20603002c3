/*
 * rules: what the policy says of the hosts (judge.h), and why.
 */
#ifndef HANDLER_WATCH_RULES_H
#define HANDLER_WATCH_RULES_H

#include "handler/read/judge.h"

struct rules {
    const struct policy *policy; /* borrowed; NULL: there is none */
    int data;
    struct judge judge;
    struct judge_evidence evidence;
};

void rules_init(struct rules *r, const struct policy *policy, int data);
void rules_release(struct rules *r);

/*
 * Called for hosts.list[place] if it breaks the rule (`fails`), or if it is not known whether it
 * does. False ends the visit.
 */
typedef bool rules_fn(void *context, size_t place, const struct policy_rule *rule, bool fails);

/* Hosts that are hidden are left out. False: memory is out, or `visit` was false. */
bool rules_visit(struct rules *r, const struct hosts *hosts, rules_fn *visit, void *context);

/* The rule with that name, or NULL. */
const struct policy_rule *rules_find(const struct rules *r, const char *name);

/* Why the host breaks the rule; NULL if it does not. Valid until the next call. */
const struct judge_evidence *rules_evidence(struct rules *r, const char *rule,
                                            const struct host *host);

#endif
