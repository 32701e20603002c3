#include "handler/record/users.h"

#include <stdio.h>
#include <string.h>

static void add_name(struct buf *out, struct text name, size_t *count)
{
    (*count)++;
    if (out->len > USERS_CELL_MAX)
        return; /* names after the cut are counted, not kept */
    if (*count > 1)
        buf_putc(out, ';');
    size_t room = USERS_CELL_MAX + 1 - (out->len < USERS_CELL_MAX ? out->len : USERS_CELL_MAX);
    buf_add(out, name.ptr, name.len < room ? name.len : room);
}

static void cut(struct buf *out)
{
    if (out->len <= USERS_CELL_MAX)
        return;
    out->len = USERS_CELL_MAX;
    /* out->data[len] still exists: a continuation byte means that a character was split. */
    while (out->len > 0 && ((unsigned char)out->data[out->len] & 0xc0) == 0x80)
        out->len--;
}

/* False if memory runs out. The text is in `scratch`, which is reset. */
static bool decode(struct text quoted, struct buf *scratch, struct text *out)
{
    buf_reset(scratch);
    if (!buf_reserve(scratch, quoted.len))
        return false;
    *out = (struct text){scratch->data, json_unescape(quoted, scratch->data)};
    return true;
}

static void join_lines(struct text all, struct buf *out, size_t *count)
{
    for (struct text line; text_line(&all, &line);) {
        struct text name = text_trim(line, " \t\r");
        if (name.len > 0)
            add_name(out, name, count);
    }
}

/* The name in an element: itself, or its member `name`; ptr NULL if it has none. */
static struct text element_name(struct text element)
{
    struct text none = {NULL, 0};
    if (json_is_string(element))
        return element;
    if (!json_is_object(element))
        return none;
    struct json_iter it = json_iter_begin(element);
    struct json_member m;
    while (json_iter_member(&it, &m))
        if (json_name_is(m.name, "name"))
            return json_is_string(m.value) ? m.value : none;
    return none;
}

static enum verdict join_array(struct text users, struct buf *out, struct buf *scratch,
                               size_t *count, struct fault *f)
{
    struct json_iter it = json_iter_begin(users);
    struct text element;
    for (size_t index = 0; json_iter_element(&it, &element); index++) {
        struct text name = element_name(element);
        if (!name.ptr) {
            char field[sizeof f->field];
            snprintf(field, sizeof field, "users[%zu]%s", index,
                     json_is_object(element) ? ".name" : "");
            return fault_field(
                f, field, "\"users[%zu]\" must be a string, or an object with \"name\"", index);
        }
        struct text t;
        if (!decode(name, scratch, &t))
            return fault_memory(f);
        add_name(out, t, count);
    }
    return V_OK;
}

enum verdict users_join(struct text users, struct buf *out, struct buf *scratch, size_t *count,
                        struct fault *f)
{
    enum verdict v = V_OK;
    *count = 0;
    buf_reset(out);
    if (json_is_array(users)) {
        v = join_array(users, out, scratch, count, f);
    } else {
        struct text all;
        if (!decode(users, scratch, &all))
            return fault_memory(f);
        join_lines(all, out, count);
    }
    cut(out);
    return v == V_OK && out->failed ? fault_memory(f) : v;
}
