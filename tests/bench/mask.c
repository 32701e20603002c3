/*
 * mask FILE: what masking costs, in nanoseconds of processor time per command line, and what
 * computing the look-up tables costs once. FILE has one command line a line, with tabs between the
 * arguments: tests/bench/commands.txt has 300 of a server, a cluster's node and a desktop.
 */
#include "agent/mask/mask.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LINES_MAX = 4096, ROUNDS = 15, PASSES = 100, TEXT_MAX = 1 << 20 };

static char *lines[LINES_MAX];
static size_t lengths[LINES_MAX], count;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int read_lines(const char *path)
{
    FILE *file = fopen(path, "r");
    size_t room = 0;
    ssize_t len;
    if (!file) {
        perror(path);
        return 1;
    }
    while (count < LINES_MAX && (len = getline(&lines[count], &room, file)) > 0) {
        char *line = lines[count];
        line[--len] = '\0';
        for (char *tab = line; (tab = strchr(tab, '\t')); tab++)
            *tab = '\0';
        lengths[count++] = (size_t)len;
        room = 0;
    }
    fclose(file);
    return 0;
}

static double mask_once(struct mask *m, struct buf *out)
{
    double start = now();
    for (int pass = 0; pass < PASSES; pass++) {
        for (size_t i = 0; i < count; i++) {
            buf_reset(out);
            mask_arguments(m, lines[i], lengths[i], false, out);
        }
    }
    return (now() - start) / PASSES / (double)count;
}

int main(int argc, char **argv)
{
    static struct mask m;
    struct buf out;
    if (argc != 2) {
        fputs("usage: mask FILE\n", stderr);
        return 64;
    }
    if (read_lines(argv[1]) || count == 0)
        return 1;
    double start = now();
    for (int i = 0; i < PASSES; i++)
        mask_init(&m);
    double init = (now() - start) / PASSES, best = 0;
    buf_init(&out, TEXT_MAX);
    for (int i = 0; i < ROUNDS; i++) {
        double one = mask_once(&m, &out);
        best = i == 0 || one < best ? one : best;
    }
    printf("%zu command lines, %.0f ns each, tables %.0f ns\n", count, best, init);
    return 0;
}
