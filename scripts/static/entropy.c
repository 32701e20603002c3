/*
 * entropy: random bytes for OpenSSL where the kernel has no getrandom(2): before 3.17, or behind a
 * filter that forbids it.
 *
 * OpenSSL asks getentropy(3) first. glibc's knows getrandom(2) only, and OpenSSL's own next way
 * refuses to work when uname(2) says that the kernel is too new not to have that call. This one
 * takes the place of glibc's.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

/* /dev/random can be read once there is enough for /dev/urandom to be good; it is not used up. */
static int is_seeded(void)
{
    struct pollfd p = {.fd = open("/dev/random", O_RDONLY | O_CLOEXEC), .events = POLLIN};
    int ready = p.fd >= 0 && poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
    if (p.fd >= 0)
        close(p.fd);
    return ready;
}

/* -1 and ENOSYS sends OpenSSL on to its next way, which waits for the kernel to be seeded. */
int getentropy(void *bytes, size_t len)
{
    if (getrandom(bytes, len, 0) == (ssize_t)len)
        return 0;
    int fd = is_seeded() ? open("/dev/urandom", O_RDONLY | O_CLOEXEC) : -1;
    ssize_t n = fd < 0 ? -1 : read(fd, bytes, len);
    if (fd >= 0)
        close(fd);
    if (n == (ssize_t)len)
        return 0;
    errno = ENOSYS;
    return -1;
}
