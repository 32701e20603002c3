/* csvdiff: the row and column of the first difference. */
#include "tests/unit/unit.h"

#include "handler/verify/csvdiff.h"

static const struct {
    int line;
    const char *is, *should;
    bool differ;
    size_t offset, row, column;
} pairs[] = {
    {__LINE__, "", "", false, 0, 0, 0},
    {__LINE__, "\"a\",\"b\"\r\n", "\"a\",\"b\"\r\n", false, 0, 0, 0},
    {__LINE__, "x", "\"a\"\r\n", true, 0, 0, 0},
    {__LINE__, "\"a\",\"c\"\r\n", "\"a\",\"b\"\r\n", true, 5, 0, 1},
    {__LINE__, "\"a\",\"b\"\r\n\"c\",\"x\"\r\n", "\"a\",\"b\"\r\n\"c\",\"d\"\r\n", true, 14, 1, 1},
    {__LINE__, "\"a\"\"b\",\"x\"", "\"a\"\"b\",\"y\"", true, 8, 0, 1},
    {__LINE__, "\"a,,\",\"x\"", "\"a,,\",\"y\"", true, 7, 0, 1},
    {__LINE__, "\"a\",\"b\"\r\n", "\"a\",\"b\"\r\n\"c\",\"d\"\r\n", true, 9, 1, 0},
    {__LINE__, "\"a\",\"b\"\r\n\"c\"", "\"a\",\"b\"\r\n", true, 9, 1, 0},
    {__LINE__, "", "\"a\"", true, 0, 0, 0},
};

static void places(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct csvdiff d = {0, 0, 0};
        struct text is = {pairs[i].is, strlen(pairs[i].is)};
        struct text should = {pairs[i].should, strlen(pairs[i].should)};
        ROW_INT(&pairs[i], csvdiff(is, should, &d), pairs[i].differ);
        ROW_INT(&pairs[i], d.offset, pairs[i].offset);
        ROW_INT(&pairs[i], d.row, pairs[i].row);
        ROW_INT(&pairs[i], d.column, pairs[i].column);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(places)};
    return cmocka_run_group_tests_name("csvdiff", tests, NULL, NULL);
}
