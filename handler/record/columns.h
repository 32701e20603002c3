/*
 * columns: which columns a CSV file has.
 *
 * columns.def lists those of a new file. A file that exists keeps the columns that its header
 * names, whatever version of rollcall wrote it: writers, rebuild and verify build rows with all
 * columns (rows.h), then select those of the file:
 *
 *     struct columns c;
 *     if (!columns_of_file(csv, &c))
 *         ... errno
 *     columns_convert(&c, &rows, 0, false, &scratch);
 */
#ifndef HANDLER_RECORD_COLUMNS_H
#define HANDLER_RECORD_COLUMNS_H

#include "handler/shared/buf.h"
#include "handler/shared/text.h"

/* Columns of the record. */
enum host_column {
#define HOST(ID, name) HOST_##ID,
#include "handler/record/columns.def"
    HOST_COUNT
};

/* Columns of a process. */
enum column {
#define PROCESS(ID, name, fits) COL_##ID,
#include "handler/record/columns.def"
    COL_COUNT
};

enum { COLUMNS_COUNT = HOST_COUNT + COL_COUNT, COLUMNS_MAX = 64, COLUMNS_HEADER_MAX = 4096 };

extern const char *const columns_names[COLUMNS_COUNT];

/* Appends the header line of a new file to `out`. */
void columns_put_header(struct buf *out);

struct columns {
    bool other; /* columns_of_file(): not those of a new file */
    size_t header_len;
    char header[COLUMNS_HEADER_MAX]; /* as in the file */
    size_t count;
    unsigned char list[COLUMNS_MAX]; /* places in columns_names; COLUMNS_COUNT for any other name */
};

/*
 * Reads the header line of a file, which `text` starts with; a header is at most COLUMNS_HEADER_MAX
 * bytes long. False if it is not a header that rollcall wrote: every name in quotes, at least one
 * of them known, none twice, ending in CRLF.
 */
bool columns_read(struct text text, struct columns *out);

/*
 * Appends `len` bytes of rows that have the columns of a new file to `out`, with the columns `c`
 * instead. A column that this version does not know is empty.
 */
void columns_select(const struct columns *c, const char *rows, size_t len, struct buf *out);

/*
 * Reads the columns of an open CSV file. If they are those of a new file, or the file has no header
 * of ours, or one of ours with a damaged name, `other` is false and nothing else is set. False with
 * errno if it cannot be read.
 */
bool columns_of_file(int fd, struct columns *out);

/*
 * If the file has other columns, gives them to what `out` holds after `from`: rows, after a header
 * if `header` says so. `scratch` is used for it. No memory: out->failed.
 */
void columns_convert(const struct columns *c, struct buf *out, size_t from, bool header,
                     struct buf *scratch);

#endif
