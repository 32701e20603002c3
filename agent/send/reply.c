#include "agent/send/reply.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define SAFE_INTEGER 9007199254740991.0 /* 2^53 - 1: above, cJSON loses digits */

/* One logfmt value without quotes: what addresses, dates and hashes are made of. */
static void get_word(const cJSON *object, const char *name, char *out, size_t size)
{
    static const char set[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.:-_";
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    const char *text = cJSON_IsString(item) ? item->valuestring : "";
    bool fits = strlen(text) < size && !text[strspn(text, set)];
    snprintf(out, size, "%s", fits ? text : "");
}

static int64_t get_number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= SAFE_INTEGER))
        return -1;
    return (int64_t)item->valuedouble;
}

static void get_reason(const cJSON *root, const cJSON *data, struct reply *out)
{
    const cJSON *reason = cJSON_GetObjectItemCaseSensitive(data, "reason");
    if (!cJSON_IsString(reason))
        reason = cJSON_GetObjectItemCaseSensitive(root, "message");
    if (cJSON_IsString(reason))
        snprintf(out->reason, sizeof out->reason, "%s", reason->valuestring);
}

void reply_parse(const char *body, size_t len, struct reply *out)
{
    *out = (struct reply){.seq = -1, .records = -1, .duplicates = -1, .line = -1, .durable = -1};
    cJSON *root = len ? cJSON_ParseWithLength(body, len) : NULL;
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(root, "status");
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(root, "data");
    if (cJSON_IsString(status)) {
        const cJSON *durable = cJSON_GetObjectItemCaseSensitive(data, "durable");
        out->jsend = true;
        out->success = strcmp(status->valuestring, "success") == 0;
        get_reason(root, data, out);
        get_word(data, "client_ip", out->client_ip, sizeof out->client_ip);
        get_word(data, "date", out->date, sizeof out->date);
        get_word(data, "chain", out->chain, sizeof out->chain);
        out->seq = get_number(data, "seq");
        out->records = get_number(data, "records");
        out->line = get_number(data, "line");
        out->duplicates = get_number(data, "duplicates");
        out->durable = cJSON_IsBool(durable) ? cJSON_IsTrue(durable) : -1;
    }
    cJSON_Delete(root);
}
