/* rows: header, prefix, one row a process, and the stamp. */
#include "tests/unit/unit.h"

#include "handler/record/batch.h"
#include "handler/shared/json/write.h"

#define TIME "2026-11-20T12:34:56.789Z"
#define HEADER                                                                                     \
    "\"received_at\",\"client_ip\",\"hostname\",\"processor\",\"os_name\",\"os_ver\",\"users\","   \
    "\"pid\",\"ppid\",\"user\",\"cpu\",\"mem\",\"rss\",\"state\",\"start\",\"cmd\"\r\n"

static struct rows rows;
static struct arena arena;
static struct buf out;
static struct fault f;
static struct rows_count count;

/* The rows of a record, in `out`. */
static enum verdict build(const char *json)
{
    static char text[1 << 16];
    static struct json_doc doc;
    static struct record record;
    struct json_fault wrong;
    strcpy(text, json);
    fault_clear(&f);
    buf_reset(&out);
    arena_reset(&arena);
    assert_true(json_notes_reserve(&rows.notes, strlen(text)));
    assert_true(json_gate_noting(text, strlen(text), &doc, &rows.notes, &wrong));
    assert_int_equal(record_check(&doc, &arena, &record, &f), V_OK);
    enum verdict v = rows_build(&rows, &record, &(struct rows_origin){"10.0.0.7", TIME}, &out, &f);
    count = rows.count;
    return v;
}

#define SYSTEM "\"hostname\":\"h\",\"processor\":\"p\\n\",\"os_name\":\"=n\",\"os_ver\":\"6.1\""
#define PREFIX "\"" TIME "\",\"10.0.0.7\",\"h\",\"p\\n\",\"'=n\",\"6.1\","

static const struct {
    int line;
    const char *json, *want;
    size_t processes, users;
} records[] = {
    {__LINE__,
     "{" SYSTEM ",\"users\":\"a\\nb\",\"processes\":[{\"pid\":1,\"ppid\":0,\"user\":\"u\","
     "\"cpu\":0.10,\"mem\":2,\"rss\":3,\"state\":\"S\",\"start\":4,\"cmd\":\"x, \\\"y\\\"\"},"
     "{\"pid\":2}]}",
     PREFIX "\"a;b\",\"1\",\"0\",\"u\",\"0.10\",\"2\",\"3\",\"S\",\"4\",\"x, \"\"y\"\"\"\r\n" PREFIX
            "\"a;b\",\"2\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\r\n",
     2, 2},
    {__LINE__, "{" SYSTEM ",\"users\":\"PID\",\"processes\":\"PID RSS CMD\\n1 2 -x\\n\"}",
     PREFIX "\"PID\",\"1\",\"\",\"\",\"\",\"\",\"2048\",\"\",\"\",\"'-x\"\r\n", 1, 1},
    {__LINE__, "{" SYSTEM ",\"users\":[],\"processes\":[]}",
     PREFIX "\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\r\n", 0, 0},
    {__LINE__, "{" SYSTEM ",\"users\":\"\",\"processes\":\"\"}",
     PREFIX "\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\r\n", 0, 0},
    {__LINE__, "{" SYSTEM ",\"users\":\"\",\"processes\":\"PID CMD\"}",
     PREFIX "\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\r\n", 0, 0},
};

static void built(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(records); i++) {
        ROW_INT(&records[i], build(records[i].json), V_OK);
        ROW_BYTES(&records[i], out.data, out.len, records[i].want, strlen(records[i].want));
        ROW_INT(&records[i], count.processes, records[i].processes);
        ROW_INT(&records[i], count.users, records[i].users);
    }
}

static void header(void **state)
{
    (void)state;
    buf_reset(&out);
    columns_put_header(&out);
    BYTES(out.data, out.len, HEADER, sizeof HEADER - 1);
}

static void absent_hostname_is_an_empty_cell(void **state)
{
    (void)state;
    assert_int_equal(
        build("{\"processor\":\"\",\"os_name\":\"\",\"os_version\":\"7\",\"users\":\"\","
              "\"processes\":\"\"}"),
        V_OK);
    static const char start[] = "\"" TIME "\",\"10.0.0.7\",\"\",\"\",\"\",\"7\",\"\",";
    assert_memory_equal(out.data, start, sizeof start - 1);
}

static void stamped(void **state)
{
    (void)state;
    static const char later[] = "2027-01-02T03:04:05.006Z";
    assert_int_equal(build(records[0].json), V_OK);
    size_t half = (size_t)((char *)memchr(out.data, '\n', out.len) - out.data) + 1;
    char *before = malloc(out.len);
    memcpy(before, out.data, out.len);
    rows_stamp(out.data, out.len, later);
    assert_memory_equal(out.data + 1, later, CLOCK_TIME_LEN);
    assert_memory_equal(out.data + half + 1, later, CLOCK_TIME_LEN);
    rows_stamp(out.data, out.len, TIME); /* nothing else has changed */
    assert_memory_equal(out.data, before, out.len);
    rows_stamp(out.data, 0, later);
    assert_memory_equal(out.data, before, out.len);
    free(before);
}

