/* lock: who gets it, when a wait ends, and what the wait leaves as it was. */
#include "tests/unit/unit.h"

#include "handler/shared/clock.h"
#include "handler/shared/lock.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/time.h>
#include <sys/wait.h>

static char dir[64], path[96];
static int held, wanted;

typedef bool (*wait_fn)(int fd, int64_t deadline);
static const wait_fn ways[] = {lock_wait, lock_poll};

static void a_free_lock_is_taken_at_once(void **state)
{
    (void)state;
    assert_true(lock_try(wanted));
    assert_false(lock_try(held));
    assert_int_equal(errno, EWOULDBLOCK);
    flock(wanted, LOCK_UN);
    for (size_t i = 0; i < COUNT(ways); i++) {
        assert_true(ways[i](wanted, 0)); /* even if the deadline is in the past */
        flock(wanted, LOCK_UN);
    }
}

static void a_wait_ends_at_the_deadline(void **state)
{
    (void)state;
    assert_true(lock_try(held));
    for (size_t i = 0; i < COUNT(ways); i++) {
        int64_t start = clock_monotonic();
        assert_false(ways[i](wanted, start + 50));
        assert_int_equal(errno, EWOULDBLOCK);
        assert_true(clock_monotonic() >= start + 50);
        assert_false(ways[i](wanted, start)); /* in the past: no wait */
        assert_int_equal(errno, EWOULDBLOCK);
    }
}

static void a_lock_that_becomes_free_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        assert_true(lock_try(held));
        int ready[2];
        assert_int_equal(pipe(ready), 0);
        pid_t pid = fork();
        if (pid == 0) {
            int own = open(path, O_RDWR);
            close(held);
            if (write(ready[1], "x", 1) != 1)
                _exit(2);
            _exit(ways[i](own, clock_monotonic() + 60000) ? 0 : 1);
        }
        char c;
        assert_int_equal(read(ready[0], &c, 1), 1);
        flock(held, LOCK_UN);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        close(ready[0]);
        close(ready[1]);
    }
}

static void theirs(int signal)
{
    (void)signal;
}

static void handler_timer_and_mask_are_restored(void **state)
{
    (void)state;
    struct sigaction before = {.sa_handler = theirs}, after;
    struct itimerval timer;
    sigset_t blocked, mask;
    sigemptyset(&before.sa_mask);
    sigaction(SIGALRM, &before, NULL);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    sigprocmask(SIG_BLOCK, &blocked, NULL); /* a wait must end nevertheless */
    assert_true(lock_try(held));
    assert_false(lock_wait(wanted, clock_monotonic() + 20));
    sigaction(SIGALRM, NULL, &after);
    assert_ptr_equal(after.sa_handler, theirs);
    getitimer(ITIMER_REAL, &timer);
    assert_int_equal(timer.it_value.tv_sec + timer.it_value.tv_usec, 0);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGALRM), 1);
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
}

static void other_errors_are_passed_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        assert_false(ways[i](-1, clock_monotonic() + 60000));
        assert_int_equal(errno, EBADF);
    }
}

static int set_up(void **state)
{
    (void)state;
    unit_directory(dir);
    snprintf(path, sizeof path, "%s/file", dir);
    unit_write(path, "", 0);
    held = open(path, O_RDWR | O_CLOEXEC);
    wanted = open(path, O_RDWR | O_CLOEXEC);
    return held < 0 || wanted < 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(held);
    close(wanted);
    unit_remove(dir);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_free_lock_is_taken_at_once),      TEST(a_wait_ends_at_the_deadline),
        TEST(a_lock_that_becomes_free_is_taken), TEST(handler_timer_and_mask_are_restored),
        TEST(other_errors_are_passed_on),
    };
    return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
