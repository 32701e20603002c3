#include "agent/host/cpuinfo.h"

#include "agent/proc/procfs.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS_MAX = 4, CPUS_MAX = 1 << 20 };

/* Implementers and parts of the MIDR register, as Linux and the vendors number them. */
static const struct {
    unsigned implementer;
    const char *name;
} vendors[] = {
    {0x41, "ARM"},       {0x42, "Broadcom"}, {0x43, "Cavium"}, {0x46, "Fujitsu"},
    {0x48, "HiSilicon"}, {0x4e, "NVIDIA"},   {0x50, "APM"},    {0x51, "Qualcomm"},
    {0x53, "Samsung"},   {0x56, "Marvell"},  {0x61, "Apple"},  {0x6d, "Microsoft"},
    {0x70, "Phytium"},   {0xc0, "Ampere"},
};

static const struct {
    unsigned implementer, part;
    const char *name;
} cores[] = {
    {0x41, 0xb76, "ARM1176"},
    {0x41, 0xc07, "ARM Cortex-A7"},
    {0x41, 0xc08, "ARM Cortex-A8"},
    {0x41, 0xc09, "ARM Cortex-A9"},
    {0x41, 0xc0f, "ARM Cortex-A15"},
    {0x41, 0xd02, "ARM Cortex-A34"},
    {0x41, 0xd03, "ARM Cortex-A53"},
    {0x41, 0xd04, "ARM Cortex-A35"},
    {0x41, 0xd05, "ARM Cortex-A55"},
    {0x41, 0xd06, "ARM Cortex-A65"},
    {0x41, 0xd07, "ARM Cortex-A57"},
    {0x41, 0xd08, "ARM Cortex-A72"},
    {0x41, 0xd09, "ARM Cortex-A73"},
    {0x41, 0xd0a, "ARM Cortex-A75"},
    {0x41, 0xd0b, "ARM Cortex-A76"},
    {0x41, 0xd0c, "ARM Neoverse-N1"},
    {0x41, 0xd0d, "ARM Cortex-A77"},
    {0x41, 0xd0e, "ARM Cortex-A76AE"},
    {0x41, 0xd40, "ARM Neoverse-V1"},
    {0x41, 0xd41, "ARM Cortex-A78"},
    {0x41, 0xd42, "ARM Cortex-A78AE"},
    {0x41, 0xd44, "ARM Cortex-X1"},
    {0x41, 0xd46, "ARM Cortex-A510"},
    {0x41, 0xd47, "ARM Cortex-A710"},
    {0x41, 0xd48, "ARM Cortex-X2"},
    {0x41, 0xd49, "ARM Neoverse-N2"},
    {0x41, 0xd4a, "ARM Neoverse-E1"},
    {0x41, 0xd4b, "ARM Cortex-A78C"},
    {0x41, 0xd4d, "ARM Cortex-A715"},
    {0x41, 0xd4e, "ARM Cortex-X3"},
    {0x41, 0xd4f, "ARM Neoverse-V2"},
    {0x41, 0xd80, "ARM Cortex-A520"},
    {0x41, 0xd81, "ARM Cortex-A720"},
    {0x41, 0xd82, "ARM Cortex-X4"},
    {0x41, 0xd83, "ARM Neoverse-V3AE"},
    {0x41, 0xd84, "ARM Neoverse-V3"},
    {0x41, 0xd85, "ARM Cortex-X925"},
    {0x41, 0xd87, "ARM Cortex-A725"},
    {0x41, 0xd8e, "ARM Neoverse-N3"},
    {0x42, 0x516, "Broadcom Vulcan"},
    {0x43, 0x0a1, "Cavium ThunderX"},
    {0x43, 0x0af, "Marvell ThunderX2"},
    {0x46, 0x001, "Fujitsu A64FX"},
    {0x46, 0x003, "Fujitsu MONAKA"},
    {0x48, 0xd01, "HiSilicon Kunpeng-920"},
    {0x48, 0xd02, "HiSilicon TaiShan v120"},
    {0x4e, 0x004, "NVIDIA Carmel"},
    {0x4e, 0x010, "NVIDIA Olympus"},
    {0x50, 0x000, "APM X-Gene"},
    {0x51, 0x001, "Qualcomm Oryon"},
    {0x51, 0x002, "Qualcomm Oryon v2"},
    {0x51, 0x06f, "Qualcomm Krait"},
    {0x51, 0x201, "Qualcomm Kryo"},
    {0x51, 0x205, "Qualcomm Kryo"},
    {0x51, 0x211, "Qualcomm Kryo"},
    {0x51, 0x800, "Qualcomm Kryo 2XX Gold"},
    {0x51, 0x801, "Qualcomm Kryo 2XX Silver"},
    {0x51, 0x802, "Qualcomm Kryo 3XX Gold"},
    {0x51, 0x803, "Qualcomm Kryo 3XX Silver"},
    {0x51, 0x804, "Qualcomm Kryo 4XX Gold"},
    {0x51, 0x805, "Qualcomm Kryo 4XX Silver"},
    {0x51, 0xc00, "Qualcomm Falkor"},
    {0x51, 0xc01, "Qualcomm Saphira"},
    {0x61, 0x000, "Apple Silicon"}, /* what a virtual machine on a Mac sees */
    {0x61, 0x020, "Apple A14 Icestorm"},
    {0x61, 0x021, "Apple A14 Firestorm"},
    {0x61, 0x022, "Apple M1 Icestorm"},
    {0x61, 0x023, "Apple M1 Firestorm"},
    {0x61, 0x024, "Apple M1 Pro Icestorm"},
    {0x61, 0x025, "Apple M1 Pro Firestorm"},
    {0x61, 0x028, "Apple M1 Max Icestorm"},
    {0x61, 0x029, "Apple M1 Max Firestorm"},
    {0x61, 0x032, "Apple M2 Blizzard"},
    {0x61, 0x033, "Apple M2 Avalanche"},
    {0x61, 0x034, "Apple M2 Pro Blizzard"},
    {0x61, 0x035, "Apple M2 Pro Avalanche"},
    {0x61, 0x038, "Apple M2 Max Blizzard"},
    {0x61, 0x039, "Apple M2 Max Avalanche"},
    {0x61, 0x042, "Apple M3 efficiency core"},
    {0x61, 0x043, "Apple M3 performance core"},
    {0x61, 0x044, "Apple M3 Pro efficiency core"},
    {0x61, 0x045, "Apple M3 Pro performance core"},
    {0x61, 0x048, "Apple M3 Max efficiency core"},
    {0x61, 0x049, "Apple M3 Max performance core"},
    {0x61, 0x052, "Apple M4 efficiency core"},
    {0x61, 0x053, "Apple M4 performance core"},
    {0x61, 0x054, "Apple M4 Pro efficiency core"},
    {0x61, 0x055, "Apple M4 Pro performance core"},
    {0x61, 0x058, "Apple M4 Max efficiency core"},
    {0x61, 0x059, "Apple M4 Max performance core"},
    {0x6d, 0xd49, "Microsoft Azure Cobalt 100"},
    {0x6d, 0xd84, "Microsoft Azure Cobalt 200"},
    {0x70, 0x303, "Phytium FTC310"},
    {0x70, 0x660, "Phytium FTC660"},
    {0x70, 0x661, "Phytium FTC661"},
    {0x70, 0x662, "Phytium FTC662"},
    {0x70, 0x663, "Phytium FTC663"},
    {0x70, 0x664, "Phytium FTC664"},
    {0x70, 0x862, "Phytium FTC862"},
    {0xc0, 0xac3, "Ampere-1"},
    {0xc0, 0xac4, "Ampere-1a"},
};

