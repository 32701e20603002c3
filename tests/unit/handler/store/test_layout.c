/* layout: the names of the store, in both directions. */
#include "tests/unit/unit.h"

#include "handler/store/layout.h"

static void files_of_an_address(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *address, *json;
    } rows[] = {
        {__LINE__, "10.0.0.7", "10.0.0.7_2026-11-20.json"},
        {__LINE__, "::1", "0--1_2026-11-20.json"},
        {__LINE__, "::ffff:10.0.0.7", "10.0.0.7_2026-11-20.json"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char name[LAYOUT_FILE_MAX], other[LAYOUT_FILE_MAX], again[LAYOUT_FILE_MAX];
        struct layout_name parsed;
        struct ip ip;
        assert_true(ip_parse(rows[i].address, &ip));
        layout_file(&ip, "2026-11-20", LAYOUT_JSON, name);
        ROW_STR(&rows[i], name, rows[i].json);
        ROW_TRUE(&rows[i], layout_parse(name, LAYOUT_JSON, &parsed));
        ROW_STR(&rows[i], parsed.ip.text, ip.text);
        ROW_STR(&rows[i], parsed.date, "2026-11-20");
        ROW_TRUE(&rows[i], layout_other(name, other, sizeof other));
        ROW_TRUE(&rows[i], layout_parse(other, LAYOUT_CSV, &parsed));
        ROW_TRUE(&rows[i], layout_other(other, again, sizeof again));
        ROW_STR(&rows[i], again, name);
    }
}

static void names_of_other_programs(void **state)
{
    (void)state;
    static const char *const names[] = {"",
                                        ".json",
                                        "_2026-11-20.json",
                                        "10.0.0.7_2026-11-20.json.gz",
                                        "10.0.0.7_2026-13-20.json",
                                        "10.0.0.7-2026-11-20.json",
                                        "10.0.0.07_2026-11-20.json",
                                        "::1_2026-11-20.json",
                                        "../0--1_2026-11-20.json"};
    struct layout_name parsed;
    for (size_t i = 0; i < COUNT(names); i++)
        assert_false(layout_parse(names[i], LAYOUT_JSON, &parsed));
}

static void the_other_file_needs_a_known_suffix_and_room(void **state)
{
    (void)state;
    char out[8];
    assert_false(layout_other("a.txt", out, sizeof out));
    assert_false(layout_other(".json", out, sizeof out));
    assert_true(layout_other("a.json", out, sizeof out));
    assert_string_equal(out, "a.csv");
    assert_true(layout_other("ab.csv", out, sizeof out));
    assert_string_equal(out, "ab.json");
    assert_false(layout_other("abc.csv", out, sizeof out));
}

static void listings(void **state)
{
    (void)state;
    char path[LAYOUT_LISTING_MAX];
    layout_listing("2026-11-20", "a-1", "1593338576.5", path);
    assert_string_equal(path, "record/2026-11-20/a-1_1593338576.5.json");
    assert_true(layout_is_listing("a-1_1593338576.5.json"));
    assert_false(layout_is_listing("a-1_.5.json"));
    assert_false(layout_is_listing("a.1_5.json"));
    assert_true(layout_is_temporary(".new-1-2"));
    assert_false(layout_is_temporary("new-1-2"));
    assert_true(layout_is_day("2024-02-29"));
    assert_false(layout_is_day("2025-02-29"));
}

static void kinds_of_names(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *branch, *name;
        enum layout_kind kind;
    } rows[] = {
        {__LINE__, "data", "10.0.0.7_2026-11-20.json", LAYOUT_IS_JSON},
        {__LINE__, "data", "0--1_2026-11-20.csv", LAYOUT_IS_CSV},
        {__LINE__, "data", "10.0.0.7_2026-11-19.json", LAYOUT_IS_FOREIGN},
        {__LINE__, "data", "10.0.0.7_2026-11-19.csv", LAYOUT_IS_FOREIGN},
        {__LINE__, "data", "u_1.json", LAYOUT_IS_FOREIGN},
        {__LINE__, "data", ".csv-1", LAYOUT_IS_TEMPORARY},
        {__LINE__, "record", "u_1.json", LAYOUT_IS_LISTING},
        {__LINE__, "record", "10.0.0.7_2026-11-20.json", LAYOUT_IS_FOREIGN},
        {__LINE__, "record", ".new-1-1", LAYOUT_IS_TEMPORARY},
        {__LINE__, "record", ".hidden", LAYOUT_IS_FOREIGN},
        {__LINE__, "record", "latest", LAYOUT_IS_FOREIGN},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        ROW_INT(&rows[i], layout_kind(rows[i].branch, "2026-11-20", rows[i].name), rows[i].kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_names),
        cmocka_unit_test(files_of_an_address),
        cmocka_unit_test(names_of_other_programs),
        cmocka_unit_test(the_other_file_needs_a_known_suffix_and_room),
        cmocka_unit_test(listings),
    };
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
