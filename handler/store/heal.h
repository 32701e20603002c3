/*
 * heal: makes a locked pair of files end in a commit, before anything is appended.
 *
 * What a writer that died left behind is cut off and logged: see commit.h for the JSON file; CSV
 * bytes beyond the commit's csv_end. A CSV file that is too short is made anew from the JSON file
 * when that is quick. A file whose last whole line is not ours is not touched: V_STORE_FAILED, and
 * the log names file and offset.
 */
#ifndef HANDLER_STORE_HEAL_H
#define HANDLER_STORE_HEAL_H

#include "handler/store/commit.h"
#include "handler/store/pair.h"

/*
 * On V_OK the pair's sizes are those of the commit, and `last` is it (end 0: no line yet). With a
 * digest the last request's chain is checked as well (after a boot, on NFS). `h` is left on the
 * committed line.
 */
enum verdict heal(struct pair *p, struct digest *digest, struct hop *h, struct commit *last,
                  struct fault *f);

#endif
