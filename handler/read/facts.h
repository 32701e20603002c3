/*
 * facts: what the small members of a record say about its host.
 *
 * Only members that a client may send are here; what the server knows (address, time of arrival,
 * counts) is in the server's member (trailer.h). A member that is absent, null or of another type
 * than expected is absent here: `ptr` is NULL.
 */
#ifndef HANDLER_READ_FACTS_H
#define HANDLER_READ_FACTS_H

#include "handler/read/tail.h"

enum fact {
    /* strings, decoded */
    FACT_HOSTNAME,
    FACT_MACHINE_ID,
    FACT_BOOT_ID,
    FACT_OS_NAME,
    FACT_OS_VER,
    FACT_OS_PRETTY_NAME,
    FACT_OS_VERSION_ID,
    FACT_PROCESSOR,
    FACT_BOOT_TIME,
    FACT_COLLECTED_AT,
    /* numbers, as they came */
    FACT_CORES,
    FACT_MEMORY_BYTES,
    FACT_TRUNCATED,
    FACT_COUNT,
    FACT_FIRST_NUMBER = FACT_CORES
};

struct facts {
    struct text value[FACT_COUNT]; /* in `text`; ptr NULL: absent */
    struct buf text;
};

void facts_init(struct facts *f);
void facts_release(struct facts *f);

/* A set of facts, 1 << enum fact each. */
enum { FACTS_ALL = (1 << FACT_COUNT) - 1 };

/*
 * Reads the members of the current line of `t`, the last first, until those wanted are found or no
 * member can hold one: large members come first in a line (rollcall-files(5)). Others than those
 * wanted may be absent. The values are valid until the next call. False: the line is not ours, or
 * the file changed under the reader.
 */
bool facts_read(struct facts *f, struct tail *t, unsigned wanted);

/* True when both have the fact, with equal bytes. */
bool facts_same(const struct text *a, const struct text *b);

/* Milliseconds since the epoch of a fact that is an RFC 3339 time in UTC; -1: it is not. */
int64_t facts_time(const struct text *value);

#endif
