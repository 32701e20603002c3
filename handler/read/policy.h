/*
 * policy: the rules that hosts must keep, read from a JSON file; see rollcall-policy.json(5).
 *
 *     struct policy *p = policy_load(path, error);     NULL: `error` says why
 *     ... p->rules, judge.h ...
 *     policy_free(p);
 *
 * The file is read strictly. An error is one line that names the file, the rule, the member and
 * what would be right.
 */
#ifndef HANDLER_READ_POLICY_H
#define HANDLER_READ_POLICY_H

#include "handler/read/select.h"
#include "handler/shared/arena.h"

enum {
    POLICY_BYTES_MAX = 1 << 20,
    POLICY_NAME_MAX = 64,
    POLICY_TEXT_MAX = 1024,
    POLICY_PATTERN_MAX = 256,
    POLICY_LIST_MAX = 1024,
    POLICY_ERROR_LEN = 512
};

enum policy_severity {
    SEVERITY_LOW,
    SEVERITY_MEDIUM,
    SEVERITY_HIGH,
    SEVERITY_CRITICAL,
    SEVERITY_COUNT
};

enum policy_kind {
    POLICY_FORBID,
    POLICY_REQUIRE,
    POLICY_ONLY,
    POLICY_AT_LEAST,
    POLICY_AT_MOST,
    POLICY_KINDS
};

/* What a rule looks at. */
enum policy_subject {
    POLICY_PROCESS,
    POLICY_LISTENING,
    POLICY_USERS,
    POLICY_PORTS,
    POLICY_KERNEL,
    POLICY_OS_VERSION,
    POLICY_AGENT,
    POLICY_UPTIME,
    POLICY_MEMORY,
    POLICY_PROCESS_COUNT,
    POLICY_RSS,
    POLICY_SUBJECTS
};

/* The pairs of neighbouring characters of a text, case folded: a text can match a pattern only if
 * it has all pairs of the pattern's plain characters. Most patterns are ruled out so. */
struct policy_pairs {
    uint64_t bits[4];
};

/* Any of these; count 0: anything. */
struct policy_texts {
    const char **list;
    struct policy_pairs *pairs; /* of each */
    size_t count;
};

struct policy_ranges {
    struct policy_range {
        uint64_t from, to; /* both included */
    } * list;
    size_t count;
};

struct policy_rule {
    const char *name; /* 1 to 64 of A-Z a-z 0-9 . _ -; unique */
    const char *why;
    const char *fix; /* NULL: none */
    enum policy_severity severity;
    const char *hosts; /* as written; NULL: all hosts */
    struct select *select;
    struct policy_texts os;
    enum policy_kind kind;
    enum policy_subject subject;

    struct policy_texts cmd, user, not_user; /* process */
    int64_t older_ms;                        /* process; -1: any age */
    struct policy_texts proto, addr;         /* listening */
    struct policy_ranges port, uid;          /* listening */
    uint64_t min, max;                       /* how many matches count as present */
    struct policy_texts users;               /* only */
    struct policy_ranges ports;              /* only */
    const char *version;                     /* at_least, at_most: kernel os_version agent */
    int64_t number; /* at_least, at_most: milliseconds (uptime), bytes or a count */
};

struct policy {
    struct policy_rule *rules;
    size_t count;
    uint64_t hash; /* of the text; never 0: verdicts of another policy are not of this one */
    struct arena arena;
};

/* NULL with one line in `error`. `name` is how the text is called there. */
struct policy *policy_parse(const char *name, const char *text, size_t len,
                            char error[POLICY_ERROR_LEN]);
struct policy *policy_load(const char *path, char error[POLICY_ERROR_LEN]);
void policy_free(struct policy *p); /* NULL is allowed */

/* Like policy_load(), but reports every rule that is wrong, in one line each. */
typedef void policy_report(void *context, const char *error);
struct policy *policy_check(const char *path, policy_report *report, void *context);

/* The rule with that name, or NULL. */
const struct policy_rule *policy_find(const struct policy *p, const char *name);

const char *policy_severity_name(enum policy_severity severity);
const char *policy_kind_name(enum policy_kind kind);
const char *policy_subject_name(enum policy_subject subject);

/*
 * True when the text matches: a pattern with * ? [ matches the whole text, any other is a substring
 * of it. Case is folded in ASCII.
 */
bool policy_text_matches(const char *pattern, struct text text);

struct policy_pairs policy_pairs_of(struct text text);

static inline bool policy_pairs_may(const struct policy_pairs *pattern,
                                    const struct policy_pairs *text)
{
    uint64_t missing = 0;
    for (int i = 0; i < 4; i++)
        missing |= pattern->bits[i] & ~text->bits[i];
    return missing == 0;
}

/* A policy file that is read again when it changes. A bad one is logged, and the last good one
 * stays. */
struct policy_file {
    const char *path;      /* borrowed; NULL: not configured */
    struct policy *policy; /* NULL: none was ever good */
    struct stat loaded;
    bool complained;
};

/* False with the error: the policy cannot be read (`path` NULL is allowed). */
bool policy_file_open(struct policy_file *f, const char *path, char error[POLICY_ERROR_LEN]);
void policy_file_refresh(struct policy_file *f);
void policy_file_close(struct policy_file *f);

#endif
