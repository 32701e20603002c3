#include "handler/shared/random.h"

#include "handler/shared/clock.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

uint64_t random_bits(void)
{
    uint64_t bits = 0;
    if (getrandom(&bits, sizeof bits, 0) == sizeof bits)
        return bits;
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, &bits, sizeof bits);
    if (fd >= 0)
        close(fd);
    return n == sizeof bits ? bits : (uint64_t)clock_monotonic() * (uint64_t)getpid();
}

int64_t random_up_to(int64_t most)
{
    return most > 0 ? (int64_t)(random_bits() % ((uint64_t)most + 1)) : 0;
}
