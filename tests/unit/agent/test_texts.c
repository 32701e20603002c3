/* The small pure readers: os-release, cpuinfo, cgroup, ids, the time of the boot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/host/cpuinfo.h"
#include "agent/host/host.h"
#include "agent/host/osrelease.h"
#include "agent/proc/container.h"

#include <stdio.h>
#include <string.h>

static void os_release(void **state)
{
    (void)state;
    static const char text[] = "# comment\n"
                               "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
                               "ID=debian\n"
                               "VERSION_ID='12'\n"
                               "ESCAPED=\"a \\\"b\\\" \\$c \\\\ d\"\n"
                               "SINGLE='a \\ b'\n"
                               "  INDENTED=yes  # comment\n"
                               "EMPTY=\n"
                               "IDX=other\n"
                               "TWICE=1\nTWICE=2\n"
                               "CR=crlf\r\n"
                               "LAST=end";
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"PRETTY_NAME", "Debian GNU/Linux 12 (bookworm)"},
        {"ID", "debian"},
        {"VERSION_ID", "12"},
        {"ESCAPED", "a \"b\" $c \\ d"},
        {"SINGLE", "a \\ b"},
        {"INDENTED", "yes"},
        {"EMPTY", ""},
        {"MISSING", ""},
        {"TWICE", "2"},
        {"CR", "crlf"},
        {"LAST", "end"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char value[64];
        assert_int_equal(osrelease_get(text_of(text), rows[i].name, value, sizeof value),
                         rows[i].value[0] != '\0');
        assert_string_equal(value, rows[i].value);
    }
}

static void os_release_is_cut(void **state)
{
    (void)state;
    char value[4];
    assert_true(osrelease_get(text_of("ID=debian"), "ID", value, sizeof value));
    assert_string_equal(value, "deb");
}

static void processors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
    } rows[] = {
        {"processor\t: 0\nvendor_id\t: GenuineIntel\nmodel\t\t: 85\n"
         "model name\t: Intel(R) Xeon(R) CPU @ 2.20GHz\n\nprocessor\t: 1\nmodel name\t: other\n",
         "Intel(R) Xeon(R) CPU @ 2.20GHz"},
        {"processor\t: 0\nBogoMIPS\t: 243.75\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
         "CPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n\n",
         "ARM Neoverse-N1"},
        {"processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd03\n\n"
         "processor\t: 1\nCPU implementer\t: 0x41\nCPU part\t: 0xd03\n\n"
         "processor\t: 2\nCPU implementer\t: 0x41\nCPU part\t: 0xd09\n\n"
         "Hardware\t: Kirin\n",
         "ARM Cortex-A53 + ARM Cortex-A73"},
        {"processor\t: 0\nCPU implementer\t: 0x99\nCPU part\t: 0x001\n\n",
         "ARM implementer 0x99 part 0x001"},
        {"processor\t: 0\nCPU implementer\t: 0x70\nCPU part\t: 0x999\n\n", "Phytium part 0x999"},
        {"processor\t: 0\nmodel name\t: ARMv7 Processor rev 4 (v7l)\nCPU implementer\t: 0x41\n"
         "CPU part\t: 0xd03\n\n",
         "ARM Cortex-A53"},
        {"processor\t: 0\nmodel name\t: ARMv6-compatible\n", "ARMv6-compatible"},
        {"processor\t: 0\nHardware\t: BCM2835\nModel\t\t: Raspberry Pi 4\n", "BCM2835"},
        {"processor\t: 0\nModel\t\t: Raspberry Pi 4\n", "Raspberry Pi 4"},
        {"processor\t: 0\ncpu\t\t: POWER9\n", "POWER9"},
        {"processor\t: 0\nuarch\t\t: sifive,u74-mc\n", "sifive,u74-mc"},
        {"nothing here\n", ""},
        {"model name\t:\n", ""},
        {"CPU implementer\t: zz\nCPU part\t: 0x1\n", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[128];
        cpuinfo_name(text_of(rows[i].text), name, sizeof name);
        assert_string_equal(name, rows[i].name);
    }
    assert_int_equal(cpuinfo_count(text_of("processor\t: 0\nx\n\nprocessor\t: 1\n")), 2);
}

/* Texts of public reports, in tests/unit/agent/host/cpuinfo; the name is in the first line. */
static void reported_processors(void **state)
{
    (void)state;
    static const char *const names[] = {
        "loongson-3a5000", "loongson-3a6000", "s390x-z13", "s390x-z14",    "s390x-z15",
        "phytium-ft2000",  "phytium-ft1500a", "a64fx",     "azure-cobalt", "cortex-a720",
        "apple-m1",        "apple-virtual",   "kryo-4xx",  "snapdragon-x", "ucg-ultra",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128], text[16384], want[128], got[128];
        snprintf(path, sizeof path, "tests/unit/agent/host/cpuinfo/%s", names[i]);
        FILE *file = fopen(path, "r");
        if (!file)
            fail_msg("cannot open %s", path);
        assert_non_null(fgets(want, sizeof want, file));
        size_t len = fread(text, 1, sizeof text, file);
        fclose(file);
        want[strcspn(want, "\n")] = '\0';
        cpuinfo_name((struct text){text, len}, got, sizeof got);
        if (strcmp(got, want) != 0)
            fail_msg("%s: got \"%s\", want \"%s\"", names[i], got, want);
    }
}

