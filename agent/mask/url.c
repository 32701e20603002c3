#include "agent/mask/view.h"

enum {
    AUTHORITY_MAX = 1024,
    USER_TOKEN_MIN = 20, /* https://TOKEN@host: a user's name this long is not one */
    PORT_MAX = 5,
};

static bool all_digits(const struct view *v, size_t at, size_t end)
{
    while (at < end && is_digit(v->s[at]))
        at++;
    return at == end;
}

/* Where the word of a URL ends, or of it only the authority. */
static size_t url_end(const struct view *v, size_t at, size_t end, bool authority)
{
    for (; at < end; at++) {
        char c = v->s[at];
        if (is_space(c) || is_quote(c) || (authority && (c == '/' || c == '?' || c == '#')))
            break;
    }
    return at;
}

/* The '@' in front of a host that ends a password with white space: "u:my pw@h". */
static size_t far_sign(const struct view *v, size_t at, size_t end)
{
    for (; at + 1 < end; at++) {
        if (v->s[at] == '@' && (is_alnum(v->s[at + 1]) || v->s[at + 1] == '['))
            return at;
        if (is_quote(v->s[at]) || (v->s[at] == ':' && view_starts(v, at, end, "://")))
            break;
    }
    return end;
}

/* The name before "://" is http, https or git's. */
static bool takes_token(const struct view *v, size_t at)
{
    return at >= 7 &&
           (view_is(v, at - 7, at, "http://") || (at >= 8 && view_is(v, at - 8, at, "https://")));
}

/* Where the password in the authority that begins at `at` ends; `stop` if there is none. */
static size_t find_sign(struct parse *p, const struct view *v, size_t at, size_t stop, size_t end)
{
    size_t sign = view_find_last(v, at, stop, '@');
    size_t host = v->s[at] == '[' ? view_find(v, at, stop, ']') : at; /* [::1]:80 */
    size_t colon = view_find(v, host, stop, ':');
    if (sign < stop || colon == stop)
        return sign;
    if (all_digits(v, colon + 1, stop) && stop - colon <= PORT_MAX + 1)
        return stop;
    /* Not a port: a password with a '/' or a space in it, or the text was cut inside it. */
    size_t word = url_end(v, stop, end, false);
    sign = view_find_last(v, at, word, '@');
    if (sign == word && p->cut && v->base + word == p->len)
        return word;
    if (sign == word)
        sign = far_sign(v, word, end);
    return sign < end ? sign : stop;
}

/* user:password@host after a URL's "://", which ends at `at`. */
static void hide_authority(struct parse *p, const struct view *v, size_t at)
{
    size_t end = v->len - at > AUTHORITY_MAX ? at + AUTHORITY_MAX : v->len;
    size_t stop = url_end(v, at, end, true);
    if (stop == at)
        return;
    size_t sign = find_sign(p, v, at, stop, end);
    size_t colon = view_find(v, at, sign, ':');
    if (sign == stop &&
        !(p->cut && v->base + sign == p->len && colon < sign && !all_digits(v, colon + 1, sign)))
        return;
    if (colon < sign)
        view_hide(p, v, colon + 1, sign);
    else if (sign - at >= USER_TOKEN_MIN && takes_token(v, at))
        view_hide(p, v, at, sign);
}

static void hide_hook(struct parse *p, const struct view *v, size_t at)
{
    size_t end = url_end(v, at, v->len - at > AUTHORITY_MAX ? at + AUTHORITY_MAX : v->len, false);
    size_t secret = secret_hook(v->s + at, end - at);
    if (secret)
        view_hide(p, v, at + secret, end);
}

/* jdbc:oracle:thin:user/password@host; `at` is after "jdbc:oracle:". */
static void hide_oracle(struct parse *p, const struct view *v, size_t at)
{
    size_t end = url_end(v, at, v->len - at > AUTHORITY_MAX ? at + AUTHORITY_MAX : v->len, false);
    size_t user = view_find(v, at, end, ':'), slash = view_find(v, user, end, '/');
    size_t sign = view_find_last(v, slash, end, '@');
    if (slash > user + 1 && sign < end && memchr(v->s + user, '@', slash - user) == NULL)
        view_hide(p, v, slash + 1, sign);
}

void url_scan(struct parse *p, const struct view *v)
{
    static const char oracle[] = "jdbc:oracle:";
    size_t n = sizeof oracle - 1;
    for (size_t i = 0; (i = view_find(v, i, v->len, ':')) + 3 <= v->len; i++) {
        if (v->s[i + 1] == '/' && v->s[i + 2] == '/') {
            hide_authority(p, v, i + 3);
            hide_hook(p, v, i + 3);
        } else if (i + 1 >= n && v->s[i - 1] == 'e' && memcmp(v->s + i + 1 - n, oracle, n) == 0) {
            hide_oracle(p, v, i + 1);
        }
    }
}

/* a.example.com, 10.0.0.7, localhost, [::1], and a port after it. */
static bool is_host(const struct view *v, size_t at, size_t end)
{
    size_t stop = at, dots = 0, last = at;
    bool digits = true;
    if (at < end && v->s[at] == '[')
        return true;
    for (; stop < end && (is_alnum(v->s[stop]) || v->s[stop] == '-' || v->s[stop] == '.'); stop++) {
        if (v->s[stop] == '.') {
            dots++;
            last = stop + 1;
        }
        digits &= is_digit(v->s[stop]) || v->s[stop] == '.';
    }
    if (stop == at)
        return at + 1 < end && v->s[at] == ':' && is_digit(v->s[at + 1]); /* user:x@:8080 */
    if (stop < end && v->s[stop] == ':' && stop + 1 < end && is_digit(v->s[stop + 1]) && dots == 0)
        return true; /* a port */
    if (view_is(v, at, stop, "localhost") || (digits && dots == 3))
        return true;
    bool letters = stop - last >= 2 && !is_digit(v->s[last]);
    return dots > 0 && letters && !is_digit(v->s[at]);
}

/* mailto:ana@example.com and the like: names of protocols whose text has an '@'. */
static bool is_protocol(const struct view *v, size_t end)
{
    static const char *const words[] = {"mailto", "sip", "sips", "xmpp", "npm",  "acct",
                                        "im",     "jid", "git",  "pkg",  "file", "from",
                                        "to",     "cc",  "bcc",  "smtp", "scp",  "github"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (view_is(v, 0, end, words[i]))
            return true;
    return false;
}

void url_user_at_host(struct parse *p, const struct view *v)
{
    size_t start = 0;
    if (v->s[0] == '-')
        return;
    if (v->s[0] == ':') /* cvs: :pserver:user:password@host:/path */
        start = view_find(v, 1, v->len, ':') + 1;
    size_t colon = start;
    while (colon < v->len && (is_name(v->s[colon]) || v->s[colon] == '/' || v->s[colon] == '\\'))
        colon++;
    if (colon <= start || colon >= v->len || v->s[colon] != ':' || is_protocol(v, colon) ||
        view_starts(v, colon, v->len, "://"))
        return;
    size_t sign = view_find_last(v, colon + 1, v->len, '@');
    if (sign >= v->len || sign == colon + 1 || view_starts(v, sign + 1, v->len, "sha256:"))
        return;
    if (!is_host(v, sign + 1, v->len) || all_digits(v, colon + 1, sign))
        return;
    if (view_find(v, colon + 1, sign, '/') == sign)
        view_hide(p, v, colon + 1, sign);
}
