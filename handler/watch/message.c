#include "handler/watch/message.h"

#include "handler/shared/buf.h"
#include "handler/shared/json/write.h"
#include "handler/watch/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- text */

static void message_escape(struct buf *out, struct text text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < MESSAGE_TEXT_MAX && i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '_' || c == ':' || c == '-';
        if (plain) {
            buf_putc(out, (char)c);
        } else {
            buf_putc(out, '%');
            buf_putc(out, digits[c >> 4]);
            buf_putc(out, digits[c & 15]);
        }
    }
}

static struct text message_str(const char *text)
{
    return (struct text){text, strlen(text)};
}

static void message_escape_str(struct buf *out, const char *text)
{
    message_escape(out, message_str(text));
}

void message_text(struct buf *out, struct text text)
{
    buf_putc(out, '"');
    message_escape(out, text);
    buf_putc(out, '"');
}

static void message_member(struct buf *out, const char *name, const char *value)
{
    buf_putc(out, ',');
    jsonw_name(out, name);
    jsonw_str(out, value);
}

static void message_time(struct buf *out, const char *name, int64_t time)
{
    char text[CLOCK_TIME_LEN + 1];
    clock_rfc3339(time, text);
    message_member(out, name, text);
}

/* ---- where to look: the page */

static void message_url(const struct message *m, const struct event *e, struct buf *out)
{
    buf_puts(out, m->config->page_url);
    if (e->kind == ALARM_RULE) {
        buf_puts(out, "policies?rule=");
        message_escape_str(out, e->rule);
    } else if (e->scope == SCOPE_HOST && e->count == 1 && *e->members[0].subject) {
        const struct host *host = e->members[0].host;
        buf_puts(out, host && *host->ip.text ? "hosts/" : "hosts?q=");
        message_escape_str(out, host && *host->ip.text ? host->ip.text : e->members[0].subject);
    } else if (e->scope == SCOPE_NETWORK || e->scope == SCOPE_LABEL) {
        buf_puts(out, e->scope == SCOPE_NETWORK ? "hosts?q=ip:" : "hosts?label=");
        message_escape_str(out, e->name);
    } else {
        buf_puts(out, e->kind == ALARM_SILENT ? "hosts?state=absent,never" : "hosts");
    }
}

static void message_put_url(const struct message *m, const struct event *e, const char *name,
                            struct buf *out)
{
    if (!m->config->page_url)
        return;
    buf_putc(out, ',');
    jsonw_name(out, name);
    buf_putc(out, '"');
    message_url(m, e, out);
    buf_putc(out, '"');
}

/* ---- hosts */

static void message_labels(const struct host *host, struct buf *out)
{
    buf_puts(out, ",\"labels\":[");
    for (size_t i = 0; i < host->says.label_count; i++) {
        buf_puts(out, i ? "," : "");
        jsonw_str(out, host->says.labels[i]);
    }
    buf_putc(out, ']');
}

/* ---- why a host breaks a rule */

static void message_put_socket(struct buf *out, const struct snapshot_socket *socket)
{
    buf_putc(out, '"');
    message_escape(out, socket->proto);
    buf_putc(out, ':');
    message_escape(out, socket->addr);
    buf_putc(out, ':');
    message_escape(out, socket->port);
    buf_putc(out, '"');
}

/* Command lines, sockets, users, or the value that was found. */
static void message_evidence(const struct judge_evidence *e, struct buf *out)
{
    size_t shown = 0;
    buf_puts(out, ",\"evidence\":[");
    for (size_t i = 0; i < e->processes; i++) {
        buf_puts(out, shown++ ? "," : "");
        message_text(out, e->process[i]->column[COL_CMD]);
    }
    for (size_t i = 0; i < e->sockets; i++) {
        buf_puts(out, shown++ ? "," : "");
        message_put_socket(out, e->socket[i]);
    }
    for (size_t i = 0; i < e->users; i++) {
        buf_puts(out, shown++ ? "," : "");
        message_text(out, e->user[i]->name);
    }
    if (*e->found) {
        buf_puts(out, shown ? "," : "");
        message_text(out, message_str(e->found));
    }
    buf_putc(out, ']');
}

static void message_put_evidence(const struct message *m, const struct event *e,
                                 const struct member *member, struct buf *out)
{
    if (!m->config->evidence || e->kind != ALARM_RULE || e->ended || !member->host)
        return;
    const struct judge_evidence *found = rules_evidence(m->rules, e->rule, member->host);
    if (found)
        message_evidence(found, out);
}

static void message_rule(const struct message *m, const struct event *e, struct buf *out)
{
    const struct policy_rule *rule = *e->rule ? rules_find(m->rules, e->rule) : NULL;
    if (!rule)
        return;
    message_member(out, "why", rule->why);
    if (rule->fix)
        message_member(out, "fix", rule->fix);
}

static void message_host(const struct message *message, const struct event *e,
                         const struct member *m, struct buf *out)
{
    buf_puts(out, "{\"host\":");
    message_text(out, message_str(m->subject));
    if (m->since >= 0)
        message_time(out, "since", m->since);
    if (m->host) {
        message_member(out, "state", states_name(m->host->state));
        if (*m->host->ip.text)
            message_member(out, "ip", m->host->ip.text);
        if (*hosts_name(m->host)) {
            buf_puts(out, ",\"hostname\":");
            message_text(out, message_str(hosts_name(m->host)));
        }
        message_labels(m->host, out);
        if (m->host->report)
            message_time(out, "last_seen", m->host->report->received_ms);
    } else {
        message_member(out, "state", "forgotten");
    }
    message_put_evidence(message, e, m, out);
    buf_putc(out, '}');
}

