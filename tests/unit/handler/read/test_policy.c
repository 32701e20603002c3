/* policy: a policy file, and what is wrong with it. */
#include "handler/read/policy.h"
#include "tests/unit/unit.h"

/* ' means " in the texts of this file. */
static struct policy *parse(const char *text, char error[POLICY_ERROR_LEN])
{
    char copy[8192];
    snprintf(copy, sizeof copy, "%s", text);
    for (char *c = copy; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    error[0] = '\0';
    return policy_parse("p.json", copy, strlen(copy), error);
}

static struct policy *good(const char *text)
{
    char error[POLICY_ERROR_LEN];
    struct policy *p = parse(text, error);
    if (!p)
        fail_msg("%s", error);
    return p;
}

static void a_rule_is_read_with_all_its_members(void **state)
{
    (void)state;
    struct policy *p = good("{'rules':[{'name':'r','why':'w','fix':'f','severity':'high',"
                            "'hosts':'label:db -ip:10.0.0.0/8','os':['Debian*','Ubuntu*'],"
                            "'forbid':{'process':{'cmd':['a','*b*'],'user':'root','not_user':'x',"
                            "'older_than':'24h','min':2,'max':3}}}]}");
    const struct policy_rule *r = &p->rules[0];
    assert_int_equal(p->count, 1);
    assert_string_equal(r->name, "r");
    assert_string_equal(r->why, "w");
    assert_string_equal(r->fix, "f");
    assert_int_equal(r->severity, SEVERITY_HIGH);
    assert_int_equal(r->select->count, 2);
    assert_int_equal(r->os.count, 2);
    assert_int_equal(r->kind, POLICY_FORBID);
    assert_int_equal(r->subject, POLICY_PROCESS);
    assert_int_equal(r->cmd.count, 2);
    assert_string_equal(r->cmd.list[1], "*b*");
    assert_string_equal(r->user.list[0], "root");
    assert_string_equal(r->not_user.list[0], "x");
    assert_int_equal(r->older_ms, 24 * 3600 * 1000);
    assert_int_equal(r->min, 2);
    assert_int_equal(r->max, 3);
    policy_free(p);
}

#define RULE "'name':'r','why':'w','severity':'low',"

static void every_kind_and_subject_is_read(void **state)
{
    static const struct {
        const char *ask;
        enum policy_kind kind;
        enum policy_subject subject;
        int64_t number;
    } rows[] = {
        {"'forbid':{'process':{'cmd':'x'}}", POLICY_FORBID, POLICY_PROCESS, 0},
        {"'require':{'listening':{'port':22}}", POLICY_REQUIRE, POLICY_LISTENING, 0},
        {"'only':{'users':'ana'}", POLICY_ONLY, POLICY_USERS, 0},
        {"'only':{'ports':[22,'8000-8100']}", POLICY_ONLY, POLICY_PORTS, 0},
        {"'at_least':{'kernel':'6.1'}", POLICY_AT_LEAST, POLICY_KERNEL, 0},
        {"'at_most':{'os_version':'12'}", POLICY_AT_MOST, POLICY_OS_VERSION, 0},
        {"'at_least':{'agent':'0.1.0'}", POLICY_AT_LEAST, POLICY_AGENT, 0},
        {"'at_most':{'uptime':'2d'}", POLICY_AT_MOST, POLICY_UPTIME, 172800000},
        {"'at_least':{'memory':'2GiB'}", POLICY_AT_LEAST, POLICY_MEMORY, INT64_C(2) << 30},
        {"'at_least':{'memory':1024}", POLICY_AT_LEAST, POLICY_MEMORY, 1024},
        {"'at_most':{'process_count':500}", POLICY_AT_MOST, POLICY_PROCESS_COUNT, 500},
        {"'at_most':{'rss':'512 MiB'}", POLICY_AT_MOST, POLICY_RSS, 512 << 20},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        snprintf(text, sizeof text, "{'rules':[{" RULE "%s}]}", rows[i].ask);
        struct policy *p = good(text);
        assert_int_equal(p->rules[0].kind, rows[i].kind);
        assert_int_equal(p->rules[0].subject, rows[i].subject);
        assert_int_equal(p->rules[0].number, rows[i].number);
        policy_free(p);
    }
}

static void an_error_names_file_rule_member_and_what_is_right(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"", "p.json: line 1: not JSON: "},
        {"{\n'rules':[\n01]}", "p.json: line 3: not JSON: "},
        {"[]", "p.json: expected {\"rules\": [...]} and no other member"},
        {"{'rules':[],'x':1}", "p.json: expected {\"rules\": [...]} and no other member"},
        {"{'rules':[1]}", "p.json: rule 1: expected an object"},
        {"{'rules':[{}]}", "p.json: rule 1: name is missing: "},
        {"{'rules':[{'name':'a b'}]}", "p.json: rule 1: name: expected 1 to 64 of "},
        {"{'rules':[{'name':'r','name':'r'}]}", "p.json: rule 1 (r): name: given twice"},
        {"{'rules':[{'name':'r'}]}", "p.json: rule 1 (r): why is missing: "},
        {"{'rules':[{'name':'r','why':''}]}",
         "p.json: rule 1 (r): why: expected a text of 1 to 1024 bytes"},
        {"{'rules':[{'name':'r','why':'a\\nb'}]}",
         "p.json: rule 1 (r): why: expected a text of 1 to 1024 bytes"},
        {"{'rules':[{'name':'r','why':'a\\u0000b'}]}",
         "p.json: rule 1 (r): why: expected a text of 1 to 1024 bytes"},
        {"{'rules':[{'name':'r','why':'w'}]}", "p.json: rule 1 (r): severity is missing: "},
        {"{'rules':[{'name':'r','why':'w','severity':'bad'}]}",
         "p.json: rule 1 (r): severity: expected low, medium, high or critical"},
        {"{'rules':[{" RULE "'hosts':'nope:x'}]}",
         "p.json: rule 1 (r): hosts: unknown field; known are ip hostname "},
        {"{'rules':[{" RULE "'os':[]}]}", "p.json: rule 1 (r): os: expected a list of 1 to 1024"},
        {"{'rules':[{" RULE "'x':1}]}",
         "p.json: rule 1 (r): x: unknown member; known are name why fix severity hosts os forbid "
         "require only at_least at_most"},
        {"{'rules':[{'name':'r','why':'w','severity':'low'}]}",
         "p.json: rule 1 (r): expected one of forbid require only at_least at_most"},
        {"{'rules':[{" RULE "'only':{'users':'a'},'forbid':{}}]}",
         "p.json: rule 1 (r): forbid: a rule has only one of "},
        {"{'rules':[{" RULE "'forbid':{}}]}",
         "p.json: rule 1 (r): forbid: expected exactly one of process listening"},
        {"{'rules':[{" RULE "'forbid':{'process':{'cmd':'x'},'listening':{'port':1}}}]}",
         "p.json: rule 1 (r): forbid: expected exactly one of process listening"},
        {"{'rules':[{" RULE "'forbid':{'process':{'min':1}}}]}",
         "p.json: rule 1 (r): forbid.process: expected at least one of cmd user not_user "},
        {"{'rules':[{" RULE "'forbid':{'process':{'cmd':7}}}]}",
         "p.json: rule 1 (r): forbid.process.cmd: expected a text of 1 to 256 bytes"},
        {"{'rules':[{" RULE "'forbid':{'process':{'cmd':'x','comand':'y'}}}]}",
         "p.json: rule 1 (r): forbid.process.comand: unknown member; known are cmd user "},
        {"{'rules':[{" RULE "'require':{'process':{'cmd':'x','max':0}}}]}",
         "p.json: rule 1 (r): require.process: min (1 if it is not given) is greater than max"},
        {"{'rules':[{" RULE "'require':{'process':{'cmd':'x','min':-1}}}]}",
         "p.json: rule 1 (r): require.process.min: expected a whole number"},
        {"{'rules':[{" RULE "'require':{'process':{'cmd':'x','older_than':'old'}}}]}",
         "p.json: rule 1 (r): require.process.older_than: expected a duration"},
        {"{'rules':[{" RULE "'forbid':{'listening':{'port':'9-8'}}}]}",
         "p.json: rule 1 (r): forbid.listening.port: expected a whole number such as 22"},
        {"{'rules':[{" RULE "'forbid':{'listening':{'port':1.5}}}]}",
         "p.json: rule 1 (r): forbid.listening.port: expected a whole number such as 22"},
        {"{'rules':[{" RULE "'at_least':{'kernel':6.1}}]}",
         "p.json: rule 1 (r): at_least.kernel: expected a version in quotes"},
        {"{'rules':[{" RULE "'at_most':{'uptime':90}}]}",
         "p.json: rule 1 (r): at_most.uptime: expected a duration"},
        {"{'rules':[{" RULE "'at_most':{'rss':'5 parsec'}}]}",
         "p.json: rule 1 (r): at_most.rss: expected a number of bytes"},
        {"{'rules':[{" RULE "'only':{'users':'a'}},{'name':'r'}]}",
         "p.json: rule 2: name: another rule has this name"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char error[POLICY_ERROR_LEN];
        assert_null(parse(rows[i].text, error));
        if (strncmp(error, rows[i].error, strlen(rows[i].error)) != 0)
            fail_msg("%s\n     got: %s\nexpected: %s", rows[i].text, error, rows[i].error);
        assert_null(strchr(error, '\n'));
    }
}

