#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/mask/mask.h"

#include <stdio.h>

/* Arguments are separated by '|' in `raw`; `shown` is NULL if nothing may change. */
struct row {
    const char *raw;
    const char *shown;
};

static char *mask_text(const char *raw, size_t len, bool cut)
{
    static char shown[8192];
    struct mask m;
    struct buf out;
    mask_init(&m);
    buf_init(&out, sizeof shown - 1);
    assert_true(mask_arguments(&m, raw, len, cut, &out));
    if (out.len)
        memcpy(shown, out.data, out.len);
    shown[out.len] = '\0';
    buf_release(&out);
    mask_release(&m);
    return shown;
}

static void check(const struct row *rows, size_t count)
{
    int wrong = 0;
    for (size_t i = 0; i < count; i++) {
        char raw[1024], plain[1024];
        size_t len = strlen(rows[i].raw);
        for (size_t k = 0; k <= len; k++) {
            raw[k] = rows[i].raw[k] == '|' ? '\0' : rows[i].raw[k];
            plain[k] = rows[i].raw[k] == '|' ? ' ' : rows[i].raw[k];
        }
        const char *want = rows[i].shown ? rows[i].shown : plain;
        const char *got = mask_text(raw, len, false);
        if (strcmp(got, want) != 0) {
            print_error("%s\n  want %s\n  got  %s\n", rows[i].raw, want, got);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

#define CHECK(rows) check(rows, sizeof rows / sizeof *rows)

static void options_with_secrets(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"app|--password=x", "app --password=***"},
        {"app|--password|x", "app --password ***"},
        {"app|--password|two words|--user|u", "app --password *** --user u"},
        {"app|--password=two words|-v", "app --password=*** -v"},
        {"app|--password=a&b=c,d;e", "app --password=***"},
        {"app|-password|x", "app -password ***"},
        {"app|--db-password=x|--db_password|y", "app --db-password=*** --db_password ***"},
        {"app|--passwd|x|--pwd=y|--pass=z", "app --passwd *** --pwd=*** --pass=***"},
        {"app|--api-key|k|--apikey=k|--api_key=k", "app --api-key *** --apikey=*** --api_key=***"},
        {"app|--secret=s|--client-secret|s", "app --secret=*** --client-secret ***"},
        {"app|--token=t|--access-token|t", "app --token=*** --access-token ***"},
        {"app|--passphrase=p", "app --passphrase=***"},
        {"app|--private-key=MIIEow", "app --private-key=***"},
        {"java|-Dspring.datasource.password=x|-jar|a.jar",
         "java -Dspring.datasource.password=*** -jar a.jar"},
        {"java|-Djavax.net.ssl.keyStorePassword=x", "java -Djavax.net.ssl.keyStorePassword=***"},
        {"keytool|-storepass|changeit", "keytool -storepass ***"},
        {"erl|-setcookie|SECRET|-name|a", "erl -setcookie *** -name a"},
        {"redis-server|--requirepass|x", "redis-server --requirepass ***"},
        {"openssl|rsa|-passin|pass:x", "openssl rsa -passin ***"},
        {"wget|--http-password=x|http://h/", "wget --http-password=*** http://h/"},
        {"docker|run|-e|MYSQL_ROOT_PASSWORD=x|mysql",
         "docker run -e MYSQL_ROOT_PASSWORD=*** mysql"},
        {"docker|run|--env=FOO_TOKEN=x|img", "docker run --env=FOO_TOKEN=*** img"},
    };
    CHECK(rows);
}

static void assignments_with_secrets(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"env|PGPASSWORD=x|psql", "env PGPASSWORD=*** psql"},
        {"env|FOO_TOKEN=x|BAR=y|run", "env FOO_TOKEN=*** BAR=y run"},
        {"env|MYSQL_PWD=x", "env MYSQL_PWD=***"},
        {"app|token=abc", "app token=***"},
        {"app|user=u;password=p;db=d", "app user=u;password=***;db=d"},
        {"mount|-o|username=u,password=p,vers=3", "mount -o username=u,password=***,vers=3"},
        {"app|host=h password=p dbname=d", "app host=h password=*** dbname=d"},
        {"app|host=h password='a b' dbname=d", "app host=h password='***' dbname=d"},
        {"curl|http://h/?token=abc&x=1", "curl http://h/?token=***&x=1"},
        {"curl|-d|user=u&password=p", "curl -d user=u&password=***"},
        {"az|DefaultEndpointsProtocol=https;AccountName=n;AccountKey=abc==;Suffix=s",
         "az DefaultEndpointsProtocol=https;AccountName=n;AccountKey=***;Suffix=s"},
        {"app|{\"user\":\"u\",\"password\":\"x\",\"n\":1}",
         "app {\"user\":\"u\",\"password\":\"***\",\"n\":1}"},
        {"app|{\"password\" : \"a b\\\"c\"}", "app {\"password\" : \"***\"}"},
        {"app|{\"apiKey\": 123, \"x\": 2}", "app {\"apiKey\": ***, \"x\": 2}"},
        {"app|{'token':'x'}", "app {'token':'***'}"},
        {"sh|-c|post '{\\\"token\\\":\\\"x\\\"}'", "sh -c post '{\\\"token\\\":\\\"***\\\"}'"},
        {"app|password: hunter2", "app password: ***"},
    };
    CHECK(rows);
}

