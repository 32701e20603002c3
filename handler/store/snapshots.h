/*
 * listings: full process listings, one a file:
 *
 *     <records_dir>/record/<YYYY-MM-DD>/<uuid>_<timestamp>.json
 *
 * A listing is written under a temporary name in the same directory, put on disk, linked to its
 * name (never over another), and the directory put on disk: only then is it there. Temporary names
 * start with a dot and are not counted; one that a killed process left goes with its day.
 *
 * The day is the server's, in UTC, when the listing is stored.
 */
#ifndef HANDLER_STORE_SNAPSHOTS_H
#define HANDLER_STORE_SNAPSHOTS_H

#include "handler/config.h"
#include "handler/fault.h"
#include "handler/shared/buf.h"
#include "handler/store/dirs.h"

enum { LISTING_UUID_MAX = 64, LISTING_TIME_MAX = 32, LISTING_NAME_LEN = 128 };

struct listings {
    const struct config *config; /* borrowed */
    clock_fn clock;
    struct dirs days;
    unsigned serial; /* of temporary names */
};

void listings_init(struct listings *l, const struct config *config, clock_fn clock);
void listings_release(struct listings *l);

/*
 * Keeps `data` of `len` bytes (JSON, checked) under that name; both parts are checked to be safe in
 * a path. The same bytes there already, today or yesterday: V_OK, nothing is written; others:
 * V_CONFLICT.
 */
enum verdict listings_put(struct listings *l, const char *uuid, const char *timestamp,
                          const char *data, size_t len, struct fault *f);

/* How many listings there are, of all days. */
enum verdict listings_count(struct listings *l, uint64_t *count, struct fault *f);

/*
 * The listing stored last: its path below records_dir goes to `name`, its bytes to `content` (which
 * is reset). V_NOT_FOUND when there is none. Uses the symbolic link record/latest, which
 * listings_put() keeps while test_api is on; where it leads nowhere, the newest day is searched.
 */
enum verdict listings_latest(struct listings *l, char name[LISTING_NAME_LEN], struct buf *content,
                             struct fault *f);

#endif
