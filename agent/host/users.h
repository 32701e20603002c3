/*
 * users: who is logged in, as the record's "users" has it.
 *
 * logind's session files below run/systemd/sessions come first (their lines are those that
 * sd-login(3) reads): sessions of class "user" whose leader lives. Where logind knows nobody,
 * utmp(5) is asked. `source` of each user says which it was.
 */
#ifndef AGENT_HOST_USERS_H
#define AGENT_HOST_USERS_H

struct buf;

/*
 * Adds a JSON array of objects to `out`: name, source, and of tty, host, started (RFC 3339) and
 * pid what is known.
 */
void users_write(int root, struct buf *out);

#endif
