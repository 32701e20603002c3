/* hosts: a scan that is continued, and states over midnight and clock steps. */
#include "handler/read/hosts.h"
#include "handler/store/trailer.h"
#include "tests/unit/unit.h"

enum { MINUTE = 60000, DAY = 24 * 60 * MINUTE };

static char directory[64];
static int data;
static int64_t noon;
static struct hostsfile hosts_file;

static int set_up(void **state)
{
    (void)state;
    unit_directory(directory);
    data = open(directory, O_RDONLY | O_DIRECTORY);
    noon = clock_parse("2026-11-20T12:00:00.000Z");
    hostsfile_init(&hosts_file, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hostsfile_release(&hosts_file);
    close(data);
    unit_remove(directory);
    return 0;
}

/* The file of an address with one record, received at that time. */
static void put_host(const char *address, int64_t received)
{
    struct trailer t = {.seq = 1};
    struct ip ip;
    struct buf file;
    char name[FILES_NAME_MAX], path[200];
    assert_true(ip_parse(address, &ip));
    clock_rfc3339(received, t.received_at);
    snprintf(t.client_ip, sizeof t.client_ip, "%s", address);
    memset(t.chain, 'a', DIGEST_HEX_LEN);
    buf_init(&file, 4096);
    buf_puts(&file, "{\"processor\":\"p\",\"os_name\":\"Linux\",\"os_ver\":\"6\"");
    trailer_open(&t, &file);
    trailer_close(&t, &file);
    files_name(&ip, clock_day_start(received), name);
    snprintf(path, sizeof path, "%s/%.10s", directory, name);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, file.data, file.len), file.len);
    close(fd);
    buf_release(&file);
}

static void use_hosts_file(const char *text)
{
    static char path[100];
    snprintf(path, sizeof path, "%s/hosts", directory);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    hostsfile_release(&hosts_file);
    hostsfile_init(&hosts_file, path);
    assert_true(hostsfile_refresh(&hosts_file, NULL, NULL));
}

static bool at_once(void *context)
{
    (void)context;
    return true;
}

/* Each scan ends after its first batch; together they find every host once, in order. */
static void a_scan_is_continued_where_it_ended(void **state)
{
    (void)state;
    enum { FILES = 200 };
    char address[32], last[IP_TEXT_LEN] = "";
    size_t seen = 0, never = 0, scans = 0;
    for (int i = 0; i < FILES; i++) {
        snprintf(address, sizeof address, "10.0.%d.%d", i / 100, 2 * (i % 100) + 1);
        put_host(address, noon);
    }
    use_hosts_file("10.0.0.0\n10.0.0.3\n10.0.0.64\n10.0.1.250\n2001:db8::1\nweb-1\n");
    struct ip from;
    struct hosts_scan scan = {.data = data,
                              .now_ms = noon,
                              .every_ms = 5 * MINUTE,
                              .hosts_file = &hosts_file,
                              .over = at_once};
    for (bool complete = false; !complete; scans++) {
        struct hosts hosts;
        assert_true(hosts_scan(&hosts, &scan));
        complete = hosts.complete;
        for (size_t i = 0; i < hosts.count; i++) {
            const struct host *host = &hosts.list[i];
            struct ip before;
            if (*last && *host->ip.text) {
                assert_true(ip_parse(last, &before));
                assert_true(files_compare(&before, &host->ip) < 0);
            }
            strcpy(last, host->ip.text);
            seen += host->state == STATE_PRESENT;
            never += host->state == STATE_NEVER;
        }
        from = hosts.reached;
        scan.from = &from;
        hosts_release(&hosts);
    }
    assert_int_equal(seen, FILES);
    assert_int_equal(never, 4); /* the hostname is not judged by a part */
    assert_int_equal(scans, 4);
}

