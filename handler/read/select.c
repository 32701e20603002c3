#include "handler/read/select.h"

#include "handler/read/glob.h"

#include <string.h>

static const char *const field_names[SELECT_FIELDS] = {
    "", "ip", "hostname", "label", "system", "kernel", "processor", "state", "flag"};

/* Takes `field:` off the front of a word. A word such as 2001:db8::1 has none. */
static bool select_field(char **word, enum select_field *field)
{
    size_t len = strcspn(*word, ":");
    *field = SELECT_ANY;
    if ((*word)[len] != ':' || strspn(*word, "0123456789abcdefABCDEF") >= len)
        return true;
    for (enum select_field i = SELECT_IP; i < SELECT_FIELDS; i++) {
        if (strlen(field_names[i]) != len || strncmp(field_names[i], *word, len) != 0)
            continue;
        *field = i;
        *word += len + 1;
        return true;
    }
    return false;
}

/* Cuts the next word off *at, in place, its quotes removed. NULL: no more. */
static char *select_word(char **at, bool *ok)
{
    char *from = *at + strspn(*at, " "), *word = from, *to = from;
    bool quoted = false;
    if (!*from)
        return NULL;
    for (; *from && (quoted || *from != ' '); from++) {
        if (*from == '"')
            quoted = !quoted;
        else
            *to++ = *from;
    }
    *ok = !quoted;
    *at = *from ? from + 1 : from;
    *to = '\0';
    return word;
}

static const char *select_term(char *word, struct select_term *term)
{
    *term = (struct select_term){.field = SELECT_ANY};
    term->negate = *word == '-' && word[1];
    word += term->negate;
    if (!select_field(&word, &term->field))
        return "unknown field; known are ip hostname label system kernel processor state flag";
    term->value = word;
    if (term->field == SELECT_IP && strchr(word, '/')) {
        term->is_prefix = true;
        if (!ip_prefix_parse(word, &term->prefix))
            return "a prefix must be like 10.4.7.0/24 or 2001:db8::/32";
    }
    return NULL;
}

bool select_parse(struct select *s, const char *text, const char **reason)
{
    s->count = 0;
    *reason = NULL;
    if (strlen(text) >= sizeof s->text) {
        *reason = "expected at most 4095 bytes";
        return false;
    }
    memcpy(s->text, text, strlen(text) + 1);
    bool ok = true;
    for (char *at = s->text, *word; !*reason && (word = select_word(&at, &ok));) {
        if (!ok)
            *reason = "a quote has no end";
        else if (s->count == SELECT_TERMS_MAX)
            *reason = "expected at most 64 words";
        else
            *reason = select_term(word, &s->terms[s->count++]);
    }
    return !*reason;
}

/* ---- matching */

static bool select_text(const char *text, const char *value)
{
    return glob_contains(text, strlen(text), value);
}

static bool select_fact(const struct host *host, enum fact fact, const char *value)
{
    const struct text *have = host->report ? &host->report->fact[fact] : NULL;
    return have && have->ptr && glob_contains(have->ptr, have->len, value);
}

static bool select_label(const struct host *host, const char *value)
{
    bool found = false;
    for (size_t i = 0; i < host->says.label_count && !found; i++)
        found = select_text(host->says.labels[i], value);
    return found;
}

static bool select_flag(const struct host *host, const char *value)
{
    bool found = false;
    for (enum host_flag flag = 0; flag < FLAG_COUNT && !found; flag++)
        found = (host->flags & 1u << flag) && select_text(hosts_flag_name(flag), value);
    return found;
}

static bool select_system(const struct host *host, const char *value)
{
    return select_fact(host, FACT_OS_PRETTY_NAME, value) || select_fact(host, FACT_OS_NAME, value);
}

static bool select_one(const struct select_term *term, const struct host *host)
{
    switch (term->field) {
    case SELECT_IP:
        if (term->is_prefix)
            return *host->ip.text && ip_matches(&host->ip, &term->prefix);
        return select_text(host->ip.text, term->value);
    case SELECT_HOSTNAME:
        return select_text(hosts_name(host), term->value);
    case SELECT_LABEL:
        return select_label(host, term->value);
    case SELECT_SYSTEM:
        return select_system(host, term->value);
    case SELECT_KERNEL:
        return select_fact(host, FACT_OS_VER, term->value);
    case SELECT_PROCESSOR:
        return select_fact(host, FACT_PROCESSOR, term->value);
    case SELECT_STATE:
        return select_text(states_name(host->state), term->value);
    case SELECT_FLAG:
        return select_flag(host, term->value);
    default:
        return select_text(host->ip.text, term->value) ||
               select_text(hosts_name(host), term->value) || select_system(host, term->value) ||
               select_fact(host, FACT_OS_VER, term->value) || select_label(host, term->value);
    }
}

bool select_matches(const struct select *s, const struct host *host)
{
    for (size_t i = 0; i < s->count; i++)
        if (select_one(&s->terms[i], host) == s->terms[i].negate)
            return false;
    return true;
}
