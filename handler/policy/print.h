/*
 * print: the verdicts of rollcall-policy, as a table, JSON or JUnit XML.
 */
#ifndef HANDLER_POLICY_PRINT_H
#define HANDLER_POLICY_PRINT_H

#include "handler/read/judge.h"

enum print_format { PRINT_TEXT, PRINT_JSON, PRINT_JUNIT };

struct print {
    const struct policy *policy;
    int data;
    const struct hosts *hosts;
    enum print_format format;
    unsigned char *states; /* policy->count of each host */
    struct judge judge;
};

bool print_format_find(const char *name, enum print_format *format);

/* Prints all rules. False: standard output cannot be written, or memory is out. */
bool print_all(struct print *p);

#endif
