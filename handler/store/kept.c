#include "handler/store/kept.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Below so many descriptors each one is needed for the request in hand. */
enum { DESCRIPTORS_LEAST = 64 };

struct kept_slot {
    uint64_t hash; /* of the address; compared first */
    uint64_t turn; /* of the last use */
    struct kept_files files;
    char ip[IP_TEXT_LEN];
};

/* FNV-1a. Addresses that meet on purpose cost a comparison each, of 128 at most. */
static uint64_t hash_of(const char *text)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return h;
}

static size_t room_for(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < DESCRIPTORS_LEAST)
        return 0;
    rlim_t pairs = limit.rlim_cur / 4;
    return pairs < KEPT_MOST ? (size_t)pairs : KEPT_MOST;
}

void kept_init(struct kept *k)
{
    *k = (struct kept){.slots = NULL};
}

void kept_start(struct kept *k)
{
    k->room = room_for();
    k->slots = k->room ? calloc(k->room, sizeof *k->slots) : NULL;
    if (!k->slots)
        k->room = 0;
}

static void close_files(const struct kept_files *files)
{
    close(files->csv.fd);
    close(files->json.fd);
}

void kept_close(struct kept *k)
{
    for (size_t i = 0; i < k->count; i++)
        close_files(&k->slots[i].files);
    k->count = 0;
}

void kept_release(struct kept *k)
{
    kept_close(k);
    free(k->slots);
    kept_init(k);
}

/* The slots in use stay side by side. */
static void empty(struct kept *k, struct kept_slot *slot)
{
    k->count--;
    if (slot != &k->slots[k->count])
        *slot = k->slots[k->count];
}

void kept_in(struct kept *k, unsigned opened)
{
    if (k->opened != opened)
        kept_close(k);
    k->opened = opened;
}

bool kept_take(struct kept *k, const char *ip, unsigned opened, struct kept_files *out)
{
    kept_in(k, opened);
    uint64_t hash = hash_of(ip);
    for (size_t i = 0; i < k->count; i++) {
        struct kept_slot *slot = &k->slots[i];
        if (slot->hash != hash || strcmp(slot->ip, ip) != 0)
            continue;
        *out = slot->files;
        empty(k, slot);
        return true;
    }
    return false;
}

static struct kept_slot *oldest(struct kept *k)
{
    struct kept_slot *found = &k->slots[0];
    for (size_t i = 1; i < k->count; i++)
        if (k->slots[i].turn < found->turn)
            found = &k->slots[i];
    return found;
}

void kept_put(struct kept *k, const char *ip, const struct kept_files *files)
{
    if (k->room == 0) {
        close_files(files);
        return;
    }
    if (k->count == k->room) {
        struct kept_slot *old = oldest(k);
        close_files(&old->files);
        empty(k, old);
    }
    struct kept_slot *slot = &k->slots[k->count++];
    *slot = (struct kept_slot){.hash = hash_of(ip), .turn = ++k->turn, .files = *files};
    memcpy(slot->ip, ip, strlen(ip) + 1);
}
