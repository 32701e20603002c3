/* buf: the ceiling holds, a failure is sticky and leaves what was there. */
#include "tests/unit/unit.h"

#include "handler/shared/buf.h"

static void grows_as_needed(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100000);
    for (int i = 0; i < 5000; i++)
        buf_add(&b, "0123456789", 10);
    assert_false(b.failed);
    assert_int_equal(b.len, 50000);
    for (size_t i = 0; i < b.len; i++)
        assert_int_equal(b.data[i], '0' + (int)(i % 10));
    assert_true(b.cap <= b.max);
    buf_release(&b);
    assert_null(b.data);
    assert_int_equal(b.cap, 0);
    assert_int_equal(b.max, 100000);
}

static void ceiling_is_exact(void **state)
{
    (void)state;
    struct buf b;
    for (size_t max = 0; max < 1100; max += 7) {
        buf_init(&b, max);
        for (size_t i = 0; i < max; i++)
            buf_putc(&b, 'x');
        assert_false(b.failed);
        assert_int_equal(b.len, max);
        buf_putc(&b, 'y');
        assert_true(b.failed);
        assert_true(b.full);
        assert_int_equal(b.len, max);
        buf_release(&b);
    }
}

static void failure_is_sticky(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 8);
    buf_puts(&b, "1234");
    buf_puts(&b, "56789"); /* one byte too many: none of it */
    assert_true(b.failed);
    assert_true(b.full);
    buf_puts(&b, "5"); /* would fit */
    buf_add(&b, "", 0);
    buf_u64(&b, 7);
    buf_printf(&b, "%d", 7);
    assert_null(buf_str(&b));
    BYTES(b.data, b.len, "1234", 4);
    assert_false(buf_grow(&b, 0));
    buf_reset(&b);
    assert_false(b.failed);
    assert_false(b.full);
    assert_int_equal(b.len, 0);
    buf_puts(&b, "12345678");
    BYTES(b.data, b.len, "12345678", 8);
    buf_release(&b);
}

/* ASan: a block that cannot be had is NULL, as malloc(3) has it, not the end of the program. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void no_memory_is_not_full(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, SIZE_MAX);
    buf_puts(&b, "abc");
    assert_false(buf_reserve(&b, (size_t)1 << 46)); /* more than the address space */
    assert_true(b.failed);
    assert_false(b.full);
    BYTES(b.data, b.len, "abc", 3);
    buf_release(&b);
}

static void huge_adds_do_not_wrap(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 64);
    buf_puts(&b, "abc");
    assert_false(buf_reserve(&b, SIZE_MAX));
    assert_true(b.full);
    buf_reset(&b);
    buf_puts(&b, "abc");
    assert_false(buf_reserve(&b, SIZE_MAX - 2));
    assert_int_equal(b.len, 3);
    buf_release(&b);
}

static void reserve_keeps_len(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 4096);
    buf_puts(&b, "abc");
    assert_true(buf_reserve(&b, 4093));
    assert_int_equal(b.len, 3);
    assert_int_equal(b.cap, 4096);
    assert_false(buf_reserve(&b, 4094));
    BYTES(b.data, b.len, "abc", 3);
    buf_release(&b);
}

static void str_needs_room_for_its_nul(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 4);
    assert_string_equal(buf_str(&b), "");
    buf_puts(&b, "abc");
    assert_string_equal(buf_str(&b), "abc");
    assert_int_equal(b.len, 3);
    buf_putc(&b, 'd');
    assert_false(b.failed);
    assert_null(buf_str(&b));
    buf_release(&b);
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        int line;
        int64_t n;
        const char *want;
    } rows[] = {
        {__LINE__, 0, "0"},
        {__LINE__, 9, "9"},
        {__LINE__, 10, "10"},
        {__LINE__, -1, "-1"},
        {__LINE__, INT64_MAX, "9223372036854775807"},
        {__LINE__, INT64_MIN, "-9223372036854775808"},
    };
    struct buf b;
    buf_init(&b, 64);
    for (size_t i = 0; i < COUNT(rows); i++) {
        buf_reset(&b);
        buf_i64(&b, rows[i].n);
        ROW_BYTES(&rows[i], b.data, b.len, rows[i].want, strlen(rows[i].want));
    }
    buf_reset(&b);
    buf_u64(&b, UINT64_MAX);
    BYTES(b.data, b.len, "18446744073709551615", 20);
    buf_release(&b);
}

/* Each power of ten, and the numbers beside it, as printf(3) writes them; each fits as it is. */
static void all_counts_of_digits(void **state)
{
    (void)state;
    uint64_t power = 1;
    for (int k = 0; k < BUF_DIGITS; k++, power *= 10)
        for (uint64_t n = power - 1; n <= power + 1; n++) {
            char want[BUF_DIGITS + 1], digits[BUF_DIGITS];
            size_t len = (size_t)snprintf(want, sizeof want, "%llu", (unsigned long long)n);
            struct buf b;
            buf_init(&b, len);
            buf_u64(&b, n);
            BYTES(b.data, b.len, want, len);
            buf_u64(&b, n);
            assert_true(b.full);
            buf_release(&b);
            assert_int_equal(buf_digits(n, digits), len);
            assert_memory_equal(digits, want, len);
        }
}

static void printf_grows_and_fails_whole(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 12);
    buf_printf(&b, "%s-%d", "abc", 42);
    BYTES(b.data, b.len, "abc-42", 6);
    buf_printf(&b, "%05d", 7); /* 12 bytes with its NUL */
    BYTES(b.data, b.len, "abc-4200007", 11);
    buf_printf(&b, "%d", 8);
    assert_true(b.full);
    BYTES(b.data, b.len, "abc-4200007", 11);
    buf_release(&b);
}

static void trim_keeps_small_memory(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20);
    assert_true(buf_reserve(&b, 1000));
    size_t cap = b.cap;
    buf_trim(&b, cap);
    assert_int_equal(b.cap, cap);
    buf_trim(&b, cap - 1);
    assert_int_equal(b.cap, 0);
    assert_int_equal(b.max, 1 << 20);
    buf_puts(&b, "again");
    BYTES(b.data, b.len, "again", 5);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_as_needed),
        cmocka_unit_test(ceiling_is_exact),
        cmocka_unit_test(failure_is_sticky),
        cmocka_unit_test(no_memory_is_not_full),
        cmocka_unit_test(huge_adds_do_not_wrap),
        cmocka_unit_test(reserve_keeps_len),
        cmocka_unit_test(str_needs_room_for_its_nul),
        cmocka_unit_test(numbers),
        cmocka_unit_test(all_counts_of_digits),
        cmocka_unit_test(printf_grows_and_fails_whole),
        cmocka_unit_test(trim_keeps_small_memory),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