static void more_than_256_rules_are_refused(void **state)
{
    static char text[64 * 1024];
    char error[POLICY_ERROR_LEN];
    size_t len = (size_t)snprintf(text, sizeof text, "{\"rules\":[");
    (void)state;
    for (int i = 0; i < 257; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "%s{\"name\":\"r%d\",\"why\":\"w\",\"severity\":\"low\","
                                "\"only\":{\"users\":\"a\"}}",
                                i > 0 ? "," : "", i);
    len += (size_t)snprintf(text + len, sizeof text - len, "]}");
    assert_null(policy_parse("p.json", text, len, error));
    assert_string_equal(error, "p.json: rule 257: expected at most 256 rules");
}

static void two_policies_have_different_hashes(void **state)
{
    struct policy *a = good("{'rules':[]}"), *b = good("{'rules': []}");
    (void)state;
    assert_true(a->hash != 0 && b->hash != 0 && a->hash != b->hash);
    policy_free(a);
    policy_free(b);
}

static void rewrite(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void a_file_that_changes_is_read_again_and_a_bad_one_leaves_the_last(void **state)
{
    char path[] = "/tmp/rollcall-policy-XXXXXX", error[POLICY_ERROR_LEN];
    struct policy_file file;
    (void)state;
    close(mkstemp(path));
    rewrite(path, "{\"rules\":[{\"name\":\"r\",\"why\":\"w\",\"severity\":\"low\","
                  "\"only\":{\"users\":\"a\"}}]}");
    assert_true(policy_file_open(&file, path, error));
    assert_int_equal(file.policy->count, 1);
    rewrite(path, "{");
    policy_file_refresh(&file);
    assert_int_equal(file.policy->count, 1);
    rewrite(path, "{\"rules\":[]}");
    policy_file_refresh(&file);
    assert_int_equal(file.policy->count, 0);
    unlink(path);
    policy_file_refresh(&file);
    assert_int_equal(file.policy->count, 0);
    policy_file_close(&file);
    assert_false(policy_file_open(&file, path, error));
    assert_non_null(strstr(error, "cannot be read"));
    policy_file_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_is_read_with_all_its_members),
        cmocka_unit_test(every_kind_and_subject_is_read),
        cmocka_unit_test(an_error_names_file_rule_member_and_what_is_right),
        cmocka_unit_test(more_than_256_rules_are_refused),
        cmocka_unit_test(two_policies_have_different_hashes),
        cmocka_unit_test(a_file_that_changes_is_read_again_and_a_bad_one_leaves_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
