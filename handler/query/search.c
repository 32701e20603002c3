/*
 * search: GET /api/v1/search, which hosts run a program, as which user, or listen on a port.
 *
 * The newest record of each host is looked at, or that at a time; with `date` and `host` all
 * records of the day. A line that cannot hold what is looked for is not parsed; see search_skip().
 */
#include "handler/query/fleet.h"
#include "handler/query/groups.h"
#include "handler/query/resources.h"
#include "handler/shared/json/write.h"
#include "handler/shared/vec.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

const char *const search_params[] = {"cmd", "user", "port",  "date",   "at",
                                     "by",  "host", "limit", "cursor", NULL};

enum { SEARCH_PATTERN_MAX = 256, SEARCH_SHOWN = 20 };

#define SEARCH_BYTES_MAX ((int64_t)2 << 30)

enum search_by { BY_PROCESS, BY_CMD, BY_HOST };

struct search {
    struct query *q;
    const char *cmd, *user; /* NULL: any */
    int64_t port;           /* -1: any */
    int64_t at, day;        /* -1: the newest record */
    enum search_by by;
    bool whole_day;
    char needle[SEARCH_PATTERN_MAX + 1]; /* a part of cmd that a matching line holds; "": none */
    struct place place;
    struct snapshot record;
    struct buf rows;
    uint64_t total;       /* rows */
    struct groups groups; /* by=cmd */
    struct buf members;   /* of the group in hand */
    uint64_t *seen;       /* hashes of the processes of one host, for a whole day */
    size_t seen_count, seen_room;
};

/* ---- what is asked */

static enum verdict search_text(struct query *q, const char *name, const char **out,
                                struct fault *f)
{
    *out = params_get(&q->params, name);
    if (*out && (!**out || strlen(*out) > SEARCH_PATTERN_MAX))
        return params_bad(f, name, "expected 1 to 256 bytes");
    return V_OK;
}

static enum verdict search_by_what(struct search *s, struct fault *f)
{
    static const char *const names[] = {"process", "cmd", "host"};
    const char *by = params_get(&s->q->params, "by");
    s->by = BY_HOST;
    if (by)
        for (s->by = BY_PROCESS; s->by <= BY_HOST && strcmp(by, names[s->by]) != 0;)
            s->by++;
    if (s->by > BY_HOST)
        return params_bad(f, "by", "expected process, cmd or host");
    if (!s->cmd && !s->user && s->port < 0)
        return params_bad(f, "cmd", "expected at least one of cmd, user and port");
    if (!s->cmd && !s->user && s->by != BY_HOST)
        return params_bad(f, "by", "expected host, or cmd or user beside port");
    return V_OK;
}

static enum verdict search_time(struct search *s, struct fault *f)
{
    struct query *q = s->q;
    enum verdict v = params_day(&q->params, "date", q->now_ms, &s->day, f);
    if (v == V_OK)
        v = params_time(&q->params, "at", q->now_ms, &s->at, f);
    if (v == V_OK && s->day >= 0 && s->at >= 0)
        v = params_bad(f, "at", "expected at or date, not both");
    if (v == V_OK && s->at > q->now_ms)
        v = params_bad(f, "at", "expected a time that is not in the future");
    if (s->day >= 0 && s->day + CLOCK_DAY_MS <= q->now_ms)
        q->as_of_ms = s->day + CLOCK_DAY_MS - 1;
    if (s->at >= 0)
        q->as_of_ms = s->at;
    s->whole_day = s->day >= 0 && params_get(&q->params, "host");
    return v;
}

/* How rare a byte is in records; letters of both cases count together. */
static int search_rarity(char c)
{
    static const char common[] = "esrtaonidcmulpbgfhvwykxzjq";
    char folded = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    const char *at = strchr(common, folded);
    return at && *at ? (int)(at - common) + 1 : 0;
}

/* The longest part of the pattern that the raw line must hold: no wildcard, blank, quote, slash or
 * byte that JSON may escape, which is everything but letters, digits and some punctuation. */
