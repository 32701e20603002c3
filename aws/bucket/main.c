/*
 * rollcall-bucket: lists the archive in S3 over HTTP. See rollcall-bucket(8).
 */
#include "aws/bucket/deadline.h"
#include "aws/bucket/service.h"
#include "handler/http/fcgi.h"
#include "handler/http/program.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: rollcall-bucket [--check] [--help] [--version]\n"
    "\n"
    "Answers GET /list-bucket-content[/{prefix}] with a listing of the archive in S3, and\n"
    "GET /archive/{key} with an object of it.\n"
    "Run by a FastCGI web server (a listening socket on descriptor 0, or systemd's on 3),\n"
    "or for one CGI request (REQUEST_METHOD in the environment).\n"
    "\n"
    "  --check    check the configuration, and exit\n"
    "  --help     show this text\n"
    "  --version  show the version\n"
    "\n"
    "The configuration is the JSON file named by ROLLCALL_CONFIG, else\n"
    "/etc/rollcall/handler.json, with the archive in s3; see rollcall-handler.json(5).\n"
    "Credentials are found as AWS's own tools find them; see rollcall-bucket(8).\n";

static const struct program program = {"rollcall-bucket", usage};

enum { STALL_S = 10, SECONDS_MAX = 3600 };

/* Reads ROLLCALL_BUCKET_SECONDS. False with an error. */
static bool read_seconds(unsigned *out, char error[CONF_ERROR_LEN])
{
    const char *said = getenv("ROLLCALL_BUCKET_SECONDS");
    char *end;
    *out = SERVICE_SECONDS;
    if (!said || !*said)
        return true;
    unsigned long n = strtoul(said, &end, 10);
    *out = (unsigned)n;
    if (*said >= '0' && *said <= '9' && !*end && n >= 1 && n <= SECONDS_MAX)
        return true;
    snprintf(error, CONF_ERROR_LEN,
             "ROLLCALL_BUCKET_SECONDS must be whole seconds from 1 to %d, not %.40s", SECONDS_MAX,
             said);
    return false;
}

static bool check_config(const struct config *c, char error[CONF_ERROR_LEN])
{
    char root[NAMES_PREFIX_MAX];
    if (!c->s3.bucket)
        snprintf(error, CONF_ERROR_LEN, "%s: s3: needed, such as {\"bucket\":\"records\"}",
                 config_path());
    else if (!names_prefix(c->s3.prefix, root))
        snprintf(error, CONF_ERROR_LEN, "%s: s3.prefix: at most %d bytes", config_path(),
                 NAMES_PREFIX_MAX - 2);
    else
        return true;
    return false;
}

/* Opens the configured store without calling it. NULL with an error. */
static struct s3_site *open_site(const struct config *c, char error[CONF_ERROR_LEN])
{
    const struct s3_config s3 = {.bucket = c->s3.bucket,
                                 .region = c->s3.region,
                                 .endpoint = c->s3.endpoint,
                                 .addressing = c->s3.addressing_style,
                                 .stall_s = STALL_S,
                                 .stop = deadline_flag()};
    struct s3_fault fault;
    if (!http_global(error))
        return NULL;
    struct s3_site *site = s3_site_open(&s3, &fault);
    if (!site)
        snprintf(error, CONF_ERROR_LEN, "%.500s", fault.text);
    return site;
}

static int serve(const struct config *config, struct s3_site *site, unsigned seconds)
{
    static struct service service;
    struct request request;
    int status = program_open(&program);
    if (status != 0)
        return status;
    if (!service_init(&service, config, site, seconds))
        return program_cannot_start(&program);
    while (fcgi_accept(&request)) {
        size_t len = service_answer(&service, &request);
        if (len > 0)
            fcgi_answer(service.reply.data, len);
        fcgi_finish(&request);
        service_reset(&service);
    }
    service_release(&service);
    return fcgi_exit_status();
}

int main(int argc, char **argv)
{
    struct config config;
    char error[CONF_ERROR_LEN];
    unsigned seconds;
    int status;
    enum program_action action = program_start(&program, argc, argv, &status);
    if (action == PROGRAM_END)
        return status;
    if (!config_load(config_path(), &config, error) || !check_config(&config, error) ||
        !read_seconds(&seconds, error))
        return program_bad_config(&program, error);
    struct s3_site *site = open_site(&config, error);
    if (!site)
        return program_bad_config(&program, error);
    if (action == PROGRAM_CHECK)
        printf("%s: ok\n", config_path());
    else
        status = serve(&config, site, seconds);
    s3_site_free(site);
    return status;
}
