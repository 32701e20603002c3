#include "handler/read/judge.h"

#include "handler/read/glob.h"
#include "handler/read/version.h"
#include "handler/shared/json/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const names[JUDGE_STATES] = {"pass", "fail", "unknown", "not_applicable"};

/* Does something match? MAYBE: what decides is not in the record. */
enum answer { NO, MAYBE, YES };

const char *judge_state_name(enum judge_state state)
{
    return names[state];
}

enum judge_state judge_state_find(const char *name)
{
    enum judge_state state = JUDGE_PASS;
    while (state < JUDGE_STATES && strcmp(names[state], name) != 0)
        state++;
    return state;
}

void judge_init(struct judge *j)
{
    const struct ip nowhere = {.text = ""};
    memset(j, 0, sizeof *j);
    place_init(&j->place, -1, &nowhere, 0);
    snapshot_init(&j->record);
}

void judge_release(struct judge *j)
{
    place_release(&j->place);
    snapshot_release(&j->record);
    free(j->pairs);
}

/* ---- the record */

/* The version in "agent": {"version": "0.1.0"}. */
static void judge_read_agent(struct judge *j, struct text agent)
{
    struct json_member m;
    for (struct json_iter it = json_iter_begin(agent); json_iter_member(&it, &m);)
        if (json_name_is(m.name, "version") && json_is_string(m.value) &&
            m.value.len < sizeof j->agent_text)
            j->agent = (struct text){j->agent_text, json_unescape(m.value, j->agent_text)};
}

static bool judge_read_commands(struct judge *j)
{
    const struct procs *procs = &j->record.procs;
    if (procs->count > j->pairs_room) {
        struct policy_pairs *pairs = realloc(j->pairs, procs->count * sizeof *pairs);
        if (!pairs)
            return false;
        j->pairs = pairs;
        j->pairs_room = procs->count;
    }
    for (size_t i = 0; i < procs->count; i++) {
        j->pairs[i] = policy_pairs_of(procs->list[i].column[COL_CMD]);
        j->has_cmd |= procs->list[i].column[COL_CMD].len > 0;
    }
    return true;
}

bool judge_read(struct judge *j, int data, const struct host *host)
{
    struct json_member m;
    if (!host->report || data < 0)
        return false;
    place_release(&j->place);
    place_init(&j->place, data, &host->ip, 0);
    if (!place_at(&j->place, clock_day_start(host->report->received_ms), host->report->line_end) ||
        !snapshot_read(&j->record, &j->place.tail))
        return false;
    j->agent = (struct text){NULL, 0};
    j->has_cmd = false;
    for (struct json_iter it = json_iter_begin(j->record.procs.stored.record.text);
         json_iter_member(&it, &m);)
        if (json_is_object(m.value) && json_name_is(m.name, "agent"))
            judge_read_agent(j, m.value);
    return judge_read_commands(j);
}

/* ---- what matches */

static enum answer judge_both(enum answer a, enum answer b)
{
    return a < b ? a : b;
}

static enum answer judge_not(enum answer a)
{
    return a == MAYBE ? MAYBE : a == NO ? YES : NO;
}

/* One of the texts, whole. */
static enum answer judge_one_of(const struct policy_texts *any, struct text value)
{
    if (any->count == 0)
        return YES;
    if (value.len == 0)
        return MAYBE;
    for (size_t i = 0; i < any->count; i++)
        if (glob_match(any->list[i], value.ptr, value.len))
            return YES;
    return NO;
}

static enum answer judge_in(const struct policy_ranges *any, struct text value)
{
    uint64_t n;
    if (any->count == 0)
        return YES;
    if (!text_number(value, &n))
        return MAYBE;
    for (size_t i = 0; i < any->count; i++)
        if (any->list[i].from <= n && n <= any->list[i].to)
            return YES;
    return NO;
}

static enum answer judge_cmd(const struct judge *j, const struct policy_rule *rule,
                             const struct proc *one)
{
    struct text cmd = one->column[COL_CMD];
    const struct policy_pairs *pairs = &j->pairs[one - j->record.procs.list];
    if (rule->cmd.count == 0)
        return YES;
    if (!j->has_cmd)
        return MAYBE;
    for (size_t i = 0; i < rule->cmd.count; i++)
        if (cmd.len > 0 && policy_pairs_may(&rule->cmd.pairs[i], pairs) &&
            policy_text_matches(rule->cmd.list[i], cmd))
            return YES;
    return NO;
}

