#include "agent/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LEN = 32, SHOWN_MAX = 64 };

/* What an option does. The values are above all short options. */
enum option_action { OPTION_KEY = 256, OPTION_FALSE, OPTION_TOKEN, OPTION_PATH, OPTION_FLAG };

/* The long options, and for each what it is about. */
struct option_table {
    size_t count;
    struct option options[2 * OPTIONS_MAX + 1]; /* with the end mark */
    char names[2 * OPTIONS_MAX][NAME_MAX_LEN];
    const struct conf_key *keys[2 * OPTIONS_MAX];
    const char **paths[2 * OPTIONS_MAX];
    bool *flags[2 * OPTIONS_MAX];
};

static bool options_fail(char error[CONF_ERROR_LEN], const char *word, const char *right)
{
    int len = (int)strcspn(word, "=");
    snprintf(error, CONF_ERROR_LEN, "%.*s: %s", len < SHOWN_MAX ? len : SHOWN_MAX, word, right);
    return false;
}

/* Adds `prefix` and `name`; returns its place. */
static size_t options_add(struct option_table *t, const char *prefix, const char *name,
                          enum option_action action, int has_value)
{
    size_t at = t->count < 2 * OPTIONS_MAX ? t->count++ : 2 * OPTIONS_MAX - 1;
    snprintf(t->names[at], NAME_MAX_LEN, "%s%s", prefix, name);
    t->options[at] = (struct option){t->names[at], has_value, NULL, (int)action};
    return at;
}

/* A key under both spellings, cmd_max and cmd-max. */
static void options_add_key(struct option_table *t, const struct conf_key *key, bool negated)
{
    bool boolean = key->type == CONF_BOOL, token = strcmp(key->name, "token") == 0;
    enum option_action action = negated ? OPTION_FALSE : token ? OPTION_TOKEN : OPTION_KEY;
    int has_value = negated            ? no_argument
                    : boolean || token ? optional_argument
                                       : required_argument;
    int spellings = strchr(key->name, '_') ? 2 : 1;
    for (int dashes = 0; dashes < spellings; dashes++) {
        size_t at = options_add(t, negated ? "no-" : "", key->name, action, has_value);
        t->keys[at] = key;
        for (char *c = t->names[at]; dashes && *c; c++)
            if (*c == '_')
                *c = '-';
    }
}

static void options_build(struct option_table *t, const struct conf_key *keys, struct options *out)
{
    *t = (struct option_table){0};
    for (; keys->name; keys++) {
        options_add_key(t, keys, false);
        if (keys->type == CONF_BOOL)
            options_add_key(t, keys, true);
    }
    t->paths[options_add(t, "", "config", OPTION_PATH, required_argument)] = &out->config;
    t->paths[options_add(t, "", "root", OPTION_PATH, required_argument)] = &out->root;
    t->flags[options_add(t, "", "print", OPTION_FLAG, no_argument)] = &out->print;
    t->flags[options_add(t, "", "check", OPTION_FLAG, no_argument)] = &out->check;
    t->flags[options_add(t, "", "help", OPTION_FLAG, no_argument)] = &out->help;
    t->flags[options_add(t, "", "version", OPTION_FLAG, no_argument)] = &out->version;
}

/* The option at place `at`, given as `word`, with the value that getopt_long(3) found. */
static bool options_take(const struct option_table *t, size_t at, const char *word,
                         struct options *out, char error[CONF_ERROR_LEN])
{
    const char *value = optarg;
    enum option_action action = (enum option_action)t->options[at].val;
    if (action == OPTION_TOKEN)
        return options_fail(error, word,
                            "anyone on this host can read a command line; use --token-file FILE");
    if (t->options[at].has_arg == required_argument && !*value)
        return options_fail(error, word, "needs a value");
    if (action == OPTION_FLAG) {
        *t->flags[at] = true;
        return true;
    }
    if (action == OPTION_PATH) {
        *t->paths[at] = value;
        return true;
    }
    if (out->count == OPTIONS_MAX)
        return options_fail(error, word, "too many options");
    out->set[out->count].key = t->keys[at];
    out->set[out->count++].text = value ? value : action == OPTION_FALSE ? "false" : "true";
    return true;
}

/* getopt_long(3) also accepts a unique beginning of a name. */
static bool options_is_exact(const char *word, const char *name)
{
    size_t len = strlen(name);
    return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, len) == 0 &&
           (word[2 + len] == '\0' || word[2 + len] == '=');
}

bool options_parse(int argc, char *argv[], const struct conf_key *keys, struct options *out,
                   char error[CONF_ERROR_LEN])
{
    struct option_table t;
    int option, at = 0;
    *out = (struct options){0};
    options_build(&t, keys, out);
    opterr = 0;
    optind = 1;
    for (int word = 1; (option = getopt_long(argc, argv, "+:hV", t.options, &at)) != -1;
         word = optind) {
        if (option == 'h')
            out->help = true;
        else if (option == 'V')
            out->version = true;
        else if (option == ':')
            return options_fail(error, argv[word], "needs a value");
        else if (option == '?' || !options_is_exact(argv[word], t.names[at]))
            return options_fail(error, argv[word], "unknown option; see --help");
        else if (!options_take(&t, (size_t)at, argv[word], out, error))
            return false;
    }
    if (optind < argc) {
        snprintf(error, CONF_ERROR_LEN, "argument %d is not an option; see --help", optind);
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
