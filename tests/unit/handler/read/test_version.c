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

enum { PAIRS = 500 };

/* A version of the given seed: dpkg wants a digit first, and no empty revision. */
static void random_version(uint64_t *seed, char v[16])
{
    static const char bytes[] = "0129.a~+-z";
    size_t len = 1 + unit_below(seed, 12), at = 0;
    if (unit_below(seed, 5) == 0)
        at = (size_t)snprintf(v, 16, "%zu:", unit_below(seed, 3));
    v[at++] = '1';
    for (; at < len; at++)
        v[at] = bytes[unit_below(seed, sizeof bytes - 1)];
    v[at] = '\0';
    if (v[at - 1] == '-')
        v[at - 1] = '0';
}

/* One shell asks dpkg for all pairs, and prints <, > or = for each. */
static void random_versions_in_the_order_of_dpkg(void **state)
{
    (void)state;
    static char a[PAIRS][16], b[PAIRS][16];
    char path[] = "/tmp/rollcall-unit-XXXXXX", command[80];
    uint64_t seed = 11;
    int fd = mkstemp(path);
    FILE *script = fd < 0 ? NULL : fdopen(fd, "w");
    assert_non_null(script);
    fputs("o() { if dpkg --compare-versions \"$1\" lt \"$2\"; then echo '<'; elif "
          "dpkg --compare-versions \"$1\" gt \"$2\"; then echo '>'; else echo =; fi; }\n",
          script);
    for (int i = 0; i < PAIRS; i++) {
        random_version(&seed, a[i]);
        random_version(&seed, b[i]);
        fprintf(script, "o '%s' '%s'\n", a[i], b[i]);
    }
    fclose(script);
    snprintf(command, sizeof command, "sh %s", path);
    FILE *said = popen(command, "r");
    assert_non_null(said);
    for (int i = 0; i < PAIRS; i++) {
        char line[8] = "";
        int order = compare(a[i], b[i]);
        assert_non_null(fgets(line, sizeof line, said));
        if (line[0] != "<=>"[order + 1])
            fail_msg("%s, %s: %d, dpkg says %s", a[i], b[i], order, line);
    }
    pclose(said);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_orders),
        cmocka_unit_test(random_versions_in_the_order_of_dpkg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
