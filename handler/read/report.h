/*
 * report: what the JSON file of one address and day says of its host, from its last lines.
 *
 * The newest committed record gives the facts. The records before it, up to REPORT_HISTORY in all,
 * tell whether the host was rebooted, got an older kernel or system, or shares its address with
 * other machines. If it does, each machine that reported in the last day gets a report of its own.
 */
#ifndef HANDLER_READ_REPORT_H
#define HANDLER_READ_REPORT_H

#include "handler/read/facts.h"

enum { REPORT_HISTORY = 4, REPORT_MACHINES_MAX = 64, REPORT_LINES_MAX = 1024 };

enum report_flag {
    REPORT_SHARED = 1 << 0,    /* the last records name several machine_ids */
    REPORT_REGRESSED = 1 << 1, /* kernel or OS version lower than in a record before */
    REPORT_REBOOTED = 1 << 2,  /* boot_id differs from that of a record before */
    REPORT_TRUNCATED = 1 << 3, /* the agent cut command lines to make the record fit */
    REPORT_UNREADABLE = 1 << 4 /* the file ends with lines that are not ours */
};

struct report {
    struct trailer line; /* the server's member of the newest line */
    int64_t received_ms; /* its received_at */
    off_t line_end;      /* offset after the newest line, its newline included */
    unsigned flags;      /* enum report_flag */
    bool lag_known, lag_steady;
    int64_t
        lag_ms; /* received_at - collected_at; steady: that of the record before is about equal */
    struct report *next;          /* the next machine of a shared address; NULL: no more */
    size_t bytes;                 /* of memory */
    struct text fact[FACT_COUNT]; /* in `text` */
    char text[];
};

/* What reading needs, made once and used for many files. */
struct report_reader {
    struct tail tail;
    struct facts facts;
};

void report_reader_init(struct report_reader *r);
void report_reader_release(struct report_reader *r);

/*
 * Reads the first `size` bytes of `fd`. TAIL_OK: *out is the caller's, for report_free().
 * TAIL_UNREADABLE: no committed line of ours was found; also when memory is out.
 */
enum tail_result report_read(struct report_reader *r, int fd, off_t size, struct report **out);

/* Frees it and those of the other machines. NULL is allowed. */
void report_free(struct report *report);

/* True when both have a machine_id and it is the same. */
bool report_same_machine(const struct report *a, const struct report *b);

#endif
