/*
 * config: the configuration of the agent: rollcall-agent.json(5), and the same keys as options.
 *
 * Call config_init(), config_keys(), conf_load() and options_apply() with these keys, then
 * config_check(), and config_release() at the end. The struct owns its strings.
 */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include "handler/shared/conf.h"

#include <stdbool.h>
#include <stdint.h>

#define CONFIG_PATH "/etc/rollcall/agent.json"
#define SPOOL_PATH  "/var/spool/rollcall"

enum { CONFIG_KEYS = 24 };

enum config_args { ARGS_MASKED, ARGS_NONE, ARGS_FULL };

struct agent_config {
    char *url;
    char *token_file;
    char *token; /* the key, or the contents of token_file; never show it */
    char *uuid;
    char *format;
    char *args; /* as given; `arguments` is its meaning */
    char *cacert, *cert, *key;
    char *log;
    bool containers, gzip, insecure, full, listening;
    int64_t cmd_max;  /* bytes */
    int64_t deadline; /* this and the following: milliseconds */
    int64_t connect_timeout, max_time, splay;
    int64_t every; /* 0: once */
    char *spool;   /* a path; unused unless `spooling` */
    int64_t spool_bytes;
    int64_t spool_age; /* ms */
    bool spooling;     /* this and the next: set by config_check() */
    bool listings;     /* format is "record" */
    enum config_args arguments;
};

void config_init(struct agent_config *c);

/* Fills the table of conf.h, with its end mark, with keys that set the members of `c`. */
void config_keys(struct agent_config *c, struct conf_key keys[CONFIG_KEYS + 1]);

/*
 * Checks what the table cannot: keys that depend on each other, the token file (which is read
 * here), and with `sending` the keys that sending requires. `path` is the configuration file that
 * was loaded, or NULL. False with one line in `error` that names the key.
 */
bool config_check(struct agent_config *c, const char *path, bool sending,
                  char error[CONF_ERROR_LEN]);

/*
 * Reads token_file again, if there is one. `changed` tells whether it contains another token. False
 * with one line in `error` if it cannot be used; the known token is kept.
 */
bool config_renew_token(struct agent_config *c, bool *changed, char error[CONF_ERROR_LEN]);

void config_release(struct agent_config *c);

#endif
