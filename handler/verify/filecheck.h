/*
 * filecheck: checks one JSON file and its CSV file against rollcall-files(5).
 *
 * For each line up to the last commit: it is strict JSON, a record, with the server's member;
 * client_ip and day are those of the file's name; seq, left, line_start and csv_end follow from the
 * lines before; counts and id are those of the record; the chain matches; the CSV rows equal the
 * record, cell by cell; and receipts name the same chain.
 */
#ifndef HANDLER_VERIFY_FILECHECK_H
#define HANDLER_VERIFY_FILECHECK_H

#include "handler/store/layout.h"
#include "handler/verify/receipts.h"

struct filecheck {
    struct receipts *receipts; /* borrowed; may be NULL */
    uint64_t files, lines, rows, problems;
};

/*
 * Checks the JSON file at `path` and the CSV file beside it. Each problem is one line on stdout
 * that names file and byte; the first one ends the check of the file. True if there was none.
 */
bool filecheck(struct filecheck *c, const char *path);

#endif
