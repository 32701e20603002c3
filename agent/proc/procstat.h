/*
 * procstat: one line of /proc/PID/stat as numbers (proc(5)).
 *
 * Pure. The line is hostile: the process chooses its name, which may contain spaces, parentheses,
 * newlines and any other byte, so the fields are counted from the last ')'.
 */
#ifndef AGENT_PROC_PROCSTAT_H
#define AGENT_PROC_PROCSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROCSTAT_COMM_MAX = 64,     /* kworkers have longer names than TASK_COMM_LEN (16) */
    PROCSTAT_TTY_MAX = 32,      /* for procstat_tty() */
    PROCSTAT_TEXT_MAX = 2048,   /* no stat line is longer */
    PROCSTAT_KTHREAD = 0x200000 /* PF_KTHREAD of the kernel's sched.h, in `flags` */
};

struct procstat {
    int64_t pid;
    int64_t ppid;
    uint64_t flags;
    uint64_t cpu_ticks; /* utime + stime */
    uint64_t user_ticks, system_ticks;
    uint64_t children_user_ticks, children_system_ticks;
    uint64_t iowait_ticks; /* delayacct_blkio_ticks; 0 if the line ends before it */
    int64_t nice;
    int64_t cpu_num;      /* -1: the line ends before it */
    uint64_t start_ticks; /* since boot */
    uint64_t rss_pages;
    int64_t threads;
    uint32_t tty; /* tty_nr: see procstat_tty() */
    char state;
    unsigned char comm_len;
    char comm[PROCSTAT_COMM_MAX]; /* not NUL-terminated */
};

/* False if the text is not a complete stat line; `out` is then undefined. */
bool procstat_parse(const char *text, size_t len, struct procstat *out);

/*
 * The terminal's name below /dev ("pts/0", "tty1", "ttyS0"), from the kernel's device numbers
 * (Documentation/admin-guide/devices.txt); "major:minor" for one that is not in that list. False
 * if the process has none.
 */
bool procstat_tty(uint32_t tty, char out[PROCSTAT_TTY_MAX]);

#endif
