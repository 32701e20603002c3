/*
 * cell: one field of the CSV files (RFC 4180). The only file that writes through libcsv.
 *
 * Every field is quoted. No raw control character gets in: U+0000 to U+001F, U+007F and the C1
 * controls U+0080 to U+009F become \n, \t, \r or \xhh, so that a row is a line. A field that a
 * spreadsheet would take for a formula (= + - @ first) gets a ' in front.
 */
#ifndef ROLLCALL_CELL_H
#define ROLLCALL_CELL_H

#include "shared/buf.h"

struct text {
    const char *ptr;
    size_t len;
};

/* Appends one quoted field. `scratch` is worked in and need not be kept. */
void cell_put(struct buf *out, struct text value, struct buf *scratch);

/* The same for `count` fields with commas between them. */
void cells_put(struct buf *out, const struct text *values, size_t count, struct buf *scratch);

#endif
