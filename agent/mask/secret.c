#include "agent/mask/secret.h"

#include <string.h>
#include <strings.h>

enum {
    FLAT_MAX = 32, /* bytes at a name's end that are compared with the table */
    TOKEN_MIN = 20,
    JWT_MAX = 16 << 10,
    JWT_HEADER_MAX = 1024,
    SHORT_TOKEN = 64, /* a longer run of the same characters is not a token of this length */
    HOST_MAX = 256,
};

struct name_row {
    const char *text;
    uint8_t len;
    uint8_t kind;
    bool part; /* only a whole part of a name */
};

static const struct name_row names[] = {
#define NAME(text, kind) {text, sizeof(text) - 1, SECRET_##kind, false},
#define PART(text, kind) {text, sizeof(text) - 1, SECRET_##kind, true},
#define NOT_NAME(text)   {text, sizeof(text) - 1, SECRET_NOT, false},
#include "agent/mask/secret.def"
};

static const char *const suffixes[] = {
#define SUFFIX(text) text,
#include "agent/mask/secret.def"
};

static const char *const abouts[] = {
#define ABOUT(text) text,
#include "agent/mask/secret.def"
};

static const char *const askings[] = {
#define ASKING(text) text,
#include "agent/mask/secret.def"
};

enum chars { ALNUM, WORDS, DOTTED, BASE64, UPPER, UPDASH, HEXES, CRYPT };

static const struct {
    const char *prefix;
    uint8_t len;
    uint8_t chars;
    uint16_t min, max; /* of what follows the prefix */
} shapes[] = {
#define SHAPE(prefix, chars, min, max) {prefix, sizeof(prefix) - 1, chars, min, max},
#include "agent/mask/secret.def"
};

static const struct {
    const char *host, *path;
} hooks[] = {
#define HOOK(host, path) {host, path},
#include "agent/mask/secret.def"
};

enum group_id {
#define GROUP(id, names, letters) GROUP_##id,
#include "agent/mask/secret.def"
    GROUP_COUNT
};

static const struct secret_group groups[] = {
#define GROUP(id, names, letters) {names, letters},
#include "agent/mask/secret.def"
};

static const struct secret_row rows[] = {
#define FLAG(id, sub, flag, forms, after) {GROUP_##id, RULE_FLAG, forms, after, sub, flag},
#define WORD(id, sub, nth, after)         {GROUP_##id, RULE_WORD, nth, after, sub, ""},
#define FIELD(id, name, after)            {GROUP_##id, RULE_FIELD, 0, after, "", name},
#define BARE(id, sub)                     {GROUP_##id, RULE_BARE, 0, 0, sub, ""},
#define PLAIN(id, option)                 {GROUP_##id, RULE_PLAIN, BOTH, 0, "", option},
#define ASKS(id, option)                  {GROUP_##id, RULE_PLAIN, SEPARATE, 0, "", option},
#define READS(id, sub)                    {GROUP_##id, RULE_READS, 0, 0, sub, ""},
#define RUNS(id, sub, valued, skip)       {GROUP_##id, RULE_RUNS, skip, 0, sub, valued},
#include "agent/mask/secret.def"
};

#define COUNT(array) (sizeof(array) / sizeof *(array))
_Static_assert(COUNT(rows) <= SECRET_ROWS_MAX && (int)GROUP_COUNT <= SECRET_ROWS_MAX,
               "index too small");
_Static_assert(COUNT(names) <= SECRET_TEXTS_MAX, "index too small");
_Static_assert(COUNT(shapes) <= SECRET_TEXTS_MAX, "index too small");
_Static_assert(COUNT(suffixes) <= SECRET_TEXTS_MAX, "index too small");

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool is_break(char c)
{
    return c == '-' || c == '_' || c == '.';
}

static bool text_is(const char *s, size_t len, const char *word)
{
    return strlen(word) == len && strncasecmp(s, word, len) == 0;
}

static unsigned hash_two(char a, char b)
{
    return ((unsigned char)a * 31U + (unsigned char)b) & 255;
}

/* ---- the index */

static void add_programs(struct secret_index *ix, uint16_t group)
{
    for (const char *s = groups[group].names; *s;) {
        size_t len = strcspn(s, " ");
        bool prefix = s[len - 1] == '*';
        unsigned n = ix->program_count, h = hash_two(s[0], len > 1 ? s[1] : '\0');
        if (n == SECRET_PROGRAMS_MAX)
            return; /* a unit test asks for each of them */
        ix->programs[n].name = s;
        ix->programs[n].len = (uint8_t)(len - prefix);
        ix->programs[n].prefix = prefix;
        ix->programs[n].group = group;
        ix->programs[n].next = ix->program_head[h];
        ix->program_head[h] = ++ix->program_count;
        s += len + (s[len] == ' ');
    }
}

