#include "handler/shared/conf.h"

#include "handler/shared/buf.h"
#include "handler/shared/io.h"
#include "handler/shared/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONF_FILE_MAX = 1 << 20 };

#define SAFE_INTEGER 9007199254740991.0 /* 2^53 - 1: above, a JSON number loses digits in cJSON */

static bool fail(char error[CONF_ERROR_LEN], const char *name, const char *right)
{
    snprintf(error, CONF_ERROR_LEN, "%.100s: %.400s", name, right);
    return false;
}

bool conf_duration(const char *text, int64_t *ms)
{
    static const struct {
        const char *suffix;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {"", 1000}};
    if (*text < '0' || *text > '9')
        return false;
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].suffix) != 0)
            continue;
        if (errno || n > INT64_MAX / units[i].ms)
            return false;
        *ms = n * units[i].ms;
        return true;
    }
    return false;
}

static bool set_integer(const struct conf_key *key, int64_t n, char error[CONF_ERROR_LEN])
{
    if (n < key->min || n > key->max) {
        char right[128];
        const char *unit = key->type == CONF_DURATION ? " milliseconds" : "";
        snprintf(right, sizeof right, "must be from %" PRId64 " to %" PRId64 "%s", key->min,
                 key->max, unit);
        return fail(error, key->name, right);
    }
    *(int64_t *)key->dest = n;
    return true;
}

static bool set_string(const struct conf_key *key, const char *text, char error[CONF_ERROR_LEN])
{
    if (!*text)
        return fail(error, key->name, "must not be empty");
    bool found = !key->choices;
    for (size_t i = 0; !found && key->choices[i]; i++)
        found = strcmp(text, key->choices[i]) == 0;
    if (!found) {
        char right[256] = "must be one of";
        for (size_t i = 0; key->choices[i]; i++) {
            size_t len = strlen(right);
            snprintf(right + len, sizeof right - len, " \"%s\"", key->choices[i]);
        }
        return fail(error, key->name, right);
    }
    char *copy = strdup(text);
    if (!copy)
        return fail(error, key->name, "out of memory");
    *(char **)key->dest = copy;
    return true;
}

/* `text` is "true", "false" or one of the key's words, which need quotes in a file. */
static bool set_switch(const struct conf_key *key, const char *text, char error[CONF_ERROR_LEN])
{
    char right[256] = "must be true, false";
    int n = strcmp(text, "false") == 0 ? 0 : strcmp(text, "true") == 0 ? 1 : -1;
    for (int i = 0; key->choices[i]; i++) {
        size_t len = strlen(right);
        snprintf(right + len, sizeof right - len, " or \"%s\"", key->choices[i]);
        if (strcmp(text, key->choices[i]) == 0)
            n = i + 2;
    }
    if (n < 0)
        return fail(error, key->name, right);
    *(int *)key->dest = n;
    return true;
}

/* The text of a value for set_switch(): a boolean is not the string "true". */
static const char *switch_text(const cJSON *value)
{
    if (cJSON_IsBool(value))
        return cJSON_IsTrue(value) ? "true" : "false";
    const char *text = cJSON_IsString(value) ? value->valuestring : "";
    return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ? "" : text;
}

static bool set_duration(const struct conf_key *key, const char *text, char error[CONF_ERROR_LEN])
{
    int64_t ms;
    if (!conf_duration(text, &ms))
        return fail(error, key->name, "must be a duration such as \"5s\", \"10m\" or \"1h\"");
    return set_integer(key, ms, error);
}

bool conf_set(const struct conf_key *key, const char *text, char error[CONF_ERROR_LEN])
{
    char *end;
    long long n;
    switch (key->type) {
    case CONF_STRING:
        return set_string(key, text, error);
    case CONF_DURATION:
        return set_duration(key, text, error);
    case CONF_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return fail(error, key->name, "must be true or false");
        *(bool *)key->dest = *text == 't';
        return true;
    case CONF_SWITCH:
        return set_switch(key, text, error);
    case CONF_INTEGER:
        errno = 0;
        n = strtoll(text, &end, 10);
        if (errno || end == text || *end)
            return fail(error, key->name, "must be a whole number");
        return set_integer(key, n, error);
    case CONF_OBJECT:
    case CONF_LIST:
        break;
    }
    return fail(error, key->name, "cannot be given as text");
}

static bool set_object(const struct conf_key *keys, const cJSON *object,
                       char error[CONF_ERROR_LEN]);

static bool set_number(const struct conf_key *key, const cJSON *value, char error[CONF_ERROR_LEN])
{
    double scaled = key->type == CONF_DURATION ? value->valuedouble * 1000 : value->valuedouble;
    if (!(scaled >= -SAFE_INTEGER && scaled <= SAFE_INTEGER) || scaled != (double)(int64_t)scaled)
        return fail(error, key->name, "must be a whole number");
    return set_integer(key, (int64_t)scaled, error);
}

