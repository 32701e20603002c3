#include "aws/s3/list.h"

#include "aws/s3/xml.h"
#include "handler/shared/text.h"

/* A page has at most 1,000 keys of 1,024 bytes, each byte encoded as three, and XML around them. */
enum { PAGE_MAX = 8 << 20, TOKEN_MAX = 8 << 10 };

struct page {
    s3_take_entry take;
    void *context;
    struct buf key, token, last_token;
    char etag[128];
    uint64_t size;
    bool has_key, truncated, enough;
};

static bool give(struct page *p, bool is_level)
{
    const struct s3_entry entry = {p->key.data, is_level, is_level ? 0 : p->size, p->etag};
    bool named = p->has_key && p->key.len > 0 && p->key.len <= S3_KEY_MAX;
    p->has_key = false;
    if (!named)
        return false;
    p->enough = p->enough || !p->take(p->context, &entry);
    return true;
}

static bool is(const char *path, const char *rest)
{
    static const char root[] = "ListBucketResult/";
    return strncmp(path, root, sizeof root - 1) == 0 && strcmp(path + sizeof root - 1, rest) == 0;
}

/* The elements of an entry come in any order, before its end. */
static bool take_element(void *context, const char *path, const char *text, size_t len)
{
    struct page *p = context;
    if (p->enough)
        return true;
    if (is(path, "Contents/Key") || is(path, "CommonPrefixes/Prefix"))
        return p->has_key = percent_decode(&p->key, text, len);
    if (is(path, "Contents/Size"))
        return text_number((struct text){text, len}, &p->size);
    if (is(path, "Contents/ETag")) {
        p->etag[0] = '\0';
        if (len < sizeof p->etag)
            memcpy(p->etag, text, len + 1);
        return true;
    }
    if (is(path, "Contents"))
        return give(p, false);
    if (is(path, "CommonPrefixes"))
        return give(p, true);
    if (is(path, "IsTruncated"))
        p->truncated = strcmp(text, "true") == 0;
    if (is(path, "NextContinuationToken")) {
        buf_reset(&p->token);
        buf_puts(&p->token, text);
        return buf_str(&p->token) != NULL;
    }
    return true;
}

static bool is_listing(void *context, const char *path, const char *text, size_t len)
{
    (void)text;
    (void)len;
    if (strcmp(path, "ListBucketResult") == 0)
        *(bool *)context = true;
    return true;
}

/* Reads the page to its end before it calls `take`, so that half a page gives no entry. */
static enum s3_result read_page(struct page *p, const struct buf *body, struct s3_fault *fault)
{
    char error[XML_ERROR_MAX];
    bool listing = false;
    p->truncated = false;
    buf_reset(&p->token);
    if (!xml_read(body->data, body->len, is_listing, &listing, error))
        return s3_bad_answer(fault, "listing", error);
    if (!listing)
        return s3_bad_answer(fault, "listing", "no ListBucketResult");
    if (!xml_read(body->data, body->len, take_element, p, error))
        return s3_bad_answer(fault, "listing", error);
    if (p->enough || !p->truncated)
        return S3_OK;
    /* The same token again would give the same page, for ever. */
    if (p->token.len == 0 || text_equal((struct text){p->token.data, p->token.len},
                                        (struct text){p->last_token.data, p->last_token.len}))
        return s3_bad_answer(fault, "listing", "there is more, but no new NextContinuationToken");
    buf_reset(&p->last_token);
    buf_add(&p->last_token, p->token.data, p->token.len);
    return buf_str(&p->last_token) ? S3_OK : s3_bad_answer(fault, "listing", "a long token");
}

static enum s3_result get_page(struct s3 *s, const char *prefix, bool one_level, struct page *p,
                               struct s3_fault *fault)
{
    const struct percent_pair query[] = {
        {p->last_token.len ? "continuation-token" : NULL, p->last_token.data},
        {one_level ? "delimiter" : NULL, "/"},
        {"encoding-type", "url"}, /* a key can contain bytes that XML cannot */
        {"list-type", "2"},
        {"max-keys", "1000"},
        {"prefix", prefix},
    };
    const struct s3_call call = {.method = "GET",
                                 .query = query,
                                 .query_count = sizeof query / sizeof *query,
                                 .body_max = PAGE_MAX};
    struct http_answer answer;
    enum s3_result result = s3_call(s, &call, &answer, fault);
    if (result == S3_OK)
        result = read_page(p, &answer.body, fault);
    http_release(&answer);
    return result;
}

enum s3_result s3_list(struct s3 *s, const struct s3_listing *listing, struct s3_fault *fault)
{
    struct page page = {.take = listing->take, .context = listing->context};
    enum s3_result result;
    buf_init(&page.key, S3_KEY_MAX + 1);
    buf_init(&page.token, TOKEN_MAX);
    buf_init(&page.last_token, TOKEN_MAX);
    do
        result = get_page(s, listing->prefix, listing->one_level, &page, fault);
    while (result == S3_OK && page.truncated && !page.enough);
    buf_release(&page.key);
    buf_release(&page.token);
    buf_release(&page.last_token);
    return result;
}
