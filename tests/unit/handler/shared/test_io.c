/* io: whole reads and writes at an offset. */
#include "tests/unit/unit.h"

#include "handler/shared/buf.h"
#include "handler/shared/io.h"

#include <errno.h>
#include <sys/wait.h>

static void reads_up_to_the_end(void **state)
{
    (void)state;
    char bytes[16];
    int fd = unit_file("0123456789", 10);
    assert_int_equal(io_pread(fd, bytes, 10, 0), 10);
    BYTES(bytes, 10, "0123456789", 10);
    assert_int_equal(io_pread(fd, bytes, 16, 4), 6);
    BYTES(bytes, 6, "456789", 6);
    assert_int_equal(io_pread(fd, bytes, 16, 10), 0);
    assert_int_equal(io_pread(fd, bytes, 16, 99), 0);
    assert_int_equal(io_pread(fd, bytes, 0, 0), 0);
    close(fd);
    assert_int_equal(io_pread(fd, bytes, 1, 0), -1);
    assert_int_equal(errno, EBADF);
}

static void writes_in_place(void **state)
{
    (void)state;
    char bytes[16];
    int fd = unit_file("0123456789", 10);
    assert_true(io_pwrite(fd, "abc", 3, 8));
    assert_true(io_pwrite(fd, "", 0, 500));
    assert_int_equal(io_pread(fd, bytes, 16, 0), 11);
    BYTES(bytes, 11, "01234567abc", 11);
    close(fd);
    assert_false(io_pwrite(fd, "a", 1, 0));
    assert_int_equal(errno, EBADF);
}

static void reads_whole_files(void **state)
{
    (void)state;
    static char bytes[100000];
    struct buf b;
    memset(bytes, 'x', sizeof bytes);
    int fd = unit_file(bytes, sizeof bytes);
    buf_init(&b, 1 << 20);
    buf_puts(&b, "before");
    assert_true(io_read_file(fd, &b));
    assert_int_equal(b.len, sizeof bytes + 6);
    BYTES(b.data, 10, "beforexxxx", 10);
    buf_release(&b);
    buf_init(&b, 50000);
    lseek(fd, 0, SEEK_SET);
    assert_false(io_read_file(fd, &b));
    assert_int_equal(errno, EFBIG);
    buf_release(&b);
    close(fd);
}

static void fills_closed_descriptors(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(STDIN_FILENO);
        close(STDERR_FILENO);
        io_fill_descriptors();
        struct stat in, err;
        bool ok = fstat(STDIN_FILENO, &in) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
                  S_ISCHR(in.st_mode) && S_ISCHR(err.st_mode) && write(STDERR_FILENO, "x", 1) == 1;
        int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
        _exit(ok && next > STDERR_FILENO ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* A file of `size` bytes, read into a buffer of at most `max`; errno, or 0. */
static int read_within(size_t size, size_t max)
{
    static char bytes[9000];
    struct buf b;
    int fd = unit_file(bytes, size);
    buf_init(&b, max);
    int error = io_read_file(fd, &b) ? 0 : errno;
    if (error == 0)
        assert_int_equal(b.len, size);
    buf_release(&b);
    close(fd);
    return error;
}

static void a_file_may_fill_the_buffer(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 8192, 9000};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        assert_int_equal(read_within(sizes[i], sizes[i]), 0);
        assert_int_equal(read_within(sizes[i], sizes[i] + 1), 0);
        if (sizes[i] > 0)
            assert_int_equal(read_within(sizes[i], sizes[i] - 1), EFBIG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_up_to_the_end),        cmocka_unit_test(writes_in_place),
        cmocka_unit_test(reads_whole_files),          cmocka_unit_test(fills_closed_descriptors),
        cmocka_unit_test(a_file_may_fill_the_buffer),
    };
    return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
