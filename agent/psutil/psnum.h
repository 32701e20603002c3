/*
 * psnum: numbers out of the texts of /proc, and into JSON, as psproc.h and psfull.h need them.
 */
#ifndef AGENT_PSUTIL_PSNUM_H
#define AGENT_PSUTIL_PSNUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* Up to `max` numbers separated by blanks, from the start of `text`; returns how many. */
size_t psnum_parse(const char *text, size_t len, uint64_t *out, size_t max);

/* The numbers behind "name:" on a line of `text`. True when there are `count` of them. */
bool psnum_field(const char *text, size_t len, const char *name, uint64_t *out, size_t count);

/* [1,2,3] */
void psnum_array(const uint64_t *n, size_t count, struct buf *out);

/* Clock ticks as seconds with three decimals. */
void psnum_ticks(uint64_t ticks, uint64_t hertz, struct buf *out);

/* The number that a directory entry's name is, -1 for another name. */
int64_t psnum_name(const char *name);

#endif
