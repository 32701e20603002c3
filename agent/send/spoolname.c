#include "agent/send/spoolname.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {[SPOOL_DATA] = ".data.gz", [SPOOL_LISTING] = ".record.gz"};
static const char bad_mark[] = ".bad";

void spoolname_format(const struct spoolname *n, char out[SPOOLNAME_MAX])
{
    snprintf(out, SPOOLNAME_MAX, "%013lld-%04u-%lld%s%s", (long long)n->created, n->serial,
             (long long)n->tried, kinds[n->kind], n->bad ? bad_mark : "");
}

/* At most 15 digits: more than any date needs, and without overflow. */
static bool spoolname_number(const char **at, char end, int64_t *out)
{
    size_t n = strspn(*at, "0123456789");
    if (n == 0 || n > 15 || (end && (*at)[n] != end))
        return false;
    *out = strtoll(*at, NULL, 10);
    *at += n + (end != '\0');
    return true;
}

static bool spoolname_kind_of(const char *suffix, struct spoolname *out)
{
    for (int i = SPOOL_DATA; i <= SPOOL_LISTING; i++) {
        size_t len = strlen(kinds[i]);
        out->kind = (enum spool_kind)i;
        out->bad = strncmp(suffix, kinds[i], len) == 0 && suffix[len];
        if (strcmp(suffix, kinds[i]) == 0)
            return true;
        if (out->bad && strcmp(suffix + len, bad_mark) == 0)
            return true;
    }
    return false;
}

bool spoolname_parse(const char *text, struct spoolname *out)
{
    int64_t serial;
    char again[SPOOLNAME_MAX];
    const char *at = text;
    *out = (struct spoolname){0};
    if (!spoolname_number(&at, '-', &out->created) || !spoolname_number(&at, '-', &serial) ||
        !spoolname_number(&at, '\0', &out->tried) || serial > SPOOLNAME_SERIAL_MAX ||
        !spoolname_kind_of(at, out))
        return false;
    out->serial = (unsigned)serial;
    spoolname_format(out, again);
    return strcmp(again, text) == 0;
}
