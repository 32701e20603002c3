/*
 * snapshots: full process listings, one per file; see rollcall-files(5):
 *
 *     <records_dir>/record/<YYYY-MM-DD>/<uuid>_<timestamp>.json
 *
 * The day is the server's, in UTC, when the listing is stored. Any number of processes, on any
 * number of machines that share the directory, may store listings at once. No lock is taken: a
 * listing is written to a file without a name (O_TMPFILE) or, where the file system has none, with
 * an unpredictable name of its own. It is synced, linked to its name, which never replaces another,
 * and its directory is synced.
 *
 * Invariants:
 *   1. A name in `record` leads to one whole listing, which never changes.
 *   2. With `sync`, a listing and its name are on disk before snapshots_put() returns V_OK, also if
 *      another process has stored it.
 *   3. A name is never removed here: another process may have acknowledged the listing already. If
 *      its directory cannot be synced, the listing stays, unacknowledged, and a resend finds it.
 *
 * Temporary names start with a dot and are not counted. What a killed process left is removed with
 * its day by rollcall-cleanup(8).
 */
#ifndef HANDLER_STORE_SNAPSHOTS_H
#define HANDLER_STORE_SNAPSHOTS_H

#include "handler/config.h"
#include "handler/fault.h"
#include "handler/shared/buf.h"
#include "handler/store/dirs.h"
#include "handler/store/layout.h"

enum { SNAPSHOT_UUID_MAX = 64, SNAPSHOT_TIME_MAX = 32 };

struct snapshots {
    const struct config *config; /* borrowed */
    clock_fn clock;
    struct dirs days;
    char environ_date[CLOCK_DATE_LEN + 1]; /* of the last event environ_stored */
};

/* A listing to store; all of it is borrowed. */
struct snapshot {
    const char *uuid, *timestamp; /* checked: safe in a file name, at most ..._MAX bytes */
    const char *data;             /* checked JSON without insignificant white space */
    size_t len;
    bool has_environ; /* environments are in it: logged once per day */
};

void snapshots_init(struct snapshots *s, const struct config *config, clock_fn clock);
void snapshots_release(struct snapshots *s);

/*
 * Stores the listing. If its name exists today or yesterday (or tomorrow, when midnight is near,
 * since the clocks of two machines differ): V_OK with the same bytes, and nothing is written;
 * V_CONFLICT with others.
 */
enum verdict snapshots_put(struct snapshots *s, const struct snapshot *new, struct fault *f);

/* The number of listings of all days. */
enum verdict snapshots_count(struct snapshots *s, uint64_t *count, struct fault *f);

/*
 * The listing stored last: its path below records_dir in `path`, its bytes, terminated with NUL, in
 * `content` (which is reset). V_NOT_FOUND if there is no listing.
 */
enum verdict snapshots_latest(struct snapshots *s, char path[LAYOUT_LISTING_MAX],
                              struct buf *content, struct fault *f);

#endif
