#include "agent/mask/secret.h"

#include <string.h>
#include <strings.h>

enum {
    NAME_MAX_LEN = 128,
    TOKEN_MIN = 20,
    AWS_ID_LEN = 20,
    TOKEN_MAX = 16 << 10,
    JWT_HEADER_MAX = 1024
};

/* What names end with: the last letter is looked at first, for most names have another. */
struct ending {
    const char *text;
    size_t len;
    enum secret_kind kind;
};
#define ENDING(text, kind)                                                                         \
    {                                                                                              \
        (text), sizeof(text) - 1, (kind)                                                           \
    }

/* Endings of names in lower case without '-', '_' and '.', which authors set as they like. */
static const struct ending endings[] = {
    ENDING("password", SECRET_VALUE),
    ENDING("passwd", SECRET_VALUE),
    ENDING("passwort", SECRET_VALUE),
    ENDING("passphrase", SECRET_VALUE),
    ENDING("passin", SECRET_VALUE),
    ENDING("passout", SECRET_VALUE),
    ENDING("secret", SECRET_VALUE),
    ENDING("token", SECRET_VALUE),
    ENDING("apikey", SECRET_VALUE),
    ENDING("bearer", SECRET_VALUE),
    ENDING("authorization", SECRET_VALUE),
    ENDING("cookie", SECRET_VALUE),
    ENDING("signature", SECRET_VALUE),
    ENDING("accesskey", SECRET_VALUE),
    ENDING("accountkey", SECRET_VALUE),
    ENDING("secretkey", SECRET_KEY),
    ENDING("privatekey", SECRET_KEY),
    ENDING("encryptionkey", SECRET_KEY),
    ENDING("signingkey", SECRET_KEY),
    ENDING("sharedkey", SECRET_KEY),
    ENDING("authkey", SECRET_KEY),
    ENDING("licensekey", SECRET_KEY),
    ENDING("credential", SECRET_KEY),
    ENDING("credentials", SECRET_KEY),
    ENDING("jwt", SECRET_KEY),
};

/* Words that are too short to be looked for in any ending: they stand alone, or behind a '_'. */
static const struct ending words[] = {
    ENDING("pass", SECRET_VALUE), ENDING("pwd", SECRET_KEY),     ENDING("pw", SECRET_VALUE),
    ENDING("sig", SECRET_VALUE),  ENDING("_auth", SECRET_VALUE), ENDING("psk", SECRET_KEY),
};

/* DBPASS and userpass, but neither bypass nor compass. */
static bool joined_pass(const char *flat, size_t len)
{
    static const char *const before[] = {"db", "user", "store", "key",  "root",    "admin",
                                         "my", "smtp", "ldap",  "bind", "require", "http"};
    if (len < 5 || memcmp(flat + len - 4, "pass", 4) != 0)
        return false;
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        size_t n = strlen(before[i]);
        if (len - 4 >= n && memcmp(flat + len - 4 - n, before[i], n) == 0)
            return true;
    }
    return false;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_break(char c)
{
    return c == '-' || c == '_' || c == '.';
}

static bool ends_with_word(const char *name, size_t len, const struct ending *e)
{
    const char *word = e->text;
    size_t n = e->len;
    if (len < n || lower(name[len - 1]) != word[n - 1] || strncasecmp(name + len - n, word, n) != 0)
        return false;
    if (len == n || is_break(word[0]) || is_break(name[len - n - 1]))
        return true;
    /* camelCase: dbPass */
    return name[len - n] >= 'A' && name[len - n] <= 'Z' && name[len - n - 1] >= 'a';
}

/* Most names end with a letter that none of the above ends with. */
static bool may_end(const char *name, size_t len)
{
    while (len && is_break(name[len - 1]))
        len--;
    return len && memchr("dtenyrlswghk", lower(name[len - 1]), 12); /* all their last letters */
}

enum secret_kind secret_name(const char *name, size_t len)
{
    char flat[NAME_MAX_LEN] = "";
    size_t n = 0;
    if (len > sizeof flat) { /* the end is what counts */
        name += len - sizeof flat;
        len = sizeof flat;
    }
    if (!may_end(name, len))
        return SECRET_NOT;
    for (size_t i = 0; i < len; i++)
        if (!is_break(name[i]))
            flat[n++] = lower(name[i]);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const struct ending *e = &endings[i];
        if (n >= e->len && flat[n - 1] == e->text[e->len - 1] &&
            memcmp(flat + n - e->len, e->text, e->len) == 0)
            return e->kind;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (ends_with_word(name, len, &words[i]))
            return words[i].kind;
    return joined_pass(flat, n) ? SECRET_VALUE : SECRET_NOT;
}

