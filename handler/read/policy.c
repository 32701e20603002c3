#include "handler/read/policy.h"

#include "handler/read/glob.h"
#include "handler/shared/conf.h"
#include "handler/shared/io.h"
#include "handler/shared/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { POLICY_ARENA_MAX = 64 << 20, POLICY_PATH_MAX = 160, POLICY_SETTLED_MS = 2000 };

static const char *const severity_names[SEVERITY_COUNT] = {"low", "medium", "high", "critical"};
static const char *const kind_names[POLICY_KINDS] = {"forbid", "require", "only", "at_least",
                                                     "at_most"};
static const char *const subject_names[POLICY_SUBJECTS] = {
    "process", "listening", "users",  "ports",         "kernel", "os_version",
    "agent",   "uptime",    "memory", "process_count", "rss"};

const char *policy_severity_name(enum policy_severity severity)
{
    return severity_names[severity];
}

const char *policy_kind_name(enum policy_kind kind)
{
    return kind_names[kind];
}

const char *policy_subject_name(enum policy_subject subject)
{
    return subject_names[subject];
}

bool policy_text_matches(const char *pattern, struct text text)
{
    return glob_is_pattern(pattern) ? glob_match(pattern, text.ptr, text.len)
                                    : glob_contains(text.ptr, text.len, pattern);
}

static unsigned char policy_fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static void policy_pairs_add(struct policy_pairs *p, char a, char b)
{
    unsigned at = (policy_fold(a) * 37u + policy_fold(b) * 101u) & 255u;
    p->bits[at / 64] |= UINT64_C(1) << at % 64;
}

struct policy_pairs policy_pairs_of(struct text text)
{
    struct policy_pairs p = {{0}};
    for (size_t i = 1; i < text.len; i++)
        policy_pairs_add(&p, text.ptr[i - 1], text.ptr[i]);
    return p;
}

/* Only of characters that match themselves; what follows a [ is not looked at. */
static struct policy_pairs policy_pairs_of_pattern(const char *pattern)
{
    struct policy_pairs p = {{0}};
    if (!glob_is_pattern(pattern))
        return policy_pairs_of(text_of(pattern));
    for (size_t i = 1; pattern[i - 1] && pattern[i - 1] != '[' && pattern[i]; i++)
        if (!strchr("*?[", pattern[i - 1]) && !strchr("*?[", pattern[i]))
            policy_pairs_add(&p, pattern[i - 1], pattern[i]);
    return p;
}

const struct policy_rule *policy_find(const struct policy *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->rules[i].name, name) == 0)
            return &p->rules[i];
    return NULL;
}

/* ---- reading: one table for each kind of object */

struct policy_reader {
    struct policy *policy;
    const char *name; /* of the file */
    size_t number;    /* of the rule, from 1; 0: none */
    struct policy_rule *rule;
    char path[POLICY_PATH_MAX]; /* of the member, such as forbid.process.cmd */
    char *error;
    policy_report *report; /* is told each bad rule; NULL: the first one ends the reading */
    void *context;
    bool reported;
};

typedef bool policy_read(struct policy_reader *r, struct text value, void *dest);

struct policy_member {
    const char *name;
    policy_read *read;
    size_t offset; /* of what is read, in the rule */
};

#define MEMBER(name, read, field)                                                                  \
    {                                                                                              \
        (name), (read), offsetof(struct policy_rule, field)                                        \
    }

/* False, with the error. */
static bool policy_bad(struct policy_reader *r, const char *right)
{
    char rule[POLICY_NAME_MAX + 40] = "";
    if (r->number > 0)
        snprintf(
            rule, sizeof rule, "rule %zu%s%s%s: ", r->number, r->rule && r->rule->name ? " (" : "",
            r->rule && r->rule->name ? r->rule->name : "", r->rule && r->rule->name ? ")" : "");
    snprintf(r->error, POLICY_ERROR_LEN, "%.128s: %s%s%s%s", r->name, rule, r->path,
             *r->path ? ": " : "", right);
    text_make_plain(r->error);
    return false;
}

