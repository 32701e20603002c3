/*
 * files: the newest JSON file of each address, over the days that a reader looks back.
 *
 * Only names are read here. Names that are not ours (rollcall-files(5)) are skipped.
 */
#ifndef HANDLER_READ_FILES_H
#define HANDLER_READ_FILES_H

#include "handler/shared/clock.h"
#include "handler/shared/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct day_file {
    struct ip ip;
    int64_t day_ms; /* the first millisecond of its day */
};

struct day_files {
    struct day_file *list; /* in the order of files_compare() */
    size_t count, room;
    size_t *table; /* hash table of indexes + 1 */
    size_t table_size;
};

/*
 * Lists the newest file of each address in the days from that of `now_ms` back to `days` before it.
 * `data` is the descriptor of <records_dir>/data, or -1 with no files at all. False when memory is
 * out, or a directory that exists cannot be read (errno).
 */
bool files_list(struct day_files *f, int data, int64_t now_ms, int64_t days);

void files_release(struct day_files *f);

/* IPv4 before IPv6, then by the bytes of the address. */
int files_compare(const struct ip *a, const struct ip *b);

/*
 * Opens the JSON file of an address and day for reading: a regular file, no symbolic link, never
 * waiting. *st (may be NULL) is its state. -1 with errno; ENOENT: there is none.
 */
int files_open(int data, const struct ip *ip, int64_t day_ms, struct stat *st);

/* What tells whether a file is still the one that was read. All 0: there was none. */
struct file_mark {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec ctime;
};

struct file_mark files_mark(const struct stat *st);
bool files_mark_same(const struct file_mark *a, const struct file_mark *b);

/* The mark of the file of an address and day now. */
struct file_mark files_mark_of(int data, const struct ip *ip, int64_t day_ms);

/* "2026-11-20/10.0.0.7_2026-11-20.json" */
enum { FILES_NAME_MAX = 2 * CLOCK_DATE_LEN + IP_TEXT_LEN + 16 };
void files_name(const struct ip *ip, int64_t day_ms, char out[FILES_NAME_MAX]);

#endif
