/*
 * emudisk [-w US] [-r US] [-f US] [-i IOPS] [-c IMAGE] [-s SEED] MIB DIR: a disk in memory whose
 * writes, reads and flushes take time, for measurements; with a power switch, for tests.
 *
 * It mounts DIR by FUSE, with one file DIR/disk of MIB mebibytes. Make a file system in it and
 * mount it through a loop device:
 *
 *     losetup --direct-io=on --find --show DIR/disk
 *
 * A write or read takes US microseconds, and many may be under way at once; a flush takes US, and
 * one runs at a time. IOPS limits writes and reads per second, 256 KiB counting as one.
 *
 * SIGUSR2 is a power cut: IMAGE becomes what would be on the disk then. All that was flushed is
 * there; of what was written since, each page of 4 KiB is there or not, at random. The disk itself
 * goes on. SIGTERM unmounts it.
 *
 * It speaks the kernel's FUSE protocol (linux/fuse.h) itself, so no library is needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, WRITE_MAX = 1 << 20, IOPS_UNIT = 256 << 10, DELAYED_MAX = 1 << 16 };
enum { NODE_ROOT = 1, NODE_DISK = 2 };

/* A write that was not flushed yet. */
struct pending {
    uint64_t offset;
    uint32_t len;
    char *data;
};

/* A request whose answer is due later. */
struct delayed {
    int64_t due; /* CLOCK_MONOTONIC, nanoseconds */
    uint64_t unique;
    uint32_t opcode, len;
    uint64_t offset;
};

static struct {
    int fd; /* /dev/fuse */
    size_t size;
    char *now;     /* as programs see it */
    char *flushed; /* as it is after a power cut; NULL without -c */
    long write_us, read_us, flush_us, iops;
    const char *image;
    int64_t next_slot, flush_free; /* when the next transfer, the next flush may begin */
    struct pending *pending;
    size_t pending_count, pending_room;
    struct delayed heap[DELAYED_MAX]; /* the one due first is heap[0] */
    size_t heap_count;
} disk;

static volatile sig_atomic_t stop, cut;

static void on_signal(int number)
{
    if (number == SIGUSR2)
        cut = 1;
    else
        stop = 1;
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- the power switch */

static void remember(uint64_t offset, const char *data, uint32_t len)
{
    if (!disk.flushed)
        return;
    if (disk.pending_count == disk.pending_room) {
        disk.pending_room = disk.pending_room ? 2 * disk.pending_room : 1024;
        disk.pending = realloc(disk.pending, disk.pending_room * sizeof *disk.pending);
    }
    char *copy = malloc(len);
    if (!disk.pending || !copy)
        die("malloc");
    memcpy(copy, data, len);
    disk.pending[disk.pending_count++] = (struct pending){offset, len, copy};
}

static void flush_pending(void)
{
    for (size_t i = 0; i < disk.pending_count; i++) {
        memcpy(disk.flushed + disk.pending[i].offset, disk.pending[i].data, disk.pending[i].len);
        free(disk.pending[i].data);
    }
    disk.pending_count = 0;
}

/* Percent of the unflushed pages that survive this cut. */
static int survivors(void)
{
    static const int kinds[] = {0, 50, 90};
    return kinds[rand() % 3];
}

/* Writes what is not zero; the rest of the file is a hole. */
static void write_sparse(FILE *file, const char *bytes)
{
    static const char zeros[16 * PAGE];
    for (size_t at = 0; at < disk.size; at += sizeof zeros) {
        size_t len = disk.size - at < sizeof zeros ? disk.size - at : sizeof zeros;
        if (memcmp(bytes + at, zeros, len) != 0 &&
            (fseeko(file, (off_t)at, SEEK_SET) != 0 || fwrite(bytes + at, 1, len, file) != len))
            die(disk.image);
    }
    if (fflush(file) != 0 || ftruncate(fileno(file), (off_t)disk.size) != 0)
        die(disk.image);
}

/* Runs in a child, whose memory is a copy. */
static void write_image(unsigned seed)
{
    srand(seed);
    int percent = survivors();
    for (size_t i = 0; i < disk.pending_count; i++) {
        const struct pending *p = &disk.pending[i];
        for (uint32_t at = 0; at < p->len; at += PAGE)
            if (rand() % 100 < percent)
                memcpy(disk.flushed + p->offset + at, p->data + at,
                       p->len - at < PAGE ? p->len - at : PAGE);
    }
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s.new", disk.image);
    FILE *file = fopen(temporary, "wbe");
    if (!file)
        die(temporary);
    write_sparse(file, disk.flushed);
    if (rename(temporary, disk.image) != 0)
        die(disk.image);
    _exit(0);
}

static void cut_power(void)
{
    unsigned seed = (unsigned)rand();
    pid_t pid = disk.flushed ? fork() : -1;
    if (pid == 0)
        write_image(seed);
    if (pid < 0)
        perror("no image");
}

/* ---- time */

static void swap_delayed(size_t a, size_t b)
{
    struct delayed kept = disk.heap[a];
    disk.heap[a] = disk.heap[b];
    disk.heap[b] = kept;
}

static void delay(struct delayed d)
{
    size_t i = disk.heap_count++;
    if (i == DELAYED_MAX)
        die("too many requests under way");
    disk.heap[i] = d;
    for (; i > 0 && disk.heap[(i - 1) / 2].due > disk.heap[i].due; i = (i - 1) / 2)
        swap_delayed(i, (i - 1) / 2);
}

static struct delayed next_delayed(void)
{
    struct delayed first = disk.heap[0];
    disk.heap[0] = disk.heap[--disk.heap_count];
    for (size_t i = 0, child; (child = 2 * i + 1) < disk.heap_count; i = child) {
        if (child + 1 < disk.heap_count && disk.heap[child + 1].due < disk.heap[child].due)
            child++;
        if (disk.heap[child].due >= disk.heap[i].due)
            break;
        swap_delayed(i, child);
    }
    return first;
}

/* When a transfer that begins now is done. */
static int64_t transfer_due(uint32_t len, long us)
{
    int64_t now = now_ns(), due = now + us * 1000;
    if (disk.iops == 0)
        return due;
    int64_t cost = 1000000000 / disk.iops * ((len + IOPS_UNIT - 1) / IOPS_UNIT);
    disk.next_slot = (disk.next_slot > now ? disk.next_slot : now) + cost;
    return disk.next_slot > due ? disk.next_slot : due;
}

static int64_t flush_due(void)
{
    int64_t now = now_ns();
    disk.flush_free = (disk.flush_free > now ? disk.flush_free : now) + disk.flush_us * 1000;
    return disk.flush_free;
}

/* ---- FUSE */

static void answer(uint64_t unique, int error, const void *data, size_t len)
{
    struct fuse_out_header head = {(uint32_t)(sizeof head + len), error, unique};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)data, len}};
    if (writev(disk.fd, parts, len > 0 ? 2 : 1) < 0 && errno != ENOENT && !stop)
        perror("answer");
}

