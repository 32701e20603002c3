/*
 * sandbox: what a program that answers requests may do (confine.h), from its configuration. The
 * file tests/system/confine.bats tries it.
 */
#ifndef HANDLER_SANDBOX_H
#define HANDLER_SANDBOX_H

#include "handler/config.h"
#include "handler/confine.h"

/*
 * Limits this process, unless "confine" is false, to the records, the directory of the tokens file,
 * and for reading the directories of `files` (a NULL name is skipped). The branches of records_dir
 * may be symbolic links to other disks. `c` is filled in any case, for confine_is_stale().
 */
void sandbox_start(struct confine *c, const struct config *config, enum confine_access records,
                   const char *const *files, size_t n);

#endif
