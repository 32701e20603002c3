/*
 * run: what one run of rollcall-archive works with, and how it fares.
 *
 * Work is done by lanes: each is a thread's own connection, packer and unpacker. run_each() hands
 * out the numbers 0 .. count - 1 to the lanes, one after the other, and comes back when all are
 * done, or when the run was stopped or abandoned: it is abandoned at once when who we are does not
 * suffice, and when the store failed RUN_FAILURES times, each after all its tries.
 */
#ifndef AWS_ARCHIVE_POOL_H
#define AWS_ARCHIVE_POOL_H

#include "aws/archive/pack.h"
#include "aws/archive/progress.h"
#include "aws/archive/unpack.h"
#include "aws/s3/names.h"
#include "aws/s3/s3.h"

enum { RUN_JOBS = 4, RUN_JOBS_MAX = 64, RUN_FAILURES = 3 };

struct run_options {
    const char *records_dir;
    const char *prefix; /* as configured */
    unsigned jobs;
    bool today, listings, dry_run, quiet;
    const volatile sig_atomic_t *stop;
};

struct lane {
    struct s3 *s3;
    struct pack *pack;
    struct unpack *unpack;
};

struct run {
    struct run_options options;
    char prefix[KEYS_PREFIX_MAX];
    struct lane *lanes; /* options.jobs of them; the main thread uses the first */
    struct progress progress;
    pthread_mutex_t lock;              /* of what follows */
    uint64_t files, bytes, gzip_bytes; /* that were shipped, checked, restored */
    uint64_t problems;                 /* that are no fault of the store */
    unsigned failures;                 /* S3_LATER */
    enum s3_result worst;              /* S3_OK, or what is to be said of the store at the end */
};

/* False when memory or a temporary file cannot be had: said on stderr. */
bool run_open(struct run *r, const struct run_options *options, struct s3_site *site);
void run_close(struct run *r);

/* One number's work; `context` is the caller's. */
typedef void (*run_work)(struct run *r, struct lane *lane, size_t i, void *context);
void run_each(struct run *r, size_t count, run_work work, void *context);

/* Something here is not as it should be: said, counted, and the exit status is 1. */
void run_problem(struct run *r, const char *where, const char *what);

/* The store failed. */
void run_fault(struct run *r, const struct s3_fault *fault);

/* No use in going on. */
bool run_over(struct run *r);

/* One file more. */
void run_count(struct run *r, uint64_t bytes, uint64_t gzip_bytes);

/* The exit status: 0, 1, or of sysexits. */
int run_status(struct run *r);

#endif