/* IBM's machine types. */
static const struct {
    const char *type, *name;
} machines[] = {
    {"2064", "z900"},  {"2066", "z800"},    {"2084", "z990"},   {"2086", "z890"},
    {"2094", "z9 EC"}, {"2096", "z9 BC"},   {"2097", "z10 EC"}, {"2098", "z10 BC"},
    {"2817", "z196"},  {"2818", "z114"},    {"2827", "zEC12"},  {"2828", "zBC12"},
    {"2964", "z13"},   {"2965", "z13s"},    {"3906", "z14"},    {"3907", "z14 ZR1"},
    {"8561", "z15"},   {"8562", "z15 T02"}, {"3931", "z16"},    {"3932", "z16 A02"},
    {"9175", "z17"},
};

static void cpuinfo_core_name(unsigned implementer, unsigned part, char *out, size_t size)
{
    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++) {
        if (cores[i].implementer == implementer && cores[i].part == part) {
            snprintf(out, size, "%s", cores[i].name);
            return;
        }
    }
    snprintf(out, size, "ARM implementer 0x%02x part 0x%03x", implementer, part);
    for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++)
        if (vendors[i].implementer == implementer)
            snprintf(out, size, "%s part 0x%03x", vendors[i].name, part);
}

/* The number of a line "name : 0x41" in the block of one CPU. */
static bool cpuinfo_number(struct text block, const char *name, unsigned *out)
{
    struct text value;
    char digits[24];
    if (!proc_field(block, name, ':', &value) || value.len == 0 || value.len >= sizeof digits)
        return false;
    memcpy(digits, value.ptr, value.len);
    digits[value.len] = '\0';
    char *end;
    unsigned long n = strtoul(digits, &end, 0);
    if (end == digits || *end || n > UINT32_MAX)
        return false;
    *out = (unsigned)n;
    return true;
}

