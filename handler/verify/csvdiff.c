#include "handler/verify/csvdiff.h"

#include <csv.h>

/* Where the reader is: counted up by libcsv's callbacks. */
struct place {
    size_t row, column;
};

static void on_field(void *bytes, size_t len, void *to)
{
    (void)bytes;
    (void)len;
    ((struct place *)to)->column++;
}

static void on_row(int c, void *to)
{
    (void)c;
    struct place *p = to;
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
    struct place place = {0, 0};
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT) == 0) {
        /* Up to the difference both say the same: the place in one is the place in the other. */
        csv_parse(&parser, should.ptr, same, on_field, on_row, &place);
        csv_free(&parser);
    }
    *out = (struct csvdiff){.offset = same, .row = place.row, .column = place.column};
    return true;
}
