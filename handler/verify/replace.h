/*
 * recsv: rollcall-verify --rebuild-csv. Makes a CSV file anew from its JSON file, under the lock.
 */
#ifndef HANDLER_VERIFY_REPLACE_H
#define HANDLER_VERIFY_REPLACE_H

#include <stdbool.h>

/*
 * The new file takes the old one's place at once (rename(2)) and belongs to whoever the JSON file
 * belongs to. True when it is done, and *written its size; else one line on stdout says why not,
 * and the old file stands as it was.
 */
bool recsv(const char *json_path, long long *written);

#endif
