#include "aws/s3/multipart.h"

#include "aws/s3/xml.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    UPLOAD_ID_MAX = 1024,
    PART_XML_MAX = S3_ETAG_MAX + S3_CHECKSUM_SIZE + 128,
    LIST_MAX = S3_PARTS_MAX * PART_XML_MAX,
};

struct multipart {
    struct s3 *s3;
    const char *key;
    const struct s3_source *source;
    char id[UPLOAD_ID_MAX];
    struct buf list; /* the body of the last call: number, ETag and checksum of each part */
};

uint64_t multipart_part_size(uint64_t len)
{
    uint64_t least = (len + S3_PARTS_MAX - 1) / S3_PARTS_MAX;
    return least > S3_PART_MIN ? least : S3_PART_MIN;
}

/* ---- responses */

struct multipart_response {
    char id[UPLOAD_ID_MAX];
    char code[64];
    bool complete;
};

static void copy(char *out, size_t size, const char *text, size_t len)
{
    if (len < size)
        memcpy(out, text, len + 1);
}

static bool take_element(void *context, const char *path, const char *text, size_t len)
{
    struct multipart_response *r = context;
    if (strcmp(path, "InitiateMultipartUploadResult/UploadId") == 0)
        copy(r->id, sizeof r->id, text, len);
    else if (strcmp(path, "Error/Code") == 0)
        copy(r->code, sizeof r->code, text, len);
    else if (strcmp(path, "CompleteMultipartUploadResult") == 0)
        r->complete = true;
    return true;
}

static bool read_response(const struct http_answer *a, struct multipart_response *r)
{
    char error[XML_ERROR_MAX];
    *r = (struct multipart_response){.complete = false};
    return xml_read(a->body.data, a->body.len, take_element, r, error);
}

/* ---- the calls */

static enum s3_result begin(struct multipart *u, const struct s3_about *about,
                            struct s3_fault *fault)
{
    const struct percent_pair query[] = {{"uploads", ""}};
    const struct http_header headers[] = {
        {"Content-Type", about->type},
        {"x-amz-checksum-algorithm", "SHA256"},
        {"x-amz-meta-rollcall", about->note},
    };
    struct s3_source none = {.bytes = ""};
    const struct s3_call call = {.method = "POST",
                                 .key = u->key,
                                 .query = query,
                                 .query_count = 1,
                                 .headers = headers,
                                 .header_count = sizeof headers / sizeof *headers,
                                 .body = &none};
    struct http_answer answer;
    struct multipart_response response;
    if (!s3_source_hash(&none))
        return s3_local(fault, "cannot hash");
    enum s3_result result = s3_call(u->s3, &call, &answer, fault);
    if (result == S3_OK && read_response(&answer, &response) && response.id[0])
        memcpy(u->id, response.id, sizeof u->id);
    else if (result == S3_OK)
        result = s3_bad_answer(fault, u->key, "no UploadId");
    http_release(&answer);
    return result;
}

static bool list_part(struct multipart *u, unsigned number, const char *etag, const char *checksum)
{
    if (!*etag || strpbrk(etag, "<>&"))
        return false;
    buf_printf(&u->list,
               "<Part><PartNumber>%u</PartNumber><ETag>%s</ETag>"
               "<ChecksumSHA256>%s</ChecksumSHA256></Part>",
               number, etag, checksum);
    return !u->list.failed;
}

static enum s3_result put_part(struct multipart *u, unsigned number, const struct s3_source *part,
                               struct s3_fault *fault)
{
    char digits[16], etag[S3_ETAG_MAX] = "";
    char checksum[S3_CHECKSUM_SIZE];
    struct http_answer answer;
    object_checksum(part->sha256, checksum);
    snprintf(digits, sizeof digits, "%u", number);
    const struct percent_pair query[] = {{"partNumber", digits}, {"uploadId", u->id}};
    const struct http_header headers[] = {{"x-amz-checksum-sha256", checksum}};
    const struct s3_call call = {.method = "PUT",
                                 .key = u->key,
                                 .query = query,
                                 .query_count = 2,
                                 .headers = headers,
                                 .header_count = 1,
                                 .body = part};
    enum s3_result result = s3_call(u->s3, &call, &answer, fault);
    if (result == S3_OK &&
        !(http_find(&answer, "ETag", etag, sizeof etag) && list_part(u, number, etag, checksum)))
        result = s3_bad_answer(fault, u->key, "no usable ETag for a part");
    http_release(&answer);
    return result;
}

static enum s3_result put_parts(struct multipart *u, struct s3_fault *fault)
{
    uint64_t size = multipart_part_size(u->source->len);
    enum s3_result result = S3_OK;
    unsigned number = 1;
    buf_puts(&u->list,
             "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (uint64_t done = 0; result == S3_OK && done < u->source->len; done += size) {
        uint64_t left = u->source->len - done;
        struct s3_source part = {.fd = u->source->fd,
                                 .at = u->source->at + (off_t)done,
                                 .len = left < size ? left : size};
        result = s3_source_hash(&part) ? put_part(u, number++, &part, fault)
                                       : s3_local(fault, "cannot read the packed file");
    }
    buf_puts(&u->list, "</CompleteMultipartUpload>");
    return result;
}

/* If the upload does not exist, an earlier try may have completed it, and its response was lost. */
static enum s3_result is_there(struct multipart *u, const char *note, struct s3_fault *fault)
{
    struct s3_object object;
    enum s3_result result = s3_head(u->s3, u->key, &object, fault);
    if (result == S3_OK && (object.size != u->source->len || strcmp(object.note, note) != 0))
        return s3_bad_answer(fault, u->key, "the upload is gone and the object is another");
    return result;
}

static enum s3_result complete(struct multipart *u, const char *note, struct s3_fault *fault)
{
    const struct percent_pair query[] = {{"uploadId", u->id}};
    struct s3_source body = {.bytes = buf_str(&u->list), .len = u->list.len};
    struct http_answer answer;
    struct multipart_response response;
    if (!body.bytes || !s3_source_hash(&body))
        return s3_local(fault, "out of memory");
    const struct s3_call call = {
        .method = "POST", .key = u->key, .query = query, .query_count = 1, .body = &body};
    enum s3_result result = s3_call(u->s3, &call, &answer, fault);
    /* S3 sends 200 before the upload is complete, so the body may contain an error. */
    if (result == S3_OK && !(read_response(&answer, &response) && response.complete))
        result = s3_bad_answer(fault, u->key, response.code[0] ? response.code : "not complete");
    http_release(&answer);
    return result == S3_NOT_FOUND ? is_there(u, note, fault) : result;
}

static void give_up(struct multipart *u)
{
    const struct percent_pair query[] = {{"uploadId", u->id}};
    const struct s3_call call = {
        .method = "DELETE", .key = u->key, .query = query, .query_count = 1};
    struct http_answer answer;
    struct s3_fault ignored;
    s3_call(u->s3, &call, &answer, &ignored);
    http_release(&answer);
}

enum s3_result multipart_put(struct s3 *s, const char *key, const struct s3_source *source,
                             const struct s3_about *about, struct s3_fault *fault)
{
    struct multipart u = {.s3 = s, .key = key, .source = source};
    enum s3_result result = begin(&u, about, fault);
    if (result != S3_OK)
        return result;
    buf_init(&u.list, LIST_MAX);
    result = put_parts(&u, fault);
    if (result == S3_OK)
        result = complete(&u, about->note ? about->note : "", fault);
    if (result != S3_OK)
        give_up(&u);
    buf_release(&u.list);
    return result;
}
