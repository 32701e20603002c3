#include "handler/http/tokens.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/io.h"
#include "handler/shared/log.h"
#include "handler/shared/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOKENS_FILE_MAX = 64 << 20, SETTLE_MS = 100, SETTLE_COARSE_MS = 2000 };

#define BLANKS " \t\r"

void tokens_init(struct tokens *t, const char *path)
{
    *t = (struct tokens){.path = path};
}

static void tokens_clear(struct tokens *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->list[i].prefixes);
    free(t->list);
    t->list = NULL;
    t->count = 0;
}

void tokens_release(struct tokens *t)
{
    tokens_clear(t);
}

const char *tokens_scope_name(enum scope scope)
{
    return scope == SCOPE_INGEST ? "ingest" : scope == SCOPE_READ ? "read" : "metrics";
}

static bool parse_scopes(char *words, unsigned *scopes)
{
    *scopes = 0;
    char *rest = NULL;
    for (char *w = strtok_r(words, ",", &rest); w; w = strtok_r(NULL, ",", &rest)) {
        if (strcmp(w, "ingest") == 0)
            *scopes |= SCOPE_INGEST;
        else if (strcmp(w, "read") == 0)
            *scopes |= SCOPE_READ;
        else if (strcmp(w, "metrics") == 0)
            *scopes |= SCOPE_METRICS;
        else
            return false;
    }
    return *scopes != 0;
}

static bool parse_prefixes(char *words, struct token *token)
{
    size_t most = 1;
    for (const char *p = words; *p; p++)
        most += *p == ',';
    token->prefixes = calloc(most, sizeof *token->prefixes);
    if (!token->prefixes)
        return false;
    char *rest = NULL;
    for (char *w = strtok_r(words, ",", &rest); w; w = strtok_r(NULL, ",", &rest))
        if (!ip_prefix_parse(w, &token->prefixes[token->prefix_count++]))
            return false;
    return token->prefix_count > 0;
}

/* NULL if the line is a token, else what is wrong with it; then there is nothing to free. */
static const char *parse_line(char *line, struct token *token)
{
    char *rest = NULL;
    char *hash = strtok_r(line, BLANKS, &rest);
    char *scopes = strtok_r(NULL, BLANKS, &rest);
    char *addresses = strtok_r(NULL, BLANKS, &rest);
    *token = (struct token){.open = strcmp(hash, "-") == 0};
    if (strtok_r(NULL, BLANKS, &rest))
        return "expected at most three columns; write # before a label";
    if (!token->open && (strlen(hash) != DIGEST_HEX_LEN || !digest_from_hex(hash, token->hash)))
        return "expected 64 hexadecimal digits, or -, as the hash";
    if (!scopes || !parse_scopes(scopes, &token->scopes))
        return "expected the scopes ingest, read or metrics, with commas between";
    if (token->open && !addresses)
        return "expected addresses on a line with -";
    if (addresses && !parse_prefixes(addresses, token)) {
        free(token->prefixes);
        return "expected addresses such as 10.0.0.0/8 or 2001:db8::/32, with commas between";
    }
    return NULL;
}

/* Appends to the list; false if memory runs out. */
static bool tokens_add(struct tokens *t, size_t *room, const struct token *token)
{
    struct token *list = vec_grow(t->list, t->count, room, sizeof *list);
    if (!list)
        return false;
    t->list = list;
    t->list[t->count++] = *token;
    return true;
}

/* `text` of `len` bytes ends with NUL; a NUL inside becomes a character that no valid line has. */
static bool parse_file(struct tokens *t, char *text, size_t len)
{
    for (char *p = text; (p = memchr(p, '\0', (size_t)(text + len - p)));)
        *p = '?';
    size_t room = 0;
    unsigned number = 0;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        number++;
        char *label = strchr(line, '#');
        if (label)
            *label = '\0';
        if (line[strspn(line, BLANKS)] == '\0')
            continue;
        struct token token;
        const char *wrong = parse_line(line, &token);
        if (wrong) {
            log_event(LOG_WARN, "tokens_line_skipped", "line=%u reason=%s", number, wrong);
        } else if (!tokens_add(t, &room, &token)) {
            free(token.prefixes);
            return false;
        }
    }
    return true;
}

static bool read_file(struct tokens *t)
{
    int fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return false;
    struct buf text;
    buf_init(&text, TOKENS_FILE_MAX);
    /* Take the state before the bytes: a change in between is then seen next time. */
    bool ok = fstat(fd, &t->loaded) == 0 && S_ISREG(t->loaded.st_mode) && io_read_file(fd, &text) &&
              buf_str(&text) && parse_file(t, text.data, text.len);
    int saved = errno;
    buf_release(&text);
    close(fd);
    errno = saved;
    return ok;
}

/* A file that has just changed may change again within one tick of its time stamps: trust them
 * only when they are older than that. A stamp of whole seconds may come from a file system that has
 * no finer ones. */
static bool settled(const struct stat *st)
{
    int64_t ms = (int64_t)st->st_ctim.tv_sec * 1000 + st->st_ctim.tv_nsec / 1000000;
    return clock_now() - ms > (st->st_ctim.tv_nsec ? SETTLE_MS : SETTLE_COARSE_MS);
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool unchanged(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           same_time(a->st_mtim, b->st_mtim) && same_time(a->st_ctim, b->st_ctim);
}

bool tokens_refresh(struct tokens *t)
{
    struct stat now;
    bool there = stat(t->path, &now) == 0;
    if (there && t->present && t->settled && unchanged(&now, &t->loaded))
        return true;
    tokens_clear(t);
    bool was = t->present;
    t->present = there && read_file(t);
    t->settled = t->present && settled(&t->loaded);
    if (t->present)
        log_event(was && t->settled ? LOG_INFO : LOG_DEBUG, "tokens_read", "count=%zu", t->count);
    else if (!t->complained)
        log_event(LOG_ERROR, "tokens_unreadable", "error=%s", strerror(errno));
    t->complained = !t->present;
    if (!t->present)
        tokens_clear(t);
    return t->present;
}
