/*
 * spoolname: the name of a spooled record's file says all that is known of it. Pure.
 *
 *     1795229278123-0001-1795229280.data.gz
 *     created ms    no.  first try  kind
 *
 * The first try (seconds since the epoch) is that of the first one whose fate is unknown, 0 while
 * there was none. A record that was set aside has ".bad" behind all of this.
 */
#ifndef AGENT_SEND_SPOOLNAME_H
#define AGENT_SEND_SPOOLNAME_H

#include <stdbool.h>
#include <stdint.h>

enum { SPOOLNAME_MAX = 64, SPOOLNAME_SERIAL_MAX = 9999 };

enum spool_kind { SPOOL_DATA, SPOOL_LISTING };

struct spoolname {
    int64_t created; /* ms since the epoch */
    int64_t tried;   /* s since the epoch, 0: its fate is known */
    unsigned serial; /* tells those of one millisecond apart */
    enum spool_kind kind;
    bool bad;
};

void spoolname_format(const struct spoolname *n, char out[SPOOLNAME_MAX]);

/* False when spoolname_format() makes no such name. */
bool spoolname_parse(const char *text, struct spoolname *out);

#endif
