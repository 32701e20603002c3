/*
 * clock: a preload for tests that moves the wall clock by TEST_CLOCK_OFFSET seconds, or by the
 * number in the file TEST_CLOCK_FILE. The file is read each time, so the clock of a running program
 * can be moved. The time stamps of files are not changed. (faketime(1) leaves a semaphore for every
 * process that is killed, and refuses to start a later one of the same number.)
 *
 * With TEST_MONOTONIC_STEP the monotonic clock does not run, but advances by so many milliseconds
 * each time that it is read: what a time limit cuts off is then the same on every machine.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t offset_in(const char *path)
{
    char text[32] = "";
    int saved = errno;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
        abort(); /* a test must not run on the wrong day */
    close(fd);
    errno = saved;
    return atol(text);
}

static time_t offset(void)
{
    const char *path = getenv("TEST_CLOCK_FILE");
    const char *text = getenv("TEST_CLOCK_OFFSET");
    if (path)
        return offset_in(path);
    return text ? atol(text) : 0;
}

static void step(const char *ms, struct timespec *ts)
{
    static long long reads;
    long long now = ++reads * atol(ms);
    ts->tv_sec = 1000 + now / 1000;
    ts->tv_nsec = now % 1000 * 1000000;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
    const char *ms = id == CLOCK_MONOTONIC ? getenv("TEST_MONOTONIC_STEP") : NULL;
    if (ms) {
        step(ms, ts);
        return 0;
    }
    int r = (int)syscall(SYS_clock_gettime, id, ts);
    if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        ts->tv_sec += offset();
    return r;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    (void)zone;
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    if (out)
        *out = ts.tv_sec;
    return ts.tv_sec;
}
