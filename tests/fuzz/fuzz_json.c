/*
 * The gate and the walk. What is accepted is accepted again, byte for byte, its members and notes
 * lie where the walk finds them, and each string decodes within its own length; what is refused is
 * refused somewhere in the text.
 */
#include "tests/fuzz/fuzz.h"

#include "handler/shared/json/notes.h"

static void check_string(struct text quoted)
{
    CHECK(quoted.len >= 2 && quoted.ptr[quoted.len - 1] == '"');
    char *out = malloc(quoted.len);
    CHECK(out);
    size_t len = json_unescape(quoted, out);
    CHECK(len <= quoted.len - 2);
    CHECK((memchr(out, '\0', len) != NULL) == json_has_nul(quoted));
    if (!json_has_nul(quoted)) {
        out[len] = '\0';
        CHECK(len == 0 || json_name_is(quoted, out));
    }
    free(out);
}

/* Walks all there is; the containers' own spans bound what lies in them. */
static void check_value(struct text v)
{
    struct json_iter it;
    struct text element;
    struct json_member m;
    const char *at = v.ptr + 1;
    if (json_is_string(v)) {
        check_string(v);
    } else if (json_is_array(v)) {
        for (it = json_iter_begin(v); json_iter_element(&it, &element);) {
            CHECK(element.ptr == at && element.len > 0);
            check_value(element);
            at = element.ptr + element.len + (element.ptr[element.len] == ',');
        }
        CHECK(at == v.ptr + v.len - 1 && *at == ']');
    } else if (json_is_object(v)) {
        for (it = json_iter_begin(v); json_iter_member(&it, &m);) {
            CHECK(m.name.ptr == at && m.value.ptr == at + m.name.len + 1);
            check_string(m.name);
            check_value(m.value);
            at = m.value.ptr + m.value.len + (m.value.ptr[m.value.len] == ',');
        }
        CHECK(at == v.ptr + v.len - 1 && *at == '}');
    }
}

static void check_members(const struct json_doc *doc)
{
    if (!json_is_object(doc->text)) {
        CHECK(doc->member_count == 0);
        return;
    }
    size_t n = 0;
    struct json_member m;
    for (struct json_iter it = json_iter_begin(doc->text); json_iter_member(&it, &m); n++) {
        if (n >= JSON_MAX_MEMBERS)
            continue;
        const struct json_member *noted = &doc->members[n];
        CHECK(m.name.ptr == noted->name.ptr && m.name.len == noted->name.len);
        CHECK(m.value.ptr == noted->value.ptr && m.value.len == noted->value.len);
    }
    CHECK(n == doc->member_count);
}

static void check_plain(struct text v)
{
    size_t quote = json_is_string(v);
    for (size_t i = quote; i < v.len - quote; i++)
        CHECK(v.ptr[i] >= ' ' && v.ptr[i] <= '~' && v.ptr[i] != '"' && v.ptr[i] != '\\');
}

static void check_noted(struct text element, struct json_noted noted)
{
    struct json_member m, n;
    struct json_iter it = json_iter_begin(element);
    while (json_is_object(element) && json_iter_member(&it, &m)) {
        CHECK(json_noted_member(&noted, &n));
        CHECK(m.name.ptr == n.name.ptr && m.name.len == n.name.len);
        CHECK(m.value.ptr == n.value.ptr && m.value.len == n.value.len);
        if (json_noted_last(&noted)->plain)
            check_plain(m.value);
    }
    CHECK(!json_noted_member(&noted, &n));
}

/* The notes of the member that they are of, up to its first element that is no object. */
static void check_notes(const struct json_doc *doc)
{
    struct json_noted all = json_noted_begin(doc->notes), noted;
    struct text element;
    const char *at;
    CHECK(doc->notes->count <= doc->notes->room);
    for (size_t i = 0; i < doc->member_count && i < JSON_MAX_MEMBERS; i++) {
        const struct json_member *m = &doc->members[i];
        if (!json_name_is(m->name, doc->notes->of) || !json_is_array(m->value))
            continue;
        bool object = true;
        struct json_iter it = json_iter_begin(m->value);
        while (object && json_iter_element(&it, &element)) {
            CHECK(json_noted_element(&all, &at, &noted) && at == element.ptr);
            check_noted(element, noted);
            object = json_is_object(element);
        }
    }
    CHECK(!json_noted_element(&all, &at, &noted));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json_doc doc, again;
    struct json_fault fault = {.offset = SIZE_MAX};
    struct json_notes notes;
    json_notes_init(&notes, "p");
    CHECK(json_notes_reserve(&notes, size));
    char *text = fuzz_copy(data, size);
    if (json_gate_noting(text, size, &doc, &notes, &fault)) {
        CHECK(doc.text.ptr == text && doc.text.len <= size && doc.text.len > 0);
        CHECK(text[doc.text.len] == '\0');
        check_members(&doc);
        check_notes(&doc);
        check_value(doc.text);
        char *second = fuzz_copy(text, doc.text.len);
        CHECK(json_gate(second, doc.text.len, &again, &fault));
        CHECK(again.text.len == doc.text.len && again.member_count == doc.member_count);
        CHECK(memcmp(second, text, doc.text.len) == 0);
        free(second);
    } else {
        CHECK(fault.offset <= size && fault.what);
    }
    json_notes_trim(&notes, 0);
    free(text);
    return 0;
}
