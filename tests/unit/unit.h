/*
 * unit: what the C tests share.
 *
 * The rows of a table carry __LINE__ as their member `line`; ROW_*() name it in a failure, so that
 * the message leads to the row, not to the loop.
 */
#ifndef ROLLCALL_UNIT_H
#define ROLLCALL_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define ROW_TRUE(row, condition)                                                                   \
    _assert_true((LargestIntegralType)(condition), #condition, __FILE__, (row)->line)
#define ROW_INT(row, got, want)                                                                    \
    _assert_int_equal((LargestIntegralType)(got), (LargestIntegralType)(want), __FILE__,           \
                      (row)->line)
#define ROW_STR(row, got, want) _assert_string_equal(got, want, __FILE__, (row)->line)
#define ROW_BYTES(row, got, got_len, want, want_len)                                               \
    unit_bytes(got, got_len, want, want_len, __FILE__, (row)->line)
#define BYTES(got, got_len, want, want_len)                                                        \
    unit_bytes(got, got_len, want, want_len, __FILE__, __LINE__)

/* Equal, length and all; shows both when not. */
static inline void unit_bytes(const char *got, size_t got_len, const char *want, size_t want_len,
                              const char *file, int line)
{
    if (got_len == want_len && (want_len == 0 || memcmp(got, want, want_len) == 0))
        return;
    print_error("got  %zu bytes: %.*s\n", got_len, (int)got_len, got);
    print_error("want %zu bytes: %.*s\n", want_len, (int)want_len, want);
    _fail(file, line);
}

/* Printable ASCII without a quote: what needs nothing in a CSV field. */
static inline bool unit_is_plain(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] < ' ' || bytes[i] > '~' || bytes[i] == '"')
            return false;
    return true;
}

/* xorshift64*: the same numbers in every run. */
static inline uint64_t unit_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static inline size_t unit_below(uint64_t *state, size_t n)
{
    return (size_t)(unit_random(state) >> 33) % n;
}

/* A directory of its own for each test. */
static inline void unit_directory(char path[64])
{
    strncpy(path, "/tmp/rollcall-unit-XXXXXX", 63);
    path[63] = '\0';
    assert_non_null(mkdtemp(path));
}

static inline int unit_remove_one(const char *path, const struct stat *st, int type,
                                  struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static inline void unit_remove(const char *path)
{
    nftw(path, unit_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void unit_write_at(const char *path, const void *bytes, size_t len, off_t at)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, at), len);
    close(fd);
}

/* Replaces the file by one with these bytes. */
static inline void unit_write(const char *path, const void *bytes, size_t len)
{
    unlink(path);
    unit_write_at(path, bytes, len, 0);
}

static inline off_t unit_size(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_size : -1;
}

/* The whole file, followed by a NUL; the caller frees it. */
static inline char *unit_read(const char *path, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    off_t size = unit_size(path);
    *len = size > 0 ? (size_t)size : 0;
    char *bytes = malloc(*len + 1);
    assert_non_null(bytes);
    assert_int_equal(read(fd, bytes, *len), *len);
    bytes[*len] = '\0';
    close(fd);
    return bytes;
}

/* An open file without a name: no memfd_create(2), so that it can be had on any kernel. */
static inline int unit_nameless(void)
{
    char path[] = "/tmp/rollcall-unit-XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

/* The same, holding these bytes. */
static inline int unit_file(const void *bytes, size_t len)
{
    int fd = unit_nameless();
    assert_int_equal(pwrite(fd, bytes, len, 0), len);
    return fd;
}

/* What is written to a descriptor (stderr, stdout) meanwhile. */
struct capture {
    int fd, saved, file;
    char text[16384];
};

static inline void capture_begin(struct capture *c, int fd)
{
    fflush(NULL);
    c->fd = fd;
    c->saved = dup(fd);
    c->file = unit_nameless();
    dup2(c->file, fd);
}

/* Gives the descriptor back; c->text holds what came. */
static inline void capture_end(struct capture *c)
{
    fflush(NULL);
    dup2(c->saved, c->fd);
    close(c->saved);
    ssize_t n = pread(c->file, c->text, sizeof c->text - 1, 0);
    c->text[n > 0 ? n : 0] = '\0';
    close(c->file);
}

#endif
