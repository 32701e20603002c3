/* scan: eight bytes at a time find the same end as one byte at a time. */
#include "tests/unit/unit.h"

#include "handler/shared/json/scan.h"

/* In a block of its own, so that ASan sees a read beyond the NUL. */
static void check(const char *bytes, size_t len)
{
    char *text = malloc(len + 1);
    assert_non_null(text);
    memcpy(text, bytes, len);
    text[len] = '\0';
    size_t want = 0;
    while (want < len && text[want] >= ' ' && text[want] <= '~' && text[want] != '"' &&
           text[want] != '\\')
        want++;
    assert_int_equal(scan_plain(text, text + len) - text, want);
    free(text);
}

static void each_byte_at_each_place(void **state)
{
    (void)state;
    char text[50];
    for (size_t len = 0; len <= sizeof text; len++) {
        memset(text, 'a', sizeof text);
        check(text, len);
        for (size_t place = 0; place < len; place++)
            for (int byte = 0; byte < 256; byte++) {
                text[place] = (char)byte;
                check(text, len);
                text[place] = 'a';
            }
    }
}

/* Bytes after the first one that is not plain do not change the result. */
static void random_bytes(void **state)
{
    (void)state;
    uint64_t seed = 16;
    for (int round = 0; round < 200000; round++) {
        char text[48];
        size_t len = unit_below(&seed, sizeof text + 1), odd = unit_below(&seed, 40);
        for (size_t i = 0; i < len; i++)
            text[i] = (char)(unit_below(&seed, 40) < odd ? unit_random(&seed) >> 56
                                                         : '#' + unit_below(&seed, 50));
        check(text, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_byte_at_each_place),
        cmocka_unit_test(random_bytes),
    };
    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
