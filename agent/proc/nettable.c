#include "agent/proc/nettable.h"

#include "agent/proc/listeners.h"
#include "agent/proc/procfs.h"

#include "handler/shared/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 64 << 10, LINE_FIELDS = 10 };

/* The fields of a line; the columns are those of the kernel since 2.2. */
enum { FIELD_LOCAL = 1, FIELD_STATE = 3, FIELD_UID = 7, FIELD_INODE = 9 };

/* "0100007F:0016". The kernel prints addresses as words of the machine's own byte order. */
static bool nettable_address(const char *text, struct listener *out)
{
    size_t words = out->v6 ? 4 : 1;
    char *end;
    if (strspn(text, "0123456789ABCDEFabcdef") != words * 8 || text[words * 8] != ':')
        return false;
    for (size_t i = 0; i < words; i++) {
        char word[9] = "";
        memcpy(word, text + i * 8, 8);
        uint32_t number = (uint32_t)strtoul(word, NULL, 16);
        memcpy(out->addr + i * 4, &number, 4);
    }
    unsigned long port = strtoul(text + words * 8 + 1, &end, 16);
    out->port = (uint16_t)port;
    return port <= UINT16_MAX && *end == ' ';
}

bool nettable_line(const char *line, struct listener *out)
{
    const char *fields[LINE_FIELDS];
    size_t count = 0;
    for (; count < LINE_FIELDS; count++) {
        line += strspn(line, " ");
        if (!*line)
            return false;
        fields[count] = line;
        line += strcspn(line, " ");
    }
    unsigned long state = strtoul(fields[FIELD_STATE], NULL, 16);
    if (state != (out->udp ? LISTENER_CLOSE : LISTENER_LISTEN))
        return false;
    out->uid = (uint32_t)strtoul(fields[FIELD_UID], NULL, 10);
    out->inode = strtoull(fields[FIELD_INODE], NULL, 10);
    return nettable_address(fields[FIELD_LOCAL], out);
}

/* Takes the complete lines at the start of `text`. Returns how many bytes these are; -1: errno. */
static ssize_t nettable_lines(char *text, size_t len, const struct listener *kind,
                              struct listeners *to)
{
    size_t at = 0;
    for (char *end; at < len && (end = memchr(text + at, '\n', len - at));
         at = (size_t)(end - text) + 1) {
        struct listener new = *kind;
        *end = '\0';
        if (nettable_line(text + at, &new) && !listeners_add(to, &new))
            return -1;
    }
    return (ssize_t)at;
}

static bool nettable_scan(int fd, const struct listener *kind, int64_t until, struct listeners *to)
{
    char text[CHUNK];
    size_t have = 0;
    for (;;) {
        if (clock_monotonic() >= until) {
            errno = ETIMEDOUT;
            return false;
        }
        ssize_t n = read(fd, text + have, sizeof text - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        have += (size_t)n;
        ssize_t used = nettable_lines(text, have, kind, to);
        if (used < 0)
            return false;
        if (used == 0 && have == sizeof text) {
            errno = EPROTO;
            return false;
        }
        have -= (size_t)used;
        memmove(text, text + used, have);
    }
}

bool nettable_read(int net, bool udp, bool v6, int64_t until, struct listeners *to)
{
    const struct listener kind = {.udp = udp, .v6 = v6};
    int fd = proc_open(net, udp ? v6 ? "udp6" : "udp" : v6 ? "tcp6" : "tcp");
    if (fd < 0)
        return v6 && errno == ENOENT;
    bool ok = nettable_scan(fd, &kind, until, to);
    int saved = errno;
    close(fd);
    errno = saved;
    return ok;
}