static void a_scan_may_start_at_an_address(void **state)
{
    (void)state;
    struct hosts hosts;
    struct ip from;
    put_host("10.0.0.1", noon);
    put_host("10.0.0.2", noon);
    put_host("2001:db8::1", noon);
    assert_true(ip_parse("10.0.0.2", &from));
    struct hosts_scan scan = {.data = data, .now_ms = noon, .every_ms = MINUTE, .from = &from};
    assert_true(hosts_scan(&hosts, &scan));
    assert_int_equal(hosts.count, 1);
    assert_int_equal(hosts.of, 1);
    hosts_release(&hosts);
    scan.from_too = true;
    assert_true(hosts_scan(&hosts, &scan));
    assert_int_equal(hosts.count, 2);
    hosts_release(&hosts);
}

/* ---- (last record, hosts file, now) -> state */

static const struct {
    int line;
    const char *seen; /* NULL: never */
    const char *says; /* line of the hosts file */
    const char *now;
    enum host_state state;
} states[] = {
    {__LINE__, "2026-11-20T12:00", "", "2026-11-20T12:00", STATE_PRESENT},
    {__LINE__, "2026-11-20T12:00", "", "2026-11-20T12:10", STATE_PRESENT},
    {__LINE__, "2026-11-20T12:00", "", "2026-11-20T12:11", STATE_LATE},
    {__LINE__, "2026-11-20T12:00", "", "2026-11-20T12:50", STATE_LATE},
    {__LINE__, "2026-11-20T12:00", "", "2026-11-20T12:51", STATE_ABSENT},
    /* the interval of the hosts file */
    {__LINE__, "2026-11-20T12:00", "every=1m", "2026-11-20T12:02", STATE_PRESENT},
    {__LINE__, "2026-11-20T12:00", "every=1m", "2026-11-20T12:03", STATE_LATE},
    {__LINE__, "2026-11-20T12:00", "every=1m", "2026-11-20T12:11", STATE_ABSENT},
    {__LINE__, "2026-11-20T12:00", "every=1h", "2026-11-20T14:00", STATE_PRESENT},
    {__LINE__, "2026-11-20T12:00", "every=1h", "2026-11-20T22:01", STATE_ABSENT},
    /* over midnight */
    {__LINE__, "2026-11-20T23:59", "", "2026-11-21T00:01", STATE_PRESENT},
    {__LINE__, "2026-11-20T23:50", "", "2026-11-21T00:01", STATE_LATE},
    {__LINE__, "2026-11-20T23:10", "", "2026-11-21T00:01", STATE_ABSENT},
    {__LINE__, "2026-11-20T23:50", "every=1d", "2026-11-22T23:50", STATE_PRESENT},
    {__LINE__, "2026-11-20T23:50", "every=1d", "2026-11-22T23:51", STATE_LATE},
    /* a clock that was set back, or is behind that of the other machine which wrote */
    {__LINE__, "2026-11-20T12:00", "", "2026-11-20T11:00", STATE_PRESENT},
    {__LINE__, "2026-11-20T00:01", "", "2026-11-20T00:00", STATE_PRESENT},
    /* a clock that was set forward */
    {__LINE__, "2026-11-20T12:00", "", "2026-11-27T23:59", STATE_ABSENT},
    /* out of sight */
    {__LINE__, "2026-11-20T12:00", "", "2026-11-28T00:00", STATE_NEVER},
    {__LINE__, NULL, "", "2026-11-20T12:00", STATE_NEVER},
    {__LINE__, NULL, "ephemeral", "2026-11-20T12:00", STATE_NEVER},
    /* what the operator says */
    {__LINE__, "2026-11-20T12:00", "ephemeral", "2026-11-20T12:51", STATE_GONE},
    {__LINE__, "2026-11-20T12:00", "ephemeral", "2026-11-20T12:50", STATE_LATE},
    {__LINE__, "2026-11-20T12:00", "retired", "2026-11-20T12:00", STATE_RETIRED},
    {__LINE__, "2026-11-20T12:00", "retired ephemeral", "2026-11-21T12:00", STATE_RETIRED},
    {__LINE__, NULL, "retired", "2026-11-20T12:00", STATE_RETIRED},
};

