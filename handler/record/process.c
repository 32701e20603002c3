#include "handler/record/process.h"

#include <stdio.h>
#include <string.h>

/* The member names of a column; of those with a value, the lowest rank wins. */
static const struct alias {
    const char *name;
    size_t len;
    enum column column;
    unsigned char rank;
} aliases[] = {
#define PROCESS(ID, name, fits) {#name, sizeof #name - 1, COL_##ID, 0},
#define JSON(ID, name, rank)    {name, sizeof(name) - 1, COL_##ID, rank},
#include "handler/record/columns.def"
};

/* The key of a name: its column plus 1 in the low byte, its rank in the high byte. */
enum { KEY_RANK = 8, NO_RANK = 255 };

enum { ALIASES = sizeof aliases / sizeof *aliases };

static const struct alias *find_alias(struct text name)
{
    for (size_t i = 0; i < ALIASES; i++)
        if (name.len - 2 == aliases[i].len &&
            memcmp(name.ptr + 1, aliases[i].name, aliases[i].len) == 0)
            return &aliases[i];
    if (!memchr(name.ptr, '\\', name.len))
        return NULL;
    for (size_t i = 0; i < ALIASES; i++)
        if (json_name_is(name, aliases[i].name))
            return &aliases[i];
    return NULL;
}

uint16_t process_key(struct text name)
{
    const struct alias *a = find_alias(name);
    if (!a)
        return 0;
    unsigned column = a->column + 1, rank = a->rank;
    return (uint16_t)(rank << KEY_RANK | column);
}

/* Decodes a string into reserved room; one without escapes is used in place. */
static struct text string_text(struct text v, struct buf *scratch)
{
    if (!memchr(v.ptr, '\\', v.len))
        return (struct text){v.ptr + 1, v.len - 2};
    char *at = scratch->data + scratch->len;
    size_t len = json_unescape(v, at);
    scratch->len += len;
    return (struct text){at, len};
}

/* The same for a value that the gate found plain: a string without escapes, or a number. */
static inline struct text plain_text(struct text v)
{
    size_t quote = json_is_string(v);
    return (struct text){v.ptr + quote, v.len - 2 * quote};
}

/* The cell of a value: that of a scalar is its text, that of null and of containers is empty. */
static struct text scalar_text(struct text v, struct buf *scratch)
{
    if (json_is_string(v))
        return string_text(v, scratch);
    if (json_is_null(v) || json_is_array(v) || json_is_object(v))
        return (struct text){NULL, 0};
    return (struct text){v.ptr, v.len};
}

/* cmdline: the arguments joined by spaces. */
static struct text joined_text(struct text array, struct buf *scratch)
{
    char *start = scratch->data + scratch->len;
    struct json_iter it = json_iter_begin(array);
    struct text argument;
    bool first = true;
    while (json_iter_element(&it, &argument)) {
        if (!first)
            scratch->data[scratch->len++] = ' ';
        first = false;
        struct text t = scalar_text(argument, scratch);
        if (t.len == 0 || t.ptr == scratch->data + scratch->len - t.len)
            continue; /* decoded in place already */
        memcpy(scratch->data + scratch->len, t.ptr, t.len);
        scratch->len += t.len;
    }
    return (struct text){start, (size_t)(scratch->data + scratch->len - start)};
}

/* memory_info: psutil's named tuple as an array (its first), or as an object (its rss). */
static struct text memory_text(struct text v, struct buf *scratch)
{
    if (json_is_object(v)) {
        struct json_iter it = json_iter_begin(v);
        struct json_member m;
        while (json_iter_member(&it, &m))
            if (json_name_is(m.name, "rss"))
                return scalar_text(m.value, scratch);
        return (struct text){NULL, 0};
    }
    if (!json_is_array(v))
        return scalar_text(v, scratch);
    struct json_iter it = json_iter_begin(v);
    struct text first;
    return json_iter_element(&it, &first) ? scalar_text(first, scratch) : (struct text){NULL, 0};
}

static struct text value_text(size_t column, unsigned rank, struct text v, struct buf *scratch)
{
    if (column == COL_RSS && rank == 1)
        return memory_text(v, scratch);
    if (column == COL_CMD && json_is_array(v))
        return joined_text(v, scratch);
    return scalar_text(v, scratch);
}

static enum verdict not_a_process(size_t index, const char *member, const char *right,
                                  struct fault *f)
{
    char field[sizeof f->field];
    snprintf(field, sizeof field, "processes[%zu]%s", index, member);
    return fault_field(f, field, "\"%s\" %s", field, right);
}

/* Fills the columns from an object's members; false if it has no number as `pid`. */
static bool process_fill(struct json_noted *members, struct process *out, struct buf *scratch)
{
    unsigned char filled[COL_COUNT]; /* the rank of the name that a column was filled from */
    const char *pid = "";
    struct json_member m;
    memset(filled, NO_RANK, sizeof filled);
    while (json_noted_member(members, &m)) {
        const struct json_note *note = json_noted_last(members);
        if (!note->key)
            continue;
        size_t column = (size_t)(unsigned char)note->key - 1;
        unsigned char rank = (unsigned char)(note->key >> KEY_RANK);
        if (rank > filled[column])
            continue;
        if (column == COL_PID)
            pid = m.value.ptr;
        struct text t =
            note->plain ? plain_text(m.value) : value_text(column, rank, m.value, scratch);
        if (t.len == 0)
            continue;
        out->column[column] = t;
        out->plain[column] = note->plain;
        filled[column] = rank;
    }
    return json_is_number((struct text){pid, 1});
}

enum verdict process_from_json(const struct process_element *e, struct process *out,
                               struct buf *scratch, struct fault *f)
{
    struct json_noted members = e->members;
    if (*e->json != '{')
        return not_a_process(e->index, "", "must be an object with \"pid\"", f);
    memset(out, 0, sizeof *out);
    buf_reset(scratch);
    if (!process_fill(&members, out, scratch))
        return not_a_process(e->index, ".pid", "must be a number; every process needs one", f);
    return V_OK;
}
