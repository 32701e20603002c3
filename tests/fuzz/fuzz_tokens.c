/*
 * The tokens file. Whatever stands in it, each token that is kept has a scope, an open one has
 * addresses, and no prefix has bits beyond its length.
 */
#include "tests/fuzz/fuzz.h"

#include "handler/http/tokens.h"
#include "handler/shared/log.h"

#include <sys/mman.h>
#include <unistd.h>

static void check_prefix(const struct ip_prefix *p)
{
    CHECK(p->bits <= (p->v6 ? 128U : 32U));
    for (unsigned i = p->bits; i < 128; i++)
        CHECK((p->bytes[i / 8] >> (7 - i % 8) & 1) == 0);
}

static void check_token(const struct token *t)
{
    CHECK(t->scopes && !(t->scopes & ~(unsigned)(SCOPE_INGEST | SCOPE_READ)));
    CHECK(!t->open || t->prefix_count > 0);
    CHECK((t->prefix_count > 0) == (t->prefixes != NULL));
    for (size_t i = 0; i < t->prefix_count; i++)
        check_prefix(&t->prefixes[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int file = -1;
    static char path[64];
    if (file < 0) {
        log_set_level(LOG_ERROR); /* each bad line is a warning */
        file = memfd_create("tokens", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    CHECK(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
    struct tokens tokens;
    tokens_init(&tokens, path);
    for (int twice = 0; twice < 2; twice++) {
        size_t lines = 1;
        CHECK(tokens_refresh(&tokens) && tokens.present);
        for (size_t i = 0; i < size; i++)
            lines += data[i] == '\n';
        CHECK(tokens.count <= lines);
        for (size_t i = 0; i < tokens.count; i++)
            check_token(&tokens.list[i]);
    }
    tokens_release(&tokens);
    return 0;
}
