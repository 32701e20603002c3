/*
 * healdir: rollcall-verify --heal. Heals today's and yesterday's files of a records_dir, each under
 * its lock, while the service may run. Meant for the boot after a power loss.
 *
 * All lines of a file are compared with its CSV file, not only the last ones as by a writer.
 */
#ifndef HANDLER_VERIFY_HEALDIR_H
#define HANDLER_VERIFY_HEALDIR_H

#include "handler/shared/clock.h"

#include <stdint.h>

struct healdir {
    clock_fn clock; /* which days are today and yesterday */
    clock_fn boot;  /* older files may have lost their end */
    uint64_t files, healed, problems;
};

/* Each file that was changed, and each problem, is one line on stdout; causes are logged. */
void healdir(struct healdir *total, const char *records_dir);

#endif