static bool policy_memory(struct policy_reader *r)
{
    return policy_bad(r, "out of memory, or the policy is too large");
}

/* "unknown member; known are a b c" */
static bool policy_unknown(struct policy_reader *r, const struct policy_member *members)
{
    char right[240] = "unknown member; known are";
    for (; members->name; members++) {
        size_t len = strlen(right);
        snprintf(right + len, sizeof right - len, " %s", members->name);
    }
    return policy_bad(r, right);
}

/* Reads one member of an object; `seen` has a bit for each that was there before. */
static bool policy_member(struct policy_reader *r, const struct policy_member *members,
                          const struct json_member *m, unsigned *seen)
{
    size_t at = strlen(r->path), i = 0;
    snprintf(r->path + at, sizeof r->path - at, "%s%.*s", at > 0 ? "." : "",
             (int)(m->name.len > 66 ? 64 : m->name.len - 2), m->name.ptr + 1);
    while (members[i].name && !json_name_is(m->name, members[i].name))
        i++;
    if (!members[i].name)
        return policy_unknown(r, members);
    if (*seen & 1u << i)
        return policy_bad(r, "given twice");
    *seen |= 1u << i;
    if (!members[i].read(r, m->value, (char *)r->rule + members[i].offset))
        return false;
    r->path[at] = '\0';
    return true;
}

static bool policy_object(struct policy_reader *r, const struct policy_member *members,
                          struct text value, unsigned *seen)
{
    struct json_member m;
    *seen = 0;
    if (!json_is_object(value))
        return policy_bad(r, "expected an object");
    for (struct json_iter it = json_iter_begin(value); json_iter_member(&it, &m);)
        if (!policy_member(r, members, &m, seen))
            return false;
    return true;
}

/* ---- values */

static bool policy_string(struct policy_reader *r, struct text value, size_t max, const char **out)
{
    char right[80];
    snprintf(right, sizeof right, "expected a text of 1 to %zu bytes without control characters",
             max);
    if (!json_is_string(value))
        return policy_bad(r, right);
    char *text = arena_alloc(&r->policy->arena, value.len);
    if (!text)
        return policy_memory(r);
    size_t len = json_unescape(value, text);
    text[len] = '\0';
    if (len == 0 || len > max)
        return policy_bad(r, right);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return policy_bad(r, right);
    *out = text;
    return true;
}

static bool policy_text(struct policy_reader *r, struct text value, void *dest)
{
    return policy_string(r, value, POLICY_TEXT_MAX, dest);
}

static bool policy_name(struct policy_reader *r, struct text value, void *dest)
{
    const char *name;
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (!json_is_string(value) || !policy_string(r, value, POLICY_NAME_MAX, &name) ||
        strspn(name, allowed) != strlen(name))
        return policy_bad(r, "expected 1 to 64 of A-Z a-z 0-9 . _ -");
    if (policy_find(r->policy, name))
        return policy_bad(r, "another rule has this name");
    *(const char **)dest = name;
    return true;
}

static bool policy_severity(struct policy_reader *r, struct text value, void *dest)
{
    static const char right[] = "expected low, medium, high or critical";
    const char *name;
    if (!json_is_string(value))
        return policy_bad(r, right);
    if (!policy_string(r, value, POLICY_TEXT_MAX, &name))
        return false;
    for (enum policy_severity s = SEVERITY_LOW; s < SEVERITY_COUNT; s++) {
        if (strcmp(name, severity_names[s]) == 0) {
            *(enum policy_severity *)dest = s;
            return true;
        }
    }
    return policy_bad(r, right);
}

static bool policy_hosts(struct policy_reader *r, struct text value, void *dest)
{
    const char *reason;
    if (!policy_text(r, value, dest))
        return false;
    r->rule->select = arena_alloc(&r->policy->arena, sizeof *r->rule->select);
    if (!r->rule->select)
        return policy_memory(r);
    return select_parse(r->rule->select, r->rule->hosts, &reason) || policy_bad(r, reason);
}