static int64_t minute_of(const char *text)
{
    char full[CLOCK_TIME_LEN + 1];
    snprintf(full, sizeof full, "%s:00.000Z", text);
    return clock_parse(full);
}

static void the_state_is_that_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(states); i++) {
        struct hosts hosts;
        char line[200];
        tear_down(NULL);
        set_up(NULL);
        if (states[i].seen)
            put_host("10.0.0.7", minute_of(states[i].seen));
        snprintf(line, sizeof line, "10.0.0.7 %s\n", states[i].says);
        use_hosts_file(line);
        const struct hosts_scan scan = {.data = data,
                                        .now_ms = minute_of(states[i].now),
                                        .every_ms = 5 * MINUTE,
                                        .absent_days = 7,
                                        .hosts_file = &hosts_file};
        assert_true(hosts_scan(&hosts, &scan));
        ROW_INT(&states[i], hosts.count, 1);
        ROW_STR(&states[i], states_name(hosts.list[0].state), states_name(states[i].state));
        hosts_release(&hosts);
    }
}

/* ---- records of several hosts -> flags */

/* Appends a record with these members to the day's file of the address, received so many seconds
 * before noon. */
static void add_record(const char *address, int ago, const char *members)
{
    struct trailer t = {.seq = 1};
    struct ip ip;
    struct buf line;
    char name[FILES_NAME_MAX], path[200];
    assert_true(ip_parse(address, &ip));
    files_name(&ip, clock_day_start(noon), name);
    snprintf(path, sizeof path, "%s/%.10s", directory, name);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    off_t size = unit_size(path);
    t.line_start = size > 0 ? (uint64_t)size : 0;
    clock_rfc3339(noon - ago * 1000, t.received_at);
    snprintf(t.client_ip, sizeof t.client_ip, "%s", address);
    memset(t.chain, 'a', DIGEST_HEX_LEN);
    buf_init(&line, 4096);
    buf_printf(&line, "{\"processor\":\"p\",\"os_name\":\"Linux\"%s", members);
    trailer_open(&t, &line);
    trailer_close(&t, &line);
    unit_write_at(path, line.data, line.len, (off_t)t.line_start);
    buf_release(&line);
}

enum { RECORDS_MAX = 5 };
#define MACHINE(m, b) ",\"machine_id\":\"" m "\",\"boot_id\":\"" b "\""
#define F(flag)       (1u << FLAG_##flag)

