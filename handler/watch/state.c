#include "handler/watch/state.h"

#include "handler/shared/buf.h"
#include "handler/shared/io.h"
#include "handler/shared/json/write.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STATE_FILE_MAX = 256 << 20, STATE_NAME_MAX = 96, STATE_VERSION = 1 };

static const char *const state_scopes[] = {"host", "network", "label", "fleet"};

/* ---- reading */

static const char *state_string(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(value) ? value->valuestring : NULL;
}

/* -1 if it is missing. */
static int64_t state_number(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    double number = cJSON_IsNumber(value) ? value->valuedouble : -1;
    return number >= -1 && number < 9e15 ? (int64_t)number : -1;
}

static bool state_take_members(struct events *e, struct event *event, const cJSON *hosts)
{
    const cJSON *item;
    int count = cJSON_IsArray(hosts) ? cJSON_GetArraySize(hosts) : -1;
    if (count < 0)
        return false;
    event->members = arena_array(&e->arena, (size_t)count + 1, sizeof *event->members);
    cJSON_ArrayForEach(item, hosts)
    {
        const char *subject = state_string(item, "host");
        if (!event->members || !subject)
            return false;
        event->members[event->count] = (struct member){
            events_text(e, subject), state_number(item, "since"), NULL, false, false};
        if (!event->members[event->count++].subject)
            return false;
    }
    return true;
}

static bool state_take_kind(struct event *event, const char *kind, const char *scope)
{
    size_t k = 0, s = 0;
    while (k < ALARM_KINDS && strcmp(events_kind_name((enum alarm_kind)k), kind) != 0)
        k++;
    while (s < sizeof state_scopes / sizeof *state_scopes && strcmp(state_scopes[s], scope) != 0)
        s++;
    event->kind = (enum alarm_kind)k;
    event->scope = (enum event_scope)s;
    return k < ALARM_KINDS && s < sizeof state_scopes / sizeof *state_scopes;
}

static bool state_take_event(struct events *e, const cJSON *item)
{
    const char *id = state_string(item, "id"), *kind = state_string(item, "kind");
    const char *scope = state_string(item, "scope"), *name = state_string(item, "name");
    const char *rule = state_string(item, "rule"), *severity = state_string(item, "severity");
    struct event *event = events_add(&e->open);
    if (!event || !id || strlen(id) != EVENT_ID_LEN || !kind || !scope || !name || !rule ||
        !severity || !state_take_kind(event, kind, scope))
        return false;
    memcpy(event->id, id, EVENT_ID_LEN + 1);
    event->name = events_text(e, name);
    event->rule = events_text(e, rule);
    event->severity = events_text(e, severity);
    event->since = state_number(item, "since");
    return event->name && event->rule && event->severity &&
           state_take_members(e, event, cJSON_GetObjectItemCaseSensitive(item, "hosts"));
}

static bool state_parse(struct events *e, const struct buf *text)
{
    cJSON *root = cJSON_ParseWithLength(text->data, text->len);
    const cJSON *open = cJSON_GetObjectItemCaseSensitive(root, "events"), *item;
    bool ok = state_number(root, "version") == STATE_VERSION && cJSON_IsArray(open);
    int64_t serial = state_number(root, "serial");
    ok = ok && serial >= 0;
    cJSON_ArrayForEach(item, open) ok = ok && state_take_event(e, item);
    cJSON_Delete(root);
    e->serial = (uint64_t)serial;
    e->fresh = false;
    return ok;
}

bool state_load(int directory, const char *name, struct events *e, char error[CONF_ERROR_LEN])
{
    char file[STATE_NAME_MAX];
    struct buf text;
    snprintf(file, sizeof file, "%s.json", name);
    int fd = openat(directory, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return true;
    buf_init(&text, STATE_FILE_MAX);
    bool read = fd >= 0 && io_read_file(fd, &text);
    int saved = errno;
    if (fd >= 0)
        close(fd);
    bool ok = read && state_parse(e, &text);
    if (!ok)
        snprintf(error, CONF_ERROR_LEN, "%s: %s", file,
                 read ? "is damaged; move it away and run rollcall-watch --from-scratch"
                      : strerror(saved));
    buf_release(&text);
    return ok;
}

/* ---- writing */

static void state_put_time(struct buf *out, const char *name, int64_t time)
{
    jsonw_name(out, name);
    if (time < 0)
        buf_puts(out, "null");
    else
        buf_i64(out, time);
}

static void state_put_text(struct buf *out, const char *name, const char *value)
{
    buf_putc(out, ',');
    jsonw_name(out, name);
    jsonw_str(out, value);
}

/* True if the event that tells the end of `open` is among the delivered ones. */
static bool state_end_told(const struct events *e, const struct event *open)
{
    for (size_t i = 0; i < e->ended.count; i++)
        if (e->ended.list[i].of == open)
            return e->ended.list[i].delivered;
    return false;
}

static size_t state_left(const struct event *event, bool without_over)
{
    size_t left = 0;
    for (size_t i = 0; i < event->count; i++)
        left += !(without_over && event->members[i].over);
    return left;
}

static void state_put_event(struct buf *out, const struct event *event, bool without_over)
{
    bool first = true;
    if (state_left(event, without_over) == 0)
        return;
    buf_puts(out, out->data[out->len - 1] == '[' ? "\n{" : ",\n{");
    jsonw_name(out, "id");
    jsonw_str(out, event->id);
    state_put_text(out, "kind", events_kind_name(event->kind));
    state_put_text(out, "scope", state_scopes[event->scope]);
    state_put_text(out, "name", event->name);
    state_put_text(out, "rule", event->rule);
    state_put_text(out, "severity", event->severity);
    buf_putc(out, ',');
    state_put_time(out, "since", event->since);
    buf_puts(out, ",\"hosts\":[");
    for (size_t i = 0; i < event->count; i++) {
        const struct member *m = &event->members[i];
        if (without_over && m->over)
            continue;
        buf_puts(out, first ? "{\"host\":" : ",{\"host\":");
        first = false;
        jsonw_str(out, m->subject);
        buf_putc(out, ',');
        state_put_time(out, "since", m->since);
        buf_putc(out, '}');
    }
    buf_puts(out, "]}");
}

static bool state_write(int directory, const char *file, const struct buf *text)
{
    char new[STATE_NAME_MAX + 8];
    snprintf(new, sizeof new, ".new-%s", file);
    int fd = openat(directory, new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    bool ok = io_pwrite(fd, text->data, text->len, 0) && fsync(fd) == 0;
    int saved = errno;
    close(fd);
    ok = ok && renameat(directory, new, directory, file) == 0 && fsync(directory) == 0;
    if (saved)
        errno = saved;
    return ok;
}

bool state_save(int directory, const char *name, const struct events *e)
{
    char file[STATE_NAME_MAX];
    struct buf text;
    snprintf(file, sizeof file, "%s.json", name);
    buf_init(&text, STATE_FILE_MAX);
    buf_printf(&text, "{\"version\":%d,\"serial\":%" PRIu64 ",\"events\":[", STATE_VERSION,
               e->serial);
    for (size_t i = 0; i < e->open.count && !text.failed; i++)
        state_put_event(&text, &e->open.list[i], state_end_told(e, &e->open.list[i]));
    for (size_t i = 0; i < e->begun.count && !text.failed; i++)
        if (e->begun.list[i].delivered)
            state_put_event(&text, &e->begun.list[i], false);
    buf_puts(&text, "\n]}\n");
    errno = ENOMEM;
    bool ok = !text.failed && state_write(directory, file, &text);
    buf_release(&text);
    return ok;
}
