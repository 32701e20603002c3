/* conf: each way to be wrong is one line that names the file, the key and what is right. */
#include "tests/unit/unit.h"

#include "handler/shared/conf.h"

static char directory[64], path[80];

static struct {
    char *text, *word, *inner;
    bool flag;
    int mode;
    int64_t number, pause;
} v;

static const char *const words[] = {"data", "record", NULL};

static const char *const modes[] = {"json", "csv", NULL};

static const struct conf_key inner_keys[] = {
    {.name = "inner", .type = CONF_STRING, .dest = &v.inner, .required = true},
    {.name = NULL},
};

static const struct conf_key keys[] = {
    {.name = "text", .type = CONF_STRING, .dest = &v.text, .required = true},
    {.name = "word", .type = CONF_STRING, .dest = &v.word, .choices = words},
    {.name = "flag", .type = CONF_BOOL, .dest = &v.flag},
    {.name = "number", .type = CONF_INTEGER, .dest = &v.number, .min = -5, .max = 1000},
    {.name = "pause", .type = CONF_DURATION, .dest = &v.pause, .min = 250, .max = 7200000},
    {.name = "group", .type = CONF_OBJECT, .keys = inner_keys},
    {.name = "mode", .type = CONF_SWITCH, .dest = &v.mode, .choices = modes},
    {.name = NULL},
};

static void forget(void)
{
    free(v.text);
    free(v.word);
    free(v.inner);
    memset(&v, 0, sizeof v);
}

static bool load(const char *json, char error[CONF_ERROR_LEN])
{
    forget();
    v.number = 77;
    unit_write(path, json, strlen(json));
    return conf_load(path, keys, error);
}

static void a_switch_is_a_boolean_or_a_word(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *value;
        int want; /* -1: refused */
    } rows[] = {
        {__LINE__, "false", 0},     {__LINE__, "true", 1},      {__LINE__, "\"json\"", 2},
        {__LINE__, "\"csv\"", 3},   {__LINE__, "\"true\"", -1}, {__LINE__, "\"\"", -1},
        {__LINE__, "\"JSON\"", -1}, {__LINE__, "1", -1},        {__LINE__, "null", -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char error[CONF_ERROR_LEN], text[64];
        snprintf(text, sizeof text, "{\"text\":\"x\",\"mode\":%s}", rows[i].value);
        ROW_INT(&rows[i], load(text, error), rows[i].want >= 0);
        if (rows[i].want >= 0)
            ROW_INT(&rows[i], v.mode, rows[i].want);
        else
            ROW_TRUE(&rows[i], strstr(error, "mode: must be true, false or \"json\" or \"csv\""));
    }
}

static void accepts_valid_options(void **state)
{
    (void)state;
    char error[CONF_ERROR_LEN];
    assert_true(load("{\"text\":\"a b\",\"word\":\"record\",\"flag\":true,\"number\":-5,"
                     "\"pause\":\"1h\",\"group\":{\"inner\":\"x\"}}",
                     error));
    assert_string_equal(v.text, "a b");
    assert_string_equal(v.word, "record");
    assert_string_equal(v.inner, "x");
    assert_true(v.flag);
    assert_int_equal(v.number, -5);
    assert_int_equal(v.pause, 3600000);
    assert_true(load(" {\"pause\" : 2.5, \"text\":\"\\u00e4\"}\n\n", error));
    assert_string_equal(v.text, "\xc3\xa4");
    assert_int_equal(v.pause, 2500);
    assert_int_equal(v.number, 77); /* absent keys leave the default */
}

