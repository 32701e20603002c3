/*
 * watchconf: rollcall-watch.json(5).
 */
#ifndef HANDLER_WATCH_WATCHCONF_H
#define HANDLER_WATCH_WATCHCONF_H

#include "handler/shared/conf.h"

enum { WATCH_TARGETS_MAX = 16, WATCH_SECRET_MAX = 4096 };

struct target {
    char *type; /* "webhook" or "alertmanager" */
    char *url;
    char *name; /* of its state file */
    char *secret_file, *cacert;
    int64_t timeout; /* ms */
    bool alertmanager;
    char secret[WATCH_SECRET_MAX + 1]; /* "": none; never show it */
    size_t secret_len;
};

struct watchconf {
    struct conf_list list; /* of `targets` */
    struct target targets[WATCH_TARGETS_MAX];
    char *page_url; /* NULL: none; ends with a slash */
    int64_t storm;  /* percent */
    bool evidence;
};

/* False with one line in `error` that names the file, the key and what is right. */
bool watchconf_load(const char *path, struct watchconf *w, char error[CONF_ERROR_LEN]);

/* True for https, and for http to a loopback address, without a user name. For tests. */
bool watchconf_is_safe(const char *url);

#endif
