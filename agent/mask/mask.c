#include "agent/mask/mask.h"

#include "agent/mask/secret.h"

#include <strings.h>

enum {
    MASK_MAX = 64 << 20,
    AWS_SECRET_LEN = 40,
    USER_TOKEN_MIN = 20, /* https://TOKEN@host: a user name this long is none */
    AUTHORITY_MAX = 2048,
    BEARER_MIN = 8, /* "the bearer of" is not followed by a token */
    TOKEN_TEXT_MIN = sizeof "bearer " - 1 + BEARER_MIN, /* other tokens are longer */
};

/* A piece of the command line: bytes `at` to `end` of `raw`. */
struct span {
    size_t at, end;
};

struct text {
    const char *raw;
    size_t len;
    bool cut;
    char *hide;
    bool hidden; /* something is */
};

/* What the words read so far say about the next. */
struct context {
    bool started;   /* the program has been seen */
    uint32_t kinds; /* of the program */
    bool login;     /* "login" has been seen: docker login -p x */
    bool pending;   /* the next word is the value of an option */
    enum secret_kind kind;
    char after; /* secret is what follows this character of it; 0: all */
};

void mask_init(struct mask *m)
{
    buf_init(&m->hide, MASK_MAX);
}

void mask_release(struct mask *m)
{
    buf_release(&m->hide);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
}

