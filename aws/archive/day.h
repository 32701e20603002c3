/*
 * day: what there is here to ship of one day: each file of <records_dir>/<branch>/<date>, up to its
 * last committed line.
 *
 * What the handler has committed is never changed again, only added to, so a file is read without
 * its lock.
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
    int fd;                  /* of the directory, -1: there is none */
    struct shippable *files; /* sorted by name */
    size_t count, room;
    size_t foreign; /* files that are not rollcall's */
};

/* False with errno. A day that is not there is empty. */
bool day_open(struct day *d, const char *records_dir, const char *branch, const char *date);
void day_close(struct day *d);

struct shippable *day_find(const struct day *d, const char *name);

/* A file of the day, for reading; -1 with errno. */
int day_file_open(const struct day *d, const char *name);

/*
 * Whether the file still begins with what `old` says: a line of ours ends at old->size, and its
 * chain is old->chain. Of a CSV file, the JSON file beside it is asked. False also when it cannot
 * be read.
 */
bool day_continues(const struct day *d, const struct manifest_entry *old);

/* The dates that records_dir has of a branch, sorted; `list` is to be freed. False with errno. */
struct day_list {
    char (*dates)[CLOCK_DATE_LEN + 1];
    size_t count, room;
};
bool day_list_local(struct day_list *list, const char *records_dir, const char *branch);
bool day_list_add(struct day_list *list, const char *date);
/* Sorts, and drops what is there twice. */
void day_list_sort(struct day_list *list);

#endif
