#include "handler/sandbox.h"

#include "handler/store/layout.h"

#include <limits.h>
#include <stdio.h>

void sandbox_start(struct confine *c, const struct config *config, enum confine_access records,
                   const char *const *files, size_t n)
{
    static const char *const branches[] = {LAYOUT_DATA, LAYOUT_RECORD};
    char path[PATH_MAX];
    *c = (struct confine){.ruleset = -1};
    if (!config->confine)
        return;
    confine_open(c);
    confine_home(c, config->records_dir, records);
    for (size_t i = 0; i < sizeof branches / sizeof branches[0]; i++)
        if ((size_t)snprintf(path, sizeof path, "%s/%s", config->records_dir, branches[i]) <
            sizeof path)
            confine_dir(c, path, records);
    confine_file(c, config->tokens_file);
    for (size_t i = 0; i < n; i++)
        if (files[i])
            confine_file(c, files[i]);
    confine_start(c);
}
