#include "handler/shared/text.h"

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

struct text text_trim(struct text t, const char *blanks)
{
    while (t.len > 0 && is_one_of(*t.ptr, blanks)) {
        t.ptr++;
        t.len--;
    }
    while (t.len > 0 && is_one_of(t.ptr[t.len - 1], blanks))
        t.len--;
    return t;
}

void text_make_plain(char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            *s = '?';
}
