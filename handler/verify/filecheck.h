/*
 * filecheck: holds one JSON file and its CSV file against what the store promises.
 *
 * For each line up to the last commit: strict JSON, a record, our member; client_ip and day as the
 * name says; seq, left, line_start and csv_end as they must be; counts and id as the record has
 * them; the chain; the CSV rows cell by cell; the receipts that tell of it.
 */
#ifndef HANDLER_VERIFY_FILECHECK_H
#define HANDLER_VERIFY_FILECHECK_H

#include "handler/store/layout.h"
#include "handler/verify/receipts.h"

struct filecheck {
    struct receipts *receipts; /* borrowed; NULL: none */
    uint64_t files, lines, rows, problems;
};

/*
 * Checks the JSON file at `path` and the CSV file beside it. Each problem is one line on stdout
 * that names file and byte; the first one ends the file. Returns true when there was none.
 */
bool filecheck(struct filecheck *c, const char *path);

#endif
