/*
 * view: a piece of the command line, as one program or shell reads it.
 *
 * Inside `sh -c "..."` quotes and backslashes are no part of a word. A view therefore has the bytes
 * of the word, and for each the place in the command line, so that hiding a part of the word hides
 * the bytes from which it came.
 *
 * All that follows is internal to agent/mask.
 */
#ifndef AGENT_MASK_VIEW_H
#define AGENT_MASK_VIEW_H

#include "agent/mask/mask.h"

enum { MASK_DEPTH = 5 }; /* levels of quoted commands in a command */

/* One command line while it is looked at. */
struct parse {
    struct mask *m;
    const struct secret_index *ix;
    const char *raw;
    size_t len;
    char *hide;  /* of mask.h */
    size_t used; /* bytes of m->bytes and m->places that open views have */
    unsigned depth;
    bool cut;    /* the command line is longer */
    bool hidden; /* something is */
    bool failed; /* memory ran out */
};

struct view {
    const char *s;
    size_t len;
    size_t base;            /* place of the first byte, if `places` is NULL */
    const uint32_t *places; /* of each byte */
};

/* What bytes a view has: see view_classes(). */
enum {
    HAS_SPACE = 1,
    HAS_QUOTE = 2,
    HAS_EQUALS = 4,
    HAS_COLON = 8,
    HAS_AT = 16,
    HAS_SLASH = 32,
    HAS_OPERATOR = 64, /* of a shell */
    HAS_BACKSLASH = 128,
};

extern const uint8_t view_class[256];

static inline unsigned view_classes(const struct view *v)
{
    unsigned has = 0;
    for (size_t i = 0; i < v->len; i++)
        has |= view_class[(unsigned char)v->s[i]];
    return has;
}

static inline bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
}

/* Of a name: "--db-password", "spring.datasource.password". */
static inline bool is_name(char c)
{
    return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

/* The first `c` from `at` to `end`; `end` if there is none. */
static inline size_t view_find(const struct view *v, size_t at, size_t end, char c)
{
    const char *found = at < end ? memchr(v->s + at, c, end - at) : NULL;
    return found ? (size_t)(found - v->s) : end;
}

/* The last one. */
static inline size_t view_find_last(const struct view *v, size_t at, size_t end, char c)
{
    const char *found = at < end ? memrchr(v->s + at, c, end - at) : NULL;
    return found ? (size_t)(found - v->s) : end;
}

static inline size_t view_find_space(const struct view *v, size_t at, size_t end)
{
    while (at < end && !is_space(v->s[at]))
        at++;
    return at;
}

static inline size_t view_skip_space(const struct view *v, size_t at, size_t end)
{
    while (at < end && is_space(v->s[at]))
        at++;
    return at;
}

/* `word` in any case. */
bool view_is(const struct view *v, size_t at, size_t end, const char *word);
bool view_starts(const struct view *v, size_t at, size_t end, const char *prefix);

/* Bytes `at` to `end` as a view of its own. */
struct view view_part(const struct view *v, size_t at, size_t end);

void view_hide(struct parse *p, const struct view *v, size_t at, size_t end);

/*
 * Hides the value from `at` to `end`, as its kind says; with `after`, only what follows that
 * character. A value that tells nothing stays: a switch, the name of a file where a key is
 * expected. True if all of the view up to its end is now hidden from `at` on.
 */
bool value_hide(struct parse *p, const struct view *v, size_t at, enum secret_kind kind,
                char after);
bool value_hide_to(struct parse *p, const struct view *v, size_t at, size_t end,
                   enum secret_kind kind);

/* A path that somebody might have given a file, rather than base64 with a '/' in it. */
bool value_is_path(const struct view *v, size_t at, size_t end);

struct assign_context {
    bool whole;  /* the view is one argument: a value that begins it ends with it */
    bool header; /* the view is a header: "NAME:value" */
    bool plain;  /* its first name has no secret value */
};

/* name=value, name: value, "name": "value", anywhere in `v`. */
void assign_scan(struct parse *p, const struct view *v, struct assign_context context);

/* <name>value</name>. */
void assign_xml(struct parse *p, const struct view *v);

/* PASSWORD 'x', IDENTIFIED BY x, auth("u", "p"). */
void sql_scan(struct parse *p, const struct view *v);

/* The passwords in URLs, and the secret ends of webhooks. */
void url_scan(struct parse *p, const struct view *v);

/* user:password@host. */
void url_user_at_host(struct parse *p, const struct view *v);

/* Tokens that are known by their shape, and what follows the word "Bearer". */
void token_scan(struct parse *p, const struct view *v);

/* Blocks of PEM in one argument. */
void token_pem(struct parse *p, const struct view *v);

/* The words of a shell's text. */
struct words {
    struct view text;
    size_t at;
    bool fresh;  /* the word is the first of a command */
    bool glued;  /* ... after an operator without white space: it may not be one */
    bool piped;  /* ... after a '|' */
    bool quoted; /* the word had quotes or backslashes */
};

/* False at the end. The word is valid until p->used is set back. */
bool words_next(struct parse *p, struct words *w, struct view *word);

/* Looks at the whole command line. */
void command_line(struct parse *p);

#endif
