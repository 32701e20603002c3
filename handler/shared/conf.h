/*
 * conf: a configuration file, which is one JSON object, read by a table of keys.
 *
 * conf_load() opens `path`, refuses what is not a JSON object, an unknown or repeated key, a wrong
 * type, a number out of range and a missing required key, and stores the others through `dest`.
 * Keys that are absent leave `dest` as the caller set it (the default).
 *
 * On failure it returns false and `error` holds one line that names the file, the key and what
 * would be right; the caller prints it and exits with 78 (EX_CONFIG).
 *
 * Strings are allocated with strdup() and belong to the caller, for the life of the program.
 */
#ifndef HANDLER_SHARED_CONF_H
#define HANDLER_SHARED_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_ERROR_LEN 512

enum conf_type {
    CONF_STRING,   /* char *, not empty */
    CONF_BOOL,     /* bool */
    CONF_SWITCH,   /* int: 0 for false, 1 for true, 2 and up for the words of `choices` */
    CONF_INTEGER,  /* int64_t, min..max */
    CONF_DURATION, /* int64_t milliseconds, min..max: "5s" "10m" "1h" "250ms", or a number of
                      seconds */
    CONF_OBJECT,   /* a nested table */
    CONF_LIST,     /* struct conf_list: an array of objects */
};

/* The elements of an array, each an object with a table of its own. */
struct conf_list {
    size_t count, max;
    const struct conf_key *(*keys)(struct conf_list *list, size_t index); /* for element `index` */
};

struct conf_key {
    const char *name;
    enum conf_type type;
    void *dest;
    bool required;
    int64_t min, max;
    const struct conf_key *keys; /* CONF_OBJECT: its table */
    const char *const *choices;  /* CONF_STRING: NULL, or the words that are allowed; CONF_SWITCH:
                                    the words besides true and false */
};

/* `keys` ends with an element whose name is NULL. */
bool conf_load(const char *path, const struct conf_key *keys, char error[CONF_ERROR_LEN]);

/* The same rules for one value given as text (a command line): "true", "17", "5s". */
bool conf_set(const struct conf_key *key, const char *text, char error[CONF_ERROR_LEN]);

/* "5s", "10m", "1h", "2d", "250ms"; a bare number is seconds. False when it is none of these. */
bool conf_duration(const char *text, int64_t *ms);

#endif
