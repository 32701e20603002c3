/* body: read whole, bounded, unpacked; the order of the checks is the contract's. */
#include "tests/unit/unit.h"

#include "handler/http/body.h"

#include <libdeflate.h>

enum { MAX = 100000 };

static struct buf text, packed;
static struct body body;
static struct fault f;

/* A web server that hands the body over in pieces. */
struct source {
    const char *bytes;
    size_t len, at, piece;
    size_t reads;
};

static size_t read_source(void *from, char *bytes, size_t len)
{
    struct source *s = from;
    size_t done = 0;
    s->reads++;
    while (done < len && s->at < s->len) { /* like read_fcgi(): fewer only at the end */
        size_t n = s->len - s->at < s->piece ? s->len - s->at : s->piece;
        if (n > len - done)
            n = len - done;
        memcpy(bytes + done, s->bytes + s->at, n);
        s->at += n;
        done += n;
    }
    return done;
}

static struct source source;

/* Reads `len` bytes under the headers; `length` NULL: the true one. */
static enum verdict read_body(const char *type, const char *coding, const char *length,
                              const void *bytes, size_t len)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%zu", len);
    source = (struct source){.bytes = bytes, .len = len, .piece = 1000};
    struct request r = {.content_type = type,
                        .content_encoding = coding,
                        .content_length = length ? length : digits,
                        .read = read_source,
                        .source = &source};
    fault_clear(&f);
    return body_read(&body, &r, MAX, &f);
}

static const struct {
    int line;
    const char *type, *coding, *length;
    enum verdict want;
} headers[] = {
    {__LINE__, "application/json", "", NULL, V_OK},
    {__LINE__, "Application/JSON ; charset=utf-8", "", NULL, V_OK},
    {__LINE__, " application/json", "identity", NULL, V_OK},
    {__LINE__, "application/x-ndjson", "", NULL, V_OK},
    {__LINE__, "", "", NULL, V_MEDIA_TYPE},
    {__LINE__, "text/plain", "", NULL, V_MEDIA_TYPE},
    {__LINE__, "application/jsonx", "", NULL, V_MEDIA_TYPE},
    {__LINE__, "application/json, text/plain", "", NULL, V_MEDIA_TYPE},
    {__LINE__, "application/x-www-form-urlencoded", "br", "", V_MEDIA_TYPE},
    {__LINE__, "application/json", "br", "", V_MEDIA_TYPE},
    {__LINE__, "application/json", "gzip, gzip", NULL, V_MEDIA_TYPE},
    {__LINE__, "application/json", "deflate", NULL, V_MEDIA_TYPE},
    {__LINE__, "application/json", "", "", V_LENGTH_REQUIRED},
    {__LINE__, "application/json", "", "12x", V_BAD_REQUEST},
    {__LINE__, "application/json", "", "-1", V_LENGTH_REQUIRED},
    {__LINE__, "application/json", "", "+2", V_BAD_REQUEST},
    {__LINE__, "application/json", "", "100001", V_TOO_LARGE},
    {__LINE__, "application/json", "", "18446744073709551617", V_TOO_LARGE},
    {__LINE__, "application/json", "", "99999999999999999999999", V_TOO_LARGE},
    {__LINE__, "application/json", "", "3", V_BAD_REQUEST}, /* cut off */
};

static void by_their_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        ROW_INT(&headers[i],
                read_body(headers[i].type, headers[i].coding, headers[i].length, "{}", 2),
                headers[i].want);
        if (headers[i].want == V_OK)
            ROW_BYTES(&headers[i], text.data, text.len + 1, "{}", 3); /* followed by a NUL */
        else if (headers[i].want != V_BAD_REQUEST)
            ROW_INT(&headers[i], source.reads, 0); /* refused before anything is read */
        ROW_INT(&headers[i], f.headers != NULL, headers[i].want == V_MEDIA_TYPE);
        if (headers[i].want != V_MEDIA_TYPE)
            ROW_INT(&headers[i], body.ndjson, strstr(headers[i].type, "ndjson") != NULL);
    }
}

static void sizes(void **state)
{
    (void)state;
    static char bytes[MAX + 1];
    static const size_t lengths[] = {0, 1, 999, 1000, 1001, 65536, MAX - 1, MAX};
    for (size_t i = 0; i < MAX; i++)
        bytes[i] = (char)('a' + i % 26);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        assert_int_equal(read_body("application/json", "", NULL, bytes, lengths[i]), V_OK);
        BYTES(text.data, text.len, bytes, lengths[i]);
        assert_int_equal(text.data[text.len], '\0');
    }
    assert_int_equal(read_body("application/json", "", NULL, bytes, MAX + 1), V_TOO_LARGE);
}

