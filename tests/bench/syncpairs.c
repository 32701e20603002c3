/*
 * syncpairs DIRECTORY WRITERS SECONDS: how many records a second this file system can put on disk
 * for that many writers, each with two files of its own, when nothing else is done: append, sync,
 * append, sync. That is what rollcall-handler does of a record with "sync" on. Prints the rate.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CSV_BYTES = 200, JSON_BYTES = 520 }; /* as a small record has */

static const char *directory;
static atomic_bool over;
static atomic_bool failed;
static atomic_long pairs;

static bool append(int fd, const char *bytes, size_t len)
{
    return write(fd, bytes, len) == (ssize_t)len && fdatasync(fd) == 0;
}

static int make(long number, const char *kind)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/pair.%ld.%s", directory, number, kind);
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void *writer(void *number)
{
    char bytes[JSON_BYTES];
    int csv = make((long)number, "csv"), json = make((long)number, "json");
    memset(bytes, 'x', sizeof bytes);
    while (!over && !failed) {
        if (append(csv, bytes, CSV_BYTES) && append(json, bytes, JSON_BYTES))
            pairs++;
        else
            failed = true;
    }
    close(csv);
    close(json);
    return NULL;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    enum { MAX = 256 };
    pthread_t threads[MAX];
    long writers = argc == 4 ? strtol(argv[2], NULL, 10) : 0, started = 0;
    double seconds = argc == 4 ? strtod(argv[3], NULL) : 0, start = now();
    if (writers < 1 || writers > MAX || seconds <= 0) {
        fputs("usage: syncpairs DIRECTORY WRITERS(1-256) SECONDS\n", stderr);
        return 64;
    }
    directory = argv[1];
    while (started < writers &&
           pthread_create(&threads[started], NULL, writer, (void *)started) == 0)
        started++;
    usleep((useconds_t)(seconds * 1e6));
    over = true;
    while (started > 0)
        pthread_join(threads[--started], NULL);
    if (failed) {
        perror("syncpairs");
        return 1;
    }
    printf("%.1f\n", (double)pairs / (now() - start));
    return 0;
}
