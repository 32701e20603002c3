#include "handler/read/procs.h"

#include "handler/record/pstable.h"
#include "handler/shared/json/gate.h"
#include "handler/shared/json/write.h"
#include "handler/shared/vec.h"

#include <stdlib.h>

enum { PROCS_TEXT_MAX = 1 << 30, PROCS_ARENA_MAX = 64 << 20, PROCS_NUMBER_MAX = 32 };

void procs_init(struct procs *p)
{
    memset(p, 0, sizeof *p);
    buf_init(&p->line, PROCS_TEXT_MAX);
    buf_init(&p->text, PROCS_TEXT_MAX);
    buf_init(&p->scratch, PROCS_TEXT_MAX);
    arena_init(&p->arena, PROCS_ARENA_MAX);
    json_notes_init(&p->notes, "processes");
    p->notes.key = process_key;
}

void procs_release(struct procs *p)
{
    free(p->list);
    buf_release(&p->line);
    buf_release(&p->text);
    buf_release(&p->scratch);
    arena_release(&p->arena);
    json_notes_trim(&p->notes, 0);
}

static struct proc *procs_append(struct procs *p)
{
    struct proc *list = vec_grow(p->list, p->count, &p->room, sizeof *list);
    if (!list)
        return NULL;
    p->list = list;
    memset(&list[p->count], 0, sizeof *list);
    return &list[p->count++];
}

/* Takes over the columns. A text outside of [kept, kept + len) is valid until the next process
 * only: it is copied. There is room. */
static void procs_copy(struct procs *p, const struct process *from, struct text kept,
                       struct proc *to)
{
    for (size_t i = COL_PID; i <= COL_CMD; i++) {
        struct text text = from->column[i];
        if (text.len == 0)
            continue;
        to->column[i] = text;
        if (text.ptr >= kept.ptr && text.ptr < kept.ptr + kept.len)
            continue;
        to->column[i].ptr = p->text.data + p->text.len;
        buf_add(&p->text, text.ptr, text.len);
    }
}

static bool procs_is_ticks(struct text name)
{
    static const char plain[] = "\"start_ticks\"";
    if (name.len <= sizeof plain - 1)
        return name.len == sizeof plain - 1 && memcmp(name.ptr, plain, name.len) == 0;
    return memchr(name.ptr, '\\', name.len) && json_name_is(name, "start_ticks");
}

static bool procs_array(struct procs *p)
{
    struct json_noted all = json_noted_begin(p->stored.record.notes);
    struct process_element e;
    while (json_noted_element(&all, &e.json, &e.members)) {
        struct json_noted again = e.members;
        struct process process;
        struct json_member m;
        struct fault f;
        struct proc *one = procs_append(p);
        e.index = p->count;
        if (!one || process_from_json(&e, &process, &p->scratch, &f) != V_OK)
            return false;
        procs_copy(p, &process, (struct text){p->line.data, p->line.len}, one);
        while (json_noted_member(&again, &m))
            if (procs_is_ticks(m.name) && json_is_number(m.value))
                one->start_ticks = m.value;
    }
    return true;
}

static bool procs_table(struct procs *p)
{
    struct text processes = p->stored.record.processes;
    struct process process;
    struct table table;
    char rss[BUF_DIGITS];
    struct text text = {p->scratch.data, json_unescape(processes, p->scratch.data)};
    for (table_begin(&table, text); table_next(&table, &process, rss);) {
        struct proc *one = procs_append(p);
        if (!one)
            return false;
        procs_copy(p, &process, text, one);
    }
    return true;
}

/* "[kthreadd]" as ps and rollcall-agent write it, "kthreadd" as psutil does. */
static bool procs_is_kthreadd(const struct proc *one)
{
    struct text cmd = one->column[COL_CMD];
    return text_is(one->column[COL_PID], "2") &&
           (text_is(cmd, "[kthreadd]") || text_is(cmd, "kthreadd"));
}

/*
 * Kernel threads are process 2 and its children, if it is kthreadd: in a container it is not. Where
 * the parent is not known, a name in brackets without resident memory tells.
 */
static void procs_mark_kernel(struct procs *p)
{
    size_t at = 0;
    while (at < p->count && !procs_is_kthreadd(&p->list[at]))
        at++;
    for (size_t i = 0; at < p->count && i < p->count; i++) {
        struct proc *one = &p->list[i];
        struct text ppid = one->column[COL_PPID], rss = one->column[COL_RSS],
                    cmd = one->column[COL_CMD];
        bool bracketed = cmd.len > 2 && cmd.ptr[0] == '[' && cmd.ptr[cmd.len - 1] == ']';
        one->kernel = i == at || (ppid.len > 0 ? text_is(ppid, "2")
                                               : bracketed && (rss.len == 0 || text_is(rss, "0")));
    }
}

