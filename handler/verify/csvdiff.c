#include "handler/verify/csvdiff.h"

#include <csv.h>

/* The place of the reader, counted by libcsv's callbacks. */
struct csvdiff_place {
    size_t row, column;
};

static void on_field(void *bytes, size_t len, void *to)
{
    (void)bytes;
    (void)len;
    ((struct csvdiff_place *)to)->column++;
}

static void on_row(int c, void *to)
{
    (void)c;
    struct csvdiff_place *p = to;
    p->row++;
    p->column = 0;
}

bool csvdiff(struct text is, struct text should, struct csvdiff *out)
{
    size_t same = 0, least = is.len < should.len ? is.len : should.len;
    while (same < least && is.ptr[same] == should.ptr[same])
        same++;
    if (same == is.len && same == should.len)
        return false;
    struct csvdiff_place place = {0, 0};
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT) == 0) {
        /* Both are the same up to the difference, so is the place. */
        csv_parse(&parser, should.ptr, same, on_field, on_row, &place);
        csv_free(&parser);
    }
    *out = (struct csvdiff){.offset = same, .row = place.row, .column = place.column};
    return true;
}
