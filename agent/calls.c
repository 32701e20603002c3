#include "agent/calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined __x86_64__
#define CALLS_MACHINE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define CALLS_MACHINE AUDIT_ARCH_AARCH64
#elif defined __i386__
#define CALLS_MACHINE AUDIT_ARCH_I386
#elif defined __riscv && __riscv_xlen == 64
#define CALLS_MACHINE AUDIT_ARCH_RISCV64
#elif defined __powerpc64__ && defined __LITTLE_ENDIAN__
#define CALLS_MACHINE AUDIT_ARCH_PPC64LE
#endif

#ifdef CALLS_MACHINE

/* Newer kernels have more calls than the headers of the build: these have one number everywhere. */
enum {
    CALLS_FIRST_COMMON = 424,
    CALL_OPEN_TREE = 428,
    CALL_MOVE_MOUNT = 429,
    CALL_FSOPEN = 430,
    CALL_FSPICK = 433,
    CALL_CLONE3 = 435,
    CALL_PIDFD_GETFD = 438,
    CALL_PROCESS_MADVISE = 440,
    CALL_MOUNT_SETATTR = 442,
    CALL_IO_URING_SETUP = 425,
    CALL_IO_URING_REGISTER = 427,
    CALLS_X32 = 0x40000000,
};

static const unsigned calls_refused[] = {
    /* programs, connections from outside */
    SYS_execve,
    SYS_execveat,
    SYS_listen,
    SYS_accept4,
#ifdef SYS_accept
    SYS_accept,
#endif
/* other processes; LeakSanitizer traces this one */
#ifndef DEV
    SYS_ptrace,
#endif
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    CALL_PIDFD_GETFD,
    CALL_PROCESS_MADVISE,
    SYS_migrate_pages,
    SYS_move_pages,
    /* users and capabilities */
    SYS_setuid,
    SYS_setgid,
    SYS_setreuid,
    SYS_setregid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setfsuid,
    SYS_setfsgid,
    SYS_setgroups,
    SYS_capset,
    /* namespaces and mounts; clone3(2) hides its flags, and the C library does without it */
    SYS_unshare,
    SYS_setns,
    CALL_CLONE3,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    CALL_OPEN_TREE,
    CALL_MOVE_MOUNT,
    CALL_MOUNT_SETATTR,
    SYS_swapon,
    SYS_swapoff,
    SYS_quotactl,
    SYS_open_by_handle_at,
    SYS_fanotify_init,
    SYS_mknodat,
    /* the kernel and the machine */
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_syslog,
    SYS_acct,
    SYS_personality,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef __x86_64__
    SYS_ioperm,
    SYS_iopl,
    SYS_modify_ldt,
    SYS_mknod,
#endif
};

/* From, to. */
static const unsigned calls_spans[][2] = {
    {CALL_IO_URING_SETUP, CALL_IO_URING_REGISTER}, {CALL_FSOPEN, CALL_FSPICK}, {CALLS_X32, ~0U}};

enum {
    CALLS_COUNT = sizeof calls_refused / sizeof *calls_refused,
    CALLS_SPANS = sizeof calls_spans / sizeof *calls_spans,
    CALLS_CODE = 2 * CALLS_COUNT + 3 * CALLS_SPANS + 16,
    /* New namespaces, in the first argument of clone(2). */
    CALLS_NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                       CLONE_NEWPID | CLONE_NEWNET,
};

struct calls_filter {
    unsigned short len;
    struct sock_filter code[CALLS_CODE];
};

static void calls_add(struct calls_filter *f, struct sock_filter code)
{
    f->code[f->len++] = code;
}

static void calls_load(struct calls_filter *f, size_t offset)
{
    calls_add(f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

/* Ends with an errno if the test holds, or if it does not. */
static void calls_refuse_if(struct calls_filter *f, unsigned short test, unsigned value, bool holds)
{
    calls_add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, value, !holds, holds));
    calls_add(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
}

static void calls_refuse_span(struct calls_filter *f, const unsigned span[2])
{
    calls_add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, span[0], 0, 2));
    calls_add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, span[1], 1, 0));
    calls_add(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
}

static void calls_build(struct calls_filter *f)
{
    f->len = 0;
    calls_load(f, offsetof(struct seccomp_data, arch));
    calls_refuse_if(f, BPF_JEQ, CALLS_MACHINE, false);
    calls_load(f, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < CALLS_COUNT; i++)
        calls_refuse_if(f, BPF_JEQ, calls_refused[i], true);
    for (size_t i = 0; i < CALLS_SPANS; i++)
        calls_refuse_span(f, calls_spans[i]);
    calls_add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3));
    size_t low = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : sizeof(unsigned);
    calls_load(f, offsetof(struct seccomp_data, args) + low);
    calls_refuse_if(f, BPF_JSET, CALLS_NAMESPACES, true);
    calls_add(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

bool calls_limit(void)
{
    struct calls_filter f;
    calls_build(&f);
    const struct sock_fprog program = {f.len, f.code};
    /* By prctl(2), which filters around the agent allow, because its children need it. */
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

#else

bool calls_limit(void)
{
    return false;
}

#endif
