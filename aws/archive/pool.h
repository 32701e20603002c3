/*
 * pool: the threads of one run of rollcall-archive, and its result.
 *
 * Lanes do the work: each is a thread's own connection, packer and unpacker. pool_each() hands out
 * the numbers 0 .. count - 1 to the lanes in order, and returns when all are done, or when the run
 * was stopped or abandoned: it is abandoned if the store refuses the credentials, and after the
 * store failed POOL_FAILURES times, each after all its tries.
 */
#ifndef AWS_ARCHIVE_POOL_H
#define AWS_ARCHIVE_POOL_H

#include "aws/archive/pack.h"
#include "aws/archive/progress.h"
#include "aws/archive/unpack.h"
#include "aws/s3/names.h"
#include "aws/s3/s3.h"

enum { POOL_JOBS = 4, POOL_JOBS_MAX = 64, POOL_FAILURES = 3 };

struct pool_options {
    const char *records_dir;
    const char *bucket;
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

struct pool {
    struct pool_options options;
    char prefix[NAMES_PREFIX_MAX];
    struct lane *lanes; /* options.jobs of them; the main thread uses the first */
    struct progress progress;
    pthread_mutex_t lock;              /* of the members below */
    uint64_t files, bytes, gzip_bytes; /* shipped, checked or restored */
    uint64_t problems;                 /* that the store did not cause */
    unsigned failures;                 /* S3_LATER */
    enum s3_result worst;              /* S3_OK, or the worst result of the store */
};

/* False, and a line on stderr, if there is no memory or no temporary file. */
bool pool_open(struct pool *r, const struct pool_options *options, struct s3_site *site);
void pool_close(struct pool *r);

/* The work of one number; `context` is the caller's. */
typedef void (*pool_work)(struct pool *r, struct lane *lane, size_t i, void *context);
void pool_each(struct pool *r, size_t count, pool_work work, void *context);

/* Reports and counts a problem of a file or an object: the exit status becomes 1. */
void pool_problem(struct pool *r, const char *where, const char *what);

/* Reports and counts a failure of the store. */
void pool_fault(struct pool *r, const struct s3_fault *fault);

/* Whether the run was stopped or abandoned. */
bool pool_over(struct pool *r);

/* Counts a file. */
void pool_count(struct pool *r, uint64_t bytes, uint64_t gzip_bytes);

/* The exit status: 0, 1, or of sysexits. */
int pool_status(struct pool *r);

#endif