static bool is_name(char c)
{
    return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

static void hide(struct text *t, size_t at, size_t end)
{
    if (end <= at)
        return;
    memset(t->hide + at, 1, end - at);
    t->hidden = true;
}

static bool span_is(const struct text *t, struct span s, const char *word)
{
    size_t n = strlen(word);
    return s.end - s.at == n && strncasecmp(t->raw + s.at, word, n) == 0;
}

static bool span_starts(const struct text *t, struct span s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.end - s.at >= n && strncasecmp(t->raw + s.at, prefix, n) == 0;
}

static bool all_digits(const struct text *t, size_t at, size_t end)
{
    for (; at < end; at++)
        if (!is_digit(t->raw[at]))
            return false;
    return true;
}

static size_t find(const struct text *t, size_t at, size_t end, char c)
{
    if (at >= end)
        return at;
    const char *found = memchr(t->raw + at, c, end - at);
    return found ? (size_t)(found - t->raw) : end;
}

static size_t find_space(const struct text *t, size_t at, size_t end)
{
    while (at < end && !is_space(t->raw[at]))
        at++;
    return at;
}

static size_t skip_space(const struct text *t, size_t at, size_t end)
{
    while (at < end && is_space(t->raw[at]))
        at++;
    return at;
}

/* A value that says nothing: a switch, or the name of a file where a key is expected. */
static bool harmless(const struct text *t, struct span value, enum secret_kind kind)
{
    static const char *const switches[] = {"true", "false", "yes", "no", "none", "null"};
    static const char *const paths[] = {"/", "./", "../", "~/", "@", "file:"};
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
        if (span_is(t, value, switches[i]))
            return true;
    for (size_t i = 0; kind == SECRET_KEY && i < sizeof paths / sizeof *paths; i++)
        if (span_starts(t, value, paths[i]))
            return true;
    return false;
}

/* Hides `value`, or of it what follows `after`. */
static void hide_value(struct text *t, struct span value, enum secret_kind kind, char after)
{
    if (after) {
        size_t mark = find(t, value.at, value.end, after);
        value.at = mark < value.end ? mark + 1 : value.end;
    }
    if (!harmless(t, value, kind))
        hide(t, value.at, value.end);
}

/* The end of a value that starts behind the quote `q`, at which backslashes protect. */
static size_t quoted_end(const struct text *t, size_t at, size_t end, char q, bool escaped)
{
    for (; at < end && t->raw[at] != q; at++) {
        if (t->raw[at] != '\\')
            continue;
        if (escaped)
            return at; /* \"value\": the backslash belongs to the closing quote */
        if (at + 1 < end)
            at++;
    }
    return at;
}

/* "&name=", ";name=" or ",name=" at `at`: the next of several assignments. */
static bool next_assignment(const struct text *t, size_t at, size_t end)
{
    if (t->raw[at] != '&' && t->raw[at] != ';' && t->raw[at] != ',')
        return false;
    size_t name = skip_space(t, at + 1, end), stop = name;
    while (stop < end && is_name(t->raw[stop]))
        stop++;
    return stop > name && stop < end && t->raw[stop] == '=';
}

struct assignment {
    struct span name;
    size_t start; /* of the name with its quotes */
    char before;  /* the byte in front of it; 0 at the argument's beginning */
    bool quoted;  /* "name" */
    bool first;   /* nothing but the name's like stands in front of it in the argument */
    bool option;  /* starts with '-', or is a header: no other assignment follows the value */
};

static size_t unquoted_end(const struct text *t, const struct assignment *a, size_t at, size_t end)
{
    for (; at < end; at++) {
        char c = t->raw[at];
        if (is_space(c) && !a->first)
            break;
        if (is_quote(a->before) && c == a->before)
            break;
        if (a->quoted && (c == ',' || c == '}' || c == ']'))
            break;
        if (!a->option && next_assignment(t, at, end))
            break;
    }
    return at;
}

/* `Bearer x`: the scheme of an Authorization header stays readable. */
static size_t skip_scheme(const struct text *t, size_t at, size_t end)
{
    size_t stop = at;
    while (stop < end && is_alnum(t->raw[stop]))
        stop++;
    size_t next = skip_space(t, stop, end);
    return next > stop && next < end ? next : at;
}

static bool is_authorization(const struct text *t, struct span name)
{
    static const char word[] = "authorization";
    size_t n = sizeof word - 1;
    return name.end - name.at >= n && strncasecmp(t->raw + name.end - n, word, n) == 0;
}

/* The value of `a` begins at `at`, behind its '=' or ':'. Returns where it ends. */
static size_t hide_assigned(struct text *t, const struct assignment *a, enum secret_kind kind,
                            size_t at, size_t end, bool colon)
{
    if (colon || a->quoted)
        at = skip_space(t, at, end);
    bool escaped = at + 1 < end && t->raw[at] == '\\' && is_quote(t->raw[at + 1]);
    if (escaped)
        at++;
    if (at < end && is_quote(t->raw[at])) {
        size_t stop = quoted_end(t, at + 1, end, t->raw[at], escaped);
        hide_value(t, (struct span){at + 1, stop}, kind, 0);
        return stop;
    }
    size_t value = colon && is_authorization(t, a->name) ? skip_scheme(t, at, end) : at;
    size_t stop = unquoted_end(t, a, value, end);
    hide_value(t, (struct span){value, stop}, kind, 0);
    return stop;
}

/* Finds the name that ends at `mark`, where '=' or ':' stands. */
static bool name_before(const struct text *t, size_t from, size_t mark, struct assignment *a)
{
    size_t stop = mark;
    *a = (struct assignment){.first = true};
    while (stop > from && is_space(t->raw[stop - 1]))
        stop--;
    if (stop < mark && (stop == from || !is_quote(t->raw[stop - 1])))
        return false; /* "name" : … has its quotes, name : … is prose */
    if (stop > from && is_quote(t->raw[stop - 1])) {
        a->quoted = true;
        stop--;
        if (stop > from && t->raw[stop - 1] == '\\')
            stop--;
    }
    size_t at = stop;
    while (at > from && is_name(t->raw[at - 1]))
        at--;
    a->name = (struct span){at, stop};
    a->option = stop > at && t->raw[at] == '-';
    a->before = at > from ? t->raw[at - 1] : '\0';
    return stop > at;
}

/* A colon separates name and value in JSON, in YAML, and in headers, which may lack the space. */
static bool colon_assigns(const struct text *t, const struct assignment *a, size_t mark, size_t end)
{
    if (a->quoted)
        return true;
    if (mark + 1 >= end)
        return false;
    if (is_space(t->raw[mark + 1]))
        return true;
    return is_authorization(t, a->name) || span_starts(t, a->name, "x-");
}

/* AWS's secret keys: 40 of base64's characters, which a SHA-1 in hex is not. */
static bool is_aws_secret(const struct text *t, size_t at, size_t end)
{
    bool upper = false, lower = false, digit = false;
    if (end - at != AWS_SECRET_LEN)
        return false;
    for (; at < end; at++) {
        char c = t->raw[at];
        if (!is_alnum(c) && c != '/' && c != '+' && c != '=')
            return false;
        upper |= c >= 'A' && c <= 'Z';
        lower |= c >= 'a' && c <= 'z';
        digit |= is_digit(c);
    }
    return upper && lower && digit;
}

/*
 * name=value, name: value, "name": "value" anywhere in `arg`. `whole`: the argument was one of
 * several, so a value that starts it goes to its end, spaces and all.
 */
static void mask_assignments(struct text *t, struct span arg, bool whole)
{
    if (find(t, arg.at, arg.end, '=') == arg.end && find(t, arg.at, arg.end, ':') == arg.end)
        return;
    size_t blank = find_space(t, arg.at, arg.end);
    for (size_t i = arg.at; i < arg.end; i++) {
        struct assignment a;
        bool colon = t->raw[i] == ':';
        if ((t->raw[i] != '=' && !colon) || !name_before(t, arg.at, i, &a))
            continue;
        a.first = whole && a.name.at <= blank;
        enum secret_kind kind = secret_name(t->raw + a.name.at, a.name.end - a.name.at);
        if (kind == SECRET_NOT) {
            size_t far = i + 2 + AWS_SECRET_LEN; /* no need to know how much longer it is */
            size_t stop = unquoted_end(t, &a, i + 1, far < arg.end ? far : arg.end);
            if (!colon && is_aws_secret(t, i + 1, stop))
                hide(t, i + 1, stop);
        } else if (!colon || colon_assigns(t, &a, i, arg.end)) {
            a.option |= colon && !a.quoted;
            size_t stop = hide_assigned(t, &a, kind, i + 1, arg.end, colon);
            if (t->hide[stop - 1])
                i = stop - 1; /* what is hidden needs no second look, however long it is */
        }
    }
}

/* The last '@' of bytes `at` to `end`; `end` when there is none. */
static size_t last_at_sign(const struct text *t, size_t at, size_t end)
{
    for (size_t i = end; i > at; i--)
        if (t->raw[i - 1] == '@')
            return i - 1;
    return end;
}

/* Where the word ends in which a URL stands, or, of it, only the authority. */
static size_t url_end(const struct text *t, size_t at, size_t end, bool authority)
{
    for (; at < end; at++) {
        char c = t->raw[at];
        if (is_space(c) || is_quote(c) || (authority && (c == '/' || c == '?' || c == '#')))
            break;
    }
    return at;
}

/* user:password@host behind a URL's "://", which ends at `at`. */
static void mask_authority(struct text *t, size_t at, size_t end)
{
    if (end - at > AUTHORITY_MAX)
        end = at + AUTHORITY_MAX;
    size_t stop = url_end(t, at, end, true);
    size_t sign = last_at_sign(t, at, stop);
    size_t colon = find(t, at, stop, ':');
    if (sign == stop && colon < stop && !all_digits(t, colon + 1, stop)) {
        /* No port either: a password with a '/' in it, or the text was cut inside it. */
        size_t word = url_end(t, stop, end, false);
        sign = last_at_sign(t, at, word);
        if (sign == word && !(t->cut && word == t->len))
            return;
    } else if (sign == stop) {
        return;
    }
    if (colon < sign)
        hide(t, colon + 1, sign);
    else if (sign - at >= USER_TOKEN_MIN)
        hide(t, at, sign);
}

static void mask_urls(struct text *t, struct span arg)
{
    for (size_t i = arg.at; (i = find(t, i, arg.end, ':')) + 3 <= arg.end; i++)
        if (memcmp(t->raw + i, "://", 3) == 0)
            mask_authority(t, i + 3, arg.end);
}

/* Tokens that are known by their shape, and what follows the word "Bearer". */
static void mask_tokens(struct text *t, struct span arg)
{
    if (arg.end - arg.at < TOKEN_TEXT_MIN)
        return;
    for (size_t i = arg.at; i < arg.end; i++) {
        if (i > arg.at && (is_alnum(t->raw[i - 1]) || t->raw[i - 1] == '_'))
            continue;
        size_t token = secret_token(t->raw + i, arg.end - i);
        if (token) {
            hide(t, i, i + token);
            i += token - 1;
            continue;
        }
        if ((t->raw[i] | 0x20) != 'b' || !span_starts(t, (struct span){i, arg.end}, "bearer "))
            continue;
        size_t value = skip_space(t, i + strlen("bearer "), arg.end), stop = value;
        while (stop < arg.end && !is_space(t->raw[stop]) && !is_quote(t->raw[stop]))
            stop++;
        if (stop - value >= BEARER_MIN)
            hide(t, value, stop);
    }
}

/* user:password@host without a scheme, but not name:tag@sha256:… nor mailto:user@host. */
static void mask_user_at_host(struct text *t, struct span word)
{
    size_t colon = word.at;
    while (colon < word.end && is_name(t->raw[colon]))
        colon++;
    if (colon == word.at || colon == word.end || t->raw[colon] != ':')
        return;
    struct span user = {word.at, colon};
    size_t sign = last_at_sign(t, colon + 1, word.end);
    if (sign == word.end || sign + 1 == word.end || !is_alnum(t->raw[sign + 1]))
        return;
    if (span_starts(t, (struct span){sign + 1, word.end}, "sha256:") ||
        span_is(t, user, "mailto") || span_is(t, user, "sip") || span_is(t, user, "sips") ||
        span_is(t, user, "xmpp"))
        return;
    if (find(t, colon + 1, sign, '/') == sign && !all_digits(t, colon + 1, sign))
        hide(t, colon + 1, sign);
}

static void expect(struct context *c, enum secret_kind kind, char after)
{
    c->pending = true;
    c->kind = kind;
    c->after = after;
}

static void mask_option(struct text *t, struct context *c, struct span word)
{
    size_t len = word.end - word.at, at = len;
    const char *s = t->raw + word.at;
    const struct secret_flag *f = secret_flag(c->kinds, s, len, c->login, &at);
    if (f && at < len) {
        hide_value(t, (struct span){word.at + at, word.end}, SECRET_VALUE, f->after);
    } else if (f) {
        expect(c, SECRET_VALUE, f->after);
    } else if (s[0] == '-' && find(t, word.at, word.end, '=') == word.end) {
        enum secret_kind kind = secret_name(s, len);
        if (kind != SECRET_NOT)
            expect(c, kind, 0);
    }
}

/* One word, or a whole argument without white space. */
static void mask_word(struct text *t, struct context *c, struct span word)
{
    if (word.at == word.end)
        return;
    const char *s = t->raw + word.at;
    size_t len = word.end - word.at;
    if (c->pending && !(len > 2 && s[0] == '-' && s[1] == '-')) {
        c->pending = false;
        hide_value(t, word, c->kind, c->after);
        return;
    }
    c->pending = false;
    mask_option(t, c, word);
    if (s[0] == '-')
        return;
    uint32_t kinds = secret_program(s, len);
    if (kinds || !c->started)
        c->kinds = kinds;
    c->started = true;
    c->login |= span_is(t, word, "login");
    mask_user_at_host(t, word);
}

/* The words of an argument that holds several; a value in quotes is one word. */
static void mask_words(struct text *t, struct span arg)
{
    struct context c = {0};
    for (size_t at = skip_space(t, arg.at, arg.end); at < arg.end;) {
        struct span word = {at, find_space(t, at, arg.end)};
        if (is_quote(t->raw[at])) {
            word.at++;
            word.end = quoted_end(t, word.at, arg.end, t->raw[at], false);
        }
        mask_word(t, &c, word);
        at = skip_space(t, word.end < arg.end ? word.end + 1 : word.end, arg.end);
    }
}

static bool runs_shell(const struct text *t, struct span arg)
{
    size_t len = arg.end - arg.at;
    return len >= 2 && len <= 4 && t->raw[arg.at] == '-' && t->raw[arg.end - 1] == 'c';
}

static void mark_secrets(struct text *t)
{
    struct context c = {0};
    struct span previous = {0, 0};
    bool several = find(t, 0, t->len, '\0') < t->len;
    for (size_t at = 0; at <= t->len;) {
        struct span arg = {at, find(t, at, t->len, '\0')};
        bool spaces = find_space(t, arg.at, arg.end) < arg.end;
        if (!spaces || c.pending)
            mask_word(t, &c, arg);
        if (spaces)
            mask_words(t, arg);
        mask_assignments(t, arg, several && !runs_shell(t, previous));
        mask_urls(t, arg);
        mask_tokens(t, arg);
        previous = arg;
        at = arg.end + 1;
    }
}

/* The text with its secrets as "***", and `separator` for each NUL. */
static void put_masked(const struct text *t, char separator, struct buf *out)
{
    const char *raw = t->raw;
    for (size_t i = 0; i < t->len;) {
        size_t run = i;
        while (run < t->len && t->hide[run] == t->hide[i] && (raw[run] != '\0' || run == i))
            run++;
        if (t->hide[i])
            buf_puts(out, "***");
        else if (raw[i] == '\0')
            buf_putc(out, separator);
        else
            buf_add(out, raw + i, run - i);
        i = raw[i] == '\0' ? i + 1 : run;
    }
}

static void put_plain(const struct text *t, char separator, struct buf *out)
{
    if (!buf_reserve(out, t->len))
        return;
    char *copy = out->data + out->len;
    memcpy(copy, t->raw, t->len);
    out->len += t->len;
    for (char *nul = copy; (nul = memchr(nul, '\0', (size_t)(copy + t->len - nul))); nul++)
        *nul = separator;
}

static bool mask_all(struct mask *m, const char *raw, size_t len, bool cut, char separator,
                     struct buf *out)
{
    buf_reset(&m->hide);
    if (!buf_reserve(&m->hide, len + 1))
        return false;
    memset(m->hide.data, 0, len + 1);
    struct text t = {raw, len, cut, m->hide.data, false};
    mark_secrets(&t);
    if (t.hidden)
        put_masked(&t, separator, out);
    else if (len)
        put_plain(&t, separator, out);
    return !out->failed;
}

bool mask_arguments(struct mask *m, const char *raw, size_t len, bool cut, struct buf *out)
{
    return mask_all(m, raw, len, cut, ' ', out);
}

bool mask_list(struct mask *m, const char *raw, size_t len, bool cut, struct buf *out)
{
    return mask_all(m, raw, len, cut, '\0', out);
}
