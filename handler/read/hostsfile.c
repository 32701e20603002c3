#include "handler/read/hostsfile.h"

#include "handler/read/glob.h"
#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/conf.h"
#include "handler/shared/io.h"
#include "handler/shared/log.h"
#include "handler/shared/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { HOSTSFILE_MAX = 64 << 20, HOSTSFILE_MATCHES_MAX = 256, HOSTSFILE_NAME_MAX = 253 };

#define BLANKS " \t\r"

void hostsfile_init(struct hostsfile *h, const char *path)
{
    *h = (struct hostsfile){.path = path};
}

static void hostsfile_forget(struct hostsfile *h)
{
    free(h->text);
    free(h->lines);
    free(h->by_address);
    free(h->by_name);
    free(h->others);
    hostsfile_init(h, h->path);
}

void hostsfile_release(struct hostsfile *h)
{
    hostsfile_forget(h);
}

/* ---- one line */

/* Cuts the next word off *line, in place, quotes removed: name="db 7" is name=db 7. NULL: no more.
 * *ok is false for a quote without its end. */
static char *hostsfile_word(char **line, bool *ok)
{
    char *from = *line + strspn(*line, BLANKS), *to = from, *word = from;
    bool quoted = false;
    for (; *from && (quoted || !strchr(BLANKS "#", *from)); from++) {
        if (*from == '"')
            quoted = !quoted;
        else
            *to++ = *from;
    }
    *ok = !quoted;
    *line = *from && *from != '#' ? from + 1 : from + strlen(from);
    bool empty = to == word && from == word;
    *to = '\0';
    return empty ? NULL : word;
}

static bool hostsfile_time(const char *text, int64_t *ms)
{
    char full[CLOCK_TIME_LEN + 1];
    size_t len = strlen(text);
    if (len == CLOCK_TIME_LEN - 4 && text[len - 1] == 'Z') /* without milliseconds */
        snprintf(full, sizeof full, "%.19s.000Z", text);
    else if (len == CLOCK_TIME_LEN)
        memcpy(full, text, sizeof full);
    else
        return false;
    return (*ms = clock_parse(full)) >= 0;
}

/* NULL, or what would be right. */
static const char *hostsfile_attribute(char *word, struct host_attributes *says)
{
    char *value = strchr(word, '=');
    if (!value) {
        if (strcmp(word, "ephemeral") == 0)
            says->ephemeral = true;
        else if (strcmp(word, "retired") == 0)
            says->retired = true;
        else
            return "expected name= every= label= quiet_until= ephemeral or retired";
        return NULL;
    }
    *value++ = '\0';
    if (!*value)
        return "expected a value after =";
    if (strcmp(word, "name") == 0) {
        says->name = value;
    } else if (strcmp(word, "label") == 0) {
        if (says->label_count == HOSTSFILE_LABELS_MAX)
            return "expected at most 16 labels";
        says->labels[says->label_count++] = value;
    } else if (strcmp(word, "every") == 0) {
        if (!conf_duration(value, &says->every_ms) || says->every_ms < 1000 ||
            says->every_ms > 31 * CLOCK_DAY_MS)
            return "every= must be a duration from 1s to 31d";
    } else if (strcmp(word, "quiet_until") == 0) {
        if (!hostsfile_time(value, &says->quiet_until))
            return "quiet_until= must be a time such as 2026-12-01T06:00:00Z";
    } else {
        return "expected name= every= label= quiet_until= ephemeral or retired";
    }
    return NULL;
}

static const char *hostsfile_subject(char *word, struct hosts_line *line)
{
    if (ip_parse(word, &line->ip)) {
        line->kind = HOSTS_ADDRESS;
    } else if (strchr(word, '/')) {
        line->kind = HOSTS_PREFIX;
        if (!ip_prefix_parse(word, &line->prefix))
            return "a prefix must be like 10.0.0.0/8 or 2001:db8::/32, with no bits after it";
        line->rank = line->prefix.bits;
    } else if (strlen(word) > HOSTSFILE_NAME_MAX) {
        return "a hostname has at most 253 bytes";
    } else {
        line->pattern = word;
        line->kind = glob_is_pattern(word) ? HOSTS_GLOB : HOSTS_NAME;
        line->rank = glob_literals(word);
    }
    return NULL;
}

