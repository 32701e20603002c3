#include "handler/http/program.h"

#include "handler/http/fcgi.h"
#include "handler/http/reply.h"
#include "handler/shared/io.h"
#include "handler/shared/log.h"

#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static enum program_action read_options(const struct program *p, int argc, char **argv, int *status)
{
    static const struct option options[] = {{"check", no_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {NULL, 0, NULL, 0}};
    enum program_action action = PROGRAM_RUN;
    for (int c; (c = getopt_long(argc, argv, "hV", options, NULL)) != -1;) {
        *status = 0;
        if (c == 'c') {
            action = PROGRAM_CHECK;
        } else if (c == 'h') {
            fputs(p->usage, stdout);
            return PROGRAM_END;
        } else if (c == 'V') {
            printf("%s " ROLLCALL_VERSION "\n", p->name);
            return PROGRAM_END;
        } else {
            *status = EX_USAGE;
            return PROGRAM_END;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "%s: unexpected argument \"%s\"; see --help\n", p->name, argv[optind]);
        *status = EX_USAGE;
        return PROGRAM_END;
    }
    return action;
}

enum program_action program_start(const struct program *p, int argc, char **argv, int *status)
{
    *status = 0;
    io_fill_descriptors(); /* FastCGI (section 2.2) leaves only descriptor 0 open */
    umask(0027);           /* files 0640, directories 0750 */
    /* Large blocks go back to the system when they are freed: a worker's memory stays flat. */
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
    return read_options(p, argc, argv, status);
}

int program_bad_config(const struct program *p, const char *error)
{
    fprintf(stderr, "%s: %s\n", p->name, error);
    return EX_CONFIG;
}

int program_open(const struct program *p)
{
    enum fcgi_mode mode = fcgi_open();
    if (mode == FCGI_MODE_NONE) {
        fputs(p->usage, stderr);
        return EX_USAGE;
    }
    return mode == FCGI_MODE_FAILED ? program_cannot_start(p) : 0;
}

int program_cannot_start(const struct program *p)
{
    fprintf(stderr, "%s: cannot start: %s\n", p->name, strerror(errno));
    return EX_OSERR;
}

int program_start_again(const char *records_dir)
{
    struct fault f = {.offset = -1, .retry_after = 1};
    struct buf answer;
    buf_init(&answer, 4096);
    log_event(LOG_WARN, "records_dir_replaced", "dir=%s", records_dir);
    enum verdict v = fault_set(&f, V_UNAVAILABLE, "the records directory was replaced; try again");
    reply_fault(&answer, v, &f);
    fcgi_answer(answer.data, answer.len);
    buf_release(&answer);
    return EX_TEMPFAIL;
}
