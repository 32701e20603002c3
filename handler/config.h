/*
 * config: rollcall-handler.json(5).
 *
 * config_path() is the file that ROLLCALL_CONFIG names, else /etc/rollcall/handler.json. If
 * config_load() fails, it returns false with one line in `error`; the caller prints it and exits
 * with status 78.
 */
#ifndef HANDLER_CONFIG_H
#define HANDLER_CONFIG_H

#include "handler/shared/conf.h"

/* What is on disk before a request is answered. */
enum config_sync {
    SYNC_OFF,  /* false */
    SYNC_BOTH, /* true */
    SYNC_JSON  /* "json": the JSON line; the CSV file is rebuilt from it after a power loss */
};

struct config {
    char *records_dir;
    char *tokens_file;
    int sync; /* enum config_sync */
    int64_t max_body_bytes;
    int64_t max_file_bytes;
    int64_t min_free_bytes;
    int64_t lock_timeout_ms;
    bool test_api;
    bool confine;              /* Landlock and seccomp */
    bool drop_environ;         /* listings are stored without environments */
    int64_t keep_days;         /* for rollcall-cleanup */
    int64_t keep_listing_days; /* for rollcall-cleanup */
    int64_t expect_every;      /* milliseconds; this key to query_memo: for the read side */
    int64_t absent_days;
    char *hosts_file;  /* NULL: none */
    char *policy_file; /* an absolute path; NULL: none */
    int64_t query_seconds;
    bool query_memo;
    struct {
        char *bucket, *region, *endpoint, *prefix;
        char *addressing_style; /* NULL, "auto", "path", "virtual" */
    } s3;                       /* for rollcall-archive and rollcall-bucket */
};

const char *config_path(void);

bool config_load(const char *path, struct config *c, char error[CONF_ERROR_LEN]);

#endif
