#include "handler/http/fcgi.h"

#include "handler/shared/clock.h"
#include "handler/shared/log.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { SYSTEMD_FD = 3, ACCEPT_FAILURES_MAX = 100 };

/* One request at a time in one process: the library's own request and the stop flag. */
static FCGX_Request current;
static enum fcgi_mode mode;
static int listen_fd, null_fd;
static int exit_status;
static bool answered; /* CGI: the one request was handed out */
static volatile sig_atomic_t stop;
static volatile sig_atomic_t waiting; /* for a request */

static void on_stop(int signal)
{
    (void)signal;
    int saved = errno;
    stop = 1;
    if (mode == FCGI_MODE_SOCKET)
        dup2(null_fd, listen_fd);
    /* On a connection that the web server keeps open, the process waits in a read. This ends it
     * after the bytes that have arrived. */
    if (waiting && current.keepConnection && current.ipcFd >= 0)
        shutdown(current.ipcFd, SHUT_RD);
    errno = saved;
}

static bool listens(int fd)
{
    int yes = 0;
    socklen_t len = sizeof yes;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == 0 && yes;
}

/* True if systemd passed a listening socket to this process. */
static bool systemd_listens(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    return pid && fds && strtol(pid, NULL, 10) == getpid() && strtol(fds, NULL, 10) >= 1 &&
           listens(SYSTEMD_FD);
}

static void catch_signals(void)
{
    /* A CGI process must end even if its body never arrives. */
    struct sigaction stopper = {.sa_handler = on_stop,
                                .sa_flags = mode == FCGI_MODE_SOCKET ? SA_RESTART : 0};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&stopper.sa_mask);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGTERM, &stopper, NULL);
    sigaction(SIGINT, &stopper, NULL);
    sigaction(SIGUSR1, &stopper, NULL); /* sent by multiwatch; libfcgi catches it, too */
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL); /* a write over the limit is EFBIG, not death */
}

enum fcgi_mode fcgi_open(void)
{
    listen_fd = 0;
    mode = FCGI_MODE_SOCKET;
    if (systemd_listens())
        listen_fd = SYSTEMD_FD;
    else if (!listens(0))
        mode = getenv("REQUEST_METHOD") ? FCGI_MODE_CGI : FCGI_MODE_NONE;
    if (mode == FCGI_MODE_NONE)
        return mode;
    null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool ready = mode == FCGI_MODE_CGI || (null_fd >= 0 && FCGX_Init() == 0 &&
                                           FCGX_InitRequest(&current, listen_fd, 0) == 0);
    if (!ready)
        return FCGI_MODE_FAILED;
    catch_signals();
    return mode;
}

static const char *param_fcgi(void *source, const char *name)
{
    (void)source;
    size_t len = strlen(name);
    for (char **p = current.envp; *p; p++) /* FCGX_GetParam() asks strncmp() about each */
        if (**p == *name && strncmp(*p, name, len) == 0 && (*p)[len] == '=')
            return *p + len + 1;
    return NULL;
}

static const char *param_cgi(void *source, const char *name)
{
    (void)source;
    return getenv(name);
}

static size_t read_fcgi(void *source, char *bytes, size_t len)
{
    (void)source;
    size_t done = 0;
    while (done < len) {
        size_t want = len - done < 1 << 30 ? len - done : 1 << 30;
        int n = FCGX_GetStr(bytes + done, (int)want, current.in);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    return done;
}

static size_t read_cgi(void *source, char *bytes, size_t len)
{
    (void)source;
    size_t done = 0;
    while (done < len) {
        ssize_t n = read(STDIN_FILENO, bytes + done, len - done);
        if (n < 0 && errno == EINTR && !stop)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    return done;
}

/* True if descriptors or memory are short: the socket itself is fine. */
static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/* Waits until the listening socket has a connection; needed if accept(2) does not block. */
static void wait_for_connection(void)
{
    struct pollfd p = {.fd = listen_fd, .events = POLLIN};
    if (!stop)
        poll(&p, 1, -1);
}

/* A peer that went away, or a shortage, must not end a worker. A listening socket that failed for
 * good must. */
static bool accept_fcgi(void)
{
    for (int failures = 0, logged = 0; !stop;) {
        waiting = 1;
        int rc = stop ? -1 : FCGX_Accept_r(&current);
        waiting = 0;
        if (rc == 0)
            return true;
        if (stop)
            break;
        if (rc == -EAGAIN) {
            wait_for_connection();
            continue;
        }
        if (logged != rc)
            log_event(LOG_ERROR, "accept_failed", "code=%d error=%s", rc, strerror(abs(rc)));
        logged = rc;
        if (!is_shortage(abs(rc)) && (++failures == ACCEPT_FAILURES_MAX || !listens(listen_fd))) {
            exit_status = 1;
            return false;
        }
        clock_sleep(is_shortage(abs(rc)) ? 100 : 10);
    }
    return false;
}

bool fcgi_accept(struct request *r)
{
    if (mode == FCGI_MODE_CGI) {
        if (answered)
            return false;
        answered = true;
        request_fill(r, param_cgi, NULL);
        r->read = read_cgi;
        return true;
    }
    if (!accept_fcgi())
        return false;
    request_fill(r, param_fcgi, NULL);
    r->read = read_fcgi;
    return true;
}

bool fcgi_answer(const char *bytes, size_t len)
{
    if (mode == FCGI_MODE_SOCKET)
        return FCGX_PutStr(bytes, (int)len, current.out) == (int)len;
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* Limits how long a read from the web server may wait; 0: no limit. A read with a limit ends on a
 * signal, SA_RESTART or not (signal(7)). */
static void limit_reads(int seconds)
{
    struct timeval limit = {.tv_sec = seconds};
    setsockopt(current.ipcFd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

/*
 * The empty record that ends the body has not been read yet. Closing a connection with unread bytes
 * resets it, and nginx then answers 502. With that record read, the connection can be closed at
 * once (FCGX_Detach); otherwise libfcgi waits until the web server closes it.
 */
void fcgi_finish(const struct request *r)
{
    if (mode != FCGI_MODE_SOCKET)
        return;
    FCGX_FClose(current.err);
    FCGX_FClose(current.out); /* the answer is now complete on the connection */
    if (r->body_read) {
        limit_reads(FCGI_LINGER_S);
        if (FCGX_GetChar(current.in) == EOF)
            FCGX_Detach(&current);
        if (current.keepConnection)
            limit_reads(0);
    }
    FCGX_Finish_r(&current);
}

int fcgi_exit_status(void)
{
    return exit_status;
}