/* 96 cores without hyper-threading: every second number, 277 bytes. */
static void a_long_cpu_list(void **state)
{
    (void)state;
    char list[512] = "0";
    for (int cpu = 2; cpu < 192; cpu += 2) {
        size_t len = strlen(list);
        snprintf(list + len, sizeof list - len, ",%d", cpu);
    }
    assert_true(strlen(list) > 253);
    assert_int_equal(cpuinfo_list(text_of(list)), 96);
}

/* btime counts unless lxcfs replaced it: then the boot is the time less the uptime. */
static void boot_times(void **state)
{
    (void)state;
    const int64_t day = 86400000, now = 20000 * day + 123456;
    assert_int_equal(host_boot(now - 3 * day - 456, now, 3 * day), now - 3 * day - 456);
    assert_int_equal(host_boot(now - 3 * day + 30000, now, 3 * day), now - 3 * day + 30000);
    int64_t boot = now - 3 * day;
    assert_int_equal(host_boot(now - day, now, 3 * day), boot - boot % 1000);
    assert_int_equal(host_boot(0, now, 3 * day), boot - boot % 1000);
}

static void cpu_lists(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        unsigned count;
    } rows[] = {{"0", 1},  {"0-3", 4}, {"0-3,8", 5}, {"0-1,4-7,9", 7},
                {"", 0},   {"x", 0},   {"0-", 0},    {"3-0", 0},
                {"0,", 0}, {"0 ", 0},  {"-1", 0},    {"0-99999999999999999999", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(cpuinfo_list(text_of(rows[i].list)), rows[i].count);
}

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void containers(void **state)
{
    (void)state;
    static const struct {
        const char *text, *id;
    } rows[] = {
        {"0::/init.scope\n", ""},
        {"0::/system.slice/docker-" HEX64 ".scope\n", HEX64},
        {"12:cpu:/docker/" HEX64 "\n0::/system.slice\n", HEX64},
        {"0::/kubepods.slice/pod1/cri-containerd-" HEX64 ".scope\n", HEX64},
        {"0::/machine.slice/libpod-" HEX64 ".scope/container\n", HEX64},
        {"0::/docker/" HEX64 "0\n", ""},
        {"0::/ecs/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef-2531612879\n",
         "0123456789abcdef0123456789abcdef-2531612879"},
        {"0::/lxc.payload.web1/system.slice\n", "web1"},
        {"0::/machine.slice/libpod-conmon-" HEX64 ".scope\n", ""}, /* the monitor is outside */
        {"0::/kubepods.slice/crio-conmon-" HEX64 ".scope\n", ""},
        {"1:cpu:/machine.slice/libpod-" HEX64 ".scope\n"
         "0::/machine.slice/libpod-conmon-" HEX64 ".scope\n",
         HEX64},
        {"0::/user.slice/0123456789abcdef0123456789abcdef\n", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char id[CONTAINER_ID_MAX + 1];
        assert_int_equal(container_id(text_of(rows[i].text), id), rows[i].id[0] != 0);
        assert_string_equal(id, rows[i].id);
    }
}

static void uuids(void **state)
{
    (void)state;
    char uuid[HOST_ID];
    assert_true(host_uuid("0123456789abcdef0123456789abcdef", uuid));
    assert_string_equal(uuid, "01234567-89ab-cdef-0123-456789abcdef");
    assert_false(host_uuid("", uuid));
    assert_false(host_uuid("uninitialized", uuid));
    assert_false(host_uuid("00000000000000000000000000000000", uuid));
    assert_true(host_uuid("00000000000000000000000000000001", uuid));
    assert_false(host_uuid("0123456789ABCDEF0123456789abcdef", uuid));
    assert_false(host_uuid("0123456789abcdef0123456789abcdef0", uuid));
}

static void instances(void **state)
{
    (void)state;
    assert_true(host_is_instance("i-0123456789abcdef0"));
    assert_false(host_is_instance("i-"));
    assert_false(host_is_instance("i-xyz"));
    assert_false(host_is_instance("Not Specified"));
    assert_false(host_is_instance(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(os_release),      cmocka_unit_test(os_release_is_cut),
        cmocka_unit_test(processors),      cmocka_unit_test(cpu_lists),
        cmocka_unit_test(containers),      cmocka_unit_test(uuids),
        cmocka_unit_test(instances),       cmocka_unit_test(reported_processors),
        cmocka_unit_test(a_long_cpu_list), cmocka_unit_test(boot_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
