#include "agent/mask/view.h"

enum {
    BEARER_MIN = 8, /* "the bearer of" is not followed by a token */
    TOKEN_TEXT_MIN = sizeof "bearer " - 1 + BEARER_MIN, /* other tokens are longer */
    TELEGRAM_ID_MIN = 8,
    TELEGRAM_ID_MAX = 10,
    TELEGRAM_MIN = 35,
};

static void hide_bearer(struct parse *p, const struct view *v, size_t at)
{
    if (!view_starts(v, at, v->len, "bearer "))
        return;
    size_t value = view_skip_space(v, at + strlen("bearer "), v->len), end = value;
    while (end < v->len && !is_space(v->s[end]) && !is_quote(v->s[end]))
        end++;
    if (end - value >= BEARER_MIN)
        view_hide(p, v, value, end);
}

/* Telegram: 123456789:AAH…; length, or 0. */
static size_t telegram_token(const struct view *v, size_t at)
{
    size_t digits = 0, n;
    while (at + digits < v->len && digits <= TELEGRAM_ID_MAX && is_digit(v->s[at + digits]))
        digits++;
    if (digits < TELEGRAM_ID_MIN || digits > TELEGRAM_ID_MAX || at + digits >= v->len ||
        v->s[at + digits] != ':')
        return 0;
    for (n = digits + 1; at + n < v->len; n++) {
        char c = v->s[at + n];
        if (!is_alnum(c) && c != '_' && c != '-')
            break;
    }
    return n - digits - 1 == TELEGRAM_MIN ? n : 0;
}

void token_scan(struct parse *p, const struct view *v)
{
    if (v->len < TOKEN_TEXT_MIN)
        return;
    for (size_t i = 0; i + TOKEN_TEXT_MIN <= v->len; i++) {
        if (i > 0 && (is_alnum(v->s[i - 1]) || v->s[i - 1] == '_'))
            continue;
        size_t n = secret_token(p->ix, v->s + i, v->len - i);
        if (!n && is_digit(v->s[i]))
            n = telegram_token(v, i);
        if (n) {
            view_hide(p, v, i, i + n);
            i += n - 1;
        } else if ((v->s[i] | 0x20) == 'b') {
            hide_bearer(p, v, i);
        }
    }
}

void token_pem(struct parse *p, const struct view *v)
{
    static const char begin[] = "-----BEGIN ", end[] = "-----END ";
    for (size_t at = 0; at < v->len;) {
        const char *from = memmem(v->s + at, v->len - at, begin, sizeof begin - 1);
        if (!from)
            return;
        size_t start = (size_t)(from - v->s), stop = v->len;
        const char *last = memmem(from, v->len - start, end, sizeof end - 1);
        if (last) {
            stop = (size_t)(last - v->s) + sizeof end - 1;
            const char *dashes = memmem(v->s + stop, v->len - stop, "-----", 5);
            stop = dashes ? (size_t)(dashes - v->s) + 5 : v->len;
        }
        view_hide(p, v, start, stop);
        at = stop;
    }
}
