/*
 * drive SOCKET BODY-FILE REQUESTS ADDRESSES TOKEN: a web server's part of FastCGI 1.0, and nothing
 * else of it: POSTs the body to one worker again and again, from so many client addresses in turn,
 * each request on a connection of its own as lighttpd does, eight under way so that the worker
 * never sleeps. Fails unless each answer is a success.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BODY_MAX = 1 << 20, BLOCK = 65528, UNDER_WAY = 8 };
enum { BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5 }; /* section 8 of the specification */

struct bytes {
    unsigned char *data;
    size_t len;
};

static unsigned char sent_data[2 * BODY_MAX], params_data[8192], body_data[BODY_MAX];
static struct bytes sent = {sent_data, 0}, params = {params_data, 0}, body = {body_data, 0};

static void put(struct bytes *to, const void *from, size_t len)
{
    memcpy(to->data + to->len, from, len);
    to->len += len;
}

static void put_record(unsigned char type, const void *from, size_t len)
{
    unsigned char head[8] = {1, type, 0, 1, (unsigned char)(len >> 8), (unsigned char)len};
    put(&sent, head, sizeof head);
    put(&sent, from, len);
}

/* Names and values here are shorter than 128 bytes: a byte each tells their lengths. */
static void put_param(const char *name, const char *value)
{
    unsigned char lengths[2] = {(unsigned char)strlen(name), (unsigned char)strlen(value)};
    put(&params, lengths, sizeof lengths);
    put(&params, name, lengths[0]);
    put(&params, value, lengths[1]);
}

/* What lighttpd sends of such a request. */
static void make_request(long address, const char *token)
{
    static const char begin[8] = {0, 1};
    char client[32], length[24], authorization[96];
    snprintf(client, sizeof client, "127.0.%ld.%ld", 1 + address / 250, 1 + address % 250);
    snprintf(length, sizeof length, "%zu", body.len);
    snprintf(authorization, sizeof authorization, "Bearer %s", token);
    const char *const pairs[][2] = {
        {"CONTENT_LENGTH", length},       {"QUERY_STRING", ""},
        {"REQUEST_URI", "/data"},         {"REDIRECT_STATUS", "200"},
        {"SCRIPT_NAME", "/data"},         {"PATH_INFO", ""},
        {"SCRIPT_FILENAME", "/srv/data"}, {"DOCUMENT_ROOT", "/srv"},
        {"REQUEST_METHOD", "POST"},       {"SERVER_PROTOCOL", "HTTP/1.1"},
        {"SERVER_SOFTWARE", "lighttpd"},  {"GATEWAY_INTERFACE", "CGI/1.1"},
        {"REQUEST_SCHEME", "http"},       {"SERVER_PORT", "8080"},
        {"SERVER_ADDR", "127.0.0.1"},     {"SERVER_NAME", "127.0.0.1"},
        {"REMOTE_ADDR", client},          {"REMOTE_PORT", "40000"},
        {"HTTP_HOST", "127.0.0.1:8080"},  {"CONTENT_TYPE", "application/json"},
        {"HTTP_CONTENT_LENGTH", length},  {"HTTP_AUTHORIZATION", authorization},
    };
    sent.len = params.len = 0;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        put_param(pairs[i][0], pairs[i][1]);
    put_record(BEGIN_REQUEST, begin, sizeof begin);
    put_record(PARAMS, params.data, params.len);
    put_record(PARAMS, "", 0);
    for (size_t at = 0; at < body.len; at += BLOCK)
        put_record(STDIN, body.data + at, body.len - at < BLOCK ? body.len - at : BLOCK);
    put_record(STDIN, "", 0);
}

/* The connection, or -1. */
static int send_request(const struct sockaddr_un *to)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof *to) != 0)
        return -1;
    for (size_t at = 0; at < sent.len;) {
        ssize_t n = write(fd, sent.data + at, sent.len - at);
        if (n <= 0)
            return -1;
        at += (size_t)n;
    }
    return fd;
}

/* Waits without sleeping: to wake this program would cost the worker more than its two writes. */
static ssize_t receive(int fd, char *bytes, size_t len)
{
    ssize_t n;
    do {
        n = recv(fd, bytes, len, MSG_DONTWAIT);
    } while (n < 0 && errno == EAGAIN);
    return n;
}

static bool is_answered(int fd)
{
    char answer[4096];
    size_t len = 0;
    for (ssize_t n;
         (n = receive(fd, answer + len, sizeof answer - len)) > 0 && len < sizeof answer;)
        len += (size_t)n;
    close(fd);
    return memmem(answer, len, "\"status\":\"success\"", strlen("\"status\":\"success\"")) != NULL;
}

static bool drive(const struct sockaddr_un *to, long requests, long addresses, const char *token)
{
    int under_way[UNDER_WAY];
    for (long begun = 0, ended = 0; ended < requests; ended++) {
        for (; begun < requests && begun - ended < UNDER_WAY; begun++) {
            make_request(begun % addresses, token);
            under_way[begun % UNDER_WAY] = send_request(to);
            if (under_way[begun % UNDER_WAY] < 0)
                return false;
        }
        if (!is_answered(under_way[ended % UNDER_WAY]))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    long requests = argc == 6 ? strtol(argv[3], NULL, 10) : 0;
    long addresses = argc == 6 ? strtol(argv[4], NULL, 10) : 0;
    if (requests < 1 || addresses < 1 || addresses > 60000 || strlen(argv[5]) > 80 ||
        strlen(argv[1]) >= sizeof to.sun_path) {
        fputs("usage: drive SOCKET BODY-FILE REQUESTS ADDRESSES TOKEN\n", stderr);
        return 64;
    }
    memcpy(to.sun_path, argv[1], strlen(argv[1]) + 1);
    FILE *file = fopen(argv[2], "rbe");
    if (file)
        body.len = fread(body.data, 1, BODY_MAX, file);
    if (!file || fclose(file) != 0 || !drive(&to, requests, addresses, argv[5])) {
        fputs("drive: a request failed\n", stderr);
        return 1;
    }
    return 0;
}
