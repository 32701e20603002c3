#include "handler/listing.h"

#include "handler/http/reply.h"
#include "handler/shared/json/write.h"
#include "handler/shared/log.h"

#include <stdio.h>
#include <string.h>

/* A checked request; the texts end with NUL. */
struct listing {
    char uuid[SNAPSHOT_UUID_MAX + 1];
    char timestamp[SNAPSHOT_TIME_MAX + 1];
    struct text data; /* in the worker's text */
    bool has_environ;
};

/* Decodes a string of 1 to `max` bytes without NUL; false for anything else. */
static bool listing_text(struct text v, char *out, size_t max)
{
    char decoded[6 * SNAPSHOT_UUID_MAX + 2];
    if (!v.ptr || !json_is_string(v) || v.len > sizeof decoded)
        return false;
    size_t len = json_unescape(v, decoded);
    if (len == 0 || len > max || memchr(decoded, '\0', len))
        return false;
    memcpy(out, decoded, len);
    out[len] = '\0';
    return true;
}

static enum verdict listing_uuid(struct text v, struct listing *out, struct fault *f)
{
    static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    if (listing_text(v, out->uuid, SNAPSHOT_UUID_MAX) && out->uuid[0] != '-' &&
        out->uuid[strspn(out->uuid, chars)] == '\0')
        return V_OK;
    return fault_field(f, "uuid",
                       "\"uuid\" must be a string of 1 to 64 characters A-Z a-z 0-9 -, the first "
                       "a letter or digit");
}

/* digits [ . digits ] */
static bool is_seconds(const char *s)
{
    size_t whole = strspn(s, "0123456789");
    if (whole == 0 || s[whole] == '\0')
        return whole > 0;
    size_t fraction = strspn(s + whole + 1, "0123456789");
    return s[whole] == '.' && fraction > 0 && s[whole + 1 + fraction] == '\0';
}

static enum verdict listing_timestamp(struct text v, struct listing *out, struct fault *f)
{
    bool ok = listing_text(v, out->timestamp, SNAPSHOT_TIME_MAX);
    if (!ok && v.ptr && json_is_number(v) && v.len <= SNAPSHOT_TIME_MAX) {
        memcpy(out->timestamp, v.ptr, v.len);
        out->timestamp[v.len] = '\0';
        ok = true;
    }
    if (ok && is_seconds(out->timestamp))
        return V_OK;
    return fault_field(f, "timestamp",
                       "\"timestamp\" must be decimal seconds since the epoch, such as "
                       "\"1593338576.5624585\", in at most 32 characters");
}

/* Does the process come with its environment? null and {} have nothing in them. */
static bool process_has_environ(struct text process)
{
    struct json_iter it = json_iter_begin(process);
    struct json_member m;
    while (json_iter_member(&it, &m))
        if (json_name_is(m.name, "environ") && !json_is_null(m.value) && m.value.len > 2)
            return true;
    return false;
}

static enum verdict listing_data(struct text v, struct listing *out, struct fault *f)
{
    if (!v.ptr || !json_is_array(v))
        return fault_field(f, "data", "\"data\" must be an array of processes");
    struct json_iter it = json_iter_begin(v);
    struct text element;
    for (size_t i = 0; json_iter_element(&it, &element); i++) {
        if (json_is_object(element)) {
            out->has_environ = out->has_environ || process_has_environ(element);
            continue;
        }
        char field[sizeof f->field];
        snprintf(field, sizeof field, "data[%zu]", i);
        return fault_field(f, field, "\"%s\" must be an object", field);
    }
    out->data = v;
    return V_OK;
}

static char *put_span(char *out, struct text s)
{
    memmove(out, s.ptr, s.len);
    return out + s.len;
}

/* Writes the process to `out`, which is at or before it in the same text, without "environ". */
static char *drop_from_process(char *out, struct text process)
{
    struct json_iter it = json_iter_begin(process);
    struct json_member m;
    bool first = true;
    *out++ = '{';
    while (json_iter_member(&it, &m)) {
        if (json_name_is(m.name, "environ"))
            continue;
        if (!first)
            *out++ = ',';
        first = false;
        out = put_span(out, m.name);
        *out++ = ':';
        out = put_span(out, m.value);
    }
    *out++ = '}';
    return out;
}

/* Removes the member "environ" of each process, in place; `text` is what `data` points into. */
static void listing_drop_environ(struct listing *l, char *text)
{
    char *start = text + (l->data.ptr - text), *out = start;
    struct json_iter it = json_iter_begin(l->data);
    struct text process;
    *out++ = '[';
    while (json_iter_element(&it, &process)) {
        if (out > start + 1)
            *out++ = ',';
        out = drop_from_process(out, process);
    }
    *out++ = ']';
    l->data.len = (size_t)(out - start);
    l->has_environ = false;
}

