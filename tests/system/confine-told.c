/*
 * Makes a worker do, at SIGUSR2, what a taken-over worker would try, and report each result in the
 * file $TOLD, one line `name: errno text` each. Loaded by LD_PRELOAD.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int out = -1;
static const char *records, *outside;

static void report(const char *what, int rc)
{
    char line[128];
    int len = snprintf(line, sizeof line, "%s: %s\n", what, rc < 0 ? strerror(errno) : "done");
    if (write(out, line, (size_t)len) != len)
        abort();
}

static void try_file(const char *what, const char *path, int flags)
{
    int fd = open(path, flags, 0600);
    report(what, fd);
    if (fd >= 0)
        close(fd);
}

static void told(int signal)
{
    (void)signal;
    char path[4096];
    char *arguments[] = {"/bin/true", NULL};
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(9)};
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    try_file("read passwd", "/etc/passwd", O_RDONLY);
    snprintf(path, sizeof path, "%s/file", outside);
    try_file("write outside", path, O_WRONLY | O_CREAT);
    snprintf(path, sizeof path, "%s/directory", outside);
    report("mkdir outside", mkdir(path, 0700));
    try_file("read proc", "/proc/self/environ", O_RDONLY);
    snprintf(path, sizeof path, "%s/told", records);
    try_file("write records", path, O_WRONLY | O_CREAT);
    report("set times", utimensat(AT_FDCWD, path, NULL, 0));
    report("socket", socket(AF_INET, SOCK_STREAM, 0));
    report("connect", connect(STDIN_FILENO, (struct sockaddr *)&there, sizeof there));
    report("fork", fork());
    report("exec", execv(arguments[0], arguments));
    close(out);
}

__attribute__((constructor)) static void prepare(void)
{
    struct sigaction action = {.sa_handler = told};
    const char *path = getenv("TOLD");
    records = getenv("TOLD_RECORDS");
    outside = getenv("TOLD_OUTSIDE");
    out = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    if (out >= 0)
        sigaction(SIGUSR2, &action, NULL);
}
