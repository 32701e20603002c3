/*
 * select: the words that choose hosts: `q` of the API, `hosts` of a policy.
 *
 *     web db:            two words, both must match: each is a substring of the address, hostname,
 *                        system, kernel or a label
 *     label:db           a substring of that field alone: ip hostname label system kernel processor
 *                        state flag
 *     ip:10.4.7.0/24     an address in a prefix
 *     -label:test        must not match
 *     "rack 7"           quotes hold blanks
 *
 * Case is folded in ASCII.
 */
#ifndef HANDLER_READ_SELECT_H
#define HANDLER_READ_SELECT_H

#include "handler/read/hosts.h"

enum { SELECT_TERMS_MAX = 64, SELECT_TEXT_MAX = 4096 };

enum select_field {
    SELECT_ANY,
    SELECT_IP,
    SELECT_HOSTNAME,
    SELECT_LABEL,
    SELECT_SYSTEM,
    SELECT_KERNEL,
    SELECT_PROCESSOR,
    SELECT_STATE,
    SELECT_FLAG,
    SELECT_FIELDS
};

struct select_term {
    enum select_field field;
    bool negate, is_prefix;
    struct ip_prefix prefix; /* is_prefix */
    const char *value;       /* in select.text */
};

struct select {
    size_t count;
    struct select_term terms[SELECT_TERMS_MAX];
    char text[SELECT_TEXT_MAX];
};

/* False with a static reason. */
bool select_parse(struct select *s, const char *text, const char **reason);

/* True when every term matches. No term matches every host. */
bool select_matches(const struct select *s, const struct host *host);

#endif
