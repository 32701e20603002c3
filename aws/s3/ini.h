/*
 * ini: reads one section of AWS's credentials and config files.
 *
 *     [default]
 *     aws_access_key_id = AKIA...
 *
 * Sections start in the first column, lines that start with # or ; are comments, blanks around
 * names and values are removed. Indented lines (nested settings) are skipped. If a name occurs
 * twice, the last one counts.
 */
#ifndef AWS_S3_INI_H
#define AWS_S3_INI_H

#include "handler/shared/buf.h"

#include <stdbool.h>

/* True if the text has the section. */
bool ini_has_section(const struct buf *text, const char *section);

/* Sets `out` to the value of a name in that section, NUL-terminated. False if there is none. */
bool ini_value(const struct buf *text, const char *section, const char *name, struct buf *out);

#endif