static struct text cpuinfo_block(struct text text)
{
    const char *blank = memmem(text.ptr, text.len, "\n\n", 2);
    return (struct text){text.ptr, blank ? (size_t)(blank - text.ptr) + 2 : text.len};
}

/* The names of all kinds of cores; big.LITTLE machines have several. */
static bool cpuinfo_arm(struct text text, char *out, size_t size)
{
    unsigned seen[KINDS_MAX][2], kinds = 0;
    while (text.len && kinds < KINDS_MAX) {
        struct text block = cpuinfo_block(text);
        unsigned implementer, part, i = 0;
        text = (struct text){text.ptr + block.len, text.len - block.len};
        if (!cpuinfo_number(block, "CPU implementer", &implementer) ||
            !cpuinfo_number(block, "CPU part", &part))
            continue;
        while (i < kinds && (seen[i][0] != implementer || seen[i][1] != part))
            i++;
        if (i < kinds)
            continue;
        char name[64];
        size_t len = strlen(out);
        cpuinfo_core_name(implementer, part, name, sizeof name);
        snprintf(out + len, size - len, "%s%s", len ? " + " : "", name);
        seen[kinds][0] = implementer;
        seen[kinds++][1] = part;
    }
    return kinds > 0;
}

static bool cpuinfo_value(struct text text, const char *name, char *out, size_t size)
{
    struct text value;
    if (!proc_field(text, name, ':', &value) || value.len == 0)
        return false;
    snprintf(out, size, "%.*s", (int)(value.len < size ? value.len : size), value.ptr);
    return true;
}

/* "processor 0: version = FF,  identification = 0133E8,  machine = 2964" */
static bool cpuinfo_s390(struct text text, char *out, size_t size)
{
    static const char word[] = "machine = ";
    struct text first;
    if (!proc_field(text, "processor 0", ':', &first))
        return false;
    const char *at = memmem(first.ptr, first.len, word, sizeof word - 1);
    if (!at)
        return false;
    at += sizeof word - 1;
    int len = (int)(first.ptr + first.len - at);
    snprintf(out, size, "IBM %.*s", len, at);
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (text_is((struct text){at, (size_t)len}, machines[i].type))
            snprintf(out, size, "IBM %s %s", machines[i].name, machines[i].type);
    return true;
}

bool cpuinfo_model(struct text text, char *out, size_t size)
{
    out[0] = '\0';
    if ((cpuinfo_value(text, "model name", out, size) ||
         cpuinfo_value(text, "Model Name", out, size)) &&
        strncmp(out, "ARMv", 4) != 0)
        return true;
    out[0] = '\0';
    return false;
}

bool cpuinfo_name(struct text text, char *out, size_t size)
{
    static const char *const others[] = {"cpu model", "cpu", "uarch", "Hardware", "Model"};
    if (cpuinfo_model(text, out, size) || cpuinfo_arm(text, out, size) ||
        cpuinfo_s390(text, out, size))
        return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (cpuinfo_value(text, others[i], out, size))
            return true;
    return cpuinfo_value(text, "model name", out, size);
}

unsigned cpuinfo_count(struct text text)
{
    static const char word[] = "processor";
    unsigned n = 0;
    for (struct text line; text_line(&text, &line);)
        n += line.len >= sizeof word - 1 && memcmp(line.ptr, word, sizeof word - 1) == 0;
    return n;
}

unsigned cpuinfo_list(struct text list)
{
    unsigned count = 0;
    for (;;) {
        uint64_t first, last;
        size_t n = text_digits(list, &first);
        if (n == 0)
            return 0;
        list = (struct text){list.ptr + n, list.len - n};
        last = first;
        if (list.len && *list.ptr == '-') {
            list = (struct text){list.ptr + 1, list.len - 1};
            n = text_digits(list, &last);
            if (n == 0)
                return 0;
            list = (struct text){list.ptr + n, list.len - n};
        }
        if (last < first || last >= CPUS_MAX)
            return 0;
        count += (unsigned)(last - first + 1);
        if (list.len == 0)
            return count;
        if (*list.ptr != ',')
            return 0;
        list = (struct text){list.ptr + 1, list.len - 1};
    }
}
