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

static const char *profile_name(void)
{
    const char *name = credential_env("AWS_PROFILE");
    return name ? name : "default";
}

/* Where the file is; false when nobody says. */
static bool file_path(const char *variable, const char *in_home, char out[PATH_MAX])
{
    const char *path = credential_env(variable), *home = credential_env("HOME");
    if (!path && !home)
        return false;
    int len = path ? snprintf(out, PATH_MAX, "%s", path)
                   : snprintf(out, PATH_MAX, "%s/.aws/%s", home, in_home);
    return len > 0 && len < PATH_MAX;
}

/* 0, or the errno. */
static int read_file(const char *path, struct buf *text)
{
    buf_init(text, FILE_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return errno;
    int result = io_read_file(fd, text) ? 0 : errno;
    close(fd);
    return result;
}

static void forget(struct buf *text)
{
    if (text->data)
        explicit_bzero(text->data, text->len);
    buf_release(text);
}

/* What a section of a file says. */
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
    int failed = read_file(path, &text);
    enum credential_result result = CREDENTIAL_NONE;
    if (failed == 0)
        result = read_section(path, &text, section, out, error);
    else if (failed != ENOENT || credential_env(variable)) {
        snprintf(error, CREDENTIAL_ERROR_MAX, "%.300s: %s", path, strerror(failed));
        result = CREDENTIAL_BAD;
    }
    forget(&text);
    return result;
}

/* In the config file a profile is [profile name], but [default] is itself. */
static void config_section(char out[SECTION_MAX])
{
    const char *name = profile_name();
    snprintf(out, SECTION_MAX, "%s%.128s", strcmp(name, "default") == 0 ? "" : "profile ", name);
}

enum credential_result profile_credential(struct credential *out, char error[CREDENTIAL_ERROR_MAX])
{
    char section[SECTION_MAX];
    enum credential_result result =
        from_file("AWS_SHARED_CREDENTIALS_FILE", "credentials", profile_name(), out, error);
    config_section(section);
    if (result == CREDENTIAL_NONE)
        result = from_file("AWS_CONFIG_FILE", "config", section, out, error);
    if (result != CREDENTIAL_NONE || !credential_env("AWS_PROFILE"))
        return result;
    snprintf(
        error, CREDENTIAL_ERROR_MAX,
        "AWS_PROFILE is %.64s, but neither the credentials nor the config file has keys for it",
        profile_name());
    return CREDENTIAL_BAD;
}

bool profile_region(char *out, size_t size)
{
    char path[PATH_MAX], section[SECTION_MAX];
    struct buf text, value;
    bool found = false;
    if (!file_path("AWS_CONFIG_FILE", "config", path))
        return false;
    config_section(section);
    buf_init(&value, size - 1);
    if (read_file(path, &text) == 0 && ini_value(&text, section, "region", &value)) {
        snprintf(out, size, "%s", value.data);
        found = value.len > 0;
    }
    buf_release(&value);
    forget(&text);
    return found;
}