static void headers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"curl|-H|Authorization: Bearer x", "curl -H Authorization: Bearer ***"},
        {"curl|-H|authorization: Basic dTpw", "curl -H authorization: Basic ***"},
        {"curl|-H|Authorization:x", "curl -H Authorization:***"},
        {"curl|-HAuthorization: Bearer x", "curl -HAuthorization: Bearer ***"},
        {"curl|--header=Proxy-Authorization: Basic x",
         "curl --header=Proxy-Authorization: Basic ***"},
        {"curl|-H|X-Api-Key: x", "curl -H X-Api-Key: ***"},
        {"curl|-H|X-Auth-Token:x", "curl -H X-Auth-Token:***"},
        {"curl|-H|Cookie: a=b; c=d", "curl -H Cookie: ***"},
        {"curl|-H|Accept: text/html", NULL},
        {"sh|-c|curl -H \"Authorization: Bearer x\" http://h",
         "sh -c curl -H \"Authorization: Bearer ***\" http://h"},
        {"curl -H Authorization: Bearer x http://h", "curl -H Authorization: Bearer *** http://h"},
        {"git|-c|http.extraHeader=Authorization: Basic x|fetch",
         "git -c http.extraHeader=Authorization: Basic *** fetch"},
    };
    CHECK(rows);
}

static void programs(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"mysql|-uroot|-psecret|db", "mysql -uroot -p*** db"},
        {"/usr/bin/mysqldump|-psecret", "/usr/bin/mysqldump -p***"},
        {"mariadb|-psecret", "mariadb -p***"},
        {"mysql|-p|db", NULL},
        {"mysql|-P|3306|--port=3306", NULL},
        {"sudo|mysql|-psecret", "sudo mysql -p***"},
        {"docker|exec|c|mysql|-psecret", "docker exec c mysql -p***"},
        {"sh|-c|mysql -psecret -u x", "sh -c mysql -p*** -u x"},
        {"mysql -psecret -u x", "mysql -p*** -u x"},
        {"sshpass|-p|x|ssh|-p|22|h", "sshpass -p *** ssh -p 22 h"},
        {"sshpass|-px|ssh|h", "sshpass -p*** ssh h"},
        {"curl|-u|user:pass|http://h", "curl -u user:*** http://h"},
        {"curl|-uuser:pass", "curl -uuser:***"},
        {"curl|-sSu|user:pass", "curl -sSu user:***"},
        {"curl|--user|user:pass", "curl --user user:***"},
        {"curl|-u|user", NULL},
        {"redis-cli|-a|x|ping", "redis-cli -a *** ping"},
        {"ldapsearch|-xLLLw|x", "ldapsearch -xLLLw ***"},
        {"smbclient|-U|user%pass", "smbclient -U user%***"},
        {"7z|a|-pSECRET|f.7z", "7z a -p*** f.7z"},
        {"docker|login|-u|u|-p|x|h", "docker login -u u -p *** h"},
        {"docker|run|-p|80:80|img", NULL},
        {"mongosh|-u|u|-p|x", "mongosh -u u -p ***"},
        {"xfreerdp|/u:me|/p:x", "xfreerdp /u:me /p:***"},
    };
    CHECK(rows);
}

static void urls_and_tokens(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"git|clone|https://user:password@host/x", "git clone https://user:***@host/x"},
        {"app|postgres://u:p@h:5432/d?sslmode=no", "app postgres://u:***@h:5432/d?sslmode=no"},
        {"app|redis://:p@h", "app redis://:***@h"},
        {"app|http://u:p@ss@h/", "app http://u:***@h/"},
        {"app|amqp://u:p/w@h/v", "app amqp://u:***@h/v"},
        {"app|--url=https://u:p@h/|x", "app --url=https://u:***@h/ x"},
        {"git|clone|https://0123456789abcdef0123@host/", "git clone https://***@host/"},
        {"git|clone|ssh://git@host/x", NULL},
        {"app|http://host:8080/a@b", NULL},
        {"app|http://[::1]:8080/", NULL},
        {"mysqlsh|user:pass@host", "mysqlsh user:***@host"},
        {"docker|pull|nginx:1.25@sha256:0123", NULL},
        {"x|mailto:me@example.com", NULL},
        {"rsync|user@host:/path", NULL},
        {"app|AKIAIOSFODNN7EXAMPLE", "app ***"},
        {"app|AWS_ACCESS_KEY_ID=ASIAIOSFODNN7EXAMPLE", "app AWS_ACCESS_KEY_ID=***"},
        {"app|AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
         "app AWS_SECRET_ACCESS_KEY=***"},
        {"app|s=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEK1Y", "app s=***"},
        {"app|--commit=da39a3ee5e6b4b0d3255bfef95601890afd80709", NULL},
        {"app|ghp_0123456789abcdef0123456789abcdef0123", "app ***"},
        {"app|eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK", "app ***"},
        {"app|the bearer of news", NULL},
    };
    CHECK(rows);
}

