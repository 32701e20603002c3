#include "aws/s3/url.h"

#include <stdio.h>
#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static bool consists_of(const char *text, const char *set)
{
    return *text && text[strspn(text, set)] == '\0';
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The length of "https://host[:port]" without slashes at its end, or 0 if it is not valid. */
static size_t endpoint_length(const char *endpoint)
{
    size_t scheme = starts_with(endpoint, "https://")  ? 8
                    : starts_with(endpoint, "http://") ? 7
                                                       : 0;
    const char *host = endpoint + scheme;
    size_t len = *host == '[' ? strcspn(host, "]") + 1 : strspn(host, LETTERS ".-_");
    if (scheme == 0 || len == 0 || (*host == '[' && host[len - 1] != ']'))
        return 0;
    const char *at = host + len;
    if (*at == ':')
        at += 1 + strspn(at + 1, "0123456789");
    return at[strspn(at, "/")] == '\0' ? (size_t)(at - endpoint) : 0;
}

static bool in_path(const struct s3_place *p)
{
    if (p->addressing && strcmp(p->addressing, "auto") != 0)
        return strcmp(p->addressing, "path") == 0;
    /* AWS's certificate does not cover a bucket name with dots. */
    return p->endpoint || strchr(p->bucket, '.');
}

bool url_base(const struct s3_place *p, struct buf *out, char error[256])
{
    char aws[160];
    const char *endpoint = p->endpoint;
    size_t len = strlen(p->bucket);
    if (len < 1 || len > 255 || !consists_of(p->bucket, LETTERS ".-_") || *p->bucket == '.') {
        snprintf(error, 256, "s3.bucket \"%.64s\": must be the bucket's name, of a-z 0-9 . -",
                 p->bucket);
        return false;
    }
    if (strlen(p->region) >= 64 || !consists_of(p->region, LETTERS "-")) {
        snprintf(error, 256, "s3.region \"%.64s\": must be a region, such as eu-central-1",
                 p->region);
        return false;
    }
    if (!endpoint) {
        snprintf(aws, sizeof aws, "https://s3.%s.amazonaws.com%s", p->region,
                 starts_with(p->region, "cn-") ? ".cn" : "");
        endpoint = aws;
    }
    size_t end = endpoint_length(endpoint);
    if (end == 0) {
        snprintf(error, 256, "s3.endpoint \"%.64s\": must be such as https://s3.example.com:9000",
                 endpoint);
        return false;
    }
    const char *host = strstr(endpoint, "://") + 3;
    if (in_path(p))
        buf_printf(out, "%.*s/%s/", (int)end, endpoint, p->bucket);
    else
        buf_printf(out, "%.*s%s.%.*s/", (int)(host - endpoint), endpoint, p->bucket,
                   (int)(end - (size_t)(host - endpoint)), host);
    return true;
}
