/*
 * zoo COUNT <SCRIPT: runs a shell script beside so many sleeping processes of several users, each
 * with a command line of its own, and ends with its status. Meant to be the first process of a PID
 * namespace (unshare --pid --fork --mount-proc): when it ends, the kernel ends the others.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What /proc/PID/cmdline shows is the memory of argv, followed by environ:
 * setproctitle's way, for exec would take minutes. Up to the first NUL, where the text is longer
 * than argv was; so the script is no argument. */
static void rename_self(char **argv, long number)
{
    char **last = environ;
    while (*last && last[1])
        last++;
    char *end = *last ? *last + strlen(*last) : argv[0] + strlen(argv[0]);
    size_t room = (size_t)(end - argv[0]);
    char text[128];
    snprintf(text, sizeof text, "worker-%ld", number % 100);
    prctl(PR_SET_NAME, text);
    snprintf(text, sizeof text,
             "/usr/lib/app/worker --shard %05ld --listen 127.0.0.1:%ld --data /srv/app/%05ld",
             number, 10000 + number, number);
    size_t len = strlen(text) < room ? strlen(text) : room;
    memset(argv[0], 0, room);
    memcpy(argv[0], text, len);
}

static void sleeper(char **argv, long number)
{
    static const uid_t uids[] = {0, 1, 2, 3, 6, 8, 33, 65534};
    rename_self(argv, number);
    /* Where there is only one user, all are his. */
    if (setuid(uids[(size_t)number % (sizeof uids / sizeof *uids)]) != 0)
        errno = 0;
    for (;;)
        pause();
}

static int status_of(pid_t child)
{
    int status;
    for (pid_t ended; (ended = wait(&status)) != child;)
        if (ended < 0 && errno != EINTR)
            return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    long count = argc == 2 ? strtol(argv[1], NULL, 10) : -1;
    if (count < 0 || count > 100000) {
        fputs("usage: zoo COUNT <SCRIPT\n", stderr);
        return 64;
    }
    for (long i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid == 0)
            sleeper(argv, i);
        if (pid < 0) {
            fprintf(stderr, "zoo: process %ld of %ld: %s\n", i, count, strerror(errno));
            return 1;
        }
    }
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-e", (char *)NULL);
        fprintf(stderr, "zoo: /bin/sh: %s\n", strerror(errno));
        _exit(127);
    }
    return child < 0 ? 1 : status_of(child);
}
