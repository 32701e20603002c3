/*
 * options: the command line, with getopt_long(3).
 *
 * Every key of the configuration is an option: `--cmd-max 512`, `--cmd_max=512`. A boolean key
 * takes no separate value: `--gzip` is true, `--gzip=false` and `--no-gzip` are false. Names must
 * be written out. Call options_parse() first, which only reads, and options_apply() after the
 * configuration file was loaded.
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
    bool print, check, help, version;
    size_t count; /* of the keys that were given, in their order */
    struct {
        const struct conf_key *key;
        const char *text;
    } set[OPTIONS_MAX];
};

/* False with one line in `error`, which never contains the value of an option. */
bool options_parse(int argc, char *argv[], const struct conf_key *keys, struct options *out,
                   char error[CONF_ERROR_LEN]);

/* Stores the given values through the keys' `dest`. Earlier strings are freed. */
bool options_apply(const struct options *o, char error[CONF_ERROR_LEN]);

#endif
