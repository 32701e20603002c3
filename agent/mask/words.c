#include "agent/mask/view.h"

/* Bytes of an unquoted word that end it. */
static bool ends_word(char c)
{
    return view_class[(unsigned char)c] & (HAS_SPACE | HAS_OPERATOR);
}

/* Passes white space and operators; says whether a new command begins. */
static void skip_between(struct words *w)
{
    const struct view *v = &w->text;
    size_t from = w->at;
    bool spaces = false, redirect = false;
    w->fresh = w->glued = w->piped = false;
    for (; w->at < v->len && ends_word(v->s[w->at]); w->at++) {
        char c = v->s[w->at];
        spaces |= is_space(c);
        redirect = c == '<' || c == '>' || (redirect && c == '&');
        if ((view_class[(unsigned char)c] & HAS_OPERATOR) && !redirect)
            w->fresh = true;
        if (c == '\n')
            w->fresh = true;
        w->piped = c == '|' || (w->piped && is_space(c));
    }
    w->glued = w->fresh && !spaces && from > 0;
}

/* The quote of $'...', in which backslashes protect. */
static bool is_ansi(const struct view *v, size_t at)
{
    return v->s[at] == '\'' && at > 0 && v->s[at - 1] == '$';
}

/* Where the word ends; sets `quoted` if the shell removes bytes from it. */
static size_t word_end(struct words *w)
{
    const struct view *v = &w->text;
    char quote = '\0';
    bool ansi = false;
    size_t at = w->at;
    w->quoted = false;
    for (; at < v->len; at++) {
        char c = v->s[at];
        if (c == '\\' && (quote != '\'' || ansi)) {
            w->quoted = true;
            at++;
        } else if (quote ? c == quote : is_quote(c)) {
            w->quoted = true;
            ansi = !quote && is_ansi(v, at);
            quote = quote ? '\0' : c;
        } else if (!quote && ends_word(c)) {
            break;
        }
    }
    return at < v->len ? at : v->len;
}

static bool words_reserve(struct parse *p)
{
    if (p->m->bytes.cap == 0 || p->used == 0) {
        buf_reset(&p->m->bytes);
        buf_reset(&p->m->places);
        if (!buf_reserve(&p->m->bytes, MASK_DEPTH * p->len) ||
            !buf_reserve(&p->m->places, MASK_DEPTH * p->len * sizeof(uint32_t)))
            p->failed = true;
    }
    return !p->failed;
}

/* Inside double quotes a backslash protects these only. */
static bool is_protected(char quote, char c)
{
    return quote != '"' || c == '"' || c == '\\' || c == '$' || c == '`';
}

/* The word without quotes and backslashes. */
static bool unquote(struct parse *p, const struct view *v, struct view *word)
{
    if (!words_reserve(p))
        return false;
    char *bytes = p->m->bytes.data + p->used;
    uint32_t *places = (uint32_t *)(void *)p->m->places.data + p->used;
    size_t n = 0;
    char quote = '\0';
    bool ansi = false;
    for (size_t i = 0; i < v->len; i++) {
        char c = v->s[i];
        if (quote ? c == quote : is_quote(c)) {
            ansi = !quote && is_ansi(v, i);
            quote = quote ? '\0' : c;
            continue;
        }
        if (c == '\\' && (quote != '\'' || ansi) && i + 1 < v->len &&
            is_protected(quote, v->s[i + 1]))
            c = v->s[++i];
        bytes[n] = c;
        places[n++] = v->places ? v->places[i] : (uint32_t)(v->base + i);
    }
    p->used += n;
    *word = (struct view){bytes, n, 0, places};
    return true;
}

bool words_next(struct parse *p, struct words *w, struct view *word)
{
    bool first = w->at == 0;
    skip_between(w);
    w->fresh |= first;
    if (w->at >= w->text.len)
        return false;
    size_t end = word_end(w);
    *word = view_part(&w->text, w->at, end);
    w->at = end;
    return !w->quoted ||
           unquote(p, &(struct view){word->s, word->len, word->base, word->places}, word);
}
