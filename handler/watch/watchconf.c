#include "handler/watch/watchconf.h"

#include "handler/shared/io.h"
#include "handler/shared/ip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_LEN = 64, HOST_LEN = 256, URL_LEN = 2048 };

static bool watchconf_fail(char error[CONF_ERROR_LEN], size_t at, const char *key,
                           const char *right)
{
    snprintf(error, CONF_ERROR_LEN, "targets[%zu]: %s: %s", at, key, right);
    return false;
}

static const struct conf_key *watchconf_keys(struct conf_list *list, size_t index)
{
    static const char *const types[] = {"webhook", "alertmanager", NULL};
    static struct conf_key keys[7];
    struct target *t = &((struct watchconf *)(void *)list)->targets[index];
    const struct conf_key table[] = {
        {.name = "type", .type = CONF_STRING, .dest = &t->type, .choices = types, .required = true},
        {.name = "url", .type = CONF_STRING, .dest = &t->url, .required = true},
        {.name = "name", .type = CONF_STRING, .dest = &t->name},
        {.name = "secret_file", .type = CONF_STRING, .dest = &t->secret_file},
        {.name = "cacert", .type = CONF_STRING, .dest = &t->cacert},
        {.name = "timeout", .type = CONF_DURATION, .dest = &t->timeout, .min = 100, .max = 60000},
        {.name = NULL},
    };
    _Static_assert(sizeof table == sizeof keys, "a key more");
    t->timeout = 10000;
    memcpy(keys, table, sizeof keys);
    return keys;
}

/* The host of a URL, without brackets and port. False if there is none. */
static bool watchconf_host(const char *url, char host[HOST_LEN])
{
    const char *start = strstr(url, "://");
    if (!start)
        return false;
    start += 3;
    size_t authority = strcspn(start, "/?#"), len = strcspn(start, ":/?#");
    if (memchr(start, '@', authority) || memchr(start, '\\', authority))
        return false;
    if (*start == '[') {
        start++;
        len = strcspn(start, "]/?#");
        if (start[len] != ']')
            return false;
    }
    if (len == 0 || len >= HOST_LEN)
        return false;
    memcpy(host, start, len);
    host[len] = '\0';
    return true;
}

bool watchconf_is_safe(const char *url)
{
    char host[HOST_LEN];
    struct ip ip;
    for (const char *c = url; *c; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    if (strlen(url) >= URL_LEN || !watchconf_host(url, host))
        return false;
    if (strncmp(url, "https://", 8) == 0)
        return true;
    if (strncmp(url, "http://", 7) != 0)
        return false;
    if (strcasecmp(host, "localhost") == 0)
        return true;
    return ip_parse(host, &ip) && (ip.v6 ? strcmp(ip.text, "::1") == 0 : ip.bytes[0] == 127);
}

static bool watchconf_read_secret(struct target *t, size_t at, char error[CONF_ERROR_LEN])
{
    struct stat st;
    int fd = open(t->secret_file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0) {
        watchconf_fail(error, at, "secret_file: cannot be read", strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    ssize_t n = io_pread(fd, t->secret, sizeof t->secret, 0);
    close(fd);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return watchconf_fail(error, at, "secret_file",
                              "only its owner may have access; run chmod 600 on it");
    while (n > 0 && (t->secret[n - 1] == '\n' || t->secret[n - 1] == '\r'))
        n--;
    if (n <= 0 || n > WATCH_SECRET_MAX)
        return watchconf_fail(error, at, "secret_file", "must have 1 to 4096 bytes");
    t->secret_len = (size_t)n;
    return true;
}

static bool watchconf_check_name(struct watchconf *w, size_t at, char error[CONF_ERROR_LEN])
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    struct target *t = &w->targets[at];
    if (!t->name)
        t->name = strdup(t->type);
    if (!t->name)
        return watchconf_fail(error, at, "name", "out of memory");
    if (strlen(t->name) > NAME_LEN || t->name[strspn(t->name, set)])
        return watchconf_fail(error, at, "name", "must be at most 64 of A-Z a-z 0-9 _ -");
    for (size_t i = 0; i < at; i++)
        if (strcmp(w->targets[i].name, t->name) == 0)
            return watchconf_fail(error, at, "name",
                                  "another target has it; give each target a name");
    return true;
}

static bool watchconf_check_target(struct watchconf *w, size_t at, char error[CONF_ERROR_LEN])
{
    struct target *t = &w->targets[at];
    t->alertmanager = strcmp(t->type, "alertmanager") == 0;
    if (!watchconf_is_safe(t->url))
        return watchconf_fail(error, at, "url",
                              "must be https://host/..., or http:// with a loopback address, "
                              "without a user name");
    if (t->alertmanager && t->secret_file)
        return watchconf_fail(error, at, "secret_file", "is for type \"webhook\"");
    return watchconf_check_name(w, at, error) &&
           (!t->secret_file || watchconf_read_secret(t, at, error));
}

static bool watchconf_check_page(struct watchconf *w, char error[CONF_ERROR_LEN])
{
    size_t len = w->page_url ? strlen(w->page_url) : 0;
    if (!w->page_url)
        return true;
    bool web = strncmp(w->page_url, "https://", 8) == 0 || strncmp(w->page_url, "http://", 7) == 0;
    for (size_t i = 0; web && i < len; i++)
        web = w->page_url[i] > ' ' && w->page_url[i] <= '~' && !strchr("?#\"<>", w->page_url[i]);
    if (!web || len > URL_LEN) {
        snprintf(
            error, CONF_ERROR_LEN,
            "page_url: must be the address of the page, such as https://rollcall.example.com/");
        return false;
    }
    if (w->page_url[len - 1] == '/')
        return true;
    char *longer = realloc(w->page_url, len + 2);
    if (longer) {
        memcpy(longer + len, "/", 2);
        w->page_url = longer;
    }
    return longer != NULL;
}

static bool watchconf_check(struct watchconf *w, char error[CONF_ERROR_LEN])
{
    if (w->list.count == 0) {
        snprintf(error, CONF_ERROR_LEN, "targets: must name at least one target");
        return false;
    }
    for (size_t i = 0; i < w->list.count; i++)
        if (!watchconf_check_target(w, i, error))
            return false;
    return watchconf_check_page(w, error);
}

bool watchconf_load(const char *path, struct watchconf *w, char error[CONF_ERROR_LEN])
{
    *w =
        (struct watchconf){.list = {.max = WATCH_TARGETS_MAX, .keys = watchconf_keys}, .storm = 20};
    const struct conf_key keys[] = {
        {.name = "targets", .type = CONF_LIST, .dest = &w->list, .required = true},
        {.name = "page_url", .type = CONF_STRING, .dest = &w->page_url},
        {.name = "storm", .type = CONF_INTEGER, .dest = &w->storm, .min = 1, .max = 100},
        {.name = "evidence", .type = CONF_BOOL, .dest = &w->evidence},
        {.name = NULL},
    };
    char reason[CONF_ERROR_LEN];
    if (!conf_load(path, keys, error))
        return false;
    if (watchconf_check(w, reason))
        return true;
    snprintf(error, CONF_ERROR_LEN, "%.150s: %.350s", path, reason);
    return false;
}