static void add_rows(struct secret_index *ix)
{
    for (size_t i = COUNT(rows); i > 0; i--) {
        uint16_t *head = &ix->first_row[rows[i - 1].group];
        ix->next_row[i - 1] = *head;
        *head = (uint16_t)i;
    }
}

static void add_names(struct secret_index *ix)
{
    for (size_t i = COUNT(names); i > 0; i--) {
        const struct name_row *e = &names[i - 1];
        uint16_t *head = &ix->name_head[hash_two(e->text[e->len - 2], e->text[e->len - 1])];
        ix->name_next[i - 1] = *head;
        *head = (uint16_t)i;
    }
}

void secret_index_init(struct secret_index *ix)
{
    memset(ix, 0, sizeof *ix);
    for (unsigned i = 0; i < GROUP_COUNT; i++)
        add_programs(ix, (uint16_t)i);
    add_rows(ix);
    add_names(ix);
    ix->shell = GROUP_shell;
    ix->su = GROUP_runuser;
    ix->httpie = GROUP_httpie;
    ix->echo = GROUP_echo;
    for (size_t i = COUNT(shapes); i > 0; i--) {
        uint16_t *head =
            &ix->shape_head[hash_two(shapes[i - 1].prefix[0], shapes[i - 1].prefix[1])];
        ix->shape_next[i - 1] = *head;
        *head = (uint16_t)i;
    }
    for (size_t i = COUNT(suffixes); i > 0; i--) {
        uint16_t *head = &ix->suffix_head[suffixes[i - 1][0] & 31];
        ix->suffix_next[i - 1] = *head;
        *head = (uint16_t)i;
    }
}

/* ---- names */

/* The last part of a name, as the author wrote it: "-pin", "_pin", "dbPin". */
static bool is_part(const char *name, size_t len, size_t n)
{
    return len == n || is_break(name[len - n - 1]) || !is_letter(name[len - n - 1]) ||
           (is_upper(name[len - n]) && !is_upper(name[len - n - 1]));
}

/* npm's "_auth" and "npm_config__auth" have user and password in base64. */
static bool is_npm_auth(const char *name, size_t len)
{
    return len >= 5 && strncasecmp(name + len - 5, "_auth", 5) == 0 &&
           (len == 5 || is_break(name[len - 6]));
}

/* The kind of a name by its end, without the digits of "password2". */
static enum secret_kind name_end(const struct secret_index *ix, const char *name, size_t len)
{
    char flat[FLAT_MAX];
    size_t n = 0, at;
    while (len && (is_digit(name[len - 1]) || is_break(name[len - 1])))
        len--;
    for (at = len; at > 0 && n < 2; at--)
        if (!is_break(name[at - 1]))
            flat[FLAT_MAX - ++n] = lower(name[at - 1]);
    if (n < 2)
        return SECRET_NOT;
    unsigned i = ix->name_head[hash_two(flat[FLAT_MAX - 2], flat[FLAT_MAX - 1])];
    if (i == 0)
        return SECRET_NOT;
    for (; at > 0 && n < FLAT_MAX; at--)
        if (!is_break(name[at - 1]))
            flat[FLAT_MAX - ++n] = lower(name[at - 1]);
    const struct name_row *best = NULL;
    for (; i; i = ix->name_next[i - 1]) {
        const struct name_row *e = &names[i - 1];
        if ((best && e->len < best->len) || n < e->len ||
            memcmp(flat + FLAT_MAX - e->len, e->text, e->len) != 0)
            continue;
        if (!e->part || is_part(name, len, e->len))
            best = e;
    }
    if (best && best->part && is_npm_auth(name, len))
        return SECRET_PASSWORD;
    return best ? (enum secret_kind)best->kind : SECRET_NOT;
}

static bool is_suffix(const struct secret_index *ix, const char *s, size_t len)
{
    unsigned i = len ? ix->suffix_head[s[0] & 31] : 0;
    while (i && !text_is(s, len, suffixes[i - 1]))
        i = ix->suffix_next[i - 1];
    return i != 0;
}

static bool is_about(const char *s, size_t len)
{
    for (size_t i = 0; i < COUNT(abouts); i++)
        if (text_is(s, len, abouts[i]))
            return true;
    return false;
}

/* How many bytes of "password" or the like begin at `s`. */
static size_t password_word(const char *s, size_t len)
{
    static const char *const words[] = {"password", "passwd", "passphrase"};
    for (size_t i = 0; i < COUNT(words); i++) {
        size_t n = strlen(words[i]);
        if (len >= n && strncasecmp(s, words[i], n) == 0)
            return n;
    }
    return 0;
}

