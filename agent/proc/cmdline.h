/*
 * cmdline: the command line of one process, and its container, as the guarded child reads them.
 *
 * The child packs what it found into bytes. The parent unpacks them.
 */
#ifndef AGENT_PROC_CMDLINE_H
#define AGENT_PROC_CMDLINE_H

#include "agent/mask/mask.h"
#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"
#include "handler/shared/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CMDLINE_NAME: the program only, without its arguments. */
enum cmdline_args { CMDLINE_MASKED, CMDLINE_NAME, CMDLINE_FULL };

struct cmdline_reader {
    enum cmdline_args args;
    bool containers;
    size_t max; /* bytes of a command line that are kept */
    struct mask mask;
    struct buf raw, text;
    struct proc_closing closing;
};

void cmdline_init(struct cmdline_reader *r, enum cmdline_args args, bool containers, size_t max);
void cmdline_release(struct cmdline_reader *r);

/* The most bytes that cmdline_pack() adds. */
size_t cmdline_packed_max(size_t max);

/* Reads process `pid` below `proc`, an open /proc, and packs what it finds. */
enum proc_outcome cmdline_pack(struct cmdline_reader *r, int proc, int64_t pid, struct buf *out);

/*
 * Reads a process, whose /proc/PID is open as `dir`, and appends its arguments to `out` as a JSON
 * array of strings. They are separated as psutil does: if the text does not end with NUL, or is one
 * argument with spaces in it, the process has overwritten it, and spaces separate the arguments.
 */
enum proc_outcome cmdline_list(struct cmdline_reader *r, int dir, struct buf *out);

/* The first argument of the process that was read last, unmasked: never show it. */
struct text cmdline_first(const struct cmdline_reader *r);

struct cmdline {
    struct text text;      /* borrowed from the packed bytes, as is `container` */
    const char *container; /* NULL: none */
    bool cut;              /* the process has a longer one */
};

/* False if these are not the bytes of cmdline_pack(). */
bool cmdline_unpack(struct text packed, struct cmdline *out);

/* How many of `len` bytes fit `max` without splitting a UTF-8 sequence. */
size_t cmdline_cut(const char *text, size_t len, size_t max);

#endif
