#include "handler/watch/post.h"

#include <curl/curl.h>
#include <stdio.h>

/* The body of the answer does not matter. */
static size_t post_ignore(const char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

static struct curl_slist *post_headers(const struct post *p)
{
    char line[256];
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
    snprintf(line, sizeof line, "Rollcall-Signature: %s", p->signature ? p->signature : "");
    struct curl_slist *longer = list && p->signature ? curl_slist_append(list, line) : list;
    if (longer)
        return longer;
    curl_slist_free_all(list);
    return NULL;
}

static void post_set(CURL *curl, const struct post *p, char why[CURL_ERROR_SIZE])
{
    curl_easy_setopt(curl, CURLOPT_URL, p->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "rollcall-watch/" ROLLCALL_VERSION);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)p->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, post_ignore);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    if (p->cacert)
        curl_easy_setopt(curl, CURLOPT_CAINFO, p->cacert);
}

bool post_json(const struct post *p, const char *body, size_t len, char error[POST_ERROR_MAX])
{
    char why[CURL_ERROR_SIZE] = "";
    long status = 0;
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl ? post_headers(p) : NULL;
    CURLcode result = CURLE_OUT_OF_MEMORY;
    if (headers) {
        post_set(curl, p, why);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        result = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    }
    if (result != CURLE_OK)
        snprintf(error, POST_ERROR_MAX, "%s", *why ? why : curl_easy_strerror(result));
    else if (status < 200 || status > 299)
        snprintf(error, POST_ERROR_MAX, "the target answered %ld, expected 2xx", status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return result == CURLE_OK && status >= 200 && status <= 299;
}
