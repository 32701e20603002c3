#include "handler/verify/receipts.h"

#include "handler/shared/text.h"
#include "handler/shared/vec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of `name` in a line, as "name":"value", "name":value or name=value; "" if there is no
 * such name. */
static void receipt_value(const char *line, const char *name, char *out, size_t size)
{
    size_t len = strlen(name);
    out[0] = '\0';
    for (const char *p = line; (p = strstr(p, name)); p += len) {
        const char *value = p + len;
        bool json = p > line && p[-1] == '"' && value[0] == '"' && value[1] == ':';
        bool logfmt = (p == line || p[-1] == ' ') && value[0] == '=';
        if (!json && !logfmt)
            continue;
        value += json ? 2 : 1;
        value += strspn(value, " \"");
        size_t n = strcspn(value, " \",}\r\n");
        if (n == 0 || n >= size)
            continue;
        memcpy(out, value, n);
        out[n] = '\0';
        return;
    }
}

static bool receipt_parse(const char *line, struct receipt_line *out)
{
    char ip[IP_TEXT_LEN], seq[24];
    struct ip address;
    unsigned char sum[DIGEST_LEN];
    *out = (struct receipt_line){.seen = false};
    receipt_value(line, "client_ip", ip, sizeof ip);
    receipt_value(line, "date", out->date, sizeof out->date);
    receipt_value(line, "seq", seq, sizeof seq);
    receipt_value(line, "chain", out->chain, sizeof out->chain);
    if (!ip_parse(ip, &address) || strlen(out->date) != CLOCK_DATE_LEN ||
        strlen(out->chain) != DIGEST_HEX_LEN || !digest_from_hex(out->chain, sum))
        return false;
    memcpy(out->client_ip, address.text, sizeof out->client_ip);
    digest_hex(sum, out->chain); /* lower case */
    return text_number(text_of(seq), &out->seq);
}

static int receipt_order(const void *x, const void *y)
{
    const struct receipt_line *a = x, *b = y;
    int order = strcmp(a->date, b->date);
    if (order == 0)
        order = strcmp(a->client_ip, b->client_ip);
    return order ? order : (a->seq > b->seq) - (a->seq < b->seq);
}

static bool receipts_add(struct receipts *r, size_t *room, const struct receipt_line *line)
{
    struct receipt_line *list = vec_grow(r->list, r->count, room, sizeof *list);
    if (!list)
        return false;
    r->list = list;
    r->list[r->count++] = *line;
    return true;
}

bool receipts_read(struct receipts *r, const char *path)
{
    *r = (struct receipts){.count = 0};
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    char *line = NULL;
    size_t size = 0, room = 0;
    bool ok = true;
    while (ok && getline(&line, &size, file) >= 0) {
        struct receipt_line receipt;
        if (receipt_parse(line, &receipt))
            ok = receipts_add(r, &room, &receipt);
    }
    ok = ok && !ferror(file);
    int saved = errno;
    free(line);
    fclose(file);
    if (r->count > 0)
        qsort(r->list, r->count, sizeof *r->list, receipt_order);
    errno = saved;
    return ok;
}

void receipts_release(struct receipts *r)
{
    free(r->list);
    *r = (struct receipts){.count = 0};
}

struct receipt_line *receipts_find(struct receipts *r, const char *date, const char *client_ip,
                                   uint64_t seq)
{
    struct receipt_line key = {.seq = seq};
    snprintf(key.date, sizeof key.date, "%s", date);
    snprintf(key.client_ip, sizeof key.client_ip, "%s", client_ip);
    size_t low = 0, high = r->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (receipt_order(&r->list[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == r->count || strcmp(r->list[low].date, key.date) != 0 ||
        strcmp(r->list[low].client_ip, key.client_ip) != 0)
        return NULL;
    return &r->list[low];
}
