/*
 * rebuild: the CSV rows of stored lines, made again. The JSON file alone is enough for it.
 */
#ifndef HANDLER_STORE_REBUILD_H
#define HANDLER_STORE_REBUILD_H

#include "handler/record/rows.h"
#include "handler/store/trailer.h"

#include <sys/types.h>

/* Makes rows line by line. */
struct rebuild {
    struct rows rows;
    struct arena arena;
    struct buf out; /* the rows of the last line */
    struct buf scratch;
    struct columns columns; /* of the file that the rows are for */
    struct trailer line;    /* its trailer */
};

/* Makes rows with the columns of `csv`, the file that they are for; -1: those of a new file. */
void rebuild_init(struct rebuild *r, int csv);
void rebuild_release(struct rebuild *r);

/*
 * Puts the rows of a stored line into r->out, after the header if the line is the file's first.
 * Writes to `bytes`. False with errno: EBADMSG if the line is not ours.
 */
bool rebuild_line(struct rebuild *r, char *bytes, size_t len);

/* Takes the next bytes of the CSV file; false (with errno) ends the rebuild. */
typedef bool (*rebuild_sink)(void *to, const char *bytes, size_t len);

/* A sink: writes to a file, from w->at on. */
struct rebuild_file {
    int fd;
    off_t at;
};
bool rebuild_write(void *to, const char *bytes, size_t len);

/*
 * Sends header and rows of all lines in the first `end` bytes of `json` to `sink`; `end` is a
 * commit (commit.h). Sends nothing for a file without lines. False with errno: EBADMSG if a line is
 * not ours; *bad is then its start.
 */
struct rebuild_source {
    int json, csv; /* csv: the file that is to be replaced, for its columns; -1: there is none */
    off_t end;
};
bool rebuild_csv(const struct rebuild_source *from, rebuild_sink sink, void *to, off_t *bad);

#endif
