#include "aws/s3/xml.h"

#include "handler/shared/buf.h"

#include <expat.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = XML_DEPTH_MAX * (XML_NAME_MAX + 1) + 1 };

struct reader {
    XML_Parser parser;
    xml_element take;
    void *context;
    char path[PATH_BYTES];
    size_t path_len;
    unsigned depth;
    struct buf text; /* of the innermost element; in S3 an element has text or elements, not both */
    const char *wrong;
};

static void stop(struct reader *r, const char *wrong)
{
    if (!r->wrong)
        r->wrong = wrong;
    XML_StopParser(r->parser, XML_FALSE);
}

static void on_start(void *context, const char *name, const char **attributes)
{
    struct reader *r = context;
    size_t len = strlen(name);
    (void)attributes;
    if (r->depth == XML_DEPTH_MAX || len > XML_NAME_MAX) {
        stop(r, "elements are nested too deep, or have too long names");
        return;
    }
    if (r->depth++ > 0)
        r->path[r->path_len++] = '/';
    memcpy(r->path + r->path_len, name, len + 1);
    r->path_len += len;
    buf_reset(&r->text);
}

static void on_end(void *context, const char *name)
{
    struct reader *r = context;
    if (r->wrong) /* expat reports the end of an empty element even after XML_StopParser() */
        return;
    const char *text = buf_str(&r->text);
    if (!text) {
        stop(r, "an element holds too much text");
        return;
    }
    if (!r->take(r->context, r->path, text, r->text.len)) {
        stop(r, "an element has an unexpected value");
        return;
    }
    size_t len = strlen(name);
    r->depth--;
    r->path_len -= len + (r->depth > 0);
    r->path[r->path_len] = '\0';
    buf_reset(&r->text);
}

static void on_text(void *context, const char *text, int len)
{
    struct reader *r = context;
    buf_add(&r->text, text, (size_t)len);
    if (r->text.failed)
        stop(r, "an element holds too much text");
}

static void on_doctype(void *context, const char *name, const char *system_id,
                       const char *public_id, int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    stop(context, "a document type is not allowed");
}

static bool parse(struct reader *r, const char *bytes, size_t len, char error[XML_ERROR_MAX])
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    if (len > INT_MAX) {
        snprintf(error, XML_ERROR_MAX, "the answer is too long");
        return false;
    }
    if (XML_Parse(r->parser, bytes, (int)len, XML_TRUE) == XML_STATUS_OK)
        return true;
    snprintf(error, XML_ERROR_MAX, "%s, at byte %lld",
             r->wrong ? r->wrong : XML_ErrorString(XML_GetErrorCode(r->parser)),
             (long long)XML_GetCurrentByteIndex(r->parser));
    return false;
}

bool xml_read(const char *bytes, size_t len, xml_element take, void *context,
              char error[XML_ERROR_MAX])
{
    struct reader r = {.take = take, .context = context};
    buf_init(&r.text, XML_TEXT_MAX);
    r.parser = XML_ParserCreate("UTF-8");
    bool ok = r.parser && parse(&r, bytes, len, error);
    if (!r.parser)
        snprintf(error, XML_ERROR_MAX, "out of memory");
    XML_ParserFree(r.parser);
    buf_release(&r.text);
    return ok;
}
