/*
 * record: whether a JSON object is a record. Only the top level is checked here; rows.h checks the
 * contents of `processes` and `users` while it walks through them.
 *
 *     hostname   string, optional, at most 253 bytes      (RFC 1035 section 2.3.4)
 *     processor  string, at most 1 KiB
 *     os_name    string, at most 1 KiB
 *     os_ver     string, at most 1 KiB; os_version is an alias
 *     processes  string, or array
 *     users      string, or array
 *     id         string, optional: 1 to 64 of A-Z a-z 0-9 . _ : -
 *     uuid       if it is a string, without NUL
 *     rollcall   reserved for the server: refused
 *
 * Sizes are those of the decoded string.
 */
#ifndef HANDLER_RECORD_RECORD_H
#define HANDLER_RECORD_RECORD_H

#include "handler/fault.h"
#include "handler/shared/arena.h"
#include "handler/shared/json/notes.h"

enum { RECORD_ID_MAX = 64, RECORD_LARGE = 1024 };

struct record {
    struct text text;                                                   /* the whole gated object */
    struct text hostname, processor, processes, users, os_name, os_ver; /* ptr NULL: absent */
    const char *id;                                                     /* NULL: none */
    const struct json_notes *notes; /* of `processes`, as the gate made them */

    /* The members, large ones (over RECORD_LARGE bytes) first, each as `"name":value`; NULL if
     * `text` has them in that order already. */
    struct text *members;
    size_t member_count;
};

/*
 * Fills `out` from a gated text. Its texts point into that text; the rest is in `arena`.
 * V_NOT_A_RECORD names the field.
 */
enum verdict record_check(const struct json_doc *doc, struct arena *arena, struct record *out,
                          struct fault *f);

#endif
