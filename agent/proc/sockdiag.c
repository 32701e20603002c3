#include "agent/proc/sockdiag.h"

#include "agent/proc/listeners.h"

#include "handler/shared/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { ANSWER_BYTES = 32 << 10 };

struct sockdiag {
    bool udp, v6;
    int64_t until;
    struct listeners *to;
};

int sockdiag_open(void)
{
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

static bool sockdiag_ask(int netlink, const struct sockdiag *d)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 body;
    } request = {
        .head = {.nlmsg_len = sizeof request,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .body = {.sdiag_family = d->v6 ? AF_INET6 : AF_INET,
                 .sdiag_protocol = d->udp ? IPPROTO_UDP : IPPROTO_TCP,
                 .idiag_states = 1u << (d->udp ? LISTENER_CLOSE : LISTENER_LISTEN)},
    };
    ssize_t n =
        sendto(netlink, &request, sizeof request, 0, (struct sockaddr *)&kernel, sizeof kernel);
    return n == (ssize_t)sizeof request;
}

/* The size of the answer, which the kernel itself sent before `until`; -1 with errno. */
static ssize_t sockdiag_receive(int netlink, int64_t until, void *answer)
{
    struct sockaddr_nl from = {.nl_family = AF_NETLINK};
    socklen_t len = sizeof from;
    ssize_t n;
    do {
        int64_t left = until - clock_monotonic();
        struct timeval limit = {left / 1000, left % 1000 * 1000};
        if (left <= 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        n = recvfrom(netlink, answer, ANSWER_BYTES, 0, (struct sockaddr *)&from, &len);
    } while ((n < 0 && (errno == EINTR || errno == EAGAIN)) || (n >= 0 && from.nl_pid != 0));
    return n;
}

static bool sockdiag_take(const struct sockdiag *d, const struct nlmsghdr *head)
{
    struct inet_diag_msg m;
    if (head->nlmsg_len < NLMSG_LENGTH(sizeof m)) {
        errno = EPROTO;
        return false;
    }
    memcpy(&m, NLMSG_DATA(head), sizeof m);
    struct listener new = {.udp = d->udp,
                           .v6 = d->v6,
                           .port = ntohs(m.id.idiag_sport),
                           .uid = m.idiag_uid,
                           .inode = m.idiag_inode};
    memcpy(new.addr, m.id.idiag_src, d->v6 ? 16 : 4);
    /* A kernel that ignores the wanted states sends all sockets. */
    return m.idiag_state != (d->udp ? LISTENER_CLOSE : LISTENER_LISTEN) ||
           listeners_add(d->to, &new);
}

/* The messages of one answer. False with errno; `*done` after the last one of all answers. */
static bool sockdiag_walk(const struct sockdiag *d, const void *answer, size_t len, bool *done)
{
    for (const struct nlmsghdr *h = answer; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
        const struct nlmsgerr *error = NLMSG_DATA(h);
        if (h->nlmsg_type == NLMSG_DONE) {
            *done = true;
            return true;
        }
        if (h->nlmsg_type == NLMSG_ERROR) {
            errno = h->nlmsg_len < NLMSG_LENGTH(sizeof *error) || error->error == 0 ? EPROTO
                                                                                    : -error->error;
            return false;
        }
        if (h->nlmsg_type == SOCK_DIAG_BY_FAMILY && !sockdiag_take(d, h))
            return false;
    }
    return true;
}

bool sockdiag_read(int netlink, bool udp, bool v6, int64_t until, struct listeners *to)
{
    _Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
    const struct sockdiag d = {udp, v6, until, to};
    bool ok = sockdiag_ask(netlink, &d), done = false;
    while (ok && !done) {
        ssize_t n = sockdiag_receive(netlink, until, answer);
        if (n == 0)
            errno = EPROTO;
        ok = n > 0 && sockdiag_walk(&d, answer, (size_t)n, &done);
    }
    return ok;
}
