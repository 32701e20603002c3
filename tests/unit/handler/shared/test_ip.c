/* ip: one canonical spelling, file names there and back, prefixes. */
#include "tests/unit/unit.h"

#include "handler/shared/ip.h"

static const struct {
    int line;
    const char *in, *text, *file;
    bool v6;
} good[] = {
    {__LINE__, "10.0.0.7", "10.0.0.7", "10.0.0.7", false},
    {__LINE__, "0.0.0.0", "0.0.0.0", "0.0.0.0", false},
    {__LINE__, "255.255.255.255", "255.255.255.255", "255.255.255.255", false},
    {__LINE__, "::ffff:10.0.0.7", "10.0.0.7", "10.0.0.7", false},
    {__LINE__, "::FFFF:0a00:0007", "10.0.0.7", "10.0.0.7", false},
    {__LINE__, "0:0:0:0:0:ffff:10.0.0.7", "10.0.0.7", "10.0.0.7", false},
    {__LINE__, "::1", "::1", "0--1", true},
    {__LINE__, "::", "::", "0--", true},
    {__LINE__, "0:0:0:0:0:0:0:1", "::1", "0--1", true},
    {__LINE__, "2001:DB8::1", "2001:db8::1", "2001-db8--1", true},
    {__LINE__, "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1", "2001-db8--1", true},
    {__LINE__, "1::", "1::", "1--", true},
    {__LINE__, "fe80::1:0:0:2", "fe80::1:0:0:2", "fe80--1-0-0-2", true},
    {__LINE__, "::1.2.3.4", "::1.2.3.4", "0--1.2.3.4", true},
    {__LINE__, "64:ff9b::1.2.3.4", "64:ff9b::102:304", "64-ff9b--102-304", true},
    {__LINE__, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "ffff-ffff-ffff-ffff-ffff-ffff-ffff-ffff", true},
};

static void canonical(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct ip ip, again;
        ROW_TRUE(&good[i], ip_parse(good[i].in, &ip));
        ROW_STR(&good[i], ip.text, good[i].text);
        ROW_STR(&good[i], ip.file, good[i].file);
        ROW_INT(&good[i], ip.v6, good[i].v6);
        ROW_TRUE(&good[i], ip_from_file(ip.file, strlen(ip.file), &again));
        ROW_STR(&good[i], again.text, good[i].text);
        ROW_INT(&good[i], memcmp(ip.bytes, again.bytes, 16), 0);
        ROW_TRUE(&good[i], ip.file[0] != '-');
    }
}

static void no_address(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *in;
    } rows[] = {
        {__LINE__, ""},           {__LINE__, "10.0.0"},        {__LINE__, "010.0.0.1"},
        {__LINE__, "10.0.0.256"}, {__LINE__, " 10.0.0.1"},     {__LINE__, "10.0.0.1 "},
        {__LINE__, "1.2.3"},      {__LINE__, "0x7f.0.0.1"},    {__LINE__, "127.1"},
        {__LINE__, "localhost"},  {__LINE__, "fe80::1%eth0"},  {__LINE__, "[::1]"},
        {__LINE__, ":::"},        {__LINE__, "1:2:3:4:5:6:7"}, {__LINE__, "10.0.0.7/32"},
        {__LINE__, "../etc"},     {__LINE__, "12345::"},       {__LINE__, "::ffff:10.0.0.256"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ip ip;
        ROW_TRUE(&rows[i], !ip_parse(rows[i].in, &ip));
    }
}

/* Only the one spelling that ip_parse() makes is a file name. */
static void no_file_name(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *name;
    } rows[] = {
        {__LINE__, ""},
        {__LINE__, "--1"},
        {__LINE__, "::1"},
        {__LINE__, "0-0-0-0-0-0-0-1"},
        {__LINE__, "2001-DB8--1"},
        {__LINE__, "0--ffff-10.0.0.7"},
        {__LINE__, "--ffff-10.0.0.7"},
        {__LINE__, "10.0.0.07"},
        {__LINE__, "10.0.0.7x"},
        {__LINE__, "00--1"},
        {__LINE__, "1--1-1--1"},
        {__LINE__, "1111111111111111111111111111111111111111111111111111111111111111"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ip ip;
        ROW_TRUE(&rows[i], !ip_from_file(rows[i].name, strlen(rows[i].name), &ip));
    }
    struct ip ip;
    assert_true(ip_from_file("10.0.0.7_2026", 8, &ip)); /* the length counts, not a NUL */
    assert_false(ip_from_file("10.0.0\0.7", 9, &ip));
}

