#include "handler/read/hosts.h"

#include "handler/shared/io.h"
#include "handler/shared/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/uio.h>
#include <unistd.h>

/* Files whose last bytes are asked for before the first of them is read. */
enum { HOSTS_BATCH = 64, CLOCK_OFF_MS = 60 * 1000 };

static const char *const flag_names[FLAG_COUNT] = {"clone",     "multihomed", "clock",
                                                   "truncated", "unreadable", "behind",
                                                   "shared",    "regressed",  "rebooted"};

const char *hosts_flag_name(enum host_flag flag)
{
    return flag_names[flag];
}

enum host_flag hosts_flag_find(const char *name)
{
    enum host_flag flag = FLAG_CLONE;
    while (flag < FLAG_COUNT && strcmp(flag_names[flag], name) != 0)
        flag++;
    return flag;
}

const char *hosts_name(const struct host *host)
{
    if (host->report && host->report->fact[FACT_HOSTNAME].ptr)
        return host->report->fact[FACT_HOSTNAME].ptr;
    return host->says.name ? host->says.name : "";
}

void hosts_release(struct hosts *h)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->list[i].owned)
            report_free((struct report *)h->list[i].report);
    free(h->list);
    *h = (struct hosts){.count = 0};
}

static struct host *hosts_append(struct hosts *h)
{
    struct host *list = vec_grow(h->list, h->count, &h->room, sizeof *list);
    if (!list)
        return NULL;
    h->list = list;
    struct host *host = &h->list[h->count++];
    memset(host, 0, sizeof *host);
    return host;
}

/* ---- one file */

struct scanning {
    const struct hosts_scan *scan;
    struct hosts *out;
    struct report_reader reader;
};

/* What is known of a file before its bytes are read. */
struct candidate {
    const struct day_file *file;
    int fd; /* -1: not opened */
    int error;
    bool known;
    bool cold;    /* its last bytes were not in memory */
    off_t before; /* cold: the end of the line that is asked for next */
    struct stat st;
    const struct report *report; /* known: from the memo */
};

/* Looks in the memo. A report that crossed midnight must know the file of the day before, too. */
static bool candidate_recall(const struct hosts_scan *scan, struct candidate *c)
{
    struct file_mark now = files_mark_of(scan->data, &c->file->ip, c->file->day_ms);
    if (now.inode == 0 || !memo_find(scan->memo, &now, &c->report))
        return false;
    if (!c->report->crossed)
        return true;
    now = files_mark_of(scan->data, &c->file->ip, c->file->day_ms - CLOCK_DAY_MS);
    return files_mark_same(&now, &c->report->before);
}

/* Asks the kernel for the bytes before `end`. */
static void candidate_ask(const struct candidate *c, off_t end)
{
    off_t from = end > TAIL_WINDOW ? end - TAIL_WINDOW : 0;
    posix_fadvise(c->fd, from, end - from, POSIX_FADV_WILLNEED);
}

/* Finds the file in the memo, or opens it and asks the kernel for its last bytes. */
static void candidate_open(const struct hosts_scan *scan, struct candidate *c)
{
    char last;
    const struct iovec one = {&last, 1};
    c->fd = -1;
    c->known = scan->memo && candidate_recall(scan, c);
    if (c->known)
        return;
    c->fd = files_open(scan->data, &c->file->ip, c->file->day_ms, &c->st);
    c->error = c->fd < 0 ? errno : 0;
    if (c->fd < 0 || preadv2(c->fd, &one, 1, c->st.st_size - 1, RWF_NOWAIT) == 1)
        return;
    c->cold = errno == EAGAIN;
    c->before = c->st.st_size;
    candidate_ask(c, c->before);
}

/* Reads where the line that was asked for starts, and asks for the one before it. */
static void candidate_step(struct candidate *c)
{
    char bytes[TRAILER_MAX];
    struct trailer line;
    size_t member, chain, len = c->before < TRAILER_MAX ? (size_t)c->before : TRAILER_MAX;
    c->cold = io_pread(c->fd, bytes, len, c->before - (off_t)len) == (ssize_t)len &&
              trailer_parse(bytes, len, &line, &member, &chain) && line.line_start > 0 &&
              (off_t)line.line_start < c->before;
    if (!c->cold)
        return;
    c->before = (off_t)line.line_start;
    candidate_ask(c, c->before);
}

/* Asks for the last lines of the cold files, one line of each file at a time: so many reads are
 * under way at once, instead of one after the other. */
