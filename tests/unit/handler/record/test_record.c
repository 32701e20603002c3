/* record: each rule of each field, and the order of large members. */
#include "tests/unit/unit.h"

#include "handler/record/record.h"

#include "handler/shared/buf.h"

static struct arena arena;
static struct json_doc doc;
static struct record record;
static struct fault f;
static char *gated;

static enum verdict check(const char *json)
{
    struct json_fault wrong;
    size_t len = strlen(json);
    free(gated);
    gated = malloc(len + 1);
    memcpy(gated, json, len + 1);
    if (!json_gate(gated, len, &doc, &wrong))
        print_error("%s at %zu\n", wrong.what, wrong.offset);
    assert_int_equal(doc.text.ptr - gated, 0);
    arena_reset(&arena);
    fault_clear(&f);
    return record_check(&doc, &arena, &record, &f);
}

#define REST "\"processor\":\"\",\"os_name\":\"\",\"os_ver\":\"\",\"processes\":\"\",\"users\":\"\""

static void takes(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *json;
    } rows[] = {
        {__LINE__, "{" REST "}"},
        {__LINE__, "{" REST ",\"hostname\":\"\"}"},
        {__LINE__, "{" REST ",\"other\":[1,{\"rollcall\":1}],\"x\":null,\"Rollcall\":1}"},
        {__LINE__, "{\"processor\":\"\\u0000\",\"os_name\":\"\",\"os_version\":\"6\","
                   "\"processes\":[],\"users\":[]}"},
        {__LINE__, "{" REST ",\"os_version\":7}"}, /* the alias is not looked at */
        {__LINE__, "{" REST ",\"id\":\"A-z.0_9:\"}"},
        {__LINE__, "{" REST ",\"uuid\":17}"},
        {__LINE__, "{" REST ",\"processors\":1}"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        ROW_INT(&rows[i], check(rows[i].json), V_OK);
}

static const struct {
    int line;
    const char *json, *field;
} refused[] = {
    {__LINE__, "[]", ""},
    {__LINE__, "\"x\"", ""},
    {__LINE__, "null", ""},
    {__LINE__, "{}", "processor"},
    {__LINE__, "{" REST ",\"rollcall\":{}}", "rollcall"},
    {__LINE__, "{" REST ",\"\\u0072ollcall\":null}", "rollcall"},
    {__LINE__, "{" REST ",\"hostname\":null}", "hostname"},
    {__LINE__, "{" REST ",\"hostname\":1}", "hostname"},
    {__LINE__, "{" REST ",\"hostname\":\"a\\u0000\"}", "hostname"},
    {__LINE__, "{" REST ",\"uuid\":\"\\u0000\"}", "uuid"},
    {__LINE__, "{" REST ",\"id\":\"\"}", "id"},
    {__LINE__, "{" REST ",\"id\":7}", "id"},
    {__LINE__, "{" REST ",\"id\":null}", "id"},
    {__LINE__, "{" REST ",\"id\":\"a b\"}", "id"},
    {__LINE__, "{" REST ",\"id\":\"a/b\"}", "id"},
    {__LINE__, "{" REST ",\"id\":\"a\\\"\"}", "id"},
    {__LINE__, "{" REST ",\"id\":\"a\\u0000\"}", "id"},
    {__LINE__, "{" REST ",\"id\":\"\\u00e4\"}", "id"},
    {__LINE__, "{" REST ",\"id\":\"a\\n\"}", "id"},
    {__LINE__, "{\"os_name\":\"\",\"os_ver\":\"\",\"processes\":\"\",\"users\":\"\"}", "processor"},
    {__LINE__,
     "{\"processor\":1,\"os_name\":\"\",\"os_ver\":\"\",\"processes\":\"\","
     "\"users\":\"\"}",
     "processor"},
    {__LINE__, "{\"processor\":\"\",\"os_ver\":\"\",\"processes\":\"\",\"users\":\"\"}", "os_name"},
    {__LINE__, "{\"processor\":\"\",\"os_name\":\"\",\"processes\":\"\",\"users\":\"\"}", "os_ver"},
    {__LINE__,
     "{\"processor\":\"\",\"os_name\":\"\",\"os_version\":6,\"processes\":\"\","
     "\"users\":\"\"}",
     "os_ver"},
    {__LINE__,
     "{\"processor\":\"\",\"os_name\":\"\",\"os_ver\":null,\"os_version\":\"6\","
     "\"processes\":\"\",\"users\":\"\"}",
     "os_ver"},
    {__LINE__, "{\"processor\":\"\",\"os_name\":\"\",\"os_ver\":\"\",\"users\":\"\"}", "processes"},
    {__LINE__,
     "{\"processor\":\"\",\"os_name\":\"\",\"os_ver\":\"\",\"processes\":{},"
     "\"users\":\"\"}",
     "processes"},
    {__LINE__, "{\"processor\":\"\",\"os_name\":\"\",\"os_ver\":\"\",\"processes\":\"\"}", "users"},
    {__LINE__,
     "{\"processor\":\"\",\"os_name\":\"\",\"os_ver\":\"\",\"processes\":\"\","
     "\"users\":null}",
     "users"},
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        ROW_INT(&refused[i], check(refused[i].json), V_NOT_A_RECORD);
        ROW_STR(&refused[i], f.field, refused[i].field);
        ROW_TRUE(&refused[i], *f.reason);
    }
}

