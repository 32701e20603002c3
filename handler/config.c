#include "handler/config.h"

#include "handler/shared/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB ((int64_t)1 << 20)
#define GIB ((int64_t)1 << 30)

enum { DAYS_MAX = 36500 };

const char *config_path(void)
{
    const char *path = getenv("ROLLCALL_CONFIG");
    return path && *path ? path : "/etc/rollcall/handler.json";
}

static const struct config config_defaults = {
    .sync = SYNC_BOTH,
    .max_body_bytes = 16 * MIB,
    .max_file_bytes = 8 * GIB,
    .min_free_bytes = 64 * MIB,
    .lock_timeout_ms = 1000,
    .keep_listing_days = 7,
    .expect_every = 5 * 60 * 1000,
    .absent_days = 7,
    .query_seconds = 10,
    .query_memo = true,
    .confine = true,
};

bool config_load(const char *path, struct config *c, char error[CONF_ERROR_LEN])
{
    *c = config_defaults;
    static const char *const styles[] = {"auto", "path", "virtual", NULL};
    static const char *const syncs[] = {"json", NULL};
    const struct conf_key s3[] = {
        {.name = "bucket", .type = CONF_STRING, .dest = &c->s3.bucket, .required = true},
        {.name = "region", .type = CONF_STRING, .dest = &c->s3.region},
        {.name = "endpoint", .type = CONF_STRING, .dest = &c->s3.endpoint},
        {.name = "prefix", .type = CONF_STRING, .dest = &c->s3.prefix},
        {.name = "addressing_style",
         .type = CONF_STRING,
         .dest = &c->s3.addressing_style,
         .choices = styles},
        {.name = NULL},
    };
#define INTEGER(key, least, most)                                                                  \
    {                                                                                              \
        .name = #key, .type = CONF_INTEGER, .dest = &c->key, .min = (least), .max = (most)         \
    }
    const struct conf_key keys[] = {
        {.name = "records_dir", .type = CONF_STRING, .dest = &c->records_dir, .required = true},
        {.name = "tokens_file", .type = CONF_STRING, .dest = &c->tokens_file, .required = true},
        {.name = "sync", .type = CONF_SWITCH, .dest = &c->sync, .choices = syncs},
        INTEGER(max_body_bytes, 1, GIB),
        INTEGER(max_file_bytes, 1, INT64_MAX / 4),
        INTEGER(min_free_bytes, 0, INT64_MAX / 4),
        INTEGER(lock_timeout_ms, 0, 3600000),
        {.name = "test_api", .type = CONF_BOOL, .dest = &c->test_api},
        INTEGER(keep_days, 0, DAYS_MAX),
        INTEGER(keep_listing_days, 0, DAYS_MAX),
        {.name = "expect_every",
         .type = CONF_DURATION,
         .dest = &c->expect_every,
         .min = 1000,
         .max = 31 * CLOCK_DAY_MS},
        INTEGER(absent_days, 0, 366),
        {.name = "hosts_file", .type = CONF_STRING, .dest = &c->hosts_file},
        {.name = "policy_file", .type = CONF_STRING, .dest = &c->policy_file},
        INTEGER(query_seconds, 1, 3600),
        {.name = "query_memo", .type = CONF_BOOL, .dest = &c->query_memo},
        {.name = "confine", .type = CONF_BOOL, .dest = &c->confine},
        {.name = "drop_environ", .type = CONF_BOOL, .dest = &c->drop_environ},
        {.name = "s3", .type = CONF_OBJECT, .keys = s3},
        {.name = NULL},
    };
#undef INTEGER
    if (conf_load(path, keys, error)) {
        if (!c->policy_file || c->policy_file[0] == '/')
            return true;
        snprintf(error, CONF_ERROR_LEN,
                 "%.200s: policy_file: expected an absolute path, not %.200s", path,
                 c->policy_file);
        return false;
    }
    size_t len = strlen(error);
    if (access(path, R_OK) != 0)
        snprintf(error + len, CONF_ERROR_LEN - len, " (ROLLCALL_CONFIG can name another file)");
    return false;
}