/* Programs that take a secret with a short option, by what they take. */
#define MYSQL      (1U << 0)
#define SSHPASS    (1U << 1)
#define CURL       (1U << 2)
#define HTTPIE     (1U << 3)
#define LOAD       (1U << 4) /* generators of load, and a browser */
#define LFTP       (1U << 5)
#define SMB        (1U << 6)
#define REDIS      (1U << 7)
#define LDAP       (1U << 8)
#define LDAPPASSWD (1U << 9)
#define SEVENZIP   (1U << 10)
#define RAR        (1U << 11)
#define UNRAR      (1U << 12)
#define ZIP        (1U << 13)
#define MONGO      (1U << 14)
#define SQL        (1U << 15)
#define CLICKHOUSE (1U << 16)
#define SNMP       (1U << 17)
#define IPMI       (1U << 18)
#define OPENSSL    (1U << 19)
#define ACCOUNT    (1U << 20)
#define REGISTRY   (1U << 21)
#define FREERDP    (1U << 22)
#define RDESKTOP   (1U << 23)
#define NO_FLAG    (1U << 24)

/*
 * A trailing '*' stands for any ending. Those without a flag are listed because they end the search
 * where one program starts another: `sshpass -p secret ssh -p 22 host`.
 */
static const struct {
    char name[20]; /* in place: every word is held against all of them */
    uint32_t kinds;
} programs[] = {
    {"mysql*", MYSQL},
    {"mariadb*", MYSQL},
    {"mycli", MYSQL},
    {"mytop", MYSQL},
    {"sshpass", SSHPASS},
    {"curl", CURL},
    {"http", HTTPIE},
    {"https", HTTPIE},
    {"xh", HTTPIE},
    {"ab", LOAD},
    {"siege", LOAD},
    {"wrk", LOAD},
    {"lynx", LOAD},
    {"lftp", LFTP},
    {"smbclient", SMB},
    {"rpcclient", SMB},
    {"smbget", SMB},
    {"smbmap", SMB},
    {"net", SMB},
    {"redis-cli", REDIS},
    {"valkey-cli", REDIS},
    {"keydb-cli", REDIS},
    {"ldappasswd", LDAP | LDAPPASSWD},
    {"ldap*", LDAP},
    {"7z", SEVENZIP},
    {"7za", SEVENZIP},
    {"7zr", SEVENZIP},
    {"7zz", SEVENZIP},
    {"rar", RAR | UNRAR},
    {"unrar", UNRAR},
    {"zip", ZIP},
    {"unzip", ZIP},
    {"mongo*", MONGO},
    {"sqlcmd", SQL},
    {"bcp", SQL},
    {"osql", SQL},
    {"isql", SQL},
    {"tsql", SQL},
    {"clickhouse-client", CLICKHOUSE},
    {"snmp*", SNMP},
    {"ipmitool", IPMI},
    {"openssl", OPENSSL},
    {"useradd", ACCOUNT},
    {"usermod", ACCOUNT},
    {"groupadd", ACCOUNT},
    {"groupmod", ACCOUNT},
    {"docker", REGISTRY},
    {"podman", REGISTRY},
    {"nerdctl", REGISTRY},
    {"buildah", REGISTRY},
    {"skopeo", REGISTRY},
    {"helm", REGISTRY},
    {"az", REGISTRY},
    {"oc", REGISTRY},
    {"crane", REGISTRY},
    {"oras", REGISTRY},
    {"cf", REGISTRY},
    {"xfreerdp*", FREERDP},
    {"wlfreerdp*", FREERDP},
    {"rdesktop", FREERDP | RDESKTOP},
    {"ssh", NO_FLAG},
    {"scp", NO_FLAG},
    {"sftp", NO_FLAG},
    {"rsync", NO_FLAG},
    {"ps", NO_FLAG},
    {"psql", NO_FLAG},
    {"sudo", NO_FLAG},
    {"su", NO_FLAG},
    {"sh", NO_FLAG},
    {"bash", NO_FLAG},
    {"dash", NO_FLAG},
};

static const struct secret_flag flags[] = {
    {MYSQL, "-p", .attached = true},
    {SSHPASS, "-p", .attached = true, .separate = true},
    {CURL, "-u", .attached = true, .separate = true, .after = ':'},
    {CURL, "--user", .separate = true, .after = ':'},
    {CURL, "-U", .attached = true, .separate = true, .after = ':'},
    {CURL, "--proxy-user", .separate = true, .after = ':'},
    {CURL, "-E", .attached = true, .separate = true, .after = ':'},
    {CURL, "--cert", .separate = true, .after = ':'},
    {CURL, "-b", .attached = true, .separate = true, .after = '='},
    {HTTPIE, "-a", .separate = true, .after = ':'},
    {HTTPIE, "--auth", .separate = true, .after = ':'},
    {LOAD, "-A", .separate = true, .after = ':'},
    {LFTP, "-u", .separate = true, .after = ','},
    {SMB, "-U", .attached = true, .separate = true, .after = '%'},
    {REDIS, "-a", .separate = true},
    {LDAP, "-w", .attached = true, .separate = true},
    {LDAPPASSWD, "-s", .separate = true},
    {LDAPPASSWD, "-a", .separate = true},
    {SEVENZIP, "-p", .attached = true},
    {UNRAR, "-p", .attached = true},
    {RAR, "-hp", .attached = true},
    {ZIP, "-P", .attached = true, .separate = true},
    {MONGO, "-p", .attached = true, .separate = true},
    {SQL, "-P", .attached = true, .separate = true},
    {CLICKHOUSE, "-p", .attached = true, .separate = true},
    {SNMP, "-A", .separate = true},
    {SNMP, "-X", .separate = true},
    {SNMP, "-c", .separate = true},
    {IPMI, "-P", .separate = true},
    {OPENSSL, "-k", .separate = true},
    {OPENSSL, "-K", .separate = true},
    {ACCOUNT, "-p", .separate = true},
    {REGISTRY, "-p", .attached = true, .separate = true, .login = true},
    {FREERDP, "/p:", .attached = true},
    {RDESKTOP, "-p", .attached = true, .separate = true},
};