static void search_set_needle(struct search *s)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-+=:,@";
    size_t best = 0;
    s->needle[0] = '\0';
    if (!s->cmd || strchr(s->cmd, '['))
        return;
    for (const char *at = s->cmd; *at;) {
        size_t len = strspn(at, plain);
        if (len > best) {
            best = len;
            memcpy(s->needle, at, len);
            s->needle[len] = '\0';
        }
        at += len + (at[len] != '\0');
    }
}

static enum verdict search_read(struct search *s, struct fault *f)
{
    struct query *q = s->q;
    enum verdict v = search_text(q, "cmd", &s->cmd, f);
    s->port = s->at = s->day = -1;
    if (v == V_OK)
        v = search_text(q, "user", &s->user, f);
    if (v == V_OK)
        v = params_number(&q->params, "port", (struct params_range){1, 65535}, &s->port, f);
    if (v == V_OK)
        v = search_by_what(s, f);
    if (v == V_OK)
        v = search_time(s, f);
    if (v == V_OK)
        search_set_needle(s);
    return v;
}

/* ---- lines that cannot match */

/* The rarest byte of the needle. */
static size_t search_rarest(const char *needle)
{
    size_t best = 0;
    for (size_t i = 1; needle[i]; i++)
        if (search_rarity(needle[i]) > search_rarity(needle[best]))
            best = i;
    return best;
}

static bool search_holds_from(struct text line, const char *needle, size_t rarest, char c)
{
    size_t len = strlen(needle);
    const char *at = line.ptr + rarest, *end = line.ptr + line.len;
    for (; at < end && (at = memchr(at, c, (size_t)(end - at))); at++) {
        const char *from = at - rarest;
        if ((size_t)(end - from) >= len && strncasecmp(from, needle, len) == 0)
            return true;
    }
    return false;
}

/* True if a backslash is followed by u. A line is never empty: it has the server's member. */
static bool search_has_escape(struct text line)
{
    const char *at = line.ptr, *end = line.ptr + line.len - 1;
    while (at < end && (at = memchr(at, '\\', (size_t)(end - at))))
        if (*++at == 'u')
            return true;
    return false;
}

/*
 * True if the current line cannot hold the command: neither the needle, whatever its case, nor an
 * escape \u, by which a client may have written any character.
 */
static bool search_skip(const struct search *s, struct tail *t)
{
    struct text line;
    if (!*s->needle || tail_line(t, &line) != TAIL_OK)
        return false;
    size_t rarest = search_rarest(s->needle), len = strlen(s->needle);
    if (line.len < len)
        return true;
    char c = s->needle[rarest];
    bool letter = search_rarity(c) > 0;
    return !search_holds_from(line, s->needle, rarest, letter ? (char)(c | 0x20) : c) &&
           !(letter && search_holds_from(line, s->needle, rarest, (char)(c & ~0x20))) &&
           !search_has_escape(line);
}

/* ---- what matches */

static bool search_pattern(const char *pattern, struct text value)
{
    return !pattern || (value.len > 0 && policy_text_matches(pattern, value));
}

static bool search_matches(const struct search *s, const struct proc *one)
{
    return (s->cmd || s->user) && search_pattern(s->cmd, one->column[COL_CMD]) &&
           search_pattern(s->user, one->column[COL_USER]);
}

static bool search_listens(const struct search *s, const struct snapshot_socket *one)
{
    uint64_t port;
    return text_number(one->port, &port) && port == (uint64_t)s->port;
}

static bool search_has_port(const struct search *s)
{
    for (size_t i = 0; i < s->record.socket_count; i++)
        if (search_listens(s, &s->record.sockets[i]))
            return true;
    return s->port < 0;
}

