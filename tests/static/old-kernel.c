/*
 * old-kernel PROGRAM [ARGUMENT...]: runs it as Linux 3.10 would: system calls that came later
 * answer ENOSYS. They are numbered in the order in which they came.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifdef __x86_64__
enum { LAST_OF_3_10 = 313 }; /* finit_module */
#else
enum { LAST_OF_3_10 = 273 }; /* the same, in the numbering of newer architectures */
#endif

int main(int argc, char *argv[])
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LAST_OF_3_10, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    if (argc < 2)
        return 64;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("old-kernel: the filter");
        return 71;
    }
    execv(argv[1], argv + 1);
    perror(argv[1]);
    return 72;
}
