/*
 * users: who is logged in, for the member "users" of a record.
 *
 * The session files of logind below run/systemd/sessions come first (the lines that sd-login(3)
 * reads): sessions of class "user" whose leader is alive. If logind reports nobody, utmp(5) is
 * read. `source` of each user names the one that was used.
 */
#ifndef AGENT_HOST_USERS_H
#define AGENT_HOST_USERS_H

struct buf;

/*
 * Appends a JSON array of objects: name, source, and of tty, host, started (RFC 3339) and pid what
 * is known.
 */
void users_write(int root, struct buf *out);

#endif
