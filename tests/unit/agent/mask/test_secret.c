/* Each row of secret.def, as a command line that is made from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/agent/mask/rows.h"

#define SECRET "Zq7-marker-Zq7"

static struct mask mask;
static size_t wrong;

/* Arguments are separated as in rows.h. Counts what is not as wanted. */
static void expect_shown(const char *text, bool shown)
{
    char raw[1024], got[2048];
    struct buf out;
    size_t len = strlen(text);
    for (size_t i = 0; i <= len; i++)
        raw[i] = row_separates(text, text + i) ? '\0' : text[i];
    buf_init(&out, sizeof got);
    assert_true(mask_arguments(&mask, raw, len, false, &out));
    memcpy(got, out.data, out.len);
    got[out.len] = '\0';
    buf_release(&out);
    if ((strstr(got, SECRET) != NULL) == shown)
        return;
    print_error("%s: %s\n", shown ? "hidden" : "shown", text);
    wrong++;
}

static void hidden(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void hidden(const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    expect_shown(text, false);
}

static void shown(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shown(const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    expect_shown(text, true);
}

static int begin(void **state)
{
    (void)state;
    mask_init(&mask);
    wrong = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    mask_release(&mask);
    return 0;
}

static void one_name(const char *name, enum secret_kind kind)
{
    const char *user = kind == SECRET_PAIR ? "u:" : kind == SECRET_COOKIE ? "s=" : "";
    hidden("prog|--%s|%s" SECRET, name, user);
    hidden("prog|--%s=%s" SECRET "|-v", name, user);
    hidden("prog|--db-%s|%s" SECRET, name, user);
    hidden("%s=%s" SECRET, name, user);
    hidden("prog|{\"%s\": \"%s" SECRET "\"}", name, user);
    hidden("sh|-c|run --%s '%sa b " SECRET "'", name, user);
    shown("prog|--%s-file|" SECRET, name);
}

static void every_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum secret_kind kind;
    } names[] = {
#define NAME(text, kind) {text, SECRET_##kind},
#define PART(text, kind) {text, SECRET_##kind},
#include "agent/mask/secret.def"
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        one_name(names[i].text, names[i].kind);
    assert_int_equal(wrong, 0);
}

static void names_around_a_name(void **state)
{
    (void)state;
#define SUFFIX(text)                                                                               \
    hidden("DB_PASSWORD_" text "=" SECRET), hidden("prog|--token-" text "|" SECRET);
#define ABOUT(text)    shown("prog|--password-" text "|" SECRET);
#define ASKING(text)   shown("prog|--" text "-password|" SECRET);
#define NOT_NAME(text) shown("prog|--" text "|" SECRET);
#include "agent/mask/secret.def"
    assert_int_equal(wrong, 0);
}

static void one_shape(const char *prefix, size_t max, const char *body)
{
    char token[256];
    size_t n = strlen(prefix), want = n + (max < 200 ? max : 200);
    memcpy(token, prefix, n + 1);
    while (n < want)
        n += (size_t)snprintf(token + n, sizeof token - n, "%s", body);
    token[want] = '\0';
    char text[1024], got[64] = "";
    struct buf out;
    snprintf(text, sizeof text, "prog x:%s end", token);
    buf_init(&out, sizeof got - 1);
    assert_true(mask_arguments(&mask, text, strlen(text), false, &out) || out.full);
    memcpy(got, out.data, out.len);
    buf_release(&out);
    if (strcmp(got, "prog x:*** end") != 0) {
        print_error("%s: %s\n", token, got);
        wrong++;
    }
}

static void every_shape(void **state)
{
    (void)state;
    enum { ALNUM, WORDS, DOTTED, BASE64, UPPER, UPDASH, HEXES, CRYPT };
    static const char *const bodies[] = {
        [ALNUM] = "aB3dE6", [WORDS] = "aB3dE6",  [DOTTED] = "aB3dE6", [BASE64] = "aB3dE6",
        [UPPER] = "AB3DE6", [UPDASH] = "AB3DE6", [HEXES] = "ab3de6",  [CRYPT] = "aB3dE6"};
#define SHAPE(prefix, chars, min, max) one_shape(prefix, min, bodies[chars]);
#include "agent/mask/secret.def"
#define SHAPE(prefix, chars, min, max) one_shape(prefix, max, bodies[chars]);
#include "agent/mask/secret.def"
#define HOOK(host, path)                                                                           \
    hidden("prog|https://" host path SECRET);                                                      \
    hidden("prog|--url=https://x." host "/a" path "1/" SECRET);
#include "agent/mask/secret.def"
    assert_int_equal(wrong, 0);
}

/* The names of a group, one after the other; NULL at the end. */
static const char *next_program(const char **names, char program[64])
{
    size_t n = strcspn(*names, " ");
    if (n == 0)
        return NULL;
    snprintf(program, 64, "%.*s", (int)(n - ((*names)[n - 1] == '*')), *names);
    *names += n + ((*names)[n] == ' ');
    return program;
}

/* What is in front of the secret in a value of which only the end is one. */
static const char *before(char after)
{
    switch (after) {
    case ':':
        return "user:";
    case '%':
        return "user%";
    case ',':
        return "user,";
    case '=':
        return "name=";
    case '/':
        return "scott/";
    default:
        return "";
    }
}

/* The words of a row's `sub` as arguments. */
static const char *sub_words(const char *sub, char words[64])
{
    if (sub[0] == '-' && sub[1] == '*')
        snprintf(words, 64, "-%c|", sub[2]);
    else
        snprintf(words, 64, *sub ? "%s|" : "%s", sub);
    return words;
}

static void one_flag(const struct secret_row *row, const char *program, const char *sub)
{
    const char *user = before(row->after);
    bool is_long = strlen(row->text) > 2;
    if (row->number & SEPARATE) {
        hidden("%s|%s%s|%s" SECRET, program, sub, row->text, user);
        hidden("/usr/bin/%s|%s%s|%sa b " SECRET, program, sub, row->text, user);
    }
    if (row->number & ATTACHED) {
        hidden("%s|%s%s%s" SECRET, program, sub, row->text, user);
        hidden("sudo|-u|ana|%s|%s%s%sa b " SECRET, program, sub, row->text, user);
    }
    if (is_long && (row->number & SEPARATE))
        hidden("%s|%s%s=%s" SECRET, program, sub, row->text, user);
}

static void one_row(const struct secret_row *row, const char *program)
{
    char words[64];
    const char *sub = sub_words(row->sub, words);
    unsigned n = row->number & 63U;
    static const char *const fill[] = {"", "one|", "one|two|", "one|two|three|",
                                       "one|two|three|four|"};
    switch ((enum secret_rule)row->rule) {
    case RULE_FLAG:
        one_flag(row, program, sub);
        return;
    case RULE_WORD:
        hidden("%s|%s%s%s" SECRET, program, sub, fill[n - 1], before(row->after));
        if (row->number & REST)
            hidden("%s|%s%sx|%s" SECRET, program, sub, fill[n - 1], before(row->after));
        return;
    case RULE_FIELD:
        hidden("%s|x|%s=%s" SECRET, program, row->text, before(row->after));
        return;
    case RULE_BARE:
        hidden("%s|%sdb_password|" SECRET, program, sub);
        return;
    case RULE_PLAIN:
        shown("%s|%s|" SECRET, program, row->text);
        if (row->number & ATTACHED)
            shown("%s|%s=" SECRET, program, row->text);
        return;
    case RULE_READS:
        hidden("sh|-c|echo " SECRET " | %s %.*s x", program, (int)strcspn(sub, "|"), sub);
        return;
    case RULE_RUNS:
        hidden("%s|%s%smysql|-p" SECRET, program, sub, fill[row->number == DASHES ? 0 : n]);
        return;
    }
}

static void every_row_of_every_program(void **state)
{
    (void)state;
    size_t row_count, group_count;
    const struct secret_row *rows = secret_rows(&row_count);
    const struct secret_group *groups = secret_groups(&group_count);
    for (size_t i = 0; i < row_count; i++) {
        char program[64] = "unknown";
        const char *names = groups[rows[i].group].names;
        if (*names == '\0')
            one_row(&rows[i], program);
        while (next_program(&names, program)) {
            if (rows[i].rule == RULE_RUNS && rows[i].number == DASHES)
                hidden("%s|%s|x|--|mysql|-p" SECRET, program, rows[i].sub);
            else
                one_row(&rows[i], program);
        }
    }
    assert_int_equal(wrong, 0);
}

/* Each program is found by its name, and no group has more rows than a command remembers. */
static void the_index_holds_all(void **state)
{
    (void)state;
    size_t row_count, group_count, programs = 0;
    const struct secret_row *rows = secret_rows(&row_count);
    const struct secret_group *groups = secret_groups(&group_count);
    for (size_t g = 0; g < group_count; g++) {
        char program[64];
        size_t n = 0;
        for (const char *names = groups[g].names; next_program(&names, program); programs++)
            assert_int_equal(secret_group(&mask.index, program, strlen(program)), g);
        const struct secret_row *row = secret_first(&mask.index, (unsigned)g);
        for (; row; row = secret_next(&mask.index, row), n++)
            assert_int_equal(row->group, g);
        for (size_t i = 0; i < row_count; i++)
            n -= rows[i].group == g;
        assert_int_equal(n, 0);
        n = 0;
        for (size_t i = 0; i < row_count; i++)
            n += rows[i].group == g;
        assert_true(n <= SECRET_GROUP_ROWS);
    }
    assert_int_equal(programs, mask.index.program_count);
    assert_true(programs < SECRET_PROGRAMS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_name, begin, end),
        cmocka_unit_test_setup_teardown(names_around_a_name, begin, end),
        cmocka_unit_test_setup_teardown(every_shape, begin, end),
        cmocka_unit_test_setup_teardown(every_row_of_every_program, begin, end),
        cmocka_unit_test_setup_teardown(the_index_holds_all, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