static uint64_t search_hash(uint64_t hash, struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        hash = (hash ^ (unsigned char)t.ptr[i]) * UINT64_C(0x100000001b3);
    return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

/* True if this process of the host was in a record looked at before. */
static bool search_seen(struct search *s, const struct proc *one)
{
    uint64_t hash = search_hash(UINT64_C(0xcbf29ce484222325), one->column[COL_PID]);
    hash = search_hash(hash, one->start_ticks);
    hash = search_hash(hash, one->column[COL_CMD]);
    if (!s->whole_day)
        return false;
    for (size_t i = 0; i < s->seen_count; i++)
        if (s->seen[i] == hash)
            return true;
    uint64_t *list = vec_grow(s->seen, s->seen_count, &s->seen_room, sizeof *list);
    if (!list) {
        s->rows.failed = true;
        return true;
    }
    s->seen = list;
    list[s->seen_count++] = hash;
    return false;
}

/* ---- by=cmd */

static void search_count(struct search *s, const struct host *host, const struct proc *one)
{
    struct text cmd = judge_cut(one->column[COL_CMD]);
    buf_reset(&s->members);
    jsonw_name(&s->members, "cmd");
    jsonw_string(&s->members, cmd.ptr, cmd.len);
    const struct text members = {s->members.data, s->members.len};
    s->rows.failed |= s->members.failed || !groups_add(&s->groups, members, host);
}

/* ---- by=process and by=host */

static void search_open_row(struct search *s, const struct host *host, struct buf *out)
{
    char time[CLOCK_TIME_LEN + 1];
    clock_rfc3339(s->record.received_ms, time);
    buf_puts(out, "{");
    groups_put_host(host, out);
    buf_printf(out, ",\"state\":\"%s\",\"received_at\":\"%s\"", states_name(host->state), time);
}

static void search_put_process(struct search *s, const struct host *host, const struct proc *one)
{
    buf_puts(&s->rows, s->total++ > 0 ? ",\n" : "\n");
    search_open_row(s, host, &s->rows);
    size_t at = s->rows.len;
    judge_put_process(one, &s->rows);
    if (!s->rows.failed)
        s->rows.data[at] = ','; /* the members follow those of the host */
}

/* What one host has, for by=host. */
struct search_found {
    struct buf row; /* from its members to the processes shown so far */
    uint64_t matches;
};

static void search_found_process(struct search *s, const struct host *host, const struct proc *one,
                                 struct search_found *found)
{
    if (found->matches == 0)
        search_open_row(s, host, &found->row);
    if (found->matches == 0)
        buf_puts(&found->row, ",\"processes\":[");
    if (found->matches < SEARCH_SHOWN) {
        buf_puts(&found->row, found->matches > 0 ? "," : "");
        judge_put_process(one, &found->row);
    }
    found->matches++;
}

static void search_close_row(struct search *s, struct search_found *found, bool sockets)
{
    const char *between = "";
    buf_puts(&found->row, "],\"listening\":[");
    for (size_t i = 0; sockets && s->port >= 0 && i < s->record.socket_count; i++) {
        if (!search_listens(s, &s->record.sockets[i]))
            continue;
        buf_puts(&found->row, between);
        snapshot_put_socket(&s->record.sockets[i], &found->row);
        found->matches += !s->cmd && !s->user;
        between = ",";
    }
    buf_puts(&found->row, "]");
    buf_puts_u64(&found->row, ",\"matches\":", found->matches);
    buf_puts(&found->row, "}");
    buf_puts(&s->rows, s->total++ > 0 ? ",\n" : "\n");
    buf_add(&s->rows, found->row.data, found->row.len);
    s->rows.failed |= found->row.failed;
}

/* Looks at the current line. */
static void search_line(struct search *s, const struct host *host, struct search_found *found)
{
    if (search_skip(s, &s->place.tail) || !snapshot_read(&s->record, &s->place.tail) ||
        !search_has_port(s))
        return;
    if (!s->cmd && !s->user && found->row.len == 0) {
        search_open_row(s, host, &found->row);
        buf_puts(&found->row, ",\"processes\":[");
        search_close_row(s, found, true);
        return;
    }
    for (size_t i = 0; i < s->record.procs.count; i++) {
        const struct proc *one = &s->record.procs.list[i];
        if (!search_matches(s, one) || search_seen(s, one))
            continue;
        if (s->by == BY_CMD)
            search_count(s, host, one);
        else if (s->by == BY_PROCESS)
            search_put_process(s, host, one);
        else
            search_found_process(s, host, one, found);
    }
}

static bool search_open(struct search *s, const struct host *host)
{
    const struct report *r = host->report;
    place_release(&s->place);
    place_init(&s->place, s->q->data, &host->ip,
               clock_day_start(s->q->as_of_ms) - s->q->config->absent_days * CLOCK_DAY_MS);
    if (s->whole_day)
        return place_open(&s->place, s->day) == TAIL_OK;
    if (s->at >= 0)
        return place_find(&s->place, s->at);
    return place_at(&s->place, clock_day_start(r->received_ms), r->line_end);
}

static void search_host(struct search *s, const struct host *host)
{
    struct search_found found = {.matches = 0};
    buf_init(&found.row, s->rows.max);
    s->seen_count = 0;
    if (host->report && search_open(s, host)) {
        do
            search_line(s, host, &found);
        while (s->whole_day && !query_over(s->q) && tail_back(&s->place.tail) == TAIL_OK);
        if (found.matches > 0 && (s->cmd || s->user))
            search_close_row(s, &found, !s->whole_day);
    }
    buf_release(&found.row);
}

/* ---- the answer */

/* All records of a day: only of as many bytes as can be read. */
static enum verdict search_size(const struct search *s, const struct fleet *fleet, struct fault *f)
{
    int64_t bytes = 0;
    for (size_t i = 0; s->whole_day && i < fleet->count; i++) {
        char name[FILES_NAME_MAX];
        struct stat st;
        files_name(&fleet->rows[i]->ip, s->day, name);
        if ((i == 0 || fleet->rows[i]->ip.v6 != fleet->rows[i - 1]->ip.v6 ||
             strcmp(fleet->rows[i]->ip.text, fleet->rows[i - 1]->ip.text) != 0) &&
            fstatat(s->q->data, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            bytes += st.st_size;
    }
    if (bytes <= SEARCH_BYTES_MAX)
        return V_OK;
    return fault_field(f, "host",
                       "host: leaves %lld MiB of records of that day to read, at most 2048 can be; "
                       "name fewer hosts, or ask who-ran.sql (DuckDB or Athena)",
                       (long long)(bytes >> 20));
}

static bool search_begin(struct search *s)
{
    const struct ip nowhere = {.text = ""};
    place_init(&s->place, -1, &nowhere, 0);
    snapshot_init(&s->record);
    buf_init(&s->rows, s->q->body.max);
    buf_init(&s->members, s->q->body.max);
    return s->by != BY_CMD || groups_init(&s->groups);
}

static void search_end(struct search *s)
{
    place_release(&s->place);
    snapshot_release(&s->record);
    buf_release(&s->rows);
    buf_release(&s->members);
    groups_release(&s->groups);
    free(s->seen);
}

static void search_answer(struct search *s, struct fleet *fleet)
{
    struct query *q = s->q;
    uint64_t hosts = 0;
    while (s->by == BY_CMD || s->total < (uint64_t)fleet->limit) {
        const struct host *host = fleet_next(fleet, q);
        if (!host)
            break;
        uint64_t before = s->total;
        search_host(s, host);
        hosts += s->total > before;
    }
    fleet_full(fleet);
    if (s->by == BY_CMD) {
        groups_put(&s->groups, (size_t)fleet->limit, "processes", &s->rows);
        s->total = s->groups.count;
    }
    fleet_put(fleet, &q->body);
    buf_puts_u64(&q->body, ",\"total\":", s->total);
    if (s->by == BY_CMD)
        buf_puts_u64(&q->body, ",\"left_out\":", s->groups.left_out);
    else
        buf_puts_u64(&q->body, ",\"hosts\":", hosts);
    buf_puts(&q->body, ",\"results\":[");
    buf_add(&q->body, s->rows.data, s->rows.len);
    buf_puts(&q->body, "]");
    q->body.failed |= s->rows.failed;
}

enum verdict search_get(struct query *q, struct fault *f)
{
    static struct fleet fleet;
    struct search s = {.q = q};
    enum verdict v = search_read(&s, f);
    if (v != V_OK)
        return v;
    v = fleet_begin(&fleet, q, f);
    if (v != V_OK)
        return v;
    v = search_begin(&s) ? search_size(&s, &fleet, f) : fault_memory(f);
    if (v == V_OK)
        search_answer(&s, &fleet);
    search_end(&s);
    fleet_end(&fleet);
    return v;
}
