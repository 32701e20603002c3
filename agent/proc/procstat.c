#include "agent/proc/procstat.h"

#include "handler/shared/text.h"

#include <stdio.h>
#include <string.h>

/* Fields by their number in proc(5); the others are skipped. */
enum {
    FIELD_STATE = 3,
    FIELD_PPID = 4,
    FIELD_TTY = 7,
    FIELD_FLAGS = 9,
    FIELD_UTIME = 14,
    FIELD_STIME = 15,
    FIELD_CHILDREN_UTIME = 16,
    FIELD_CHILDREN_STIME = 17,
    FIELD_NICE = 19,
    FIELD_THREADS = 20,
    FIELD_START = 22,
    FIELD_RSS = 24, /* the last that must be there */
    FIELD_CPU = 39,
    FIELD_IOWAIT = 42,
};

/* A bit for each field that is kept. */
#define KEPT                                                                                       \
    (1ULL << FIELD_PPID | 1ULL << FIELD_TTY | 1ULL << FIELD_FLAGS | 1ULL << FIELD_UTIME |          \
     1ULL << FIELD_STIME | 1ULL << FIELD_CHILDREN_UTIME | 1ULL << FIELD_CHILDREN_STIME |           \
     1ULL << FIELD_NICE | 1ULL << FIELD_THREADS | 1ULL << FIELD_START | 1ULL << FIELD_RSS |        \
     1ULL << FIELD_CPU | 1ULL << FIELD_IOWAIT)

enum { DIGITS_SAFE = 19 }; /* so many always fit 64 bits */

/* Decimal digits at `*s`, at most up to `end`; false if there are none, or too many. */
static bool procstat_digits(const char **s, const char *end, uint64_t *out)
{
    const char *start = *s, *at = start;
    uint64_t n = 0;
    for (unsigned char digit; at < end && (digit = (unsigned char)(*at - '0')) <= 9; at++)
        n = n * 10 + digit;
    *s = at;
    *out = n;
    if (at - start > DIGITS_SAFE)
        return text_number((struct text){start, (size_t)(at - start)}, out);
    return at > start;
}

static bool procstat_number(const char **s, const char *end, int64_t *out)
{
    bool negative = *s < end && **s == '-';
    uint64_t n;
    if (negative)
        (*s)++;
    if (!procstat_digits(s, end, &n))
        return false;
    /* Some fields use all 64 bits, but none that is kept. */
    if (n > INT64_MAX)
        n = INT64_MAX;
    *out = negative ? -(int64_t)n : (int64_t)n;
    return true;
}

/* Skips a field that is not kept; false if it is empty. */
static bool procstat_skip(const char **s, const char *end)
{
    const char *start = *s, *at = start;
    while (at < end && *at != ' ')
        at++;
    *s = at;
    return at > start;
}

static uint64_t procstat_count(int64_t value)
{
    return value < 0 ? 0 : (uint64_t)value;
}

static void procstat_store(struct procstat *out, const int64_t field[FIELD_IOWAIT + 1])
{
    out->ppid = field[FIELD_PPID];
    out->tty = (uint32_t)field[FIELD_TTY];
    out->flags = procstat_count(field[FIELD_FLAGS]);
    out->user_ticks = procstat_count(field[FIELD_UTIME]);
    out->system_ticks = procstat_count(field[FIELD_STIME]);
    out->cpu_ticks = out->user_ticks + out->system_ticks;
    out->children_user_ticks = procstat_count(field[FIELD_CHILDREN_UTIME]);
    out->children_system_ticks = procstat_count(field[FIELD_CHILDREN_STIME]);
    out->nice = field[FIELD_NICE];
    out->threads = field[FIELD_THREADS];
    out->start_ticks = procstat_count(field[FIELD_START]);
    out->rss_pages = procstat_count(field[FIELD_RSS]);
    out->cpu_num = field[FIELD_CPU];
    out->iowait_ticks = procstat_count(field[FIELD_IOWAIT]);
}

/* Parses "pid (comm)", up to the last ')', and returns the text after it; NULL if it is not that.
 */
static const char *procstat_parse_name(const char *text, const char *end, struct procstat *out)
{
    const char *close = memrchr(text, ')', (size_t)(end - text));
    const char *at = text;
    if (!close || !procstat_number(&at, close, &out->pid) || out->pid <= 0)
        return NULL;
    if (close - at < 2 || at[0] != ' ' || at[1] != '(')
        return NULL;
    at += 2;
    size_t len = (size_t)(close - at);
    if (len > sizeof out->comm)
        len = sizeof out->comm;
    memcpy(out->comm, at, len);
    out->comm_len = (unsigned char)len;
    return close + 1;
}

bool procstat_parse(const char *text, size_t len, struct procstat *out)
{
    const char *end = text + len;
    *out = (struct procstat){0};
    const char *at = procstat_parse_name(text, end, out);
    if (!at || end - at < 2 || *at++ != ' ')
        return false;
    out->state = *at++;
    if (out->state < '!' || out->state > '~')
        return false;
    int64_t fields[FIELD_IOWAIT + 1] = {[FIELD_CPU] = -1};
    for (int field = FIELD_STATE + 1; field <= FIELD_IOWAIT; field++) {
        bool there = at < end && *at++ == ' ' &&
                     ((KEPT >> field & 1) ? procstat_number(&at, end, &fields[field])
                                          : procstat_skip(&at, end));
        if (!there && field <= FIELD_RSS)
            return false;
        if (!there)
            break;
    }
    procstat_store(out, fields);
    return true;
}

bool procstat_tty(uint32_t tty, char out[PROCSTAT_TTY_MAX])
{
    static const struct {
        unsigned major, first, last; /* minors */
        const char *name;
    } known[] = {{4, 0, 63, "tty"},       {4, 64, 255, "ttyS"},    {136, 0, 1048575, "pts/"},
                 {166, 0, 255, "ttyACM"}, {188, 0, 255, "ttyUSB"}, {204, 64, 79, "ttyAMA"},
                 {229, 0, 255, "hvc"}};
    unsigned major = (tty >> 8) & 0xfff;
    unsigned minor = (tty & 0xff) | ((tty >> 12) & 0xfff00);
    if (tty == 0)
        return false;
    if (major == 5 && minor == 1) {
        snprintf(out, PROCSTAT_TTY_MAX, "console");
        return true;
    }
    if (major > 136 && major <= 143) { /* Unix98 terminals above 255, the old numbering */
        minor += (major - 136) * 256;
        major = 136;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].major == major && minor >= known[i].first && minor <= known[i].last) {
            snprintf(out, PROCSTAT_TTY_MAX, "%s%u", known[i].name, minor - known[i].first);
            return true;
        }
    }
    snprintf(out, PROCSTAT_TTY_MAX, "%u:%u", major, minor);
    return true;
}