static const struct {
    int line;
    const char *json, *error; /* after the file's name */
} wrong[] = {
    {__LINE__, "", "not JSON, at: byte 0"},
    {__LINE__, "{\"text\":\"x\"} x", "not JSON, at: byte 13"},
    {__LINE__, "{\"text\":\"x\"", "not JSON, at: byte 11"},
    {__LINE__, "[]", "not a configuration: must be a JSON object"},
    {__LINE__, "\"text\"", "not a configuration: must be a JSON object"},
    {__LINE__, "{}", "text: is required"},
    {__LINE__, "{\"Text\":\"x\"}",
     "Text: unknown key; known are text word flag number pause group mode"},
    {__LINE__, "{\"text\":\"x\",\"te\\nxt\":1}",
     "te?xt: unknown key; known are text word flag number pause group mode"},
    {__LINE__, "{\"text\":\"x\",\"text\":\"x\"}", "text: is given twice"},
    {__LINE__, "{\"text\":1}", "text: must be a string"},
    {__LINE__, "{\"text\":null}", "text: must be a string"},
    {__LINE__, "{\"text\":\"\"}", "text: must not be empty"},
    {__LINE__, "{\"text\":\"x\",\"word\":\"Data\"}", "word: must be one of \"data\" \"record\""},
    {__LINE__, "{\"text\":\"x\",\"flag\":\"true\"}", "flag: must be true or false"},
    {__LINE__, "{\"text\":\"x\",\"flag\":1}", "flag: must be true or false"},
    {__LINE__, "{\"text\":\"x\",\"number\":\"5\"}", "number: must be a number"},
    {__LINE__, "{\"text\":\"x\",\"number\":1.5}", "number: must be a whole number"},
    {__LINE__, "{\"text\":\"x\",\"number\":1e400}", "number: must be a whole number"},
    {__LINE__, "{\"text\":\"x\",\"number\":9007199254740993}", "number: must be a whole number"},
    {__LINE__, "{\"text\":\"x\",\"number\":1001}", "number: must be from -5 to 1000"},
    {__LINE__, "{\"text\":\"x\",\"number\":-6}", "number: must be from -5 to 1000"},
    {__LINE__, "{\"text\":\"x\",\"pause\":\"soon\"}",
     "pause: must be a duration such as \"5s\", \"10m\" or \"1h\""},
    {__LINE__, "{\"text\":\"x\",\"pause\":true}",
     "pause: must be a duration such as \"5s\", \"10m\" or \"1h\""},
    {__LINE__, "{\"text\":\"x\",\"pause\":\"249ms\"}",
     "pause: must be from 250 to 7200000 milliseconds"},
    {__LINE__, "{\"text\":\"x\",\"pause\":0.0001}", "pause: must be a whole number"},
    {__LINE__, "{\"text\":\"x\",\"group\":[]}", "group: must be an object"},
    {__LINE__, "{\"text\":\"x\",\"group\":{}}", "inner: is required"},
    {__LINE__, "{\"text\":\"x\",\"group\":{\"text\":\"x\"}}", "text: unknown key; known are inner"},
};

static void names_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        char error[CONF_ERROR_LEN], want[CONF_ERROR_LEN + 100];
        ROW_TRUE(&wrong[i], !load(wrong[i].json, error));
        snprintf(want, sizeof want, "%s: %s", path, wrong[i].error);
        ROW_STR(&wrong[i], error, want);
        ROW_TRUE(&wrong[i], !strchr(error, '\n'));
    }
}

static void files_that_are_none(void **state)
{
    (void)state;
    char error[CONF_ERROR_LEN], want[CONF_ERROR_LEN];
    assert_false(conf_load("/nonexistent/x.json", keys, error));
    assert_string_equal(error, "/nonexistent/x.json: cannot open: No such file or directory");
    assert_false(conf_load(directory, keys, error));
    snprintf(want, sizeof want, "%s: cannot read: Is a directory", directory);
    assert_string_equal(error, want);
    unit_write_at(path, "{}", 2, 2 << 20); /* sparse, but over the ceiling */
    assert_false(conf_load(path, keys, error));
    snprintf(want, sizeof want, "%s: cannot read: File too large", path);
    assert_string_equal(error, want);
}

