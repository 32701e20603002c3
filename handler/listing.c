#include "handler/listing.h"

#include "handler/http/reply.h"
#include "handler/shared/json/write.h"
#include "handler/shared/log.h"

#include <stdio.h>
#include <string.h>

static const char uuid_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";

/* A checked request; the texts end with NUL. */
struct posted {
    char uuid[LISTING_UUID_MAX + 1];
    char timestamp[LISTING_TIME_MAX + 1];
    struct text data;
};

/* A short string's text; false when it is none, or too long, or holds NUL. */
static bool short_text(struct text v, char *out, size_t max)
{
    char decoded[6 * LISTING_UUID_MAX + 2];
    if (!v.ptr || !json_is_string(v) || v.len > sizeof decoded)
        return false;
    size_t len = json_unescape(v, decoded);
    if (len == 0 || len > max || memchr(decoded, '\0', len))
        return false;
    memcpy(out, decoded, len);
    out[len] = '\0';
    return true;
}

static enum verdict take_uuid(struct text v, struct posted *out, struct fault *f)
{
    if (short_text(v, out->uuid, LISTING_UUID_MAX) &&
        out->uuid[strspn(out->uuid, uuid_chars)] == '\0')
        return V_OK;
    return fault_field(f, "uuid", "\"uuid\" must be a string of 1 to 64 characters A-Z a-z 0-9 -");
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

static enum verdict take_timestamp(struct text v, struct posted *out, struct fault *f)
{
    bool ok = short_text(v, out->timestamp, LISTING_TIME_MAX);
    if (!ok && v.ptr && json_is_number(v) && v.len <= LISTING_TIME_MAX) {
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

static enum verdict take_data(struct text v, struct posted *out, struct fault *f)
{
    if (!v.ptr || !json_is_array(v))
        return fault_field(f, "data", "\"data\" must be an array of processes");
    struct json_iter it = json_iter_begin(v);
    struct text element;
    for (size_t i = 0; json_iter_element(&it, &element); i++) {
        if (json_is_object(element))
            continue;
        char field[sizeof f->field];
        snprintf(field, sizeof field, "data[%zu]", i);
        return fault_field(f, field, "\"%s\" must be an object", field);
    }
    out->data = v;
    return V_OK;
}

static enum verdict parse(struct worker *w, struct posted *out, struct fault *f)
{
    struct json_doc doc;
    struct json_fault wrong;
    if (!json_gate(w->text.data, w->text.len, &doc, &wrong)) {
        f->offset = (long long)wrong.offset;
        return fault_set(f, V_BAD_REQUEST, "invalid JSON at byte %lld: %s", f->offset,
                         wrong.what);
    }
    if (!json_is_object(doc.text))
        return fault_set(f, V_NOT_A_RECORD, "a listing is a JSON object");
    if (doc.member_count > JSON_MAX_MEMBERS)
        return fault_set(f, V_NOT_A_RECORD, "the listing has over %d members", JSON_MAX_MEMBERS);
    struct text uuid = {NULL, 0}, timestamp = {NULL, 0}, data = {NULL, 0};
    for (size_t i = 0; i < doc.member_count; i++) {
        const struct json_member *m = &doc.members[i];
        if (json_name_is(m->name, "uuid"))
            uuid = m->value;
        else if (json_name_is(m->name, "timestamp"))
            timestamp = m->value;
        else if (json_name_is(m->name, "data"))
            data = m->value;
    }
    enum verdict v = take_uuid(uuid, out, f);
    if (v == V_OK)
        v = take_timestamp(timestamp, out, f);
    return v == V_OK ? take_data(data, out, f) : v;
}

enum verdict listing_post(struct worker *w, struct request *r, const struct ip *ip, struct fault *f)
{
    (void)ip;
    struct posted posted = {.uuid = ""};
    enum verdict v = body_read(&w->body, r, (size_t)w->config->max_body_bytes, f);
    if (v == V_OK && w->body.ndjson)
        v = fault_set(f, V_MEDIA_TYPE, "Content-Type must be application/json: one listing");
    if (v == V_OK)
        v = parse(w, &posted, f);
    if (v == V_OK)
        v = listings_put(&w->listings, posted.uuid, posted.timestamp, posted.data.ptr,
                         posted.data.len, f);
    if (v != V_OK)
        return v;
    reply_success(&w->reply);
    buf_puts(&w->reply, "{\"uuid\":");
    jsonw_str(&w->reply, posted.uuid);
    buf_puts(&w->reply, ",\"timestamp\":");
    jsonw_str(&w->reply, posted.timestamp);
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
    enum verdict v = listings_count(&w->listings, &count, f);
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
    char name[LISTING_NAME_LEN];
    struct json_doc doc;
    struct json_fault wrong;
    enum verdict v = listings_latest(&w->listings, name, &w->text, f);
    if (v != V_OK)
        return v;
    if (!json_gate(w->text.data, w->text.len, &doc, &wrong)) {
        log_event(LOG_ERROR, "file_not_ours", "file=%s offset=%zu", name, wrong.offset);
        return fault_set(f, V_STORE_FAILED, "the latest listing is not JSON");
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