/* {"name":"<unit, count times>", REST}, where the name replaces REST's own. */
static enum verdict sized(const char *name, const char *one, size_t count)
{
    static const char *const all[] = {"processor", "os_name", "os_ver", "processes", "users"};
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_puts(&b, "{\"");
    buf_puts(&b, name);
    buf_puts(&b, "\":\"");
    for (size_t i = 0; i < count; i++)
        buf_puts(&b, one);
    buf_puts(&b, "\"");
    for (size_t i = 0; i < COUNT(all); i++)
        if (strcmp(all[i], name) != 0)
            buf_printf(&b, ",\"%s\":\"\"", all[i]);
    buf_puts(&b, "}");
    enum verdict v = check(buf_str(&b));
    buf_release(&b);
    return v;
}

/* Sizes are those of the decoded bytes. */
static void greatest_sizes(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *name;
        size_t max;
    } rows[] = {
        {__LINE__, "hostname", 253}, {__LINE__, "processor", 1024}, {__LINE__, "os_name", 1024},
        {__LINE__, "os_ver", 1024},  {__LINE__, "id", 64},
    };
    static const struct {
        const char *text;
        size_t bytes;
    } units[] = {{"a", 1}, {"\\u0061", 1}};
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t k = 0; k < COUNT(units); k++) {
            ROW_INT(&rows[i], sized(rows[i].name, units[k].text, rows[i].max), V_OK);
            ROW_INT(&rows[i], sized(rows[i].name, units[k].text, rows[i].max + 1), V_NOT_A_RECORD);
            ROW_STR(&rows[i], f.field, rows[i].name);
        }
    assert_int_equal(sized("processor", "\xf0\x9f\x98\x80", 256), V_OK);
    assert_int_equal(sized("processor", "\xf0\x9f\x98\x80", 257), V_NOT_A_RECORD);
    assert_int_equal(sized("processor", "\\ud83d\\ude00", 256), V_OK);
    assert_int_equal(sized("processor", "\\ud83d\\ude00", 257), V_NOT_A_RECORD);
    assert_int_equal(sized("processor", "a", 100000), V_NOT_A_RECORD);
    assert_int_equal(sized("processes", "a", 100000), V_OK);
    assert_int_equal(sized("users", "a", 100000), V_OK);
}

static void ids_are_decoded(void **state)
{
    (void)state;
    assert_int_equal(check("{" REST ",\"id\":\"a\\u002db\"}"), V_OK);
    assert_string_equal(record.id, "a-b");
    assert_int_equal(check("{" REST "}"), V_OK);
    assert_null(record.id);
}

static void fields_are_found(void **state)
{
    (void)state;
    assert_int_equal(check("{\"os_version\":\"7\",\"processor\":\"p\",\"os_name\":\"n\","
                           "\"processes\":[],\"users\":\"u\",\"hostname\":\"h\"}"),
                     V_OK);
    BYTES(record.os_ver.ptr, record.os_ver.len, "\"7\"", 3);
    BYTES(record.hostname.ptr, record.hostname.len, "\"h\"", 3);
    BYTES(record.processes.ptr, record.processes.len, "[]", 2);
    assert_int_equal(check("{" REST ",\"os_version\":\"7\"}"), V_OK);
    BYTES(record.os_ver.ptr, record.os_ver.len, "\"\"", 2);
}

static void member_counts(void **state)
{
    (void)state;
    for (int more = 250; more <= 253; more++) {
        struct buf b;
        buf_init(&b, 1 << 20);
        buf_puts(&b, "{" REST);
        for (int i = 0; i < more; i++)
            buf_printf(&b, ",\"m%d\":%d", i, i);
        buf_puts(&b, "}");
        assert_int_equal(check(buf_str(&b)), more + 5 <= 256 ? V_OK : V_NOT_A_RECORD);
        buf_release(&b);
    }
}

/* Members in their order, by the first letter of their names. */
static const char *order(void)
{
    static char out[64];
    size_t n = 0;
    for (; record.members && n < record.member_count; n++)
        out[n] = record.members[n].ptr[1];
    out[n] = '\0';
    return out;
}

static void large_members_come_first(void **state)
{
    (void)state;
    /* A member is large with its name and colon: `"X":"..."` of 1025 bytes. */
    static const struct {
        int line;
        const char *large; /* of the members A to D */
        const char *want;  /* NULL: the text stays as it is */
    } rows[] = {
        {__LINE__, "", NULL},          {__LINE__, "A", NULL},         {__LINE__, "AB", NULL},
        {__LINE__, "ABCD", NULL},      {__LINE__, "B", "BACDpoopu"},  {__LINE__, "D", "DABCpoopu"},
        {__LINE__, "BD", "BDACpoopu"}, {__LINE__, "AC", "ACBDpoopu"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b;
        buf_init(&b, 1 << 20);
        buf_putc(&b, '{');
        for (char c = 'A'; c <= 'D'; c++)
            buf_printf(&b, "\"%c\":\"%0*d\",", c, strchr(rows[i].large, c) ? 1019 : 1018, 0);
        buf_puts(&b, REST "}");
        ROW_INT(&rows[i], check(buf_str(&b)), V_OK);
        ROW_INT(&rows[i], record.members != NULL, rows[i].want != NULL);
        ROW_STR(&rows[i], order(), rows[i].want ? rows[i].want : "");
        buf_release(&b);
    }
}

static void memory_runs_out(void **state)
{
    (void)state;
    struct arena none;
    arena_init(&none, 0);
    assert_int_equal(check("{" REST ",\"id\":\"x\"}"), V_OK);
    assert_int_equal(record_check(&doc, &none, &record, &f), V_STORE_FAILED);
    arena_release(&none);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    free(gated);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes),
        cmocka_unit_test(refuses),
        cmocka_unit_test(greatest_sizes),
        cmocka_unit_test(ids_are_decoded),
        cmocka_unit_test(fields_are_found),
        cmocka_unit_test(member_counts),
        cmocka_unit_test(large_members_come_first),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests_name("record", tests, set_up, tear_down);
}
