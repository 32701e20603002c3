/*
 * program: how a FastCGI program of ours starts.
 *
 *     enum program_action action = program_start(&program, argc, argv, &status);
 *     ... PROGRAM_END: return status; read the configuration; PROGRAM_CHECK: return ...
 *     if ((status = program_open(&program)) != 0)
 *         return status;
 *     while (fcgi_accept(&request)) ...
 */
#ifndef HANDLER_HTTP_PROGRAM_H
#define HANDLER_HTTP_PROGRAM_H

struct program {
    const char *name;
    const char *usage; /* what --help prints */
};

enum program_action { PROGRAM_RUN, PROGRAM_CHECK, PROGRAM_END };

/*
 * Sees to descriptors, umask and malloc, and reads the command line: --check, --help, --version.
 * On PROGRAM_END all is said, and *status is the exit status.
 */
enum program_action program_start(const struct program *p, int argc, char **argv, int *status);

/* Says what is wrong with the configuration; returns the exit status for it. */
int program_bad_config(const struct program *p, const char *error);

/* Opens the way in of requests (fcgi.h): 0, or all is said, and it is the exit status. */
int program_open(const struct program *p);

/* Says what errno is, for what cannot go on at start; returns the exit status for it. */
int program_cannot_start(const struct program *p);

#endif
