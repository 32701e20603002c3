#include "agent/psutil/psnum.h"

#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"

#include <stdlib.h>

size_t psnum_parse(const char *text, size_t len, uint64_t *out, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < len && count < max;) {
        if (text[i] == ' ' || text[i] == '\t') {
            i++;
            continue;
        }
        if (text[i] < '0' || text[i] > '9')
            break;
        uint64_t n = 0;
        for (; i < len && text[i] >= '0' && text[i] <= '9'; i++)
            n = n * 10 + (uint64_t)(text[i] - '0');
        out[count++] = n;
    }
    return count;
}

bool psnum_field(const char *text, size_t len, const char *name, uint64_t *out, size_t count)
{
    struct tree_field f;
    return len && tree_field(text, len, name, ':', &f) &&
           psnum_parse(f.value, f.len, out, count) == count;
}

void psnum_array(const uint64_t *n, size_t count, struct buf *out)
{
    buf_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_putc(out, ',');
        buf_u64(out, n[i]);
    }
    buf_putc(out, ']');
}

void psnum_ticks(uint64_t ticks, uint64_t hertz, struct buf *out)
{
    uint64_t whole = ticks / hertz, thousandths = ticks % hertz * 1000 / hertz;
    buf_printf(out, "%llu.%03llu", (unsigned long long)whole, (unsigned long long)thousandths);
}

int64_t psnum_name(const char *name)
{
    size_t n = strspn(name, "0123456789");
    return n > 0 && n < 12 && name[n] == '\0' ? strtoll(name, NULL, 10) : -1;
}