static const char *hostsfile_parse(char *text, struct hosts_line *line, bool *blank)
{
    bool ok;
    char *word = hostsfile_word(&text, &ok);
    *blank = !word;
    if (*blank)
        return NULL;
    const char *wrong = ok ? hostsfile_subject(word, line) : "a quote has no end";
    while (!wrong && (word = hostsfile_word(&text, &ok)))
        wrong = ok ? hostsfile_attribute(word, &line->says) : "a quote has no end";
    return wrong;
}

/* ---- the file */

static bool hostsfile_append(struct hostsfile *h, const struct hosts_line *line)
{
    struct hosts_line *lines = vec_grow(h->lines, h->count, &h->room, sizeof *lines);
    if (!lines)
        return false;
    h->lines = lines;
    h->lines[h->count++] = *line;
    return true;
}

static int hostsfile_by_address(const void *a, const void *b, void *lines)
{
    const struct hosts_line *x = (struct hosts_line *)lines + *(const size_t *)a;
    const struct hosts_line *y = (struct hosts_line *)lines + *(const size_t *)b;
    int order = strcmp(x->ip.text, y->ip.text);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

static int hostsfile_by_name(const void *a, const void *b, void *lines)
{
    const struct hosts_line *x = (struct hosts_line *)lines + *(const size_t *)a;
    const struct hosts_line *y = (struct hosts_line *)lines + *(const size_t *)b;
    int order = strcasecmp(x->pattern, y->pattern);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

static bool hostsfile_index(struct hostsfile *h)
{
    h->by_address = calloc(h->count + 1, sizeof *h->by_address);
    h->by_name = calloc(h->count + 1, sizeof *h->by_name);
    h->others = calloc(h->count + 1, sizeof *h->others);
    if (!h->by_address || !h->by_name || !h->others)
        return false;
    for (size_t i = 0; i < h->count; i++) {
        if (h->lines[i].kind == HOSTS_ADDRESS)
            h->by_address[h->address_count++] = i;
        else if (h->lines[i].kind == HOSTS_NAME)
            h->by_name[h->name_count++] = i;
        else
            h->others[h->other_count++] = i;
    }
    qsort_r(h->by_address, h->address_count, sizeof(size_t), hostsfile_by_address, h->lines);
    qsort_r(h->by_name, h->name_count, sizeof(size_t), hostsfile_by_name, h->lines);
    return true;
}

static void hostsfile_complain(hostsfile_report *report, void *context, unsigned number,
                               const char *reason)
{
    if (report)
        report(context, number, reason);
    else
        log_event(LOG_WARN, "hosts_line_skipped", "line=%u reason=%s", number, reason);
}

static bool hostsfile_lines(struct hostsfile *h, hostsfile_report *report, void *context)
{
    unsigned number = 0;
    for (char *text = h->text, *next; text; text = next) {
        next = strchr(text, '\n');
        if (next)
            *next++ = '\0';
        number++;
        struct hosts_line line = {.number = number};
        bool blank = false, fits = strlen(text) <= HOSTSFILE_LINE_MAX;
        const char *wrong =
            fits ? hostsfile_parse(text, &line, &blank) : "a line has at most 4096 bytes";
        if (wrong)
            hostsfile_complain(report, context, number, wrong);
        else if (!blank && !hostsfile_append(h, &line))
            return false;
    }
    return hostsfile_index(h);
}

static bool hostsfile_read(struct hostsfile *h, hostsfile_report *report, void *context)
{
    int fd = open(h->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return false;
    struct buf text;
    buf_init(&text, HOSTSFILE_MAX);
    bool ok = fstat(fd, &h->loaded) == 0 && S_ISREG(h->loaded.st_mode) && io_read_file(fd, &text) &&
              (h->text = strndup(text.len ? text.data : "", text.len)) &&
              hostsfile_lines(h, report, context);
    int saved = errno;
    buf_release(&text);
    close(fd);
    errno = saved;
    return ok;
}

static bool hostsfile_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           memcmp(&a->st_mtim, &b->st_mtim, sizeof a->st_mtim) == 0 &&
           memcmp(&a->st_ctim, &b->st_ctim, sizeof a->st_ctim) == 0;
}

/* A file that changed within the last two seconds may change again within the same time stamp. */
static bool hostsfile_settled(const struct stat *st)
{
    return clock_now() - (int64_t)st->st_ctim.tv_sec * 1000 > 2000;
}

bool hostsfile_refresh(struct hostsfile *h, hostsfile_report *report, void *context)
{
    struct stat now;
    if (!h->path)
        return true;
    bool present = stat(h->path, &now) == 0;
    if (present && h->others && hostsfile_same(&now, &h->loaded) && hostsfile_settled(&now))
        return true;
    bool complained = h->complained;
    hostsfile_forget(h);
    bool ok = present && hostsfile_read(h, report, context);
    if (!ok && !complained)
        log_event(LOG_ERROR, "hosts_unreadable", "error=%s", strerror(errno));
    h->complained = !ok;
    return ok;
}

/* ---- look-up */

struct matches {
    size_t count;
    const struct hosts_line *lines[HOSTSFILE_MATCHES_MAX];
};

static void matches_add(struct matches *m, const struct hosts_line *line)
{
    if (m->count < HOSTSFILE_MATCHES_MAX)
        m->lines[m->count++] = line;
}

/* Adds the lines whose address or hostname equals that of `key`. */
static void matches_equal(struct matches *m, const struct hostsfile *h,
                          const struct hosts_line *key)
{
    bool address = key->kind == HOSTS_ADDRESS;
    const size_t *index = address ? h->by_address : h->by_name;
    size_t low = 0, count = address ? h->address_count : h->name_count, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct hosts_line *line = &h->lines[index[middle]];
        int order =
            address ? strcmp(line->ip.text, key->ip.text) : strcasecmp(line->pattern, key->pattern);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count; low++) {
        const struct hosts_line *line = &h->lines[index[low]];
        if (address ? strcmp(line->ip.text, key->ip.text) != 0
                    : strcasecmp(line->pattern, key->pattern) != 0)
            break;
        matches_add(m, line);
    }
}

static int matches_by_rank(const void *a, const void *b)
{
    const struct hosts_line *x = *(const struct hosts_line *const *)a;
    const struct hosts_line *y = *(const struct hosts_line *const *)b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void hostsfile_apply(const struct host_attributes *says, struct host_attributes *out)
{
    if (says->name)
        out->name = says->name;
    if (says->every_ms)
        out->every_ms = says->every_ms;
    if (says->quiet_until)
        out->quiet_until = says->quiet_until;
    out->ephemeral |= says->ephemeral;
    out->retired |= says->retired;
    for (size_t i = 0; i < says->label_count && out->label_count < HOSTSFILE_LABELS_MAX; i++) {
        size_t have = 0;
        while (have < out->label_count && strcmp(out->labels[have], says->labels[i]) != 0)
            have++;
        if (have == out->label_count)
            out->labels[out->label_count++] = says->labels[i];
    }
}

void hostsfile_look_up(const struct hostsfile *h, const struct ip *ip, const char *hostname,
                       struct host_attributes *out)
{
    struct matches m = {0};
    memset(out, 0, sizeof *out);
    if (h->count == 0)
        return;
    for (size_t i = 0; i < h->other_count; i++) {
        const struct hosts_line *line = &h->lines[h->others[i]];
        if (line->kind == HOSTS_PREFIX ? ip && ip_matches(ip, &line->prefix)
                                       : glob_match(line->pattern, hostname, strlen(hostname)))
            matches_add(&m, line);
    }
    if (*hostname)
        matches_equal(&m, h, &(struct hosts_line){.kind = HOSTS_NAME, .pattern = hostname});
    if (ip)
        matches_equal(&m, h, &(struct hosts_line){.kind = HOSTS_ADDRESS, .ip = *ip});
    qsort(m.lines, m.count, sizeof *m.lines, matches_by_rank);
    for (size_t i = 0; i < m.count; i++)
        hostsfile_apply(&m.lines[i]->says, out);
}
