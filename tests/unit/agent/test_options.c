/* The command line and the configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/config.h"
#include "agent/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct given {
    struct agent_config config;
    struct conf_key keys[CONFIG_KEYS + 1];
    struct options options;
    char error[CONF_ERROR_LEN];
};

enum { WORDS_MAX = 16 };

/* Options, configuration and check, in main's order; false at the first that fails. */
static bool give(struct given *g, char *const words[], bool sending)
{
    char *argv[WORDS_MAX] = {(char[]){"rollcall-agent"}};
    int argc = 1;
    for (; words[argc - 1]; argc++)
        argv[argc] = words[argc - 1];
    config_init(&g->config);
    config_keys(&g->config, g->keys);
    g->error[0] = '\0';
    return options_parse(argc, argv, g->keys, &g->options, g->error) &&
           options_apply(&g->options, g->error) &&
           config_check(&g->config, NULL, sending, g->error);
}

#define GIVE(g, sending, ...) give(&(g), (char *const[]){__VA_ARGS__, NULL}, sending)

static void values(void **state)
{
    (void)state;
    struct given g;
    assert_true(GIVE(g, true, "--url", "http://h/data", "--cmd-max=512", "--cmd_max", "256",
                     "--deadline", "3s", "--no-gzip", "--containers", "--args=none", "--root", "/x",
                     "--print", "--config=/c"));
    assert_string_equal(g.config.url, "http://h/data");
    assert_int_equal(g.config.cmd_max, 256);
    assert_int_equal(g.config.deadline, 3000);
    assert_false(g.config.gzip);
    assert_true(g.config.containers);
    assert_int_equal(g.config.arguments, ARGS_NONE);
    assert_string_equal(g.options.root, "/x");
    assert_string_equal(g.options.config, "/c");
    assert_true(g.options.print);
    config_release(&g.config);
}

static void defaults(void **state)
{
    (void)state;
    struct given g;
    assert_true(GIVE(g, true, "--url=https://h"));
    assert_int_equal(g.config.cmd_max, 4096);
    assert_int_equal(g.config.deadline, 10000);
    assert_int_equal(g.config.connect_timeout, 5000);
    assert_int_equal(g.config.max_time, 30000);
    assert_true(g.config.gzip);
    assert_false(g.config.insecure);
    assert_int_equal(g.config.arguments, ARGS_MASKED);
    assert_null(g.config.token);
    config_release(&g.config);
}

static void last_one_wins(void **state)
{
    (void)state;
    struct given g;
    assert_true(GIVE(g, true, "--url=http://a", "--url=http://b", "--gzip=false", "--gzip"));
    assert_string_equal(g.config.url, "http://b");
    assert_true(g.config.gzip);
    config_release(&g.config);
}

