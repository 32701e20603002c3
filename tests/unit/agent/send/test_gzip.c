/* gzip: there and back; what is no whole single member is refused. */
#include "tests/unit/unit.h"

#include "agent/send/gzip.h"
#include "handler/shared/buf.h"

static void test_reads_what_was_written(void **state)
{
    (void)state;
    static char bytes[100000];
    static const size_t sizes[] = {0, 1, 17, 4096, sizeof bytes};
    uint64_t seed = 3;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)('a' + unit_below(&seed, 4));
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct buf packed, back;
        buf_init(&packed, 1 << 20);
        buf_init(&back, 1 << 20);
        buf_puts(&back, "before");
        assert_true(gzip_bytes(bytes, sizes[i], &packed));
        assert_true(gzip_unpack(packed.data, packed.len, &back));
        BYTES(back.data + 6, back.len - 6, bytes, sizes[i]);
        buf_release(&packed);
        buf_release(&back);
    }
}

static void test_every_changed_or_cut_member_is_refused(void **state)
{
    (void)state;
    static const char text[] = "{\"id\":\"a\",\"processor\":\"\"}\n";
    struct buf packed, back;
    buf_init(&packed, 4096);
    buf_init(&back, 4096);
    assert_true(gzip_bytes(text, sizeof text - 1, &packed));
    for (size_t len = 0; len < packed.len; len++) {
        assert_false(gzip_unpack(packed.data, len, &back));
        buf_reset(&back);
    }
    for (size_t i = 0; i < packed.len * 8; i++) {
        packed.data[i / 8] ^= (char)(1 << i % 8);
        if (gzip_unpack(packed.data, packed.len, &back)) /* a flag or a time stamp of the header */
            BYTES(back.data, back.len, text, sizeof text - 1);
        buf_reset(&back);
        packed.data[i / 8] ^= (char)(1 << i % 8);
    }
    buf_putc(&packed, 'x');
    assert_false(gzip_unpack(packed.data, packed.len, &back));
    packed.len--;
    assert_true(gzip_bytes(text, sizeof text - 1, &packed)); /* two members */
    assert_false(gzip_unpack(packed.data, packed.len, &back));
    buf_release(&packed);
    buf_release(&back);
}

static void test_a_ceiling_holds(void **state)
{
    (void)state;
    static const char text[2000];
    struct buf packed, back;
    buf_init(&packed, 4096);
    buf_init(&back, 1000);
    assert_true(gzip_bytes(text, sizeof text, &packed));
    assert_false(gzip_unpack(packed.data, packed.len, &back));
    assert_true(back.failed);
    buf_release(&packed);
    buf_release(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_was_written),
        cmocka_unit_test(test_every_changed_or_cut_member_is_refused),
        cmocka_unit_test(test_a_ceiling_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