bool procs_read(struct procs *p, struct tail *t)
{
    p->count = 0;
    arena_reset(&p->arena);
    buf_reset(&p->text);
    buf_reset(&p->scratch);
    if (tail_take_line(t, &p->line) != TAIL_OK || !buf_str(&p->line) ||
        !jsonl_record(p->line.data, (size_t)(t->members_end - (off_t)t->line.line_start), &p->notes,
                      &p->arena, &p->stored))
        return false;
    /* The text of a table has one KiB number per line that grows: rss in bytes. */
    size_t room = 2 * p->stored.record.processes.len + BUF_DIGITS;
    if (!buf_reserve(&p->text, room) || !buf_reserve(&p->scratch, room))
        return false;
    bool array = json_is_array(p->stored.record.processes);
    if (!(array ? procs_array(p) : procs_table(p)))
        return false;
    procs_mark_kernel(p);
    return true;
}

char procs_state(struct text state)
{
    static const struct {
        const char *word;
        char letter;
    } words[] = {{"running", 'R'}, {"sleeping", 'S'},     {"disk-sleep", 'D'}, {"stopped", 'T'},
                 {"zombie", 'Z'},  {"tracing-stop", 't'}, {"dead", 'X'},       {"wake-kill", 'K'},
                 {"waking", 'W'},  {"idle", 'I'},         {"parked", 'P'}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_is(state, words[i].word))
            return words[i].letter;
    return state.len > 0 && state.len <= 4 && strchr("RSDTtZXxKWPI", state.ptr[0]) ? state.ptr[0]
                                                                                   : 0;
}

bool procs_start(struct text start, char out[CLOCK_TIME_LEN + 1])
{
    char number[PROCS_NUMBER_MAX + 1], *end;
    if (start.len == CLOCK_TIME_LEN && clock_parse(start.ptr) >= 0) {
        memcpy(out, start.ptr, CLOCK_TIME_LEN);
        out[CLOCK_TIME_LEN] = '\0';
        return true;
    }
    if (start.len == 0 || start.len > PROCS_NUMBER_MAX)
        return false;
    memcpy(number, start.ptr, start.len);
    number[start.len] = '\0';
    double seconds = strtod(number, &end);
    if (*end || !text_is_digit(number[0]) || seconds < 1e8 || seconds > 1e11)
        return false;
    clock_rfc3339((int64_t)(seconds * 1000 + 0.5), out);
    return true;
}

double procs_number(struct text value)
{
    uint64_t whole;
    char number[PROCS_NUMBER_MAX + 1];
    size_t digits = text_digits(value, &whole);
    if (digits == value.len || value.len > PROCS_NUMBER_MAX)
        return digits == 0 ? 0 : (double)whole;
    memcpy(number, value.ptr, value.len);
    number[value.len] = '\0';
    double n = text_is_digit(number[0]) ? strtod(number, NULL) : 0;
    return n < 1e300 ? n : 0; /* 1e999 is a number of JSON, infinity is none */
}

/* A number as it came, if it is one of JSON; else null. */
static void procs_put_number(struct text value, struct buf *out)
{
    char number[PROCS_NUMBER_MAX + 1], *end;
    bool ok = value.len > 0 && value.len <= PROCS_NUMBER_MAX && text_is_digit(value.ptr[0]) &&
              (value.len == 1 || value.ptr[0] != '0' || value.ptr[1] == '.');
    if (ok) {
        memcpy(number, value.ptr, value.len);
        number[value.len] = '\0';
        ok = strspn(number, "0123456789.eE+-") == value.len && strtod(number, &end) >= 0 && !*end &&
             text_is_digit(number[value.len - 1]);
    }
    if (ok)
        buf_add(out, value.ptr, value.len);
    else
        buf_puts(out, "null");
}

static void procs_put_text(const char *name, struct text value, struct buf *out)
{
    jsonw_name(out, name);
    if (value.len > 0)
        jsonw_string(out, value.ptr, value.len);
    else
        buf_puts(out, "null");
}

void procs_put(const struct proc *one, struct buf *out)
{
    static const struct {
        enum column column;
        const char *name;
    } numbers[] = {{COL_PID, "{\"pid\":"},
                   {COL_PPID, ",\"ppid\":"},
                   {COL_CPU, ",\"cpu\":"},
                   {COL_MEM, ",\"mem\":"},
                   {COL_RSS, ",\"rss\":"}};
    char letter = procs_state(one->column[COL_STATE]), start[CLOCK_TIME_LEN + 1];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        buf_puts(out, numbers[i].name);
        procs_put_number(one->column[numbers[i].column], out);
    }
    buf_puts(out, ",\"start_ticks\":");
    procs_put_number(one->start_ticks, out);
    buf_putc(out, ',');
    procs_put_text("user", one->column[COL_USER], out);
    buf_putc(out, ',');
    procs_put_text("state", (struct text){&letter, letter ? 1 : 0}, out);
    buf_putc(out, ',');
    bool whole = procs_start(one->column[COL_START], start);
    procs_put_text("start", (struct text){start, whole ? CLOCK_TIME_LEN : 0}, out);
    buf_putc(out, ',');
    procs_put_text("cmd", one->column[COL_CMD], out);
    buf_putc(out, '}');
}
