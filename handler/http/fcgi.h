/*
 * fcgi: where requests come from. The only file that knows libfcgi.
 *
 *     switch (fcgi_open()) ...
 *     while (fcgi_accept(&request)) { ...; fcgi_answer(bytes, len); fcgi_finish(&request); }
 *
 * fcgi_open() recognises three ways in:
 *   - a listening socket on descriptor 0 (FastCGI 1.0 section 2.2; lighttpd's bin-path,
 *     spawn-fcgi, multiwatch);
 *   - a listening socket on descriptor 3 (systemd, sd_listen_fds(3): LISTEN_FDS, LISTEN_PID);
 *   - neither, but REQUEST_METHOD in the environment: one CGI request (RFC 3875).
 *
 * SIGTERM, SIGINT and SIGUSR1 end fcgi_accept() with false; the current request is finished first.
 * The signal handler replaces the listening socket by /dev/null, so that an accept(2) that waits,
 * or is about to, fails at once, while reads of the current request are restarted (SA_RESTART).
 */
#ifndef HANDLER_HTTP_FCGI_H
#define HANDLER_HTTP_FCGI_H

#include "handler/http/request.h"

enum fcgi_mode { FCGI_MODE_NONE, FCGI_MODE_CGI, FCGI_MODE_SOCKET, FCGI_MODE_FAILED };

enum fcgi_mode fcgi_open(void);

/* Waits for a request. False if the process is to end. */
bool fcgi_accept(struct request *r);

/* Sends part of the answer. False if the web server no longer takes it: then more is no use. */
bool fcgi_answer(const char *bytes, size_t len);

/*
 * Sends the rest of the answer, then ends the request. If the web server has not ended its part,
 * waits for that at most FCGI_LINGER_S seconds, or until a signal asks the process to end.
 */
enum { FCGI_LINGER_S = 2 };
void fcgi_finish(const struct request *r);

/* 0 if fcgi_accept() ended because of a signal, 1 if the socket failed. */
int fcgi_exit_status(void);

#endif
