/*
 * limits: what a worker of rollcall-bucket may do (confine.h): connect, as libcurl does, and read
 * what that needs. tests/aws/confine.bats tries it.
 */
#ifndef AWS_BUCKET_LIMITS_H
#define AWS_BUCKET_LIMITS_H

#include "handler/config.h"
#include "handler/confine.h"

/*
 * Limits this process, unless "confine" is false, to reading: the directories of the tokens file
 * and of AWS's own files, programs' libraries, the certificates, and the files of the resolver one
 * by one. It may write nothing. `c` is filled in any case, for confine_stale().
 */
void limits_start(struct confine *c, const struct config *config);

#endif
