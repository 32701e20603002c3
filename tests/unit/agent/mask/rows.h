/*
 * rows: command lines as tests write them.
 *
 * '|' is between two arguments, but with a space beside it is the '|' of a shell; and "<<x>>" is a
 * secret: x is in the command line, "***" in what the agent shows. A row without a secret must be
 * shown as it is.
 */
#ifndef TESTS_MASK_ROWS_H
#define TESTS_MASK_ROWS_H

#include "agent/mask/mask.h"

#include <stdio.h>

enum { ROW_MAX = 4096 };

struct mask_row {
    char raw[ROW_MAX], want[ROW_MAX];
    size_t raw_len;
};

static inline bool row_separates(const char *text, const char *s)
{
    return *s == '|' && s[1] != ' ' && !(s > text && s[-1] == ' ');
}

static inline void row_read(const char *text, struct mask_row *row)
{
    size_t raw = 0, want = 0;
    bool secret = false;
    for (const char *s = text; *s && want < ROW_MAX - 8 && raw < ROW_MAX - 1; s++) {
        if (strncmp(s, secret ? ">>" : "<<", 2) == 0) {
            if (!secret) {
                memcpy(row->want + want, "***", 3);
                want += 3;
            }
            secret = !secret;
            s++;
            continue;
        }
        bool separates = row_separates(text, s);
        row->raw[raw++] = separates ? '\0' : *s;
        if (!secret)
            row->want[want++] = separates ? ' ' : *s;
    }
    row->raw_len = raw;
    row->want[want] = '\0';
}

/* Masks the row, and says whether it is as wanted; prints what differs. */
static inline bool row_holds(struct mask *m, const char *text)
{
    struct mask_row row;
    struct buf out;
    row_read(text, &row);
    buf_init(&out, 4 * ROW_MAX);
    bool ok = mask_arguments(m, row.raw, row.raw_len, false, &out) && buf_str(&out) &&
              strcmp(buf_str(&out), row.want) == 0;
    if (!ok)
        print_error("%s\n  want %s\n  got  %s\n", text, row.want, buf_str(&out));
    buf_release(&out);
    return ok;
}

static inline void rows_hold(const char *const *rows, size_t count)
{
    static struct mask m;
    size_t wrong = 0;
    mask_init(&m);
    for (size_t i = 0; i < count; i++)
        wrong += !row_holds(&m, rows[i]);
    mask_release(&m);
    assert_int_equal(wrong, 0);
}

#define ROWS_HOLD(rows) rows_hold(rows, sizeof rows / sizeof *rows)

#endif
