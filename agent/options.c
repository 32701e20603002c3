#include "agent/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word of the command line, taken apart: --name=value. */
struct word {
    const char *name;
    size_t len;
    const char *value; /* NULL: no '=' */
};

static bool fail(char error[CONF_ERROR_LEN], const struct word *w, const char *right)
{
    snprintf(error, CONF_ERROR_LEN, "--%.*s: %s", (int)(w->len < 64 ? w->len : 64), w->name, right);
    return false;
}

/* "cmd-max" is "cmd_max". */
static bool same_name(const struct word *w, const char *name)
{
    if (strlen(name) != w->len)
        return false;
    for (size_t i = 0; i < w->len; i++)
        if ((w->name[i] == '-' ? '_' : w->name[i]) != name[i])
            return false;
    return true;
}

static const struct conf_key *find_key(const struct word *w, const struct conf_key *keys)
{
    for (; keys->name; keys++)
        if (same_name(w, keys->name))
            return keys;
    return NULL;
}

static bool is_flag(const struct word *w, struct options *out)
{
    struct {
        const char *name;
        bool *flag;
    } const flags[] = {{"print", &out->print}, {"help", &out->help}, {"version", &out->version}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (!w->value && same_name(w, flags[i].name)) {
            *flags[i].flag = true;
            return true;
        }
    }
    return false;
}

static bool add(struct options *out, const struct conf_key *key, const char *text,
                const struct word *w, char error[CONF_ERROR_LEN])
{
    if (out->count == OPTIONS_MAX)
        return fail(error, w, "is one option too many");
    out->set[out->count].key = key;
    out->set[out->count++].text = text;
    return true;
}

/* --no-gzip. True when `w` is such a word. */
static bool is_negated(struct word *w, const struct conf_key *keys, const struct conf_key **key)
{
    if (w->len < 4 || strncmp(w->name, "no-", 3) != 0 || w->value)
        return false;
    struct word rest = {w->name + 3, w->len - 3, NULL};
    *key = find_key(&rest, keys);
    return *key && (*key)->type == CONF_BOOL;
}

/* The option's value: behind its '=', or the next word, which `*at` then passes. */
static const char *take_value(const struct word *w, int argc, char *const argv[], int *at)
{
    if (w->value || *at + 1 >= argc)
        return w->value;
    return argv[++*at];
}

static bool parse_word(struct word *w, int argc, char *const argv[], int *at,
                       const struct conf_key *keys, struct options *out, char error[CONF_ERROR_LEN])
{
    const struct conf_key *key;
    if (is_flag(w, out))
        return true;
    if (is_negated(w, keys, &key))
        return add(out, key, "false", w, error);
    key = find_key(w, keys);
    const char **path = same_name(w, "config") ? &out->config
                        : same_name(w, "root") ? &out->root
                                               : NULL;
    if (!key && !path)
        return fail(error, w, "unknown option; see --help");
    if (key && strcmp(key->name, "token") == 0)
        return fail(error, w,
                    "a command line can be read by everybody here; use --token-file FILE");
    if (key && key->type == CONF_BOOL)
        return add(out, key, w->value ? w->value : "true", w, error);
    const char *value = take_value(w, argc, argv, at);
    if (!value || !*value)
        return fail(error, w, "needs a value");
    if (key)
        return add(out, key, value, w, error);
    *path = value;
    return true;
}

bool options_parse(int argc, char *const argv[], const struct conf_key *keys, struct options *out,
                   char error[CONF_ERROR_LEN])
{
    *out = (struct options){0};
    for (int at = 1; at < argc; at++) {
        const char *arg = argv[at];
        if (strcmp(arg, "-h") == 0)
            arg = "--help";
        if (strcmp(arg, "-V") == 0)
            arg = "--version";
        if (strncmp(arg, "--", 2) != 0 || !arg[2]) {
            snprintf(error, CONF_ERROR_LEN, "argument %d is not an option; see --help", at);
            return false;
        }
        size_t len = strcspn(arg + 2, "=");
        struct word w = {arg + 2, len, arg[2 + len] ? arg + 3 + len : NULL};
        if (!parse_word(&w, argc, argv, &at, keys, out, error))
            return false;
    }
    return true;
}

bool options_apply(const struct options *o, char error[CONF_ERROR_LEN])
{
    for (size_t i = 0; i < o->count; i++) {
        const struct conf_key *key = o->set[i].key;
        if (key->type == CONF_STRING) {
            free(*(char **)key->dest);
            *(char **)key->dest = NULL;
        }
        if (!conf_set(key, o->set[i].text, error))
            return false;
    }
    return true;
}