static enum answer judge_age(const struct judge *j, const struct policy_rule *rule,
                             const struct proc *one)
{
    char start[CLOCK_TIME_LEN + 1];
    if (rule->older_ms < 0)
        return YES;
    if (!procs_start(one->column[COL_START], start))
        return MAYBE;
    return j->record.received_ms - clock_parse(start) > rule->older_ms ? YES : NO;
}

static enum answer judge_process(const struct judge *j, const struct policy_rule *rule,
                                 const struct proc *one)
{
    enum answer a = judge_cmd(j, rule, one);
    if (a != NO)
        a = judge_both(a, judge_one_of(&rule->user, one->column[COL_USER]));
    if (a != NO && rule->not_user.count > 0)
        a = judge_both(a, judge_not(judge_one_of(&rule->not_user, one->column[COL_USER])));
    if (a != NO)
        a = judge_both(a, judge_age(j, rule, one));
    return a;
}

static enum answer judge_socket(const struct policy_rule *rule, const struct snapshot_socket *one)
{
    enum answer a = judge_one_of(&rule->proto, one->proto);
    a = judge_both(a, judge_one_of(&rule->addr, one->addr));
    a = judge_both(a, judge_in(&rule->port, one->port));
    return judge_both(a, judge_in(&rule->uid, one->uid));
}

/* ---- rules */

/* How many match for certain, and how many may. */
struct judge_tally {
    uint64_t certain, possible;
};

static void judge_count(struct judge_tally *t, enum answer a)
{
    t->certain += a == YES;
    t->possible += a == MAYBE;
}

static enum judge_state judge_of(enum answer fails)
{
    return fails == YES ? JUDGE_FAIL : fails == NO ? JUDGE_PASS : JUDGE_UNKNOWN;
}

/* Present means from min to max matches. */
static enum judge_state judge_presence(const struct policy_rule *rule, struct judge_tally t)
{
    uint64_t most = t.certain + t.possible;
    enum answer present = t.certain >= rule->min && most <= rule->max ? YES
                          : most < rule->min || t.certain > rule->max ? NO
                                                                      : MAYBE;
    return judge_of(rule->kind == POLICY_FORBID ? present : judge_not(present));
}

static enum judge_state judge_processes(struct judge *j, const struct policy_rule *rule,
                                        struct judge_evidence *e)
{
    const struct procs *procs = &j->record.procs;
    struct judge_tally t = {0, 0};
    if (procs->count == 0)
        return JUDGE_UNKNOWN;
    for (size_t i = 0; i < procs->count; i++) {
        enum answer a = judge_process(j, rule, &procs->list[i]);
        judge_count(&t, a);
        if (a == YES && e && e->processes < JUDGE_EVIDENCE_MAX)
            e->process[e->processes++] = &procs->list[i];
    }
    if (e)
        e->count = t.certain;
    return judge_presence(rule, t);
}

static enum judge_state judge_sockets(struct judge *j, const struct policy_rule *rule,
                                      struct judge_evidence *e)
{
    struct judge_tally t = {0, 0};
    bool only = rule->kind == POLICY_ONLY;
    if (!j->record.listening_known)
        return JUDGE_UNKNOWN;
    for (size_t i = 0; i < j->record.socket_count; i++) {
        const struct snapshot_socket *one = &j->record.sockets[i];
        enum answer a =
            only ? judge_not(judge_in(&rule->ports, one->port)) : judge_socket(rule, one);
        judge_count(&t, a);
        if (a == YES && e && e->sockets < JUDGE_EVIDENCE_MAX)
            e->socket[e->sockets++] = one;
    }
    if (e)
        e->count = t.certain;
    return only ? judge_of(t.certain > 0    ? YES
                           : t.possible > 0 ? MAYBE
                                            : NO)
                : judge_presence(rule, t);
}

static enum judge_state judge_users(struct judge *j, const struct policy_rule *rule,
                                    struct judge_evidence *e)
{
    struct judge_tally t = {0, 0};
    for (size_t i = 0; i < j->record.user_count; i++) {
        const struct snapshot_user *one = &j->record.users[i];
        enum answer a = judge_not(judge_one_of(&rule->users, one->name));
        judge_count(&t, a);
        if (a == YES && e && e->users < JUDGE_EVIDENCE_MAX)
            e->user[e->users++] = one;
    }
    if (e)
        e->count = t.certain;
    return judge_of(t.certain > 0 ? YES : t.possible > 0 ? MAYBE : NO);
}

