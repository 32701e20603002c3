#include "agent/proc/cmdline.h"

#include "agent/proc/container.h"

#include "handler/shared/json/write.h"

#include <errno.h>
#include <unistd.h>

enum {
    /* Read beyond `max`, so that a mask which shortens the text does not shorten what is kept. */
    SLACK = 4096,
    CGROUP_MAX = 16 << 10,
    TEXT_MAX = 16 << 20,
};

/* The first packed byte. */
enum { WHOLE = 'w', CUT = 'c', GONE = 'g' };

void cmdline_init(struct cmdline_reader *r, int proc, enum cmdline_args args, bool containers,
                  size_t max)
{
    *r = (struct cmdline_reader){.proc = proc, .args = args, .containers = containers, .max = max};
    mask_init(&r->mask);
    buf_init(&r->raw, TEXT_MAX);
    buf_init(&r->text, TEXT_MAX);
}

void cmdline_release(struct cmdline_reader *r)
{
    tree_close_all(&r->closing);
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
    /* More than three continuation bytes are no sequence: nothing to split. */
    return max - n < 4 ? n : max;
}

/* One read: the kernel gives all of it. This is the call that may never return. */
static bool read_raw(struct cmdline_reader *r, int64_t pid)
{
    char path[TREE_PID_PATH];
    tree_pid_path(pid, "cmdline", path);
    buf_reset(&r->raw);
    if (!buf_reserve(&r->raw, r->max + SLACK))
        return false;
    int fd = tree_open_blocking(r->proc, path);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, r->raw.data, r->max + SLACK);
    tree_close_later(&r->closing, fd);
    if (n < 0)
        return false;
    r->raw.len = (size_t)n;
    return true;
}

static void pack_container(struct cmdline_reader *r, int64_t pid, struct buf *out)
{
    char path[TREE_PID_PATH], id[CONTAINER_ID_MAX + 1] = "";
    if (r->containers) {
        tree_pid_path(pid, "cgroup", path);
        buf_reset(&r->text);
        r->text.max = CGROUP_MAX;
        if (tree_read(r->proc, path, &r->text) && r->text.len)
            container_id(r->text.data, r->text.len, id);
        r->text.max = TEXT_MAX;
    }
    buf_add(out, id, strlen(id) + 1);
}

/*
 * The name of the program: the first argument, of which only the first word, because a process
 * that overwrites its arguments puts all of them there ("sshd: root@pts/0").
 */
static void put_program(const char *raw, size_t len, struct buf *out)
{
    size_t n = 0;
    while (n < len && (unsigned char)raw[n] > ' ')
        n++;
    if (n > 1 && raw[n - 1] == ':')
        n--;
    buf_add(out, raw, n);
}

static void put_all(const char *raw, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++)
        buf_putc(out, raw[i] ? raw[i] : ' ');
}

bool cmdline_pack(struct cmdline_reader *r, int64_t pid, struct buf *out)
{
    if (!read_raw(r, pid)) {
        buf_putc(out, GONE);
        return errno == ENOENT || errno == ESRCH;
    }
    bool cut = r->raw.len == r->max + SLACK;
    const char *raw = r->raw.data;
    size_t len = r->raw.len;
    while (len && raw[len - 1] == '\0')
        len--;
    buf_putc(out, WHOLE);
    pack_container(r, pid, out);
    buf_reset(&r->text);
    if (r->args == CMDLINE_NAME) {
        put_program(raw, len, &r->text);
        cut = false;
    } else if (r->args == CMDLINE_FULL) {
        put_all(raw, len, &r->text);
    } else if (!mask_arguments(&r->mask, raw, len, cut, &r->text)) {
        return false;
    }
    size_t keep = cmdline_cut(r->text.data, r->text.len, r->max);
    buf_add(out, r->text.data, keep);
    if (!out->failed && (cut || keep < r->text.len))
        out->data[0] = CUT;
    return true;
}

static void put_elements(const char *text, size_t len, char separator, struct buf *out)
{
    for (size_t at = 0; at <= len;) {
        const char *end = memchr(text + at, separator, len - at);
        size_t n = end ? (size_t)(end - text) - at : len - at;
        if (at)
            buf_putc(out, ',');
        jsonw_string(out, text + at, n);
        at += n + 1;
    }
}

/* r->text as r->args wants it shown; `len` bytes of r->raw. */
static bool put_shown(struct cmdline_reader *r, size_t len, bool cut)
{
    buf_reset(&r->text);
    if (r->args == CMDLINE_NAME)
        put_program(r->raw.data, len, &r->text);
    else if (r->args == CMDLINE_FULL)
        buf_add(&r->text, r->raw.data, len);
    else if (!mask_list(&r->mask, r->raw.data, len, cut, &r->text))
        return false;
    r->text.len = cmdline_cut(r->text.data, r->text.len, r->max);
    return !r->text.failed;
}

bool cmdline_list(struct cmdline_reader *r, int64_t pid, struct buf *out)
{
    if (!read_raw(r, pid))
        return false;
    size_t len = r->raw.len;
    bool cut = len == r->max + SLACK, ended = len && r->raw.data[len - 1] == '\0';
    if (len == 0) {
        buf_puts(out, "[]");
        return true;
    }
    len -= ended || (!cut && r->raw.data[len - 1] == ' ');
    if (!put_shown(r, len, cut)) {
        errno = ENOMEM;
        return false;
    }
    bool one = len == 0 || !memchr(r->raw.data, '\0', len);
    buf_putc(out, '[');
    put_elements(r->text.data, r->text.len, (!ended && !cut) || one ? ' ' : '\0', out);
    buf_putc(out, ']');
    return true;
}

const char *cmdline_first(const struct cmdline_reader *r, size_t *len)
{
    *len = r->raw.len ? strnlen(r->raw.data, r->raw.len) : 0;
    return r->raw.data;
}

bool cmdline_unpack(const char *bytes, size_t len, struct cmdline *out)
{
    *out = (struct cmdline){0};
    if (len == 0)
        return false;
    out->gone = bytes[0] == GONE;
    if (out->gone)
        return true;
    const char *id = bytes + 1, *end = memchr(id, '\0', len - 1);
    if (!end)
        return false;
    out->container = *id ? id : NULL;
    out->text = end + 1;
    out->len = len - (size_t)(end + 1 - bytes);
    out->cut = bytes[0] == CUT;
    return true;
}
