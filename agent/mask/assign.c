#include "agent/mask/view.h"

#include <strings.h>

enum {
    AWS_SECRET_LEN = 40,
    LOOKS = 16, /* times that a byte may be looked at, on average */
    LOOKS_MIN = 4096,
};

/* The name in front of a value. */
struct assignment {
    size_t name, name_end;
    char before; /* the byte in front of the name; 0 at the beginning */
    bool quoted; /* "name" */
    bool first;  /* only what belongs to the name is before it in the argument */
    bool option; /* starts with '-', or is a header: no other assignment follows the value */
    bool spaced; /* white space before the '=' */
    bool braces; /* a '{' is somewhere before it */
};

/* The end of a value that starts after the quote `q`, which backslashes protect. */
static size_t quoted_end(const struct view *v, size_t at, char q, bool escaped)
{
    for (; at < v->len && v->s[at] != q; at++) {
        if (v->s[at] != '\\')
            continue;
        if (escaped)
            return at; /* \"value\": the backslash belongs to the closing quote */
        if (at + 1 < v->len)
            at++;
    }
    return at;
}

/* "&name=", ";name=" or ",name=" at `at`: the next of several assignments. */
static bool next_assignment(const struct view *v, size_t at)
{
    if (v->s[at] != '&' && v->s[at] != ';' && v->s[at] != ',')
        return false;
    size_t name = view_skip_space(v, at + 1, v->len), end = name;
    while (end < v->len && (is_name(v->s[end]) || v->s[end] == '[' || v->s[end] == ']'))
        end++;
    return end > name && end < v->len && v->s[end] == '=';
}

/* A quote before white space, or at the end: of a text around the assignment. */
static bool ends_text(const struct view *v, size_t at)
{
    return at + 1 == v->len || is_space(v->s[at + 1]) || v->s[at + 1] == ';' || v->s[at + 1] == ')';
}

static size_t unquoted_end(const struct view *v, const struct assignment *a, size_t at, size_t end)
{
    for (; at < end; at++) {
        char c = v->s[at];
        if (is_space(c) && !a->first)
            break;
        if (is_quote(c) && (c == a->before || (!a->first && ends_text(v, at))))
            break;
        if ((a->quoted || a->braces) && (c == ',' || c == '}' || c == ']'))
            break;
        if (!a->option && next_assignment(v, at))
            break;
    }
    return at;
}

static bool is_authorization(const struct view *v, const struct assignment *a)
{
    static const char word[] = "authorization";
    size_t n = sizeof word - 1, len = a->name_end - a->name;
    return len >= n && strncasecmp(v->s + a->name_end - n, word, n) == 0;
}

/* `Bearer x`: the scheme of an Authorization header stays readable. */
static size_t skip_scheme(const struct view *v, size_t at)
{
    size_t end = at;
    while (end < v->len && is_alnum(v->s[end]))
        end++;
    size_t next = view_skip_space(v, end, v->len);
    return next > end && next < v->len ? next : at;
}

