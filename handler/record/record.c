#include "handler/record/record.h"

#include <string.h>

enum { NAME_BYTES_MAX = 253, TEXT_BYTES_MAX = 1024 };

enum field {
    HOSTNAME,
    PROCESSOR,
    PROCESSES,
    USERS,
    OS_NAME,
    OS_VER,
    OS_VERSION,
    ID,
    UUID,
    ROLLCALL
};

#define NAME(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) + 1                                                                     \
    } /* with the quotes, without the NUL */
static const struct {
    const char *text;
    size_t len;
} names[] = {
    [HOSTNAME] = NAME("hostname"),
    [PROCESSOR] = NAME("processor"),
    [PROCESSES] = NAME("processes"),
    [USERS] = NAME("users"),
    [OS_NAME] = NAME("os_name"),
    [OS_VER] = NAME("os_ver"),
    [ID] = NAME("id"),
    [UUID] = NAME("uuid"),
    [ROLLCALL] = NAME("rollcall"),
    [OS_VERSION] = NAME("os_version"),
};

enum { FIELDS = sizeof names / sizeof *names };

/* The enum field of a name; FIELDS for any other. */
static size_t find_field(struct text name)
{
    size_t k = 0;
    while (k < FIELDS &&
           (name.len != names[k].len || memcmp(name.ptr + 1, names[k].text, name.len - 2) != 0))
        k++;
    if (k < FIELDS || !memchr(name.ptr, '\\', name.len))
        return k;
    for (k = 0; k < FIELDS && !json_name_is(name, names[k].text);)
        k++;
    return k;
}

/* True if the decoded size is over `max`, which is at most TEXT_BYTES_MAX. */
static bool is_longer(struct text quoted, size_t max)
{
    char decoded[TEXT_BYTES_MAX * 6]; /* an escape is six bytes at most for each byte it means */
    if (quoted.len - 2 <= max || quoted.len - 2 > max * 6)
        return quoted.len - 2 > max; /* decoding never makes a string longer */
    return json_unescape(quoted, decoded) > max;
}

static enum verdict check_text(const char *name, struct text v, size_t max, struct fault *f)
{
    if (!v.ptr)
        return fault_field(f, name, "\"%s\" is missing; it must be a string", name);
    if (!json_is_string(v))
        return fault_field(f, name, "\"%s\" must be a string", name);
    if (is_longer(v, max))
        return fault_field(f, name, "\"%s\" is longer than %zu bytes", name, max);
    return V_OK;
}

/* Other programs use these names in file names and keys. */
static enum verdict check_no_nul(const char *name, struct text v, struct fault *f)
{
    if (v.ptr && json_is_string(v) && json_has_nul(v))
        return fault_field(f, name, "\"%s\" must not contain \\u0000", name);
    return V_OK;
}

static enum verdict check_list(const char *name, struct text v, struct fault *f)
{
    if (!v.ptr)
        return fault_field(f, name, "\"%s\" is missing; it must be a string or an array", name);
    if (!json_is_string(v) && !json_is_array(v))
        return fault_field(f, name, "\"%s\" must be a string or an array", name);
    return V_OK;
}

static enum verdict check_id(struct text v, struct arena *arena, const char **id, struct fault *f)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._:-";
    static const char right[] = "\"id\" must be a string of 1 to 64 characters A-Z a-z 0-9 . _ : -";
    if (!json_is_string(v) || v.len - 2 > (size_t)RECORD_ID_MAX * 6)
        return fault_field(f, "id", "%s", right);
    char *copy = arena_alloc(arena, v.len);
    if (!copy)
        return fault_memory(f);
    size_t len = json_unescape(v, copy);
    if (len < 1 || len > RECORD_ID_MAX || memchr(copy, '\0', len))
        return fault_field(f, "id", "%s", right);
    copy[len] = '\0';
    if (strspn(copy, allowed) != len)
        return fault_field(f, "id", "%s", right);
    *id = copy;
    return V_OK;
}

