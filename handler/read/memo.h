/*
 * memo: what a worker remembers of files between requests, so that a page that many people poll
 * costs one fstatat(2) a host. The answers are the same without it.
 *
 * An entry is known by device and inode, and believed only while size and ctime are the same and
 * the ctime was at least 2 s old when the file was read: a file that changed within the same tick
 * of the clock is read again. The memo holds at most MEMO_BYTES; entries that the last scan did not
 * use are dropped first. It is gone with the worker.
 */
#ifndef HANDLER_READ_MEMO_H
#define HANDLER_READ_MEMO_H

#include "handler/read/report.h"

enum { MEMO_BYTES = 64 << 20, MEMO_SETTLED_MS = 2000 };

struct memo;

/* NULL: memory is out. */
struct memo *memo_new(void);
void memo_free(struct memo *m);

/* Starts a scan: entries not looked up until the next call may be dropped. */
void memo_begin(struct memo *m);

/*
 * True: the file is as it was, and *out is what was read of it then. The report belongs to the
 * memo, and is valid until the next memo_begin(). A report that crossed midnight also depends on
 * the file of the day before (report.h): the caller checks it.
 */
bool memo_find(struct memo *m, const struct file_mark *file, const struct report **out);

/*
 * Remembers a report, which is the memo's from now on. False: it is not kept (a file changed a
 * moment ago, or there is no room) and stays the caller's.
 */
bool memo_keep(struct memo *m, const struct file_mark *file, int64_t now_ms, struct report *report);

#endif
