/*
 * reply: the server's answer to POST /data, a JSend object. Pure.
 */
#ifndef AGENT_SEND_REPLY_H
#define AGENT_SEND_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REPLY_REASON_MAX = 512, REPLY_TEXT_MAX = 80 };

struct reply {
    bool jsend;                    /* it is one; all else is unset when it is not */
    bool success;                  /* its status */
    char reason[REPLY_REASON_MAX]; /* why not: data.reason or message; cut; "" when not said */
    /* The receipt; "" and -1 for what is not there, or is not what the contract says. */
    char client_ip[REPLY_TEXT_MAX], date[REPLY_TEXT_MAX], chain[REPLY_TEXT_MAX];
    int64_t seq, records, duplicates;
    int64_t line; /* of a batch: the one that is refused, from 1 */
    int durable;  /* 0, 1 */
};

void reply_parse(const char *body, size_t len, struct reply *out);

#endif
