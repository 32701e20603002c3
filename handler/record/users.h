/*
 * users: the logged-in users of a record, as the one `users` cell of its CSV rows.
 *
 * A string has one user per line (blank lines are skipped, blanks around a name are removed); an
 * array has strings, or objects with `name`. The names are joined by `;` and cut after the last
 * whole character within USERS_CELL_MAX bytes.
 */
#ifndef HANDLER_RECORD_USERS_H
#define HANDLER_RECORD_USERS_H

#include "handler/fault.h"
#include "handler/record/csv.h"
#include "handler/shared/json/gate.h"

enum { USERS_CELL_MAX = 4096 };

/*
 * Writes the joined names to `out` (which is reset first) and counts the users. `scratch` is
 * overwritten. V_NOT_A_RECORD names the element that is not a user.
 */
enum verdict users_join(struct text users, struct buf *out, struct buf *scratch, size_t *count,
                        struct fault *f);

#endif