static struct fuse_attr attributes(uint64_t node)
{
    struct fuse_attr a = {.ino = node, .nlink = 1, .blksize = PAGE, .mode = S_IFREG | 0600};
    if (node == NODE_ROOT)
        a.mode = S_IFDIR | 0755;
    else
        a.size = disk.size;
    a.blocks = a.size / 512;
    return a;
}

static void answer_init(uint64_t unique, const struct fuse_init_in *in)
{
    struct fuse_init_out out = {
        .major = FUSE_KERNEL_VERSION,
        .minor = 31,
        .max_readahead = in->max_readahead,
        .flags = in->flags & (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_ASYNC_DIO | FUSE_MAX_PAGES),
        .max_background = 1024,
        .congestion_threshold = 1000,
        .max_write = WRITE_MAX,
        .time_gran = 1,
        .max_pages = WRITE_MAX / PAGE};
    answer(unique, 0, &out, sizeof out);
}

static void answer_lookup(uint64_t unique, const char *name)
{
    struct fuse_entry_out out = {.nodeid = NODE_DISK, .entry_valid = 3600, .attr_valid = 3600};
    out.attr = attributes(NODE_DISK);
    bool found = strcmp(name, "disk") == 0;
    answer(unique, found ? 0 : -ENOENT, &out, found ? sizeof out : 0);
}

static void begin_write(uint64_t unique, const struct fuse_write_in *in)
{
    if (in->offset + in->size > disk.size) {
        answer(unique, -ENOSPC, NULL, 0);
        return;
    }
    const char *data = (const char *)(in + 1);
    memcpy(disk.now + in->offset, data, in->size);
    remember(in->offset, data, in->size);
    delay((struct delayed){transfer_due(in->size, disk.write_us), unique, FUSE_WRITE, in->size, 0});
}

static void begin_read(uint64_t unique, const struct fuse_read_in *in)
{
    uint64_t left = in->offset < disk.size ? disk.size - in->offset : 0;
    uint32_t len = in->size < left ? in->size : (uint32_t)left;
    delay((struct delayed){transfer_due(len, disk.read_us), unique, FUSE_READ, len, in->offset});
}

