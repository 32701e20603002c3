/*
 * rollcall-handler: takes the roll call. See rollcall-handler(8).
 */
#include "config.h"
#include "days.h"
#include "fcgi.h"
#include "route.h"
#include "shared/log.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
    "usage: rollcall-handler [--check] [--help] [--version]\n"
    "\n"
    "Run by a FastCGI web server (a listening socket on descriptor 0, or systemd's on 3),\n"
    "or for one CGI request (REQUEST_METHOD in the environment).\n"
    "\n"
    "  --check    read the configuration, say whether it is right, and end\n"
    "  --help     this text\n"
    "  --version  the version\n"
    "\n"
    "The configuration is the JSON file named by ROLLCALL_CONFIG, else\n"
    "/etc/rollcall/handler.json; see rollcall-handler.json(5).\n";

enum action { RUN, CHECK, END };

/* Reads the command line; on END *status is the exit status. */
static enum action read_options(int argc, char **argv, int *status)
{
    static const struct option options[] = {{"check", no_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    enum action action = RUN;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        *status = 0;
        if (c == 'c') {
            action = CHECK;
        } else if (c == 'h') {
            fputs(usage, stdout);
            return END;
        } else if (c == 'v') {
            puts("rollcall-handler " ROLLCALL_VERSION);
            return END;
        } else {
            *status = EX_USAGE;
            return END;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "rollcall-handler: unexpected argument; see --help\n");
        *status = EX_USAGE;
        return END;
    }
    return action;
}

static int bad_config(const char *error)
{
    fprintf(stderr, "rollcall-handler: %s\n", error);
    return EX_CONFIG;
}

/* The FastCGI specification (section 2.2) leaves only descriptor 0 open: without this the first
 * connection would become stderr, and the log would go to the web server. */
static void fill_descriptors(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* A check makes nothing: what it made would belong to whoever checks. */
static bool may_be_made(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno == ENOENT;
    errno = ENOTDIR;
    return S_ISDIR(st.st_mode);
}

/* 0, or the exit status. */
static int prepare(struct config *config, bool check_only)
{
    char error[CONF_ERROR_LEN];
    if (!config_load(config_path(), config, error))
        return bad_config(error);
    if (!(check_only ? may_be_made(config->records_dir) : days_make_path(config->records_dir))) {
        snprintf(error, sizeof error, "%s: records_dir: cannot be made or used: %s", config_path(),
                 strerror(errno));
        return bad_config(error);
    }
    return 0;
}

static int serve(const struct config *config)
{
    static struct worker worker;
    struct request request;
    enum fcgi_mode mode = fcgi_open();
    if (mode == FCGI_MODE_NONE) {
        fputs(usage, stderr);
        return EX_USAGE;
    }
    if (mode == FCGI_MODE_FAILED || !worker_init(&worker, config, clock_now)) {
        fprintf(stderr, "rollcall-handler: cannot start: %s\n", strerror(errno));
        return EX_OSERR;
    }
    while (fcgi_accept(&request)) {
        size_t len = route_answer(&worker, &request);
        fcgi_answer(worker.reply.data, len);
        fcgi_finish(&request);
        worker_reset(&worker);
    }
    worker_release(&worker);
    return fcgi_exit_status();
}

int main(int argc, char **argv)
{
    struct config config;
    int status = 0;
    fill_descriptors();
    enum action action = read_options(argc, argv, &status);
    if (action == END)
        return status;
    umask(0027); /* files 0640, directories 0750 */
    /* Large blocks go back to the system when they are freed: a worker's memory stays flat. */
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
    status = prepare(&config, action == CHECK);
    if (status == 0 && action == CHECK)
        printf("%s: ok\n", config_path());
    return status == 0 && action == RUN ? serve(&config) : status;
}