static bool is_scheme(const struct view *v)
{
    static const char *const words[] = {"basic", "bearer", "digest",
                                        "token", "apikey", "negotiate"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (view_is(v, 0, v->len, words[i]))
            return true;
    return false;
}

/* N'x', E'x': a text of SQL. */
static bool is_text_prefix(const struct view *v, size_t at)
{
    return at + 1 < v->len && is_quote(v->s[at + 1]) && (v->s[at] == 'N' || v->s[at] == 'E');
}

/* Hides what is secret of a value; returns where the value ends. */
static size_t hide_assigned(struct parse *p, const struct view *v, const struct assignment *a,
                            enum secret_kind kind, size_t at)
{
    bool colon = v->s[at - 1] == ':', arrow = !colon && at < v->len && v->s[at] == '>';
    at += arrow; /* Perl and Ruby: password => "x" */
    size_t value = view_skip_space(v, at, v->len), end;
    if (colon || arrow || a->quoted || a->spaced || (value < v->len && value == at))
        at = value;
    bool escaped = at + 1 < v->len && v->s[at] == '\\' && is_quote(v->s[at + 1]);
    bool all = a->first && a->option && !colon; /* quotes are part of the value */
    at += !all && (escaped || is_text_prefix(v, at));
    if (!all && at < v->len && is_quote(v->s[at])) {
        end = quoted_end(v, at + 1, v->s[at], escaped);
        at++;
    } else if (a->quoted && at < v->len && (v->s[at] == '{' || v->s[at] == '[')) {
        return at;
    } else {
        at = colon && is_authorization(v, a) ? skip_scheme(v, at) : at;
        end = unquoted_end(v, a, at, v->len);
    }
    if (kind == SECRET_COOKIE && (colon || v->s[a->name] != '-'))
        kind = SECRET_PASSWORD;
    if (kind == SECRET_PAIR && a->quoted)
        kind = SECRET_KEY;
    struct view part = view_part(v, at, end);
    bool scheme = colon && is_authorization(v, a) && is_scheme(&part);
    if (part.len && !scheme)
        value_hide(p, &part, 0, kind, 0);
    return end;
}

/* user[password]=x, user%5Bpassword%5D=x: the name is in the brackets. */
static size_t skip_bracket(const struct view *v, size_t end)
{
    if (end > 1 && v->s[end - 1] == ']')
        end--;
    else if (end > 3 && view_is(v, end - 3, end, "%5D"))
        end -= 3;
    return end;
}

/* Finds the name that ends at `mark`, where '=' or ':' is. */
static bool name_before(const struct view *v, size_t from, size_t mark, struct assignment *a)
{
    size_t end = mark;
    while (end > from && is_space(v->s[end - 1]))
        end--;
    if (end > from && end == mark && v->s[mark] == '=' && v->s[end - 1] == ':')
        mark = --end; /* name := value */
    while (end > from && is_space(v->s[end - 1]))
        end--;
    a->spaced = end < mark;
    if (end > from && is_quote(v->s[end - 1])) {
        a->quoted = true;
        end--;
        if (end > from && v->s[end - 1] == '\\')
            end--;
    } else if (a->spaced && v->s[mark] == ':') {
        return false; /* "name" : … has its quotes, name : … is prose */
    }
    end = skip_bracket(v, end);
    size_t at = end;
    while (at > from && is_name(v->s[at - 1]))
        at--;
    a->name = at;
    a->name_end = end;
    a->option = end > at && v->s[at] == '-';
    a->before = at > from ? v->s[at - 1] : '\0';
    if (end - at > 2 && a->before == '%' && view_starts(v, at, end, "5B"))
        a->name += 2;
    return end > at;
}

/* PRIVATE-TOKEN, JOB-TOKEN: a header by its looks. */
static bool is_header_name(const struct view *v, const struct assignment *a)
{
    bool dash = false;
    for (size_t i = a->name; i < a->name_end; i++) {
        if (v->s[i] >= 'a' && v->s[i] <= 'z')
            return false;
        dash |= v->s[i] == '-' && i > a->name + 1;
    }
    return dash;
}

/* password:hunter2, but not password:reset. */
static bool is_password_value(const struct view *v, const struct assignment *a, size_t at)
{
    size_t n = a->name_end - a->name;
    if (a->before == ':' || n < 6 ||
        !(view_is(v, a->name_end - 6, a->name_end, "passwd") ||
          (n >= 8 && view_is(v, a->name_end - 8, a->name_end, "password"))))
        return false;
    for (; at < v->len && !is_space(v->s[at]); at++)
        if (!(v->s[at] >= 'a' && v->s[at] <= 'z') && v->s[at] != '-' && v->s[at] != ':')
            return true;
    return false;
}

/* A colon is before a value in JSON, in YAML, and in headers, which may lack the space. */
static bool colon_assigns(const struct view *v, const struct assignment *a, size_t mark,
                          bool header)
{
    if (a->quoted)
        return true;
    if (mark + 1 >= v->len || view_starts(v, mark, v->len, "://"))
        return false;
    char next = v->s[mark + 1];
    if (is_space(next) || is_quote(next) ||
        (next == '\\' && mark + 2 < v->len && is_quote(v->s[mark + 2])))
        return true;
    if (a->before == '/')
        return false; /* the user of a URL, the last part of an image's name */
    if (header || is_authorization(v, a) || view_starts(v, a->name, a->name_end, "x-") ||
        view_starts(v, a->name, a->name_end, "-H"))
        return true;
    return a->braces || is_header_name(v, a) || is_password_value(v, a, mark + 1);
}

/* AWS's secret keys: 40 of base64's characters, which a SHA-1 in hex is not. */
static bool is_aws_secret(const struct view *v, size_t at, size_t end)
{
    bool upper = false, lower = false, digit = false;
    if (end - at != AWS_SECRET_LEN || value_is_path(v, at, end))
        return false;
    for (; at < end; at++) {
        char c = v->s[at];
        if (!is_alnum(c) && c != '/' && c != '+' && c != '=')
            return false;
        upper |= c >= 'A' && c <= 'Z';
        lower |= c >= 'a' && c <= 'z';
        digit |= is_digit(c);
    }
    return upper && lower && digit;
}

/* A value whose name tells nothing. */
static void hide_aws_secret(struct parse *p, const struct view *v, const struct assignment *a,
                            size_t at)
{
    size_t far = at + 1 + AWS_SECRET_LEN; /* no need to know how much longer it is */
    size_t end = unquoted_end(v, a, at, far < v->len ? far : v->len);
    if (is_aws_secret(v, at, end))
        view_hide(p, v, at, end);
}

/* PGPASSWORD=x is one argument: a variable, whose value may have anything. */
static bool is_variable(const struct view *v, const struct assignment *a, size_t mark)
{
    if (a->name != 0 || a->name_end != mark)
        return false;
    for (size_t i = 0; i < mark; i++)
        if (!(v->s[i] >= 'A' && v->s[i] <= 'Z') && !is_digit(v->s[i]) && v->s[i] != '_')
            return false;
    return true;
}

static bool is_hidden(const struct parse *p, const struct view *v, size_t at)
{
    return p->hide[v->places ? v->places[at] : v->base + at];
}

/* The assignment whose '=' or ':' is at `mark`. Returns how far it has been looked at. */
static size_t assign_one(struct parse *p, const struct view *v, struct assignment *a, size_t mark,
                         bool header)
{
    bool colon = v->s[mark] == ':';
    enum secret_kind kind = secret_name(p->ix, v->s + a->name, a->name_end - a->name);
    if (kind == SECRET_NOT && !colon)
        hide_aws_secret(p, v, a, mark + 1);
    if (kind == SECRET_NOT || (colon && !colon_assigns(v, a, mark, header)))
        return mark;
    a->option |= (colon && !a->quoted && !a->braces) || (a->first && is_variable(v, a, mark));
    return hide_assigned(p, v, a, kind, mark + 1) - 1;
}

void assign_scan(struct parse *p, const struct view *v, struct assign_context context)
{
    size_t blank = view_find_space(v, 0, v->len), from = 0, looks = LOOKS * v->len + LOOKS_MIN;
    bool braces = false;
    for (size_t i = 0; i < v->len; i++) {
        char c = v->s[i];
        braces |= c == '{';
        if (c != '=' && c != ':')
            continue;
        struct assignment a = {.braces = braces};
        bool plain = context.plain && c == '=';
        context.plain &= !plain;
        if (plain || !name_before(v, from, i, &a))
            continue;
        a.first = context.whole && (a.name <= blank || a.before == ';') && !a.spaced;
        size_t last = assign_one(p, v, &a, i, context.header);
        if (looks <= last - i) {
            view_hide(p, v, i + 1, v->len); /* assignments in assignments: nobody's text */
            return;
        }
        looks -= last - i;
        if (last > i && is_hidden(p, v, last))
            from = i = last; /* what is hidden needs no second look, however long it is */
    }
}

void assign_xml(struct parse *p, const struct view *v)
{
    for (size_t at = view_find(v, 0, v->len, '<'); at < v->len;) {
        size_t name = at + 1, end = name;
        while (end < v->len && is_name(v->s[end]))
            end++;
        size_t next = view_find(v, end, v->len, '<');
        if (end > name && end < v->len && v->s[end] == '>') {
            enum secret_kind kind = secret_name(p->ix, v->s + name, end - name);
            if (kind != SECRET_NOT)
                value_hide_to(p, v, end + 1, next, SECRET_KEY);
        }
        at = next;
    }
}
