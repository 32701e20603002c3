/*
 * srcaddr.so, for LD_PRELOAD: each connection that a load generator makes comes from another
 * address, 127.0.1.1 and on, SRCADDR_COUNT of them in turn. All of 127.0.0.0/8 is this machine.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

typedef int connect_fn(int fd, const struct sockaddr *to, socklen_t len);

int connect(int fd, const struct sockaddr *to, socklen_t len)
{
    static atomic_uint next;
    union {
        void *object; /* what ISO C does not let a function's address be */
        connect_fn *call;
    } real = {.object = dlsym(RTLD_NEXT, "connect")};
    const char *count = getenv("SRCADDR_COUNT");
    unsigned addresses = count ? (unsigned)strtoul(count, NULL, 10) : 0;
    if (addresses > 0 && to->sa_family == AF_INET) {
        struct sockaddr_in from = {.sin_family = AF_INET};
        from.sin_addr.s_addr = htonl(0x7f000101u + next++ % addresses);
        int late = 1; /* the port is chosen at connect: no address runs out of them */
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof late);
        if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0)
            return -1;
    }
    return real.call(fd, to, len);
}
