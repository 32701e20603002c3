/*
 * place: a line of a host's files, found by time, across days.
 *
 *     place_init(&p, data, &ip, first_ms);
 *     if (place_find(&p, at)) ... p.tail is at the newest line received at or before `at` ...
 *     while (place_back(&p)) ... the lines before, also those of the days before ...
 *     place_release(&p);
 */
#ifndef HANDLER_READ_PLACE_H
#define HANDLER_READ_PLACE_H

#include "handler/read/files.h"
#include "handler/read/tail.h"

struct place {
    struct ip ip;
    int data;         /* <records_dir>/data, borrowed; -1: there is none */
    int64_t first_ms; /* days that start before it are not looked at */
    int64_t day_ms;   /* day of the open file */
    int fd;           /* -1: none */
    struct tail tail;
    int64_t next_ms; /* received_at of the line after it; -1: not known */
};

void place_init(struct place *p, int data, const struct ip *ip, int64_t first_ms);
void place_release(struct place *p);

/* Opens the file of a day, at its newest line. */
enum tail_result place_open(struct place *p, int64_t day_ms);

/* Opens the file of a day, at the line that ends at offset `end`. */
bool place_at(struct place *p, int64_t day_ms, off_t end);

/* Finds the newest line that was received at or before `at`. False: there is none. */
bool place_find(struct place *p, int64_t at);

/* Moves to the line before. False: there is none; the place is then no longer valid. */
bool place_back(struct place *p);

#endif
