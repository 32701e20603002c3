/*
 * table: reads the text that ps prints, line by line.
 *
 * The first line is a header if each of its words consists of upper-case letters, digits and
 * % + _ : - and at least one is a heading of columns.def:
 *
 *     PID PPID USER|UID %CPU|CPU %MEM|MEM RSS (KiB) S|STAT|STATE START|STIME|STARTED
 *     CMD|COMMAND|ARGS
 *
 * The last column takes the rest of the line. A line that does not fit (fewer words than columns,
 * letters where digits belong, ps's five-word lstart) goes into `cmd` whole, and so does every
 * line if there is no header. Blank lines are skipped.
 */
#ifndef HANDLER_RECORD_PSTABLE_H
#define HANDLER_RECORD_PSTABLE_H

#include "handler/record/process.h"

enum { TABLE_COLUMNS_MAX = 32 };

struct table {
    struct text rest;
    int columns[TABLE_COLUMNS_MAX]; /* enum column, -1: ignored */
    size_t column_count;            /* 0: no header */
};

/* `text` must outlive the table. */
void table_begin(struct table *t, struct text text);

/* The next process; its texts point into the table's text, or into `rss` (bytes, from KiB). */
bool table_next(struct table *t, struct process *out, char rss[BUF_DIGITS]);

#endif
