/* process: an object of `processes`, whatever names it brings. */
#include "tests/unit/unit.h"

#include "handler/record/process.h"

static const char *const names[] = {"pid", "ppid",  "user",  "cpu", "mem",
                                    "rss", "state", "start", "cmd"};

/* Reads the first element of an array of JSON; its columns as `name=value`, with | between. */
static enum verdict read_first(const char *array, char out[1024], struct fault *f)
{
    static struct json_doc doc;
    struct json_notes notes;
    struct json_noted all, members = {0};
    struct json_fault wrong;
    struct process p;
    struct buf scratch;
    char *text = NULL;
    const char *element = NULL;
    size_t at = 0;
    int len = asprintf(&text, "{\"processes\":%s}", array);
    json_notes_init(&notes, "processes");
    notes.key = process_key;
    assert_true(json_notes_reserve(&notes, (size_t)len));
    assert_true(json_gate_noting(text, (size_t)len, &doc, &notes, &wrong));
    buf_init(&scratch, 1 << 20);
    assert_true(buf_reserve(&scratch, (size_t)len));
    fault_clear(f);
    all = json_noted_begin(&notes);
    assert_true(json_noted_element(&all, &element, &members));
    enum verdict v =
        process_from_json(&(struct process_element){element, members, 0}, &p, &scratch, f);
    out[0] = '\0';
    for (size_t i = 0; v == V_OK && i < COL_COUNT; i++)
        assert_true(!p.plain[i] || unit_is_plain(p.column[i].ptr, p.column[i].len));
    for (size_t i = 0; v == V_OK && i < COL_COUNT; i++)
        if (p.column[i].len > 0)
            at += (size_t)snprintf(out + at, 1024 - at, "%s%s=%.*s", at ? "|" : "", names[i],
                                   (int)p.column[i].len, p.column[i].ptr);
    buf_release(&scratch);
    json_notes_trim(&notes, 0);
    free(text);
    return v;
}