static void left_alone(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"app|--password-file=/x|--token-file|/y", NULL},
        {"ssh|-p|22|host", NULL},
        {"nc|-p8080", NULL},
        {"app|--keyboard|us|--key=/x", NULL},
        {"ps|-p|1", NULL},
        {"app|--private-key|/etc/x.pem|--credentials=./c.json", NULL},
        {"app|--bypass=1|--compass|n|--tokens=5|--author=me", NULL},
        {"env|PWD=/home/me|OLDPWD=/", NULL},
        {"app|--use-password=false|--password=|end", NULL},
        {"app|--password|--user|u", NULL},
        {"app|--token", NULL},
        {"vault|server|-v|secret:/run/secret", NULL},
        {"postgres: writer process", NULL},
        {"sshd: root@pts/0", NULL},
        {"a||b", NULL},
        {"", NULL},
        {"tail|-f|C:\\x|=|:|\"|'", NULL},
    };
    CHECK(rows);
}

/* A secret stays hidden if the end that would show that it is one was cut off. */
static void cut_text(void **state)
{
    (void)state;
    static const char url[] = "app\0https://user:longpass";
    static const char flag[] = "app\0--password=lon";
    assert_string_equal(mask_text(url, sizeof url - 1, true), "app https://user:***");
    assert_string_equal(mask_text(url, sizeof url - 1, false), "app https://user:longpass");
    assert_string_equal(mask_text(flag, sizeof flag - 1, true), "app --password=***");
}

/* Bytes that are not text remain; nothing is read beyond the end, as ASan would report. */
static void any_bytes(void **state)
{
    (void)state;
    static const char pieces[][8] = {"=",  ":",  "\"", "'",     "\\",  "://", "@",     "-p",
                                     " ",  "\0", "a",  "token", "eyJ", ".",   "AKIA0", "\xff",
                                     "\n", "-",  "&x", "pwd",   "/p:", "%",   "login", "mysql"};
    uint32_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        char raw[64];
        size_t len = 0;
        while (len < 48) {
            seed = seed * 1664525 + 1013904223;
            const char *piece = pieces[(seed >> 16) % (sizeof pieces / sizeof *pieces)];
            size_t n = *piece ? strlen(piece) : 1;
            memcpy(raw + len, piece, n);
            len += n;
            if ((seed >> 28) == 0)
                break;
        }
        char *exact = test_malloc(len); /* so that ASan sees a read beyond it */
        memcpy(exact, raw, len);
        mask_text(exact, len, seed & 1);
        test_free(exact);
    }
}

/* One process's command line must not cost more than all others: if one of these took quadratic
 * time, the test would not end. */
static void long_and_hostile(void **state)
{
    (void)state;
    static const char *const pieces[] = {"x=",
                                         "token=",
                                         "://a:b/",
                                         "://",
                                         "eyJ-",
                                         "AKIA-",
                                         "ghp_-",
                                         ",a",
                                         "\"",
                                         ":",
                                         " ",
                                         "@",
                                         "'token='",
                                         "a-=b\"c",
                                         "-p ",
                                         "bearer ",
                                         "a:b@",
                                         "&",
                                         "token=/",
                                         "\\",
                                         "\"\\\"'",
                                         "sh -c \"",
                                         "sh -c '",
                                         "$(",
                                         "auth=",
                                         "auth:",
                                         "PASSWORD '",
                                         "identified by ",
                                         "identified \"",
                                         "auth(\"",
                                         "set password \"a\" ",
                                         "{\"a\":",
                                         "-----BEGIN ",
                                         "-----END ",
                                         "a b\\ ",
                                         "jdbc:oracle:",
                                         "a:/b@",
                                         "://a:b c",
                                         "password ",
                                         "password_",
                                         "mysql -p ",
                                         "mysql;",
                                         "--a-",
                                         "a,",
                                         "<<<",
                                         "12345678:",
                                         "\\\"token\\\":",
                                         "token={",
                                         "cookie=",
                                         "=>",
                                         ":=",
                                         "a[password]="};
    enum { LEN = 256 << 10 };
    char *text = test_malloc(LEN);
    struct mask m;
    struct buf out;
    mask_init(&m);
    buf_init(&out, 4 * LEN);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        size_t n = strlen(pieces[i]);
        for (size_t at = 0; at < LEN; at++)
            text[at] = pieces[i][at % n];
        buf_reset(&out);
        assert_true(mask_arguments(&m, text, LEN, true, &out));
        text[LEN / 2] = '\0';
        buf_reset(&out);
        assert_true(mask_arguments(&m, text, LEN, false, &out));
    }
    buf_release(&out);
    mask_release(&m);
    test_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_with_secrets),
        cmocka_unit_test(assignments_with_secrets),
        cmocka_unit_test(headers),
        cmocka_unit_test(programs),
        cmocka_unit_test(urls_and_tokens),
        cmocka_unit_test(left_alone),
        cmocka_unit_test(cut_text),
        cmocka_unit_test(any_bytes),
        cmocka_unit_test(long_and_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
