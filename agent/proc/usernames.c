#include "agent/proc/usernames.h"

#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"
#include "handler/shared/vec.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

enum { PASSWD_MAX = 16 << 20 };

void names_init(struct names *n)
{
    *n = (struct names){0};
}

void names_release(struct names *n)
{
    free(n->list);
    *n = (struct names){0};
}

static bool names_find(struct names *n, uid_t uid, size_t *at)
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
    if (names_find(n, uid, at))
        return true;
    struct name *list = vec_grow(n->list, n->count, &n->room, sizeof *list);
    if (!list)
        return false;
    n->list = list;
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

/* Takes the part up to the next colon off the front of `*line`; false if there is no colon. */
static bool names_field(struct text *line, struct text *field)
{
    const char *colon = line->len ? memchr(line->ptr, ':', line->len) : NULL;
    if (!colon)
        return false;
    *field = (struct text){line->ptr, (size_t)(colon - line->ptr)};
    *line = (struct text){colon + 1, line->len - field->len - 1};
    return true;
}

/* passwd(5): name:password:uid:… */
static void names_read_line(struct names *n, struct text line)
{
    struct text name, password, number;
    uint64_t uid;
    size_t at;
    if (!names_field(&line, &name) || !names_field(&line, &password) ||
        !names_field(&line, &number) || !text_number(number, &uid) || uid > UINT32_MAX)
        return;
    if (names_find(n, (uid_t)uid, &at) && !n->list[at].known)
        names_set(n, at, name.ptr, name.len);
}

void names_load(struct names *n, int root)
{
    struct buf passwd;
    buf_init(&passwd, PASSWD_MAX);
    tree_read(root, "etc/passwd", &passwd);
    struct text rest = {passwd.data, passwd.len};
    for (struct text line; text_line(&rest, &line);)
        names_read_line(n, line);
    buf_release(&passwd);
}

bool names_lookup(uid_t uid, struct buf *out)
{
    const struct passwd *pw = getpwuid(uid);
    if (!pw || !pw->pw_name)
        return false;
    buf_puts(out, pw->pw_name);
    return true;
}
