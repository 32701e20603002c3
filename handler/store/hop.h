/*
 * hop: reads a JSON file from its end, line by line, looking only at each line's last bytes.
 *
 *     hop_begin(&h, fd, end);                  end: behind a newline
 *     while (h.end > 0 && hop_read(&h, &line) == HOP_LINE) { ...; hop_back(&h, &line); }
 *
 * A line says where it starts, so a file of large lines costs one small read a line, and a file of
 * small ones one read for many.
 */
#ifndef HANDLER_STORE_HOP_H
#define HANDLER_STORE_HOP_H

#include "handler/store/trailer.h"

#include <sys/types.h>

enum { HOP_WINDOW = 16 * 1024, HOP_FIRST = 4 * 1024 };

enum hop_result { HOP_LINE, HOP_NOT_OURS, HOP_FAILED };

struct hop {
    int fd;
    off_t end;    /* of the line to read next */
    off_t base;   /* of the window in the file */
    size_t len;   /* bytes in the window */
    size_t reach; /* how much to read next time */
    char window[HOP_WINDOW];
};

void hop_begin(struct hop *h, int fd, off_t end);

/* The line that ends at h->end. HOP_FAILED with errno. */
enum hop_result hop_read(struct hop *h, struct trailer *out);

/* Goes on to the line before `line`, the one just read. */
void hop_back(struct hop *h, const struct trailer *line);

#endif