static enum verdict listing_members(const struct json_doc *doc, struct listing *out,
                                    struct fault *f)
{
    struct text uuid = {NULL, 0}, timestamp = {NULL, 0}, data = {NULL, 0};
    for (size_t i = 0; i < doc->member_count; i++) {
        const struct json_member *m = &doc->members[i];
        if (json_name_is(m->name, "uuid"))
            uuid = m->value;
        else if (json_name_is(m->name, "timestamp"))
            timestamp = m->value;
        else if (json_name_is(m->name, "data"))
            data = m->value;
    }
    enum verdict v = listing_uuid(uuid, out, f);
    if (v == V_OK)
        v = listing_timestamp(timestamp, out, f);
    return v == V_OK ? listing_data(data, out, f) : v;
}

static enum verdict listing_parse(struct worker *w, struct listing *out, struct fault *f)
{
    struct json_doc doc;
    struct json_fault wrong;
    if (!json_gate(w->text.data, w->text.len, &doc, &wrong)) {
        f->offset = (long long)wrong.offset;
        return fault_set(f, V_BAD_REQUEST, "invalid JSON at byte %lld: %s", f->offset, wrong.what);
    }
    if (!json_is_object(doc.text))
        return fault_set(f, V_NOT_A_RECORD,
                         "a listing must be a JSON object with uuid, timestamp and data");
    if (doc.member_count > JSON_MAX_MEMBERS)
        return fault_set(f, V_NOT_A_RECORD, "a listing may have at most %d members",
                         JSON_MAX_MEMBERS);
    enum verdict v = listing_members(&doc, out, f);
    if (v == V_OK && w->config->drop_environ)
        listing_drop_environ(out, w->text.data);
    return v;
}

enum verdict listing_post(struct worker *w, struct request *r, const struct ip *ip, struct fault *f)
{
    (void)ip;
    struct listing l = {.uuid = ""};
    enum verdict v = body_read(&w->body, r, (size_t)w->config->max_body_bytes, f);
    if (v == V_OK && w->body.ndjson)
        v = fault_set(f, V_MEDIA_TYPE, "Content-Type must be application/json, with one listing");
    if (v == V_OK)
        v = listing_parse(w, &l, f);
    if (v != V_OK)
        return v;
    const struct snapshot new = {.uuid = l.uuid,
                                 .timestamp = l.timestamp,
                                 .data = l.data.ptr,
                                 .len = l.data.len,
                                 .has_environ = l.has_environ};
    v = snapshots_put(&w->snapshots, &new, f);
    if (v != V_OK)
        return v;
    reply_success(&w->reply);
    buf_puts(&w->reply, "{\"uuid\":");
    jsonw_str(&w->reply, l.uuid);
    buf_puts(&w->reply, ",\"timestamp\":");
    jsonw_str(&w->reply, l.timestamp);
    buf_putc(&w->reply, '}');
    reply_end(&w->reply);
    return V_OK;
}

enum verdict listing_count(struct worker *w, struct request *r, const struct ip *ip,
                           struct fault *f)
{
    (void)r;
    (void)ip;
    uint64_t count;
    enum verdict v = snapshots_count(&w->snapshots, &count, f);
    if (v != V_OK)
        return v;
    reply_success(&w->reply);
    buf_puts(&w->reply, "{\"count\":");
    buf_u64(&w->reply, count);
    buf_putc(&w->reply, '}');
    reply_end(&w->reply);
    return V_OK;
}

enum verdict listing_latest(struct worker *w, struct request *r, const struct ip *ip,
                            struct fault *f)
{
    (void)r;
    (void)ip;
    char name[LAYOUT_LISTING_MAX];
    struct json_doc doc;
    struct json_fault wrong;
    enum verdict v = snapshots_latest(&w->snapshots, name, &w->text, f);
    if (v != V_OK)
        return v;
    if (!json_gate(w->text.data, w->text.len, &doc, &wrong)) {
        log_event(LOG_ERROR, "file_not_ours", "file=%s offset=%zu", name, wrong.offset);
        return fault_set(f, V_STORE_FAILED, "the latest listing is not JSON; see the log");
    }
    reply_success(&w->reply);
    buf_puts(&w->reply, "{\"filename\":");
    jsonw_str(&w->reply, name);
    buf_puts(&w->reply, ",\"content\":");
    buf_add(&w->reply, doc.text.ptr, doc.text.len);
    buf_putc(&w->reply, '}');
    reply_end(&w->reply);
    return w->reply.failed ? fault_memory(f) : V_OK;
}
