#include "agent/proc/cmdline.h"

#include "agent/proc/container.h"

#include "handler/shared/json/write.h"

#include <errno.h>
#include <unistd.h>

enum {
    /* Read more than `max`: masking shortens the text, which must not shorten what is kept. */
    SLACK = 4096,
    CGROUP_MAX = 16 << 10,
    TEXT_MAX = 16 << 20,
};

/* The first packed byte. */
enum { WHOLE = 'w', CUT = 'c' };

void cmdline_init(struct cmdline_reader *r, enum cmdline_args args, bool containers, size_t max)
{
    *r = (struct cmdline_reader){.args = args, .containers = containers, .max = max};
    mask_init(&r->mask);
    buf_init(&r->raw, TEXT_MAX);
    buf_init(&r->text, TEXT_MAX);
}

void cmdline_release(struct cmdline_reader *r)
{
    proc_close_all(&r->closing);
    mask_release(&r->mask);
    buf_release(&r->raw);
    buf_release(&r->text);
}

size_t cmdline_packed_max(size_t max)
{
    return 1 + CONTAINER_ID_MAX + 1 + max;
}

size_t cmdline_cut(const char *text, size_t len, size_t max)
{
    if (len <= max)
        return len;
    size_t n = max;
    while (n > 0 && max - n < 4 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    /* More than three continuation bytes are not a sequence: there is nothing to split. */
    return max - n < 4 ? n : max;
}

/* One read returns all of it. This is the call that may block forever. False with errno. */
static bool cmdline_read(struct cmdline_reader *r, int dir, const char *path)
{
    buf_reset(&r->raw);
    if (!buf_reserve(&r->raw, r->max + SLACK)) {
        errno = ENOMEM;
        return false;
    }
    int fd = proc_open_blocking(dir, path);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, r->raw.data, r->max + SLACK);
    int saved = errno;
    proc_close_later(&r->closing, fd);
    errno = saved;
    if (n < 0)
        return false;
    r->raw.len = (size_t)n;
    return true;
}

static void cmdline_pack_container(struct cmdline_reader *r, int proc, int64_t pid, struct buf *out)
{
    char path[PROC_PID_PATH], id[CONTAINER_ID_MAX + 1] = "";
    if (r->containers) {
        proc_pid_path(pid, "cgroup", path);
        buf_reset(&r->text);
        r->text.max = CGROUP_MAX;
        if (proc_read(proc, path, &r->text))
            container_id((struct text){r->text.data, r->text.len}, id);
        r->text.max = TEXT_MAX;
    }
    buf_add(out, id, strlen(id) + 1);
}

/*
 * The name of the program: the first word of the first argument, because a process that overwrites
 * its arguments puts all of them there ("sshd: root@pts/0").
 */
static void cmdline_put_program(const char *raw, size_t len, struct buf *out)
{
    size_t n = 0;
    while (n < len && (unsigned char)raw[n] > ' ')
        n++;
    if (n > 1 && raw[n - 1] == ':')
        n--;
    buf_add(out, raw, n);
}

static void cmdline_put_all(const char *raw, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++)
        buf_putc(out, raw[i] ? raw[i] : ' ');
}

enum proc_outcome cmdline_pack(struct cmdline_reader *r, int proc, int64_t pid, struct buf *out)
{
    char path[PROC_PID_PATH];
    proc_pid_path(pid, "cmdline", path);
    if (!cmdline_read(r, proc, path))
        return proc_failure(errno);
    bool cut = r->raw.len == r->max + SLACK;
    const char *raw = r->raw.data;
    size_t len = r->raw.len, start = out->len;
    while (len && raw[len - 1] == '\0')
        len--;
    buf_putc(out, WHOLE);
    cmdline_pack_container(r, proc, pid, out);
    buf_reset(&r->text);
    if (r->args == CMDLINE_NAME) {
        cmdline_put_program(raw, len, &r->text);
        cut = false;
    } else if (r->args == CMDLINE_FULL) {
        cmdline_put_all(raw, len, &r->text);
    } else if (!mask_arguments(&r->mask, raw, len, cut, &r->text)) {
        return PROC_UNREADABLE;
    }
    size_t keep = cmdline_cut(r->text.data, r->text.len, r->max);
    buf_add(out, r->text.data, keep);
    if (!out->failed && (cut || keep < r->text.len))
        out->data[start] = CUT;
    return PROC_READ;
}

static void cmdline_put_elements(struct text t, char separator, struct buf *out)
{
    for (size_t at = 0; at <= t.len;) {
        const char *end = memchr(t.ptr + at, separator, t.len - at);
        size_t n = end ? (size_t)(end - t.ptr) - at : t.len - at;
        if (at)
            buf_putc(out, ',');
        jsonw_string(out, t.ptr + at, n);
        at += n + 1;
    }
}

/* Fills r->text with `len` bytes of r->raw, masked or shortened as r->args says. */
static bool cmdline_show(struct cmdline_reader *r, size_t len, bool cut)
{
    buf_reset(&r->text);
    if (r->args == CMDLINE_NAME)
        cmdline_put_program(r->raw.data, len, &r->text);
    else if (r->args == CMDLINE_FULL)
        buf_add(&r->text, r->raw.data, len);
    else if (!mask_list(&r->mask, r->raw.data, len, cut, &r->text))
        return false;
    r->text.len = cmdline_cut(r->text.data, r->text.len, r->max);
    return !r->text.failed;
}

enum proc_outcome cmdline_list(struct cmdline_reader *r, int dir, struct buf *out)
{
    if (!cmdline_read(r, dir, "cmdline"))
        return proc_failure(errno);
    size_t len = r->raw.len;
    bool cut = len == r->max + SLACK, ended = len && r->raw.data[len - 1] == '\0';
    if (len == 0) {
        buf_puts(out, "[]");
        return PROC_READ;
    }
    len -= ended || (!cut && r->raw.data[len - 1] == ' ');
    if (!cmdline_show(r, len, cut))
        return PROC_UNREADABLE;
    bool one = len == 0 || !memchr(r->raw.data, '\0', len);
    buf_putc(out, '[');
    cmdline_put_elements((struct text){r->text.data, r->text.len},
                         (!ended && !cut) || one ? ' ' : '\0', out);
    buf_putc(out, ']');
    return PROC_READ;
}

struct text cmdline_first(const struct cmdline_reader *r)
{
    return (struct text){r->raw.data, r->raw.len ? strnlen(r->raw.data, r->raw.len) : 0};
}

bool cmdline_unpack(struct text packed, struct cmdline *out)
{
    *out = (struct cmdline){0};
    if (packed.len == 0)
        return false;
    const char *id = packed.ptr + 1, *end = memchr(id, '\0', packed.len - 1);
    if (!end)
        return false;
    out->container = *id ? id : NULL;
    out->text = (struct text){end + 1, packed.len - (size_t)(end + 1 - packed.ptr)};
    out->cut = packed.ptr[0] == CUT;
    return true;
}