static void long_keys_stay_one_bounded_line(void **state)
{
    (void)state;
    char json[4000], error[CONF_ERROR_LEN];
    int len = snprintf(json, sizeof json, "{\"%03000d\":1}", 0);
    assert_true(len > 0);
    assert_false(load(json, error));
    assert_true(strlen(error) < CONF_ERROR_LEN);
    assert_null(strchr(error, '\n'));
    assert_int_equal(strncmp(error, path, strlen(path)), 0);
}

static void durations(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
        int64_t ms; /* -1: none */
    } rows[] = {
        {__LINE__, "0", 0},
        {__LINE__, "5", 5000},
        {__LINE__, "250ms", 250},
        {__LINE__, "5s", 5000},
        {__LINE__, "10m", 600000},
        {__LINE__, "1h", 3600000},
        {__LINE__, "2d", 172800000},
        {__LINE__, "007s", 7000},
        {__LINE__, "9223372036854775807ms", INT64_MAX},
        {__LINE__, "9223372036854775807", -1},
        {__LINE__, "9223372036854775808ms", -1},
        {__LINE__, "106751991168d", -1},
        {__LINE__, "", -1},
        {__LINE__, "s", -1},
        {__LINE__, "-5s", -1},
        {__LINE__, "+5s", -1},
        {__LINE__, " 5s", -1},
        {__LINE__, "5 s", -1},
        {__LINE__, "5s ", -1},
        {__LINE__, "5S", -1},
        {__LINE__, "5.5s", -1},
        {__LINE__, "5w", -1},
        {__LINE__, "0x5s", -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t ms = -1;
        ROW_INT(&rows[i], conf_duration(rows[i].text, &ms), rows[i].ms >= 0);
        ROW_INT(&rows[i], ms, rows[i].ms);
    }
}

static void values_as_text(void **state)
{
    (void)state;
    static const struct {
        int line;
        int key;
        const char *text, *error; /* NULL: taken */
    } rows[] = {
        {__LINE__, 0, "x", NULL},
        {__LINE__, 0, "", "text: must not be empty"},
        {__LINE__, 1, "data", NULL},
        {__LINE__, 1, "dat", "word: must be one of \"data\" \"record\""},
        {__LINE__, 2, "true", NULL},
        {__LINE__, 2, "false", NULL},
        {__LINE__, 2, "yes", "flag: must be true or false"},
        {__LINE__, 2, "", "flag: must be true or false"},
        {__LINE__, 3, "17", NULL},
        {__LINE__, 3, "-5", NULL},
        {__LINE__, 3, "17x", "number: must be a whole number"},
        {__LINE__, 3, "", "number: must be a whole number"},
        {__LINE__, 3, "99999999999999999999", "number: must be a whole number"},
        {__LINE__, 3, "1001", "number: must be from -5 to 1000"},
        {__LINE__, 4, "1m", NULL},
        {__LINE__, 4, "3h", "pause: must be from 250 to 7200000 milliseconds"},
        {__LINE__, 5, "{}", "group: cannot be given as text"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char error[CONF_ERROR_LEN] = "";
        forget();
        ROW_INT(&rows[i], conf_set(&keys[rows[i].key], rows[i].text, error), !rows[i].error);
        ROW_STR(&rows[i], error, rows[i].error ? rows[i].error : "");
    }
    char error[CONF_ERROR_LEN];
    assert_true(conf_set(&keys[4], "1m", error));
    assert_int_equal(v.pause, 60000);
    assert_true(conf_set(&keys[2], "true", error));
    assert_true(v.flag);
}

static int set_up(void **state)
{
    (void)state;
    unit_directory(directory);
    snprintf(path, sizeof path, "%s/conf.json", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    forget();
    unit_remove(directory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_switch_is_a_boolean_or_a_word),
        cmocka_unit_test(accepts_valid_options),
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(long_keys_stay_one_bounded_line),
        cmocka_unit_test(durations),
        cmocka_unit_test(values_as_text),
    };
    return cmocka_run_group_tests_name("conf", tests, set_up, tear_down);
}