/* The number of values: 1, or the elements of a list. 0 with the error: none, or too many. */
static size_t policy_count(struct policy_reader *r, struct text value)
{
    size_t count = 0;
    if (!json_is_array(value))
        return 1;
    struct json_iter it = json_iter_begin(value);
    for (struct text element; json_iter_element(&it, &element);)
        count++;
    if (count > 0 && count <= POLICY_LIST_MAX)
        return count;
    policy_bad(r, "expected a list of 1 to 1024 values");
    return 0;
}

static bool policy_text_add(struct policy_reader *r, struct text value, struct policy_texts *out)
{
    if (!policy_string(r, value, POLICY_PATTERN_MAX, &out->list[out->count]))
        return false;
    out->pairs[out->count] = policy_pairs_of_pattern(out->list[out->count]);
    out->count++;
    return true;
}

static bool policy_texts(struct policy_reader *r, struct text value, void *dest)
{
    struct policy_texts *out = dest;
    size_t count = policy_count(r, value);
    if (count == 0)
        return false;
    out->list = arena_array(&r->policy->arena, count, sizeof *out->list);
    out->pairs = arena_array(&r->policy->arena, count, sizeof *out->pairs);
    if (!out->list || !out->pairs)
        return policy_memory(r);
    if (!json_is_array(value))
        return policy_text_add(r, value, out);
    struct json_iter it = json_iter_begin(value);
    for (struct text element; json_iter_element(&it, &element);)
        if (!policy_text_add(r, element, out))
            return false;
    return true;
}

static bool policy_range(struct policy_reader *r, struct text value, struct policy_range *out)
{
    static const char right[] = "expected a whole number such as 22, or a range such as "
                                "\"8000-8100\", or a list of these";
    char text[64] = "", *end;
    size_t len = 0;
    if (value.len < sizeof text && (json_is_number(value) || json_is_string(value)))
        len = json_is_string(value) ? json_unescape(value, text)
                                    : (memcpy(text, value.ptr, value.len), value.len);
    text[len] = '\0';
    if (!text_is_digit(text[0]) || len > 41)
        return policy_bad(r, right);
    errno = 0;
    out->from = out->to = strtoull(text, &end, 10);
    if (*end == '-' && text_is_digit(end[1]))
        out->to = strtoull(end + 1, &end, 10);
    return (errno == 0 && end == text + len && out->from <= out->to) || policy_bad(r, right);
}

static bool policy_ranges(struct policy_reader *r, struct text value, void *dest)
{
    struct policy_ranges *out = dest;
    size_t count = policy_count(r, value);
    if (count == 0)
        return false;
    out->list = arena_array(&r->policy->arena, count, sizeof *out->list);
    if (!out->list)
        return policy_memory(r);
    if (!json_is_array(value))
        return policy_range(r, value, &out->list[out->count++]);
    struct json_iter it = json_iter_begin(value);
    for (struct text element; json_iter_element(&it, &element);)
        if (!policy_range(r, element, &out->list[out->count++]))
            return false;
    return true;
}

static bool policy_number(struct policy_reader *r, struct text value, void *dest)
{
    uint64_t *out = dest;
    return (text_number(value, out) && *out <= INT64_MAX) ||
           policy_bad(r, "expected a whole number such as 1");
}

static bool policy_duration(struct policy_reader *r, struct text value, void *dest)
{
    static const char right[] = "expected a duration such as \"24h\" or \"90d\"";
    const char *text;
    if (!json_is_string(value))
        return policy_bad(r, right);
    return policy_string(r, value, POLICY_TEXT_MAX, &text) &&
           (conf_duration(text, dest) || policy_bad(r, right));
}

