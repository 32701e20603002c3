/*
 * pool: the threads of one run of rollcall-archive, and its result.
 *
 * Each thread has a lane: its own connection, packer and unpacker. pool_each() gives the numbers
 * 0 .. count - 1 to the lanes, in order. It returns when all are done, or when the run was stopped
 * or abandoned. A run is abandoned if the store refuses the credentials, or if POOL_FAILURES calls
 * failed after all their tries.
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
    uint64_t problems;                 /* of files and objects */
    unsigned failures;                 /* calls that ended with S3_LATER */
    enum s3_result worst;              /* of all calls */
};

/* False, with a line on stderr, if there is no memory or no temporary file. */
bool pool_open(struct pool *r, const struct pool_options *options, struct s3_site *site);
void pool_close(struct pool *r);

/* Does the work of number `i`. `context` is the caller's. */
typedef void (*pool_work)(struct pool *r, struct lane *lane, size_t i, void *context);
void pool_each(struct pool *r, size_t count, pool_work work, void *context);

/* Reports and counts a problem of a file or an object. The exit status becomes 1. */
void pool_problem(struct pool *r, const char *where, const char *what);

/* Reports and counts a failure of the store. */
void pool_fault(struct pool *r, const struct s3_fault *fault);

/* True if the run was stopped or abandoned. */
bool pool_over(struct pool *r);

/* Counts a file. */
void pool_count(struct pool *r, uint64_t bytes, uint64_t gzip_bytes);

/* The exit status, as rollcall-archive(8) lists them. */
int pool_status(struct pool *r);

#endif
