#include "handler/watch/newcomers.h"

#include "handler/read/tail.h"
#include "handler/shared/io.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NEWCOMER_DAYS = 2, /* at least so many days before today are looked at */
    NEWCOMER_HEAD = 256 << 10,
};

/* What reading needs, made once and used for many files. */
struct newcomers {
    int data;
    struct tail tail;
    struct buf head;
};

static bool newcomers_has_file(int data, const struct ip *ip, int64_t day_ms)
{
    char name[FILES_NAME_MAX];
    struct stat st;
    files_name(ip, day_ms, name);
    return fstatat(data, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The day of the host's first file, -1 if that is older than yesterday. */
static int64_t newcomers_first_day(const struct hosts_scan *scan, const struct ip *ip)
{
    int64_t today = clock_day_start(scan->now_ms);
    int64_t days = scan->absent_days > NEWCOMER_DAYS ? scan->absent_days : NEWCOMER_DAYS;
    for (int64_t i = NEWCOMER_DAYS; i <= days; i++)
        if (newcomers_has_file(scan->data, ip, today - i * CLOCK_DAY_MS))
            return -1;
    return newcomers_has_file(scan->data, ip, today - CLOCK_DAY_MS) ? today - CLOCK_DAY_MS : today;
}

/* From the first line, if that is among the first bytes of the file; -1: it is not. */
static int64_t newcomers_first_line(struct buf *head, int fd)
{
    struct trailer line;
    size_t tail, chain;
    buf_reset(head);
    if (!buf_reserve(head, NEWCOMER_HEAD))
        return -1;
    ssize_t n = io_pread(fd, head->data, NEWCOMER_HEAD, 0);
    const char *end = n > 0 ? memchr(head->data, '\n', (size_t)n) : NULL;
    if (!end || !trailer_parse(head->data, (size_t)(end - head->data) + 1, &line, &tail, &chain))
        return -1;
    return clock_parse(line.received_at);
}

/* When the first record of the file was received; -1: unknown. */
static int64_t newcomers_first_record(struct newcomers *n, const struct ip *ip, int64_t day_ms)
{
    char name[FILES_NAME_MAX];
    struct stat st;
    files_name(ip, day_ms, name);
    int fd = openat(n->data, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    bool ours = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    int64_t first = ours ? newcomers_first_line(&n->head, fd) : -1;
    if (ours && first < 0 && tail_open(&n->tail, fd, st.st_size) == TAIL_OK)
        do
            first = n->tail.received_ms;
        while (tail_back(&n->tail) == TAIL_OK);
    close(fd);
    return first;
}

bool newcomers_visit(const struct hosts_scan *scan, const struct hosts *hosts, newcomers_fn *visit,
                     void *context)
{
    struct newcomers n = {.data = scan->data};
    bool ok = true;
    tail_init(&n.tail);
    buf_init(&n.head, NEWCOMER_HEAD);
    for (size_t i = 0; ok && scan->data >= 0 && i < hosts->count; i++) {
        const struct host *host = &hosts->list[i];
        if (!host->report || (i > 0 && files_compare(&hosts->list[i - 1].ip, &host->ip) == 0))
            continue;
        int64_t day = newcomers_first_day(scan, &host->ip);
        int64_t first = day < 0 ? -1 : newcomers_first_record(&n, &host->ip, day);
        if (first >= 0 && scan->now_ms - first < CLOCK_DAY_MS)
            ok = visit(context, i, first);
    }
    tail_release(&n.tail);
    buf_release(&n.head);
    return ok;
}
