/* vec: an array grows and keeps its elements; one that cannot grow is unchanged. */
#include "tests/unit/unit.h"

#include "handler/shared/vec.h"

#include <errno.h>

static void keeps_its_elements(void **state)
{
    (void)state;
    int *list = NULL;
    size_t room = 0;
    for (int i = 0; i < 1000; i++) {
        int *grown = vec_grow(list, (size_t)i, &room, sizeof *list);
        assert_non_null(grown);
        assert_true(room > (size_t)i);
        list = grown;
        list[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(list[i], i);
    free(list);
}

static void leaves_alone_what_has_room(void **state)
{
    (void)state;
    size_t room = 0;
    char *list = vec_grow(NULL, 0, &room, 1);
    size_t before = room;
    assert_ptr_equal(vec_grow(list, before - 1, &room, 1), list);
    assert_int_equal(room, before);
    free(list);
}

static void refuses_what_overflows(void **state)
{
    (void)state;
    size_t room = SIZE_MAX / 2 + 1;
    errno = 0;
    assert_null(vec_grow(NULL, room, &room, 1));
    assert_int_equal(errno, ENOMEM);
    assert_int_equal(room, SIZE_MAX / 2 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_its_elements),
        cmocka_unit_test(leaves_alone_what_has_room),
        cmocka_unit_test(refuses_what_overflows),
    };
    return cmocka_run_group_tests_name("vec", tests, NULL, NULL);
}
