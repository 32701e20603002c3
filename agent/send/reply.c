#include "agent/send/reply.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define SAFE_INTEGER 9007199254740991.0 /* 2^53 - 1: above, cJSON loses digits */

/* One logfmt value without quotes, as addresses, dates and hashes are. */
static void reply_word(const cJSON *object, const char *name, char *out, size_t size)
{
    static const char set[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.:-_";
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    const char *text = cJSON_IsString(item) ? item->valuestring : "";
    bool fits = strlen(text) < size && !text[strspn(text, set)];
    snprintf(out, size, "%s", fits ? text : "");
}

static int64_t reply_number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= SAFE_INTEGER))
        return -1;
    return (int64_t)item->valuedouble;
}

static bool reply_reason(const cJSON *object, const char *name, struct reply *out)
{
    const cJSON *reason = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsString(reason))
        return false;
    snprintf(out->reason, sizeof out->reason, "%s", reason->valuestring);
    return true;
}

/* Every answer of rollcall has what JSend requires; other services' "status" members have not. */
static enum reply_status reply_status(const cJSON *root, const cJSON *data, struct reply *out)
{
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(root, "status");
    const char *word = cJSON_IsString(status) ? status->valuestring : "";
    if (strcmp(word, "success") == 0 && cJSON_IsObject(data))
        return REPLY_SUCCESS;
    if (strcmp(word, "fail") == 0 && reply_reason(data, "reason", out))
        return REPLY_FAIL;
    if (strcmp(word, "error") == 0 && reply_reason(root, "message", out))
        return REPLY_ERROR;
    return REPLY_OTHER;
}

void reply_parse(const char *body, size_t len, struct reply *out)
{
    *out = (struct reply){.seq = -1, .records = -1, .duplicates = -1, .line = -1, .durable = -1};
    cJSON *root = len ? cJSON_ParseWithLength(body, len) : NULL;
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(root, "data");
    out->status = reply_status(root, data, out);
    if (out->status != REPLY_OTHER) {
        const cJSON *durable = cJSON_GetObjectItemCaseSensitive(data, "durable");
        reply_word(data, "client_ip", out->client_ip, sizeof out->client_ip);
        reply_word(data, "date", out->date, sizeof out->date);
        reply_word(data, "chain", out->chain, sizeof out->chain);
        out->seq = reply_number(data, "seq");
        out->records = reply_number(data, "records");
        out->line = reply_number(data, "line");
        out->duplicates = reply_number(data, "duplicates");
        out->durable = cJSON_IsBool(durable) ? cJSON_IsTrue(durable) : -1;
    }
    cJSON_Delete(root);
}
