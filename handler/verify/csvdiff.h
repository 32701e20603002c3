/*
 * csvdiff: finds the first difference of two pieces of CSV. It reads them through libcsv, so the
 * result is a row and a column, not only a byte.
 */
#ifndef HANDLER_VERIFY_CSVDIFF_H
#define HANDLER_VERIFY_CSVDIFF_H

#include "handler/record/csv.h"

struct csvdiff {
    size_t offset; /* of the first differing byte, in `is` */
    size_t row;    /* from 0 */
    size_t column; /* from 0 */
};

/* False if they are equal. Their lengths may differ. */
bool csvdiff(struct text is, struct text should, struct csvdiff *out);

#endif
