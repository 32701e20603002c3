/*
 * day: the files of one day that can be shipped: each file of <records_dir>/<branch>/<date>, up to
 * its last committed line.
 *
 * Committed lines never change: the handler only appends. So files are read without their lock.
 */
#ifndef AWS_ARCHIVE_DAY_H
#define AWS_ARCHIVE_DAY_H

#include "handler/store/manifest.h"

#include <stdbool.h>

struct shippable {
    struct manifest_entry now; /* name, size, seq, chain; no hashes yet */
    const char *problem;       /* NULL, or why it cannot be shipped; static */
};

struct day {
    const char *branch; /* "data" or "record" */
    char date[CLOCK_DATE_LEN + 1];
    int fd;                  /* of the directory; -1 if there is none */
    struct shippable *files; /* sorted by name */
    size_t count, room;
    size_t foreign; /* number of files that rollcall did not write */
};

/* False with errno. A day without a directory is empty. */
bool day_open(struct day *d, const char *records_dir, const char *branch, const char *date);
void day_close(struct day *d);

struct shippable *day_find(const struct day *d, const char *name);

/* Opens a file of the day for reading. -1 with errno. */
int day_file_open(const struct day *d, const char *name);

/*
 * True if the file continues the version that `old` describes: it has a line with the number
 * old->seq and the chain old->chain. For a CSV file, its JSON file is checked. False also if the
 * file cannot be read.
 */
bool day_continues(const struct day *d, const struct manifest_entry *old);

/* Dates. The caller frees list->dates. */
struct day_list {
    char (*dates)[CLOCK_DATE_LEN + 1];
    size_t count, room;
};

/* Adds the dates of a branch in records_dir, and sorts the list. False with errno. */
bool day_list_local(struct day_list *list, const char *records_dir, const char *branch);
bool day_list_add(struct day_list *list, const char *date);

/* Sorts the list and removes duplicates. */
void day_list_sort(struct day_list *list);

#endif
