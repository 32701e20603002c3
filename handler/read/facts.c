#include "handler/read/facts.h"

enum { FACTS_TEXT_MAX = 64 * 1024, FACTS_NUMBER_MAX = 32 };

static const struct {
    const char *name;
    enum fact fact;
    bool required; /* every record has it, so it may be a large member */
} names[] = {
    {"hostname", FACT_HOSTNAME, false},
    {"machine_id", FACT_MACHINE_ID, false},
    {"boot_id", FACT_BOOT_ID, false},
    {"os_name", FACT_OS_NAME, true},
    {"os_ver", FACT_OS_VER, true},
    {"os_version", FACT_OS_VER, true},
    {"os_pretty_name", FACT_OS_PRETTY_NAME, false},
    {"os_version_id", FACT_OS_VERSION_ID, false},
    {"processor", FACT_PROCESSOR, true},
    {"boot_time", FACT_BOOT_TIME, false},
    {"collected_at", FACT_COLLECTED_AT, false},
    {"cores", FACT_CORES, false},
    {"memory_bytes", FACT_MEMORY_BYTES, false},
    {"truncated", FACT_TRUNCATED, false},
};

enum { FACTS_NAMES = sizeof names / sizeof *names, FACTS_REQUIRED = 3 };

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
static bool facts_keep(struct facts *f, size_t row, struct text value, size_t at[FACT_COUNT])
{
    enum fact fact = names[row].fact;
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

static size_t facts_find(struct text name)
{
    size_t row = 0;
    while (row < FACTS_NAMES && !json_name_is(name, names[row].name))
        row++;
    return row;
}

bool facts_read(struct facts *f, struct tail *t)
{
    size_t at[FACT_COUNT] = {0}, required = 0;
    size_t limit = RECORD_LARGE;
    bool ok = true;
    struct json_member m;
    enum tail_result got = TAIL_OK;
    memset(f->value, 0, sizeof f->value);
    buf_reset(&f->text);
    while (ok && got != TAIL_END && got != TAIL_UNREADABLE) {
        got = tail_member(t, limit, &m);
        bool large =
            got == TAIL_LARGE || (got == TAIL_OK && m.name.len + m.value.len >= RECORD_LARGE);
        if (large && required == FACTS_REQUIRED)
            break;
        if (got == TAIL_LARGE)
            limit = SIZE_MAX; /* one of the facts that every record has is a large member */
        if (got != TAIL_OK)
            continue;
        size_t row = facts_find(m.name);
        if (row == FACTS_NAMES)
            continue;
        required += names[row].required && !f->value[names[row].fact].ptr;
        /* os_ver wins over its alias, wherever it is in the line. */
        if (!f->value[names[row].fact].ptr || strcmp(names[row].name, "os_ver") == 0)
            ok = facts_keep(f, row, m.value, at);
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
