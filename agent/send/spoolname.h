/*
 * spoolname: the name of a spooled file, which has all that is known about its record. Pure.
 *
 *     1795229278123-0001-1795229280.data.gz
 *     created ms    no.  first try  kind
 *
 * The first try (seconds since the epoch) is the first one whose fate is unknown, or 0. A record
 * that was set aside has ".bad" at the end.
 */
#ifndef AGENT_SEND_SPOOLNAME_H
#define AGENT_SEND_SPOOLNAME_H

#include <stdbool.h>
#include <stdint.h>

enum { SPOOLNAME_MAX = 64, SPOOLNAME_SERIAL_MAX = 9999 };

enum spool_kind { SPOOL_DATA, SPOOL_LISTING };

struct spoolname {
    int64_t created; /* ms since the epoch */
    int64_t tried;   /* s since the epoch; 0: its fate is known */
    unsigned serial; /* of the records of one millisecond */
    enum spool_kind kind;
    bool bad;
};

void spoolname_format(const struct spoolname *n, char out[SPOOLNAME_MAX]);

/* False if spoolname_format() does not make such a name. */
bool spoolname_parse(const char *text, struct spoolname *out);

#endif
