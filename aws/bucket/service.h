/*
 * service: answers GET /list-bucket-content[/{prefix}] and GET /archive/{key} (fetch.h). Every
 * request goes through the same steps:
 *
 *     path -> method -> address and token (read) -> S3 -> reply -> log
 *
 *     200 {"content":["dir1/","file1"]}      one level, all pages
 *     200 {"content":[]}                     only the directory's own marker exists, or the archive
 *                                            is empty
 *     404 {"message":"..."}                  no key begins with the prefix
 *     500 {"message":"..."}                  too many names
 *     502 {"message":"..."}                  S3 failed
 *     504 {"message":"..."}                  S3 took too long
 *
 * A response before S3 is called (400, 401, 403, 405, 404 for another path) is JSend, as in
 * rollcall-handler(8). A worker keeps nothing of a request except the connection to S3.
 */
#ifndef AWS_BUCKET_SERVICE_H
#define AWS_BUCKET_SERVICE_H

#include "aws/bucket/list.h"
#include "aws/s3/names.h"
#include "handler/config.h"
#include "handler/http/auth.h"

enum { SERVICE_SECONDS = 25 };

struct service {
    struct tokens tokens;
    struct digest *digest;
    struct s3 *s3;
    char root[NAMES_PREFIX_MAX]; /* the configured prefix; no request reaches above it */
    unsigned seconds;            /* for all calls of S3 of one request, except a download */
    bool object;                 /* the request is for an object, not for a level */
    struct buf asked;            /* the level or key that the client names */
    struct level level;
    struct buf reply;
};

/* `site` and the strings of `config` are borrowed. False with errno. */
bool service_init(struct service *s, const struct config *config, struct s3_site *site,
                  unsigned seconds);
void service_release(struct service *s);

/* Writes the response to s->reply, and returns how many of its bytes to send: 0 if it was sent. */
size_t service_answer(struct service *s, const struct request *r);

/* Call after each request. */
void service_reset(struct service *s);

#endif
