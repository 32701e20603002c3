#include "agent/host/cpuinfo.h"

#include "agent/proc/procfs.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS_MAX = 4, CPUS_MAX = 1 << 20 };

/* Implementer and part of the MIDR register, as Linux and arm's manuals number them. */
static const struct {
    unsigned implementer, part;
    const char *name;
} cores[] = {
    {0x41, 0xd03, "ARM Cortex-A53"},    {0x41, 0xd04, "ARM Cortex-A35"},
    {0x41, 0xd05, "ARM Cortex-A55"},    {0x41, 0xd07, "ARM Cortex-A57"},
    {0x41, 0xd08, "ARM Cortex-A72"},    {0x41, 0xd09, "ARM Cortex-A73"},
    {0x41, 0xd0a, "ARM Cortex-A75"},    {0x41, 0xd0b, "ARM Cortex-A76"},
    {0x41, 0xd0c, "ARM Neoverse-N1"},   {0x41, 0xd0d, "ARM Cortex-A77"},
    {0x41, 0xd40, "ARM Neoverse-V1"},   {0x41, 0xd41, "ARM Cortex-A78"},
    {0x41, 0xd44, "ARM Cortex-X1"},     {0x41, 0xd46, "ARM Cortex-A510"},
    {0x41, 0xd47, "ARM Cortex-A710"},   {0x41, 0xd49, "ARM Neoverse-N2"},
    {0x41, 0xd4a, "ARM Neoverse-E1"},   {0x41, 0xd4f, "ARM Neoverse-V2"},
    {0x41, 0xd84, "ARM Neoverse-V3"},   {0x41, 0xd8e, "ARM Neoverse-N3"},
    {0x41, 0xc07, "ARM Cortex-A7"},     {0x41, 0xc09, "ARM Cortex-A9"},
    {0x41, 0xb76, "ARM1176"},           {0x43, 0x0a1, "Cavium ThunderX"},
    {0x43, 0x0af, "Marvell ThunderX2"}, {0x48, 0xd01, "HiSilicon Kunpeng-920"},
    {0x61, 0x022, "Apple M1 Icestorm"}, {0x61, 0x023, "Apple M1 Firestorm"},
    {0xc0, 0xac3, "Ampere-1"},          {0xc0, 0xac4, "Ampere-1a"},
};

static const char *core_name(unsigned implementer, unsigned part)
{
    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++)
        if (cores[i].implementer == implementer && cores[i].part == part)
            return cores[i].name;
    return NULL;
}

static void append(char *out, size_t size, const char *text)
{
    size_t len = strlen(out);
    snprintf(out + len, size - len, "%s%s", len ? " + " : "", text);
}

/* The number of a line "name : 0x41" in the block of one CPU. */
static bool get_number(const char *text, size_t len, const char *name, unsigned *out)
{
    struct tree_field f;
    char digits[24];
    if (!tree_field(text, len, name, ':', &f) || f.len == 0 || f.len >= sizeof digits)
        return false;
    memcpy(digits, f.value, f.len);
    digits[f.len] = '\0';
    char *end;
    unsigned long n = strtoul(digits, &end, 0);
    if (end == digits || *end || n > UINT32_MAX)
        return false;
    *out = (unsigned)n;
    return true;
}

static size_t block_length(const char *text, size_t len)
{
    const char *blank = memmem(text, len, "\n\n", 2);
    return blank ? (size_t)(blank - text) + 2 : len;
}

/* Names of all kinds of cores; big.LITTLE machines have several. */
static bool arm_name(const char *text, size_t len, char *out, size_t size)
{
    unsigned seen[KINDS_MAX][2], kinds = 0;
    while (len && kinds < KINDS_MAX) {
        size_t block = block_length(text, len);
        unsigned implementer, part, i = 0;
        if (get_number(text, block, "CPU implementer", &implementer) &&
            get_number(text, block, "CPU part", &part)) {
            while (i < kinds && (seen[i][0] != implementer || seen[i][1] != part))
                i++;
            if (i == kinds) {
                char unknown[48];
                const char *name = core_name(implementer, part);
                snprintf(unknown, sizeof unknown, "ARM implementer 0x%02x part 0x%03x", implementer,
                         part);
                append(out, size, name ? name : unknown);
                seen[kinds][0] = implementer;
                seen[kinds++][1] = part;
            }
        }
        text += block;
        len -= block;
    }
    return kinds > 0;
}

static bool named(const char *text, size_t len, const char *name, char *out, size_t size)
{
    struct tree_field f;
    if (!tree_field(text, len, name, ':', &f) || f.len == 0)
        return false;
    snprintf(out, size, "%.*s", (int)(f.len < size ? f.len : size), f.value);
    return true;
}

bool cpuinfo_name(const char *text, size_t len, char *out, size_t size)
{
    static const char *const others[] = {"cpu", "processor 0", "uarch", "Hardware", "Model"};
    out[0] = '\0';
    if (named(text, len, "model name", out, size) || arm_name(text, len, out, size))
        return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (named(text, len, others[i], out, size))
            return true;
    return false;
}

unsigned cpuinfo_count(const char *text, size_t len)
{
    static const char word[] = "processor";
    unsigned n = 0;
    for (const char *line = text, *end = text + len; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t line_len = (size_t)((newline ? newline : end) - line);
        n += line_len >= sizeof word - 1 && memcmp(line, word, sizeof word - 1) == 0;
        line += line_len + 1;
    }
    return n;
}

unsigned cpuinfo_list(const char *list)
{
    unsigned n = 0;
    for (const char *at = list;; at++) {
        char *end;
        if (*at < '0' || *at > '9')
            return 0;
        unsigned long first = strtoul(at, &end, 10), last = first;
        if (*end == '-' && end[1] >= '0' && end[1] <= '9')
            last = strtoul(end + 1, &end, 10);
        if (last < first || last >= CPUS_MAX)
            return 0;
        n += (unsigned)(last - first + 1);
        if (*end == '\0')
            return n;
        if (*end != ',')
            return 0;
        at = end;
    }
}
