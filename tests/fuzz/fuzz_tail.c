/*
 * Reading a file from its end. Whatever the bytes are, reading ends. If they are a JSON object, the
 * members read backwards from a line of ours are those of the whole parse.
 */
#include "tests/fuzz/fuzz.h"

#include "handler/read/facts.h"
#include "handler/store/trailer.h"

#include <sys/mman.h>
#include <unistd.h>

static int file_of(const char *bytes, size_t len)
{
    static int fd = -1;
    if (fd < 0)
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    CHECK(fd >= 0 && ftruncate(fd, 0) == 0);
    CHECK(pwrite(fd, bytes, len, 0) == (ssize_t)len);
    return fd;
}

static void anything_ends(const uint8_t *data, size_t size)
{
    struct tail tail;
    struct facts facts;
    struct json_member m;
    tail_init(&tail);
    facts_init(&facts);
    enum tail_result got = tail_open(&tail, file_of((const char *)data, size), (off_t)size);
    for (int lines = 0; got == TAIL_OK && lines < 100; lines++) {
        facts_read(&facts, &tail, FACTS_ALL);
        while (tail_member(&tail, SIZE_MAX, &m) == TAIL_OK)
            continue;
        got = tail_back(&tail);
    }
    facts_release(&facts);
    tail_release(&tail);
}

static void members_are_those(const struct json_doc *doc)
{
    struct trailer line = {.received_at = "2026-11-20T12:34:56.789Z",
                           .client_ip = "10.0.0.7",
                           .seq = 1,
                           .chain = TRAILER_CHAIN_FIRST};
    struct json_member m;
    struct tail tail;
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_add(&b, doc->text.ptr, doc->text.len - 1);
    trailer_open(&line, &b);
    trailer_close(&line, &b);
    tail_init(&tail);
    CHECK(tail_open(&tail, file_of(b.data, b.len), (off_t)b.len) == TAIL_OK);
    for (size_t i = doc->member_count; i-- > 0;) {
        CHECK(tail_member(&tail, SIZE_MAX, &m) == TAIL_OK);
        CHECK(text_equal(m.name, doc->members[i].name));
        CHECK(text_equal(m.value, doc->members[i].value));
    }
    CHECK(tail_member(&tail, SIZE_MAX, &m) == TAIL_END);
    tail_release(&tail);
    buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json_doc doc;
    struct json_fault fault;
    anything_ends(data, size);
    char *text = fuzz_copy(data, size);
    if (json_gate(text, size, &doc, &fault) && json_is_object(doc.text) && doc.member_count > 0 &&
        doc.member_count <= JSON_MAX_MEMBERS)
        members_are_those(&doc);
    free(text);
    return 0;
}
