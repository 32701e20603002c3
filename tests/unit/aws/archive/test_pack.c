/* pack and unpack: what goes in comes out, and nothing that was changed does. */
#include "tests/unit/unit.h"

#include "aws/archive/pack.h"
#include "aws/archive/unpack.h"

#include <errno.h>

enum { BIG = 3 << 20 };

struct bed {
    struct pack *pack;
    struct unpack *unpack;
    char *text;
    int plain;
    struct packed packed;
    struct manifest_entry entry;
    char *gzip;
};

/* Text that neither packs to nothing nor not at all. */
static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof *b);
    uint64_t seed = 5;
    b->pack = pack_new();
    b->unpack = unpack_new();
    b->text = malloc(BIG);
    assert_true(b->pack && b->unpack && b->text);
    for (size_t i = 0; i < BIG; i++)
        b->text[i] = (char)('a' + unit_below(&seed, 5));
    b->plain = unit_file(b->text, BIG);
    assert_true(pack_file(b->pack, b->plain, BIG, NULL, &b->packed));
    b->entry.size = BIG;
    b->entry.gzip_size = b->packed.gzip_size;
    digest_hex(b->packed.sha256, b->entry.sha256);
    digest_hex(b->packed.gzip_sha256, b->entry.gzip_sha256);
    b->gzip = malloc(b->packed.gzip_size);
    assert_int_equal(pread(b->packed.fd, b->gzip, b->packed.gzip_size, 0), b->packed.gzip_size);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;
    pack_free(b->pack);
    unpack_free(b->unpack);
    close(b->plain);
    free(b->text);
    free(b->gzip);
    free(b);
    return 0;
}

/* What unpack says of `len` bytes that come in pieces of `piece`. */
static const char *unpacked(struct bed *b, const char *gzip, size_t len, size_t piece, int compare,
                            int out)
{
    const struct unpack_job job = {.entry = &b->entry, .compare = compare, .write = out};
    unpack_begin(b->unpack, &job);
    assert_true(unpack_restart(b->unpack));
    for (size_t at = 0; at < len; at += piece)
        if (!unpack_take(b->unpack, gzip + at, len - at < piece ? len - at : piece))
            break;
    return unpack_end(b->unpack);
}

static void test_unpacks_what_was_packed(void **state)
{
    struct bed *b = *state;
    static const size_t pieces[] = {7, 1000, 16384, BIG};
    int out = unit_nameless();
    for (size_t i = 0; i < COUNT(pieces); i++) {
        assert_null(unpacked(b, b->gzip, b->entry.gzip_size, pieces[i], b->plain, out));
        char *back = malloc(BIG + 1);
        assert_int_equal(pread(out, back, BIG + 1, 0), BIG);
        assert_memory_equal(back, b->text, BIG);
        free(back);
    }
    close(out);
}

static void test_the_same_each_time_and_a_part(void **state)
{
    struct bed *b = *state;
    struct packed again;
    assert_true(pack_file(b->pack, b->plain, 10, NULL, &again));
    assert_true(pack_file(b->pack, b->plain, BIG, NULL, &again));
    assert_int_equal(again.gzip_size, b->entry.gzip_size);
    assert_memory_equal(again.gzip_sha256, b->packed.gzip_sha256, DIGEST_LEN);
    assert_true(pack_file(b->pack, b->plain, 0, NULL, &again));
    assert_true(again.gzip_size > 0);
    assert_false(pack_file(b->pack, b->plain, BIG + 1, NULL, &again));
    assert_int_equal(errno, ENODATA);
    volatile sig_atomic_t stop = 1;
    assert_false(pack_file(b->pack, b->plain, BIG, &stop, &again));
    assert_int_equal(errno, ECANCELED);
}

static void test_a_changed_object_is_found(void **state)
{
    struct bed *b = *state;
    size_t len = b->entry.gzip_size;
    char *longer = malloc(len + 1);
    memcpy(longer, b->gzip, len);
    longer[len] = 'x';
    assert_non_null(unpacked(b, longer, len + 1, 1000, -1, -1));
    assert_non_null(unpacked(b, b->gzip, len - 1, 1000, -1, -1));
    assert_non_null(unpacked(b, b->gzip, 0, 1000, -1, -1));
    longer[len / 2] ^= 1;
    assert_non_null(unpacked(b, longer, len, 1000, -1, -1));
    /* Only the header's time: the same content, another object. */
    memcpy(longer, b->gzip, len);
    longer[4] ^= 1;
    const char *wrong = unpacked(b, longer, len, 1000, b->plain, -1);
    assert_non_null(wrong);
    assert_non_null(strstr(wrong, "the object has another"));
    free(longer);
}

static void test_a_changed_local_file_is_found(void **state)
{
    struct bed *b = *state;
    assert_int_equal(pwrite(b->plain, "X", 1, 2000000), 1);
    const char *wrong = unpacked(b, b->gzip, b->entry.gzip_size, 1000, b->plain, -1);
    assert_non_null(wrong);
    assert_non_null(strstr(wrong, "differ from byte 2000000"));
    assert_int_equal(ftruncate(b->plain, 1000000), 0);
    wrong = unpacked(b, b->gzip, b->entry.gzip_size, 1000, b->plain, -1);
    assert_non_null(strstr(wrong, "differ from byte 1000000"));
}

static void test_output_ends_at_the_size_in_the_manifest(void **state)
{
    struct bed *b = *state;
    int out = unit_nameless();
    struct stat st;
    b->entry.size = 5;
    assert_non_null(strstr(unpacked(b, b->gzip, b->entry.gzip_size, 100, -1, out), "longer"));
    assert_int_equal(fstat(out, &st), 0);
    assert_true(st.st_size <= 5);
    close(out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_unpacks_what_was_packed),
        TEST(test_the_same_each_time_and_a_part),
        TEST(test_a_changed_object_is_found),
        TEST(test_a_changed_local_file_is_found),
        TEST(test_output_ends_at_the_size_in_the_manifest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
