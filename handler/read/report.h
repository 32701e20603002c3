/*
 * report: what the JSON files of one address say of its host, from the last lines.
 *
 * The newest committed record gives the facts. The records before it, up to REPORT_HISTORY of the
 * same machine, tell whether it was rebooted or got an older kernel or system. If the last
 * REPORT_LOOK records name several machines, they share the address: each machine that reported in
 * the last day, as far as REPORT_LINES_MAX lines back, gets a report of its own.
 *
 * Lines are read across midnight: where the file of the newest record has too few, those of the day
 * before follow.
 */
#ifndef HANDLER_READ_REPORT_H
#define HANDLER_READ_REPORT_H

#include "handler/read/facts.h"
#include "handler/read/files.h"

enum { REPORT_HISTORY = 4, REPORT_LOOK = 16, REPORT_MACHINES_MAX = 128, REPORT_LINES_MAX = 2048 };

enum { REPORT_RULES_MAX = 256 }; /* of a policy */

enum report_flag {
    REPORT_SHARED = 1 << 0,    /* other machines report from the address */
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
        lag_ms;   /* received_at - collected_at; steady: that of the record before is about equal */
    int compared; /* records before it that it was compared with */
    struct report *next; /* the next machine of a shared address; NULL: no more */
    /* Of the first report of an address: the file of the day before, if its lines were needed. */
    bool crossed;
    struct file_mark before;
    /* Verdicts on the record, kept by judge.h: bit i is rule i of the policy with that hash. */
    uint64_t policy; /* 0: none */
    uint64_t fails[REPORT_RULES_MAX / 64], unknowns[REPORT_RULES_MAX / 64];
    size_t bytes;                 /* of memory */
    struct text fact[FACT_COUNT]; /* in `text` */
    char text[];
};

/* The file that a report is from. */
struct report_source {
    int data; /* <records_dir>/data */
    struct ip ip;
    int64_t day_ms;
};

/* What reading needs, made once and used for many files. */
struct report_reader {
    struct tail tail;
    struct facts facts;
    const struct report_source *source;
    int before_fd; /* of the day before; -1: not open */
};

void report_reader_init(struct report_reader *r);
void report_reader_release(struct report_reader *r);

/*
 * Reads the first `size` bytes of `fd`, the file of `source`. TAIL_OK: *out is the caller's, for
 * report_free(). TAIL_UNREADABLE: no committed line of ours was found; also when memory is out.
 */
enum tail_result report_read(struct report_reader *r, const struct report_source *source, int fd,
                             off_t size, struct report **out);

/* Frees it and those of the other machines. NULL is allowed. */
void report_free(struct report *report);

/* True when both have a machine_id and it is the same. */
bool report_same_machine(const struct report *a, const struct report *b);

#endif
