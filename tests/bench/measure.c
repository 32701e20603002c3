/*
 * measure COMMAND...: what a command and the children that it waited for cost, as one line on
 * descriptor 3: wall and processor microseconds, peak memory in KiB, exit status. A small program:
 * the kernel counts what was resident before exec, too, so a large one would measure itself.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long micros(struct timeval t)
{
    return t.tv_sec * 1000000LL + t.tv_usec;
}

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
    struct rusage used;
    int status;
    if (argc < 2) {
        fputs("usage: measure COMMAND... 3>RESULTS\n", stderr);
        return 64;
    }
    long long start = now();
    pid_t pid = vfork();
    if (pid == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &used) != pid) {
        perror("measure");
        return 1;
    }
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    dprintf(3, "%lld %lld %ld %d\n", now() - start, micros(used.ru_utime) + micros(used.ru_stime),
            used.ru_maxrss, code);
    return 0;
}
