/* trailer: the server's member, written and read; the chain over what is before it. */
#include "tests/unit/unit.h"

#include "handler/store/trailer.h"

static struct trailer sample(void)
{
    return (struct trailer){.received_at = "2026-11-20T12:34:56.789Z",
                            .client_ip = "10.0.0.7",
                            .id = "a-1",
                            .process_count = 2,
                            .user_count = 3,
                            .seq = 17,
                            .left = 0,
                            .line_start = 9120,
                            .csv_end = 4711,
                            .chain =
                                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};
}

#define CHAIN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OPEN                                                                                       \
    ",\"rollcall\":{\"received_at\":\"2026-11-20T12:34:56.789Z\",\"client_ip\":\"10.0.0.7\""
#define NUMBERS                                                                                    \
    ",\"process_count\":2,\"user_count\":3,\"seq\":17,\"left\":0,\"line_start\":9120,"             \
    "\"csv_end\":4711"
#define CLOSE ",\"chain\":\"" CHAIN "\"}}\n"

static void as_documented(void **state)
{
    (void)state;
    struct trailer line = sample();
    struct buf b;
    buf_init(&b, 1024);
    trailer_open(&line, &b);
    static const char tail[] = OPEN ",\"id\":\"a-1\"" NUMBERS;
    BYTES(b.data, b.len, tail, sizeof tail - 1);
    trailer_close(&line, &b);
    static const char all[] = OPEN ",\"id\":\"a-1\"" NUMBERS CLOSE;
    BYTES(b.data, b.len, all, sizeof all - 1);
    buf_reset(&b);
    line.id[0] = '\0';
    trailer_open(&line, &b);
    static const char without[] = OPEN NUMBERS;
    BYTES(b.data, b.len, without, sizeof without - 1);
    buf_release(&b);
}

static void same(const struct trailer *a, const struct trailer *b)
{
    assert_string_equal(a->received_at, b->received_at);
    assert_string_equal(a->client_ip, b->client_ip);
    assert_string_equal(a->id, b->id);
    assert_string_equal(a->chain, b->chain);
    assert_int_equal(a->process_count, b->process_count);
    assert_int_equal(a->user_count, b->user_count);
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->left, b->left);
    assert_int_equal(a->line_start, b->line_start);
    assert_int_equal(a->csv_end, b->csv_end);
}

