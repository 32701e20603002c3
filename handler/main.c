/*
 * rollcall-handler: stores records. See rollcall-handler(8).
 */
#include "handler/config.h"
#include "handler/http/fcgi.h"
#include "handler/http/program.h"
#include "handler/route.h"
#include "handler/sandbox.h"
#include "handler/store/dirs.h"
#include "handler/worker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: rollcall-handler [--check] [-h | --help] [-V | --version]\n"
    "\n"
    "Stores what clients send. A FastCGI web server starts it (with a listening socket on\n"
    "descriptor 0, or systemd's on 3), or a CGI web server for one request (REQUEST_METHOD in\n"
    "the environment).\n"
    "\n"
    "      --check    read the configuration, report whether it is correct, and exit\n"
    "  -h, --help     print this help\n"
    "  -V, --version  print the version\n"
    "\n"
    "The configuration is the JSON file named by ROLLCALL_CONFIG, else\n"
    "/etc/rollcall/handler.json; see rollcall-handler.json(5).\n";

static const struct program program = {"rollcall-handler", usage};

/* A check creates nothing: the directory would belong to the user who checks. */
static bool can_exist(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno == ENOENT;
    errno = ENOTDIR;
    return S_ISDIR(st.st_mode);
}

/* 0, or the exit status. */
static int prepare(struct config *config, bool check_only)
{
    char error[CONF_ERROR_LEN];
    if (!config_load(config_path(), config, error))
        return program_bad_config(&program, error);
    if (!(check_only ? can_exist(config->records_dir) : dirs_make_path(config->records_dir))) {
        snprintf(error, sizeof error, "%s: records_dir: cannot create or use the directory: %s",
                 config_path(), strerror(errno));
        return program_bad_config(&program, error);
    }
    return 0;
}

static int serve(const struct config *config)
{
    static struct worker worker;
    struct confine limits;
    struct request request;
    int status = program_open(&program);
    if (status != 0)
        return status;
    if (!worker_init(&worker, config, clock_now))
        return program_cannot_start(&program);
    sandbox_start(&limits, config, CONFINE_WRITE, NULL, 0);
    while (fcgi_accept(&request)) {
        if (confine_is_stale(&limits)) {
            status = program_start_again(config->records_dir);
            fcgi_finish(&request);
            return status;
        }
        size_t len = route_answer(&worker, &request);
        fcgi_answer(worker.reply.data, len);
        fcgi_finish(&request);
        worker_reset(&worker);
    }
    worker_release(&worker);
    return fcgi_exit_status();
}

int main(int argc, char **argv)
{
    struct config config;
    int status;
    enum program_action action = program_start(&program, argc, argv, &status);
    if (action == PROGRAM_END)
        return status;
    status = prepare(&config, action == PROGRAM_CHECK);
    if (status == 0 && action == PROGRAM_CHECK)
        printf("%s: ok\n", config_path());
    return status == 0 && action == PROGRAM_RUN ? serve(&config) : status;
}
