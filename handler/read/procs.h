/*
 * procs: the processes of a stored record, whatever form they came in.
 *
 * The columns are those of the CSV file. `state` and `start` have one meaning here, which they do
 * not have in the files: the letter of proc(5), and RFC 3339.
 */
#ifndef HANDLER_READ_PROCS_H
#define HANDLER_READ_PROCS_H

#include "handler/read/tail.h"
#include "handler/record/process.h"
#include "handler/store/jsonl.h"

struct proc {
    struct text column[COL_COUNT]; /* ptr NULL or len 0: not known */
    struct text start_ticks;       /* digits; ptr NULL: not known */
    bool kernel;                   /* a kernel thread; see procs.c */
};

struct procs {
    struct proc *list; /* in the order of the record */
    size_t count, room;
    struct buf line, text, scratch;
    struct json_notes notes;
    struct arena arena;
    struct jsonl_record stored; /* the record that they are of, with the texts of its members */
};

void procs_init(struct procs *p);
void procs_release(struct procs *p);

/*
 * Reads the current line of `t`. Everything in `p` is valid until the next call. False: the line is
 * not ours, the file changed under the reader, or memory is out.
 */
bool procs_read(struct procs *p, struct tail *t);

/* A letter of proc(5) for S, Ss+, sleeping and the like; 0: not known. */
char procs_state(struct text state);

/* RFC 3339 for a start that is a whole time: RFC 3339 or seconds since the epoch. False: it is not.
 */
bool procs_start(struct text start, char out[CLOCK_TIME_LEN + 1]);

/* The value of a number such as 0.5; 0 if it is none. */
double procs_number(struct text value);

/* Appends the process as a JSON object. */
void procs_put(const struct proc *one, struct buf *out);

#endif