/* The longest member there can be is within TRAILER_MAX, and read from its last bytes alone. */
static void greatest_length(void **state)
{
    (void)state;
    const uint64_t most = UINT64_C(9999999999999999999);
    struct trailer line = sample(), read;
    struct buf b;
    size_t tail, chain;
    strcpy(line.client_ip, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    memset(line.id, 'x', RECORD_ID_MAX);
    line.id[RECORD_ID_MAX] = '\0';
    line.process_count = line.user_count = line.seq = line.left = most;
    line.line_start = line.csv_end = most;
    buf_init(&b, 8192);
    for (int i = 0; i < 5000; i++)
        buf_putc(&b, 'y');
    trailer_open(&line, &b);
    trailer_close(&line, &b);
    assert_true(b.len - 5000 <= TRAILER_MAX);
    assert_true(trailer_parse(b.data, b.len, &read, &tail, &chain));
    same(&line, &read);
    assert_int_equal(tail, 5000);
    size_t from = b.len - TRAILER_MAX;
    assert_true(trailer_parse(b.data + from, TRAILER_MAX, &read, &tail, &chain));
    same(&line, &read);
    assert_int_equal(tail, 5000 - from);
    assert_int_equal(strncmp(b.data + from + chain, ",\"chain\":\"", 10), 0);
    assert_false(trailer_parse(b.data + 5001, b.len - 5001, &read, &tail, &chain));
    buf_release(&b);
}

static const struct {
    int line;
    const char *text;
    bool ours;
} tails[] = {
    {__LINE__, "{\"a\":1" OPEN NUMBERS CLOSE, true},
    {__LINE__, OPEN NUMBERS CLOSE, true},
    {__LINE__, "{\"a\":1" OPEN ",\"id\":\"x\"" NUMBERS CLOSE, true},
    /* what a client can put in front changes nothing */
    {__LINE__, "{\"a\":{\"b\":1" OPEN NUMBERS "}}" OPEN NUMBERS CLOSE, true},
    {__LINE__, "{\"a\":\"" OPEN OPEN NUMBERS CLOSE, true},
    {__LINE__, "{\"a\":1" OPEN NUMBERS CLOSE "{\"b\":2" OPEN NUMBERS CLOSE, true},
    {__LINE__, "", false},
    {__LINE__, "\n", false},
    {__LINE__, "{\"a\":1}\n", false},
    {__LINE__, "{\"a\":1" OPEN NUMBERS CLOSE " ", false},
    {__LINE__, "{\"a\":1" OPEN NUMBERS CLOSE "\n", false},
    {__LINE__, "{\"a\":1" OPEN NUMBERS CLOSE "x\n", false},
    {__LINE__, "{\"a\":1" OPEN NUMBERS CLOSE "{\"b\":2}\n", false},
    {__LINE__, "{\"a\":1" OPEN NUMBERS ",\"chain\":\"" CHAIN "\"}}", false},
    {__LINE__, "{\"a\":1" OPEN NUMBERS ",\"chain\":\"" CHAIN "\"}\n", false},
    {__LINE__, "{\"a\":1" OPEN NUMBERS ",\"chain\":\"0" CHAIN "\"}}\n", false},
    {__LINE__, "{\"a\":1" OPEN NUMBERS ",\"chain\":\"0123\"}}\n", false},
    {__LINE__, "{\"a\":1" OPEN NUMBERS ",\"x\":1" CLOSE, false},
    {__LINE__, "{\"a\":1" OPEN CLOSE, false},
    {__LINE__, "{\"a\":1" OPEN ",\"id\":\"\"" NUMBERS CLOSE, false},
    {__LINE__, "{\"a\":1" OPEN OPEN CLOSE, false},
    {__LINE__,
     "{\"a\":1" OPEN ",\"process_count\":02,\"user_count\":3,\"seq\":17,\"left\":0,"
     "\"line_start\":9120,\"csv_end\":4711" CLOSE,
     false},
    {__LINE__,
     "{\"a\":1" OPEN ",\"process_count\":-2,\"user_count\":3,\"seq\":17,\"left\":0,"
     "\"line_start\":9120,\"csv_end\":4711" CLOSE,
     false},
    {__LINE__,
     "{\"a\":1" OPEN ",\"process_count\":,\"user_count\":3,\"seq\":17,\"left\":0,"
     "\"line_start\":9120,\"csv_end\":4711" CLOSE,
     false},
    {__LINE__,
     "{\"a\":1" OPEN ",\"process_count\":99999999999999999999,\"user_count\":3,\"seq\":17,"
     "\"left\":0,\"line_start\":9120,\"csv_end\":4711" CLOSE,
     false},
    {__LINE__,
     "{\"a\":1,\"rollcall\":{\"received_at\":\"2026-11-20 12:34:56.789Z\",\"client_ip\":"
     "\"10.0.0.7\"" NUMBERS CLOSE,
     false},
    {__LINE__,
     "{\"a\":1,\"rollcall\":{\"received_at\":\"2026-13-20T12:34:56.789Z\",\"client_ip\":"
     "\"10.0.0.7\"" NUMBERS CLOSE,
     false},
    {__LINE__,
     "{\"a\":1,\"rollcall\":{\"received_at\":\"2026-11-20T12:34:56.789Z\",\"client_ip\":"
     "\"1111111111111111111111111111111111111111111111111111\"" NUMBERS CLOSE,
     false},
};

static void known_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(tails); i++) {
        size_t len = strlen(tails[i].text), tail, chain;
        char *text = malloc(len + 1);
        struct trailer line;
        memcpy(text, tails[i].text, len);
        ROW_INT(&tails[i], trailer_parse(text, len, &line, &tail, &chain), tails[i].ours);
        if (tails[i].ours) {
            ROW_INT(&tails[i], line.seq, 17);
            ROW_TRUE(&tails[i], tail == len - strlen(strrchr(tails[i].text, '{') - 12));
        }
        free(text);
    }
}

/* A NUL byte in the member, wherever it is, and it is not ours. */
static void a_nul_anywhere(void **state)
{
    (void)state;
    char text[] = "{\"a\":1" OPEN ",\"id\":\"x\"" NUMBERS CLOSE;
    struct trailer line;
    size_t tail, chain;
    assert_true(trailer_parse(text, sizeof text - 1, &line, &tail, &chain));
    for (size_t i = 6; i < sizeof text - 1; i++) {
        char kept = text[i];
        text[i] = '\0';
        assert_false(trailer_parse(text, sizeof text - 1, &line, &tail, &chain));
        text[i] = kept;
    }
}

static void cut_anywhere(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":1" OPEN ",\"id\":\"x\"" NUMBERS CLOSE;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        struct trailer line;
        size_t tail, chain;
        char *copy = malloc(len + 1);
        memcpy(copy, text, len);
        assert_false(trailer_parse(copy, len, &line, &tail, &chain));
        free(copy);
    }
}

/* printf '%064d{"a":1,"rollcall":{"x":1' 0 | sha256sum, and once more over "second". */
static void chain_is_sha256_of_the_documented_bytes(void **state)
{
    (void)state;
    struct digest *d = digest_new();
    char chain[DIGEST_HEX_LEN + 1];
    assert_true(trailer_chain(d, TRAILER_CHAIN_FIRST, "{\"a\":1,\"rollcall\":{\"x\":1", 24, chain));
    assert_string_equal(chain, "9b6b21dc7c960191e4d63b1c34e0346ece6df6958cb8f009811668c56c8c3107");
    assert_true(trailer_chain(d, chain, "second", 6, chain)); /* in place, as append.c does */
    assert_string_equal(chain, "eb7a86c7a29954c14957d04282bff3a42346a5288ed191013a4adbd300f46759");
    digest_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_documented), cmocka_unit_test(greatest_length),
        cmocka_unit_test(known_or_not),  cmocka_unit_test(a_nul_anywhere),
        cmocka_unit_test(cut_anywhere),  cmocka_unit_test(chain_is_sha256_of_the_documented_bytes),
    };
    return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