/* gzip by libdeflate at a level; returns the length. */
static size_t pack(const void *bytes, size_t len, char *out, size_t room)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t n = libdeflate_gzip_compress(c, bytes, len, out, room);
    libdeflate_free_compressor(c);
    assert_true(n > 0);
    return n;
}

static void gzip(void **state)
{
    (void)state;
    static char bytes[MAX + 1], zip[2 * MAX];
    static const size_t lengths[] = {0, 1, 2, 1000, 65536, MAX - 1, MAX};
    uint64_t seed = 5;
    for (int noise = 0; noise < 2; noise++) {
        for (size_t i = 0; i < MAX + 1; i++)
            bytes[i] = noise ? (char)('0' + unit_below(&seed, 40)) : ' ';
        for (size_t i = 0; i < COUNT(lengths); i++) {
            size_t n = pack(bytes, lengths[i], zip, sizeof zip);
            assert_int_equal(read_body("application/json", "gzip", NULL, zip, n), V_OK);
            BYTES(text.data, text.len, bytes, lengths[i]);
            assert_int_equal(text.data[text.len], '\0');
            assert_int_equal(read_body("application/json", "X-GZIP", NULL, zip, n), V_OK);
        }
        size_t n = pack(bytes, MAX + 1, zip, sizeof zip);
        assert_int_equal(read_body("application/json", "gzip", NULL, zip, n), V_TOO_LARGE);
    }
}

static void several_members(void **state)
{
    (void)state;
    char zip[4096];
    size_t n = pack("{\"a\":", 5, zip, sizeof zip);
    n += pack("", 0, zip + n, sizeof zip - n);
    n += pack("1}", 2, zip + n, sizeof zip - n);
    assert_int_equal(read_body("application/json", "gzip", NULL, zip, n), V_OK);
    BYTES(text.data, text.len, "{\"a\":1}", 7);
    static char half[MAX / 2 + 1], large[2 * MAX]; /* each fits, both together do not */
    memset(half, 'x', sizeof half);
    n = pack(half, sizeof half, large, sizeof large);
    n += pack(half, sizeof half, large + n, sizeof large - n);
    assert_int_equal(read_body("application/json", "gzip", NULL, large, n), V_TOO_LARGE);
}

/* The size in the trailer is a guess; a wrong one must not be believed, nor a cut or changed byte.
 */
static void bad_gzip(void **state)
{
    (void)state;
    char zip[4096], copy[4096];
    char bytes[2000];
    memset(bytes, 'y', sizeof bytes);
    size_t n = pack(bytes, sizeof bytes, zip, sizeof zip);
    for (size_t len = 0; len < n; len++)
        assert_int_equal(read_body("application/json", "gzip", NULL, zip, len), V_BAD_REQUEST);
    for (size_t at = 0; at < n; at++) {
        if (at >= 4 && at < 10)
            continue; /* time, flags of the system: anything goes */
        memcpy(copy, zip, n);
        copy[at] = (char)(copy[at] ^ 0xff);
        enum verdict v = read_body("application/json", "gzip", NULL, copy, n);
        assert_true(v == V_BAD_REQUEST || v == V_TOO_LARGE);
    }
    memcpy(copy, zip, n);
    copy[n] = 'x';
    assert_int_equal(read_body("application/json", "gzip", NULL, copy, n + 1), V_BAD_REQUEST);
    assert_int_equal(read_body("application/json", "gzip", NULL, "{}", 2), V_BAD_REQUEST);
}

/* A bomb of 1000:1 in a small body: refused at the ceiling, and no more memory taken than that. */
static void bombs(void **state)
{
    (void)state;
    static char zip[1 << 20];
    char *zeros = calloc(1, 64 << 20);
    size_t n = pack(zeros, 64 << 20, zip, sizeof zip);
    free(zeros);
    assert_true(n < MAX);
    assert_int_equal(read_body("application/json", "gzip", NULL, zip, n), V_TOO_LARGE);
    assert_true(text.cap <= MAX + 2);
}

static int set_up(void **state)
{
    (void)state;
    buf_init(&text, MAX + 2);
    buf_init(&packed, MAX + 2);
    body = (struct body){.text = &text, .packed = &packed};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    body_release(&body);
    buf_release(&text);
    buf_release(&packed);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(by_their_headers), TEST(sizes),    TEST(gzip),
        TEST(several_members),  TEST(bad_gzip), TEST(bombs),
    };
    return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}