static void handle(const struct fuse_in_header *in)
{
    const void *arg = in + 1;
    struct fuse_attr_out attr = {.attr_valid = 3600, .attr = attributes(in->nodeid)};
    struct fuse_open_out opened = {.fh = in->nodeid};
    struct fuse_statfs_out fs = {
        .st = {.bsize = PAGE, .frsize = PAGE, .blocks = disk.size / PAGE, .namelen = 255}};
    switch (in->opcode) {
    case FUSE_INIT:
        answer_init(in->unique, arg);
        break;
    case FUSE_LOOKUP:
        answer_lookup(in->unique, arg);
        break;
    case FUSE_GETATTR:
    case FUSE_SETATTR:
        answer(in->unique, 0, &attr, sizeof attr);
        break;
    case FUSE_OPEN:
        answer(in->unique, 0, &opened, sizeof opened);
        break;
    case FUSE_STATFS:
        answer(in->unique, 0, &fs, sizeof fs);
        break;
    case FUSE_WRITE:
        begin_write(in->unique, arg);
        break;
    case FUSE_READ:
        begin_read(in->unique, arg);
        break;
    case FUSE_FSYNC:
        flush_pending();
        delay((struct delayed){flush_due(), in->unique, FUSE_FSYNC, 0, 0});
        break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        break; /* these have no answer */
    case FUSE_RELEASE:
    case FUSE_FLUSH:
    case FUSE_ACCESS:
        answer(in->unique, 0, NULL, 0);
        break;
    default:
        answer(in->unique, -ENOSYS, NULL, 0);
        break;
    }
}

static void answer_due(void)
{
    for (int64_t now = now_ns(); disk.heap_count > 0 && disk.heap[0].due <= now;) {
        struct delayed d = next_delayed();
        struct fuse_write_out written = {.size = d.len};
        if (d.opcode == FUSE_READ)
            answer(d.unique, 0, disk.now + d.offset, d.len);
        else if (d.opcode == FUSE_WRITE)
            answer(d.unique, 0, &written, sizeof written);
        else
            answer(d.unique, 0, NULL, 0);
    }
}

/* Until a request comes, an answer is due, or a signal arrives. */
static void pause_until_due(void)
{
    struct pollfd ready = {.fd = disk.fd, .events = POLLIN};
    struct timespec left = {0};
    if (disk.heap_count > 0) {
        int64_t ns = disk.heap[0].due - now_ns();
        ns = ns > 0 ? ns : 0;
        left = (struct timespec){ns / 1000000000, ns % 1000000000};
    }
    sigset_t none;
    sigemptyset(&none);
    ppoll(&ready, 1, disk.heap_count > 0 ? &left : NULL, &none);
}

static void serve(void)
{
    static char request[WRITE_MAX + (64 << 10)];
    while (!stop) {
        if (cut)
            cut_power();
        cut = 0;
        for (ssize_t n; (n = read(disk.fd, request, sizeof request)) > 0 || errno == ENOENT;)
            if (n > 0)
                handle((const struct fuse_in_header *)request);
        if (errno == ENODEV) /* unmounted by somebody else */
            return;
        answer_due();
        pause_until_due();
    }
}

static void set_up(const char *mib, const char *dir)
{
    char options[128];
    int protection = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    disk.size = strtoull(mib, NULL, 10) << 20;
    disk.now = mmap(NULL, disk.size, protection, flags, -1, 0);
    if (disk.image)
        disk.flushed = mmap(NULL, disk.size, protection, flags, -1, 0);
    if (disk.now == MAP_FAILED || disk.flushed == MAP_FAILED)
        die("mmap");
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t all;
    sigemptyset(&action.sa_mask);
    sigemptyset(&all);
    int numbers[] = {SIGTERM, SIGINT, SIGUSR2};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaction(numbers[i], &action, NULL);
        sigaddset(&all, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &all, NULL); /* taken in ppoll(2) only */
    signal(SIGCHLD, SIG_IGN);           /* no zombies */
    prctl(PR_SET_TIMERSLACK, 1000UL);
    disk.fd = open("/dev/fuse", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", disk.fd);
    if (disk.fd < 0 || mount("emudisk", dir, "fuse", MS_NOSUID | MS_NODEV, options) != 0)
        die(dir);
}

int main(int argc, char **argv)
{
    for (int c; (c = getopt(argc, argv, "w:r:f:i:c:s:")) != -1;) {
        long *number = c == 'w'   ? &disk.write_us
                       : c == 'r' ? &disk.read_us
                       : c == 'f' ? &disk.flush_us
                       : c == 'i' ? &disk.iops
                                  : NULL;
        if (number)
            *number = strtol(optarg, NULL, 10);
        else if (c == 'c')
            disk.image = optarg;
        else if (c == 's')
            srand((unsigned)strtoul(optarg, NULL, 10));
        else
            return 64;
    }
    if (argc - optind != 2) {
        fputs("usage: emudisk [-w US] [-r US] [-f US] [-i IOPS] [-c IMAGE] [-s SEED] MIB DIR\n",
              stderr);
        return 64;
    }
    set_up(argv[optind], argv[optind + 1]);
    serve();
    umount2(argv[optind + 1], MNT_DETACH);
    return 0;
}
