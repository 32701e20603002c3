/* version: order of versions, as dpkg --compare-versions has it. */
#include "handler/read/version.h"
#include "handler/shared/text.h"
#include "tests/unit/unit.h"

static int compare(const char *a, const char *b)
{
    int order = version_compare(text_of(a), text_of(b));
    return (order > 0) - (order < 0);
}

static void known_orders(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *a, *b;
        int want;
    } rows[] = {
        {__LINE__, "6.1.0-28-amd64", "6.1.0-25-amd64", 1},
        {__LINE__, "5.10.0", "5.9.0", 1},
        {__LINE__, "1.0", "1.0", 0},
        {__LINE__, "1.0~rc1", "1.0", -1},
        {__LINE__, "1:0.1", "2.0", 1},
        {__LINE__, "1.0-1", "1.0-1+deb12u1", -1},
        {__LINE__, "001", "1", 0},
        {__LINE__, "12", "9", 1},
        {__LINE__, "1.a", "1.1", 1},
        {__LINE__, "1.0a", "1.0+", -1},
        {__LINE__, "", "", 0},
        {__LINE__, "", "1", -1},
        {__LINE__, "4.14.355-275.amzn2", "4.14.355-276.amzn2", -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        ROW_INT(&rows[i], compare(rows[i].a, rows[i].b), rows[i].want);
        ROW_INT(&rows[i], compare(rows[i].b, rows[i].a), -rows[i].want);
    }
}

/* dpkg_says: -1, 0, 1. */
static int dpkg_says(const char *a, const char *b)
{
    char command[160];
    snprintf(command, sizeof command, "dpkg --compare-versions '%s' lt '%s'", a, b);
    if (system(command) == 0)
        return -1;
    snprintf(command, sizeof command, "dpkg --compare-versions '%s' gt '%s'", a, b);
    return system(command) == 0 ? 1 : 0;
}

static void random_versions_in_the_order_of_dpkg(void **state)
{
    (void)state;
    static const char bytes[] = "0129.a~+-z";
    uint64_t seed = 11;
    for (int i = 0; i < 150; i++) {
        char v[2][12];
        for (int k = 0; k < 2; k++) {
            size_t len = 1 + unit_below(&seed, 8);
            v[k][0] = '1'; /* dpkg wants a digit first */
            for (size_t j = 1; j < len; j++)
                v[k][j] = bytes[unit_below(&seed, sizeof bytes - 1)];
            v[k][len] = '\0';
            if (v[k][len - 1] == '-')
                v[k][len - 1] = '0'; /* dpkg refuses an empty revision */
        }
        if (compare(v[0], v[1]) != dpkg_says(v[0], v[1]))
            fail_msg("%s, %s: %d", v[0], v[1], compare(v[0], v[1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_orders),
        cmocka_unit_test(random_versions_in_the_order_of_dpkg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