static void message_hosts(const struct message *m, const struct event *e, struct buf *out)
{
    size_t shown = e->count < MESSAGE_HOSTS_MAX ? e->count : MESSAGE_HOSTS_MAX;
    if (e->kind == ALARM_DEAF)
        return;
    buf_puts(out, ",\"count\":");
    buf_u64(out, e->count);
    buf_puts(out, ",\"hosts\":[");
    for (size_t i = 0; i < shown; i++) {
        buf_puts(out, i ? "," : "");
        message_host(m, e, &e->members[i], out);
    }
    buf_putc(out, ']');
}

/* ---- the largest networks of a storm */

struct message_network {
    char name[GROUP_NETWORK_MAX];
    size_t count;
};

static int message_by_name(const void *a, const void *b)
{
    return strcmp(((const struct message_network *)a)->name,
                  ((const struct message_network *)b)->name);
}

static int message_by_count(const void *a, const void *b)
{
    const struct message_network *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return message_by_name(a, b);
}

static size_t message_count_networks(const struct event *e, struct message_network *list)
{
    size_t count = 0, made = 0;
    for (size_t i = 0; i < e->count; i++)
        if (e->members[i].host && *e->members[i].host->ip.text)
            groups_network(&e->members[i].host->ip, list[count++].name);
    qsort(list, count, sizeof *list, message_by_name);
    for (size_t i = 0; i < count; i++) {
        if (made == 0 || strcmp(list[made - 1].name, list[i].name) != 0) {
            if (made != i)
                list[made] = list[i];
            list[made++].count = 0;
        }
        list[made - 1].count++;
    }
    qsort(list, made, sizeof *list, message_by_count);
    return made;
}

static void message_networks(const struct event *e, struct buf *out)
{
    struct message_network *list = calloc(e->count + 1, sizeof *list);
    size_t count = list ? message_count_networks(e, list) : 0;
    buf_puts(out, ",\"networks\":[");
    for (size_t i = 0; i < count && i < MESSAGE_NETWORKS_MAX; i++) {
        buf_puts(out, i ? ",{\"network\":" : "{\"network\":");
        jsonw_str(out, list[i].name);
        buf_puts_u64(out, ",\"count\":", list[i].count);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
    free(list);
}

static void message_scope(const struct event *e, struct buf *out)
{
    if (e->scope == SCOPE_NETWORK)
        message_member(out, "network", e->name);
    if (e->scope == SCOPE_LABEL)
        message_member(out, "label", e->name);
    if (*e->rule)
        message_member(out, "rule", e->rule);
}

/* ---- webhook */

void message_event(const struct message *m, const struct event *e, struct buf *out)
{
    buf_puts(out, "{\"id\":");
    jsonw_str(out, e->id);
    message_member(out, "event", events_name(e));
    if (e->ended)
        message_member(out, "ends", e->of->id);
    message_member(out, "severity", e->severity);
    message_time(out, "since", e->since);
    message_put_url(m, e, "url", out);
    message_scope(e, out);
    if (e->scope == SCOPE_FLEET && !e->ended) {
        buf_puts_u64(out, ",\"fleet\":", m->alarms->fleet);
        message_networks(e, out);
    }
    message_rule(m, e, out);
    message_hosts(m, e, out);
    buf_putc(out, '}');
}

/* ---- Alertmanager */

static const char *message_alert_name(const struct event *e)
{
    static const char *const names[ALARM_KINDS] = {"RollcallCollectorDeaf", "RollcallHostSilent",
                                                   "RollcallHostClone", "RollcallHostNew",
                                                   "RollcallRuleBroken"};
    return e->scope == SCOPE_FLEET ? "RollcallFleetSilent" : names[e->kind];
}

static void message_alert_host(const struct event *e, struct buf *out)
{
    const struct host *host = e->scope == SCOPE_HOST && e->count == 1 ? e->members[0].host : NULL;
    if (!host)
        return;
    if (*host->ip.text)
        message_member(out, "ip", host->ip.text);
    if (*hosts_name(host)) {
        buf_puts(out, ",\"hostname\":");
        message_text(out, message_str(hosts_name(host)));
    }
}

/* The hosts of the event, or of one that is not over those that are still in it. */
static void message_summary(const struct event *e, bool over, struct buf *out)
{
    size_t count = 0;
    buf_puts(out, "\"annotations\":{\"summary\":\"");
    buf_puts(out, e->kind == ALARM_DEAF ? "the collector has received no record for 2 intervals"
                                        : events_name(e));
    for (size_t i = 0; i < e->count && e->kind != ALARM_DEAF; i++) {
        if (e->members[i].over && !over)
            continue;
        if (count++ >= MESSAGE_HOSTS_MAX)
            continue;
        buf_puts(out, count > 1 ? ", " : ": ");
        message_escape_str(out, e->members[i].subject);
    }
    buf_puts(out, count > MESSAGE_HOSTS_MAX ? ", ..." : "");
    buf_puts_u64(out, "\",\"count\":\"", count);
    buf_puts(out, "\"}");
}

void message_alert(const struct message *m, const struct event *e, bool over, struct buf *out)
{
    buf_puts(out, "{\"labels\":{\"alertname\":");
    jsonw_str(out, message_alert_name(e));
    message_member(out, "event", events_name(e));
    message_member(out, "severity", e->severity);
    message_member(out, "id", e->id);
    message_scope(e, out);
    message_alert_host(e, out);
    buf_puts(out, "},");
    message_summary(e, over, out);
    message_time(out, "startsAt", e->since < m->alarms->now_ms ? e->since : m->alarms->now_ms);
    if (over)
        message_time(out, "endsAt", m->alarms->now_ms);
    message_put_url(m, e, "generatorURL", out);
    buf_putc(out, '}');
}