static enum verdict check_fields(const struct text value[FIELDS], struct arena *arena,
                                 struct record *out, struct fault *f)
{
    enum verdict v = V_OK;
    if (value[ROLLCALL].ptr)
        return fault_field(f, "rollcall", "\"rollcall\" is reserved for the server; remove it");
    if (value[HOSTNAME].ptr)
        v = check_text("hostname", value[HOSTNAME], NAME_BYTES_MAX, f);
    if (v == V_OK)
        v = check_text("processor", value[PROCESSOR], TEXT_BYTES_MAX, f);
    if (v == V_OK)
        v = check_list("processes", value[PROCESSES], f);
    if (v == V_OK)
        v = check_list("users", value[USERS], f);
    if (v == V_OK)
        v = check_text("os_name", value[OS_NAME], TEXT_BYTES_MAX, f);
    if (v == V_OK)
        v = check_text("os_ver", out->os_ver, TEXT_BYTES_MAX, f);
    if (v == V_OK && value[ID].ptr)
        v = check_id(value[ID], arena, &out->id, f);
    if (v == V_OK)
        v = check_no_nul("hostname", value[HOSTNAME], f);
    if (v == V_OK)
        v = check_no_nul("uuid", value[UUID], f);
    return v;
}

static struct text whole(const struct json_member *m)
{
    return (struct text){m->name.ptr, (size_t)(m->value.ptr + m->value.len - m->name.ptr)};
}

static bool is_large(const struct json_member *m)
{
    return whole(m).len > RECORD_LARGE;
}

/* Records the order with large members first, if it differs from the received order. */
static bool order_members(const struct json_doc *doc, struct arena *arena, struct record *out)
{
    size_t n = doc->member_count, large = 0, leading = 0;
    for (size_t i = 0; i < n; i++)
        large += is_large(&doc->members[i]);
    while (leading < n && is_large(&doc->members[leading]))
        leading++;
    if (large == leading)
        return true;
    out->members = arena_array(arena, n, sizeof *out->members);
    if (!out->members)
        return false;
    for (size_t i = 0; i < n; i++)
        if (is_large(&doc->members[i]))
            out->members[out->member_count++] = whole(&doc->members[i]);
    for (size_t i = 0; i < n; i++)
        if (!is_large(&doc->members[i]))
            out->members[out->member_count++] = whole(&doc->members[i]);
    return true;
}

enum verdict record_check(const struct json_doc *doc, struct arena *arena, struct record *out,
                          struct fault *f)
{
    *out = (struct record){.text = doc->text, .notes = doc->notes};
    if (json_is_array(doc->text))
        return fault_set(f, V_NOT_A_RECORD,
                         "expected one JSON object, found an array; send several records as "
                         "application/x-ndjson, one per line");
    if (!json_is_object(doc->text))
        return fault_set(f, V_NOT_A_RECORD, "expected a JSON object");
    if (doc->member_count > JSON_MAX_MEMBERS)
        return fault_set(f, V_NOT_A_RECORD, "the record has more than %d members",
                         JSON_MAX_MEMBERS);
    struct text value[FIELDS] = {{NULL, 0}};
    for (size_t i = 0; i < doc->member_count; i++) {
        size_t field = find_field(doc->members[i].name);
        if (field < FIELDS)
            value[field] = doc->members[i].value;
    }
    out->hostname = value[HOSTNAME];
    out->processor = value[PROCESSOR];
    out->processes = value[PROCESSES];
    out->users = value[USERS];
    out->os_name = value[OS_NAME];
    out->os_ver = value[OS_VER].ptr ? value[OS_VER] : value[OS_VERSION];
    enum verdict v = check_fields(value, arena, out, f);
    if (v == V_OK && !order_members(doc, arena, out))
        v = fault_memory(f);
    return v;
}
