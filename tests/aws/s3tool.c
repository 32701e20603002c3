/*
 * s3tool: the S3 client of aws/ on the command line, for the tests. The bucket is $S3_BUCKET, the
 * rest S3_REGION, S3_ENDPOINT, S3_ADDRESSING. Exit status: an enum s3_result, or 99 for usage.
 *
 *     s3tool ls PREFIX | level PREFIX | put KEY FILE [NOTE] | get KEY FILE | head KEY
 *     s3tool put-all FILE        under each key that stdin names, one a line
 *     s3tool make                the bucket
 */
#include "aws/s3/list.h"
#include "aws/s3/object.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define USAGE ((enum s3_result)99)

static bool print_entry(void *context, const struct s3_entry *e)
{
    (void)context;
    if (e->is_level)
        printf("level %s\n", e->key);
    else
        printf("%" PRIu64 " %s\n", e->size, e->key);
    return true;
}

static bool restart(void *context)
{
    const int *fd = context;
    return ftruncate(*fd, 0) == 0 && lseek(*fd, 0, SEEK_SET) == 0;
}

static bool take(void *context, const char *bytes, size_t len)
{
    const int *fd = context;
    return write(*fd, bytes, len) == (ssize_t)len;
}

static enum s3_result get(struct s3 *s, const char *key, const char *path, struct s3_fault *f)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const struct s3_sink out = {restart, take, &fd};
    return fd < 0 ? USAGE : s3_get(s, key, &out, f);
}

static enum s3_result put(struct s3 *s, const char *key, const char *path, const char *note,
                          struct s3_fault *f)
{
    struct stat st;
    struct s3_source source = {.fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (source.fd < 0 || fstat(source.fd, &st) != 0)
        return USAGE;
    source.len = (uint64_t)st.st_size;
    if (!s3_source_hash(&source))
        return USAGE;
    return s3_put(s, key, &source, &(const struct s3_about){"application/octet-stream", note}, f);
}

static enum s3_result put_all(struct s3 *s, const char *path, struct s3_fault *f)
{
    char key[S3_KEY_MAX + 2];
    enum s3_result result = S3_OK;
    while (result == S3_OK && fgets(key, sizeof key, stdin)) {
        key[strcspn(key, "\n")] = '\0';
        result = put(s, key, path, NULL, f);
    }
    return result;
}

static enum s3_result make(struct s3 *s, struct s3_fault *f)
{
    const struct s3_call call = {.method = "PUT"};
    struct http_answer answer;
    enum s3_result result = s3_call(s, &call, &answer, f);
    http_release(&answer);
    return result;
}

static enum s3_result head(struct s3 *s, const char *key, struct s3_fault *f)
{
    struct s3_object o;
    enum s3_result result = s3_head(s, key, &o, f);
    if (result == S3_OK)
        printf("%" PRIu64 " %s %s\n", o.size, o.etag, o.note);
    return result;
}

static enum s3_result run(struct s3 *s, int argc, char **argv, struct s3_fault *f)
{
    if (argc == 3 && strcmp(argv[1], "ls") == 0)
        return s3_list(s, &(const struct s3_listing){argv[2], false, print_entry, NULL}, f);
    if (argc == 3 && strcmp(argv[1], "level") == 0)
        return s3_list(s, &(const struct s3_listing){argv[2], true, print_entry, NULL}, f);
    if ((argc == 4 || argc == 5) && strcmp(argv[1], "put") == 0)
        return put(s, argv[2], argv[3], argc == 5 ? argv[4] : NULL, f);
    if (argc == 2 && strcmp(argv[1], "make") == 0)
        return make(s, f);
    if (argc == 3 && strcmp(argv[1], "put-all") == 0)
        return put_all(s, argv[2], f);
    if (argc == 4 && strcmp(argv[1], "get") == 0)
        return get(s, argv[2], argv[3], f);
    if (argc == 3 && strcmp(argv[1], "head") == 0)
        return head(s, argv[2], f);
    snprintf(f->text, sizeof f->text, "usage: s3tool ls|level|put|put-all|get|head ...");
    return USAGE;
}

int main(int argc, char **argv)
{
    const char *stall = getenv("S3TOOL_STALL_S"); /* a slow store gets more than 5 s */
    const struct s3_config config = {.bucket = getenv("S3_BUCKET"),
                                     .region = getenv("S3_REGION"),
                                     .endpoint = getenv("S3_ENDPOINT"),
                                     .addressing = getenv("S3_ADDRESSING"),
                                     .stall_s = stall ? strtol(stall, NULL, 10) : 5};
    struct s3_fault fault = {.text = ""};
    char error[HTTP_ERROR_MAX];
    if (!config.bucket || !http_global(error))
        return USAGE;
    struct s3_site *site = s3_site_open(&config, &fault);
    struct s3 *s = site ? s3_new(site) : NULL;
    enum s3_result result = s ? run(s, argc, argv, &fault) : fault.result;
    if (result != S3_OK)
        fprintf(stderr, "%s\n", fault.text);
    s3_free(s);
    s3_site_free(site);
    return (int)result;
}
