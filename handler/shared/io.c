#include "handler/shared/io.h"

#include "handler/shared/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { READ_MIN = 4096 };

ssize_t io_pread(int fd, void *bytes, size_t len, off_t at)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, (char *)bytes + done, len - done, at + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

bool io_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pwrite(fd, (const char *)bytes + done, len - done, at + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0) {
            errno = ENOSPC;
            return false;
        }
        done += (size_t)n;
    }
    return true;
}

void io_fill_descriptors(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* Reads what fits, at most; at the ceiling a byte is read aside, to see whether the file ends. */
static ssize_t read_some(int fd, struct buf *b)
{
    char aside;
    size_t room = b->max - b->len;
    if (room > 0 && b->cap == b->len && !buf_reserve(b, room < READ_MIN ? room : READ_MIN)) {
        errno = ENOMEM;
        return -1;
    }
    ssize_t n = room > 0 ? read(fd, b->data + b->len, b->cap - b->len) : read(fd, &aside, 1);
    if (n > 0 && room == 0) {
        buf_reserve(b, 1); /* marks it as full */
        errno = EFBIG;
        return -1;
    }
    return n;
}

bool io_read_file(int fd, struct buf *b)
{
    for (;;) {
        ssize_t n = read_some(fd, b);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        b->len += (size_t)n;
    }
}