/* What is known of the program; 0: nothing. */
static uint32_t kinds_of(const char *name, size_t len)
{
    if (len == 0)
        return 0;
    const char first = name[0];
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        const char *known = programs[i].name;
        if (known[0] != first)
            continue;
        size_t n = 1;
        while (n < len && known[n] == name[n])
            n++;
        if (known[n] == '*' || (n == len && known[n] == '\0'))
            return programs[i].kinds;
    }
    return 0;
}

static size_t base_name(const char **path, size_t len)
{
    const char *slash = memrchr(*path, '/', len);
    if (!slash)
        return len;
    len -= (size_t)(slash + 1 - *path);
    *path = slash + 1;
    return len;
}

uint32_t secret_program(const char *program, size_t len)
{
    len = base_name(&program, len);
    return kinds_of(program, len);
}

/* "-sSu": letters behind one dash, the last being that of "-u". */
static bool ends_cluster(const char *flag, const char *word, size_t len)
{
    if (strlen(flag) != 2 || len < 3 || len > 6 || word[0] != '-' || word[len - 1] != flag[1])
        return false;
    for (size_t i = 1; i < len; i++)
        if (lower(word[i]) < 'a' || lower(word[i]) > 'z')
            return false;
    return true;
}

static bool match_flag(const struct secret_flag *f, const char *word, size_t len, size_t *at)
{
    size_t n = strlen(f->flag);
    *at = len;
    if (f->separate && len == n && memcmp(word, f->flag, n) == 0)
        return true;
    if (f->attached && len > n && memcmp(word, f->flag, n) == 0) {
        *at = n;
        return true;
    }
    return f->separate && ends_cluster(f->flag, word, len);
}

const struct secret_flag *secret_flag(uint32_t kinds, const char *word, size_t len, bool login,
                                      size_t *at)
{
    if (len < 2 || (word[0] != '-' && word[0] != '/'))
        return NULL;
    for (size_t i = 0; kinds && i < sizeof flags / sizeof *flags; i++) {
        const struct secret_flag *f = &flags[i];
        if ((f->programs & kinds) && (login || !f->login) && match_flag(f, word, len, at))
            return f;
    }
    return NULL;
}

static bool is_token_char(char c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
}

/* What follows AKIA or ASIA: an access key id is exactly 20 capitals and digits. */
static bool is_aws_id(const char *s, size_t len)
{
    if (len != AWS_ID_LEN)
        return false;
    for (size_t i = 4; i < len; i++)
        if (!((s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= '0' && s[i] <= '9')))
            return false;
    return true;
}

/* Header, payload and signature; the header is short. */
static bool is_jwt(const char *s, size_t len)
{
    const char *first = memchr(s, '.', len < JWT_HEADER_MAX ? len : JWT_HEADER_MAX);
    return first && memchr(first + 1, '.', len - (size_t)(first + 1 - s));
}

/* The first letters of all prefixes below: asked at every word, so without a call. */
static bool starts_token(char c)
{
    switch (c) {
    case 'A':
    case 'd':
    case 'e':
    case 'g':
    case 'h':
    case 'n':
    case 'r':
    case 's':
    case 'x':
        return true;
    default:
        return false;
    }
}

size_t secret_token(const char *s, size_t len)
{
    static const char *const prefixes[] = {
        "AKIA",  "ASIA",        "eyJ",      "ghp_",  "gho_",  "ghu_",   "ghs_",
        "ghr_",  "github_pat_", "glpat-",   "xoxb-", "xoxp-", "xoxa-",  "xoxr-",
        "xoxs-", "sk_live_",    "rk_live_", "hvs.",  "npm_",  "dop_v1_"};
    size_t i = 0, n = 0, count = sizeof prefixes / sizeof *prefixes;
    if (len < TOKEN_MIN || !starts_token(s[0]))
        return 0;
    while (i < count &&
           (prefixes[i][0] != s[0] || strncmp(s, prefixes[i], strlen(prefixes[i])) != 0))
        i++;
    if (i == count)
        return 0;
    size_t max = s[0] == 'A' ? AWS_ID_LEN + 1 : TOKEN_MAX;
    if (s[0] == 'e' && !memchr(s, '.', len < JWT_HEADER_MAX ? len : JWT_HEADER_MAX))
        return 0;
    while (n < len && n < max && is_token_char(s[n]))
        n++;
    if (s[0] == 'A')
        return is_aws_id(s, n) ? n : 0;
    if (s[0] == 'e' && !is_jwt(s, n))
        return 0;
    return n >= TOKEN_MIN ? n : 0;
}
