#include "handler/read/facts.h"

#include <stdio.h>

enum { FACTS_TEXT_MAX = 64 * 1024, FACTS_NUMBER_MAX = 32 };

#define NAME(text, fact, alias)                                                                    \
    {                                                                                              \
        "\"" text "\"", sizeof(text) + 1, fact, alias                                              \
    }

static const struct facts_name {
    const char *name; /* with its quotes */
    size_t len;
    enum fact fact;
    bool alias; /* another member with this fact wins over it */
} names[] = {
    NAME("hostname", FACT_HOSTNAME, false),
    NAME("machine_id", FACT_MACHINE_ID, false),
    NAME("boot_id", FACT_BOOT_ID, false),
    NAME("os_name", FACT_OS_NAME, false),
    NAME("os_ver", FACT_OS_VER, false),
    NAME("os_version", FACT_OS_VER, true),
    NAME("os_pretty_name", FACT_OS_PRETTY_NAME, false),
    NAME("os_version_id", FACT_OS_VERSION_ID, false),
    NAME("processor", FACT_PROCESSOR, false),
    NAME("boot_time", FACT_BOOT_TIME, false),
    NAME("collected_at", FACT_COLLECTED_AT, false),
    NAME("cores", FACT_CORES, false),
    NAME("memory_bytes", FACT_MEMORY_BYTES, false),
    NAME("truncated", FACT_TRUNCATED, false),
};

enum {
    FACTS_NAMES = sizeof names / sizeof *names,
    /* Every record has these, so each may be a large member. */
    FACTS_REQUIRED = 1 << FACT_OS_NAME | 1 << FACT_OS_VER | 1 << FACT_PROCESSOR
};

void facts_init(struct facts *f)
{
    memset(f, 0, sizeof *f);
    buf_init(&f->text, FACTS_TEXT_MAX);
}

void facts_release(struct facts *f)
{
    buf_release(&f->text);
}

/* Copies the value, as an offset into the text; the text may move until all are read. */
static bool facts_keep(struct facts *f, enum fact fact, struct text value, size_t at[FACT_COUNT])
{
    bool number = fact >= FACT_FIRST_NUMBER;
    if (number ? !json_is_number(value) || value.len > FACTS_NUMBER_MAX : !json_is_string(value))
        return true;
    if (!buf_reserve(&f->text, value.len))
        return false;
    char *out = f->text.data + f->text.len;
    size_t len = value.len;
    if (number)
        memcpy(out, value.ptr, len);
    else
        len = json_unescape(value, out);
    at[fact] = f->text.len;
    f->value[fact] = (struct text){"", len};
    f->text.len += len;
    return true;
}

/* A name that is written with escapes. */
static bool facts_decodes_to(struct text name, const struct facts_name *row)
{
    char plain[32];
    snprintf(plain, sizeof plain, "%.*s", (int)row->len - 2, row->name + 1);
    return json_name_is(name, plain);
}

/* True if a wanted fact that every record has was not found yet. */
static bool facts_lacks(const struct facts *f, unsigned wanted)
{
    wanted &= FACTS_REQUIRED;
    for (enum fact fact = 0; wanted && fact < FACT_COUNT; fact++)
        if (f->value[fact].ptr)
            wanted &= ~(1u << fact);
    return wanted != 0;
}

static size_t facts_find(struct text name)
{
    bool plain = !memchr(name.ptr, '\\', name.len);
    size_t row = 0;
    while (row < FACTS_NAMES &&
           !(plain ? name.len == names[row].len && memcmp(name.ptr, names[row].name, name.len) == 0
                   : facts_decodes_to(name, &names[row])))
        row++;
    return row;
}

bool facts_read(struct facts *f, struct tail *t, unsigned wanted)
{
    size_t at[FACT_COUNT] = {0}, limit = RECORD_LARGE;
    unsigned found = 0; /* facts whose member was seen, aliases left out */
    bool ok = true;
    struct json_member m;
    enum tail_result got = TAIL_OK;
    memset(f->value, 0, sizeof f->value);
    buf_reset(&f->text);
    t->member_end = t->members_end;
    while (ok && got != TAIL_END && got != TAIL_UNREADABLE && (wanted & ~found)) {
        got = tail_member(t, limit, &m);
        bool large =
            got == TAIL_LARGE || (got == TAIL_OK && m.name.len + m.value.len >= RECORD_LARGE);
        if (large && !facts_lacks(f, wanted))
            break;
        if (got == TAIL_LARGE)
            limit = SIZE_MAX; /* one of the facts that every record has is a large member */
        size_t row = got == TAIL_OK ? facts_find(m.name) : FACTS_NAMES;
        if (row == FACTS_NAMES)
            continue;
        found |= names[row].alias ? 0 : 1u << names[row].fact;
        if (!f->value[names[row].fact].ptr || !names[row].alias)
            ok = facts_keep(f, names[row].fact, m.value, at);
    }
    for (size_t i = 0; i < FACT_COUNT; i++)
        if (f->value[i].ptr)
            f->value[i].ptr = f->text.data ? f->text.data + at[i] : "";
    return ok && got != TAIL_UNREADABLE;
}

bool facts_same(const struct text *a, const struct text *b)
{
    return a->ptr && b->ptr && a->len == b->len && memcmp(a->ptr, b->ptr, a->len) == 0;
}

int64_t facts_time(const struct text *value)
{
    return value->ptr && value->len == CLOCK_TIME_LEN ? clock_parse(value->ptr) : -1;
}
