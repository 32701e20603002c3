#include "handler/store/crowd.h"

#include "handler/shared/io.h"
#include "handler/store/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * One address. It is read and written without a lock: two workers that count at the same moment may
 * lose one wait, which makes no difference.
 */
struct crowd_slot {
    char ip[IP_TEXT_LEN];
    uint32_t next;              /* in `ended`, of the oldest */
    int64_t ended[CROWD_WAITS]; /* clock_monotonic(); 0: none */
    int64_t told;               /* when a refusal was last logged */
};

/* FNV-1a. */
static off_t crowd_place(const struct ip *ip)
{
    uint32_t h = UINT32_C(0x811c9dc5);
    for (const char *p = ip->text; *p; p++)
        h = (h ^ (unsigned char)*p) * UINT32_C(0x01000193);
    return (off_t)(h % CROWD_ADDRESSES) * (off_t)sizeof(struct crowd_slot);
}

static int crowd_open(const char *records_dir, int flags)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/" LAYOUT_WAITS, records_dir);
    if (len < 0 || (size_t)len >= sizeof path)
        return -1;
    return open(path, flags | O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

/* Reads the slot of the address; an empty one if it is another address's. */
static bool crowd_read(int fd, const struct ip *ip, struct crowd_slot *slot)
{
    ssize_t n = io_pread(fd, slot, sizeof *slot, crowd_place(ip));
    if (n == (ssize_t)sizeof *slot && strncmp(slot->ip, ip->text, sizeof slot->ip) == 0)
        return true;
    memset(slot, 0, sizeof *slot);
    memcpy(slot->ip, ip->text, strlen(ip->text) + 1);
    return false;
}

bool crowd_is_full(const char *records_dir, const struct ip *ip, int64_t now)
{
    struct crowd_slot slot;
    int fd = crowd_open(records_dir, 0);
    if (fd < 0)
        return false;
    bool found = crowd_read(fd, ip, &slot);
    close(fd);
    int64_t oldest = slot.ended[slot.next % CROWD_WAITS];
    /* After a reboot the clock starts again: times in the future are of the boot before. */
    return found && oldest > 0 && oldest <= now && now - oldest < CROWD_PERIOD_MS;
}

/* Adds `now` to the waits of the address. True if `tell`, and no refusal was told this second. */
static bool crowd_add(const char *records_dir, const struct ip *ip, int64_t now, bool tell)
{
    struct crowd_slot slot;
    int error = errno;
    int fd = crowd_open(records_dir, O_CREAT);
    if (fd >= 0) {
        crowd_read(fd, ip, &slot);
        slot.ended[slot.next % CROWD_WAITS] = now;
        slot.next = (slot.next + 1) % CROWD_WAITS;
        tell = tell && (slot.told == 0 || slot.told > now || now - slot.told >= CROWD_PERIOD_MS);
        if (tell)
            slot.told = now;
        io_pwrite(fd, &slot, sizeof slot, crowd_place(ip));
        close(fd);
    }
    errno = error;
    return tell;
}

void crowd_add_wait(const char *records_dir, const struct ip *ip, int64_t now)
{
    crowd_add(records_dir, ip, now, false);
}

bool crowd_add_refusal(const char *records_dir, const struct ip *ip, int64_t now)
{
    return crowd_add(records_dir, ip, now, true);
}
