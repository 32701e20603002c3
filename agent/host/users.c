#include "agent/host/users.h"

#include "agent/host/osrelease.h"
#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/dir.h"
#include "handler/shared/json/write.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <utmpx.h>

enum {
    SESSION_MAX = 16 << 10, /* bytes of a session file */
    USERS_MAX = 10000,
    UTMP_MAX = 4 << 20,
};

#define SESSIONS "run/systemd/sessions"

struct user {
    char name[64], tty[64], host[256];
    int64_t started; /* ms; 0: unknown */
    int64_t pid;     /* 0: unknown */
    const char *source;
};

static void users_put_member(struct buf *out, const char *name, const char *value)
{
    buf_putc(out, ',');
    jsonw_name(out, name);
    jsonw_str(out, value);
}

static void users_write_one(const struct user *u, struct buf *out)
{
    if (out->len && out->data[out->len - 1] == '}')
        buf_putc(out, ',');
    buf_putc(out, '{');
    jsonw_name(out, "name");
    jsonw_str(out, u->name);
    if (u->tty[0])
        users_put_member(out, "tty", u->tty);
    if (u->host[0])
        users_put_member(out, "host", u->host);
    if (u->started > 0) {
        char time[CLOCK_TIME_LEN + 1];
        clock_rfc3339(u->started, time);
        users_put_member(out, "started", time);
    }
    if (u->pid > 0)
        buf_printf(out, ",\"pid\":%lld", (long long)u->pid);
    users_put_member(out, "source", u->source);
    buf_putc(out, '}');
}

static bool users_is_alive(int root, int64_t pid)
{
    char path[40];
    struct stat st;
    snprintf(path, sizeof path, "proc/%lld", (long long)pid);
    return tree_stat(root, path, &st);
}

/* ---- logind */

/* A number that consists of digits only; -1 for anything else. */
static int64_t session_number(struct text session, const char *name)
{
    struct text value;
    uint64_t n;
    if (!osrelease_raw(session, name, &value) || !text_number(value, &n) || n > INT64_MAX)
        return -1;
    return (int64_t)n;
}

/* One character after a backslash, as C writes it; returns how many bytes it takes. */
static size_t session_escape(struct text t, char *out)
{
    static const char letters[] = "abfnrtv", meant[] = "\a\b\f\n\r\t\v";
    char digits[4] = "", *end;
    if (t.len >= 3 && t.ptr[0] == 'x') {
        memcpy(digits, t.ptr + 1, 2);
        *out = (char)strtoul(digits, &end, 16);
        return end == digits + 2 ? 3 : 0;
    }
    if (t.len >= 3 && t.ptr[0] >= '0' && t.ptr[0] <= '3') {
        memcpy(digits, t.ptr, 3);
        *out = (char)strtoul(digits, &end, 8);
        return end == digits + 3 ? 3 : 0;
    }
    const char *letter = t.ptr[0] ? strchr(letters, t.ptr[0]) : NULL;
    *out = letter ? meant[letter - letters] : t.ptr[0];
    return 1;
}

/*
 * logind writes USER, CLASS and TTY as they are, and REMOTE_HOST with the escapes of C. Since
 * version 254 it quotes values that need it, as a shell reads them.
 */
static void session_value(struct text session, const char *name, bool escaped, char *out,
                          size_t size)
{
    struct text value;
    size_t n = 0;
    out[0] = '\0';
    if (!osrelease_raw(session, name, &value))
        return;
    if (value.len && value.ptr[0] == '"') {
        osrelease_get(session, name, out, size);
        return;
    }
    for (size_t i = 0; i < value.len && n + 1 < size; i++) {
        size_t taken = 0;
        if (escaped && value.ptr[i] == '\\' && i + 1 < value.len)
            taken = session_escape((struct text){value.ptr + i + 1, value.len - i - 1}, &out[n]);
        if (taken == 0)
            out[n] = value.ptr[i];
        i += taken;
        n++;
    }
    out[n] = '\0';
}

/* "user", and its parts in newer systemd ("user-early" is root's). Not greeters or cron jobs. */
static bool session_is_user(const char *class)
{
    return strcmp(class, "user") == 0 || strncmp(class, "user-", 5) == 0;
}

static bool session_parse(struct text text, struct user *u)
{
    char class[32];
    session_value(text, "CLASS", false, class, sizeof class);
    session_value(text, "USER", false, u->name, sizeof u->name);
    session_value(text, "TTY", false, u->tty, sizeof u->tty);
    session_value(text, "REMOTE_HOST", true, u->host, sizeof u->host);
    u->started = session_number(text, "REALTIME") / 1000;
    u->pid = session_number(text, "LEADER");
    u->source = "logind";
    return session_is_user(class) && u->name[0];
}

struct sessions {
    int root;
    struct buf text, *out;
    size_t found;
};

static bool session_visit(int dir, const char *name, void *to)
{
    struct sessions *s = to;
    struct user u = {0};
    char path[sizeof SESSIONS + NAME_MAX + 1];
    (void)dir;             /* a link in it leads below the root */
    if (strchr(name, '.')) /* the .ref pipes of the sessions */
        return true;
    snprintf(path, sizeof path, SESSIONS "/%s", name);
    buf_reset(&s->text);
    if (!tree_read(s->root, path, &s->text) ||
        !session_parse((struct text){s->text.data, s->text.len}, &u))
        return true;
    if (u.pid > 0 && !users_is_alive(s->root, u.pid))
        return true;
    users_write_one(&u, s->out);
    return ++s->found < USERS_MAX;
}

/* True if there was at least one user. */
static bool users_write_logind(int root, struct buf *out)
{
    struct sessions s = {.root = root, .out = out};
    buf_init(&s.text, SESSION_MAX);
    dir_visit(tree_directory(root, SESSIONS), session_visit, &s);
    buf_release(&s.text);
    return s.found > 0;
}

/* ---- utmp */

static void utmp_copy(char *out, size_t size, const char *field, size_t len)
{
    size_t n = strnlen(field, len < size ? len : size - 1);
    memcpy(out, field, n);
    out[n] = '\0';
}

static void utmp_write_entry(int root, const struct utmpx *entry, struct buf *out)
{
    struct user u = {.source = "utmp", .pid = entry->ut_pid};
    if (entry->ut_type != USER_PROCESS || u.pid <= 0 || !users_is_alive(root, u.pid))
        return;
    utmp_copy(u.name, sizeof u.name, entry->ut_user, sizeof entry->ut_user);
    utmp_copy(u.tty, sizeof u.tty, entry->ut_line, sizeof entry->ut_line);
    utmp_copy(u.host, sizeof u.host, entry->ut_host, sizeof entry->ut_host);
    u.started = (int64_t)entry->ut_tv.tv_sec * 1000 + entry->ut_tv.tv_usec / 1000;
    if (u.name[0])
        users_write_one(&u, out);
}

static void users_write_utmp(int root, struct buf *out)
{
    struct buf file;
    buf_init(&file, UTMP_MAX);
    if (!tree_read(root, "run/utmp", &file))
        tree_read(root, "var/run/utmp", &file);
    for (size_t at = 0; at + sizeof(struct utmpx) <= file.len; at += sizeof(struct utmpx)) {
        struct utmpx entry;
        memcpy(&entry, file.data + at, sizeof entry);
        utmp_write_entry(root, &entry, out);
    }
    buf_release(&file);
}

void users_write(int root, struct buf *out)
{
    buf_putc(out, '[');
    if (!users_write_logind(root, out))
        users_write_utmp(root, out);
    buf_putc(out, ']');
}
