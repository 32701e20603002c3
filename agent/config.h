/*
 * config: what the agent is told: rollcall-agent.json(5), and the same keys as options.
 *
 * Order of calls: config_init(), config_keys(), conf_load() and options_apply() over these keys,
 * config_check(); config_release() at the end. Strings belong to the struct.
 */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include "handler/shared/conf.h"

#include <stdbool.h>
#include <stdint.h>

#define CONFIG_PATH "/etc/rollcall/agent.json"
#define SPOOL_PATH  "/var/spool/rollcall"

enum { CONFIG_KEYS = 23 };

enum config_args { ARGS_MASKED, ARGS_NONE, ARGS_FULL };

struct config {
    char *url;
    char *token_file;
    char *token; /* from the file's key, or what token_file holds; never to be shown */
    char *uuid;
    char *format;
    char *args; /* as it was given; `arguments` is what it means */
    char *cacert, *cert, *key;
    char *log;
    bool containers, gzip, insecure, full;
    int64_t cmd_max;  /* bytes */
    int64_t deadline; /* this and the following: milliseconds */
    int64_t connect_timeout, max_time, splay;
    int64_t every; /* 0: once */
    char *spool;   /* a path; `spooling` says whether there is to be one */
    int64_t spool_bytes;
    int64_t spool_age; /* ms */
    bool spooling;     /* this and the next: set by config_check() */
    bool listings;     /* format is "record" */
    enum config_args arguments;
};

void config_init(struct config *c);

/* Fills the table of shared/conf.h, with its end mark, to set the members of `c`. */
void config_keys(struct config *c, struct conf_key keys[CONFIG_KEYS + 1]);

/*
 * What the table cannot say: keys that belong together, the token's file (read here), and, with
 * `sending`, what is needed for that. `path` is the configuration file that was loaded, NULL
 * without one. False with one line in `error` that names the key.
 */
bool config_check(struct config *c, const char *path, bool sending, char error[CONF_ERROR_LEN]);

/*
 * Reads token_file again, where there is one; `changed` says whether another token stands there
 * now. False with one line in `error` when it cannot be used; the token that is known stays.
 */
bool config_renew_token(struct config *c, bool *changed, char error[CONF_ERROR_LEN]);

void config_release(struct config *c);

#endif