static void candidates_warm(struct candidate *batch, size_t count)
{
    for (int line = 1; line < REPORT_LOOK; line++)
        for (size_t i = 0; i < count; i++)
            if (batch[i].cold)
                candidate_step(&batch[i]);
}

/* Appends a host for each machine of the report. `owned`: the list frees the report. */
static bool hosts_add(struct scanning *s, const struct day_file *file, const struct report *report,
                      bool owned, bool unreadable)
{
    s->out->unreadable += report && (report->flags & REPORT_UNREADABLE);
    for (const struct report *one = report; one; one = one->next) {
        struct host *host = hosts_append(s->out);
        if (!host) {
            if (owned && one == report)
                report_free((struct report *)report);
            return false;
        }
        *host = (struct host){.ip = file->ip, .report = one, .day_ms = file->day_ms};
        host->owned = owned && one == report; /* frees the whole chain */
        if (unreadable)
            host->flags |= 1u << FLAG_UNREADABLE;
    }
    return true;
}

/* The newest file has no committed line: looks for one in the days before. */
static bool hosts_older(struct scanning *s, const struct day_file *newest, bool unreadable)
{
    int64_t first = clock_day_start(s->scan->now_ms) - s->scan->absent_days * CLOCK_DAY_MS;
    struct day_file file = *newest;
    s->out->unreadable += unreadable;
    for (file.day_ms -= CLOCK_DAY_MS; file.day_ms >= first; file.day_ms -= CLOCK_DAY_MS) {
        const struct report_source source = {s->scan->data, file.ip, file.day_ms};
        struct report *report;
        struct stat st;
        int fd = files_open(s->scan->data, &file.ip, file.day_ms, &st);
        bool found =
            fd >= 0 && report_read(&s->reader, &source, fd, st.st_size, &report) == TAIL_OK;
        if (fd >= 0)
            close(fd);
        if (found)
            return hosts_add(s, &file, report, true, unreadable);
    }
    return true;
}

static bool candidate_read(struct scanning *s, struct candidate *c)
{
    const struct report_source source = {s->scan->data, c->file->ip, c->file->day_ms};
    struct report *report = NULL;
    if (c->known)
        return hosts_add(s, c->file, c->report, false, false);
    if (c->fd < 0)
        return hosts_older(s, c->file, c->error != ENOENT);
    enum tail_result result = report_read(&s->reader, &source, c->fd, c->st.st_size, &report);
    if (result != TAIL_OK)
        return hosts_older(s, c->file, result == TAIL_UNREADABLE);
    const struct file_mark mark = files_mark(&c->st);
    bool kept = s->scan->memo && memo_keep(s->scan->memo, &mark, clock_now(), report);
    return hosts_add(s, c->file, report, !kept, false);
}

/* True if the address comes before those that the scan looks at. */
static bool hosts_before(const struct hosts_scan *scan, const struct ip *ip)
{
    int order = scan->from ? files_compare(ip, scan->from) : 1;
    return order < 0 || (order == 0 && !scan->from_too);
}

static bool hosts_read_files(struct scanning *s, const struct day_files *files)
{
    bool ok = true;
    size_t first = 0;
    while (first < files->count && hosts_before(s->scan, &files->list[first].ip))
        first++;
    s->out->of = files->count - first;
    for (size_t at = first; ok && at < files->count; at += HOSTS_BATCH) {
        struct candidate batch[HOSTS_BATCH];
        size_t n = files->count - at < HOSTS_BATCH ? files->count - at : HOSTS_BATCH;
        if (at > first && s->scan->over && s->scan->over(s->scan->context)) {
            s->out->complete = false;
            break;
        }
        for (size_t i = 0; i < n; i++) {
            batch[i] = (struct candidate){.file = &files->list[at + i]};
            candidate_open(s->scan, &batch[i]);
        }
        candidates_warm(batch, n);
        for (size_t i = 0; i < n; i++) {
            ok = ok && candidate_read(s, &batch[i]);
            if (batch[i].fd >= 0)
                close(batch[i].fd);
        }
        s->out->looked_at = at + n - first;
        s->out->reached = files->list[at + n - 1].ip;
    }
    return ok;
}

/* ---- states and flags */

enum host_state hosts_state_at(const struct host *host, int64_t now_ms)
{
    const struct state_input in = {.now = now_ms,
                                   .last_seen = host->report ? host->report->received_ms : -1,
                                   .every_ms = host->every_ms,
                                   .ephemeral = host->says.ephemeral,
                                   .retired = host->says.retired,
                                   .moved = host->moved_to != NULL};
    return states_of(&in);
}

