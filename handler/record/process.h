/*
 * process: one process, as the columns of a CSV row, whatever its form.
 *
 * As an object: `pid` and any of `ppid user cpu mem rss state start cmd`, with psutil's names as
 * aliases: username cpu_percent memory_percent status create_time name cmdline (an array, joined
 * by spaces) memory_info (its first). Numbers keep the source's digits; null is an empty cell.
 * If several names of a column are present, the first of these that has a value counts:
 * cmd, cmdline, name; rss, memory_info; else our own name before psutil's.
 */
#ifndef HANDLER_RECORD_PROCESS_H
#define HANDLER_RECORD_PROCESS_H

#include "handler/fault.h"
#include "handler/record/columns.h"
#include "handler/record/csv.h"
#include "handler/shared/json/notes.h"

struct process {
    struct text column[COL_COUNT]; /* ptr may be NULL when len is 0 */
    bool plain[COL_COUNT];         /* see cells_put() */
};

/* The number of a member's name in notes (json_notes.key). */
uint16_t process_key(struct text name);

/* An element of `processes`, whose members were noted with process_key(). */
struct process_element {
    const char *json;
    struct json_noted members;
    size_t index;
};

/*
 * Reads an element. Texts point into the gated JSON or into `scratch`, which must have room for all
 * of the element, and live until the next call. V_NOT_A_RECORD if it is not an object, or has no
 * number as `pid`.
 */
enum verdict process_from_json(const struct process_element *e, struct process *out,
                               struct buf *scratch, struct fault *f);

#endif
