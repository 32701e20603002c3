/* users: names joined by `;`, cut after a whole character. */
#include "tests/unit/unit.h"

#include "handler/record/users.h"

/* Gates a JSON value and joins it. */
static enum verdict join(const char *json, struct buf *out, size_t *count, struct fault *f)
{
    static struct json_doc doc;
    struct json_fault wrong;
    struct buf scratch;
    size_t len = strlen(json);
    char *text = malloc(len + 1);
    memcpy(text, json, len + 1);
    assert_true(json_gate(text, len, &doc, &wrong));
    buf_init(&scratch, 1 << 20);
    fault_clear(f);
    enum verdict v = users_join(doc.text, out, &scratch, count, f);
    buf_release(&scratch);
    free(text);
    return v;
}

static const struct {
    int line;
    const char *json, *want;
    size_t count;
} good[] = {
    {__LINE__, "\"\"", "", 0},
    {__LINE__, "\"root\"", "root", 1},
    {__LINE__, "\"root\\nanna\\n\"", "root;anna", 2},
    {__LINE__, "\" root \\r\\n\\n \\t\\r\\n\\tanna smith\\t\"", "root;anna smith", 2},
    {__LINE__, "\"\\n\\n\"", "", 0},
    {__LINE__, "\"a;b\"", "a;b", 1},
    {__LINE__, "\"a\\u0000\\nb\"", "a", 2},
    {__LINE__, "[]", "", 0},
    {__LINE__, "[\"root\",\"anna\"]", "root;anna", 2},
    {__LINE__, "[\" root \"]", " root ", 1},
    {__LINE__, "[\"\",\"x\",\"\"]", ";x;", 3},
    {__LINE__, "[{\"name\":\"root\",\"tty\":\"pts/0\",\"pid\":1},\"anna\"]", "root;anna", 2},
    {__LINE__, "[{\"host\":\"h\",\"\\u006eame\":\"\\u00e4\\n\"}]", "\xc3\xa4\n", 1},
};

static void joined(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < COUNT(good); i++) {
        size_t count;
        struct fault f;
        ROW_INT(&good[i], join(good[i].json, &out, &count, &f), V_OK);
        ROW_INT(&good[i], count, good[i].count);
        size_t shown = out.len ? strnlen(out.data, out.len) : 0;
        ROW_BYTES(&good[i], out.data, shown, good[i].want, strlen(good[i].want));
    }
    buf_release(&out);
}

static void no_users(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *json, *field;
    } rows[] = {
        {__LINE__, "[1]", "users[0]"},
        {__LINE__, "[null]", "users[0]"},
        {__LINE__, "[\"a\",[\"b\"]]", "users[1]"},
        {__LINE__, "[{}]", "users[0].name"},
        {__LINE__, "[{\"name\":1}]", "users[0].name"},
        {__LINE__, "[\"a\",\"b\",{\"name\":null}]", "users[2].name"},
        {__LINE__, "[{\"Name\":\"x\"}]", "users[0].name"},
    };
    struct buf out;
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t count;
        struct fault f;
        ROW_INT(&rows[i], join(rows[i].json, &out, &count, &f), V_NOT_A_RECORD);
        ROW_STR(&rows[i], f.field, rows[i].field);
    }
    buf_release(&out);
}

/*
 * A name of `lead` letters, then characters of `width` bytes, as one name or many: the cell is the
 * longest that ends after a whole character, and no longer than USERS_CELL_MAX.
 */
static void cut_on_a_boundary(void **state)
{
    (void)state;
    static const char *const characters[] = {"x", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    struct buf out, json;
    buf_init(&out, 1 << 20);
    buf_init(&json, 1 << 20);
    for (size_t width = 1; width <= 4; width++)
        for (size_t lead = 0; lead < 5; lead++) {
            size_t count;
            struct fault f;
            buf_reset(&json);
            buf_putc(&json, '"');
            for (size_t i = 0; i < lead; i++)
                buf_putc(&json, 'a');
            for (size_t i = 0; i < 5000; i++)
                buf_puts(&json, characters[width - 1]);
            buf_putc(&json, '"');
            assert_int_equal(join(buf_str(&json), &out, &count, &f), V_OK);
            assert_int_equal(count, 1);
            assert_int_equal(out.len, USERS_CELL_MAX - (USERS_CELL_MAX - lead) % width);
            assert_memory_equal(out.data + out.len - width, characters[width - 1], width);
        }
    buf_release(&json);
    buf_release(&out);
}

static void many_names_are_all_counted(void **state)
{
    (void)state;
    struct buf out, json;
    buf_init(&out, 1 << 20);
    buf_init(&json, 1 << 20);
    for (size_t fit = 4090; fit <= 4100;
         fit++) { /* the first name; its `;` and the next around the cut */
        size_t count;
        struct fault f;
        buf_reset(&json);
        buf_puts(&json, "[\"");
        for (size_t i = 0; i < fit; i++)
            buf_putc(&json, 'n');
        buf_puts(&json, "\",\"\xc3\xa4\",\"b\",\"c\"]");
        assert_int_equal(join(buf_str(&json), &out, &count, &f), V_OK);
        assert_int_equal(count, 4);
        char want[8192];
        size_t len = (size_t)sprintf(want, "%0*d;\xc3\xa4;b;c", (int)fit, 0);
        memset(want, 'n', fit);
        while (len > USERS_CELL_MAX || (len < fit + 7 && ((unsigned char)want[len] & 0xc0) == 0x80))
            len--;
        BYTES(out.data, out.len, want, len);
    }
    buf_release(&json);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joined),
        cmocka_unit_test(no_users),
        cmocka_unit_test(cut_on_a_boundary),
        cmocka_unit_test(many_names_are_all_counted),
    };
    return cmocka_run_group_tests_name("users", tests, NULL, NULL);
}