static void hosts_lag(struct host *host)
{
    const struct report *r = host->report;
    if (!r->lag_known || llabs(r->lag_ms) <= CLOCK_OFF_MS)
        return;
    bool behind = r->lag_ms > STATE_LATE_INTERVALS * host->every_ms && !r->lag_steady;
    host->flags |= 1u << (behind ? FLAG_BEHIND : FLAG_CLOCK);
}

static void hosts_judge(struct host *host, const struct hosts_scan *scan)
{
    static const struct {
        unsigned report;
        enum host_flag flag;
    } same[] = {{REPORT_SHARED, FLAG_SHARED},
                {REPORT_REGRESSED, FLAG_REGRESSED},
                {REPORT_REBOOTED, FLAG_REBOOTED},
                {REPORT_TRUNCATED, FLAG_TRUNCATED},
                {REPORT_UNREADABLE, FLAG_UNREADABLE}};
    const char *listed = host->says.name; /* of a host that has no record */
    if (scan->hosts_file)
        hostsfile_look_up(scan->hosts_file, *host->ip.text ? &host->ip : NULL, hosts_name(host),
                          &host->says);
    if (!host->says.name)
        host->says.name = listed;
    host->every_ms = host->says.every_ms ? host->says.every_ms : scan->every_ms;
    for (size_t i = 0; host->report && i < sizeof same / sizeof *same; i++)
        if (host->report->flags & same[i].report)
            host->flags |= 1u << same[i].flag;
    if (host->report)
        hosts_lag(host);
    host->state = hosts_state_at(host, scan->now_ms);
}

static int hosts_by_machine(const void *a, const void *b)
{
    const struct report *x = (*(struct host *const *)a)->report,
                        *y = (*(struct host *const *)b)->report;
    int order = strcmp(x->fact[FACT_MACHINE_ID].ptr, y->fact[FACT_MACHINE_ID].ptr);
    if (order == 0)
        order = strcmp(x->fact[FACT_BOOT_ID].ptr ? x->fact[FACT_BOOT_ID].ptr : "",
                       y->fact[FACT_BOOT_ID].ptr ? y->fact[FACT_BOOT_ID].ptr : "");
    return order ? order
                 : files_compare(&(*(struct host *const *)a)->ip, &(*(struct host *const *)b)->ip);
}

/* Judges the hosts with one machine_id, which are sorted by boot_id. */
static void hosts_judge_machine(struct host **group, size_t count, int64_t now_ms)
{
    const struct host *newest = group[0];
    size_t boots = 0;
    for (size_t i = 0, end; i < count; i = end) {
        size_t present = 0;
        for (end = i;
             end < count && (end == i || facts_same(&group[i]->report->fact[FACT_BOOT_ID],
                                                    &group[end]->report->fact[FACT_BOOT_ID]));
             end++) {
            present += group[end]->state == STATE_PRESENT;
            if (group[end]->report->received_ms > newest->report->received_ms)
                newest = group[end];
        }
        boots += present > 0;
        for (size_t k = i; present > 1 && k < end; k++)
            if (group[k]->state == STATE_PRESENT)
                group[k]->flags |= 1u << FLAG_MULTIHOMED;
    }
    for (size_t i = 0; i < count; i++) {
        if (boots > 1 && group[i]->state == STATE_PRESENT)
            group[i]->flags |= 1u << FLAG_CLONE;
        if (group[i]->state != STATE_ABSENT ||
            newest->report->received_ms <= group[i]->report->received_ms)
            continue;
        group[i]->moved_to = newest;
        group[i]->state = hosts_state_at(group[i], now_ms);
    }
}

/* Judges what only shows when hosts with the same machine_id are compared. */
static bool hosts_judge_machines(struct hosts *h, int64_t now_ms)
{
    struct host **group = calloc(h->count + 1, sizeof(struct host *));
    size_t count = 0;
    if (!group)
        return false;
    for (size_t i = 0; i < h->count; i++)
        if (h->list[i].report && h->list[i].report->fact[FACT_MACHINE_ID].ptr)
            group[count++] = &h->list[i];
    qsort(group, count, sizeof *group, hosts_by_machine);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && report_same_machine(group[i]->report, group[end]->report);)
            end++;
        if (end - i > 1)
            hosts_judge_machine(group + i, end - i, now_ms);
    }
    free(group);
    return true;
}

/* ---- hosts that have no record */

