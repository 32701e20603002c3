/*
 * log: one event, one logfmt line on stderr, one write(2).
 *
 *     log_event(LOG_WARN, "healed", "file=%s bytes=%lld", name, cut);
 *     time=2026-11-20T12:34:56.789Z level=warn event=healed file=10.0.0.7_2026-11-20.json bytes=12
 *
 * The format is a list of key=conversion pairs. %s values are quoted if necessary. Control
 * characters and bytes that are not ASCII are escaped, so that nothing a client sends can start a
 * line of its own. Known conversions: %s %d %u %zu %lld %llu. A line
 * longer than 4 KiB is cut, never the log. errno is kept.
 *
 * Never pass a token.
 */
#ifndef HANDLER_SHARED_LOG_H
#define HANDLER_SHARED_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Events below `level` are not logged; the initial level is LOG_INFO. */
void log_set_level(enum log_level level);

void log_event(enum log_level level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
