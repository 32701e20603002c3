/*
 * version: which of two versions is the later, as dpkg decides (deb-version(7), "Sorting
 * algorithm").
 */
#ifndef HANDLER_READ_VERSION_H
#define HANDLER_READ_VERSION_H

#include "handler/shared/json/gate.h"

/* Below 0, 0, above 0, as `a` is earlier than, equal to or later than `b`. */
int version_compare(struct text a, struct text b);

#endif
