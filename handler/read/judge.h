/*
 * judge: does a host keep the rules of a policy?
 *
 *     judge_init(&j);
 *     if (judge_host(&j, policy, data, host, states)) ... states[i] of policy->rules[i] ...
 *     if (judge_read(&j, data, host) && judge_rule(&j, rule, host, &evidence) == JUDGE_FAIL)
 *         judge_put_evidence(&evidence, &out);
 *     judge_release(&j);
 *
 * Only the newest record of the host counts. Ages are those at the time it was received.
 */
#ifndef HANDLER_READ_JUDGE_H
#define HANDLER_READ_JUDGE_H

#include "handler/read/place.h"
#include "handler/read/policy.h"
#include "handler/read/snapshot.h"

enum judge_state {
    JUDGE_PASS,
    JUDGE_FAIL,
    JUDGE_UNKNOWN,        /* no record, the host is absent, or the record lacks what is needed */
    JUDGE_NOT_APPLICABLE, /* not one of the rule's hosts or systems, or a host that is hidden */
    JUDGE_STATES
};

enum { JUDGE_EVIDENCE_MAX = 20, JUDGE_CMD_MAX = 512 };

/* Why a rule failed. Everything points into the judge's record. */
struct judge_evidence {
    size_t count; /* of what was found; the lists hold the first JUDGE_EVIDENCE_MAX */
    size_t processes, sockets, users;
    const struct proc *process[JUDGE_EVIDENCE_MAX];
    const struct snapshot_socket *socket[JUDGE_EVIDENCE_MAX];
    const struct snapshot_user *user[JUDGE_EVIDENCE_MAX];
    char found[128]; /* at_least, at_most: the value that the host has; else "" */
};

struct judge {
    struct place place;
    struct snapshot record;
    struct text agent; /* version */
    char agent_text[64];
    bool has_cmd;               /* of any process */
    struct policy_pairs *pairs; /* of the command of each process */
    size_t pairs_room;
};

void judge_init(struct judge *j);
void judge_release(struct judge *j);

/* "pass" "fail" "unknown" "not_applicable" */
const char *judge_state_name(enum judge_state state);
enum judge_state judge_state_find(const char *name); /* JUDGE_STATES: there is none */

/* Reads the newest record of a host. False: it has none, or it cannot be read. */
bool judge_read(struct judge *j, int data, const struct host *host);

/* Judges the record that was read; `host` says to whom the rule applies. `e` may be NULL. */
enum judge_state judge_rule(struct judge *j, const struct policy_rule *rule,
                            const struct host *host, struct judge_evidence *e);

/*
 * Judges a host by all rules: policy->count states. What depends on the record alone is kept in the
 * host's report, which the memo may keep (memo.h): then the record is not read again.
 */
void judge_host(struct judge *j, const struct policy *policy, int data, const struct host *host,
                unsigned char *states);

/*
 * Appends the members "matches":N, "found":..., "evidence":[...]: how many there are, the value of
 * at_least and at_most, and processes, sockets or users.
 */
void judge_put_evidence(const struct judge_evidence *e, struct buf *out);

/*
 * Appends `"state":...` and, for a rule that fails, its evidence. `j` has read the record of the
 * host (judge_read()); NULL: it could not be read again, and there is no evidence.
 */
void judge_put_verdict(struct judge *j, const struct policy_rule *rule, const struct host *host,
                       enum judge_state state, struct buf *out);

/* A command line, cut at JUDGE_CMD_MAX at a whole character. */
struct text judge_cut(struct text cmd);

/* procs_put() with such a command line. */
void judge_put_process(const struct proc *one, struct buf *out);

#endif
