/*
 * records: the records of a directory, as programs without a server look at them.
 *
 *     struct records r = {.program = "rollcall-silent", .directory = dir, .now_ms = clock_now()};
 *     if ((status = records_scan(&r)) == 0)
 *         ... r.hosts, r.data ...
 *     records_end(&r);
 */
#ifndef HANDLER_READ_RECORDS_H
#define HANDLER_READ_RECORDS_H

#include "handler/read/hosts.h"

/*
 * Opens <records_dir>/data, for reading; -1 if no record has been stored yet. False with errno: the
 * directory cannot be read.
 */
bool records_open(const char *records_dir, int *data);

/* The end of a closed day YYYY-MM-DD, or now for today. False: it is no day, or in the future. */
bool records_as_of(const char *date, int64_t *now_ms);

struct records {
    const char *program;    /* for messages */
    const char *directory;  /* records_dir */
    const char *hosts_path; /* the hosts file; NULL: none */
    int64_t now_ms, every_ms, absent_days;
    int data; /* set by records_scan(), like the rest */
    struct hostsfile hosts_file;
    struct hosts hosts;
};

/* Opens and scans. 0, or the exit status after one line to stderr; records_end() is due then, too.
 */
int records_scan(struct records *r);

/* Says on stderr that `what` cannot be read, with errno; returns the exit status for it. */
int records_cannot_read(const struct records *r, const char *what);

/* Says on stderr how many files were not readable to the end, and frees everything. */
void records_end(struct records *r);

#endif