static void every_address_has_one_name(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 20000; i++) {
        char text[IP_TEXT_LEN] = "";
        for (int group = 0; group < 8; group++) {
            unsigned n = unit_below(&seed, 3) ? 0 : (unsigned)unit_below(&seed, 0x10000);
            size_t len = strlen(text);
            snprintf(text + len, sizeof text - len, group ? ":%x" : "%x", n);
        }
        struct ip ip, again;
        assert_true(ip_parse(text, &ip));
        assert_true(ip_from_file(ip.file, strlen(ip.file), &again));
        assert_string_equal(ip.text, again.text);
        assert_memory_equal(ip.bytes, again.bytes, 16);
        assert_null(strpbrk(ip.file, ":/%"));
    }
}

static void prefixes(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *prefix, *ip;
        bool matches;
    } rows[] = {
        {__LINE__, "10.0.0.0/8", "10.255.255.255", true},
        {__LINE__, "10.0.0.0/8", "11.0.0.0", false},
        {__LINE__, "10.0.0.0/8", "::ffff:10.1.2.3", true},
        {__LINE__, "10.0.0.7", "10.0.0.7", true},
        {__LINE__, "10.0.0.7", "10.0.0.6", false},
        {__LINE__, "10.0.0.7/32", "10.0.0.7", true},
        {__LINE__, "10.0.0.4/30", "10.0.0.7", true},
        {__LINE__, "10.0.0.4/30", "10.0.0.8", false},
        {__LINE__, "10.0.0.4/30", "10.0.0.3", false},
        {__LINE__, "10.128.0.0/9", "10.127.255.255", false},
        {__LINE__, "0.0.0.0/0", "1.2.3.4", true},
        {__LINE__, "0.0.0.0/0", "::1", false},
        {__LINE__, "::/0", "1.2.3.4", false},
        {__LINE__, "::/0", "2001:db8::1", true},
        {__LINE__, "::ffff:10.0.0.7", "10.0.0.7", true},
        {__LINE__, "2001:db8::/32", "2001:db8:ffff::1", true},
        {__LINE__, "2001:db8::/32", "2001:db9::", false},
        {__LINE__, "2001:db8::/127", "2001:db8::1", true},
        {__LINE__, "2001:db8::/127", "2001:db8::2", false},
        {__LINE__, "2001:db8::1", "2001:db8::1", true},
        {__LINE__, "2001:db8::1/128", "2001:db8::", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ip_prefix prefix;
        struct ip ip;
        ROW_TRUE(&rows[i], ip_prefix_parse(rows[i].prefix, &prefix));
        ROW_TRUE(&rows[i], ip_parse(rows[i].ip, &ip));
        ROW_INT(&rows[i], ip_matches(&ip, &prefix), rows[i].matches);
    }
}

static void no_prefix(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
    } rows[] = {
        {__LINE__, ""},
        {__LINE__, "/8"},
        {__LINE__, "10.0.0.0/"},
        {__LINE__, "10.0.0.0/33"},
        {__LINE__, "10.0.0.0/-1"},
        {__LINE__, "10.0.0.0/+8"},
        {__LINE__, "10.0.0.0/ 8"},
        {__LINE__, "10.0.0.0/8 "},
        {__LINE__, "10.0.0.0/8/8"},
        {__LINE__, "10.0.0.0/0x8"},
        {__LINE__, "10.0.0.0/4294967304"},
        {__LINE__, "10.0.0.1/8"},
        {__LINE__, "10.0.0.1/31"},
        {__LINE__, "2001:db8::/129"},
        {__LINE__, "2001:db8::1/127"},
        {__LINE__, "0.0.0.1/0"},
        {__LINE__, "10.0/8"},
        {__LINE__, "example.org/8"},
        {__LINE__, "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/8"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ip_prefix prefix;
        ROW_TRUE(&rows[i], !ip_prefix_parse(rows[i].text, &prefix));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical),    cmocka_unit_test(no_address),
        cmocka_unit_test(no_file_name), cmocka_unit_test(every_address_has_one_name),
        cmocka_unit_test(prefixes),     cmocka_unit_test(no_prefix),
    };
    return cmocka_run_group_tests_name("ip", tests, NULL, NULL);
}
