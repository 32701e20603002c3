#include "agent/mask/view.h"

#include <strings.h>

const uint8_t view_class[256] = {
    [' '] = HAS_SPACE,    ['\t'] = HAS_SPACE,   ['\n'] = HAS_SPACE,     ['\r'] = HAS_SPACE,
    ['"'] = HAS_QUOTE,    ['\''] = HAS_QUOTE,   ['='] = HAS_EQUALS,     [':'] = HAS_COLON,
    ['@'] = HAS_AT,       ['/'] = HAS_SLASH,    ['\\'] = HAS_BACKSLASH, [';'] = HAS_OPERATOR,
    ['|'] = HAS_OPERATOR, ['&'] = HAS_OPERATOR, ['('] = HAS_OPERATOR,   [')'] = HAS_OPERATOR,
    ['`'] = HAS_OPERATOR, ['<'] = HAS_OPERATOR, ['>'] = HAS_OPERATOR,
};

bool view_is(const struct view *v, size_t at, size_t end, const char *word)
{
    size_t n = strlen(word);
    return end - at == n && strncasecmp(v->s + at, word, n) == 0;
}

bool view_starts(const struct view *v, size_t at, size_t end, const char *prefix)
{
    size_t n = strlen(prefix);
    return end - at >= n && strncasecmp(v->s + at, prefix, n) == 0;
}

struct view view_part(const struct view *v, size_t at, size_t end)
{
    struct view part = {v->s + at, end - at, v->base + at, v->places ? v->places + at : NULL};
    return part;
}

void view_hide(struct parse *p, const struct view *v, size_t at, size_t end)
{
    if (end <= at)
        return;
    size_t from = v->places ? v->places[at] : v->base + at;
    size_t to = v->places ? (size_t)v->places[end - 1] + 1 : v->base + end;
    memset(p->hide + from, 1, to - from);
    p->hidden = true;
}
