#include "aws/s3/profile.h"

#include "aws/s3/ini.h"
#include "handler/shared/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, SECTION_MAX = 160 };

const char *profile_name(void)
{
    const char *name = credential_env("AWS_PROFILE");
    return name ? name : "default";
}

/* The path of the file. False if neither the variable nor HOME is set. */
static bool file_path(const char *variable, const char *in_home, char out[PATH_MAX])
{
    const char *path = credential_env(variable), *home = credential_env("HOME");
    if (!path && !home)
        return false;
    int len = path ? snprintf(out, PATH_MAX, "%s", path)
                   : snprintf(out, PATH_MAX, "%s/.aws/%s", home, in_home);
    return len > 0 && len < PATH_MAX;
}

/* False with errno. Release `text` in any case. */
static bool read_file(const char *path, struct buf *text)
{
    buf_init(text, FILE_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    bool ok = io_read_file(fd, text);
    int saved = errno;
    close(fd);
    errno = saved;
    return ok;
}

static void forget(struct buf *text)
{
    if (text->data)
        explicit_bzero(text->data, text->len);
    buf_release(text);
}

/* Reads the keys in a section of a file. */
static enum credential_result read_section(const char *path, const struct buf *text,
                                           const char *section, struct credential *out,
                                           char error[CREDENTIAL_ERROR_MAX])
{
    struct buf access, secret, token;
    char why[CREDENTIAL_ERROR_MAX];
    enum credential_result result = CREDENTIAL_NONE;
    buf_init(&access, CREDENTIAL_KEY_MAX * 2);
    buf_init(&secret, CREDENTIAL_KEY_MAX * 2);
    buf_init(&token, CREDENTIAL_TOKEN_MAX * 2);
    bool has_access = ini_value(text, section, "aws_access_key_id", &access);
    bool has_secret = ini_value(text, section, "aws_secret_access_key", &secret);
    bool has_token = ini_value(text, section, "aws_session_token", &token);
    if (has_access || has_secret) {
        result = CREDENTIAL_OK;
        if (!credential_set(out, has_access ? access.data : NULL, has_secret ? secret.data : NULL,
                            has_token ? token.data : NULL, why)) {
            snprintf(error, CREDENTIAL_ERROR_MAX, "%.200s, [%.64s]: %.160s", path, section, why);
            result = CREDENTIAL_BAD;
        }
    }
    forget(&access);
    forget(&secret);
    forget(&token);
    return result;
}

static enum credential_result from_file(const char *variable, const char *in_home,
                                        const char *section, struct credential *out,
                                        char error[CREDENTIAL_ERROR_MAX])
{
    char path[PATH_MAX];
    struct buf text;
    if (!file_path(variable, in_home, path))
        return CREDENTIAL_NONE;
    enum credential_result result = CREDENTIAL_NONE;
    if (read_file(path, &text))
        result = read_section(path, &text, section, out, error);
    else if (errno != ENOENT || credential_env(variable)) {
        snprintf(error, CREDENTIAL_ERROR_MAX, "%.300s: %s", path, strerror(errno));
        result = CREDENTIAL_BAD;
    }
    forget(&text);
    return result;
}

/* The section of a profile in the config file: [profile NAME], but [default]. */
static void config_section(const char *name, char out[SECTION_MAX])
{
    snprintf(out, SECTION_MAX, "%s%.128s", strcmp(name, "default") == 0 ? "" : "profile ", name);
}

/* Reads a setting of the profile from the credentials file, else from the config file. False if
 * neither has it. */
static bool setting(const char *name, const char *key, char *out, size_t size)
{
    static const struct {
        const char *variable, *in_home;
        bool config;
    } files[] = {
        {"AWS_SHARED_CREDENTIALS_FILE", "credentials", false},
        {"AWS_CONFIG_FILE", "config", true},
    };
    char path[PATH_MAX], section[SECTION_MAX];
    struct buf text, value;
    bool found = false;
    buf_init(&value, size - 1);
    for (size_t i = 0; !found && i < sizeof files / sizeof *files; i++) {
        if (files[i].config)
            config_section(name, section);
        else
            snprintf(section, sizeof section, "%.128s", name);
        if (!file_path(files[i].variable, files[i].in_home, path))
            continue;
        found = read_file(path, &text) && ini_value(&text, section, key, &value) && value.len > 0;
        forget(&text);
    }
    if (found)
        snprintf(out, size, "%s", value.data);
    buf_release(&value);
    return found;
}

static enum credential_result bad(const char *name, const char *key, const char *why,
                                  char error[CREDENTIAL_ERROR_MAX])
{
    snprintf(error, CREDENTIAL_ERROR_MAX, "AWS profile %.64s: %.32s%.280s", name, key, why);
    return CREDENTIAL_BAD;
}

/* Refuses settings that AWS's tools support and rollcall does not: ignoring one would use other
 * keys. */
static enum credential_result unsupported(const char *name, const char *const *keys,
                                          char error[CREDENTIAL_ERROR_MAX])
{
    char value[ROLE_TEXT_MAX];
    for (; *keys; keys++)
        if (setting(name, *keys, value, sizeof value))
            return bad(name, *keys,
                       " is not supported; use keys, role_arn with source_profile or "
                       "credential_source, or an instance's role",
                       error);
    return CREDENTIAL_NONE;
}

enum credential_result profile_keys(const char *name, struct credential *out,
                                    char error[CREDENTIAL_ERROR_MAX])
{
    static const char *const others[] = {"credential_process", "sso_session",
                                         "sso_start_url",      "web_identity_token_file",
                                         "login_session",      NULL};
    char section[SECTION_MAX];
    enum credential_result result =
        from_file("AWS_SHARED_CREDENTIALS_FILE", "credentials", name, out, error);
    config_section(name, section);
    if (result == CREDENTIAL_NONE)
        result = from_file("AWS_CONFIG_FILE", "config", section, out, error);
    if (result == CREDENTIAL_NONE)
        result = unsupported(name, others, error);
    if (result != CREDENTIAL_NONE || !credential_env("AWS_PROFILE"))
        return result;
    return bad(name, "", "neither the credentials nor the config file has keys for it", error);
}

static enum credential_result read_source(const char *name, struct profile_role *out,
                                          char error[CREDENTIAL_ERROR_MAX])
{
    char source[ROLE_TEXT_MAX];
    bool has_profile =
        setting(name, "source_profile", out->source_profile, sizeof out->source_profile);
    if (!setting(name, "credential_source", source, sizeof source))
        return has_profile
                   ? CREDENTIAL_OK
                   : bad(name, "role_arn", " needs source_profile or credential_source", error);
    if (has_profile)
        return bad(name, "credential_source",
                   " and source_profile are both set: remove one of them", error);
    for (int i = SOURCE_ENVIRONMENT; i <= SOURCE_CONTAINER; i++)
        if (strcmp(source, profile_source_names[i]) == 0) {
            out->source = (enum profile_source)i;
            return CREDENTIAL_OK;
        }
    return bad(name, "credential_source",
               " must be Environment, Ec2InstanceMetadata or EcsContainer", error);
}

const char *const profile_source_names[] = {
    [SOURCE_PROFILE] = "source_profile",
    [SOURCE_ENVIRONMENT] = "Environment",
    [SOURCE_INSTANCE] = "Ec2InstanceMetadata",
    [SOURCE_CONTAINER] = "EcsContainer",
};

enum credential_result profile_role(const char *name, struct profile_role *out,
                                    char error[CREDENTIAL_ERROR_MAX])
{
    static const char *const others[] = {"mfa_serial", "web_identity_token_file", NULL};
    *out = (struct profile_role){.source = SOURCE_PROFILE};
    struct role *role = &out->role;
    if (!setting(name, "role_arn", role->arn, sizeof role->arn))
        return CREDENTIAL_NONE;
    if (unsupported(name, others, error) != CREDENTIAL_NONE)
        return CREDENTIAL_BAD;
    if (!setting(name, "role_session_name", role->session, sizeof role->session))
        snprintf(role->session, sizeof role->session, "rollcall");
    if (!setting(name, "duration_seconds", role->seconds, sizeof role->seconds))
        snprintf(role->seconds, sizeof role->seconds, "3600");
    setting(name, "external_id", role->external_id, sizeof role->external_id);
    setting(name, "region", role->region, sizeof role->region);
    return read_source(name, out, error);
}

bool profile_region(char *out, size_t size)
{
    char path[PATH_MAX], section[SECTION_MAX];
    struct buf text, value;
    bool found = false;
    if (!file_path("AWS_CONFIG_FILE", "config", path))
        return false;
    config_section(profile_name(), section);
    buf_init(&value, size - 1);
    if (read_file(path, &text) && ini_value(&text, section, "region", &value)) {
        snprintf(out, size, "%s", value.data);
        found = value.len > 0;
    }
    buf_release(&value);
    forget(&text);
    return found;
}
