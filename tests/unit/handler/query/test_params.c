/* params: query strings, decoded once, and what is wrong with them. */
#include "handler/query/params.h"
#include "tests/unit/unit.h"

static const char *const known[] = {"q", "limit", "at", "date", NULL};
static struct params params;
static struct fault fault;

static enum verdict read_query(const char *query)
{
    fault_clear(&fault);
    return params_read(&params, query, known, &fault);
}

static void values_are_decoded_once(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *query, *q; /* NULL: not given */
    } rows[] = {
        {__LINE__, "", NULL},
        {__LINE__, "&&limit=1&", NULL},
        {__LINE__, "q", ""},
        {__LINE__, "q=", ""},
        {__LINE__, "q=a=b", "a=b"},
        {__LINE__, "q=a+b%20c", "a b c"},
        {__LINE__, "q=%2541", "%41"},
        {__LINE__, "q=%26%3d%2B", "&=+"},
        {__LINE__, "q=%c3%bc%FF", "\xc3\xbc\xff"},
        {__LINE__, "%71=x", "x"},
        {__LINE__, "limit=1&q=x", "x"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        ROW_INT(&rows[i], read_query(rows[i].query), V_OK);
        const char *got = params_get(&params, "q");
        ROW_TRUE(&rows[i], !got == !rows[i].q);
        if (got)
            ROW_STR(&rows[i], got, rows[i].q);
    }
}

static void mistakes_name_the_parameter(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *query, *field, *reason;
    } rows[] = {
        {__LINE__, "x=1", "x", "x: unknown parameter; known are q limit at date"},
        {__LINE__, "Q=1", "Q", "Q: unknown parameter; known are q limit at date"},
        {__LINE__, "q=1&q=2", "q", "q: given twice"},
        {__LINE__, "q=1&%71=2", "q", "q: given twice"},
        {__LINE__, "q=%", "", NULL},
        {__LINE__, "q=%2", "", NULL},
        {__LINE__, "q=%zz", "", NULL},
        {__LINE__, "q=a%00b", "", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        ROW_INT(&rows[i], read_query(rows[i].query), V_BAD_REQUEST);
        ROW_STR(&rows[i], fault.field, rows[i].field);
        ROW_STR(&rows[i], fault.reason,
                rows[i].reason ? rows[i].reason
                               : "bad query string: % must be followed by two hexadecimal digits, "
                                 "not 00");
    }
}

static void at_most_4096_bytes(void **state)
{
    (void)state;
    static char query[5000];
    memset(query, 'a', sizeof query - 1);
    memcpy(query, "q=", 2);
    query[4097] = '\0';
    assert_int_equal(read_query(query), V_BAD_REQUEST);
    query[4096] = '\0';
    assert_int_equal(read_query(query), V_OK);
    assert_int_equal(strlen(params_get(&params, "q")), 4094);
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *query;
        int64_t want; /* -1: 400 */
    } rows[] = {
        {__LINE__, "", 7},
        {__LINE__, "limit=1", 1},
        {__LINE__, "limit=20000", 20000},
        {__LINE__, "limit=0", -1},
        {__LINE__, "limit=20001", -1},
        {__LINE__, "limit=", -1},
        {__LINE__, "limit=-1", -1},
        {__LINE__, "limit=+1", -1},
        {__LINE__, "limit=1e3", -1},
        {__LINE__, "limit=0x10", -1},
        {__LINE__, "limit=99999999999999999999", -1},
        {__LINE__, "limit=007", 7},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t got = 7;
        ROW_INT(&rows[i], read_query(rows[i].query), V_OK);
        enum verdict v =
            params_number(&params, "limit", (struct params_range){1, 20000}, &got, &fault);
        ROW_INT(&rows[i], v, rows[i].want < 0 ? V_BAD_REQUEST : V_OK);
        if (rows[i].want >= 0)
            ROW_INT(&rows[i], got, rows[i].want);
    }
}

static void times_and_days(void **state)
{
    (void)state;
    const int64_t now = clock_parse("2026-11-20T12:00:00.000Z");
    static const struct {
        int line;
        const char *query, *want; /* NULL: 400 */
    } rows[] = {
        {__LINE__, "at=2026-11-20T11:00:00Z", "2026-11-20T11:00:00.000Z"},
        {__LINE__, "at=2026-11-20T11:00:00.250Z", "2026-11-20T11:00:00.250Z"},
        {__LINE__, "at=-1h", "2026-11-20T11:00:00.000Z"},
        {__LINE__, "at=-1d", "2026-11-19T12:00:00.000Z"},
        {__LINE__, "at=2026-11-20", NULL},
        {__LINE__, "at=2026-02-30T00:00:00Z", NULL},
        {__LINE__, "at=2026-11-20T11:00:00%2B01:00", NULL},
        {__LINE__, "at=-", NULL},
        {__LINE__, "at=1h", NULL},
        {__LINE__, "at=-99999999999999999999d", NULL},
        {__LINE__, "date=2026-11-20", "2026-11-20T00:00:00.000Z"},
        {__LINE__, "date=2026-11-21", NULL},
        {__LINE__, "date=2026-11-2", NULL},
        {__LINE__, "date=2026-13-01", NULL},
        {__LINE__, "date=", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[CLOCK_TIME_LEN + 1];
        int64_t got = -1;
        ROW_INT(&rows[i], read_query(rows[i].query), V_OK);
        enum verdict v = rows[i].query[0] == 'a' ? params_time(&params, "at", now, &got, &fault)
                                                 : params_day(&params, "date", now, &got, &fault);
        ROW_INT(&rows[i], v, rows[i].want ? V_OK : V_BAD_REQUEST);
        if (!rows[i].want)
            continue;
        clock_rfc3339(got, text);
        ROW_STR(&rows[i], text, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_decoded_once), cmocka_unit_test(mistakes_name_the_parameter),
        cmocka_unit_test(at_most_4096_bytes),      cmocka_unit_test(numbers),
        cmocka_unit_test(times_and_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
