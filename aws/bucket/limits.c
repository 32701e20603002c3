#include "aws/bucket/limits.h"

#include "aws/s3/credential.h"
#include "handler/sandbox.h"

#include <limits.h>
#include <stdio.h>

/* Files of which these variables have the names. */
static const char *const limits_variables[] = {"AWS_SHARED_CREDENTIALS_FILE",
                                               "AWS_CONFIG_FILE",
                                               "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                               "AWS_CA_BUNDLE",
                                               "SSL_CERT_FILE",
                                               NULL};

/* Libraries, which the resolver and libcrypto load when they need them, and certificates. */
static const char *const limits_dirs[] = {"/usr",
                                          "/lib",
                                          "/lib64",
                                          "/etc/ssl",
                                          "/etc/pki",
                                          "/etc/ca-certificates",
                                          "/etc/crypto-policies",
                                          "/proc/sys/crypto",
                                          NULL};

/* Beside these there are passwords in /etc, so they are allowed one by one. */
static const char *const limits_files[] = {
    "/etc/resolv.conf", "/etc/hosts",    "/etc/nsswitch.conf", "/etc/host.conf",
    "/etc/gai.conf",    "/etc/services", "/etc/ld.so.cache",   NULL};

/* Where AWS's tools look without those variables. */
static void limits_home(struct confine *c)
{
    static const char *const names[] = {"credentials", "config"};
    const char *home = credential_env("HOME");
    char path[PATH_MAX];
    for (size_t i = 0; home && i < sizeof names / sizeof *names; i++)
        if ((size_t)snprintf(path, sizeof path, "%s/.aws/%s", home, names[i]) < sizeof path)
            confine_file(c, path);
}

void limits_start(struct confine *c, const struct config *config)
{
    confine_off(c);
    if (!config->confine)
        return;
    confine_open(c);
    confine_file(c, config->tokens_file);
    for (const char *const *name = limits_variables; *name; name++)
        if (credential_env(*name))
            confine_file(c, credential_env(*name));
    if (credential_env("SSL_CERT_DIR"))
        confine_dir(c, credential_env("SSL_CERT_DIR"), CONFINE_READ);
    limits_home(c);
    for (const char *const *dir = limits_dirs; *dir; dir++)
        confine_dir(c, *dir, CONFINE_READ);
    for (const char *const *file = limits_files; *file; file++)
        confine_exactly(c, *file);
    sandbox_limit(c, CONFINE_NETWORK);
}
