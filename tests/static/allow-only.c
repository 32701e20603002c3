/*
 * allow-only NAME,NAME... PROGRAM [ARGUMENT...]: runs it under a filter of system calls as systemd
 * installs it. Only the named calls are allowed; others fail with EPERM. Only names that the tests
 * use are known.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct call {
    const char *name;
    long number;
} CALLS[] = {
    {"execve", SYS_execve},          {"exit", SYS_exit},
    {"exit_group", SYS_exit_group},  {"rt_sigreturn", SYS_rt_sigreturn},
    {"sigreturn", SYS_rt_sigreturn}, /* 64-bit machines have only this one */
};

enum { CALLS_MAX = 16 };

static long number_of(const char *name)
{
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++)
        if (strcmp(CALLS[i].name, name) == 0)
            return CALLS[i].number;
    return -1;
}

int main(int argc, char *argv[])
{
    struct sock_filter code[2 * CALLS_MAX + 2];
    unsigned short n = 0;
    if (argc < 3)
        return 64;
    code[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (char *name = strtok(argv[1], ","); name != NULL && n < 2 * CALLS_MAX;
         name = strtok(NULL, ",")) {
        long number = number_of(name);
        if (number == -1) {
            fprintf(stderr, "allow-only: no system call '%s' in the table\n", name);
            return 64;
        }
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    struct sock_fprog program = {n, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("allow-only: the filter");
        return 71;
    }
    execv(argv[2], argv + 2);
    return 72;
}
