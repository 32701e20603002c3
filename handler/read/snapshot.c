#include "handler/read/snapshot.h"

#include "handler/shared/json/write.h"
#include "handler/shared/vec.h"

#include <stdlib.h>

enum { SNAPSHOT_TEXT_MAX = 1 << 30 };

void snapshot_init(struct snapshot *s)
{
    memset(s, 0, sizeof *s);
    facts_init(&s->facts);
    procs_init(&s->procs);
    buf_init(&s->text, SNAPSHOT_TEXT_MAX);
}

void snapshot_release(struct snapshot *s)
{
    facts_release(&s->facts);
    procs_release(&s->procs);
    buf_release(&s->text);
    free(s->users);
    free(s->sockets);
}

/* The value of a scalar as text; the buffer has room. */
static struct text snapshot_scalar(struct snapshot *s, struct text value)
{
    if (json_is_number(value))
        return value;
    if (!json_is_string(value))
        return (struct text){"", 0};
    char *at = s->text.data + s->text.len;
    size_t len = json_unescape(value, at);
    s->text.len += len;
    return (struct text){at, len};
}

static struct snapshot_user *snapshot_add_user(struct snapshot *s)
{
    struct snapshot_user *list = vec_grow(s->users, s->user_count, &s->user_room, sizeof *list);
    if (!list)
        return NULL;
    s->users = list;
    memset(&list[s->user_count], 0, sizeof *list);
    return &list[s->user_count++];
}

static void snapshot_fill_user(struct snapshot *s, struct text element, struct snapshot_user *user)
{
    struct json_iter it = json_iter_begin(element);
    for (struct json_member m; json_iter_member(&it, &m);) {
        if (json_name_is(m.name, "name"))
            user->name = snapshot_scalar(s, m.value);
        else if (json_name_is(m.name, "tty") ||
                 (json_name_is(m.name, "terminal") && user->tty.len == 0))
            user->tty = snapshot_scalar(s, m.value);
        else if (json_name_is(m.name, "host"))
            user->host = snapshot_scalar(s, m.value);
        else if (json_name_is(m.name, "started"))
            user->started = snapshot_scalar(s, m.value);
    }
}

static bool snapshot_users(struct snapshot *s, struct text users)
{
    struct snapshot_user *user;
    if (json_is_string(users)) {
        struct text all = snapshot_scalar(s, users);
        for (struct text line; text_line(&all, &line);) {
            struct text name = text_trim(line, " \t\r");
            if (name.len == 0)
                continue;
            if (!(user = snapshot_add_user(s)))
                return false;
            user->name = name;
        }
        return true;
    }
    struct json_iter it = json_iter_begin(users);
    for (struct text element; json_iter_element(&it, &element);) {
        if (!(user = snapshot_add_user(s)))
            return false;
        if (json_is_object(element))
            snapshot_fill_user(s, element, user);
        else
            user->name = snapshot_scalar(s, element);
    }
    return true;
}

static bool snapshot_sockets(struct snapshot *s, struct text listening)
{
    struct json_iter it = json_iter_begin(listening);
    s->listening_known = true;
    for (struct text element; json_iter_element(&it, &element);) {
        struct snapshot_socket *list =
            vec_grow(s->sockets, s->socket_count, &s->socket_room, sizeof *list);
        if (!list)
            return false;
        s->sockets = list;
        if (!json_is_object(element))
            continue;
        struct snapshot_socket *socket = &list[s->socket_count++];
        memset(socket, 0, sizeof *socket);
        struct json_iter members = json_iter_begin(element);
        for (struct json_member m; json_iter_member(&members, &m);) {
            if (json_name_is(m.name, "proto"))
                socket->proto = snapshot_scalar(s, m.value);
            else if (json_name_is(m.name, "addr"))
                socket->addr = snapshot_scalar(s, m.value);
            else if (json_name_is(m.name, "port"))
                socket->port = snapshot_scalar(s, m.value);
            else if (json_name_is(m.name, "uid"))
                socket->uid = snapshot_scalar(s, m.value);
        }
    }
    return true;
}

bool snapshot_read(struct snapshot *s, struct tail *t)
{
    struct text listening = {NULL, 0};
    s->user_count = s->socket_count = 0;
    s->listening_known = false;
    s->received_ms = t->received_ms;
    buf_reset(&s->text);
    if (!procs_read(&s->procs, t) || !facts_read(&s->facts, t, FACTS_ALL))
        return false;
    const struct record *record = &s->procs.stored.record;
    struct json_iter it = json_iter_begin(record->text);
    for (struct json_member m; json_iter_member(&it, &m);)
        if (json_is_array(m.value) && json_name_is(m.name, "listening"))
            listening = m.value;
    /* Decoded text is never longer; the buffer must not move while it is filled. */
    if (!buf_reserve(&s->text, record->users.len + listening.len + 1))
        return false;
    return snapshot_users(s, record->users) && (!listening.ptr || snapshot_sockets(s, listening));
}

static void snapshot_put(const char *before, const char *name, struct text value, struct buf *out)
{
    buf_puts(out, before);
    jsonw_name(out, name);
    if (value.len > 0)
        jsonw_string(out, value.ptr, value.len);
    else
        buf_puts(out, "null");
}

static void snapshot_put_number(const char *name, struct text value, struct buf *out)
{
    uint64_t n;
    buf_putc(out, ',');
    jsonw_name(out, name);
    if (text_number(value, &n))
        buf_u64(out, n);
    else
        buf_puts(out, "null");
}

void snapshot_put_user(const struct snapshot_user *user, struct buf *out)
{
    snapshot_put("{", "name", user->name, out);
    snapshot_put(",", "tty", user->tty, out);
    snapshot_put(",", "host", user->host, out);
    snapshot_put(",", "started", user->started, out);
    buf_putc(out, '}');
}

void snapshot_put_socket(const struct snapshot_socket *socket, struct buf *out)
{
    snapshot_put("{", "proto", socket->proto, out);
    snapshot_put(",", "addr", socket->addr, out);
    snapshot_put_number("port", socket->port, out);
    snapshot_put_number("uid", socket->uid, out);
    buf_putc(out, '}');
}
