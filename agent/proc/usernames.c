#include "agent/proc/usernames.h"

#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

enum { PASSWD_MAX = 16 << 20, NAMES_FIRST = 64 };

void names_init(struct names *n)
{
    *n = (struct names){0};
}

void names_release(struct names *n)
{
    free(n->list);
    *n = (struct names){0};
}

static bool find(struct names *n, uid_t uid, size_t *at)
{
    if (n->last < n->count && n->list[n->last].uid == uid) {
        *at = n->last;
        return true;
    }
    for (*at = 0; *at < n->count; ++*at) {
        if (n->list[*at].uid == uid) {
            n->last = *at;
            return true;
        }
    }
    return false;
}

bool names_want(struct names *n, uid_t uid, size_t *at)
{
    if (find(n, uid, at))
        return true;
    if (n->count == n->room) {
        size_t room = n->room ? n->room * 2 : NAMES_FIRST;
        struct name *list = reallocarray(n->list, room, sizeof *list);
        if (!list)
            return false;
        n->list = list;
        n->room = room;
    }
    *at = n->last = n->count++;
    struct name *entry = &n->list[*at];
    *entry = (struct name){.uid = uid};
    snprintf(entry->text, sizeof entry->text, "%lu", (unsigned long)uid);
    return true;
}

void names_set(struct names *n, size_t at, const char *name, size_t len)
{
    struct name *entry = &n->list[at];
    if (len == 0 || len >= sizeof entry->text)
        return;
    memcpy(entry->text, name, len);
    entry->text[len] = '\0';
    entry->known = true;
}

/* passwd(5): name:password:uid:… */
static void read_line(struct names *n, const char *line, size_t len)
{
    const char *end = line + len;
    const char *name_end = memchr(line, ':', len);
    const char *at = name_end ? memchr(name_end + 1, ':', (size_t)(end - name_end - 1)) : NULL;
    uint64_t uid = 0;
    size_t place;
    if (!at || ++at == end || *at == ':')
        return;
    for (; at < end && *at >= '0' && *at <= '9' && uid <= UINT32_MAX; at++)
        uid = uid * 10 + (uint64_t)(*at - '0');
    if (at == end || *at != ':' || uid > UINT32_MAX)
        return;
    if (find(n, (uid_t)uid, &place) && !n->list[place].known)
        names_set(n, place, line, (size_t)(name_end - line));
}

void names_load(struct names *n, int root)
{
    struct buf text;
    buf_init(&text, PASSWD_MAX);
    if (tree_read(root, "etc/passwd", &text)) {
        for (size_t at = 0; at < text.len;) {
            const char *line = text.data + at;
            const char *newline = memchr(line, '\n', text.len - at);
            size_t len = newline ? (size_t)(newline - line) : text.len - at;
            read_line(n, line, len);
            at += len + 1;
        }
    }
    buf_release(&text);
}

bool names_lookup(uid_t uid, struct buf *out)
{
    const struct passwd *pw = getpwuid(uid);
    if (!pw || !pw->pw_name)
        return false;
    buf_puts(out, pw->pw_name);
    return true;
}