/* A number of bytes, or a text such as "512MiB". */
static bool policy_bytes(struct policy_reader *r, struct text value, void *dest)
{
    static const char right[] = "expected a number of bytes, or a text such as \"512MiB\"";
    static const struct {
        const char *name;
        int shift;
    } units[] = {{"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
    const char *text;
    uint64_t n;
    if (json_is_number(value))
        return (text_number(value, dest) && *(int64_t *)dest >= 0) || policy_bad(r, right);
    if (!json_is_string(value))
        return policy_bad(r, right);
    if (!policy_string(r, value, POLICY_TEXT_MAX, &text))
        return false;
    size_t digits = text_digits(text_of(text), &n);
    const char *unit = text + digits + (text[digits] == ' ');
    for (size_t i = 0; digits > 0 && i < sizeof units / sizeof *units; i++) {
        if (strcmp(unit, units[i].name) != 0 || n > (uint64_t)INT64_MAX >> units[i].shift)
            continue;
        *(int64_t *)dest = (int64_t)(n << units[i].shift);
        return true;
    }
    return policy_bad(r, right);
}

static bool policy_version(struct policy_reader *r, struct text value, void *dest)
{
    static const char right[] = "expected a version in quotes, such as \"6.1\"";
    if (!json_is_string(value) || value.len < 3 || !text_is_digit(value.ptr[1]))
        return policy_bad(r, right);
    return policy_string(r, value, POLICY_PATTERN_MAX, dest);
}

/* ---- what a rule asks */

static bool policy_min_max(struct policy_reader *r)
{
    return r->rule->min <= r->rule->max ||
           policy_bad(r, "min (1 if it is not given) is greater than max");
}

static bool policy_process(struct policy_reader *r, struct text value, void *dest)
{
    static const struct policy_member members[] = {MEMBER("cmd", policy_texts, cmd),
                                                   MEMBER("user", policy_texts, user),
                                                   MEMBER("not_user", policy_texts, not_user),
                                                   MEMBER("older_than", policy_duration, older_ms),
                                                   MEMBER("min", policy_number, min),
                                                   MEMBER("max", policy_number, max),
                                                   {NULL, NULL, 0}};
    unsigned seen;
    (void)dest;
    if (!policy_object(r, members, value, &seen))
        return false;
    if (!(seen & 15u))
        return policy_bad(r, "expected at least one of cmd user not_user older_than");
    return policy_min_max(r);
}

static bool policy_listening(struct policy_reader *r, struct text value, void *dest)
{
    static const struct policy_member members[] = {MEMBER("proto", policy_texts, proto),
                                                   MEMBER("addr", policy_texts, addr),
                                                   MEMBER("port", policy_ranges, port),
                                                   MEMBER("uid", policy_ranges, uid),
                                                   {NULL, NULL, 0}};
    unsigned seen;
    (void)dest;
    if (!policy_object(r, members, value, &seen))
        return false;
    return seen || policy_bad(r, "expected at least one of proto addr port uid");
}

static const struct policy_member forbid_members[] = {
    {"process", policy_process, 0}, {"listening", policy_listening, 0}, {NULL, NULL, 0}};
static const struct policy_member only_members[] = {
    MEMBER("users", policy_texts, users), MEMBER("ports", policy_ranges, ports), {NULL, NULL, 0}};
static const struct policy_member least_members[] = {
    MEMBER("kernel", policy_version, version), MEMBER("os_version", policy_version, version),
    MEMBER("agent", policy_version, version),  MEMBER("uptime", policy_duration, number),
    MEMBER("memory", policy_bytes, number),    MEMBER("process_count", policy_number, number),
    MEMBER("rss", policy_bytes, number),       {NULL, NULL, 0}};

/* Reads forbid, require, only, at_least or at_most: an object with exactly one member. */
static bool policy_ask(struct policy_reader *r, struct text value, enum policy_kind kind)
{
    const struct policy_member *members = kind <= POLICY_REQUIRE ? forbid_members
                                          : kind == POLICY_ONLY  ? only_members
                                                                 : least_members;
    enum policy_subject first = kind <= POLICY_REQUIRE ? POLICY_PROCESS
                                : kind == POLICY_ONLY  ? POLICY_USERS
                                                       : POLICY_KERNEL;
    unsigned seen;
    if (r->rule->kind != POLICY_KINDS)
        return policy_bad(r, "a rule has only one of forbid require only at_least at_most");
    r->rule->kind = kind;
    if (!policy_object(r, members, value, &seen))
        return false;
    if (!seen || seen & (seen - 1)) {
        char right[200] = "expected exactly one of";
        for (; members->name; members++) {
            size_t len = strlen(right);
            snprintf(right + len, sizeof right - len, " %s", members->name);
        }
        return policy_bad(r, right);
    }
    for (r->rule->subject = first; !(seen & 1u); seen >>= 1)
        r->rule->subject++;
    return true;
}

static bool policy_forbid(struct policy_reader *r, struct text value, void *dest)
{
    (void)dest;
    return policy_ask(r, value, POLICY_FORBID);
}

static bool policy_require(struct policy_reader *r, struct text value, void *dest)
{
    (void)dest;
    return policy_ask(r, value, POLICY_REQUIRE);
}

static bool policy_only(struct policy_reader *r, struct text value, void *dest)
{
    (void)dest;
    return policy_ask(r, value, POLICY_ONLY);
}

static bool policy_at_least(struct policy_reader *r, struct text value, void *dest)
{
    (void)dest;
    return policy_ask(r, value, POLICY_AT_LEAST);
}

static bool policy_at_most(struct policy_reader *r, struct text value, void *dest)
{
    (void)dest;
    return policy_ask(r, value, POLICY_AT_MOST);
}

static const struct policy_member rule_members[] = {MEMBER("name", policy_name, name),
                                                    MEMBER("why", policy_text, why),
                                                    MEMBER("fix", policy_text, fix),
                                                    MEMBER("severity", policy_severity, severity),
                                                    MEMBER("hosts", policy_hosts, hosts),
                                                    MEMBER("os", policy_texts, os),
                                                    {"forbid", policy_forbid, 0},
                                                    {"require", policy_require, 0},
                                                    {"only", policy_only, 0},
                                                    {"at_least", policy_at_least, 0},
                                                    {"at_most", policy_at_most, 0},
                                                    {NULL, NULL, 0}};

/* ---- the file */

static bool policy_rule(struct policy_reader *r, struct text value)
{
    struct policy_rule rule = {.severity = SEVERITY_COUNT,
                               .kind = POLICY_KINDS,
                               .older_ms = -1,
                               .min = 1,
                               .max = UINT64_MAX};
    unsigned seen;
    r->rule = &rule;
    r->path[0] = '\0';
    bool ok = policy_object(r, rule_members, value, &seen);
    r->path[0] = ok ? '\0' : r->path[0];
    if (ok && !rule.name)
        ok = policy_bad(r, "name is missing: 1 to 64 of A-Z a-z 0-9 . _ -");
    if (ok && !rule.why)
        ok = policy_bad(r, "why is missing: a text that says what is wrong with such a host");
    if (ok && rule.severity == SEVERITY_COUNT)
        ok = policy_bad(r, "severity is missing: low, medium, high or critical");
    if (ok && rule.kind == POLICY_KINDS)
        ok = policy_bad(r, "expected one of forbid require only at_least at_most");
    if (ok)
        r->policy->rules[r->policy->count++] = rule;
    r->rule = NULL;
    return ok;
}

static bool policy_rules(struct policy_reader *r, const struct json_doc *doc)
{
    struct text rules = {NULL, 0};
    if (!json_is_object(doc->text) || doc->member_count != 1 ||
        !json_name_is(doc->members[0].name, "rules") ||
        !json_is_array(rules = doc->members[0].value))
        return policy_bad(r, "expected {\"rules\": [...]} and no other member");
    r->policy->rules = arena_array(&r->policy->arena, REPORT_RULES_MAX, sizeof *r->policy->rules);
    if (!r->policy->rules)
        return policy_memory(r);
    struct json_iter it = json_iter_begin(rules);
    for (struct text value; json_iter_element(&it, &value);) {
        if (++r->number > REPORT_RULES_MAX)
            return policy_bad(r, "expected at most 256 rules");
        if (policy_rule(r, value))
            continue;
        if (!r->report)
            return false;
        r->report(r->context, r->error);
        r->reported = true;
    }
    return !r->reported;
}

static uint64_t policy_hash(const char *text, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return hash ? hash : 1;
}

static bool policy_fill(struct policy_reader *r, const char *text, size_t len)
{
    struct json_doc doc;
    struct json_fault fault;
    char *copy = arena_alloc(&r->policy->arena, len + 1);
    if (!copy)
        return policy_memory(r);
    memcpy(copy, text, len);
    if (json_gate(copy, len, &doc, &fault))
        return policy_rules(r, &doc);
    size_t line = 1;
    for (size_t i = 0; i < fault.offset && i < len; i++)
        line += text[i] == '\n';
    snprintf(r->error, POLICY_ERROR_LEN, "%.128s: line %zu: not JSON: %s", r->name, line,
             fault.what);
    return false;
}

static struct policy *policy_make(struct policy_reader *r, const char *text, size_t len)
{
    r->error[0] = '\0';
    struct policy *p = calloc(1, sizeof *p);
    if (!p) {
        policy_memory(r);
        return NULL;
    }
    r->policy = p;
    arena_init(&p->arena, POLICY_ARENA_MAX);
    p->hash = policy_hash(text, len);
    if (policy_fill(r, text, len))
        return p;
    policy_free(p);
    return NULL;
}

struct policy *policy_parse(const char *name, const char *text, size_t len,
                            char error[POLICY_ERROR_LEN])
{
    struct policy_reader r = {.name = name};
    r.error = error;
    return policy_make(&r, text, len);
}

void policy_free(struct policy *p)
{
    if (!p)
        return;
    arena_release(&p->arena);
    free(p);
}

/* Reads the file called r->name. */
static struct policy *policy_open(struct policy_reader *r)
{
    struct policy *p = NULL;
    struct buf text;
    buf_init(&text, POLICY_BYTES_MAX);
    int fd = open(r->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0 && io_read_file(fd, &text))
        p = policy_make(r, text.len > 0 ? text.data : "", text.len);
    else
        snprintf(r->error, POLICY_ERROR_LEN, "%.128s: cannot be read: %s", r->name,
                 errno == EFBIG ? "expected at most 1 MiB" : strerror(errno));
    if (fd >= 0)
        close(fd);
    buf_release(&text);
    return p;
}

struct policy *policy_load(const char *path, char error[POLICY_ERROR_LEN])
{
    struct policy_reader r = {.name = path};
    r.error = error;
    return policy_open(&r);
}

struct policy *policy_check(const char *path, policy_report *report, void *context)
{
    char error[POLICY_ERROR_LEN];
    struct policy_reader r = {.name = path, .error = error, .report = report, .context = context};
    struct policy *p = policy_open(&r);
    if (!p && !r.reported)
        report(context, error);
    return p;
}

/* ---- a file that is read again */

bool policy_file_open(struct policy_file *f, const char *path, char error[POLICY_ERROR_LEN])
{
    *f = (struct policy_file){.path = path};
    if (!path)
        return true;
    if (stat(path, &f->loaded) != 0)
        memset(&f->loaded, 0, sizeof f->loaded);
    f->policy = policy_load(path, error);
    return f->policy != NULL;
}

/* Unchanged since it was read, and changed long enough ago for ctime to tell. */
static bool policy_file_same(const struct stat *a, const struct stat *b)
{
    int64_t changed = (int64_t)a->st_ctim.tv_sec * 1000 + a->st_ctim.tv_nsec / 1000000;
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec &&
           clock_now() - changed >= POLICY_SETTLED_MS;
}

void policy_file_refresh(struct policy_file *f)
{
    struct stat now;
    char error[POLICY_ERROR_LEN];
    if (!f->path)
        return;
    memset(&now, 0, sizeof now);
    bool present = stat(f->path, &now) == 0;
    if (present && policy_file_same(&now, &f->loaded))
        return;
    struct policy *policy = policy_load(f->path, error);
    f->loaded = now;
    if (policy) {
        policy_free(f->policy);
        f->policy = policy;
    } else if (!f->complained) {
        log_event(LOG_ERROR, "policy_bad", "error=%s", error);
    }
    f->complained = !policy;
}

void policy_file_close(struct policy_file *f)
{
    policy_free(f->policy);
    *f = (struct policy_file){.path = NULL};
}
