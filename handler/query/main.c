/*
 * rollcall-query: answers questions about the fleet from the daily files. See rollcall-query(8).
 */
#include "handler/http/fcgi.h"
#include "handler/http/program.h"
#include "handler/query/query.h"
#include "handler/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char usage[] =
    "usage: rollcall-query [--check] [--help] [--version]\n"
    "\n"
    "Answers GET /api/v1/hosts... and /files/ from the daily files, and writes nothing.\n"
    "Run by a FastCGI web server (a listening socket on descriptor 0, or systemd's on 3),\n"
    "or for one CGI request (REQUEST_METHOD in the environment).\n"
    "\n"
    "  --check        check the configuration and the hosts file, name every bad line, and end\n"
    "  -h, --help     this text\n"
    "  -V, --version  the version\n"
    "\n"
    "The configuration is the JSON file named by ROLLCALL_CONFIG, else\n"
    "/etc/rollcall/handler.json; see rollcall-handler.json(5) and rollcall-hosts(5).\n";

static const struct program program = {"rollcall-query", usage};

static void report_line(void *bad, unsigned line, const char *reason)
{
    ++*(unsigned *)bad;
    fprintf(stderr, "rollcall-query: hosts file, line %u: %s\n", line, reason);
}

/* Names the bad lines of the hosts file, and returns how many there are. */
static unsigned check_hosts(const struct config *config)
{
    struct hostsfile hosts;
    unsigned bad = 0;
    hostsfile_init(&hosts, config->hosts_file);
    if (!hostsfile_refresh(&hosts, report_line, &bad)) {
        fprintf(stderr, "rollcall-query: %s: hosts_file: cannot read %s: %s\n", config_path(),
                config->hosts_file, strerror(errno));
        bad++;
    }
    hostsfile_release(&hosts);
    return bad;
}

static void report_rule(void *bad, const char *error)
{
    ++*(unsigned *)bad;
    fprintf(stderr, "rollcall-query: policy_file: %s\n", error);
}

static unsigned check_policy(const struct config *config)
{
    unsigned bad = 0;
    if (config->policy_file)
        policy_free(policy_check(config->policy_file, report_rule, &bad));
    return bad;
}

/* Each file of the configuration has a function that names its bad lines. */
static int check(const struct config *config)
{
    static unsigned (*const checks[])(const struct config *config) = {check_hosts, check_policy};
    unsigned bad = 0;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        bad += checks[i](config);
    if (bad > 0)
        return EX_CONFIG;
    printf("%s: ok\n", config_path());
    return 0;
}

static int serve(const struct config *config)
{
    static struct query query;
    char error[POLICY_ERROR_LEN];
    struct confine limits;
    struct request request;
    int status = program_open(&program);
    if (status != 0)
        return status;
    if (!query_init(&query, config))
        return program_cannot_start(&program);
    if (!policy_file_open(&query.policy, config->policy_file, error))
        return program_bad_config(&program, error);
    const char *const files[] = {config->hosts_file, config->policy_file};
    sandbox_start(&limits, config, CONFINE_READ, files, sizeof files / sizeof files[0]);
    while (fcgi_accept(&request)) {
        if (confine_is_stale(&limits)) {
            status = program_start_again(config->records_dir);
            fcgi_finish(&request);
            return status;
        }
        request_find_path(&request, query_serves, &query);
        query_answer(&query, &request);
        fcgi_finish(&request);
    }
    query_release(&query);
    return fcgi_exit_status();
}

int main(int argc, char **argv)
{
    static struct config config;
    char error[CONF_ERROR_LEN];
    int status;
    enum program_action action = program_start(&program, argc, argv, &status);
    if (action == PROGRAM_END)
        return status;
    if (!config_load(config_path(), &config, error))
        return program_bad_config(&program, error);
    return action == PROGRAM_CHECK ? check(&config) : serve(&config);
}
