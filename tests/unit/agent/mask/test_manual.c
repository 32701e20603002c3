/* The examples in rollcall-agent(1), section Secrets: the same in the manual and here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/agent/mask/rows.h"

#define MANUAL "agent/rollcall-agent.1"

static const char *const examples[] = {
    "app|--db-password=<<my secret>>|--api-key|<<x>>|-v",
    "env|DB_PASSWORD_PROD=<<x>>|app",
    "curl|-H|PRIVATE-TOKEN:<<x>>|-H|Cookie:<<s=x>>|http://host",
    "app|password:\"<<foo bar>>\"",
    "mysql|-p<<very naked password>>|db",
    "curl|-sSu|user:<<x>>|http://host",
    "sqlplus|scott/<<tiger>>@db",
    "aws|configure|set|aws_secret_access_key|<<x>>",
    "rabbitmqctl|add_user|ana|<<x>>",
    "psql|postgres://ana:<<my pw>>@host/db",
    "curl|https://hooks.slack.com/services/<<T0/B0/x>>",
    "mysql|-e|CREATE USER ana IDENTIFIED BY '<<x>>'",
    "docker|run|--name|mysql|-p3306:3306|mysql:8",
    "sh|-c|sudo mysql -p'<<my pass>>' db",
    "app|--token|/run/secrets/token|--password-file|/etc/pw",
    "openvpn|--auth-user-pass|/etc/openvpn/auth",
};

static void the_examples_hold(void **state)
{
    (void)state;
    ROWS_HOLD(examples);
}

/* Each example line of the section is one of those above, and there are as many. */
static void the_manual_has_these_examples(void **state)
{
    (void)state;
    enum { COUNT = sizeof examples / sizeof *examples };
    char line[512];
    size_t found = 0;
    bool section = false;
    FILE *file = fopen(MANUAL, "r");
    if (!file)
        fail_msg("cannot open %s", MANUAL);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, ".Ss ", 4) == 0)
            section = strcmp(line, ".Ss Secrets") == 0;
        if (!section || strncmp(line, ".Dl ", 4) != 0)
            continue;
        struct mask_row row;
        size_t i = 0;
        for (; i < COUNT; i++) {
            row_read(examples[i], &row);
            if (strcmp(row.want, line + 4) == 0)
                break;
        }
        if (i == COUNT)
            fail_msg("no test of this example: %s", line + 4);
        found++;
    }
    fclose(file);
    assert_int_equal(found, COUNT);
}

/* The names, and the programs that run others, which the text of the section lists. */
static void what_the_text_lists(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "app|--passphrase|<<x>>|--pin|<<1234>>|--otp|<<123456>>|--private-key|<<x>>",
        "app|--secret=<<x>>|--token=<<x>>|--x-cookie=a=<<x>>",
        "app|password_old=<<x>>|password2=<<x>>",
        "app|password: <<x>>",
        "app|<c><password><<x>></password></c>",
        "app|user:<<password>>@host.example.com",
        "app|jdbc:oracle:thin:scott/<<tiger>>@host:1521:db",
        "app|https://<<0123456789abcdef0123>>@host/",
        "app|https://discord.com/api/webhooks/<<1/x>>|https://api.telegram.org/bot<<1:x/getMe>>",
        "app|<<AKIAIOSFODNN7EXAMPLE>>|<<eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK>>",
        "app|<<$6$rounds=5000$abcdefgh$"
        "0123456789012345678901234567890123456789012345678901234567890123"
        "456789012345678901>>",
        "app|<<-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY----->>",
        "sudo|-u|ana|env|A=b|nohup|timeout|5|mysql|-p<<x>>",
        "ssh|host|docker|exec|c|mysql|-p<<x>>",
        "python3|/usr/bin/http|-a|u:<<x>>|h",
        "app|mysql|-px|curl|-u|u:p",
        "app|a-bare-secret",
    };
    ROWS_HOLD(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_hold),
        cmocka_unit_test(the_manual_has_these_examples),
        cmocka_unit_test(what_the_text_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
