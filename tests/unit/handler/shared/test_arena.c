/* arena: zeroed, aligned, bounded, and flat from reset to reset. */
#include "tests/unit/unit.h"

#include "handler/shared/arena.h"

#include <stdalign.h>

static void zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    for (int round = 0; round < 2; round++) {
        for (size_t size = 1; size < 300; size++) {
            unsigned char *at = arena_alloc(&a, size);
            assert_non_null(at);
            assert_int_equal((uintptr_t)at % alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(at[i], 0);
            memset(at, 0xff, size); /* what the next round must not see */
        }
        arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    arena_release(&a);
}

static void pieces_do_not_overlap(void **state)
{
    (void)state;
    enum { PIECES = 400, PIECE = 777 };
    struct arena a;
    unsigned char *piece[PIECES];
    arena_init(&a, 1 << 20);
    for (int i = 0; i < PIECES; i++) {
        piece[i] = arena_alloc(&a, PIECE);
        assert_non_null(piece[i]);
        memset(piece[i], i & 0xff, PIECE);
    }
    for (int i = 0; i < PIECES; i++)
        for (int k = 0; k < PIECE; k++)
            assert_int_equal(piece[i][k], i & 0xff);
    arena_release(&a);
}

static void ceiling(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1024);
    assert_null(arena_alloc(&a, 1025));
    assert_non_null(arena_alloc(&a, 1008));
    assert_non_null(arena_alloc(&a, 16));
    assert_null(arena_alloc(&a, 1));
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, 1024));
    assert_null(arena_alloc(&a, 1));
    arena_release(&a);
}

static void sizes_do_not_wrap(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, SIZE_MAX);
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX - 15));
    assert_null(arena_array(&a, SIZE_MAX / 2, 3));
    assert_null(arena_array(&a, 3, SIZE_MAX / 2));
    assert_non_null(arena_array(&a, 3, 5));
    assert_non_null(arena_array(&a, 0, 5));
    assert_non_null(arena_array(&a, 5, 0));
    arena_release(&a);
}

static void reset_gives_the_big_blocks_back(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 64 << 20);
    char *first = arena_alloc(&a, 100);
    for (int i = 0; i < 20; i++)
        assert_non_null(arena_alloc(&a, 1 << 20));
    arena_reset(&a);
    assert_ptr_equal(arena_alloc(&a, 100), first); /* the first block is kept, and only it */
    arena_reset(&a);
    assert_ptr_equal(arena_alloc(&a, 100), first);
    arena_release(&a);
    assert_null(a.blocks);
}

static void a_first_big_block_is_not_kept(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 64 << 20);
    assert_non_null(arena_alloc(&a, 8 << 20));
    arena_reset(&a);
    assert_null(a.blocks);
    assert_non_null(arena_alloc(&a, 1));
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_and_aligned),
        cmocka_unit_test(pieces_do_not_overlap),
        cmocka_unit_test(ceiling),
        cmocka_unit_test(sizes_do_not_wrap),
        cmocka_unit_test(reset_gives_the_big_blocks_back),
        cmocka_unit_test(a_first_big_block_is_not_kept),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
