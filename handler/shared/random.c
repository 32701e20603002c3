#include "handler/shared/random.h"

#include "handler/shared/clock.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

uint64_t chance(void)
{
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) == sizeof random)
        return random;
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, &random, sizeof random);
    if (fd >= 0)
        close(fd);
    return n == sizeof random ? random : (uint64_t)clock_monotonic() * (uint64_t)getpid();
}
