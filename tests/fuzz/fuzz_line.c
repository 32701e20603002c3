/*
 * The server's member. What is taken for a line of ours is written again as the same bytes, and a
 * line of ours is known as one whatever stands in front of it.
 */
#include "tests/fuzz/fuzz.h"

#include "handler/store/trailer.h"

static void write_again(const struct trailer *line, const char *bytes, size_t len, size_t tail,
                        size_t chain)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    trailer_open(line, &b);
    CHECK(b.len == chain - tail);
    trailer_close(line, &b);
    CHECK(!b.failed && b.len == len - tail && memcmp(b.data, bytes + tail, b.len) == 0);
    buf_release(&b);
}

static void behind_anything(const uint8_t *data, size_t size)
{
    struct trailer line = {.received_at = "2026-11-20T12:34:56.789Z",
                           .client_ip = "2001:db8::1",
                           .id = "a-b:c.d_e",
                           .process_count = size,
                           .user_count = 2,
                           .seq = UINT64_C(9999999999999999999),
                           .left = 3,
                           .line_start = 12345,
                           .csv_end = 67890,
                           .chain = TRAILER_CHAIN_FIRST};
    struct trailer read;
    struct buf b;
    size_t tail, chain;
    buf_init(&b, (1 << 20) + size);
    buf_add(&b, data, size);
    trailer_open(&line, &b);
    trailer_close(&line, &b);
    CHECK(b.len - size <= TRAILER_MAX);
    CHECK(trailer_parse(b.data, b.len, &read, &tail, &chain));
    CHECK(tail == size && read.process_count == size && read.seq == line.seq && read.left == 3);
    CHECK(strcmp(read.id, line.id) == 0 && strcmp(read.client_ip, line.client_ip) == 0);
    CHECK(memcmp(b.data + chain, ",\"chain\":\"", 10) == 0);
    buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trailer line;
    size_t tail = 0, chain = 0;
    char *text = fuzz_copy(data, size);
    if (trailer_parse(text, size, &line, &tail, &chain)) {
        CHECK(tail < chain && chain < size && size - tail <= TRAILER_MAX);
        CHECK(strlen(line.chain) == DIGEST_HEX_LEN);
        CHECK(clock_parse(line.received_at) >= 0);
        CHECK(text[size - 1] == '\n');
        write_again(&line, text, size, tail, chain);
    }
    free(text);
    behind_anything(data, size);
    return 0;
}
