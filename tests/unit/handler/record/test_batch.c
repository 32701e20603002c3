/* batch: a body as records, and where it is not one. */
#include "tests/unit/unit.h"

#include "handler/record/batch.h"

#define R(more)                                                                                    \
    "{" more "\"processor\":\"\",\"os_name\":\"\",\"os_ver\":\"\",\"processes\":\"\","             \
    "\"users\":\"\"}"

enum { L = sizeof R("") - 1 };

static struct rows rows;
static struct arena arena;
static struct buf csv;
static struct ip ip;
static struct batch batch;
static struct fault f;
static char *text;

static enum verdict parse(const char *body, bool ndjson)
{
    size_t len = strlen(body);
    free(text);
    text = malloc(len + 1);
    memcpy(text, body, len + 1);
    batch = (struct batch){.ip = &ip, .builder = &rows, .arena = &arena, .rows = &csv};
    fault_clear(&f);
    arena_reset(&arena);
    return batch_parse(&batch, text, len, ndjson, &f);
}

static const struct {
    int line;
    const char *body;
    bool ndjson;
    enum verdict want;
    size_t count; /* of records, when V_OK */
    long at_line; /* else of the fault */
    long long offset;
} bodies[] = {
    {__LINE__, R(""), false, V_OK, 1, 0, 0},
    {__LINE__, " \n" R("") "\r\n ", false, V_OK, 1, 0, 0},
    {__LINE__, "", false, V_BAD_REQUEST, 0, 0, 0},
    {__LINE__, R("") "\n" R(""), false, V_BAD_REQUEST, 0, 0, L + 1},
    {__LINE__, "[" R("") "]", false, V_NOT_A_RECORD, 0, 0, -1},
    {__LINE__, R(""), true, V_OK, 1, 0, 0},
    {__LINE__, R("") "\n", true, V_OK, 1, 0, 0},
    {__LINE__, "\n \t\r\n" R("") "\r\n\n" R("") "\n\n", true, V_OK, 2, 0, 0},
    {__LINE__, "", true, V_BAD_REQUEST, 0, 0, -1},
    {__LINE__, "\n\r\n \n", true, V_BAD_REQUEST, 0, 0, -1},
    {__LINE__, R("") "\n{\"a\":01}\n" R(""), true, V_BAD_REQUEST, 0, 2, L + 1 + 6},
    {__LINE__, R("") "\n\n\n" R("") "x\n", true, V_BAD_REQUEST, 0, 4, L + 3 + L},
    {__LINE__, R("") "\n{\"a\":1}\n", true, V_NOT_A_RECORD, 0, 2, -1},
    {__LINE__, R("") "\n{\n}\n", true, V_BAD_REQUEST, 0, 2, L + 2},
    {__LINE__, R("") R("") "\n", true, V_BAD_REQUEST, 0, 1, L},
};

static void by_their_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        ROW_INT(&bodies[i], parse(bodies[i].body, bodies[i].ndjson), bodies[i].want);
        if (bodies[i].want == V_OK) {
            ROW_INT(&bodies[i], batch.count, bodies[i].count);
            continue;
        }
        ROW_INT(&bodies[i], f.line, bodies[i].at_line);
        ROW_INT(&bodies[i], f.offset, bodies[i].offset);
        ROW_TRUE(&bodies[i], *f.reason);
    }
}

/* The rows of the entries follow each other, from the header to the end. */
static void rows_of_each(void **state)
{
    (void)state;
    char body[100 * 128] = "";
    for (int i = 0; i < 100; i++) {
        char one[128];
        snprintf(one, sizeof one, R("\"id\":\"%d\",\"hostname\":\"h%d\",") "\n", i, i);
        strcat(body, one);
    }
    assert_int_equal(parse(body, true), V_OK);
    assert_int_equal(batch.count, 100);
    size_t at = batch.header_len;
    for (size_t i = 0; i < 100; i++) {
        const struct entry *e = &batch.entries[i];
        char host[16];
        snprintf(host, sizeof host, "\"h%zu\"", i);
        assert_int_equal(e->rows_at, at);
        assert_non_null(memmem(csv.data + at, e->rows_len, host, strlen(host)));
        assert_int_equal(strtoul(e->id, NULL, 10), i);
        at += e->rows_len;
    }
    assert_int_equal(at, csv.len);
}

static void rows_over_the_ceiling(void **state)
{
    (void)state;
    size_t max = csv.max;
    buf_release(&csv);
    csv.max = 400;
    assert_int_equal(parse(R("") "\n" R("") "\n" R("") "\n" R("") "\n", true), V_NOT_A_RECORD);
    assert_string_equal(f.field, "processes");
    csv.max = max;
}

static int set_up(void **state)
{
    (void)state;
    rows_init(&rows);
    arena_init(&arena, 1 << 22);
    buf_init(&csv, 1 << 22);
    return ip_parse("10.0.0.7", &ip) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(text);
    buf_release(&csv);
    arena_release(&arena);
    rows_release(&rows);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_their_lines),
        cmocka_unit_test(rows_of_each),
        cmocka_unit_test(rows_over_the_ceiling),
    };
    return cmocka_run_group_tests_name("batch", tests, set_up, tear_down);
}
