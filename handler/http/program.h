/*
 * program: the start of each FastCGI program of rollcall.
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
 * Fills closed descriptors, sets umask and malloc, and reads the command line: --check, --help
 * (-h), --version (-V). After PROGRAM_END everything is printed, and *status is the exit status.
 */
enum program_action program_start(const struct program *p, int argc, char **argv, int *status);

/* Prints what is wrong with the configuration; returns the exit status for it. */
int program_bad_config(const struct program *p, const char *error);

/* Opens the source of requests (fcgi.h). 0, or the exit status; then the error is printed. */
int program_open(const struct program *p);

/*
 * Answers the request in hand with 503: records_dir is another directory than at the start, which a
 * confined process (confine.h) cannot use. Returns the exit status with which the web server or
 * systemd starts the program again.
 */
int program_start_again(const char *records_dir);

/* Prints errno as the reason why the program cannot start; returns the exit status for it. */
int program_cannot_start(const struct program *p);

#endif
