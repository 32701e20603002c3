#include "handler/http/request.h"

#include <string.h>

void request_fill(struct request *r, const char *(*param)(void *source, const char *name),
                  void *source)
{
    const char *path = "";
    const struct {
        const char **to;
        const char *name;
    } wanted[] = {
        {&r->method, "REQUEST_METHOD"},
        {&r->path, "PATH_INFO"},
        {&path, "SCRIPT_NAME"},
        {&r->uri, "REQUEST_URI"},
        {&r->content_type, "CONTENT_TYPE"},
        {&r->content_encoding, "HTTP_CONTENT_ENCODING"},
        {&r->content_length, "CONTENT_LENGTH"},
        {&r->authorization, "HTTP_AUTHORIZATION"},
        {&r->remote_addr, "REMOTE_ADDR"},
        {&r->retry, "HTTP_ROLLCALL_RETRY"},
        {&r->query, "QUERY_STRING"},
        {&r->accept_encoding, "HTTP_ACCEPT_ENCODING"},
        {&r->if_none_match, "HTTP_IF_NONE_MATCH"},
        {&r->if_range, "HTTP_IF_RANGE"},
        {&r->range, "HTTP_RANGE"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const char *value = param(source, wanted[i].name);
        *wanted[i].to = value ? value : "";
    }
    if (!*r->path)
        r->path = path;
    r->source = source;
    r->body_read = false;
}

bool request_is_head(const struct request *r)
{
    return strcmp(r->method, "HEAD") == 0;
}