static const struct {
    int line;
    const char *object, *want;
} objects[] = {
    {__LINE__, "{\"pid\":1}", "pid=1"},
    {__LINE__, "{\"pid\":1e0}", "pid=1e0"},
    {__LINE__, "{\"pid\":-1}", "pid=-1"},
    {__LINE__, "{\"\\u0070id\":1}", "pid=1"},
    {__LINE__,
     "{\"pid\":1,\"ppid\":0,\"user\":\"root\",\"cpu\":0.50,\"mem\":1E-3,\"rss\":"
     "12345678901234567890,"
     "\"state\":\"S\",\"start\":1593338576.5624585,\"cmd\":\"/sbin/init\"}",
     "pid=1|ppid=0|user=root|cpu=0.50|mem=1E-3|rss=12345678901234567890|state=S|start=1593338576."
     "5624585|cmd=/sbin/init"},
    {__LINE__,
     "{\"pid\":1,\"username\":\"u\",\"cpu_percent\":1,\"memory_percent\":2,\"status\":\"sleeping\","
     "\"create_time\":3,\"name\":\"n\",\"memory_info\":[4,5]}",
     "pid=1|user=u|cpu=1|mem=2|rss=4|state=sleeping|start=3|cmd=n"},
    /* precedence, in either order */
    {__LINE__, "{\"pid\":1,\"cmd\":\"a\",\"cmdline\":[\"b\"],\"name\":\"c\"}", "pid=1|cmd=a"},
    {__LINE__, "{\"name\":\"c\",\"cmdline\":[\"b\"],\"cmd\":\"a\",\"pid\":1}", "pid=1|cmd=a"},
    {__LINE__, "{\"pid\":1,\"name\":\"c\",\"cmdline\":[\"b\"]}", "pid=1|cmd=b"},
    {__LINE__, "{\"pid\":1,\"cmdline\":[\"b\"],\"name\":\"c\"}", "pid=1|cmd=b"},
    {__LINE__, "{\"pid\":1,\"cmdline\":[],\"name\":\"c\"}", "pid=1|cmd=c"},
    {__LINE__, "{\"pid\":1,\"name\":\"c\",\"cmdline\":null}", "pid=1|cmd=c"},
    {__LINE__, "{\"pid\":1,\"cmd\":\"\",\"name\":\"c\"}", "pid=1|cmd=c"},
    {__LINE__, "{\"pid\":1,\"username\":\"p\",\"user\":\"o\"}", "pid=1|user=o"},
    {__LINE__, "{\"pid\":1,\"user\":\"o\",\"username\":\"p\"}", "pid=1|user=o"},
    {__LINE__, "{\"pid\":1,\"user\":null,\"username\":\"p\"}", "pid=1|user=p"},
    {__LINE__, "{\"pid\":1,\"username\":\"p\",\"user\":null}", "pid=1|user=p"},
    {__LINE__, "{\"pid\":1,\"rss\":null,\"memory_info\":[7,8]}", "pid=1|rss=7"},
    {__LINE__, "{\"pid\":1,\"memory_info\":[7,8],\"rss\":9}", "pid=1|rss=9"},
    /* memory_info in its shapes */
    {__LINE__, "{\"pid\":1,\"memory_info\":{\"vms\":1,\"rss\":2}}", "pid=1|rss=2"},
    {__LINE__, "{\"pid\":1,\"memory_info\":{\"vms\":1}}", "pid=1"},
    {__LINE__, "{\"pid\":1,\"memory_info\":[]}", "pid=1"},
    {__LINE__, "{\"pid\":1,\"memory_info\":[[1]]}", "pid=1"},
    {__LINE__, "{\"pid\":1,\"memory_info\":null}", "pid=1"},
    {__LINE__, "{\"pid\":1,\"memory_info\":5}", "pid=1|rss=5"},
    /* command lines */
    {__LINE__, "{\"pid\":1,\"cmdline\":[\"a\",\"\",\"b c\",\"\\u00e4\\n\",\"d\"]}",
     "pid=1|cmd=a  b c \xc3\xa4\n d"},
    {__LINE__, "{\"pid\":1,\"cmdline\":[\"\\u0061\",\"\\u0062\"]}", "pid=1|cmd=a b"},
    {__LINE__, "{\"pid\":1,\"cmdline\":[1,true,null,[2],{\"x\":3},\"z\"]}",
     "pid=1|cmd=1 true    z"},
    {__LINE__, "{\"pid\":1,\"cmdline\":\"one text\"}", "pid=1|cmd=one text"},
    {__LINE__, "{\"pid\":1,\"cmd\":[\"x\",\"y\"]}", "pid=1|cmd=x y"},
    {__LINE__, "{\"pid\":1,\"cmd\":true}", "pid=1|cmd=true"},
    {__LINE__, "{\"pid\":1,\"state\":{\"x\":[1]},\"start\":[1]}", "pid=1"},
    {__LINE__, "{\"pid\":1,\"Cmd\":\"x\",\"CPU\":1,\"other\":{\"cmd\":\"y\",\"pid\":3}}", "pid=1"},
    {__LINE__, "{\"pid\":1,\"pid\":2}", "pid=2"},
};

static void shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(objects); i++) {
        char array[1024], out[1024];
        struct fault f;
        snprintf(array, sizeof array, "[%s,7]", objects[i].object);
        ROW_INT(&objects[i], read_first(array, out, &f), V_OK);
        ROW_STR(&objects[i], out, objects[i].want);
    }
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *array, *field;
    } rows[] = {
        {__LINE__, "[1]", "processes[0]"},
        {__LINE__, "[\"init\"]", "processes[0]"},
        {__LINE__, "[null]", "processes[0]"},
        {__LINE__, "[[{\"pid\":1}]]", "processes[0]"},
        {__LINE__, "[{}]", "processes[0].pid"},
        {__LINE__, "[{\"pid\":\"1\"}]", "processes[0].pid"},
        {__LINE__, "[{\"pid\":null}]", "processes[0].pid"},
        {__LINE__, "[{\"PID\":1}]", "processes[0].pid"},
        {__LINE__, "[{\"pid\":1,\"pid\":\"x\"}]", "processes[0].pid"},
        {__LINE__, "[{\"x\":{\"pid\":1}}]", "processes[0].pid"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[1024];
        struct fault f;
        ROW_INT(&rows[i], read_first(rows[i].array, out, &f), V_NOT_A_RECORD);
        ROW_STR(&rows[i], f.field, rows[i].field);
        ROW_TRUE(&rows[i], strstr(f.reason, rows[i].field));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
