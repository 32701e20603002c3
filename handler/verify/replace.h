/*
 * replace: rollcall-verify --rebuild-csv. Rebuilds a CSV file from its JSON file, under the lock.
 */
#ifndef HANDLER_VERIFY_REPLACE_H
#define HANDLER_VERIFY_REPLACE_H

#include <stdbool.h>

/*
 * The new file replaces the old one in one step (rename(2)) and has the owner and the mode of the
 * JSON file. True with the new size in *written. Otherwise one line on stdout says why, and the old
 * file is unchanged.
 */
bool replace_csv(const char *json_path, long long *written);

#endif
