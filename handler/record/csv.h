/*
 * cell: writes fields of the CSV files (RFC 4180), byte for byte as libcsv would, but faster: a
 * large record has thousands.
 *
 * Every field is quoted. Control characters (U+0000 to U+001F, U+007F, and the C1 controls U+0080
 * to U+009F) become \n, \t, \r or \xhh, so that a row is a line. A field that a spreadsheet would
 * take for a formula (= + - @ first) gets a ' in front.
 */
#ifndef HANDLER_RECORD_CSV_H
#define HANDLER_RECORD_CSV_H

#include "handler/shared/buf.h"
#include "handler/shared/text.h"

/* Appends one quoted field. */
void cell_put(struct buf *out, struct text value);

/*
 * The same for `count` fields with commas between them. Of a field that is known to be plain
 * (printable ASCII without a quote), only the first byte is examined.
 */
void cells_put(struct buf *out, const struct text *values, const bool *plain, size_t count);

#endif
