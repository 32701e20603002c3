#include "aws/archive/pool.h"

#include "handler/shared/clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { DRAW_MS = 100 };

static bool open_lane(struct lane *l, struct s3_site *site)
{
    l->s3 = s3_new(site);
    l->unpack = unpack_new();
    errno = ENOMEM;
    l->pack = l->s3 && l->unpack ? pack_new() : NULL;
    return l->pack != NULL;
}

static void close_lane(struct lane *l)
{
    s3_free(l->s3);
    unpack_free(l->unpack);
    pack_free(l->pack);
}

bool pool_open(struct pool *r, const struct pool_options *options, struct s3_site *site)
{
    *r = (struct pool){.options = *options};
    pthread_mutex_init(&r->lock, NULL);
    progress_init(&r->progress, options->quiet);
    r->lanes = calloc(options->jobs, sizeof *r->lanes);
    errno = ENOMEM;
    bool ok = r->lanes != NULL;
    for (unsigned i = 0; ok && i < options->jobs; i++)
        ok = open_lane(&r->lanes[i], site);
    if (!ok) {
        progress_complain(&r->progress,
                          "cannot start: %s (set TMPDIR to a directory for packed files)",
                          strerror(errno));
        pool_close(r);
    }
    return ok;
}

void pool_close(struct pool *r)
{
    for (unsigned i = 0; r->lanes && i < r->options.jobs; i++)
        close_lane(&r->lanes[i]);
    free(r->lanes);
    r->lanes = NULL;
    progress_release(&r->progress);
    pthread_mutex_destroy(&r->lock);
}

/* ---- threads */

struct crew {
    struct pool *run;
    pool_work work;
    void *context;
    size_t count;
    atomic_size_t next;
    atomic_uint at_work;
};

struct hand {
    struct crew *crew;
    struct lane *lane;
    pthread_t thread;
};

static void *do_work(void *context)
{
    struct hand *h = context;
    struct crew *c = h->crew;
    for (size_t i; !pool_over(c->run) && (i = atomic_fetch_add(&c->next, 1)) < c->count;)
        c->work(c->run, h->lane, i, c->context);
    atomic_fetch_sub(&c->at_work, 1);
    return NULL;
}

void pool_each(struct pool *r, size_t count, pool_work work, void *context)
{
    struct crew crew = {.run = r, .work = work, .context = context, .count = count};
    struct hand hands[POOL_JOBS_MAX];
    unsigned started = 0;
    unsigned wanted = count < r->options.jobs ? (unsigned)count : r->options.jobs;
    for (; started < wanted; started++) {
        hands[started] = (struct hand){.crew = &crew, .lane = &r->lanes[started]};
        atomic_fetch_add(&crew.at_work, 1);
        if (pthread_create(&hands[started].thread, NULL, do_work, &hands[started]) != 0) {
            atomic_fetch_sub(&crew.at_work, 1);
            break;
        }
    }
    if (started == 0 && count > 0) { /* no thread could be started: work in this one */
        hands[0] = (struct hand){.crew = &crew, .lane = &r->lanes[0]};
        atomic_fetch_add(&crew.at_work, 1);
        do_work(&hands[0]);
    }
    while (r->progress.terminal && atomic_load(&crew.at_work) > 0) {
        progress_draw(&r->progress);
        clock_sleep(DRAW_MS);
    }
    for (unsigned i = 0; i < started; i++)
        pthread_join(hands[i].thread, NULL);
    progress_end(&r->progress);
}

/* ---- results */

void pool_problem(struct pool *r, const char *where, const char *what)
{
    progress_complain(&r->progress, "%s: %s", where, what);
    pthread_mutex_lock(&r->lock);
    r->problems++;
    pthread_mutex_unlock(&r->lock);
}

void pool_fault(struct pool *r, const struct s3_fault *fault)
{
    pthread_mutex_lock(&r->lock);
    bool said = r->worst == S3_STOPPED || (r->worst == fault->result && r->worst != S3_LATER &&
                                           r->worst != S3_LOCAL && r->worst != S3_REFUSED);
    if (r->worst == S3_OK || r->worst == S3_LATER || fault->result == S3_STOPPED)
        r->worst = fault->result;
    r->failures += fault->result == S3_LATER;
    pthread_mutex_unlock(&r->lock);
    if (!said) /* a wrong key fails in every lane, but is reported once */
        progress_complain(&r->progress, "%s", fault->text);
}

bool pool_over(struct pool *r)
{
    if (r->options.stop && *r->options.stop)
        return true;
    pthread_mutex_lock(&r->lock);
    bool over = r->failures >= POOL_FAILURES || r->worst == S3_DENIED || r->worst == S3_CONFIG ||
                r->worst == S3_STOPPED;
    pthread_mutex_unlock(&r->lock);
    return over;
}

void pool_count(struct pool *r, uint64_t bytes, uint64_t gzip_bytes)
{
    pthread_mutex_lock(&r->lock);
    r->files++;
    r->bytes += bytes;
    r->gzip_bytes += gzip_bytes;
    pthread_mutex_unlock(&r->lock);
}

int pool_status(struct pool *r)
{
    static const int statuses[] = {
        [S3_OK] = 0,
        [S3_NOT_FOUND] = EX_NOINPUT,
        [S3_DENIED] = EX_NOPERM,
        [S3_CONFIG] = EX_CONFIG,
        [S3_REFUSED] = EX_PROTOCOL,
        [S3_LATER] = EX_TEMPFAIL,
        [S3_BAD_ANSWER] = EX_PROTOCOL,
        [S3_LOCAL] = EX_IOERR,
        [S3_STOPPED] = EX_TEMPFAIL,
    };
    if (r->options.stop && *r->options.stop)
        return EX_TEMPFAIL;
    if (r->worst != S3_OK)
        return statuses[r->worst];
    return r->problems > 0 ? 1 : 0;
}
