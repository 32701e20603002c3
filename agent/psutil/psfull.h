/*
 * psfull: the members of psproc.h that are expensive to read: those of /proc/PID/fd, io, smaps and
 * smaps_rollup. Each function appends one JSON value, null for what could not be read.
 *
 * `dir` is the open /proc/PID, `root` the root below which paths are looked up.
 */
#ifndef AGENT_PSUTIL_PSFULL_H
#define AGENT_PSUTIL_PSFULL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* pio: read_count write_count read_bytes write_bytes read_chars write_chars */
void psfull_io(int dir, struct buf *out);

void psfull_num_fds(int dir, struct buf *out);

/* popenfile: path fd position mode flags; regular files only */
void psfull_files(int dir, int root, struct buf *out);

/* pfullmem: rss vms shared text lib data dirty (from `statm`, in bytes), uss pss swap */
void psfull_memory(int dir, const uint64_t statm[7], struct buf *out);

/*
 * pmmap_grouped: path rss size pss shared_clean shared_dirty private_clean private_dirty
 * referenced anonymous swap
 */
void psfull_maps(int dir, int root, struct buf *out);

/* [1,2,3] */
void psfull_array(const uint64_t *n, size_t count, struct buf *out);

/*
 * The kernel marks the path of a file that was removed: shortens `path` by that mark, unless a file
 * has the whole name. Returns the length. `path` is NUL-terminated.
 */
size_t psfull_without_mark(int root, const char *path, size_t len);

#endif
