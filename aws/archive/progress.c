#include "aws/archive/progress.h"

#include "handler/shared/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { CELLS = 32, LINE_BYTES = 2048 };

void progress_init(struct progress *p, bool quiet)
{
    *p = (struct progress){.terminal = isatty(STDOUT_FILENO) == 1, .quiet = quiet};
    pthread_mutex_init(&p->lock, NULL);
}

void progress_release(struct progress *p)
{
    pthread_mutex_destroy(&p->lock);
}

void progress_begin(struct progress *p, uint64_t files, uint64_t bytes)
{
    pthread_mutex_lock(&p->lock);
    p->files = p->bytes = 0;
    p->files_total = files;
    p->bytes_total = bytes;
    pthread_mutex_unlock(&p->lock);
}

void progress_file(struct progress *p, uint64_t bytes)
{
    pthread_mutex_lock(&p->lock);
    p->files++;
    p->bytes += bytes;
    pthread_mutex_unlock(&p->lock);
}

static void put_bytes(uint64_t n, char out[32])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double value = (double)n;
    size_t unit = 0;
    for (; value >= 1000 && unit + 1 < sizeof units / sizeof *units; unit++)
        value /= 1000;
    snprintf(out, 32, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

/* Call with the lock. */
static void clear_bar(struct progress *p)
{
    if (p->drawn)
        fputs("\r\033[K", stdout);
    p->drawn = false;
}

void progress_draw(struct progress *p)
{
    char bar[CELLS + 1], done[32], total[32];
    if (!p->terminal || p->quiet)
        return;
    pthread_mutex_lock(&p->lock);
    if (p->files_total > 0) {
        uint64_t of = p->files_total, n = p->files < of ? p->files : of;
        size_t cells = (size_t)(n * CELLS / of);
        memset(bar, '.', CELLS);
        memset(bar, '#', cells);
        bar[CELLS] = '\0';
        put_bytes(p->bytes, done);
        put_bytes(p->bytes_total, total);
        printf("\r[%s] %" PRIu64 "/%" PRIu64 " files, %s of %s\033[K", bar, p->files,
               p->files_total, done, total);
        fflush(stdout);
        p->drawn = true;
    }
    pthread_mutex_unlock(&p->lock);
}

void progress_end(struct progress *p)
{
    pthread_mutex_lock(&p->lock);
    clear_bar(p);
    p->files_total = 0;
    fflush(stdout);
    pthread_mutex_unlock(&p->lock);
}

void progress_say(struct progress *p, bool detail, const char *fmt, ...)
{
    va_list ap;
    if (p->quiet || (detail && p->terminal))
        return;
    pthread_mutex_lock(&p->lock);
    clear_bar(p);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
    pthread_mutex_unlock(&p->lock);
}

void progress_complain(struct progress *p, const char *fmt, ...)
{
    char line[LINE_BYTES];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    text_make_plain(line);
    pthread_mutex_lock(&p->lock);
    clear_bar(p);
    fflush(stdout);
    fprintf(stderr, "rollcall-archive: %s\n", line);
    pthread_mutex_unlock(&p->lock);
}
