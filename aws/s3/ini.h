/*
 * ini: AWS's credentials and config files, read for one section.
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

/* Whether the text has the section. */
bool ini_has_section(const struct buf *text, const char *section);

/* The value of a name of that section goes to `out` (reset first, NUL-terminated). False: none. */
bool ini_value(const struct buf *text, const char *section, const char *name, struct buf *out);

#endif
