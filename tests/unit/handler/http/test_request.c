/* request: the path, however the web server has split it. */
#include "tests/unit/unit.h"

#include "handler/http/request.h"

static const char *script, *info;

static const char *param(void *source, const char *name)
{
    (void)source;
    if (strcmp(name, "SCRIPT_NAME") == 0)
        return script;
    return strcmp(name, "PATH_INFO") == 0 ? info : NULL;
}

static bool serves(const void *program, const char *path)
{
    (void)program;
    return strcmp(path, "/data") == 0 || strcmp(path, "/api/v1/record") == 0;
}

static void finds_the_path(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *script, *info;
        bool found;
        const char *path;
    } rows[] = {
        {__LINE__, "", "/data", true, "/data"},
        {__LINE__, NULL, "/data", true, "/data"},
        {__LINE__, "/data", "", true, "/data"},
        {__LINE__, "/data", NULL, true, "/data"},
        {__LINE__, "/collector", "/data", true, "/data"},
        {__LINE__, "/api", "/v1/record", true, "/api/v1/record"},
        {__LINE__, "/api/v1", "/record", true, "/api/v1/record"},
        {__LINE__, "/collector", "/api/v1/record", true, "/api/v1/record"},
        {__LINE__, "/data", "/x", false, "/x"},
        {__LINE__, "/da", "ta", true, "/data"},
        {__LINE__, "/api", "/v2/record", false, "/v2/record"},
        {__LINE__, "/other", "", false, "/other"},
        {__LINE__, NULL, NULL, false, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct request r;
        script = rows[i].script;
        info = rows[i].info;
        request_fill(&r, param, NULL);
        ROW_INT(&rows[i], request_find_path(&r, serves, NULL), rows[i].found);
        ROW_STR(&rows[i], r.path, rows[i].path);
    }
}

static void a_path_that_is_too_long_is_not_found(void **state)
{
    (void)state;
    static char long_script[REQUEST_PATH_MAX];
    struct request r;
    memset(long_script, 'a', sizeof long_script - 1);
    script = long_script;
    info = "/x";
    request_fill(&r, param, NULL);
    assert_false(request_find_path(&r, serves, NULL));
    assert_string_equal(r.path, "/x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_path),
        cmocka_unit_test(a_path_that_is_too_long_is_not_found),
    };
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
