/*
 * s3: calls a bucket of S3, or of a store with the same interface. libcurl signs the requests
 * (http.h).
 *
 *     http_global(error);                            once, before the first thread
 *     struct s3_site *site = s3_site_open(&config, &fault);
 *     struct s3 *s3 = s3_new(site);                  one per thread; it keeps its connection
 *     enum s3_result r = s3_put(s3, "a key", ...);   object.h, list.h
 *     s3_free(s3); s3_site_free(site);
 *
 * Keys are not encoded, and have no leading slash. A key with a part "." or ".." is S3_REFUSED,
 * because libcurl would request another one; a listing can contain such keys.
 *
 * If the network fails or the store is busy (5xx, 429, SlowDown, RequestTimeout ...), a call is
 * retried, in all S3_TRIES times, or AWS_MAX_ATTEMPTS times. The pause before a retry is what
 * Retry-After says, and a random time of at most a span that doubles from S3_SPAN_FIRST to
 * S3_SPAN_MAX ms. An expired key is refreshed once.
 *
 * On failure `fault` has one line that says what is wrong and what would be right. It contains no
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
    S3_ERROR_MAX = 64 << 10, /* the limit of an error response */
    S3_REGION_MAX = 64,
};

enum s3_result {
    S3_OK,
    S3_NOT_FOUND,  /* no such key (or bucket: the fault's code says NoSuchBucket) */
    S3_DENIED,     /* the credentials do not permit it, or the signature is not valid */
    S3_CONFIG,     /* configuration: no credentials, no region, another region, a bad endpoint */
    S3_REFUSED,    /* another 4xx: the request was wrong */
    S3_LATER,      /* network or store failed at every try */
    S3_BAD_ANSWER, /* the store's response is not valid */
    S3_LOCAL,   /* this machine failed: a file cannot be read, a sink ended the call, no memory */
    S3_STOPPED, /* *config.stop was set */
};

struct s3_fault {
    enum s3_result result;
    long status;   /* of HTTP; 0: there was no response */
    char code[64]; /* of S3, such as NoSuchBucket, or "" */
    char text[640];
};

struct s3_config {
    const char *bucket;
    const char *region;     /* NULL: credentials_region(), else us-east-1 with an endpoint */
    const char *endpoint;   /* NULL: AWS; else "https://host[:port]" */
    const char *addressing; /* "path", "virtual", or NULL / "auto": path with an endpoint */
    unsigned tries;         /* 0: AWS_MAX_ATTEMPTS, else S3_TRIES */
    int64_t stall_s;        /* without a byte in either direction; 0: 30 s */
    const volatile sig_atomic_t *stop; /* unless NULL: not 0 ends every call soon */
};

/* Bucket, region and credentials, which all threads share. */
struct s3_site;

/* The strings of `config` are borrowed. NULL with a fault (S3_CONFIG, S3_LATER). */
struct s3_site *s3_site_open(const struct s3_config *config, struct s3_fault *fault);
void s3_site_free(struct s3_site *site);

struct s3;

/* NULL if there is no memory. `site` is borrowed. */
struct s3 *s3_new(struct s3_site *site);
void s3_free(struct s3 *s);

/* The body to send: memory, or a part of a file. The store checks its SHA-256. */
struct s3_source {
    const char *bytes; /* NULL: the body is in the file */
    int fd;
    off_t at;
    uint64_t len;
    unsigned char sha256[DIGEST_LEN];
};

/* Sets source->sha256 from the bytes or the file. False with errno. */
bool s3_source_hash(struct s3_source *source);

/*
 * Receives a response in pieces. `restart` is called before each try, and discards the pieces of
 * the try before. If either returns false, the call ends with S3_LOCAL.
 */
struct s3_sink {
    bool (*restart)(void *context);
    bool (*take)(void *context, const char *bytes, size_t len);
    void *context;
};

/* One request, for the files that implement S3's operations. */
struct s3_call {
    const char *method;
    const char *key; /* NULL: the bucket itself */
    const struct percent_pair *query;
    size_t query_count;
    const struct http_header *headers;
    size_t header_count; /* at most S3_HEADERS_MAX */
    const struct s3_source *body;
    const struct s3_sink *sink; /* NULL: the response goes to answer->body ... */
    size_t body_max;            /* ... which has this limit */
};
enum { S3_HEADERS_MAX = 8 };

/* S3_OK for a 2xx. Release `answer` with http_release() in any case. */
enum s3_result s3_call(struct s3 *s, const struct s3_call *call, struct http_answer *answer,
                       struct s3_fault *fault);

/* Sets the fault of a call that succeeded with a response that is not valid. */
enum s3_result s3_bad_answer(struct s3_fault *fault, const char *what, const char *detail);

/* Sets the fault of a call that failed on this machine. */
enum s3_result s3_local(struct s3_fault *fault, const char *what);

#endif
