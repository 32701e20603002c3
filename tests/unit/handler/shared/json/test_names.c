/* known: names as the last object had them. */
#include "tests/unit/unit.h"

#include "handler/shared/json/names.h"

static struct known k;

/* Names of up to 16 readable bytes. */
static const char *padded(const char *text)
{
    static char bytes[KNOWN_BYTES];
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, text, strlen(text));
    return bytes;
}

static struct known_name *learn(struct known_name *at, const char *name, uint16_t key)
{
    return known_learn(&k, at, name, strlen(name), key);
}

static void nothing_is_known_at_first(void **state)
{
    (void)state;
    static const char none[KNOWN_BYTES];
    known_init(&k);
    for (size_t i = 0; i <= KNOWN_MAX; i++) {
        assert_false(known_is(&k.list[i], none));
        assert_false(known_is(&k.list[i], padded("\"pid\":")));
        assert_false(known_is(&k.list[i], padded("\x01")));
    }
    assert_null(known_ahead(&k, known_first(&k), none));
}

static void learned_names(void **state)
{
    (void)state;
    known_init(&k);
    struct known_name *at = known_first(&k);
    at = learn(at, "\"pid\":", 1);
    at = learn(at, "\"\":", 2);
    at = learn(at, "\"thirteen chr\":", 3);
    at = learn(at, "\"thirteen char\":", 4);
    assert_ptr_equal(at, &k.list[4]);
    assert_ptr_equal(learn(at, "\"fourteen chars\":", 5), at); /* too long, not kept */
    assert_true(known_is(&k.list[0], padded("\"pid\":1,\"x\"")));
    assert_false(known_is(&k.list[0], padded("\"pid\" :1")));
    assert_false(known_is(&k.list[0], padded("\"pie\":1")));
    assert_false(known_is(&k.list[0], padded("pid\":1")));
    assert_true(known_is(&k.list[1], padded("\"\":")));
    assert_false(known_is(&k.list[1], padded("\" \":")));
    assert_true(known_is(&k.list[2], padded("\"thirteen chr\":")));
    assert_false(known_is(&k.list[2], padded("\"thirteen char\":")));
    assert_true(known_is(&k.list[3], padded("\"thirteen char\":")));
    assert_false(known_is(&k.list[3], padded("\"thirteen char\";")));
    assert_false(known_is(&k.list[4], padded("\"fourteen chars\"")));
    assert_int_equal(k.list[3].key, 4);
    assert_int_equal(k.list[3].len, 16);
}

static void names_left_out(void **state)
{
    (void)state;
    static const char *const names[] = {"\"a\":", "\"b\":", "\"c\":", "\"d\":", "\"e\":", "\"f\":"};
    known_init(&k);
    struct known_name *at = known_first(&k);
    for (size_t i = 0; i < COUNT(names); i++)
        at = learn(at, names[i], (uint16_t)i);
    at = known_first(&k);
    assert_ptr_equal(known_ahead(&k, at, padded("\"b\":")), &k.list[1]);
    assert_ptr_equal(known_ahead(&k, at, padded("\"e\":")), &k.list[4]);
    assert_null(known_ahead(&k, at, padded("\"f\":"))); /* too far */
    assert_null(known_ahead(&k, at, padded("\"a\":"))); /* only ahead */
    assert_ptr_equal(learn(at, "\"z\":", 9), &k.list[1]);
    assert_true(known_is(at, padded("\"z\":")));
    assert_false(known_is(at, padded("\"a\":")));
}

static void more_than_fit(void **state)
{
    (void)state;
    known_init(&k);
    struct known_name *at = known_first(&k), *end = &k.list[KNOWN_MAX];
    for (size_t i = 0; i < 2 * (size_t)KNOWN_MAX; i++)
        at = learn(at, "\"n\":", 1);
    assert_ptr_equal(at, end);
    assert_false(known_is(end, padded("\"n\":")));
    assert_null(known_ahead(&k, end, padded("\"n\":")));
    assert_ptr_equal(known_ahead(&k, end - 2, padded("\"n\":")), end - 1);
    assert_null(known_ahead(&k, end - 1, padded("\"n\":")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_at_first),
        cmocka_unit_test(learned_names),
        cmocka_unit_test(names_left_out),
        cmocka_unit_test(more_than_fit),
    };
    return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
