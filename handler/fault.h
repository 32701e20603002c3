/*
 * fault: the result of each step of a request, and its reason.
 *
 * Every step returns an enum verdict. After V_OK the next step follows. Anything else ends the
 * request with the status that fault_status() names; the step has put the reason into a struct
 * fault:
 *
 *     if (len > max)
 *         return fault_set(f, V_TOO_LARGE, "the body is over %zu bytes", max);
 *
 * The reason states what was expected, what was found and what to do. It never contains a path of
 * the server, a token, or unbounded text of the client. The reply escapes it.
 */
#ifndef HANDLER_FAULT_H
#define HANDLER_FAULT_H

#include <stddef.h>

enum verdict {
    V_OK,
    V_BAD_REQUEST,     /* 400 */
    V_UNAUTHORIZED,    /* 401 */
    V_FORBIDDEN,       /* 403 */
    V_NOT_FOUND,       /* 404 */
    V_METHOD,          /* 405 */
    V_CONFLICT,        /* 409 */
    V_LENGTH_REQUIRED, /* 411 */
    V_TOO_LARGE,       /* 413 */
    V_MEDIA_TYPE,      /* 415 */
    V_NOT_A_RECORD,    /* 422 */
    V_DAY_FULL,        /* 429 */
    V_STORE_FAILED,    /* 500 */
    V_BAD_GATEWAY,     /* 502 */
    V_UNAVAILABLE,     /* 503 */
    V_GATEWAY_LATE,    /* 504 */
    V_NO_SPACE,        /* 507 */
    V__MAX
};

struct fault {
    char reason[256];
    char field[96];      /* the wrong member; "" for none */
    long line;           /* of an NDJSON body, from 1; 0 for none */
    long long offset;    /* byte offset in the decoded body; -1 for none */
    long retry_after;    /* seconds; 0 for none */
    const char *headers; /* further header lines, each ending in CRLF; static; NULL for none */
};

void fault_clear(struct fault *f);

/* Sets the reason and returns `v`. */
enum verdict fault_set(struct fault *f, enum verdict v, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* V_NOT_A_RECORD with the field that is wrong. */
enum verdict fault_field(struct fault *f, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Out of memory: V_STORE_FAILED, logged. */
enum verdict fault_memory(struct fault *f);

/* V_NO_SPACE for the errno of a full disk or a quota, V_STORE_FAILED for any other. */
enum verdict fault_of_errno(int error);

/* The reason, never empty: the status phrase if a step gave none. */
const char *fault_reason(enum verdict v, const struct fault *f);

/* 200 for V_OK. */
int fault_status(enum verdict v);

/* "Bad Request" and the like, RFC 9110 section 15. */
const char *fault_phrase(enum verdict v);

#endif
