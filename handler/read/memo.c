#include "handler/read/memo.h"

#include <stdlib.h>

struct memo_entry {
    struct memo_entry *next; /* in the bucket */
    struct file_mark file;
    uint64_t used; /* the scan that used it last */
    size_t bytes;
    struct report *report;
};

struct memo {
    struct memo_entry **buckets;
    size_t bucket_count, count, bytes;
    uint64_t scan;
};

enum { MEMO_BUCKETS = 1 << 14 };

struct memo *memo_new(void)
{
    struct memo *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->bucket_count = MEMO_BUCKETS;
    m->buckets = calloc(m->bucket_count, sizeof(struct memo_entry *));
    if (m->buckets)
        return m;
    free(m);
    return NULL;
}

static void memo_drop(struct memo *m, struct memo_entry **at)
{
    struct memo_entry *entry = *at;
    *at = entry->next;
    m->count--;
    m->bytes -= entry->bytes;
    report_free(entry->report);
    free(entry);
}

/* Drops the entries that no scan from `since` on has used. */
static void memo_drop_before(struct memo *m, uint64_t since)
{
    for (size_t i = 0; i < m->bucket_count; i++)
        for (struct memo_entry **at = &m->buckets[i]; *at;)
            if ((*at)->used < since)
                memo_drop(m, at);
            else
                at = &(*at)->next;
}

void memo_free(struct memo *m)
{
    if (!m)
        return;
    memo_drop_before(m, UINT64_MAX);
    free(m->buckets);
    free(m);
}

void memo_begin(struct memo *m)
{
    m->scan++;
    if (m->bytes > MEMO_BYTES / 2)
        memo_drop_before(m, m->scan - 1);
}

static struct memo_entry **memo_bucket(struct memo *m, const struct file_mark *file)
{
    uint64_t hash = (uint64_t)file->inode * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)file->device;
    return &m->buckets[(hash >> 32) % m->bucket_count];
}

static struct memo_entry **memo_place(struct memo *m, const struct file_mark *file)
{
    struct memo_entry **at = memo_bucket(m, file);
    while (*at && ((*at)->file.inode != file->inode || (*at)->file.device != file->device))
        at = &(*at)->next;
    return at;
}

bool memo_find(struct memo *m, const struct file_mark *file, const struct report **out)
{
    struct memo_entry *entry = *memo_place(m, file);
    if (!entry || !files_mark_same(&entry->file, file))
        return false;
    entry->used = m->scan;
    *out = entry->report;
    return true;
}

/* True if a change of the file from now on cannot have the same ctime. */
static bool memo_settled(const struct file_mark *file, int64_t now_ms)
{
    int64_t changed = (int64_t)file->ctime.tv_sec * 1000 + file->ctime.tv_nsec / 1000000;
    return now_ms - changed >= MEMO_SETTLED_MS;
}

bool memo_keep(struct memo *m, const struct file_mark *file, int64_t now_ms, struct report *report)
{
    if (!memo_settled(file, now_ms) || (report->crossed && !memo_settled(&report->before, now_ms)))
        return false;
    size_t bytes = sizeof(struct memo_entry);
    for (const struct report *r = report; r; r = r->next)
        bytes += r->bytes;
    if (m->bytes + bytes > MEMO_BYTES)
        return false;
    struct memo_entry *entry = malloc(sizeof *entry), **at = memo_place(m, file);
    if (!entry)
        return false;
    /* The file changed: its old report may be in use by this scan only if the scan saw the file
     * twice, and it does not. */
    if (*at)
        memo_drop(m, at);
    *entry = (struct memo_entry){
        .next = *at, .file = *file, .used = m->scan, .bytes = bytes, .report = report};
    *at = entry;
    m->count++;
    m->bytes += bytes;
    return true;
}
