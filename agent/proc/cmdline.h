/*
 * cmdline: one process's command line, and its container, as the guarded child reads them.
 *
 * The child packs what it found into bytes, the parent unpacks them again.
 */
#ifndef AGENT_PROC_CMDLINE_H
#define AGENT_PROC_CMDLINE_H

#include "agent/mask/mask.h"
#include "agent/proc/procfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* CMDLINE_NAME: the program only, without its arguments. */
enum cmdline_args { CMDLINE_MASKED, CMDLINE_NAME, CMDLINE_FULL };

struct cmdline_reader {
    int proc; /* open directory */
    enum cmdline_args args;
    bool containers;
    size_t max; /* bytes of a command line that are kept */
    struct mask mask;
    struct buf raw, text;
    struct tree_closing closing;
};

void cmdline_init(struct cmdline_reader *r, int proc, enum cmdline_args args, bool containers,
                  size_t max);
void cmdline_release(struct cmdline_reader *r);

/* Most bytes that cmdline_pack() adds. */
size_t cmdline_packed_max(size_t max);

/* Reads and packs process `pid`. False when its command line cannot be read. */
bool cmdline_pack(struct cmdline_reader *r, int64_t pid, struct buf *out);

/*
 * Reads process `pid` and adds its arguments to `out` as a JSON array of strings. They are told
 * apart as psutil does: where the text does not end with NUL, or is one argument with spaces in it,
 * the process has overwritten it, and spaces separate. False with errno when it cannot be read.
 */
bool cmdline_list(struct cmdline_reader *r, int64_t pid, struct buf *out);

/* The first argument of the one that was read last, as it is; never to be shown. */
const char *cmdline_first(const struct cmdline_reader *r, size_t *len);

struct cmdline {
    const char *text; /* borrowed from the packed bytes, as is `container` */
    size_t len;
    const char *container; /* NULL: none */
    bool cut;              /* the process has a longer one */
    bool gone;             /* the process has ended; nothing else is set */
};

bool cmdline_unpack(const char *bytes, size_t len, struct cmdline *out);

/* Bytes of `text` that `max` leaves without splitting a UTF-8 sequence. */
size_t cmdline_cut(const char *text, size_t len, size_t max);

#endif