/* "password_of_ana", but not "password-file": `last` is the last part of the name. */
static bool is_someones_password(const char *name, size_t len, const char *last)
{
    for (const char *s = name; len >= 8 && s + 8 <= name + len; s++) {
        if ((s[0] | 0x20) != 'p' || (s[1] | 0x20) != 'a')
            continue;
        size_t n = password_word(s, (size_t)(name + len - s));
        const char *next = s + n, *end = next + 1;
        if (n == 0 || next >= name + len || !is_break(*next))
            continue;
        while (end < name + len && !is_break(*end))
            end++;
        return !is_about(next + 1, (size_t)(end - next) - 1) &&
               !is_about(last, (size_t)(name + len - last));
    }
    return false;
}

enum secret_kind secret_name(const struct secret_index *ix, const char *name, size_t len)
{
    while (len && name[0] == '-') {
        name++;
        len--;
    }
    while (len && is_break(name[len - 1]))
        len--;
    enum secret_kind kind = name_end(ix, name, len);
    if (kind != SECRET_NOT || len < 6)
        return kind;
    const char *last = name + len;
    while (last > name && !is_break(last[-1]))
        last--;
    if (last == name)
        return SECRET_NOT;
    if (is_suffix(ix, last, (size_t)(name + len - last)))
        return name_end(ix, name, (size_t)(last - name) - 1);
    return is_someones_password(name, len, last) ? SECRET_PASSWORD : SECRET_NOT;
}

bool secret_asks(const char *name, size_t len)
{
    while (len && name[0] == '-') {
        name++;
        len--;
    }
    size_t n = 0;
    while (n < len && !is_break(name[n]))
        n++;
    for (size_t i = 0; n < len && i < COUNT(askings); i++)
        if (text_is(name, n, askings[i]))
            return true;
    return false;
}

/* ---- programs */

/* The length of a program's name without what tells its language. */
static size_t without_extension(const char *name, size_t len)
{
    static const char *const extensions[] = {".py",  ".sh",  ".pl",  ".rb",  ".js",
                                             ".exe", ".php", ".bat", ".phar"};
    const char *dot = memrchr(name, '.', len);
    if (!dot || dot == name)
        return len;
    for (size_t i = 0; i < COUNT(extensions); i++)
        if (text_is(dot, len - (size_t)(dot - name), extensions[i]))
            return (size_t)(dot - name);
    return len;
}

unsigned secret_group(const struct secret_index *ix, const char *program, size_t len)
{
    const char *slash = memrchr(program, '/', len);
    if (slash) {
        len -= (size_t)(slash + 1 - program);
        program = slash + 1;
    }
    if (len && program[0] == '-') { /* a login shell */
        program++;
        len--;
    }
    len = without_extension(program, len);
    if (len == 0)
        return 0;
    unsigned best = 0, best_len = 0;
    unsigned i = ix->program_head[hash_two(program[0], len > 1 ? program[1] : '\0')];
    for (; i; i = ix->programs[i - 1].next) {
        size_t n = ix->programs[i - 1].len;
        bool prefix = ix->programs[i - 1].prefix;
        if (n > len || (n < len && !prefix) || memcmp(ix->programs[i - 1].name, program, n) != 0)
            continue;
        if (!prefix)
            return ix->programs[i - 1].group;
        if (n > best_len) {
            best_len = (unsigned)n;
            best = ix->programs[i - 1].group;
        }
    }
    return best;
}

const struct secret_row *secret_first(const struct secret_index *ix, unsigned group)
{
    unsigned i = ix->first_row[group];
    return i ? &rows[i - 1] : NULL;
}

const struct secret_row *secret_next(const struct secret_index *ix, const struct secret_row *row)
{
    unsigned i = ix->next_row[row - rows];
    return i ? &rows[i - 1] : NULL;
}

/* "-sSu", "-sSuVALUE": options without a value before this one. */
static bool ends_cluster(const struct secret_row *row, const char *word, size_t len, size_t *at)
{
    const char *letters = groups[row->group].letters;
    size_t i = 1;
    if (!*letters || strlen(row->text) != 2 || word[0] != '-')
        return false;
    while (i < len && word[i] != '\0' && word[i] != row->text[1] && strchr(letters, word[i]))
        i++;
    if (i < 2 || i >= len || word[i] != row->text[1])
        return false;
    *at = i + 1;
    return i + 1 < len ? row->number & ATTACHED : row->number & SEPARATE;
}

bool secret_is_letter(unsigned group, const char *word, size_t len)
{
    return len == 2 && word[1] != '\0' && strchr(groups[group].letters, word[1]);
}

bool secret_flag(const struct secret_row *row, const char *word, size_t len, size_t *at)
{
    size_t n = strlen(row->text);
    *at = len;
    if (len >= n && memcmp(word, row->text, n) == 0) {
        if (len == n)
            return row->number & SEPARATE;
        *at = n + (n > 2 && word[n] == '=');
        return *at > n || ((row->number & ATTACHED) && row->rule == RULE_FLAG);
    }
    return ends_cluster(row, word, len, at);
}

