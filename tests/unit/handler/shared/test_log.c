/* log: one event is one line is one write, whatever the values hold. */
#include "tests/unit/unit.h"

#include "handler/shared/clock.h"
#include "handler/shared/log.h"

#include <errno.h>

/* stderr becomes a pipe in packet mode: each write(2) is read back as one piece. */
struct tap {
    int in, saved;
    char line[8192];
};

static void tap_open(struct tap *t)
{
    int fds[2];
    assert_int_equal(pipe2(fds, O_DIRECT | O_NONBLOCK | O_CLOEXEC), 0);
    t->in = fds[0];
    t->saved = dup(STDERR_FILENO);
    dup2(fds[1], STDERR_FILENO);
    close(fds[1]);
}

/* The next event; its length, -1 when there is none (t->line is then the one before). */
static ssize_t tap_read(struct tap *t)
{
    char line[sizeof t->line];
    ssize_t n = read(t->in, line, sizeof line - 1);
    if (n <= 0)
        return n;
    memcpy(t->line, line, (size_t)n);
    t->line[n] = '\0';
    return n;
}

static void tap_close(struct tap *t)
{
    dup2(t->saved, STDERR_FILENO);
    close(t->saved);
    close(t->in);
}

/* The event's text after its time. NULL if time or newline are wrong. */
static const char *behind_time(const struct tap *t, ssize_t len)
{
    if (len < 6 || strncmp(t->line, "time=", 5) != 0 || clock_parse(t->line + 5) < 0 ||
        t->line[len - 1] != '\n' || memchr(t->line, '\n', (size_t)len - 1))
        return NULL;
    return t->line + 5 + CLOCK_TIME_LEN;
}

static void values(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *in, *want;
    } rows[] = {
        {__LINE__, "plain", "plain"},
        {__LINE__, "", "\"\""},
        {__LINE__, NULL, "-"},
        {__LINE__, "two words", "\"two words\""},
        {__LINE__, "a=b", "\"a=b\""},
        {__LINE__, "a\nlevel=error event=forged", "\"a\\nlevel=error event=forged\""},
        {__LINE__, "a\r\nb", "\"a\\r\\nb\""},
        {__LINE__, "\t", "\"\\t\""},
        {__LINE__, "\x1b[31m", "\"\\x1b[31m\""},
        {__LINE__, "\x7f", "\"\\x7f\""},
        {__LINE__, "\x01", "\"\\x01\""},
        {__LINE__, "say \"x\"", "\"say \\\"x\\\"\""},
        {__LINE__, "\"", "\"\\\"\""},
        {__LINE__, "a\\b", "\"a\\\\b\""},
        {__LINE__, "\xc3\xa4", "\"\\xc3\\xa4\""},
        {__LINE__, "\xe2\x80\xa8", "\"\\xe2\\x80\\xa8\""},
        {__LINE__, "%s%n", "%s%n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tap t;
        char want[256];
        tap_open(&t);
        log_event(LOG_WARN, "tried", "value=%s", rows[i].in);
        ssize_t len = tap_read(&t), more = tap_read(&t);
        tap_close(&t);
        snprintf(want, sizeof want, " level=warn event=tried value=%s\n", rows[i].want);
        const char *got = behind_time(&t, len);
        ROW_TRUE(&rows[i], got);
        ROW_STR(&rows[i], got, want);
        ROW_TRUE(&rows[i], more < 0);
    }
}

static void every_byte_stays_on_its_line(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        struct tap t;
        char value[] = {'a', (char)c, 'b', '\0'};
        tap_open(&t);
        log_event(LOG_INFO, value, "x=%s y=%d", value, 7);
        ssize_t len = tap_read(&t), more = tap_read(&t);
        tap_close(&t);
        assert_true(len > 0);
        assert_true(more < 0);
        assert_ptr_equal(memchr(t.line, '\n', (size_t)len), t.line + len - 1);
        for (ssize_t i = 0; i < len - 1; i++)
            assert_true(t.line[i] >= ' ' && t.line[i] < 0x7f);
        assert_non_null(strstr(t.line, " y=7\n"));
    }
}

static void conversions(void **state)
{
    (void)state;
    struct tap t;
    tap_open(&t);
    log_event(LOG_ERROR, "all", "d=%d u=%u zu=%zu lld=%lld llu=%llu s=%s end=1", -1, 4000000000U,
              (size_t)SIZE_MAX, INT64_MIN + 0LL, UINT64_MAX + 0ULL, "x");
    ssize_t len = tap_read(&t);
    tap_close(&t);
    assert_string_equal(behind_time(&t, len),
                        " level=error event=all d=-1 u=4000000000 zu=18446744073709551615 "
                        "lld=-9223372036854775808 llu=18446744073709551615 s=x end=1\n");
}

static void without_values(void **state)
{
    (void)state;
    struct tap t;
    tap_open(&t);
    log_event(LOG_INFO, "started", "%s", "");
    ssize_t len = tap_read(&t);
    tap_close(&t);
    assert_string_equal(behind_time(&t, len), " level=info event=started \"\"\n");
}

/* Lengths around the ceiling, plain and such that quadruple. */
static void long_values_are_cut(void **state)
{
    (void)state;
    static char value[10000];
    static const char fills[] = {'a', '\x01', '"', '\n', ' '};
    for (size_t k = 0; k < sizeof fills; k++)
        for (size_t len = 900; len < sizeof value; len += len < 4200 ? 1 : 1111) {
            struct tap t;
            memset(value, fills[k], len);
            value[len] = '\0';
            tap_open(&t);
            log_event(LOG_WARN, "long", "value=%s other=%s n=%d", value, value, 5);
            ssize_t got = tap_read(&t), more = tap_read(&t);
            tap_close(&t);
            assert_true(got > 0 && got <= 4096);
            assert_true(more < 0);
            assert_non_null(behind_time(&t, got));
        }
}

static void levels(void **state)
{
    (void)state;
    struct tap t;
    tap_open(&t);
    log_event(LOG_DEBUG, "quiet", "x=%d", 1);
    ssize_t quiet = tap_read(&t);
    log_set_level(LOG_DEBUG);
    log_event(LOG_DEBUG, "loud", "x=%d", 1);
    ssize_t loud = tap_read(&t);
    log_set_level(LOG_ERROR);
    log_event(LOG_WARN, "quiet", "x=%d", 1);
    ssize_t again = tap_read(&t);
    log_set_level(LOG_INFO);
    tap_close(&t);
    assert_int_equal(quiet, -1);
    assert_true(loud > 0);
    assert_int_equal(again, -1);
}

static void errno_is_kept(void **state)
{
    (void)state;
    struct tap t;
    tap_open(&t);
    errno = EXDEV;
    log_event(LOG_INFO, "kept", "x=%d", 1);
    int kept = errno;
    close(STDERR_FILENO);
    errno = ENOTEMPTY;
    log_event(LOG_INFO, "nobody hears", "x=%d", 1);
    int kept_on_failure = errno;
    tap_close(&t);
    assert_int_equal(kept, EXDEV);
    assert_int_equal(kept_on_failure, ENOTEMPTY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(every_byte_stays_on_its_line),
        cmocka_unit_test(conversions),
        cmocka_unit_test(without_values),
        cmocka_unit_test(long_values_are_cut),
        cmocka_unit_test(levels),
        cmocka_unit_test(errno_is_kept),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
