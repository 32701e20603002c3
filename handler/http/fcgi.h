/*
 * fcgi: where requests come from. The only file that knows libfcgi.
 *
 *     switch (fcgi_open()) ...
 *     while (fcgi_accept(&request)) { ...; fcgi_answer(bytes, len); fcgi_finish(&request); }
 *
 * Three ways in, found out by fcgi_open():
 *   - a listening socket on descriptor 0 (FastCGI 1.0 section 2.2; lighttpd's bin-path,
 *     spawn-fcgi, multiwatch);
 *   - a listening socket on descriptor 3 (systemd, sd_listen_fds(3): LISTEN_FDS, LISTEN_PID);
 *   - neither, but REQUEST_METHOD in the environment: one CGI request (RFC 3875).
 *
 * SIGTERM, SIGINT and SIGUSR1 end fcgi_accept() with false; a request in hand is finished first.
 * The signal handler puts /dev/null in the place of the listening socket, so that an accept(2) that
 * waits, or is about to, fails at once, while reads of the request in hand are restarted
 * (SA_RESTART).
 */
#ifndef HANDLER_HTTP_FCGI_H
#define HANDLER_HTTP_FCGI_H

#include "handler/http/request.h"

enum fcgi_mode { FCGI_MODE_NONE, FCGI_MODE_CGI, FCGI_MODE_SOCKET, FCGI_MODE_FAILED };

enum fcgi_mode fcgi_open(void);

/* Waits for a request. False when it is time to end. */
bool fcgi_accept(struct request *r);

/* Sends part of the answer. False: the client is gone, and the rest need not be made. */
bool fcgi_answer(const char *bytes, size_t len);

/* Ends the answer. */
void fcgi_finish(const struct request *r);

/* 0 when fcgi_accept() ended because it was told to, 1 when the socket failed. */
int fcgi_exit_status(void);

#endif
