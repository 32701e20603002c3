/*
 * reply: the server's answer to a POST, a JSend object. Pure.
 */
#ifndef AGENT_SEND_REPLY_H
#define AGENT_SEND_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REPLY_REASON_MAX = 512, REPLY_TEXT_MAX = 80 };

enum reply_status {
    REPLY_OTHER,   /* not JSend: a proxy, another service; all other members are unset */
    REPLY_SUCCESS, /* "success" with a "data" object */
    REPLY_FAIL,    /* "fail" with a "data" object that has a "reason" */
    REPLY_ERROR,   /* "error" with a "message" */
};

struct reply {
    enum reply_status status;
    char reason[REPLY_REASON_MAX]; /* data.reason or message, cut to fit; "" without one */
    /* The receipt. A member that is missing, or not as the server writes it, is "" or -1. */
    char client_ip[REPLY_TEXT_MAX], date[REPLY_TEXT_MAX], chain[REPLY_TEXT_MAX];
    int64_t seq, records, duplicates;
    int64_t line; /* of a batch: the line that is refused, from 1 */
    int durable;  /* 0, 1 */
};

void reply_parse(const char *body, size_t len, struct reply *out);

#endif