/* The value of an option, `--token` above all, must not appear in a log. */
static void usage_errors(void **state)
{
    (void)state;
    static const struct {
        char *word;
        const char *says;
    } rows[] = {
        {"--nonsense", "--nonsense: unknown option"},
        {"--nonsense=hunter2", "--nonsense: unknown option"},
        {"--url", "--url: needs a value"},
        {"--url=", "--url: needs a value"},
        {"hunter2", "argument 1 is not an option"},
        {"-x", "-x: unknown option"},
        {"-hx", "unknown option"},
        {"-", "argument 1 is not an option"},
        {"--ur=http://h", "--ur: unknown option"}, /* no abbreviations */
        {"--contain", "--contain: unknown option"},
        {"--no-contain", "--no-contain: unknown option"},
        {"--print=1", "--print: unknown option"},
        {"--no-gzip=true", "--no-gzip: unknown option"},
        {"--tok=hunter2", "--tok: unknown option"},
        {"--to", "--to: unknown option"},
        {"--Print", "--Print: unknown option"},
        {"--token=hunter2", "--token-file"},
        {"--token", "--token-file"},
        {"--no-url", "unknown option"},
        {"--cmd-max=many", "cmd_max"},
        {"--cmd-max=1", "cmd_max"},
        {"--gzip=perhaps", "gzip"},
        {"--args=some", "args"},
        {"--deadline=soon", "deadline"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct given g;
        assert_false(GIVE(g, false, rows[i].word));
        if (!strstr(g.error, rows[i].says))
            fail_msg("%s: %s", rows[i].word, g.error);
        assert_null(strstr(g.error, "hunter2"));
        config_release(&g.config);
    }
}

static void configuration_errors(void **state)
{
    (void)state;
    static const struct {
        char *word;
        const char *key;
    } rows[] = {
        {"--cmd-max=512", "url: "},
        {"--url=ftp://h/", "url: "},
        {"--url=h/data", "url: "},
        {"--url=http://", "url: "},
        {"--url=http:///data", "url: "},
        {"--url=http://u:p@h/data", "url: "},
        {"--uuid=a b", "uuid: "},
        {"--uuid=-rf", "uuid: "},
        {"--url=http://h/api/v1/record", "url: "}, /* not for the default format */
        {"--url=http://h/x/api/v1/record/", "url: "},
        {"--url=http://h/api/v1/record?x=/data", "url: "},
        {"--uuid=0123456789012345678901234567890123456789012345678901234567890123x", "uuid: "},
        {"--format=xml", "format: "},
        {"--every=1ms", "every: "},
        {"--spool=x", "spool: "},
        {"--spool-bytes=1", "spool_bytes: "},
        {"--spool-age=1ms", "spool_age: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct given g;
        assert_false(GIVE(g, true, rows[i].word));
        if (strncmp(g.error, rows[i].key, strlen(rows[i].key)) != 0)
            fail_msg("%s: %s", rows[i].word, g.error);
        config_release(&g.config);
    }
    struct given g;
    assert_true(GIVE(g, false, "--cmd-max=512")); /* printing needs no url */
    config_release(&g.config);
    assert_false(GIVE(g, true, "--url=http://h", "--key=/k"));
    assert_memory_equal(g.error, "key: ", 5);
    config_release(&g.config);
}

/* A url that is made for the other format would have every record refused. */
static void formats_and_urls(void **state)
{
    (void)state;
    static const struct {
        char *url;
        bool data, record;
    } rows[] = {
        {"--url=http://h/data", true, false},
        {"--url=http://h/data/", true, false},
        {"--url=http://h/below/data?x=1", true, false},
        {"--url=http://h/api/v1/record", false, true},
        {"--url=http://h/api/v1/record#x", false, true},
        {"--url=http://h", true, true},
        {"--url=http://h/", true, true},
        {"--url=http://data", true, true},
        {"--url=http://h/metadata", true, true},
        {"--url=http://h/other", true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct given g;
        assert_int_equal(GIVE(g, true, rows[i].url), rows[i].data);
        if (!rows[i].data)
            assert_non_null(strstr(g.error, "format"));
        config_release(&g.config);
        assert_int_equal(GIVE(g, true, rows[i].url, "--format=record", "--uuid=u"), rows[i].record);
        if (!rows[i].record)
            assert_non_null(strstr(g.error, "format"));
        config_release(&g.config);
    }
}

static void short_options(void **state)
{
    (void)state;
    struct given g;
    assert_true(GIVE(g, false, "-h"));
    assert_true(g.options.help && !g.options.version);
    config_release(&g.config);
    assert_true(GIVE(g, false, "-V", "--"));
    assert_true(g.options.version && !g.options.help);
    config_release(&g.config);
    assert_true(GIVE(g, false, "--check", "--url", "--url=odd")); /* a value may look like one */
    assert_true(g.options.check);
    assert_string_equal(g.config.url, "--url=odd");
    config_release(&g.config);
}

struct token_row {
    const char *text;
    mode_t mode;
    const char *token; /* NULL: refused */
};

static void check_token(const struct token_row *row)
{
    char path[] = "/tmp/token-XXXXXX";
    struct given g;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, row->text, strlen(row->text)), strlen(row->text));
    assert_int_equal(fchmod(fd, row->mode), 0);
    close(fd);
    bool ok = GIVE(g, true, "--url=http://h", "--token-file", path);
    unlink(path);
    assert_int_equal(ok, row->token != NULL);
    if (row->token)
        assert_string_equal(g.config.token, row->token);
    else
        assert_memory_equal(g.error, "token_file: ", 12);
    config_release(&g.config);
}

static void token_files(void **state)
{
    (void)state;
    static const struct token_row rows[] = {
        {"abc\n", 0600, "abc"},      {"abc", 0400, "abc"},  {"abc\r\n", 0640, "abc"},
        {"abc\n", 0644, NULL},       {"abc\n", 0602, NULL}, {"", 0600, NULL},
        {"\n", 0600, NULL},          {"a b\n", 0600, NULL}, {"abc\nX-Evil: 1\n", 0600, NULL},
        {"caf\xc3\xa9", 0600, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_token(&rows[i]);
    struct given g;
    assert_false(GIVE(g, true, "--url=http://h", "--token-file=/nonexistent"));
    assert_memory_equal(g.error, "token_file: ", 12);
    config_release(&g.config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(defaults),
        cmocka_unit_test(last_one_wins),
        cmocka_unit_test(usage_errors),
        cmocka_unit_test(configuration_errors),
        cmocka_unit_test(formats_and_urls),
        cmocka_unit_test(short_options),
        cmocka_unit_test(token_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
