/*
 * rebuild: the CSV file of a JSON file, made anew. The JSON file alone is enough for it.
 */
#ifndef HANDLER_STORE_REBUILD_H
#define HANDLER_STORE_REBUILD_H

#include "handler/record/rows.h"

#include <sys/types.h>

/* Takes the next bytes of the CSV file; false (with errno) ends the rebuild. */
typedef bool (*rebuild_sink)(void *to, const char *bytes, size_t len);

/* A sink: writes on at w->at of a file. */
struct rebuild_file {
    int fd;
    off_t at;
};
bool rebuild_write(void *to, const char *bytes, size_t len);

/*
 * Sends header and rows of all lines in the first `end` bytes of `json` to `sink`; `end` is a
 * commit (commit.h). Nothing is sent for a file without lines. False with errno, EBADMSG when a
 * line is not ours; *bad is then where it starts.
 */
bool rebuild_csv(int json, off_t end, rebuild_sink sink, void *to, off_t *bad);

#endif
