#include "agent/mask/view.h"

enum {
    PART_MAX = 20,   /* letters and digits in a row in a path's part */
    TEXT_MAX = 1024, /* a path, a file's name or a description is not longer */
};

static bool all_digits(const struct view *v, size_t at, size_t end)
{
    while (at < end && is_digit(v->s[at]))
        at++;
    return at == end;
}

static bool starts_path(const struct view *v, size_t at, size_t end)
{
    static const char *const starts[] = {"/", "./", "../", "~/"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (view_starts(v, at, end, starts[i]))
            return true;
    return false;
}

bool value_is_path(const struct view *v, size_t at, size_t end)
{
    size_t run = 0;
    bool digit = false, small = false, capital = false;
    if (!starts_path(v, at, end))
        return false;
    for (; at < end; at++) {
        char c = v->s[at];
        if (c == '+' || c == '=' || is_space(c))
            return false;
        run = is_alnum(c) ? run + 1 : 0;
        digit = run && (digit || is_digit(c));
        small = run && (small || (c >= 'a' && c <= 'z'));
        capital = run && (capital || (c >= 'A' && c <= 'Z'));
        if (run > PART_MAX && digit && small && capital)
            return false;
    }
    return true;
}

static bool has_extension(const struct view *v, size_t at, size_t end)
{
    static const char *const extensions[] = {
        "pem", "key", "crt",  "cer", "json", "p12",  "pfx", "jks", "txt", "yml",  "yaml", "conf",
        "cfg", "ini", "env",  "gpg", "asc",  "der",  "p8",  "ppk", "pub", "file", "bin",  "jwt",
        "jwk", "b64", "jwks", "csv", "age",  "toml", "xml", "enc", "sec", "tok",  "token"};
    size_t dot = view_find_last(v, at, end, '.');
    for (size_t i = 0; dot < end && i < sizeof extensions / sizeof *extensions; i++)
        if (view_is(v, dot + 1, end, extensions[i]))
            return true;
    return false;
}

/* Names where the secret is, and is not it: a variable, a store of secrets. */
static bool is_reference(const struct view *v, size_t at, size_t end)
{
    static const char *const starts[] = {
        "env:",        "file:",   "fd:",     "arn:aws",  "op://",
        "vault://",    "vault:",  "ssm://",  "awssm://", "gcpsm://",
        "azurekms://", "awskms:", "pkcs11:", "keyring:", "secretref:"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (view_starts(v, at, end, starts[i]))
            return true;
    return false;
}

static bool is_switch(const struct view *v, size_t at, size_t end)
{
    static const char *const words[] = {"true", "false", "yes", "no",   "none",
                                        "null", "on",    "off", "stdin"};
    if (end - at > 5)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (view_is(v, at, end, words[i]))
            return true;
    return end - at == 1 && (v->s[at] == '-' || is_digit(v->s[at]));
}

/* id=mytoken,src=/run/secrets/x: how docker and others describe a secret. */
static bool is_description(const struct view *v, size_t at, size_t end)
{
    return view_starts(v, at, end, "id=") || view_starts(v, at, end, "src=") ||
           view_starts(v, at, end, "type=") || view_starts(v, at, end, "source=");
}

/* A value that tells nothing. */
static bool is_harmless(const struct view *v, size_t at, size_t end, enum secret_kind kind)
{
    if (is_switch(v, at, end) || is_reference(v, at, end))
        return true;
    if (kind != SECRET_KEY || end - at > TEXT_MAX)
        return false;
    return v->s[at] == '@' || value_is_path(v, at, end) || has_extension(v, at, end) ||
           is_description(v, at, end);
}

bool value_hide_to(struct parse *p, const struct view *v, size_t at, size_t end,
                   enum secret_kind kind)
{
    if (at >= end || is_harmless(v, at, end, kind))
        return false;
    view_hide(p, v, at, end);
    return true;
}

/* scott/tiger@db: from the '/' to the last '@'. */
static void hide_oracle(struct parse *p, const struct view *v, size_t at)
{
    size_t slash = view_find(v, at, v->len, '/'), end = v->len;
    if (slash == at || slash == v->len || v->s[at] == '@')
        return;
    for (size_t i = at; i < slash; i++)
        if (!is_name(v->s[i]) && v->s[i] != '$' && v->s[i] != '#' && v->s[i] != '[' &&
            v->s[i] != ']' && v->s[i] != '"')
            return;
    size_t sign = view_find_last(v, slash, end, '@');
    view_hide(p, v, slash + 1, sign < end ? sign : end);
}

bool value_hide(struct parse *p, const struct view *v, size_t at, enum secret_kind kind, char after)
{
    if (after == '/') {
        hide_oracle(p, v, at);
        return false;
    }
    if (kind == SECRET_PAIR && !starts_path(v, at, v->len))
        after = ':';
    else if (kind == SECRET_COOKIE)
        after = '=';
    else if (kind == SECRET_PAIR)
        return false;
    if (!after)
        return value_hide_to(p, v, at, v->len, kind);
    size_t mark = view_find(v, at, v->len, after);
    if (mark == v->len || (after == ':' && view_starts(v, mark, v->len, "://")))
        return false;
    if (after != ':' || !all_digits(v, mark + 1, v->len) || kind != SECRET_PAIR)
        value_hide_to(p, v, mark + 1, v->len, SECRET_PASSWORD);
    return false;
}
