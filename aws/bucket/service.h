/*
 * service: GET /list-bucket-content[/{prefix}], and the one ladder of every request for it:
 *
 *     path -> method -> address and token (read) -> S3 -> reply -> log
 *
 *     200 {"content":["dir1/","file1"]}      one level, all pages
 *     200 {"content":[]}                     only the directory's own marker, or the whole archive
 *                                            when there is nothing in it yet
 *     404, 500, 502, 504 {"message":"..."}   no key begins so; too many names; what S3 says; S3 is
 *                                            too slow
 *
 * What is refused before S3 is asked (400, 401, 403, 405, another path's 404) is JSend as
 * everywhere. Nothing of a request survives in a worker but the connection to S3.
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
    char root[NAMES_PREFIX_MAX]; /* the configured prefix: nobody gets above it */
    unsigned seconds;            /* for S3, in all */
    struct buf asked;            /* the level, as the client names it */
    struct level level;
    struct buf reply;
};

/* `site` and what `config` holds are borrowed. False with errno. */
bool service_init(struct service *s, const struct config *config, struct s3_site *site,
                  unsigned seconds);
void service_release(struct service *s);

/* Answers `r`. The whole answer is in s->reply; the number of its bytes to send is returned. */
size_t service_answer(struct service *s, const struct request *r);

/* Call after each request. */
void service_reset(struct service *s);

#endif
