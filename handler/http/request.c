#include "handler/http/request.h"

#include <string.h>
#include <strings.h>

void request_fill(struct request *r, const char *(*param)(void *source, const char *name),
                  void *source)
{
    const struct {
        const char **to;
        const char *name;
    } wanted[] = {
        {&r->method, "REQUEST_METHOD"},
        {&r->path_info, "PATH_INFO"},
        {&r->script_name, "SCRIPT_NAME"},
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
        {&r->host, "HTTP_HOST"},
        {&r->origin, "HTTP_ORIGIN"},
        {&r->cookie, "HTTP_COOKIE"},
        {&r->https, "HTTPS"},
        {&r->scheme, "REQUEST_SCHEME"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const char *value = param(source, wanted[i].name);
        *wanted[i].to = value ? value : "";
    }
    r->path = *r->path_info ? r->path_info : r->script_name;
    r->source = source;
    r->body_read = false;
}

bool request_find_path(struct request *r, bool (*serves)(const void *program, const char *path),
                       const void *program)
{
    size_t script = strlen(r->script_name), info = strlen(r->path_info);
    if (serves(program, r->path))
        return true;
    if (script == 0 || info == 0 || script + info >= sizeof r->joined)
        return false;
    memcpy(r->joined, r->script_name, script);
    memcpy(r->joined + script, r->path_info, info + 1);
    if (!serves(program, r->joined))
        return false;
    r->path = r->joined;
    return true;
}

bool request_is_tls(const struct request *r)
{
    return strcasecmp(r->https, "on") == 0 || strcmp(r->https, "1") == 0 ||
           strcasecmp(r->scheme, "https") == 0;
}

bool request_is_head(const struct request *r)
{
    return strcmp(r->method, "HEAD") == 0;
}
