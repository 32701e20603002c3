#include "agent/mask/view.h"

#include <strings.h>

enum { WORDS_BETWEEN = 6 /* IDENTIFIED WITH plugin BY PASSWORD 'x' */ };

/* A word in any case, not as a part of another one. */
static size_t find_word(const struct view *v, size_t at, const char *word)
{
    size_t n = strlen(word);
    for (; at + n <= v->len; at++) {
        if ((v->s[at] | 0x20) != word[0] || strncasecmp(v->s + at, word, n) != 0)
            continue;
        if ((at == 0 || !is_alnum(v->s[at - 1])) && (at + n == v->len || !is_alnum(v->s[at + n])))
            return at;
    }
    return v->len;
}

/* Statements in which a password follows its name without '='. */
static bool is_statement(const struct view *v)
{
    static const char *const verbs[] = {"alter",  "create", "set",     "grant",
                                        "attach", "copy",   "connect", "unload"};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (find_word(v, 0, verbs[i]) < v->len)
            return true;
    return false;
}

/* The end of a text that begins after the quote at `at`; a doubled quote is part of it. */
static size_t text_end(const struct view *v, size_t at)
{
    char q = v->s[at];
    for (at++; at < v->len; at++) {
        if (v->s[at] != q)
            continue;
        if (at + 1 < v->len && v->s[at + 1] == q)
            at++;
        else
            return at;
    }
    return at;
}

/* A value at `at`, with or without quotes. Returns its end. */
static size_t hide_token(struct parse *p, const struct view *v, size_t at)
{
    size_t end = at;
    if (at < v->len && (is_quote(v->s[at]) || v->s[at] == '`')) {
        end = text_end(v, at);
        view_hide(p, v, at + 1, end);
        return end < v->len ? end + 1 : end;
    }
    while (end < v->len && !is_space(v->s[end]) && !is_quote(v->s[end]) && v->s[end] != ';' &&
           v->s[end] != ',')
        end++;
    view_hide(p, v, at, end);
    return end;
}

static size_t word_end(const struct view *v, size_t at)
{
    while (at < v->len && is_name(v->s[at]))
        at++;
    return at;
}

/* IDENTIFIED [WITH plugin] BY|AS [PASSWORD|VALUES] x [REPLACE y]; `at` is after IDENTIFIED. */
static size_t hide_identified(struct parse *p, const struct view *v, size_t at)
{
    for (int i = 0; i < WORDS_BETWEEN; i++) {
        at = view_skip_space(v, at, v->len);
        size_t end = word_end(v, at);
        bool by = view_is(v, at, end, "by") || view_is(v, at, end, "as");
        if (!by && !is_quote(at < v->len ? v->s[at] : '\0')) {
            at = end;
            continue;
        }
        if (!by)
            end = text_end(v, at) + 1 < v->len ? text_end(v, at) + 1 : v->len;
        at = view_skip_space(v, end, v->len);
        if (!by)
            continue;
        end = word_end(v, at);
        if (view_is(v, at, end, "password") || view_is(v, at, end, "values"))
            at = view_skip_space(v, end, v->len);
        at = view_skip_space(v, hide_token(p, v, at), v->len);
        if (view_starts(v, at, v->len, "replace "))
            at = hide_token(p, v, view_skip_space(v, at + strlen("replace "), v->len));
        return at;
    }
    return at;
}

/* auth("u", "p"): all texts up to the ')', without the first `skip`. */
static size_t hide_call(struct parse *p, const struct view *v, size_t at, unsigned skip)
{
    while (at < v->len && v->s[at] != ')') {
        if (!is_quote(v->s[at])) {
            at++;
            continue;
        }
        size_t end = text_end(v, at);
        if (skip == 0)
            view_hide(p, v, at + 1, end);
        else
            skip--;
        at = end < v->len ? end + 1 : end;
    }
    return at;
}

/* A text in quotes at `at`: what is before it may be the name of a secret. */
static size_t look_at_text(struct parse *p, const struct view *v, size_t at, bool statement)
{
    size_t end = at, next = text_end(v, at);
    while (end > 0 && is_space(v->s[end - 1]))
        end--;
    bool call = end > 0 && v->s[end - 1] == '(', spaced = end < at;
    end -= call;
    size_t name = end;
    while (name > 0 && is_name(v->s[name - 1]))
        name--;
    next = next < v->len ? next + 1 : next;
    if (name == end || !(call || spaced))
        return next;
    enum secret_kind kind = secret_name(p->ix, v->s + name, end - name);
    if (kind == SECRET_NOT || v->s[name] == '-')
        return next;
    if (call)
        return hide_call(p, v, at, kind == SECRET_PAIR);
    if (statement)
        view_hide(p, v, at + 1, text_end(v, at));
    return next;
}

void sql_scan(struct parse *p, const struct view *v)
{
    static const char word[] = "identified";
    for (size_t at = find_word(v, 0, word); at < v->len; at = find_word(v, at, word))
        at = hide_identified(p, v, at + sizeof word - 1);
    if (view_find(v, 0, v->len, '\'') == v->len && view_find(v, 0, v->len, '"') == v->len)
        return;
    bool statement = is_statement(v);
    for (size_t at = 0; at < v->len;) {
        if (is_quote(v->s[at]))
            at = look_at_text(p, v, at, statement);
        else
            at++;
    }
}