/* ---- at_least and at_most */

static enum judge_state judge_limit(const struct policy_rule *rule, int order)
{
    return rule->kind == POLICY_AT_LEAST ? (order < 0 ? JUDGE_FAIL : JUDGE_PASS)
                                         : (order > 0 ? JUDGE_FAIL : JUDGE_PASS);
}

static enum judge_state judge_version(struct judge *j, const struct policy_rule *rule,
                                      struct judge_evidence *e)
{
    const struct text *fact = j->record.facts.value;
    struct text have = rule->subject == POLICY_KERNEL       ? fact[FACT_OS_VER]
                       : rule->subject == POLICY_OS_VERSION ? fact[FACT_OS_VERSION_ID]
                                                            : j->agent;
    if (have.len == 0)
        return JUDGE_UNKNOWN;
    if (e) {
        snprintf(e->found, sizeof e->found, "%.*s",
                 (int)(have.len < sizeof e->found ? have.len : sizeof e->found - 1), have.ptr);
        text_make_plain(e->found);
    }
    return judge_limit(rule, version_compare(have, text_of(rule->version)));
}

/* A number of the record; below 0: it is not known. */
static double judge_fact_number(const struct text *fact)
{
    char number[40];
    if (!fact->ptr || fact->len >= sizeof number)
        return -1;
    memcpy(number, fact->ptr, fact->len);
    number[fact->len] = '\0';
    return strtod(number, NULL);
}

static double judge_largest(const struct procs *procs)
{
    double largest = -1;
    uint64_t rss;
    for (size_t i = 0; i < procs->count; i++)
        if (text_number(procs->list[i].column[COL_RSS], &rss) && (double)rss > largest)
            largest = (double)rss;
    return largest;
}

static double judge_have(struct judge *j, enum policy_subject subject)
{
    const struct text *fact = j->record.facts.value;
    if (subject == POLICY_UPTIME) {
        int64_t booted = facts_time(&fact[FACT_BOOT_TIME]);
        return booted < 0 ? -1 : (double)(j->record.received_ms - booted);
    }
    if (subject == POLICY_MEMORY)
        return judge_fact_number(&fact[FACT_MEMORY_BYTES]);
    if (subject == POLICY_PROCESS_COUNT)
        return (double)j->place.tail.line.process_count;
    return judge_largest(&j->record.procs);
}

static enum judge_state judge_number(struct judge *j, const struct policy_rule *rule,
                                     struct judge_evidence *e)
{
    double have = judge_have(j, rule->subject), limit = (double)rule->number;
    if (have < 0)
        return JUDGE_UNKNOWN;
    if (e && rule->subject == POLICY_UPTIME)
        snprintf(e->found, sizeof e->found, "%" PRId64 " s", (int64_t)(have / 1000));
    else if (e)
        snprintf(e->found, sizeof e->found, "%.0f", have);
    return judge_limit(rule, (have > limit) - (have < limit));
}

/* By the record alone. */
static enum judge_state judge_record(struct judge *j, const struct policy_rule *rule,
                                     struct judge_evidence *e)
{
    if (e)
        *e = (struct judge_evidence){.count = 0};
    switch (rule->subject) {
    case POLICY_PROCESS:
        return judge_processes(j, rule, e);
    case POLICY_LISTENING:
    case POLICY_PORTS:
        return judge_sockets(j, rule, e);
    case POLICY_USERS:
        return judge_users(j, rule, e);
    case POLICY_KERNEL:
    case POLICY_OS_VERSION:
    case POLICY_AGENT:
        return judge_version(j, rule, e);
    default:
        return judge_number(j, rule, e);
    }
}

/* ---- hosts */

static bool judge_system(const struct policy_texts *os, const struct host *host)
{
    static const enum fact facts[] = {FACT_OS_PRETTY_NAME, FACT_OS_NAME};
    for (size_t i = 0; i < os->count; i++)
        for (size_t k = 0; k < sizeof facts / sizeof *facts; k++)
            if (host->report->fact[facts[k]].ptr &&
                policy_text_matches(os->list[i], host->report->fact[facts[k]]))
                return true;
    return os->count == 0;
}

