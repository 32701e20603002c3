/* receipts: found in any text. */
#include "tests/unit/unit.h"

#include "handler/verify/receipts.h"

#define A "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define B "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
#define U "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"

static const struct {
    int line;
    const char *text;
    uint64_t seq; /* 0: no receipt */
} lines[] = {
    {__LINE__,
     "{\"status\":\"success\",\"data\":{\"client_ip\":\"10.0.0.7\",\"date\":\"2026-11-20\","
     "\"records\":1,\"duplicates\":0,\"seq\":17,\"chain\":\"" A "\",\"durable\":true}}\n",
     17},
    {__LINE__,
     "{ \"client_ip\": \"10.0.0.7\", \"date\": \"2026-11-20\", \"seq\": 17, \"chain\": \"" A "\" }",
     17},
    {__LINE__,
     "time=x level=info event=delivered client_ip=10.0.0.7 date=2026-11-20 seq=17 chain=" A "\n",
     17},
    {__LINE__, "chain=" U " seq=3 date=2026-11-20 client_ip=::ffff:10.0.0.7", 3},
    {__LINE__, "client_ip=10.0.0.7 update=x date=2026-11-20 nseq=9 seq=4 chain=" A, 4},
    {__LINE__, "", 0},
    {__LINE__, "client_ip=10.0.0.7 date=2026-11-20 seq=17", 0},
    {__LINE__, "client_ip=10.0.0.7 date=2026-11-20 chain=" A, 0},
    {__LINE__, "client_ip=10.0.0.7 seq=17 chain=" A, 0},
    {__LINE__, "date=2026-11-20 seq=17 chain=" A, 0},
    {__LINE__, "client_ip=10.0.0 date=2026-11-20 seq=17 chain=" A, 0},
    {__LINE__, "client_ip=10.0.0.7 date=2026-11-2 seq=17 chain=" A, 0},
    {__LINE__, "client_ip=10.0.0.7 date=2026-11-20 seq=x chain=" A, 0},
    {__LINE__, "client_ip=10.0.0.7 date=2026-11-20 seq=17x chain=" A, 0},
    {__LINE__, "client_ip=10.0.0.7 date=2026-11-20 seq=17 chain=" A "0", 0},
    {__LINE__, "client_ip=10.0.0.7 date=2026-11-20 seq=17 chain=xyz", 0},
};

static struct receipts read_text(const char *text)
{
    char directory[64], path[96];
    struct receipts r;
    unit_directory(directory);
    snprintf(path, sizeof path, "%s/receipts", directory);
    unit_write(path, text, strlen(text));
    assert_true(receipts_read(&r, path));
    unit_remove(directory);
    return r;
}

static void each_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct receipts r = read_text(lines[i].text);
        ROW_INT(&lines[i], r.count, lines[i].seq > 0);
        if (lines[i].seq > 0) {
            ROW_STR(&lines[i], r.list[0].client_ip, "10.0.0.7");
            ROW_STR(&lines[i], r.list[0].date, "2026-11-20");
            ROW_STR(&lines[i], r.list[0].chain, A);
            ROW_INT(&lines[i], r.list[0].seq, lines[i].seq);
        }
        receipts_release(&r);
    }
}

#define LINE(ip, date, seq, chain) "client_ip=" ip " date=" date " seq=" seq " chain=" chain "\n"

static void found_by_file_and_seq(void **state)
{
    (void)state;
    struct receipts r = read_text(
        LINE("10.0.0.8", "2026-11-20", "1", A)
            LINE("10.0.0.7", "2026-11-21", "1", A) "noise\n" LINE("10.0.0.7", "2026-11-20", "10", B)
                LINE("10.0.0.7", "2026-11-20", "9", A) LINE("10.0.0.7", "2026-11-20", "9", B));
    assert_int_equal(r.count, 5);
    struct receipt_line *first = receipts_find(&r, "2026-11-20", "10.0.0.7", 0);
    assert_non_null(first);
    assert_int_equal(first[0].seq, 9);
    assert_int_equal(first[1].seq, 9);
    assert_int_equal(first[2].seq, 10);
    assert_ptr_equal(receipts_find(&r, "2026-11-20", "10.0.0.7", 9), first);
    assert_ptr_equal(receipts_find(&r, "2026-11-20", "10.0.0.7", 10), first + 2);
    assert_null(receipts_find(&r, "2026-11-20", "10.0.0.7", 11));
    assert_null(receipts_find(&r, "2026-11-19", "10.0.0.7", 0));
    assert_null(receipts_find(&r, "2026-11-20", "10.0.0.6", 0));
    assert_non_null(receipts_find(&r, "2026-11-21", "10.0.0.7", 1));
    receipts_release(&r);
}

static void many(void **state)
{
    (void)state;
    static char text[1 << 18];
    size_t at = 0;
    for (int i = 1000; i > 0; i--)
        at += (size_t)snprintf(text + at, sizeof text - at, LINE("10.0.0.7", "2026-11-20", "%d", A),
                               i);
    struct receipts r = read_text(text);
    assert_int_equal(r.count, 1000);
    for (uint64_t seq = 1; seq <= 1000; seq++)
        assert_int_equal(receipts_find(&r, "2026-11-20", "10.0.0.7", seq)->seq, seq);
    receipts_release(&r);
    assert_false(receipts_read(&r, "/nonexistent/receipts"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line),
        cmocka_unit_test(found_by_file_and_seq),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests_name("receipts", tests, NULL, NULL);
}