static const struct {
    int line;
    struct {
        const char *address;
        int ago; /* seconds */
        const char *members;
    } records[RECORDS_MAX];
    unsigned flags[3]; /* of the hosts, by address */
} flags[] = {
    {__LINE__, {{"10.0.0.1", 10, MACHINE("m", "b")}}, {0}},
    /* the same boot of a machine at two addresses, and a copy of it */
    {__LINE__,
     {{"10.0.0.1", 10, MACHINE("m", "b")}, {"10.0.0.2", 10, MACHINE("m", "b")}},
     {F(MULTIHOMED), F(MULTIHOMED)}},
    {__LINE__,
     {{"10.0.0.1", 10, MACHINE("m", "b")}, {"10.0.0.2", 10, MACHINE("m", "c")}},
     {F(CLONE), F(CLONE)}},
    {__LINE__, {{"10.0.0.1", 10, MACHINE("m", "b")}, {"10.0.0.2", 10, MACHINE("n", "b")}}, {0, 0}},
    /* only hosts that are present are clones: the first was renumbered after a reboot */
    {__LINE__,
     {{"10.0.0.1", 1200, MACHINE("m", "b")}, {"10.0.0.2", 10, MACHINE("m", "c")}},
     {0, 0}},
    /* noon minus 10 s is 11:59:50 */
    {__LINE__, {{"10.0.0.1", 10, ",\"collected_at\":\"2026-11-20T11:58:50.000Z\""}}, {0}},
    {__LINE__, {{"10.0.0.1", 10, ",\"collected_at\":\"2026-11-20T11:58:49.000Z\""}}, {F(CLOCK)}},
    {__LINE__, {{"10.0.0.1", 10, ",\"collected_at\":\"2026-11-20T12:00:51.000Z\""}}, {F(CLOCK)}},
    {__LINE__, {{"10.0.0.1", 10, ",\"collected_at\":\"2026-11-20T11:00:00.000Z\""}}, {F(BEHIND)}},
    /* always an hour: its clock is wrong, it is not behind */
    {__LINE__,
     {{"10.0.0.1", 310, ",\"collected_at\":\"2026-11-20T10:54:50.000Z\""},
      {"10.0.0.1", 10, ",\"collected_at\":\"2026-11-20T10:59:50.000Z\""}},
     {F(CLOCK)}},
    {__LINE__, {{"10.0.0.1", 10, ",\"truncated\":3"}}, {F(TRUNCATED)}},
    {__LINE__, {{"10.0.0.1", 10, ",\"truncated\":0"}}, {0}},
    {__LINE__,
     {{"10.0.0.1", 310, MACHINE("m", "b")}, {"10.0.0.1", 10, MACHINE("m", "c")}},
     {F(REBOOTED)}},
    {__LINE__,
     {{"10.0.0.1", 310, MACHINE("m", "b") ",\"os_ver\":\"6.1.0-28\""},
      {"10.0.0.1", 10, MACHINE("m", "b") ",\"os_ver\":\"6.1.0-9\""}},
     {F(REGRESSED)}},
};

static void the_flags_are_those_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(flags); i++) {
        struct hosts hosts;
        tear_down(NULL);
        set_up(NULL);
        for (int k = 0; k < RECORDS_MAX && flags[i].records[k].address; k++)
            add_record(flags[i].records[k].address, flags[i].records[k].ago,
                       flags[i].records[k].members);
        const struct hosts_scan scan = {.data = data, .now_ms = noon, .every_ms = 5 * MINUTE};
        assert_true(hosts_scan(&hosts, &scan));
        for (size_t k = 0; k < hosts.count; k++)
            ROW_INT(&flags[i], hosts.list[k].flags, flags[i].flags[k]);
        hosts_release(&hosts);
    }
}

/* One that falls silent is seen, although others report from its address all the time. */
static void each_of_five_machines_behind_a_nat_has_a_state(void **state)
{
    (void)state;
    static const char *const machines[] = {MACHINE("m0", "b"), MACHINE("m1", "b"),
                                           MACHINE("m2", "b"), MACHINE("m3", "b"),
                                           MACHINE("m4", "b")};
    size_t silent = 0;
    for (int beat = 11; beat >= 0; beat--)
        for (int m = 0; m < 5; m++)
            if (m != 3 || beat > 4) /* m3 stops after the seventh */
                add_record("10.0.0.1", beat * 300 + m, machines[m]);
    struct hosts hosts;
    const struct hosts_scan scan = {.data = data, .now_ms = noon, .every_ms = 5 * MINUTE};
    assert_true(hosts_scan(&hosts, &scan));
    assert_int_equal(hosts.count, 5);
    for (size_t i = 0; i < hosts.count; i++) {
        const char *id = hosts.list[i].report->fact[FACT_MACHINE_ID].ptr;
        bool stopped = strcmp(id, "m3") == 0;
        assert_int_equal(hosts.list[i].state, stopped ? STATE_LATE : STATE_PRESENT);
        assert_int_equal(hosts.list[i].flags, F(SHARED));
        silent += stopped;
    }
    assert_int_equal(silent, 1);
    hosts_release(&hosts);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_scan_is_continued_where_it_ended),
        TEST(a_scan_may_start_at_an_address),
        TEST(the_state_is_that_of_the_table),
        TEST(the_flags_are_those_of_the_table),
        TEST(each_of_five_machines_behind_a_nat_has_a_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
