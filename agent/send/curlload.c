/*
 * curlload: loads libcurl when there is something to send.
 *
 * Debian's libcurl needs thirty libraries. Binding them costs more than reading all processes, and
 * --print, or a beat that is only spooled, needs none of them. So the agent is linked with these
 * functions instead of libcurl's, and each forwards its call. If libcurl is missing, sending fails
 * and reports that. A static agent is linked with libcurl itself, without this file.
 */
#define CURL_DISABLE_TYPECHECK
#pragma GCC visibility push(hidden) /* not for the calls inside libcurl */
#include <curl/curl.h>
#pragma GCC visibility pop

#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#ifndef LIBCURL
#define LIBCURL "libcurl.so.4"
#endif

/* Stores the address of libcurl's function in `*function`, a pointer to such a function. */
static bool curlload_find(const char *name, void *function)
{
    static void *library; /* never unloaded: it and OpenSSL keep state */
    if (!library)
        library = dlopen(LIBCURL, RTLD_LAZY | RTLD_LOCAL);
    void *found = library ? dlsym(library, name) : NULL;
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

CURLcode curl_global_init(long flags)
{
    CURLcode (*call)(long);
    return curlload_find("curl_global_init", &call) ? call(flags) : CURLE_FAILED_INIT;
}

void curl_global_cleanup(void)
{
    void (*call)(void);
    if (curlload_find("curl_global_cleanup", &call))
        call();
}

/* NULL if libcurl cannot be loaded. */
curl_version_info_data *curl_version_info(CURLversion age)
{
    curl_version_info_data *(*call)(CURLversion);
    return curlload_find("curl_version_info", &call) ? call(age) : NULL;
}

CURL *curl_easy_init(void)
{
    CURL *(*call)(void);
    return curlload_find("curl_easy_init", &call) ? call() : NULL;
}

void curl_easy_cleanup(CURL *curl)
{
    void (*call)(CURL *);
    if (curlload_find("curl_easy_cleanup", &call))
        call(curl);
}

void curl_easy_reset(CURL *curl)
{
    void (*call)(CURL *);
    if (curlload_find("curl_easy_reset", &call))
        call(curl);
}

CURLcode curl_easy_perform(CURL *curl)
{
    CURLcode (*call)(CURL *);
    return curlload_find("curl_easy_perform", &call) ? call(curl) : CURLE_FAILED_INIT;
}

const char *curl_easy_strerror(CURLcode code)
{
    const char *(*call)(CURLcode);
    return curlload_find("curl_easy_strerror", &call) ? call(code) : LIBCURL " cannot be loaded";
}

/* The number of an option gives the type of its argument, see CURLOPTTYPE_* in curl.h. */
CURLcode(curl_easy_setopt)(CURL *curl, CURLoption option, ...)
{
    CURLcode (*call)(CURL *, CURLoption, ...);
    CURLcode code;
    va_list ap;
    if (!curlload_find("curl_easy_setopt", &call))
        return CURLE_FAILED_INIT;
    va_start(ap, option);
    if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB)
        code = call(curl, option, va_arg(ap, curl_off_t)); /* NOLINT(bugprone-branch-clone) */
    else if (option >= CURLOPTTYPE_OBJECTPOINT)
        code = call(curl, option, va_arg(ap, void *));
    else
        code = call(curl, option, va_arg(ap, long));
    va_end(ap);
    return code;
}

CURLcode(curl_easy_getinfo)(CURL *curl, CURLINFO info, ...)
{
    CURLcode (*call)(CURL *, CURLINFO, ...);
    va_list ap;
    if (!curlload_find("curl_easy_getinfo", &call))
        return CURLE_FAILED_INIT;
    va_start(ap, info);
    CURLcode code = call(curl, info, va_arg(ap, void *));
    va_end(ap);
    return code;
}

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *text)
{
    struct curl_slist *(*call)(struct curl_slist *, const char *);
    return curlload_find("curl_slist_append", &call) ? call(list, text) : NULL;
}

void curl_slist_free_all(struct curl_slist *list)
{
    void (*call)(struct curl_slist *);
    if (curlload_find("curl_slist_free_all", &call))
        call(list);
}