static void refused(void **state)
{
    (void)state;
    assert_int_equal(build("{" SYSTEM ",\"users\":[1],\"processes\":[]}"), V_NOT_A_RECORD);
    assert_string_equal(f.field, "users[0]");
    assert_int_equal(build("{" SYSTEM ",\"users\":[],\"processes\":[{\"pid\":1},2]}"),
                     V_NOT_A_RECORD);
    assert_string_equal(f.field, "processes[1]");
}

/* One name that is repeated in each row makes little JSON much CSV. */
static void too_many_rows(void **state)
{
    (void)state;
    static char json[1 << 15];
    size_t max = out.max, at = (size_t)sprintf(json, "{" SYSTEM ",\"users\":\"%04000d\",", 0);
    at += (size_t)sprintf(json + at, "\"processes\":[{\"pid\":1}");
    for (int i = 0; i < 100; i++)
        at += (size_t)sprintf(json + at, ",{\"pid\":1}");
    strcpy(json + at, "]}");
    out.max = 100000;
    assert_int_equal(build(json), V_NOT_A_RECORD);
    assert_string_equal(f.field, "processes");
    assert_non_null(strstr(f.reason, "100000"));
    out.max = max;
    assert_int_equal(build(json), V_OK);
}

/* Random text, valid UTF-8. */
static size_t make(uint64_t *seed, char *text)
{
    static const char *const bits[] = {
        "a",        "12345678",     " ",    "=",    "-",        "\"",
        "\\",       "\n",           "\x01", "\x7f", "\xc2\x85", "\xc2\xa0",
        "\xc3\xa4", "\xe2\x82\xac", "+",    "@",    ",",        "'"};
    size_t len = 0, alphabet = unit_below(seed, 3) ? 3 : COUNT(bits);
    for (size_t n = unit_below(seed, 10); n > 0; n--) {
        const char *bit = bits[unit_below(seed, alphabet)];
        memcpy(text + len, bit, strlen(bit));
        len += strlen(bit);
    }
    return len;
}

/* Records whose cells are random, against the cells one by one. */
static void random_cells(void **state)
{
    (void)state;
    static const char *const names[] = {"user", "name", "state", "cmdline", "mem", "start", "x"};
    static const size_t columns[] = {COL_USER, COL_CMD, COL_STATE, COL_CMD, COL_MEM, COL_START};
    uint64_t seed = 77;
    struct buf json, want;
    buf_init(&json, 1 << 16);
    buf_init(&want, 1 << 16);
    for (int round = 0; round < 5000; round++) {
        buf_reset(&json);
        buf_reset(&want);
        buf_puts(&json, "{" SYSTEM ",\"users\":\"PID\",\"processes\":[");
        for (size_t i = 0, n = 1 + unit_below(&seed, 4); i < n; i++) {
            char texts[COUNT(names)][100];
            struct text row[COL_COUNT] = {{"7", 1}};
            buf_puts(&json, i ? ",{\"pid\":7" : "{\"pid\":7");
            for (size_t k = 0; k < COUNT(names); k++) {
                size_t len = make(&seed, texts[k]);
                buf_putc(&json, ',');
                jsonw_name(&json, names[k]);
                jsonw_string(&json, texts[k], len);
                /* "cmdline" comes after "name" here, and has precedence */
                if (k < COUNT(columns) && len > 0)
                    row[columns[k]] = (struct text){texts[k], len};
            }
            buf_putc(&json, '}');
            buf_puts(&want, PREFIX "\"PID\"");
            for (size_t c = 0; c < COL_COUNT; c++) {
                buf_putc(&want, ',');
                cell_put(&want, row[c]);
            }
            buf_puts(&want, "\r\n");
        }
        buf_puts(&json, "]}");
        assert_int_equal(build(buf_str(&json)), V_OK);
        BYTES(out.data, out.len, want.data, want.len);
    }
    buf_release(&json);
    buf_release(&want);
}

static int set_up(void **state)
{
    (void)state;
    rows_init(&rows);
    arena_init(&arena, 1 << 20);
    buf_init(&out, 1 << 22);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_release(&out);
    arena_release(&arena);
    rows_release(&rows);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built),
        cmocka_unit_test(header),
        cmocka_unit_test(absent_hostname_is_an_empty_cell),
        cmocka_unit_test(stamped),
        cmocka_unit_test(refused),
        cmocka_unit_test(random_cells),
        cmocka_unit_test(too_many_rows),
    };
    return cmocka_run_group_tests_name("rows", tests, set_up, tear_down);
}
