/*
 * io: whole reads and writes at an offset. EINTR and short counts are looped over; a write that
 * makes no progress is ENOSPC.
 */
#ifndef HANDLER_SHARED_IO_H
#define HANDLER_SHARED_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct buf;

/* Bytes read (fewer than `len` only at the end of the file), -1 with errno. */
ssize_t io_pread(int fd, void *bytes, size_t len, off_t at);

/* True when all is written; false with errno, and the file may hold a part. */
bool io_pwrite(int fd, const void *bytes, size_t len, off_t at);

/*
 * Opens /dev/null on those of descriptors 0 to 2 that are closed. Call it first in main():
 * otherwise the next file that the program opens becomes its standard error, and the log is
 * written into that file.
 */
void io_fill_descriptors(void);

/* Adds the rest of a file to `b`, up to b->max bytes in all. False with errno: EFBIG when it does
 * not fit, ENOMEM when memory is out. */
bool io_read_file(int fd, struct buf *b);

#endif
