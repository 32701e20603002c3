#include "agent/host/users.h"

#include "agent/host/osrelease.h"
#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/json/write.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <utmpx.h>

enum {
    SESSION_MAX = 16 << 10, /* bytes of a session's file */
    USERS_MAX = 10000,
    UTMP_MAX = 4 << 20,
};

struct user {
    char name[64], tty[64], host[256];
    int64_t started; /* ms; 0: not known */
    int64_t pid;     /* 0: not known */
    const char *source;
};

static void put_member(struct buf *out, const char *name, const char *value)
{
    buf_putc(out, ',');
    jsonw_name(out, name);
    jsonw_str(out, value);
}

static void write_user(const struct user *u, struct buf *out)
{
    if (out->len && out->data[out->len - 1] == '}')
        buf_putc(out, ',');
    buf_putc(out, '{');
    jsonw_name(out, "name");
    jsonw_str(out, u->name);
    if (u->tty[0])
        put_member(out, "tty", u->tty);
    if (u->host[0])
        put_member(out, "host", u->host);
    if (u->started > 0) {
        char time[CLOCK_TIME_LEN + 1];
        clock_rfc3339(u->started, time);
        put_member(out, "started", time);
    }
    if (u->pid > 0)
        buf_printf(out, ",\"pid\":%lld", (long long)u->pid);
    put_member(out, "source", u->source);
    buf_putc(out, '}');
}

static bool is_alive(int root, int64_t pid)
{
    char path[40];
    snprintf(path, sizeof path, "proc/%lld", (long long)pid);
    return faccessat(root, path, F_OK, 0) == 0;
}

/* A number that is nothing but digits; -1 otherwise. */
static int64_t get_number(const char *text, size_t len, const char *name)
{
    char digits[24], *end;
    if (!osrelease_get(text, len, name, digits, sizeof digits))
        return -1;
    long long n = strtoll(digits, &end, 10);
    return *digits >= '0' && *digits <= '9' && *end == '\0' ? n : -1;
}

/* "user", and what newer systemd splits from it ("user-early" is root's); not greeters, managers,
 * cron jobs. */
static bool is_user_class(const char *class)
{
    return strcmp(class, "user") == 0 || strncmp(class, "user-", 5) == 0;
}

static bool parse_session(const struct buf *text, struct user *u)
{
    char class[32];
    osrelease_get(text->data, text->len, "CLASS", class, sizeof class);
    osrelease_get(text->data, text->len, "USER", u->name, sizeof u->name);
    osrelease_get(text->data, text->len, "TTY", u->tty, sizeof u->tty);
    osrelease_get(text->data, text->len, "REMOTE_HOST", u->host, sizeof u->host);
    u->started = get_number(text->data, text->len, "REALTIME") / 1000;
    u->pid = get_number(text->data, text->len, "LEADER");
    u->source = "logind";
    return is_user_class(class) && u->name[0];
}

/* True when there was at least one user. */
static bool write_logind(int root, struct buf *out)
{
    int fd = openat(root, "run/systemd/sessions", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    struct buf text;
    buf_init(&text, SESSION_MAX);
    size_t found = 0;
    for (const struct dirent *e; found < USERS_MAX && (e = readdir(dir));) {
        struct user u = {0};
        if (strchr(e->d_name, '.')) /* . and .. and the sessions' .ref pipes */
            continue;
        buf_reset(&text);
        if (!tree_read(fd, e->d_name, &text) || !text.len || !parse_session(&text, &u))
            continue;
        if (u.pid > 0 && !is_alive(root, u.pid))
            continue;
        write_user(&u, out);
        found++;
    }
    buf_release(&text);
    closedir(dir);
    return found > 0;
}

static void copy_field(char *out, size_t size, const char *field, size_t len)
{
    size_t n = strnlen(field, len < size ? len : size - 1);
    memcpy(out, field, n);
    out[n] = '\0';
}

static void write_utmp_entry(int root, const struct utmpx *entry, struct buf *out)
{
    struct user u = {.source = "utmp", .pid = entry->ut_pid};
    if (entry->ut_type != USER_PROCESS || u.pid <= 0 || !is_alive(root, u.pid))
        return;
    copy_field(u.name, sizeof u.name, entry->ut_user, sizeof entry->ut_user);
    copy_field(u.tty, sizeof u.tty, entry->ut_line, sizeof entry->ut_line);
    copy_field(u.host, sizeof u.host, entry->ut_host, sizeof entry->ut_host);
    u.started = (int64_t)entry->ut_tv.tv_sec * 1000 + entry->ut_tv.tv_usec / 1000;
    if (u.name[0])
        write_user(&u, out);
}

static void write_utmp(int root, struct buf *out)
{
    struct buf file;
    buf_init(&file, UTMP_MAX);
    if (!tree_read(root, "run/utmp", &file))
        tree_read(root, "var/run/utmp", &file);
    for (size_t at = 0; at + sizeof(struct utmpx) <= file.len; at += sizeof(struct utmpx)) {
        struct utmpx entry;
        memcpy(&entry, file.data + at, sizeof entry);
        write_utmp_entry(root, &entry, out);
    }
    buf_release(&file);
}

void users_write(int root, struct buf *out)
{
    buf_putc(out, '[');
    if (!write_logind(root, out))
        write_utmp(root, out);
    buf_putc(out, ']');
}