static int hosts_by_address(const void *key, const void *host)
{
    return files_compare(key, &((const struct host *)host)->ip);
}

static int hosts_by_name(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

static bool hosts_add_never(struct hosts *h, const struct hosts_line *line)
{
    struct host *host = hosts_append(h);
    if (!host)
        return false;
    if (line->kind == HOSTS_ADDRESS)
        host->ip = line->ip;
    else
        host->says.name = line->pattern;
    return true;
}

/* The addresses of the hosts file, as far as the scan went, that have no record. */
static bool hosts_never_addresses(struct hosts *h, const struct hosts_scan *scan)
{
    const struct hostsfile *file = scan->hosts_file;
    size_t known = h->count;
    bool ok = true;
    for (size_t i = 0; ok && i < file->address_count; i++) {
        const struct hosts_line *line = &file->lines[file->by_address[i]];
        bool again =
            i > 0 && files_compare(&line->ip, &file->lines[file->by_address[i - 1]].ip) == 0;
        bool out = hosts_before(scan, &line->ip) ||
                   (!h->complete && files_compare(&line->ip, &h->reached) > 0);
        if (!again && !out &&
            (known == 0 || !bsearch(&line->ip, h->list, known, sizeof *h->list, hosts_by_address)))
            ok = hosts_add_never(h, line);
    }
    return ok;
}

/* The hostnames of the hosts file that no record has. */
static bool hosts_never_names(struct hosts *h, const struct hostsfile *file)
{
    size_t known = h->count;
    const char **names = calloc(known + 1, sizeof *names);
    if (!names)
        return false;
    for (size_t i = 0; i < known; i++)
        names[i] = hosts_name(&h->list[i]);
    qsort(names, known, sizeof *names, hosts_by_name);
    bool ok = true;
    for (size_t i = 0; ok && i < file->name_count; i++) {
        const struct hosts_line *line = &file->lines[file->by_name[i]];
        bool again =
            i > 0 && strcasecmp(line->pattern, file->lines[file->by_name[i - 1]].pattern) == 0;
        if (!again && !bsearch(&line->pattern, names, known, sizeof *names, hosts_by_name))
            ok = hosts_add_never(h, line);
    }
    free(names);
    return ok;
}

/* Adds a host for each line of the hosts file that names one which has no record. */
static bool hosts_never(struct hosts *h, const struct hosts_scan *scan)
{
    if (!scan->hosts_file || scan->hosts_file->count == 0)
        return true;
    return hosts_never_addresses(h, scan) &&
           (!h->complete || scan->from || hosts_never_names(h, scan->hosts_file));
}

static const char *hosts_machine(const struct host *host)
{
    const char *id = host->report ? host->report->fact[FACT_MACHINE_ID].ptr : NULL;
    return id ? id : "";
}

static int hosts_in_order(const void *a, const void *b)
{
    const struct host *x = a, *y = b;
    if (!*x->ip.text != !*y->ip.text)
        return *x->ip.text ? -1 : 1;
    int order = *x->ip.text ? files_compare(&x->ip, &y->ip) : 0;
    if (order == 0)
        order = strcasecmp(hosts_name(x), hosts_name(y));
    return order ? order : strcmp(hosts_machine(x), hosts_machine(y));
}

/* The files are read in order of address, so most often the list is in order. */
static bool hosts_ordered(const struct hosts *h)
{
    size_t i = 1;
    while (i < h->count && hosts_in_order(&h->list[i - 1], &h->list[i]) <= 0)
        i++;
    return i >= h->count;
}

bool hosts_scan(struct hosts *out, const struct hosts_scan *scan)
{
    struct day_files files;
    struct scanning s = {.scan = scan, .out = out};
    *out = (struct hosts){.complete = true};
    if (!files_list(&files, scan->data, scan->now_ms, scan->absent_days)) {
        files_release(&files);
        return false;
    }
    if (scan->memo)
        memo_begin(scan->memo);
    report_reader_init(&s.reader);
    bool ok = hosts_read_files(&s, &files);
    report_reader_release(&s.reader);
    files_release(&files);
    ok = ok && hosts_never(out, scan);
    if (ok && !hosts_ordered(out))
        qsort(out->list, out->count, sizeof *out->list, hosts_in_order);
    for (size_t i = 0; ok && i < out->count; i++)
        hosts_judge(&out->list[i], scan);
    ok = ok && hosts_judge_machines(out, scan->now_ms);
    if (!ok)
        hosts_release(out);
    return ok;
}
