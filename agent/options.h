/*
 * options: the command line.
 *
 * Every key of the configuration is an option: `--cmd-max 512`, `--cmd_max=512`. A key that is a
 * bool takes no next word: `--gzip` is true, `--gzip=false` and `--no-gzip` are false. First
 * options_parse(), which only reads; then, when the file has been loaded, options_apply().
 */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include "handler/shared/conf.h"

#include <stdbool.h>
#include <stddef.h>

enum { OPTIONS_MAX = 64 };

struct options {
    const char *config; /* NULL: the default path. Strings are borrowed from argv */
    const char *root;   /* NULL: "/" */
    bool print, help, version;
    size_t count; /* keys that were given, in their order */
    struct {
        const struct conf_key *key;
        const char *text;
    } set[OPTIONS_MAX];
};

/* False with one line in `error`, which never holds an option's value. */
bool options_parse(int argc, char *const argv[], const struct conf_key *keys, struct options *out,
                   char error[CONF_ERROR_LEN]);

/* Sets what was given through the keys' `dest`; strings that stand there are freed. */
bool options_apply(const struct options *o, char error[CONF_ERROR_LEN]);

#endif
