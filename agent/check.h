/*
 * check: rollcall-agent --check: tries the configuration, the collector and the token, and stores
 * nothing.
 *
 * The configuration has been checked when check_run() is called. It reports one line for each step
 * on stdout, or the first failure in the log.
 */
#ifndef AGENT_CHECK_H
#define AGENT_CHECK_H

#include "agent/config.h"

/* The exit code of rollcall-agent(1): 0, 75, 77 or 78. */
int check_run(const struct agent_config *c);

#endif
