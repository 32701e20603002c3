/*
 * slowsync: a preload that makes each fsync(2) and fdatasync(2) take SLOWSYNC_US microseconds
 * longer (1000 without it): a disk that must flush, where FUSE is not available. Unlike emudisk it
 * lets all flushes run at once.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void delay(void)
{
    const char *text = getenv("SLOWSYNC_US");
    long us = text ? strtol(text, NULL, 10) : 1000;
    struct timespec left = {us / 1000000, us % 1000000 * 1000};
    while (nanosleep(&left, &left) != 0)
        ;
}

int fdatasync(int fd)
{
    delay();
    return ((__typeof__(&fdatasync))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}

int fsync(int fd)
{
    delay();
    return ((__typeof__(&fsync))dlsym(RTLD_NEXT, "fsync"))(fd);
}