/* JUDGE_PASS: the record decides. */
static enum judge_state judge_applies(const struct policy_rule *rule, const struct host *host)
{
    if (states_hidden(host->state) || (rule->select && !select_matches(rule->select, host)))
        return JUDGE_NOT_APPLICABLE;
    if (!host->report)
        return JUDGE_UNKNOWN;
    if (!judge_system(&rule->os, host))
        return JUDGE_NOT_APPLICABLE;
    return states_silent(host->state) ? JUDGE_UNKNOWN : JUDGE_PASS;
}

enum judge_state judge_rule(struct judge *j, const struct policy_rule *rule,
                            const struct host *host, struct judge_evidence *e)
{
    enum judge_state state = judge_applies(rule, host);
    return state == JUDGE_PASS ? judge_record(j, rule, e) : state;
}

/* Fills in the verdicts on the record. False: it cannot be read. */
static bool judge_remember(struct judge *j, const struct policy *policy, int data,
                           const struct host *host)
{
    struct report *report = (struct report *)host->report; /* of the list or the memo */
    if (report->policy == policy->hash)
        return true;
    if (!judge_read(j, data, host))
        return false;
    memset(report->fails, 0, sizeof report->fails);
    memset(report->unknowns, 0, sizeof report->unknowns);
    for (size_t i = 0; i < policy->count; i++) {
        enum judge_state state = judge_record(j, &policy->rules[i], NULL);
        report->fails[i / 64] |= (uint64_t)(state == JUDGE_FAIL) << i % 64;
        report->unknowns[i / 64] |= (uint64_t)(state == JUDGE_UNKNOWN) << i % 64;
    }
    report->policy = policy->hash;
    return true;
}

void judge_host(struct judge *j, const struct policy *policy, int data, const struct host *host,
                unsigned char *states)
{
    bool tried = false, known = false;
    for (size_t i = 0; i < policy->count; i++) {
        enum judge_state state = judge_applies(&policy->rules[i], host);
        if (state == JUDGE_PASS) {
            known = tried ? known : judge_remember(j, policy, data, host);
            tried = true;
            state = !known                                         ? JUDGE_UNKNOWN
                    : host->report->fails[i / 64] >> i % 64 & 1    ? JUDGE_FAIL
                    : host->report->unknowns[i / 64] >> i % 64 & 1 ? JUDGE_UNKNOWN
                                                                   : JUDGE_PASS;
        }
        states[i] = (unsigned char)state;
    }
}

/* ---- evidence */

struct text judge_cut(struct text cmd)
{
    if (cmd.len <= JUDGE_CMD_MAX)
        return cmd;
    cmd.len = JUDGE_CMD_MAX;
    while (cmd.len > JUDGE_CMD_MAX - 4 && ((unsigned char)cmd.ptr[cmd.len] & 0xc0) == 0x80)
        cmd.len--;
    return cmd;
}

void judge_put_process(const struct proc *one, struct buf *out)
{
    struct proc cut = *one;
    cut.column[COL_CMD] = judge_cut(one->column[COL_CMD]);
    procs_put(&cut, out);
}

void judge_put_evidence(const struct judge_evidence *e, struct buf *out)
{
    buf_puts_u64(out, "\"matches\":", e->count);
    buf_puts(out, ",\"found\":");
    if (*e->found)
        jsonw_str(out, e->found);
    else
        buf_puts(out, "null");
    /* A rule finds things of one kind only. */
    buf_puts(out, ",\"evidence\":[");
    for (size_t i = 0; i < e->processes; i++) {
        buf_puts(out, i > 0 ? "," : "");
        judge_put_process(e->process[i], out);
    }
    for (size_t i = 0; i < e->sockets; i++) {
        buf_puts(out, i > 0 ? "," : "");
        snapshot_put_socket(e->socket[i], out);
    }
    for (size_t i = 0; i < e->users; i++) {
        buf_puts(out, i > 0 ? "," : "");
        snapshot_put_user(e->user[i], out);
    }
    buf_puts(out, "]");
}

void judge_put_verdict(struct judge *j, const struct policy_rule *rule, const struct host *host,
                       enum judge_state state, struct buf *out)
{
    struct judge_evidence e;
    jsonw_name(out, "state");
    jsonw_str(out, judge_state_name(state));
    if (state == JUDGE_FAIL && j && judge_rule(j, rule, host, &e) == JUDGE_FAIL) {
        buf_putc(out, ',');
        judge_put_evidence(&e, out);
    }
}
