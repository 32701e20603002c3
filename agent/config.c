#include "agent/config.h"

#include "handler/shared/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SECOND = 1000,
    HOUR = 3600 * SECOND,
    UUID_MAX = 64,
    TOKEN_MAX = 4096,
    CMD_MAX_LIMIT = 1 << 20,
    SPOOL_BYTES_MIN = 64 << 10,
    OTHERS = S_IROTH | S_IWOTH,
};

void config_init(struct agent_config *c)
{
    *c = (struct agent_config){
        .gzip = true,
        .listening = true,
        .cmd_max = 4096,
        .deadline = 10 * SECOND,
        .connect_timeout = 5 * SECOND,
        .max_time = 30 * SECOND,
        .spool_bytes = 64 << 20,
        .spool_age = 7 * CLOCK_DAY_MS,
    };
}

void config_keys(struct agent_config *c, struct conf_key keys[CONFIG_KEYS + 1])
{
    static const char *const formats[] = {"data", "record", NULL};
    static const char *const arguments[] = {"masked", "none", "full", NULL};
    const int64_t day = 24 * (int64_t)HOUR;
    const struct conf_key table[CONFIG_KEYS + 1] = {
        {.name = "url", .type = CONF_STRING, .dest = &c->url},
        {.name = "token_file", .type = CONF_STRING, .dest = &c->token_file},
        {.name = "token", .type = CONF_STRING, .dest = &c->token},
        {.name = "uuid", .type = CONF_STRING, .dest = &c->uuid},
        {.name = "format", .type = CONF_STRING, .dest = &c->format, .choices = formats},
        {.name = "every", .type = CONF_DURATION, .dest = &c->every, .min = 100, .max = day},
        {.name = "splay", .type = CONF_DURATION, .dest = &c->splay, .max = day},
        {.name = "args", .type = CONF_STRING, .dest = &c->args, .choices = arguments},
        {.name = "full", .type = CONF_BOOL, .dest = &c->full},
        {.name = "listening", .type = CONF_BOOL, .dest = &c->listening},
        {.name = "containers", .type = CONF_BOOL, .dest = &c->containers},
        {.name = "cmd_max",
         .type = CONF_INTEGER,
         .dest = &c->cmd_max,
         .min = 16,
         .max = CMD_MAX_LIMIT},
        {.name = "deadline", .type = CONF_DURATION, .dest = &c->deadline, .min = 100, .max = HOUR},
        {.name = "gzip", .type = CONF_BOOL, .dest = &c->gzip},
        {.name = "cacert", .type = CONF_STRING, .dest = &c->cacert},
        {.name = "cert", .type = CONF_STRING, .dest = &c->cert},
        {.name = "key", .type = CONF_STRING, .dest = &c->key},
        {.name = "insecure", .type = CONF_BOOL, .dest = &c->insecure},
        {.name = "connect_timeout",
         .type = CONF_DURATION,
         .dest = &c->connect_timeout,
         .min = 1,
         .max = HOUR},
        {.name = "max_time", .type = CONF_DURATION, .dest = &c->max_time, .min = 1, .max = day},
        {.name = "spool", .type = CONF_STRING, .dest = &c->spool},
        {.name = "spool_bytes",
         .type = CONF_INTEGER,
         .dest = &c->spool_bytes,
         .min = SPOOL_BYTES_MIN,
         .max = INT64_MAX},
        {.name = "spool_age",
         .type = CONF_DURATION,
         .dest = &c->spool_age,
         .min = SECOND,
         .max = 3650 * day},
        {.name = "log", .type = CONF_STRING, .dest = &c->log},
    };
    memcpy(keys, table, sizeof table);
}

static bool config_fail(char error[CONF_ERROR_LEN], const char *key, const char *right)
{
    snprintf(error, CONF_ERROR_LEN, "%s: %s", key, right);
    return false;
}

static bool config_check_spool(struct agent_config *c, char error[CONF_ERROR_LEN])
{
    if (!c->spool)
        c->spool = strdup(SPOOL_PATH);
    if (!c->spool)
        return config_fail(error, "spool", "out of memory");
    c->spooling = strcmp(c->spool, "off") != 0;
    return !c->spooling || c->spool[0] == '/' ||
           config_fail(error, "spool", "must be the absolute path of a directory, or \"off\"");
}

static bool config_check_uuid(const char *uuid, char error[CONF_ERROR_LEN])
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    if (uuid && (strlen(uuid) > UUID_MAX || uuid[strspn(uuid, set)] || uuid[0] == '-'))
        return config_fail(error, "uuid",
                           "must be 1 to 64 of A-Z a-z 0-9 -, the first a letter or digit");
    return true;
}

static bool config_check_url(const char *url, char error[CONF_ERROR_LEN])
{
    if (!url)
        return config_fail(error, "url", "is required, in " CONFIG_PATH " or as --url");
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return config_fail(error, "url", "must start with http:// or https://");
    const char *host = strstr(url, "://") + 3;
    size_t len = strcspn(host, "/?#");
    if (len == 0)
        return config_fail(error, "url", "contains no host name");
    if (memchr(host, '@', len))
        return config_fail(error, "url",
                           "must not contain a user name; put the token into token_file");
    return true;
}