static bool is_listed(const char *list, const char *word, size_t len)
{
    for (list += *list == '!'; *list;) {
        size_t n = strcspn(list, " ");
        if (n == len && memcmp(list, word, n) == 0)
            return true;
        list += n + (list[n] == ' ');
    }
    return false;
}

bool secret_takes_next(const struct secret_row *row, const char *word, size_t len)
{
    bool inverted = row->text[0] == '!';
    if (len < 2 || memchr(word, '=', len))
        return false;
    if (len > 2 && word[1] == '-')
        return is_listed(row->text, word, len) != inverted;
    for (size_t i = 1; i < len; i++) {
        const char letter[] = {word[0], word[i]};
        if (is_listed(row->text, letter, sizeof letter) != inverted)
            return i + 1 == len;
    }
    return false;
}

/* ---- tokens and webhooks */

static bool has_char(enum chars chars, char c)
{
    switch (chars) {
    case ALNUM:
        return is_letter(c) || is_digit(c);
    case WORDS:
        return is_letter(c) || is_digit(c) || c == '_' || c == '-';
    case DOTTED:
        return is_letter(c) || is_digit(c) || is_break(c);
    case BASE64:
        return is_letter(c) || is_digit(c) || (c && strchr("+/=_-", c));
    case UPPER:
        return is_upper(c) || is_digit(c);
    case UPDASH:
        return is_upper(c) || is_digit(c) || c == '-';
    case HEXES:
        return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
    case CRYPT:
        return is_letter(c) || is_digit(c) || (c && strchr("./$=,+-", c));
    }
    return false;
}

/* Digits, or letters of both cases: not the words of a name. */
static bool is_random(const char *s, size_t len)
{
    bool digit = false, small = false, capital = false;
    for (size_t i = 0; i < len; i++) {
        digit |= is_digit(s[i]);
        capital |= is_upper(s[i]);
        small |= s[i] >= 'a' && s[i] <= 'z';
    }
    return digit || (small && capital);
}

/* Header, payload and signature; the header is short. */
static size_t jwt_length(const char *s, size_t len)
{
    size_t n = 0, dots = 0;
    while (n < len && n < JWT_MAX && has_char(DOTTED, s[n])) {
        dots += s[n] == '.';
        if (dots == 0 && n > JWT_HEADER_MAX)
            return 0;
        n++;
    }
    return dots >= 2 && n >= TOKEN_MIN ? n : 0;
}

static size_t shape_length(size_t shape, const char *s, size_t len)
{
    enum chars chars = (enum chars)shapes[shape].chars;
    size_t prefix = shapes[shape].len, max = prefix + shapes[shape].max, n = prefix;
    if (len < prefix || memcmp(s, shapes[shape].prefix, prefix) != 0)
        return 0;
    while (n < len && n < max && has_char(chars, s[n]))
        n++;
    if (n < prefix + shapes[shape].min)
        return 0;
    if (n < len && n == max && shapes[shape].max <= SHORT_TOKEN && has_char(ALNUM, s[n]))
        return 0;
    bool capitals = chars == UPPER || chars == UPDASH;
    return capitals || is_random(s + prefix, n - prefix) ? n : 0;
}

size_t secret_token(const struct secret_index *ix, const char *s, size_t len)
{
    if (len < TOKEN_MIN)
        return 0;
    for (unsigned i = ix->shape_head[hash_two(s[0], s[1])]; i; i = ix->shape_next[i - 1]) {
        size_t n = shape_length(i - 1, s, len);
        if (n)
            return n;
    }
    return s[0] == 'e' && s[1] == 'y' && s[2] == 'J' ? jwt_length(s, len) : 0;
}

size_t secret_hook(const char *s, size_t len)
{
    size_t host = 0;
    while (host < len && host < HOST_MAX && s[host] != '/' && s[host] != '?')
        host++;
    size_t path_len = len - host < HOST_MAX ? len - host : HOST_MAX;
    for (size_t i = 0; i < COUNT(hooks) && path_len; i++) {
        size_t n = strlen(hooks[i].host), m = strlen(hooks[i].path);
        if (host < n || strncasecmp(s + host - n, hooks[i].host, n) != 0 ||
            (n && host > n && s[host - n - 1] != '.'))
            continue;
        const char *found = memmem(s + host, path_len, hooks[i].path, m);
        if (found)
            return (size_t)(found - s) + m;
    }
    return 0;
}

const struct secret_group *secret_groups(size_t *count)
{
    *count = COUNT(groups);
    return groups;
}

const struct secret_row *secret_rows(size_t *count)
{
    *count = COUNT(rows);
    return rows;
}