static bool set_list(const struct conf_key *key, const cJSON *value, char error[CONF_ERROR_LEN])
{
    struct conf_list *list = key->dest;
    const cJSON *item;
    if (!cJSON_IsArray(value))
        return fail(error, key->name, "must be an array of objects");
    cJSON_ArrayForEach(item, value)
    {
        char reason[CONF_ERROR_LEN], name[64];
        if (list->count == list->max)
            return fail(error, key->name, "has too many elements");
        snprintf(name, sizeof name, "%s[%zu]", key->name, list->count);
        if (!cJSON_IsObject(item))
            return fail(error, name, "must be an object");
        if (!set_object(list->keys(list, list->count), item, reason))
            return fail(error, name, reason);
        list->count++;
    }
    return true;
}

static bool set_value(const struct conf_key *key, const cJSON *value, char error[CONF_ERROR_LEN])
{
    switch (key->type) {
    case CONF_STRING:
        if (!cJSON_IsString(value))
            return fail(error, key->name, "must be a string");
        return set_string(key, value->valuestring, error);
    case CONF_BOOL:
        if (!cJSON_IsBool(value))
            return fail(error, key->name, "must be true or false");
        *(bool *)key->dest = cJSON_IsTrue(value);
        return true;
    case CONF_SWITCH:
        return set_switch(key, switch_text(value), error);
    case CONF_INTEGER:
        if (!cJSON_IsNumber(value))
            return fail(error, key->name, "must be a number");
        return set_number(key, value, error);
    case CONF_DURATION:
        if (cJSON_IsNumber(value))
            return set_number(key, value, error);
        return set_duration(key, cJSON_IsString(value) ? value->valuestring : "", error);
    case CONF_OBJECT:
        if (!cJSON_IsObject(value))
            return fail(error, key->name, "must be an object");
        return set_object(key->keys, value, error);
    case CONF_LIST:
        return set_list(key, value, error);
    }
    return false;
}

static const struct conf_key *find(const struct conf_key *keys, const char *name)
{
    for (; keys->name; keys++)
        if (strcmp(keys->name, name) == 0)
            return keys;
    return NULL;
}

static bool unknown(const struct conf_key *keys, const char *name, char error[CONF_ERROR_LEN])
{
    char known[400] = "unknown key; known are";
    for (; keys->name; keys++) {
        size_t len = strlen(known);
        snprintf(known + len, sizeof known - len, " %s", keys->name);
    }
    return fail(error, name, known);
}

static bool set_object(const struct conf_key *keys, const cJSON *object, char error[CONF_ERROR_LEN])
{
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        const struct conf_key *key = find(keys, item->string);
        if (!key)
            return unknown(keys, item->string, error);
        if (cJSON_GetObjectItemCaseSensitive(object, item->string) != item)
            return fail(error, item->string, "is given twice");
        if (!set_value(key, item, error))
            return false;
    }
    for (; keys->name; keys++)
        if (keys->required && !cJSON_GetObjectItemCaseSensitive(object, keys->name))
            return fail(error, keys->name, "is required");
    return true;
}

/* One line, whatever the file contains: control characters of a bad key become '?'. */
static bool name_file(char error[CONF_ERROR_LEN], const char *path)
{
    char copy[CONF_ERROR_LEN];
    memcpy(copy, error, sizeof copy);
    snprintf(error, CONF_ERROR_LEN, "%.200s: %.300s", path, copy);
    text_make_plain(error);
    return false;
}

static bool read_object(const char *path, struct buf *text, cJSON **root,
                        char error[CONF_ERROR_LEN])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return fail(error, "cannot open", strerror(errno));
    bool ok = io_read_file(fd, text);
    int saved = errno;
    close(fd);
    if (!ok)
        return fail(error, "cannot read", strerror(saved));
    if (!buf_str(text))
        return fail(error, "cannot read", "the file is too large");
    const char *end = NULL;
    *root = cJSON_ParseWithLengthOpts(text->data, text->len + 1, &end, true);
    if (!*root) {
        char right[80];
        snprintf(right, sizeof right, "byte %zu", (size_t)(end ? end - text->data : 0));
        return fail(error, "not JSON, at", right);
    }
    return cJSON_IsObject(*root) || fail(error, "not a configuration", "must be a JSON object");
}

bool conf_load(const char *path, const struct conf_key *keys, char error[CONF_ERROR_LEN])
{
    struct buf text;
    cJSON *root = NULL;
    buf_init(&text, CONF_FILE_MAX);
    error[0] = '\0';
    bool ok = read_object(path, &text, &root, error) && set_object(keys, root, error);
    cJSON_Delete(root);
    buf_release(&text);
    return ok || name_file(error, path);
}
