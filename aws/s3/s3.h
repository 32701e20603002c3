/*
 * s3: a bucket of S3 or of a store that speaks like it. libcurl signs (http.h), nothing else does.
 *
 *     http_global(error);                            once, before the first thread
 *     struct s3_site *site = s3_site_open(&config, &fault);
 *     struct s3 *s3 = s3_new(site);                  one a thread: a connection that is kept
 *     enum s3_result r = s3_put(s3, "a key", ...);   object.h, list.h
 *     s3_free(s3); s3_site_free(site);
 *
 * Keys are text as it is, without a leading slash; they are encoded here, once. A key with a part
 * "." or ".." is refused (S3_REFUSED): libcurl would ask for another one. Listings do give such
 * keys.
 *
 * Every call is repeated, up to S3_TRIES times, when the network fails or the store is busy (5xx,
 * 429, SlowDown, RequestTimeout ...), after a pause of full jitter: anything between nothing and a
 * span that doubles from S3_SPAN_FIRST to S3_SPAN_MAX ms; what Retry-After says is waited first.
 * AWS_MAX_ATTEMPTS sets another number of tries. An expired key is refreshed once.
 *
 * On failure `fault` holds one line that says what is wrong and what would be right, without any
 * secret.
 */
#ifndef AWS_S3_S3_H
#define AWS_S3_S3_H

#include "aws/s3/http.h"
#include "aws/s3/percent.h"
#include "handler/shared/digest.h"

enum {
    S3_TRIES = 5,
    S3_SPAN_FIRST = 200,
    S3_SPAN_MAX = 20000,
    S3_KEY_MAX = 1024,       /* bytes, S3's own limit */
    S3_ERROR_MAX = 64 << 10, /* of an answer that says what is wrong */
    S3_REGION_MAX = 64,
};

enum s3_result {
    S3_OK,
    S3_NOT_FOUND,  /* no such key (or bucket: the fault's code says NoSuchBucket) */
    S3_DENIED,     /* who we are does not suffice, or the signature does not hold */
    S3_CONFIG,     /* configuration: no credentials, no region, another region, a bad endpoint */
    S3_REFUSED,    /* another 4xx: the request was wrong */
    S3_LATER,      /* network or store failed at every try */
    S3_BAD_ANSWER, /* the store answered what it should not */
    S3_LOCAL,      /* our side: a file that cannot be read, a taker that gave up, memory */
    S3_STOPPED,    /* *config.stop was set */
};

struct s3_fault {
    enum s3_result result;
    long status;   /* HTTP's, 0: there was no answer */
    char code[64]; /* S3's, such as NoSuchBucket; "" for none */
    char text[640];
};

struct s3_config {
    const char *bucket;
    const char *region;     /* NULL: credentials_region(), else us-east-1 with an endpoint */
    const char *endpoint;   /* NULL: AWS; else "https://host[:port]" */
    const char *addressing; /* "path", "virtual", or NULL / "auto": path with an endpoint */
    unsigned tries;         /* 0: AWS_MAX_ATTEMPTS, else S3_TRIES */
    int64_t stall_s;        /* given up when nothing moves for so long; 0: 30 s */
    const volatile sig_atomic_t *stop; /* NULL, or: not 0 ends every call soon */
};

/* Bucket, region, credentials: what all threads share. */
struct s3_site;

/* The strings of `config` are borrowed. NULL with a fault (S3_CONFIG, S3_LATER). */
struct s3_site *s3_site_open(const struct s3_config *config, struct s3_fault *fault);
void s3_site_free(struct s3_site *site);

struct s3;

/* NULL when memory is out. `site` is borrowed. */
struct s3 *s3_new(struct s3_site *site);
void s3_free(struct s3 *s);

/* What is sent: memory, or a part of a file. Its SHA-256 is checked by the store. */
struct s3_source {
    const char *bytes; /* NULL: it is in the file */
    int fd;
    off_t at;
    uint64_t len;
    unsigned char sha256[DIGEST_LEN];
};

/* Sets source->sha256 from the bytes or the file. False with errno. */
bool s3_source_hash(struct s3_source *source);

/*
 * Where an answer goes, piece by piece. `restart` is called before each try: what came before is
 * void. False of either ends the call with S3_LOCAL.
 */
struct s3_sink {
    bool (*restart)(void *context);
    bool (*take)(void *context, const char *bytes, size_t len);
    void *context;
};

/* One request, for the files that know what S3 can be asked. */
struct s3_call {
    const char *method;
    const char *key; /* NULL: the bucket itself */
    const struct percent_pair *query;
    size_t query_count;
    const struct http_header *headers;
    size_t header_count; /* at most S3_HEADERS_MAX */
    const struct s3_source *body;
    const struct s3_sink *sink; /* NULL: the answer goes into answer->body ... */
    size_t body_max;            /* ... which is at most this long */
};
enum { S3_HEADERS_MAX = 8 };

/* S3_OK for a 2xx. `answer` is to be released with http_release() in any case. */
enum s3_result s3_call(struct s3 *s, const struct s3_call *call, struct http_answer *answer,
                       struct s3_fault *fault);

/* Sets the fault of a call that succeeded with a response that is not valid. */
enum s3_result s3_bad_answer(struct s3_fault *fault, const char *what, const char *detail);

/* Sets the fault of a call that failed on this machine. */
enum s3_result s3_local(struct s3_fault *fault, const char *what);

#endif