static bool config_path_ends(const char *url, const char *path)
{
    const char *start = strchr(strstr(url, "://") + 3, '/');
    size_t len = start ? strcspn(start, "?#") : 0, path_len = strlen(path);
    while (len && start[len - 1] == '/')
        len--;
    return len >= path_len && memcmp(start + len - path_len, path, path_len) == 0;
}

/* Only a path that is made for the other format is wrong: a proxy may have paths of its own. */
static bool config_check_format(const struct agent_config *c, char error[CONF_ERROR_LEN])
{
    if (c->listings && config_path_ends(c->url, "/data"))
        return config_fail(error, "url",
                           "ends in /data, which does not take format \"record\"; set url to "
                           ".../api/v1/record, or format to \"data\"");
    if (!c->listings && config_path_ends(c->url, "/api/v1/record"))
        return config_fail(error, "url",
                           "ends in /api/v1/record, which does not take format \"data\"; set url "
                           "to .../data, or format to \"record\"");
    return true;
}

/* The token is the value of a header: printable ASCII without spaces. */
static bool config_check_token(const char *token, const char *key, char error[CONF_ERROR_LEN])
{
    size_t len = strlen(token);
    for (size_t i = 0; i < len; i++)
        if (token[i] <= ' ' || token[i] > '~')
            return config_fail(error, key,
                               "must contain one token of printable characters without spaces");
    return len > 0 || config_fail(error, key, "contains no token");
}

static bool config_refuse_others(const struct stat *st, const char *key, char error[CONF_ERROR_LEN])
{
    if (st->st_mode & OTHERS)
        return config_fail(error, key, "others can read or write its file; run chmod o-rw on it");
    return true;
}

static bool config_read_token(struct agent_config *c, char error[CONF_ERROR_LEN])
{
    struct stat st;
    char text[TOKEN_MAX + 1];
    int fd = open(c->token_file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        snprintf(error, CONF_ERROR_LEN, "token_file: cannot open %.300s: %s", c->token_file,
                 strerror(errno));
        return false;
    }
    bool ok = fstat(fd, &st) == 0 && config_refuse_others(&st, "token_file", error);
    ssize_t n = ok ? read(fd, text, sizeof text) : -1;
    close(fd);
    if (!ok)
        return false;
    if (n < 0 || n == (ssize_t)sizeof text)
        return config_fail(error, "token_file",
                           n < 0 ? "cannot be read" : "is too long for a token");
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r' || text[n - 1] == ' '))
        n--;
    if (memchr(text, '\0', (size_t)n))
        return config_fail(error, "token_file", "must be text");
    c->token = strndup(text, (size_t)n);
    explicit_bzero(text, sizeof text);
    return c->token ? config_check_token(c->token, "token_file", error)
                    : config_fail(error, "token_file", "out of memory");
}

bool config_renew_token(struct agent_config *c, bool *changed, char error[CONF_ERROR_LEN])
{
    struct agent_config new = {.token_file = c->token_file};
    *changed = false;
    if (!c->token_file)
        return true;
    bool ok = config_read_token(&new, error);
    *changed = ok && strcmp(new.token, c->token) != 0;
    char *old = *changed ? c->token : new.token;
    if (*changed)
        c->token = new.token;
    if (old)
        explicit_bzero(old, strlen(old));
    free(old);
    return ok;
}

static bool config_check_token_source(struct agent_config *c, const char *path,
                                      char error[CONF_ERROR_LEN])
{
    struct stat st;
    if (c->token && c->token_file)
        return config_fail(error, "token", "must not be given together with token_file");
    if (c->token_file)
        return config_read_token(c, error);
    if (!c->token)
        return true;
    if (!path || stat(path, &st) != 0)
        return config_fail(error, "token", "cannot check who may read its file");
    return config_refuse_others(&st, "token", error) &&
           config_check_token(c->token, "token", error);
}

bool config_check(struct agent_config *c, const char *path, bool sending,
                  char error[CONF_ERROR_LEN])
{
    c->arguments = !c->args                       ? ARGS_MASKED
                   : strcmp(c->args, "none") == 0 ? ARGS_NONE
                   : strcmp(c->args, "full") == 0 ? ARGS_FULL
                                                  : ARGS_MASKED;
    c->listings = c->format && strcmp(c->format, "record") == 0;
    if (!config_check_uuid(c->uuid, error) || !config_check_spool(c, error))
        return false;
    if (!sending)
        return true;
    /* Nothing else in a listing identifies the host, and cloned machines share their machine-id. */
    if (c->listings && !c->uuid)
        return config_fail(error, "uuid",
                           "is required with format \"record\": 1 to 64 of A-Z a-z 0-9 -");
    if (c->key && !c->cert)
        return config_fail(error, "key", "requires cert");
    return config_check_url(c->url, error) && config_check_format(c, error) &&
           config_check_token_source(c, path, error);
}

void config_release(struct agent_config *c)
{
    struct conf_key keys[CONFIG_KEYS + 1];
    if (c->token)
        explicit_bzero(c->token, strlen(c->token));
    config_keys(c, keys);
    for (const struct conf_key *key = keys; key->name; key++)
        if (key->type == CONF_STRING)
            free(*(char **)key->dest);
    *c = (struct agent_config){0};
}
