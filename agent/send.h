/*
 * send: delivers one record and says how it went: one line on stdout when it was delivered, one on
 * stderr when not.
 */
#ifndef AGENT_SEND_H
#define AGENT_SEND_H

#include "config.h"

#include <stddef.h>

/* Returns the exit code of the contract: 0, 75, 76, 77 or 78 (sysexits.h). */
int send_record(const struct config *c, const char *record, size_t len);

/* The exit code that belongs to an HTTP status. */
int send_exit(long status);

#endif
