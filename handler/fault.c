#include "handler/fault.h"

#include "handler/shared/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int status;
    const char *phrase;
} table[V__MAX] = {
    [V_OK] = {200, "OK"},
    [V_BAD_REQUEST] = {400, "Bad Request"},
    [V_UNAUTHORIZED] = {401, "Unauthorized"},
    [V_FORBIDDEN] = {403, "Forbidden"},
    [V_NOT_FOUND] = {404, "Not Found"},
    [V_METHOD] = {405, "Method Not Allowed"},
    [V_CONFLICT] = {409, "Conflict"},
    [V_LENGTH_REQUIRED] = {411, "Length Required"},
    [V_TOO_LARGE] = {413, "Content Too Large"},
    [V_MEDIA_TYPE] = {415, "Unsupported Media Type"},
    [V_NOT_A_RECORD] = {422, "Unprocessable Content"},
    [V_DAY_FULL] = {429, "Too Many Requests"},
    [V_STORE_FAILED] = {500, "Internal Server Error"},
    [V_BAD_GATEWAY] = {502, "Bad Gateway"},
    [V_UNAVAILABLE] = {503, "Service Unavailable"},
    [V_GATEWAY_LATE] = {504, "Gateway Timeout"},
    [V_NO_SPACE] = {507, "Insufficient Storage"},
};

void fault_clear(struct fault *f)
{
    *f = (struct fault){.offset = -1};
}

enum verdict fault_set(struct fault *f, enum verdict v, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(f->reason, sizeof f->reason, fmt, ap);
    va_end(ap);
    return v;
}

enum verdict fault_field(struct fault *f, const char *field, const char *fmt, ...)
{
    snprintf(f->field, sizeof f->field, "%s", field);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(f->reason, sizeof f->reason, fmt, ap);
    va_end(ap);
    return V_NOT_A_RECORD;
}

enum verdict fault_memory(struct fault *f)
{
    log_event(LOG_ERROR, "out_of_memory", "error=%s", strerror(errno));
    return fault_set(f, V_STORE_FAILED, "the server is out of memory; try again later");
}

enum verdict fault_of_errno(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG ? V_NO_SPACE : V_STORE_FAILED;
}

const char *fault_reason(enum verdict v, const struct fault *f)
{
    return *f->reason ? f->reason : table[v].phrase;
}

int fault_status(enum verdict v)
{
    return table[v].status;
}

const char *fault_phrase(enum verdict v)
{
    return table[v].phrase;
}
