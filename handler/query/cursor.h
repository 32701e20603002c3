/*
 * cursor: where the next page of a list begins.
 *
 *     10.0.0.7,web-1,4f0c...   by address: the rows after this one; exact
 *     @200                     other orders: the rows after so many
 *     ~10.0.0.7                the scan was not finished: hosts after this address
 *     ~10.0.0.7,web-1,4f0c...  the same, but rows of this address may be left
 *     ~10.0.0.7@200            rows after so many of a scan that starts after this address
 *
 * Hostname and machine_id are in letters, digits and ._-, other bytes are =XX: a cursor can be put
 * into a URL or a header as it is. It belongs to the order that it was given out for.
 */
#ifndef HANDLER_QUERY_CURSOR_H
#define HANDLER_QUERY_CURSOR_H

#include "handler/query/row.h"

enum { CURSOR_TEXT_MAX = 3 * ROW_PLACE_MAX + 1 };

struct cursor {
    bool partial; /* the scan starts at an address */
    struct ip ip; /* text "": none */
    bool row;     /* rows up to and including that of ip, name and machine are skipped */
    char name[CURSOR_TEXT_MAX], machine[CURSOR_TEXT_MAX];
    uint64_t skip; /* rows to skip */
};

/* Reads the parameter (NULL: none was given). 400 if it is not one of the order. */
enum verdict cursor_read(struct cursor *c, const char *text, bool by_address, struct fault *f);

/* The index of the first row of the page. */
size_t cursor_start(const struct cursor *c, const struct host *const *rows, size_t count);

/* Continues the scan where the cursor says. `c` must stay valid. */
void cursor_scan(const struct cursor *c, bool by_address, struct hosts_scan *scan);

/* What a page ended with. */
struct cursor_end {
    const struct host *last; /* the last row of the page */
    size_t next;             /* the index of the first row after it */
    bool rows_left;          /* there are rows after it */
    bool by_address;
};

/* Appends the cursor of the next page. False: there is no more. */
bool cursor_add(const struct cursor *c, const struct cursor_end *end, const struct hosts *hosts,
                struct buf *out);

/* Appends `,"cursor":"..."` if there is more to come. */
void cursor_put(const struct cursor *c, const struct cursor_end *end, const struct hosts *hosts,
                struct buf *out);

#endif
